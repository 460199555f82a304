/*
 * parameters.c: GET /v1/jobs/{id}/parameters: the trained numbers, or those before the first step,
 * as JSON or as a safetensors file that loads into the equivalent PyTorch module.
 */
#include "api/handlers.h"
#include "api/job_view.h"
#include "jobs/predictor.h"
#include "json/document.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

typedef enum parameter_format {
    FORMAT_JSON,
    FORMAT_SAFETENSORS
} parameter_format;

/* RFC 9530: Repr-Digest: sha-256=:<base64>: over the whole representation. */
static void respond_digest(http_response *response, const void *bytes, size_t length)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1], header[96];
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, sizeof digest, digest);
    base64_encode_raw(text, sizeof digest, digest);
    text[sizeof text - 1] = '\0';
    snprintf(header, sizeof header, "sha-256=:%s:", text);
    http_respond_header(response, "Repr-Digest", header);
}

/* How sure the fit is of a parameter; null where it cannot be said: without data, by another loss than
 * mse, while the job is not over, at a bound, or where the matrix is singular. */
static void write_certainty(json_writer *writer, const cJSON *errors, const char *which,
                            const char *name, double value)
{
    const cJSON *error =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(errors, which), name);
    const cJSON *t = cJSON_GetObjectItemCaseSensitive(errors, "t");
    bool known = cJSON_IsNumber(error) && cJSON_IsNumber(t);
    json_writer_key(writer, "standard_error");
    if (known)
        json_writer_double(writer, error->valuedouble);
    else
        json_writer_null(writer);
    json_writer_key(writer, "interval");
    if (!known) {
        json_writer_null(writer);
        return;
    }
    double reach = t->valuedouble * error->valuedouble;
    json_writer_doubles(writer, (const double[]){value - reach, value + reach}, 2);
}

static void write_formula(json_writer *writer, const jobs_predictor *predictor, const char *which)
{
    cJSON *metrics = predictor->metrics == NULL || predictor->live
                         ? NULL
                         : json_parse(predictor->metrics, strlen(predictor->metrics), NULL);
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(metrics, "standard_errors");
    const double *values = jobs_predictor_values(predictor);
    for (int64_t i = 0; i < gd_model_tensor_count(predictor->model); i++) {
        const char *name = gd_model_tensor(predictor->model, i)->name;
        json_writer_begin_object(writer);
        api_write_text(writer, "name", name);
        json_writer_key(writer, "shape");
        json_writer_begin_array(writer);
        json_writer_end_array(writer);
        api_write_text(writer, "dtype", "float64");
        json_writer_key(writer, "values");
        json_writer_doubles(writer, &values[i], 1);
        write_certainty(writer, errors, which, name, values[i]);
        json_writer_end_object(writer);
    }
    cJSON_Delete(metrics);
}

static void write_tensors(json_writer *writer, const jobs_predictor *predictor)
{
    for (int64_t i = 0; i < gd_model_tensor_count(predictor->model); i++) {
        const gd_parameter *tensor = gd_model_tensor(predictor->model, i);
        json_writer_begin_object(writer);
        api_write_text(writer, "name", tensor->name);
        json_writer_key(writer, "shape");
        json_writer_int64s(writer, tensor->shape.dimensions, (size_t)tensor->shape.rank);
        api_write_text(writer, "dtype", GD_REAL_DTYPE);
        json_writer_key(writer, "values");
        json_writer_float32s(writer, predictor->parameters + tensor->offset, tensor->count);
        json_writer_end_object(writer);
    }
}

static void respond_json(http_response *response, const jobs_predictor *predictor,
                         const char *which)
{
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    api_write_text(writer, "which", which);
    json_writer_key(writer, "step");
    json_writer_int64(writer, predictor->step);
    api_write_text(writer, "digest", predictor->digest);
    json_writer_key(writer, "parameters");
    json_writer_begin_array(writer);
    if (jobs_predictor_is_formula(predictor))
        write_formula(writer, predictor, which);
    else
        write_tensors(writer, predictor);
    json_writer_end_array(writer);
    json_writer_end_object(writer);
    size_t length;
    char *text = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    if (text == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    respond_digest(response, text, length);
    http_respond_owned(response, 200, "application/json", text, length);
}

static void respond_safetensors(http_response *response, const jobs_predictor *predictor,
                                const char *id, const char *which)
{
    gd_buffer file;
    char disposition[128];
    gd_buffer_init(&file, API_REPLY_MAXIMUM);
    gd_safetensors_write(predictor->model, predictor->parameters, &file);
    if (file.status != GD_OK) {
        gd_buffer_dispose(&file);
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s-%s.safetensors\"", id,
             which);
    http_respond_header(response, "Content-Disposition", disposition);
    respond_digest(response, file.bytes, file.length);
    http_respond_owned(response, 200, "application/octet-stream", file.bytes, file.length);
    if (!predictor->live)
        http_respond_ranges(response);
}

static bool read_format(const http_request *request, http_response *response,
                        parameter_format *format)
{
    static const char *const formats[] = {"json", "safetensors", NULL};
    static const char *const later[] = {"npz", "c", NULL};
    const char *text = http_request_query(request, "format");
    for (size_t i = 0; text != NULL && later[i] != NULL; i++) {
        if (strcmp(text, later[i]) == 0) {
            http_respond_problem(response, 422, "unsupported", NULL,
                                 "This format is not offered by this version: ask for json or "
                                 "safetensors.");
            return false;
        }
    }
    size_t index = 0;
    if (!api_query_choice(request, response, "format", formats, &index))
        return false;
    *format = (parameter_format)index;
    return true;
}

void api_get_parameters(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"which", "format", NULL};
    static const char *const names[] = {"final", "best", "initial", NULL};
    const api_context *own = context;
    const char *id;
    size_t which = 0;
    parameter_format format = FORMAT_JSON;
    jobs_predictor *predictor = NULL;
    gd_error error = {0};
    if (!api_check_query(request, response, known) || !api_read_id(request, response, &id) ||
        !api_query_choice(request, response, "which", names, &which) ||
        !read_format(request, response, &format))
        return;
    gd_status status = jobs_predictor_open(&predictor, own->jobs, id, names[which], &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    /* Parameters of a job that goes on are those of a moment: no tag, never kept. */
    bool kept = !predictor->live && predictor->digest[0] != '\0';
    if (kept) {
        char etag[API_ETAG_SIZE];
        snprintf(etag, sizeof etag, "\"%.32s-%d\"", predictor->digest, (int)format);
        http_respond_header(response, "Cache-Control", "private, no-cache");
        http_respond_etag(response, etag);
    }
    if (format == FORMAT_JSON)
        respond_json(response, predictor, names[which]);
    else
        respond_safetensors(response, predictor, id, names[which]);
    jobs_predictor_destroy(predictor);
}
