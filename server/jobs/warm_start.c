/*
 * warm_start.c: finding, checking and copying the parameters a training starts from.
 *
 * Layout of a copy: the other job's id and which parameters, bytes of an element, number of tensors;
 * of each its name, rank, dimensions and place in the block; the block. Numbers are little-endian,
 * elements as they stand in memory.
 */
#include "jobs/warm_start.h"

#include "jobs/predictor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPE_TEXT     96
#define HEADER_MAXIMUM ((size_t)1 << 20)

/* One tensor as a copy describes it. */
typedef struct tensor {
    char name[48];
    gd_shape shape;
    int64_t offset;
} tensor;

void jobs_initial_write(const spec_warm_start *source, const gd_model *model,
                        const void *parameters, gd_buffer *copy)
{
    int64_t count = gd_model_tensor_count(model);
    gd_buffer_append_text(copy, source->job);
    gd_buffer_append_i64(copy, source->which);
    gd_buffer_append_i64(copy, (int64_t)gd_model_element_bytes(model));
    gd_buffer_append_i64(copy, count);
    for (int64_t i = 0; i < count; i++) {
        const gd_parameter *parameter = gd_model_tensor(model, i);
        gd_buffer_append_text(copy, parameter->name);
        gd_buffer_append_i64(copy, parameter->shape.rank);
        for (int64_t j = 0; j < parameter->shape.rank; j++)
            gd_buffer_append_i64(copy, parameter->shape.dimensions[j]);
        gd_buffer_append_i64(copy, (int64_t)parameter->offset);
    }
    gd_buffer_append(copy, parameters,
                     gd_model_parameter_count(model) * gd_model_element_bytes(model));
}

/* Into memory of a fixed size; a longer text makes the reader corrupt. */
static void read_text(gd_reader *reader, char *text, size_t size)
{
    char *read = gd_reader_text(reader, size - 1);
    snprintf(text, size, "%s", read != NULL ? read : "");
    free(read);
}

static tensor read_tensor(gd_reader *reader)
{
    tensor t = {.offset = 0};
    read_text(reader, t.name, sizeof t.name);
    t.shape.rank = gd_reader_i64(reader);
    if (t.shape.rank < 0 || t.shape.rank > GD_SHAPE_MAXIMUM_RANK)
        reader->status = GD_CORRUPT;
    for (int64_t i = 0; reader->status == GD_OK && i < t.shape.rank; i++)
        t.shape.dimensions[i] = gd_reader_i64(reader);
    t.offset = gd_reader_i64(reader);
    return t;
}

static const char *describe(const gd_shape *shape, char text[SHAPE_TEXT])
{
    int length = snprintf(text, SHAPE_TEXT, "[");
    for (int64_t i = 0; i < shape->rank && length > 0 && length < SHAPE_TEXT; i++)
        length += snprintf(text + length, SHAPE_TEXT - (size_t)length, "%s%lld", i > 0 ? ", " : "",
                           (long long)shape->dimensions[i]);
    if (length > 0 && length < SHAPE_TEXT)
        snprintf(text + length, SHAPE_TEXT - (size_t)length, "]");
    return text;
}

static bool is_same(const tensor *found, const gd_parameter *wanted)
{
    size_t bytes = (size_t)found->shape.rank * sizeof found->shape.dimensions[0];
    return strcmp(found->name, wanted->name) == 0 && found->shape.rank == wanted->shape.rank &&
           memcmp(found->shape.dimensions, wanted->shape.dimensions, bytes) == 0 &&
           found->offset == (int64_t)wanted->offset;
}

static gd_status refuse_tensor(const tensor *found, const gd_parameter *wanted, gd_error *error)
{
    char there[SHAPE_TEXT], here[SHAPE_TEXT];
    if (found == NULL)
        return gd_fail(error, GD_SHAPE_MISMATCH, "",
                       "The other job has no tensor \"%s\" %s, which this network needs.",
                       wanted->name, describe(&wanted->shape, here));
    if (wanted == NULL)
        return gd_fail(error, GD_SHAPE_MISMATCH, "",
                       "The other job has a tensor \"%s\" %s, for which this network has no place.",
                       found->name, describe(&found->shape, there));
    return gd_fail(error, GD_SHAPE_MISMATCH, "",
                   "The other job has \"%s\" %s where this network has \"%s\" %s.", found->name,
                   describe(&found->shape, there), wanted->name, describe(&wanted->shape, here));
}

static gd_status check_tensors(gd_reader *reader, const gd_model *model, gd_error *error)
{
    int64_t found = gd_reader_i64(reader), wanted = gd_model_tensor_count(model);
    gd_status status = GD_OK;
    for (int64_t i = 0; reader->status == GD_OK && (i < found || i < wanted); i++) {
        tensor t = {.offset = 0};
        const gd_parameter *parameter = i < wanted ? gd_model_tensor(model, i) : NULL;
        if (i < found)
            t = read_tensor(reader);
        bool same = reader->status == GD_OK && i < found && i < wanted && is_same(&t, parameter);
        if (!same && status == GD_OK && reader->status == GD_OK)
            status = refuse_tensor(i < found ? &t : NULL, parameter, error);
    }
    return status;
}

gd_status jobs_initial_read(const void *bytes, size_t length, const gd_model *model,
                            spec_warm_start *of, const void **parameters, gd_error *error)
{
    gd_reader reader;
    gd_reader_init(&reader, bytes, length);
    read_text(&reader, of->job, sizeof of->job);
    of->which = (int)gd_reader_i64(&reader);
    int64_t element = gd_reader_i64(&reader);
    int64_t wanted = (int64_t)gd_model_element_bytes(model);
    gd_status status = check_tensors(&reader, model, error);
    if (reader.status == GD_OK && status == GD_OK &&
        (element != wanted ||
         gd_reader_remaining(&reader) != gd_model_parameter_count(model) * (size_t)wanted))
        reader.status = GD_CORRUPT;
    if (reader.status != GD_OK)
        return gd_fail(error, reader.status, "", "the copy of the first parameters is damaged");
    *parameters = (const unsigned char *)bytes + reader.position;
    return status;
}

