/*
 * Conditions and ranges applied, headers completed, reply handed to the library or the socket.
 */
#include "http/reply.h"

#include "http/conditional.h"
#include "http/tls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const struct {
    const char *name;
    const char *value;
} DEFAULT_HEADERS[] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

/* Lets the page that asked read the reply, if its origin is one that is let in. */
static void add_cors(const http_request *request, http_response *response)
{
    if (request->varies_by_origin) {
        (void)http_respond_header(response, "Vary", "Origin");
    }
    if (request->cors_origin != NULL) {
        (void)http_response_set(response, "Access-Control-Allow-Origin", request->cors_origin);
        (void)http_response_set(response, "Access-Control-Expose-Headers",
                                "Allow, Content-Range, ETag, Idempotency-Replayed, Link, Location, "
                                "Repr-Digest, Retry-After, WWW-Authenticate, X-Request-Id");
    }
}

static bool is_read(const http_request *request)
{
    return request->method == HTTP_METHOD_GET || request->method == HTTP_METHOD_HEAD;
}

/* RFC 9110 section 14: one byte range of a 200. */
static void apply_range(const http_request *request, http_response *response)
{
    (void)http_response_set(response, "Accept-Ranges", "bytes");
    if (request->method != HTTP_METHOD_GET ||
        !http_if_range_holds(http_request_header(request, "If-Range"),
                             http_response_get(response, "ETag"))) {
        return;
    }
    const uint64_t size = response->length;
    uint64_t first = 0;
    uint64_t last = 0;
    char text[80];
    switch (http_range_evaluate(http_request_header(request, "Range"), size, &first, &last)) {
    case HTTP_RANGE_WHOLE:
        return;
    case HTTP_RANGE_UNSATISFIABLE:
        http_respond_problem(response, 416, "range_not_satisfiable", NULL,
                             "The range lies past the end of the content.");
        snprintf(text, sizeof(text), "bytes */%" PRIu64, size);
        break;
    case HTTP_RANGE_PART:
        response->status = 206;
        if (response->bytes != NULL) {
            response->bytes = (const char *)response->bytes + first;
        }
        response->offset += first;
        response->length = last - first + 1;
        snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last, size);
        break;
    }
    (void)http_response_set(response, "Content-Range", text);
}

void http_reply_settle(const http_request *request, http_response *response)
{
    if (response->status == 0) {
        http_respond_problem(response, 500, "internal", NULL, NULL);
    }
    if (response->status == 200 && is_read(request)) {
        const bool has_ranges = response->has_ranges;
        if (http_not_modified(request, http_response_get(response, "ETag"))) {
            /* The body stays for its length: a 304 may tell it and never carries the bytes. */
            response->status = 304;
        } else if (has_ranges) {
            apply_range(request, response);
        }
    }
    for (size_t i = 0; i < sizeof(DEFAULT_HEADERS) / sizeof(DEFAULT_HEADERS[0]); i++) {
        if (http_response_get(response, DEFAULT_HEADERS[i].name) == NULL) {
            (void)http_response_set(response, DEFAULT_HEADERS[i].name, DEFAULT_HEADERS[i].value);
        }
    }
    add_cors(request, response);
    (void)http_response_set(response, "X-Request-Id", request->id);
}

/* Makes the library's response and gives the body away to it. */
static struct MHD_Response *make_response(http_response *response)
{
    struct MHD_Response *made = NULL;
    if (response->length > SIZE_MAX || response->offset > INT64_MAX) {
        return NULL;
    }
    /* The library takes its buffers as plain pointers, but does not write to them. */
    void *bytes = response->bytes == NULL ? (void *)"" : (void *)response->bytes;
    switch (response->body) {
    case HTTP_RESPONSE_EMPTY:
    case HTTP_RESPONSE_STATIC:
        made = MHD_create_response_from_buffer_with_free_callback_cls((size_t)response->length,
                                                                      bytes, NULL, NULL);
        break;
    case HTTP_RESPONSE_OWNED:
        made = MHD_create_response_from_buffer_with_free_callback_cls(
            (size_t)response->length, bytes, &free, response->owned);
        response->owned = made == NULL ? response->owned : NULL;
        break;
    case HTTP_RESPONSE_FILE:
        made = MHD_create_response_from_fd_at_offset64(response->length, response->descriptor,
                                                       response->offset);
        response->descriptor = made == NULL ? response->descriptor : -1;
        break;
    }
    return made;
}

static bool is_bodiless(const http_request *request, int status)
{
    return request->method == HTTP_METHOD_HEAD || status == 204 || status == 304;
}

bool http_reply_queue(struct MHD_Connection *connection, const http_request *request,
                      http_response *response, uint64_t *body_bytes)
{
    const uint64_t length = response->length;
    struct MHD_Response *made = make_response(response);
    if (made == NULL) {
        return false;
    }
    bool is_complete = true;
    for (size_t i = 0; i < response->header_count; i++) {
        is_complete = MHD_add_response_header(made, response->headers[i].name,
                                              response->headers[i].value) == MHD_YES &&
                      is_complete;
    }
    if (response->closes) {
        is_complete =
            MHD_add_response_header(made, "Connection", "close") == MHD_YES && is_complete;
    }
    const bool is_queued =
        is_complete && MHD_queue_response(connection, (unsigned)response->status, made) == MHD_YES;
    MHD_destroy_response(made);
    *body_bytes = is_queued && !is_bodiless(request, response->status) ? length : 0;
    return is_queued;
}

/* IMF-fixdate of RFC 9110 section 5.6.7, whatever the locale. */
static void write_date(FILE *out)
{
    static const char DAYS[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL) {
        fprintf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", DAYS[parts.tm_wday],
                parts.tm_mday, MONTHS[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
    }
}

static bool send_all(int descriptor, const char *bytes, size_t length)
{
    size_t sent = 0;
    while (sent < length) {
        const ssize_t now =
            send(descriptor, bytes + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (now <= 0) {
            return false;
        }
        sent += (size_t)now;
    }
    return true;
}

bool http_reply_write(int descriptor, void *tls_session, const http_response *response,
                      uint64_t *body_bytes)
{
    *body_bytes = 0;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return false;
    }
    fprintf(out, "HTTP/1.1 %d %s\r\n", response->status, http_status_phrase(response->status));
    write_date(out);
    for (size_t i = 0; i < response->header_count; i++) {
        fprintf(out, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
    }
    const uint64_t body_length = response->bytes == NULL ? 0 : response->length;
    fprintf(out, "Connection: close\r\nContent-Length: %" PRIu64 "\r\n\r\n", body_length);
    if (body_length > 0) {
        fwrite(response->bytes, 1, (size_t)body_length, out);
    }
    bool is_sent = ferror(out) == 0;
    is_sent = fclose(out) == 0 && is_sent;
    if (is_sent && tls_session != NULL) {
        is_sent = http_tls_send_last(tls_session, text, length);
    } else if (is_sent) {
        is_sent = send_all(descriptor, text, length);
    }
    free(text);
    *body_bytes = is_sent ? body_length : 0;
    return shutdown(descriptor, SHUT_WR) == 0 && is_sent;
}
