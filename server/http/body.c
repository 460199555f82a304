/*
 * Intake of request bodies: limits first, then gzip, then the stream or the gathered buffer.
 */
#include "http/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INFLATED_BYTES = 64 * 1024,
    FIRST_CAPACITY = 4 * 1024,
    GZIP_WINDOW_BITS = 15 + 16 /* zlib: 16 added means a gzip header and trailer */
};

void http_body_refuse_length(http_response *response, uint64_t maximum)
{
    char detail[96];
    if (maximum == 0) {
        snprintf(detail, sizeof(detail), "No body is taken here.");
    } else {
        snprintf(detail, sizeof(detail), "The body may have at most %" PRIu64 " bytes.", maximum);
    }
    http_respond_problem(response, 413, "body_too_large", NULL, detail);
}

static void refuse_memory(http_response *response)
{
    http_respond_problem(response, 503, "out_of_memory", NULL, "There is no memory for the body.");
    (void)http_respond_header(response, "Retry-After", "5");
}

static void refuse_coding(http_response *response, const char *detail)
{
    http_respond_problem(response, 400, "bad_content_coding", NULL, detail);
}

static void abort_stream(http_body *body)
{
    if (body->is_stream_open) {
        body->is_stream_open = false;
        body->stream->abort(body->state);
    }
}

bool http_body_begin(http_body *body, const http_route *route, bool is_compressed, void *context,
                     const http_request *request, http_response *response)
{
    memset(body, 0, sizeof(*body));
    body->maximum = route->maximum_body;
    body->stream = route->stream;
    body->is_compressed = is_compressed;
    if (is_compressed) {
        body->inflated = malloc(INFLATED_BYTES);
        body->is_inflating =
            body->inflated != NULL && inflateInit2(&body->inflater, GZIP_WINDOW_BITS) == Z_OK;
        if (!body->is_inflating) {
            refuse_memory(response);
            return false;
        }
    }
    if (body->stream != NULL) {
        if (!body->stream->begin(context, request, &body->state, response)) {
            body->state = NULL;
            return false;
        }
        body->is_stream_open = true;
    }
    return true;
}

static bool gather(http_body *body, const unsigned char *bytes, size_t length,
                   http_response *response)
{
    /* The limit was checked, so length fits; one byte more holds the NUL. */
    const size_t wanted = body->length + length + 1;
    if (wanted > body->capacity) {
        size_t capacity = body->capacity == 0 ? FIRST_CAPACITY : body->capacity;
        while (capacity < wanted) {
            capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
        }
        unsigned char *grown = realloc(body->gathered, capacity);
        if (grown == NULL) {
            refuse_memory(response);
            return false;
        }
        body->gathered = grown;
        body->capacity = capacity;
    }
    memcpy(body->gathered + body->length, bytes, length);
    body->length += length;
    body->gathered[body->length] = '\0';
    return true;
}

/* Decoded bytes, to where they belong. */
static bool deliver(http_body *body, const unsigned char *bytes, size_t length,
                    http_response *response)
{
    if (length == 0) {
        return true;
    }
    if (length > body->maximum - body->decoded || length > SIZE_MAX / 2 - body->length) {
        http_body_refuse_length(response, body->maximum);
        return false;
    }
    body->decoded += length;
    if (body->stream == NULL) {
        return gather(body, bytes, length, response);
    }
    if (body->stream->chunk(body->state, bytes, length, response)) {
        return true;
    }
    if (http_response_status(response) == 0) {
        http_respond_problem(response, 500, "internal", NULL, NULL);
    }
    return false;
}

/* Inflates one input; several gzip members in a row are one body (RFC 1952 section 2.2). */
static bool inflate_bytes(http_body *body, const void *bytes, size_t length,
                          http_response *response)
{
    z_stream *inflater = &body->inflater;
    /* zlib declares its input without const unless asked, and never writes to it. */
    inflater->next_in = (Bytef *)bytes;
    inflater->avail_in = (uInt)length;
    bool has_output = false;
    while (inflater->avail_in > 0 || has_output) {
        if (body->is_member_end) {
            if (inflater->avail_in == 0) {
                break;
            }
            if (inflateReset(inflater) != Z_OK) {
                refuse_coding(response, "The gzip body cannot be read.");
                return false;
            }
            body->is_member_end = false;
        }
        inflater->next_out = body->inflated;
        inflater->avail_out = INFLATED_BYTES;
        const int outcome = inflate(inflater, Z_NO_FLUSH);
        if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) {
            refuse_coding(response, "The body is not gzip, or is damaged.");
            return false;
        }
        body->is_member_end = outcome == Z_STREAM_END;
        /* A full buffer may hide more output of the same input. */
        has_output = inflater->avail_out == 0;
        if (!deliver(body, body->inflated, INFLATED_BYTES - inflater->avail_out, response)) {
            return false;
        }
    }
    return true;
}

bool http_body_take(http_body *body, const void *bytes, size_t length, http_response *response)
{
    bool is_taken = false;
    if (length > body->maximum - body->arrived || length > UINT32_MAX) {
        http_body_refuse_length(response, body->maximum);
    } else {
        body->arrived += length;
        is_taken = body->is_compressed ? inflate_bytes(body, bytes, length, response)
                                       : deliver(body, bytes, length, response);
    }
    if (!is_taken) {
        abort_stream(body);
    }
    return is_taken;
}

bool http_body_finish(http_body *body, http_response *response)
{
    if (body->is_compressed && !body->is_member_end) {
        refuse_coding(response, "The gzip body ends too early.");
        abort_stream(body);
        return false;
    }
    body->is_stream_open = false;
    return true;
}

void http_body_release(http_body *body)
{
    abort_stream(body);
    if (body->is_inflating) {
        (void)inflateEnd(&body->inflater);
        body->is_inflating = false;
    }
    free(body->inflated);
    free(body->gathered);
    body->inflated = NULL;
    body->gathered = NULL;
    body->length = 0;
    body->capacity = 0;
}
