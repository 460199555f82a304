/*
 * predictor.c: putting a model together again from what the store, or the running job, gives.
 */
#include "jobs/predictor.h"

#include "jobs/digest.h"
#include "jobs/warm_start.h"
#include "json/document.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_MILLISECONDS 2000
#define BATCH                 ((int64_t)1024)
#define BATCH_OF_WINDOWS      ((int64_t)64)
#define MAXIMUM_OUTPUTS       ((int64_t)20000000)

static gd_status read_spec(jobs_predictor *predictor, const store_job *job, gd_error *error)
{
    json_faults faults = {0};
    cJSON *document = json_parse(job->spec, strlen(job->spec), NULL);
    if (document != NULL)
        predictor->spec = spec_read(document, &faults);
    gd_status status = GD_OK;
    if (predictor->spec == NULL || faults.out_of_memory)
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to read the spec");
    else if (faults.total > 0)
        status = gd_fail(error, GD_CORRUPT, "", "the stored spec cannot be read");
    json_faults_dispose(&faults);
    return status;
}

static gd_status plan_model(jobs_predictor *predictor, gd_error *error)
{
    if (jobs_predictor_is_formula(predictor))
        return gd_model_create_formula(&predictor->model, predictor->spec->model.formula, error);
    const spec_model *model = &predictor->spec->model;
    gd_shape input = jobs_input_shape(&predictor->spec->data, predictor->preparation);
    int64_t outputs = gd_loss_descriptor_at(predictor->spec->loss.type)->class_targets
                          ? gd_preparation_class_count(predictor->preparation)
                          : gd_preparation_target_width(predictor->preparation);
    return gd_model_create(&predictor->model, &input, model->layers, model->layer_count, outputs, 0,
                           error);
}

static size_t parameter_bytes(const jobs_predictor *predictor)
{
    return gd_model_parameter_count(predictor->model) * gd_model_element_bytes(predictor->model);
}

/* `bytes` of the parameters; 0: not known. */
static gd_status make_model(jobs_predictor *predictor, const void *preparation, size_t length,
                            size_t bytes, gd_error *error)
{
    gd_reader reader;
    gd_reader_init(&reader, preparation, length);
    bool alone = predictor->spec->data.source == SPEC_SOURCE_NONE;
    gd_status status = alone ? GD_OK : gd_preparation_load(&predictor->preparation, &reader, error);
    if (status == GD_OK)
        status = plan_model(predictor, error);
    if (status == GD_OK && bytes > 0 && parameter_bytes(predictor) != bytes)
        status = gd_fail(error, GD_CORRUPT, "", "the stored parameters are not those of the model");
    return status;
}

/* GD_NOT_FOUND where the job does not run here (any more): then the store knows. */
static gd_status open_live(jobs_predictor *predictor, jobs_service *service, const store_job *job,
                           gd_error *error)
{
    jobs_snapshot snapshot;
    gd_status status =
        jobs_live_snapshot(jobs_service_live(service), job->id, SNAPSHOT_MILLISECONDS, &snapshot);
    if (status == GD_UNAVAILABLE)
        return gd_fail(error, status, "", "the job is in the middle of a long step; try again");
    if (status != GD_OK)
        return status;
    status = make_model(predictor, snapshot.preparation, snapshot.preparation_length,
                        snapshot.bytes, error);
    if (status == GD_OK) {
        predictor->parameters = snapshot.parameters;
        predictor->step = snapshot.step;
        predictor->live = true;
        snapshot.parameters = NULL;
    }
    jobs_snapshot_dispose(&snapshot);
    return status;
}

static gd_status open_stored(jobs_predictor *predictor, jobs_service *service, const store_job *job,
                             const char *which, gd_error *error)
{
    store_blob parameters = {0}, preparation = {0};
    store *opened = jobs_service_store(service);
    gd_status status = store_parameters_read(opened, job->id, which, &parameters, error);
    if (status == GD_OK)
        status = store_preparation_read(opened, job->id, &preparation, error);
    if (status == GD_NOT_FOUND)
        status = gd_fail(error, GD_CONFLICT, "", "the job has no %s parameters yet", which);
    if (status == GD_OK)
        status =
            make_model(predictor, preparation.bytes, preparation.length, parameters.length, error);
    if (status == GD_OK) {
        predictor->parameters = parameters.bytes;
        predictor->step = parameters.step;
        memcpy(predictor->digest, parameters.digest, sizeof predictor->digest);
        parameters.bytes = NULL;
    }
    store_blob_dispose(&parameters);
    store_blob_dispose(&preparation);
    return status;
}

