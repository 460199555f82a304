/*
 * The framing guard: refuses every request on whose length, host or header names two readers could
 * disagree, before anything else looks at it.
 *
 * The library below takes the first of two Content-Length lines, takes Content-Length together
 * with chunked, and takes two Host lines; what is left over would run as a second, hidden request.
 * A request refused here is answered with Connection: close and nothing after it is read. Pure.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include "http/headers.h"
#include "http/target.h"

#include <stdbool.h>
#include <stdint.h>

/* How the body is delimited, once the guard has passed. */
typedef struct http_framing {
    bool has_body; /* chunked, or a Content-Length above 0 */
    bool is_chunked;
    uint64_t content_length; /* 0 if chunked or absent */
    bool expects_continue;
} http_framing;

/* `version` is "HTTP/1.1" and the like. 400 for a fault, 413 for a length past 2^64, 417 for an
   unknown expectation, 431 for too many lines, 501 for an unknown transfer coding. */
http_refusal http_guard_check(const http_header_lines *lines, const char *version,
                              size_t maximum_header_bytes, http_framing *framing);

#endif
