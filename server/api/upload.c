/*
 * upload.c: POST /v1/datasets: the body goes to disk as it arrives and becomes a dataset when it is
 * whole. Query parameters are checked before the first byte is taken.
 */
#include "api/dataset_view.h"
#include "api/handlers.h"
#include "api/reply.h"
#include "jobs/ingest.h"

#include <descent/sparse.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAXIMUM 200 /* bytes of a dataset's name */

/* An upload under way and how it will be read. */
typedef struct dataset_upload {
    jobs_upload *upload;
    char name[NAME_MAXIMUM + 1];
    jobs_upload_format format;
    gd_csv_options options;
    int64_t width;      /* of LIBSVM; 0: not given */
    char *names_text;   /* of `columns`, cut at the commas */
    const char **names; /* into names_text */
} dataset_upload;

static void upload_free(dataset_upload *state)
{
    jobs_upload_destroy(state->upload); /* first: its reader uses the names */
    free(state->names_text);
    free(state->names);
    free(state);
}

/* "a,b,c" into names; false without memory. */
static bool split_names(dataset_upload *state, const char *text)
{
    size_t count = 1;
    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',';
    state->names_text = strdup(text);
    state->names = calloc(count, sizeof *state->names);
    if (state->names_text == NULL || state->names == NULL)
        return false;
    char *at = state->names_text;
    for (size_t i = 0; i < count; i++) {
        state->names[i] = at;
        at += strcspn(at, ",");
        if (*at != '\0')
            *at++ = '\0';
    }
    state->options.names = state->names;
    state->options.name_count = (int64_t)count;
    return true;
}

/* What the body is, by its Content-Type and the query's `format`; both must say the same. */
static bool read_format(const http_request *request, http_response *response, dataset_upload *state)
{
    static const char *const formats[] = {"csv", "text", "idx", "npy", "libsvm", NULL};
    static const char *const types[] = {"text/csv", "text/plain", "application/octet-stream", NULL};
    size_t type = 0, format = 0;
    while (types[type + 1] != NULL && !http_request_has_content_type(request, types[type]))
        type++;
    format = type;
    if (!api_query_choice(request, response, "format", formats, &format))
        return false;
    bool binary = format >= JOBS_UPLOAD_IDX;
    if (type == 2 && http_request_query(request, "format") == NULL) {
        state->format = JOBS_UPLOAD_DETECT;
        return true;
    }
    if (binary != (type == 2) || (!binary && format != type)) {
        char text[160];
        snprintf(text, sizeof text, "\"%s\" does not go with Content-Type %s.", formats[format],
                 types[type]);
        api_refuse_query(response, "format", text);
        return false;
    }
    state->format = (jobs_upload_format)format;
    return true;
}

/* Options of CSV mean nothing elsewhere, and are not silently ignored. */
static bool check_csv_alone(const http_request *request, http_response *response,
                            const dataset_upload *state)
{
    static const char *const words[] = {"header", "delimiter", "columns"};
    for (size_t i = 0; state->format != JOBS_UPLOAD_CSV && i < 3; i++) {
        if (http_request_query(request, words[i]) != NULL) {
            api_refuse_query(response, words[i], "it belongs to CSV alone.");
            return false;
        }
    }
    return true;
}

/* The number of features belongs to LIBSVM, whose lines do not tell it. */
static bool read_width(const http_request *request, http_response *response, dataset_upload *state)
{
    if (http_request_query(request, "features") != NULL && state->format != JOBS_UPLOAD_LIBSVM) {
        api_refuse_query(response, "features", "it belongs to LIBSVM alone.");
        return false;
    }
    return api_query_count(request, response, "features", 1, GD_SPARSE_MAXIMUM_WIDTH,
                           &state->width);
}

