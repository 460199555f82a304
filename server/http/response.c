/*
 * The reply under construction: status, headers, and one of four kinds of body.
 */
#include "http/conditional.h"
#include "http/response_state.h"
#include "http/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written by this layer or the one below, never by a handler. */
static const char *const RESERVED[] = {"Content-Length", "Transfer-Encoding", "Connection", "Date",
                                       "X-Request-Id"};

void http_response_begin(http_response *response, const char *request_id)
{
    memset(response, 0, sizeof(*response));
    response->request_id = request_id;
    response->descriptor = -1;
}

void http_response_drop_body(http_response *response)
{
    if (response->body == HTTP_RESPONSE_FILE && response->descriptor >= 0) {
        close(response->descriptor);
    }
    free(response->owned);
    response->body = HTTP_RESPONSE_EMPTY;
    response->owned = NULL;
    response->bytes = NULL;
    response->descriptor = -1;
    response->offset = 0;
    response->length = 0;
    response->has_ranges = false;
    http_response_unset(response, "Content-Type");
}

void http_response_release(http_response *response)
{
    http_response_drop_body(response);
    for (size_t i = 0; i < response->header_count; i++) {
        free(response->headers[i].name);
        free(response->headers[i].value);
    }
    response->header_count = 0;
}

static size_t find_header(const http_response *response, const char *name)
{
    size_t index = 0;
    while (index < response->header_count &&
           !http_text_equal(response->headers[index].name, name)) {
        index++;
    }
    return index;
}

const char *http_response_get(const http_response *response, const char *name)
{
    const size_t index = find_header(response, name);
    return index < response->header_count ? response->headers[index].value : NULL;
}

void http_response_unset(http_response *response, const char *name)
{
    const size_t index = find_header(response, name);
    if (index == response->header_count) {
        return;
    }
    free(response->headers[index].name);
    free(response->headers[index].value);
    response->header_count--;
    response->headers[index] = response->headers[response->header_count];
}

/* Sets a header unless the list already has `room` others. */
static bool set_header(http_response *response, const char *name, const char *value, size_t room)
{
    const size_t index = find_header(response, name);
    if (index == response->header_count && response->header_count >= room) {
        return false;
    }
    char *kept_value = strdup(value);
    char *kept_name = index == response->header_count ? strdup(name) : NULL;
    if (kept_value == NULL || (index == response->header_count && kept_name == NULL)) {
        free(kept_value);
        free(kept_name);
        return false;
    }
    for (char *byte = kept_value; *byte != '\0'; byte++) {
        if ((unsigned char)*byte < 0x20 || *byte == 0x7F) {
            *byte = ' ';
        }
    }
    if (index == response->header_count) {
        response->headers[index].name = kept_name;
        response->header_count++;
    } else {
        free(response->headers[index].value);
    }
    response->headers[index].value = kept_value;
    return true;
}

bool http_response_set(http_response *response, const char *name, const char *value)
{
    return set_header(response, name, value,
                      sizeof(response->headers) / sizeof(response->headers[0]));
}

bool http_respond_header(http_response *response, const char *name, const char *value)
{
    if (!http_text_is_token(name, strlen(name)) || value == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(RESERVED) / sizeof(RESERVED[0]); i++) {
        if (http_text_equal(name, RESERVED[i])) {
            return false;
        }
    }
    const char *before = http_text_equal(name, "Vary") ? http_response_get(response, name) : NULL;
    if (before != NULL && !http_text_equal(before, value)) {
        char joined[256];
        return snprintf(joined, sizeof(joined), "%s, %s", before, value) < (int)sizeof(joined) &&
               set_header(response, name, joined, HTTP_RESPONSE_HEADERS_MAXIMUM);
    }
    return set_header(response, name, value, HTTP_RESPONSE_HEADERS_MAXIMUM);
}

/* Drops the old body and sets status and content type. False without memory: then a 500. */
static bool start_body(http_response *response, int status, const char *content_type)
{
    http_response_drop_body(response);
    response->status = status;
    if (content_type == NULL || http_response_set(response, "Content-Type", content_type)) {
        return true;
    }
    response->status = 500;
    return false;
}

void http_respond_owned(http_response *response, int status, const char *content_type, void *bytes,
                        size_t length)
{
    if (!start_body(response, status, content_type)) {
        free(bytes);
        return;
    }
    response->body = HTTP_RESPONSE_OWNED;
    response->owned = bytes;
    response->bytes = bytes;
    response->length = length;
}

void http_respond_bytes(http_response *response, int status, const char *content_type,
                        const void *bytes, size_t length)
{
    void *copy = malloc(length > 0 ? length : 1);
    if (copy == NULL) {
        http_respond_problem(response, 500, "internal", NULL, NULL);
        return;
    }
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    http_respond_owned(response, status, content_type, copy, length);
}

void http_respond_text(http_response *response, int status, const char *content_type,
                       const char *text)
{
    http_respond_bytes(response, status, content_type, text, strlen(text));
}

void http_respond_static(http_response *response, int status, const char *content_type,
                         const void *bytes, size_t length)
{
    if (!start_body(response, status, content_type)) {
        return;
    }
    response->body = HTTP_RESPONSE_STATIC;
    response->bytes = bytes;
    response->length = length;
}

void http_respond_file(http_response *response, int status, const char *content_type,
                       int descriptor, uint64_t offset, uint64_t length)
{
    if (!start_body(response, status, content_type)) {
        close(descriptor);
        return;
    }
    response->body = HTTP_RESPONSE_FILE;
    response->descriptor = descriptor;
    response->offset = offset;
    response->length = length;
}

void http_respond_empty(http_response *response, int status)
{
    (void)start_body(response, status, NULL);
}

void http_respond_not_modified(http_response *response, const char *etag)
{
    http_respond_empty(response, 304);
    (void)http_respond_etag(response, etag);
}

bool http_respond_etag(http_response *response, const char *etag)
{
    return etag != NULL && http_etag_is_valid(etag) && http_response_set(response, "ETag", etag);
}

void http_respond_ranges(http_response *response)
{
    response->has_ranges = true;
}

void http_respond_close(http_response *response)
{
    response->closes = true;
}

int http_response_status(const http_response *response)
{
    return response->status;
}