/* Adds a fault at /training/from_job, or at its member. */
static gd_status refuse(json_faults *faults, const char *member, const char *code,
                        const char *detail)
{
    json_path root = json_path_root();
    json_path training = json_path_member(&root, "training");
    json_path from_job = json_path_member(&training, "from_job");
    json_path inner = json_path_member(&from_job, member != NULL ? member : "");
    json_faults_add(faults, member != NULL ? &inner : &from_job, code, NULL, "%s", detail);
    return GD_INVALID_ARGUMENT;
}

/* The copy of the job being retried, where it was taken from the same place; else GD_NOT_FOUND. */
static gd_status copy_of_retried(jobs_service *service, const jobs_plan *plan, const char *retry_of,
                                 gd_buffer *copy, gd_error *error)
{
    const spec_warm_start *source = &plan->spec->from_job;
    spec_warm_start of = {.which = 0};
    const void *parameters;
    store_blob blob = {0};
    gd_status status = retry_of == NULL
                           ? GD_NOT_FOUND
                           : store_parameters_read(jobs_service_store(service), retry_of,
                                                   JOBS_INITIAL, &blob, error);
    if (status == GD_OK)
        status = jobs_initial_read(blob.bytes, blob.length, plan->model, &of, &parameters, error);
    if (status == GD_OK || status == GD_SHAPE_MISMATCH) {
        if (strcmp(of.job, source->job) != 0 || of.which != source->which)
            status = GD_NOT_FOUND;
        else if (status == GD_OK)
            gd_buffer_append(copy, blob.bytes, blob.length);
    }
    store_blob_dispose(&blob);
    return status;
}

/* GD_NOT_FOUND where the job is another owner's. */
static gd_status check_owner(jobs_service *service, const char *seen_by, const char *id,
                             gd_error *error)
{
    char owner[STORE_OWNER_SIZE];
    gd_status status = store_job_owner(jobs_service_store(service), id, owner, error);
    if (status == GD_OK && strcmp(owner, seen_by) != 0)
        status = gd_fail(error, GD_NOT_FOUND, "", "there is no job %.64s", id);
    return status;
}

static gd_status copy_of_job(jobs_service *service, const char *seen_by, const jobs_plan *plan,
                             gd_buffer *copy, gd_error *error)
{
    const spec_warm_start *source = &plan->spec->from_job;
    jobs_predictor *predictor = NULL;
    gd_status status = seen_by == NULL ? GD_OK : check_owner(service, seen_by, source->job, error);
    if (status == GD_OK)
        status = jobs_predictor_open(&predictor, service, source->job,
                                     spec_which_names[source->which], error);
    if (status != GD_OK)
        return status;
    spec_warm_start of;
    const void *parameters;
    jobs_initial_write(source, predictor->model, predictor->parameters, copy);
    jobs_predictor_destroy(predictor);
    if (copy->status != GD_OK)
        return gd_fail(error, copy->status, "", "no memory to copy the first parameters");
    return jobs_initial_read(copy->bytes, copy->length, plan->model, &of, &parameters, error);
}

gd_status jobs_warm_start(jobs_service *service, const char *seen_by, const jobs_plan *plan,
                          const char *retry_of, gd_buffer *copy, json_faults *faults,
                          gd_error *error)
{
    const spec_warm_start *source = &plan->spec->from_job;
    gd_buffer_init(copy, (size_t)jobs_service_resources(service)->memory_limit + HEADER_MAXIMUM);
    if (source->job[0] == '\0')
        return GD_OK;
    gd_status status = copy_of_retried(service, plan, retry_of, copy, error);
    if (status == GD_NOT_FOUND)
        status = copy_of_job(service, seen_by, plan, copy, error);
    if (status == GD_OK && copy->status != GD_OK)
        status = gd_fail(error, copy->status, "", "no memory to copy the first parameters");
    if (status == GD_NOT_FOUND)
        return refuse(faults, "job", "not_found",
                      "There is no job with this id: give that of a job that was trained.");
    if (status == GD_CONFLICT)
        return refuse(
            faults, NULL, "no_parameters",
            "That job has no such parameters yet: \"final\" are there once it has run, \"best\" "
            "once it has ended.");
    if (status == GD_SHAPE_MISMATCH)
        return refuse(faults, NULL, gd_status_name(status), error->message);
    return status;
}

gd_status jobs_warm_start_load(jobs_plan *plan, store *opened, const char *id, gd_error *error)
{
    if (plan->spec->from_job.job[0] == '\0')
        return GD_OK;
    size_t bytes = jobs_plan_parameter_bytes(plan);
    spec_warm_start of;
    const void *parameters;
    store_blob blob = {0};
    gd_status status = store_parameters_read(opened, id, JOBS_INITIAL, &blob, error);
    if (status == GD_NOT_FOUND)
        status = gd_fail(error, GD_CORRUPT, "", "the copy of the first parameters is not there");
    if (status == GD_OK)
        status = jobs_initial_read(blob.bytes, blob.length, plan->model, &of, &parameters, error);
    if (status == GD_OK) {
        plan->initial_parameters = malloc(bytes);
        if (plan->initial_parameters != NULL)
            memcpy(plan->initial_parameters, parameters, bytes);
        else
            status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the first parameters");
    }
    store_blob_dispose(&blob);
    return status;
}