/* Of a job that began: its preparation is stored with the first checkpoint, and in memory before. */
static gd_status read_preparation(jobs_service *service, const store_job *job,
                                  store_blob *preparation, gd_error *error)
{
    gd_status status =
        store_preparation_read(jobs_service_store(service), job->id, preparation, error);
    if (status != GD_NOT_FOUND)
        return status;
    jobs_snapshot snapshot;
    status =
        jobs_live_snapshot(jobs_service_live(service), job->id, SNAPSHOT_MILLISECONDS, &snapshot);
    if (status == GD_NOT_FOUND)
        return gd_fail(error, GD_CONFLICT, "", "the job has not begun yet");
    if (status == GD_UNAVAILABLE)
        return gd_fail(error, status, "", "the job is in the middle of a long step; try again");
    if (status != GD_OK)
        return status;
    preparation->bytes = snapshot.preparation;
    preparation->length = snapshot.preparation_length;
    snapshot.preparation = NULL;
    jobs_snapshot_dispose(&snapshot);
    return GD_OK;
}

static void take_starts(jobs_predictor *predictor)
{
    const gd_formula *formula = predictor->spec->model.formula;
    double *values = (double *)(void *)predictor->parameters;
    for (int64_t i = 0; i < gd_formula_parameter_count(formula); i++)
        values[i] = gd_formula_parameter_at(formula, i)->start;
}

