/*
 * The body of one request on its way in: counted, inflated, gathered or passed on.
 *
 * Bodies of routes with a stream go to it piece by piece; the others are gathered, growing with
 * what really came and not with what was announced. The limit holds for bytes before and after
 * decoding. Used by the one thread that serves the connection.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/router.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

typedef struct http_body {
    uint64_t maximum;
    uint64_t arrived; /* as sent */
    uint64_t decoded;
    const http_body_stream *stream;
    void *state;
    bool is_stream_open; /* begin succeeded; neither handed to the handler nor aborted */
    bool is_compressed;
    bool is_inflating;  /* the inflater exists */
    bool is_member_end; /* between two gzip members */
    z_stream inflater;
    unsigned char *inflated;
    unsigned char *gathered; /* ends with a NUL beyond `length` */
    size_t length;
    size_t capacity;
} http_body;

/* Ready to take the body of this route. False, with the response made, if the route's body_begin
   refused or there is no memory. http_body_release is due in every case. */
bool http_body_begin(http_body *body, const http_route *route, bool is_compressed, void *context,
                     const http_request *request, http_response *response);

/* Takes the next bytes. False, with the response made, if the body is too long, not gzip, or was
   refused by the stream; the stream has then been aborted. */
bool http_body_take(http_body *body, const void *bytes, size_t length, http_response *response);

/* After the last bytes: false, with the response made, if a gzip body ends too early. On success
   the stream's state belongs to the handler. */
bool http_body_finish(http_body *body, http_response *response);

/* Frees; aborts a stream that is still open. */
void http_body_release(http_body *body);

/* The answer to a body over the limit. */
void http_body_refuse_length(http_response *response, uint64_t maximum);

#endif
