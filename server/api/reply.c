/*
 * reply.c: see reply.h. The one table that turns a gd_status into an HTTP status stands here.
 */
#include "api/reply.h"

#include "jobs/digest.h"
#include "jobs/identity.h"
#include "jobs/plan.h"
#include "json/fixed_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* HTTP status and code of each gd_status that reaches a client. */
static const struct {
    int http;
    const char *code;
} problems[GD_STATUS_COUNT] = {
    [GD_OK] = {500, "internal_error"},
    [GD_INVALID_ARGUMENT] = {422, "invalid_argument"},
    [GD_INVALID_DATA] = {422, "invalid_data"},
    [GD_SHAPE_MISMATCH] = {422, "shape_mismatch"},
    [GD_TOO_LARGE] = {422, "too_large"},
    [GD_UNSUPPORTED] = {422, "unsupported"},
    [GD_OUT_OF_MEMORY] = {503, "out_of_memory"},
    [GD_NON_FINITE] = {422, "non_finite"},
    [GD_CORRUPT] = {500, "corrupt"},
    [GD_IO_ERROR] = {500, "io_error"},
    [GD_NO_SPACE] = {507, "no_space"},
    [GD_NOT_FOUND] = {404, "not_found"},
    [GD_CONFLICT] = {409, "conflict"},
    [GD_UNAVAILABLE] = {503, "unavailable"},
    [GD_INTERRUPTED] = {503, "interrupted"},
};

void api_respond_status(http_response *response, gd_status status, const gd_error *error)
{
    if (status == GD_IO_ERROR && error != NULL &&
        strcmp(error->path, JOBS_DATASET_FILE_MISSING) == 0) {
        http_respond_problem(response, 409, JOBS_DATASET_FILE_MISSING, NULL, error->message);
        return;
    }
    const char *detail =
        error != NULL && error->message[0] != '\0' ? error->message : gd_status_message(status);
    /* What failed inside is for the log, not for the client. */
    if (status == GD_IO_ERROR || status == GD_CORRUPT)
        detail = "Stored data could not be read or written; the log says more.";
    if (problems[status].http == 503)
        http_respond_header(response, "Retry-After", "1");
    const char *code = problems[status].code;
    if (status == GD_NO_SPACE && error != NULL && strcmp(error->path, STORE_LIMIT_OWNER_BYTES) == 0)
        code = "storage_quota_exceeded";
    http_respond_problem(response, problems[status].http, code, NULL, detail);
}

void api_respond_json(http_response *response, int status, json_writer *writer)
{
    size_t length;
    char *text = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    if (text == NULL)
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
    else
        http_respond_owned(response, status, "application/json", text, length);
}

void api_respond_tagged_json(http_response *response, json_writer *writer)
{
    size_t length;
    char *text = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    if (text == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    char hex[JOBS_DIGEST_SIZE], etag[JOBS_DIGEST_SIZE + 3];
    jobs_digest_of(text, length, hex);
    snprintf(etag, sizeof etag, "\"%.32s\"", hex);
    http_respond_header(response, "Cache-Control", "private, no-cache");
    http_respond_etag(response, etag);
    http_respond_owned(response, 200, "application/json", text, length);
}

void api_respond_faults(http_response *response, const json_faults *faults)
{
    if (faults->out_of_memory) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_faults_write(faults, writer);
    size_t length;
    char *list = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    char *members = list != NULL ? malloc(length + 16) : NULL;
    if (members == NULL) {
        free(list);
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    snprintf(members, length + 16, "\"errors\":%s", list);
    char detail[160];
    snprintf(detail, sizeof detail, "The document has %zu fault%s; \"errors\" names each.",
             faults->total, faults->total == 1 ? "" : "s");
    http_respond_problem_with(response, 422, "invalid_document", NULL, detail, members);
    free(members);
    free(list);
}

cJSON *api_read_body(const http_request *request, http_response *response)
{
    size_t length;
    const char *body = http_request_body(request, &length);
    json_fault fault;
    cJSON *document = json_parse_fixed(body, length, &fault);
    if (document != NULL)
        return document;
    if (fault.out_of_memory) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return NULL;
    }
    char detail[256], members[64];
    snprintf(detail, sizeof detail, "The body is not valid JSON: at byte %zu, %s", fault.offset,
             fault.message);
    snprintf(members, sizeof members, "\"offset\":%zu", fault.offset);
    http_respond_problem_with(response, 400, "malformed_json", NULL, detail, members);
    return NULL;
}

void api_refuse_query(http_response *response, const char *name, const char *detail)
{
    char text[400];
    snprintf(text, sizeof text, "Query parameter \"%s\": %s", name, detail);
    http_respond_problem(response, 400, "invalid_query", NULL, text);
}

bool api_check_query(const http_request *request, http_response *response, const char *const *known)
{
    static const char *const none[] = {NULL};
    const char *unknown = http_request_unknown_query(request, known != NULL ? known : none);
    if (unknown == NULL)
        return true;
    char text[300] = "it is not known here; this path knows ";
    bool first = true;
    for (size_t i = 0; known != NULL && known[i] != NULL; i++, first = false) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", first ? "" : ", ", known[i]);
    }
    if (first)
        snprintf(text, sizeof text, "this path takes no query parameters.");
    api_refuse_query(response, unknown, text);
    return false;
}