static gd_status make_first_parameters(jobs_predictor *predictor, store *opened,
                                       const store_job *job, gd_error *error)
{
    const gd_trainer_setup setup = {.model = predictor->model,
                                    .training.seed = predictor->spec->training.seed};
    size_t bytes = parameter_bytes(predictor);
    predictor->parameters = malloc(bytes);
    if (predictor->parameters == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the first parameters");
    if (predictor->spec->from_job.job[0] == '\0' && jobs_predictor_is_formula(predictor)) {
        take_starts(predictor);
        return GD_OK;
    }
    if (predictor->spec->from_job.job[0] == '\0') {
        gd_training_first_parameters(&setup, predictor->parameters);
        return GD_OK;
    }
    spec_warm_start of;
    const void *copied;
    store_blob blob = {0};
    gd_status status = store_parameters_read(opened, job->id, JOBS_INITIAL, &blob, error);
    if (status == GD_OK)
        status = jobs_initial_read(blob.bytes, blob.length, predictor->model, &of, &copied, error);
    if (status == GD_OK)
        memcpy(predictor->parameters, copied, bytes);
    store_blob_dispose(&blob);
    return status;
}

static gd_status open_first(jobs_predictor *predictor, jobs_service *service, const store_job *job,
                            gd_error *error)
{
    store_blob preparation = {0};
    gd_status status = read_preparation(service, job, &preparation, error);
    if (status == GD_OK)
        status = make_model(predictor, preparation.bytes, preparation.length, 0, error);
    if (status == GD_OK)
        status = make_first_parameters(predictor, jobs_service_store(service), job, error);
    if (status == GD_OK)
        jobs_digest_of(predictor->parameters, parameter_bytes(predictor), predictor->digest);
    store_blob_dispose(&preparation);
    return status;
}

gd_status jobs_predictor_open(jobs_predictor **predictor, jobs_service *service, const char *id,
                              const char *which, gd_error *error)
{
    store_job job;
    gd_status status = store_job_get(jobs_service_store(service), id, true, &job, error);
    if (status != GD_OK)
        return status;
    jobs_predictor *made = calloc(1, sizeof *made);
    if (made == NULL)
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a prediction");
    if (status == GD_OK)
        status = read_spec(made, &job, error);
    if (status == GD_OK && strcmp(which, JOBS_INITIAL) == 0) {
        status = open_first(made, service, &job, error);
    } else if (status == GD_OK) {
        bool live = job.status == STORE_JOB_RUNNING && strcmp(which, "final") == 0;
        status = live ? open_live(made, service, &job, error) : GD_NOT_FOUND;
        if (live && status == GD_NOT_FOUND) {
            /* It has ended meanwhile: its row says more now. */
            store_job_dispose(&job);
            status = store_job_get(jobs_service_store(service), id, true, &job, error);
            if (status == GD_OK)
                status = open_stored(made, service, &job, which, error);
        } else if (status == GD_NOT_FOUND) {
            status = open_stored(made, service, &job, which, error);
        }
    }
    if (status == GD_OK && job.metrics != NULL) {
        made->metrics = strdup(job.metrics);
        status = made->metrics == NULL ? gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory") : GD_OK;
    }
    store_job_dispose(&job);
    if (status == GD_OK)
        *predictor = made;
    else
        jobs_predictor_destroy(made);
    return status;
}

void jobs_predictor_destroy(jobs_predictor *predictor)
{
    if (predictor == NULL)
        return;
    gd_model_destroy(predictor->model);
    gd_preparation_destroy(predictor->preparation);
    spec_destroy(predictor->spec);
    free(predictor->parameters);
    free(predictor->metrics);
    free(predictor);
}

int64_t jobs_predictor_width(const jobs_predictor *predictor)
{
    const gd_shape *output = gd_model_output_shape(predictor->model);
    bool sequence = predictor->spec->data.window.length > 0 && output->rank > 1;
    return sequence ? output->dimensions[output->rank - 1] : gd_shape_size(output);
}

bool jobs_predictor_is_formula(const jobs_predictor *predictor)
{
    return predictor->spec->model.type == SPEC_MODEL_FORMULA;
}

const double *jobs_predictor_values(const jobs_predictor *predictor)
{
    return (const double *)(const void *)predictor->parameters;
}

gd_status jobs_predictor_run_formula(const jobs_predictor *predictor, const double *cells,
                                     int64_t rows, double **values, gd_error *error)
{
    const gd_formula *formula = predictor->spec->model.formula;
    int64_t width = gd_formula_column_count(formula);
    for (int64_t i = 0; i < rows * width; i++) {
        char path[64];
        if (isfinite(cells[i]))
            continue;
        snprintf(path, sizeof path, "rows/%lld/%lld", (long long)(i / width),
                 (long long)(i % width));
        return gd_fail(error, GD_INVALID_DATA, path, "column '%s' has no value here",
                       gd_formula_column(formula, i % width));
    }
    double *results = calloc((size_t)rows + 1, sizeof *results);
    if (results == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld predictions",
                       (long long)rows);
    gd_status status =
        gd_formula_evaluate(formula, jobs_predictor_values(predictor), cells, rows, results, error);
    bool counts = gd_loss_descriptor_at(predictor->spec->loss.type)->link == GD_LINK_EXPONENTIAL;
    for (int64_t i = 0; counts && i < rows; i++)
        results[i] = exp(results[i]);
    if (status == GD_OK)
        *values = results;
    else
        free(results);
    return status;
}

/* What a run works with, all of it taken before the first row. */
typedef struct prediction_run {
    const jobs_predictor *predictor;
    const double *cells; /* raw rows */
    int64_t count;       /* predictions */
    int64_t span;        /* rows a prediction reads */
    int64_t batch;
    gd_workspace *workspace;
    gd_real *features; /* [batch + span - 1, width of a row] */
    gd_real *inputs;   /* [batch, span rows] where rows overlap, else NULL */
    gd_real *results;  /* [count, width] */
} prediction_run;

static gd_status prepare_rows(const prediction_run *run, int64_t first, int64_t count,
                              gd_error *error)
{
    const gd_preparation *preparation = run->predictor->preparation;
    int64_t columns = gd_preparation_column_count(preparation);
    int64_t width = gd_preparation_feature_width(preparation);
    for (int64_t row = 0; row < count; row++) {
        gd_status status = gd_preparation_apply_row(
            preparation, run->cells + (first + row) * columns, run->features + row * width, error);
        if (status != GD_OK)
            return gd_error_prefix(error, status, "rows/%lld", (long long)(first + row));
    }
    return GD_OK;
}

static gd_status run_batch(const prediction_run *run, int64_t first, int64_t count, gd_error *error)
{
    const jobs_predictor *predictor = run->predictor;
    int64_t row_width = gd_preparation_feature_width(predictor->preparation);
    int64_t output_width = gd_shape_size(gd_model_output_shape(predictor->model));
    int64_t width = jobs_predictor_width(predictor);
    const gd_real *inputs = run->features;
    gd_status status = prepare_rows(run, first, count + run->span - 1, error);
    if (status != GD_OK)
        return status;
    for (int64_t i = 0; run->inputs != NULL && i < count; i++)
        memcpy(run->inputs + i * run->span * row_width, inputs + i * row_width,
               (size_t)(run->span * row_width) * sizeof *inputs);
    const gd_real *outputs =
        gd_model_forward(predictor->model, predictor->parameters, run->workspace,
                         run->inputs != NULL ? run->inputs : inputs, count, NULL);
    if (outputs == NULL)
        return gd_fail(error, GD_SHAPE_MISMATCH, "", "the model took no batch");
    gd_real *results = run->results + first * width;
    for (int64_t i = 0; i < count; i++)
        memcpy(results + i * width, outputs + (i + 1) * output_width - width,
               (size_t)width * sizeof *results);
    gd_link_apply(gd_loss_descriptor_at(predictor->spec->loss.type)->link, results, count, width);
    return GD_OK;
}

static gd_status allocate_run(prediction_run *run, gd_error *error)
{
    const jobs_predictor *predictor = run->predictor;
    size_t row = (size_t)gd_preparation_feature_width(predictor->preparation) * sizeof(gd_real);
    run->features = calloc((size_t)(run->batch + run->span - 1), row);
    run->results =
        calloc((size_t)run->count, (size_t)jobs_predictor_width(predictor) * sizeof(gd_real));
    if (run->span > 1)
        run->inputs = calloc((size_t)(run->batch * run->span), row);
    if (run->features == NULL || run->results == NULL || (run->span > 1 && run->inputs == NULL))
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld predictions",
                       (long long)run->count);
    return gd_workspace_create(&run->workspace, predictor->model, run->batch, false, error);
}