static bool read_options(const http_request *request, http_response *response,
                         dataset_upload *state)
{
    static const char *const known[] = {"name",   "header",   "delimiter", "columns",
                                        "format", "features", NULL};
    static const char *const headers[] = {"auto", "yes", "no", NULL};
    static const char *const delimiters[] = {"auto", ",", ";", "tab", NULL};
    static const char characters[] = {0, ',', ';', '\t'};
    size_t header = 0, delimiter = 0;
    state->options = gd_csv_options_default();
    if (!api_check_query(request, response, known) ||
        !api_query_choice(request, response, "header", headers, &header) ||
        !api_query_choice(request, response, "delimiter", delimiters, &delimiter) ||
        !read_format(request, response, state) || !check_csv_alone(request, response, state) ||
        !read_width(request, response, state))
        return false;
    const char *name = http_request_query(request, "name");
    if (name != NULL && strlen(name) > NAME_MAXIMUM) {
        api_refuse_query(response, "name", "it may have 200 bytes at most.");
        return false;
    }
    snprintf(state->name, sizeof state->name, "%s", name != NULL ? name : "");
    state->options.header = (gd_csv_header)header;
    state->options.delimiter = characters[delimiter];
    const char *columns = http_request_query(request, "columns");
    if (columns != NULL && !split_names(state, columns)) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return false;
    }
    return true;
}

/* The upload is the caller's, and may be as long as the caller has room for. */
static bool own_upload(const api_context *context, const http_request *request,
                       http_response *response, dataset_upload *state)
{
    const access_identity *caller = api_caller(request);
    store_quota quota = api_quota(caller);
    store_owner has = {.bytes = 0};
    gd_error error = {0};
    gd_status status = GD_OK;
    if (quota.maximum_bytes > 0)
        status = store_owner_read(jobs_service_store(context->jobs), caller->owner, &has, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return false;
    }
    jobs_upload_own(state->upload, caller->owner, &quota, has.bytes);
    return true;
}

static bool begin(void *context, const http_request *request, void **out, http_response *response)
{
    api_context *own = context;
    gd_error error = {0};
    dataset_upload *state = calloc(1, sizeof *state);
    if (state == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return false;
    }
    bool begun = read_options(request, response, state);
    if (begun) {
        gd_status status = jobs_upload_begin(&state->upload, own->data_directory, &error);
        begun = status == GD_OK;
        if (!begun)
            api_respond_status(response, status, &error);
    }
    if (begun)
        begun = own_upload(own, request, response, state);
    if (begun) {
        jobs_upload_limit(state->upload, (int64_t)own->maximum_upload);
        if (state->format == JOBS_UPLOAD_CSV)
            jobs_upload_read_early(state->upload, &state->options, &own->reading);
        jobs_upload_set_width(state->upload, state->width);
        *out = state;
    } else {
        upload_free(state);
    }
    return begun;
}

static bool chunk(void *out, const void *bytes, size_t length, http_response *response)
{
    dataset_upload *state = out;
    gd_error error = {0};
    gd_status status = jobs_upload_add(state->upload, bytes, length, &error);
    if (status != GD_OK)
        api_respond_status(response, status, &error);
    return status == GD_OK;
}

static void abort_upload(void *out)
{
    upload_free(out);
}

const http_body_stream api_dataset_stream = {begin, chunk, abort_upload};

static void respond_created(const api_context *context, const char *id, http_response *response)
{
    store_dataset dataset;
    gd_error error = {0};
    char location[STORE_ID_SIZE + 16];
    gd_status status = store_dataset_get(jobs_service_store(context->jobs), id, &dataset, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    api_write_dataset(writer, &dataset);
    store_dataset_dispose(&dataset);
    snprintf(location, sizeof location, "/v1/datasets/%s", id);
    http_respond_header(response, "Location", location);
    api_respond_json(response, 201, writer);
}

void api_create_dataset(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    dataset_upload *state = http_request_body_state(request);
    char id[STORE_ID_SIZE];
    gd_error error = {0};
    if (http_request_body_bytes(request) == 0) {
        http_respond_problem(response, 422, "invalid_data", NULL,
                             "The body is empty: send the file itself, as curl does with "
                             "--data-binary @file.csv.");
    } else {
        store *opened = jobs_service_store(own->jobs);
        /* The same upload again is answered as the first one was. */
        gd_status status = jobs_upload_find(state->upload, opened, state->name, state->format,
                                            &state->options, id, &error);
        bool known = status == GD_OK;
        if (status == GD_NOT_FOUND)
            status = jobs_upload_finish(state->upload, opened, state->name, state->format,
                                        &state->options, id, &error);
        if (status == GD_OK) {
            char text[96];
            snprintf(text, sizeof text, "dataset %.36s %s", id, known ? "sent again" : "stored");
            api_note(own, request, NULL, text);
            respond_created(own, id, response);
        } else {
            api_respond_status(response, status, &error);
        }
    }
    upload_free(state);
}