bool api_query_count(const http_request *request, http_response *response, const char *name,
                     int64_t minimum, int64_t maximum, int64_t *value)
{
    const char *text = http_request_query(request, name);
    if (text == NULL)
        return true;
    char *end;
    bool digits = text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
    long long read = digits && strlen(text) < 19 ? strtoll(text, &end, 10) : -1;
    if (read < minimum || read > maximum) {
        char detail[160];
        snprintf(detail, sizeof detail, "it must be an integer from %lld to %lld.",
                 (long long)minimum, (long long)maximum);
        api_refuse_query(response, name, detail);
        return false;
    }
    *value = read;
    return true;
}

bool api_query_choice(const http_request *request, http_response *response, const char *name,
                      const char *const *words, size_t *index)
{
    const char *text = http_request_query(request, name);
    char detail[200] = "it must be one of ";
    if (text == NULL)
        return true;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            *index = i;
            return true;
        }
        size_t used = strlen(detail);
        snprintf(detail + used, sizeof detail - used, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
    api_refuse_query(response, name, detail);
    return false;
}

void api_write_cursor(int64_t sequence, char cursor[API_CURSOR_SIZE])
{
    snprintf(cursor, API_CURSOR_SIZE, "b%llx", (unsigned long long)sequence);
}

bool api_query_cursor(const http_request *request, http_response *response, int64_t *sequence)
{
    const char *text = http_request_query(request, "cursor");
    *sequence = 0;
    if (text == NULL)
        return true;
    bool valid = text[0] == 'b' && strlen(text) > 1 && strlen(text) < 17 &&
                 strspn(text + 1, "0123456789abcdef") == strlen(text + 1);
    if (valid)
        *sequence = (int64_t)strtoull(text + 1, NULL, 16);
    if (!valid || *sequence <= 0) {
        api_refuse_query(response, "cursor",
                         "it is not a cursor of this service: pass on the next_cursor of a page.");
        return false;
    }
    return true;
}

/* Characters that stand for themselves in a query component. */
static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || strchr("-._~", byte) != NULL;
}

static void append_encoded(char *text, size_t size, const char *value)
{
    size_t used = strlen(text);
    for (; *value != '\0' && used + 4 < size; value++) {
        if (*value != '\0' && is_plain(*value))
            text[used++] = *value;
        else
            used += (size_t)snprintf(text + used, size - used, "%%%02X", (unsigned char)*value);
    }
    text[used] = '\0';
}

void api_write_next(const http_request *request, http_response *response, json_writer *writer,
                    bool more, int64_t sequence)
{
    json_writer_key(writer, "next_cursor");
    if (!more) {
        json_writer_null(writer);
        return;
    }
    char cursor[API_CURSOR_SIZE], link[2048];
    api_write_cursor(sequence, cursor);
    json_writer_string(writer, cursor);
    snprintf(link, sizeof link, "<%s?", http_request_path(request));
    for (size_t i = 0; i < http_request_query_count(request); i++) {
        const char *name, *value;
        if (!http_request_query_at(request, i, &name, &value) || strcmp(name, "cursor") == 0)
            continue;
        append_encoded(link, sizeof link, name);
        snprintf(link + strlen(link), sizeof link - strlen(link), "=");
        append_encoded(link, sizeof link, value);
        snprintf(link + strlen(link), sizeof link - strlen(link), "&");
    }
    size_t used = strlen(link);
    /* A query too long for a header is left to next_cursor. */
    if ((size_t)snprintf(link + used, sizeof link - used, "cursor=%s>; rel=\"next\"", cursor) <
        sizeof link - used)
        http_respond_header(response, "Link", link);
}

bool api_read_id(const http_request *request, http_response *response, const char **id)
{
    *id = http_request_parameter(request, "id");
    if (*id != NULL && jobs_is_id(*id))
        return true;
    http_respond_problem(response, 404, "not_found", NULL,
                         "There is nothing under this id: ids are UUIDs in lower case.");
    return false;
}

void api_write_time(json_writer *writer, const char *key, int64_t milliseconds)
{
    char text[JOBS_TIME_SIZE];
    json_writer_key(writer, key);
    if (milliseconds == 0) {
        json_writer_null(writer);
        return;
    }
    jobs_format_time(milliseconds, text);
    json_writer_string(writer, text);
}

void api_write_raw(json_writer *writer, const char *key, const char *json)
{
    json_writer_key(writer, key);
    if (json == NULL)
        json_writer_null(writer);
    else
        json_writer_raw(writer, json, strlen(json));
}

void api_write_text(json_writer *writer, const char *key, const char *text)
{
    json_writer_key(writer, key);
    json_writer_string(writer, text != NULL && text[0] != '\0' ? text : NULL);
}