static gd_status fail_too_many(int64_t count, int64_t width, gd_error *error)
{
    return gd_fail(
        error, GD_TOO_LARGE, "",
        "%lld predictions of %lld outputs are beyond the %lld of one request: send fewer "
        "rows at a time",
        (long long)count, (long long)width, (long long)MAXIMUM_OUTPUTS);
}

static gd_status run_sparse_batch(const prediction_run *run, const gd_sparse_matrix *rows,
                                  uint32_t *list, int64_t first, int64_t count, gd_error *error)
{
    const jobs_predictor *predictor = run->predictor;
    int64_t width = jobs_predictor_width(predictor);
    gd_sparse_batch batch = {rows, list};
    for (int64_t i = 0; i < count; i++)
        list[i] = (uint32_t)(first + i);
    const gd_real *outputs = gd_model_forward_sparse(predictor->model, predictor->parameters,
                                                     run->workspace, &batch, count, NULL);
    if (outputs == NULL)
        return gd_fail(error, GD_SHAPE_MISMATCH, "", "the model took no batch");
    gd_real *results = run->results + first * width;
    memcpy(results, outputs, (size_t)(count * width) * sizeof *results);
    gd_link_apply(gd_loss_descriptor_at(predictor->spec->loss.type)->link, results, count, width);
    return GD_OK;
}

gd_status jobs_predictor_run_sparse(const jobs_predictor *predictor, const gd_sparse_matrix *rows,
                                    gd_real **outputs, gd_error *error)
{
    int64_t width = jobs_predictor_width(predictor);
    prediction_run run = {.predictor = predictor, .count = rows->row_count, .span = 1};
    run.batch = run.count < BATCH ? run.count : BATCH;
    if (run.count > MAXIMUM_OUTPUTS / width)
        return fail_too_many(run.count, width, error);
    uint32_t *list = calloc((size_t)run.batch, sizeof *list);
    run.results = calloc((size_t)run.count, (size_t)width * sizeof(gd_real));
    gd_status status =
        list == NULL || run.results == NULL
            ? gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld predictions",
                      (long long)run.count)
            : gd_workspace_create(&run.workspace, predictor->model, run.batch, false, error);
    for (int64_t first = 0; status == GD_OK && first < run.count; first += run.batch) {
        int64_t left = run.count - first;
        status =
            run_sparse_batch(&run, rows, list, first, left < run.batch ? left : run.batch, error);
    }
    gd_workspace_destroy(run.workspace);
    free(list);
    if (status == GD_OK)
        *outputs = run.results;
    else
        free(run.results);
    return status;
}

gd_status jobs_predictor_run(const jobs_predictor *predictor, const double *cells, int64_t rows,
                             gd_real **outputs, int64_t *count, gd_error *error)
{
    int64_t length = predictor->spec->data.window.length;
    prediction_run run = {.predictor = predictor, .cells = cells, .span = length > 0 ? length : 1};
    run.count = rows - run.span + 1;
    int64_t width = jobs_predictor_width(predictor);
    if (run.count > MAXIMUM_OUTPUTS / width)
        return fail_too_many(run.count, width, error);
    int64_t batch = run.span > 1 ? BATCH_OF_WINDOWS : BATCH;
    run.batch = run.count < batch ? run.count : batch;
    gd_status status = allocate_run(&run, error);
    for (int64_t first = 0; status == GD_OK && first < run.count; first += run.batch) {
        int64_t left = run.count - first;
        status = run_batch(&run, first, left < run.batch ? left : run.batch, error);
    }
    gd_workspace_destroy(run.workspace);
    free(run.features);
    free(run.inputs);
    if (status == GD_OK) {
        *outputs = run.results;
        *count = run.count;
    } else {
        free(run.results);
    }
    return status;
}
