/*
 * The questions of request.h, answered from the parsed target and the joined headers.
 */
#include "http/conditional.h"
#include "http/media.h"
#include "http/request_state.h"
#include "http/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

http_method http_request_method(const http_request *request)
{
    return request->method;
}

const char *http_request_path(const http_request *request)
{
    return request->target.path == NULL ? "" : request->target.path;
}

const http_route *http_request_route(const http_request *request)
{
    return request->match.route;
}

const char *http_request_parameter_at(const http_request *request, size_t index)
{
    if (index >= request->match.parameter_count) {
        return NULL;
    }
    return request->target.segments[request->match.parameter_segments[index]];
}

const char *http_request_parameter(const http_request *request, const char *name)
{
    if (request->match.route == NULL) {
        return NULL;
    }
    const int index = http_route_parameter_index(request->match.route, name);
    return index < 0 ? NULL : http_request_parameter_at(request, (size_t)index);
}

const char *http_request_query(const http_request *request, const char *name)
{
    for (size_t i = 0; i < request->target.query_count; i++) {
        if (strcmp(request->target.query[i].name, name) == 0) {
            return request->target.query[i].value;
        }
    }
    return NULL;
}

size_t http_request_query_count(const http_request *request)
{
    return request->target.query_count;
}

bool http_request_query_at(const http_request *request, size_t index, const char **name,
                           const char **value)
{
    if (index >= request->target.query_count) {
        return false;
    }
    *name = request->target.query[index].name;
    *value = request->target.query[index].value;
    return true;
}

const char *http_request_unknown_query(const http_request *request, const char *const *known)
{
    for (size_t i = 0; i < request->target.query_count; i++) {
        const char *name = request->target.query[i].name;
        bool is_known = false;
        for (size_t k = 0; known != NULL && known[k] != NULL && !is_known; k++) {
            is_known = strcmp(known[k], name) == 0;
        }
        if (!is_known) {
            return name;
        }
    }
    return NULL;
}

const char *http_request_header(const http_request *request, const char *name)
{
    return http_headers_get(&request->headers, name);
}

const void *http_request_body(const http_request *request, size_t *length)
{
    *length = request->body == NULL ? 0 : request->body_length;
    return request->body == NULL ? "" : request->body;
}

uint64_t http_request_body_bytes(const http_request *request)
{
    return request->body_bytes;
}

void *http_request_body_state(const http_request *request)
{
    return request->body_state;
}

const char *http_request_id(const http_request *request)
{
    return request->id;
}

bool http_request_set_client(http_request *request, const char *name, const void *bytes,
                             size_t length)
{
    if (length > sizeof(request->client)) {
        return false;
    }
    memcpy(request->client, bytes, length);
    snprintf(request->client_name, sizeof(request->client_name), "%s", name);
    request->has_client = true;
    return true;
}

const void *http_request_client(const http_request *request)
{
    return request->has_client ? request->client : NULL;
}

bool http_not_modified(const http_request *request, const char *etag)
{
    if (request->method != HTTP_METHOD_GET && request->method != HTTP_METHOD_HEAD) {
        return false;
    }
    return http_etag_list_has(http_request_header(request, "If-None-Match"), etag, true);
}

bool http_precondition_failed(const http_request *request, const char *etag)
{
    const char *list = http_request_header(request, "If-Match");
    return list != NULL && !http_etag_list_has(list, etag, false);
}

int http_request_negotiate(const http_request *request, const char *const *offers)
{
    return http_media_negotiate(http_request_header(request, "Accept"), offers);
}

bool http_request_has_content_type(const http_request *request, const char *media_type)
{
    return http_media_is(http_request_header(request, "Content-Type"), media_type);
}

static bool is_sane_id(const char *text)
{
    const size_t length = strlen(text);
    if (length == 0 || length >= HTTP_REQUEST_ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const char lower = http_text_lower(text[i]);
        if (!(lower >= 'a' && lower <= 'z') && !(text[i] >= '0' && text[i] <= '9') &&
            strchr("._-", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

void http_request_choose_id(http_request *request, const char *sent)
{
    static const char DIGITS[] = "0123456789abcdef";
    if (sent != NULL && is_sane_id(sent)) {
        memcpy(request->id, sent, strlen(sent) + 1);
        return;
    }
    unsigned char random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        /* Ids need to tell requests apart, not to be secret: time and address do that. */
        struct timespec now = {0, 0};
        clock_gettime(CLOCK_MONOTONIC, &now);
        const uint64_t parts[2] = {(uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                                   (uint64_t)(uintptr_t)request};
        memcpy(random, parts, sizeof(random));
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        request->id[2 * i] = DIGITS[random[i] >> 4];
        request->id[2 * i + 1] = DIGITS[random[i] & 15];
    }
    request->id[2 * sizeof(random)] = '\0';
}
