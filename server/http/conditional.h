/*
 * Entity tags, If-None-Match, If-Match, If-Range and Range as pure functions over header text
 * (RFC 9110 sections 8.8.3, 13 and 14). No allocation, any number of threads.
 */
#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

/* True for "opaque" or W/"opaque", complete with quotes, without control characters or blanks. */
bool http_etag_is_valid(const char *etag);

/* True if `list` (the value of If-None-Match or If-Match) is `*` or names `etag`. Weak comparison
   looks at the opaque part only; strong comparison wants both to be strong. A list that is not
   well formed names nothing past its fault. etag NULL (no representation): never. */
bool http_etag_list_has(const char *list, const char *etag, bool weak);

/* If-Range: true if Range may be used, that is `value` NULL or strongly equal to `etag`. Dates
   never match, as no Last-Modified is sent. */
bool http_if_range_holds(const char *value, const char *etag);

typedef enum http_range_outcome {
    HTTP_RANGE_WHOLE,        /* no Range, another unit, several ranges, not well formed: 200 */
    HTTP_RANGE_PART,         /* 206, bytes first to last, both included */
    HTTP_RANGE_UNSATISFIABLE /* 416 */
} http_range_outcome;

/* Evaluates the value of Range (NULL: none) against a representation of `size` bytes. */
http_range_outcome http_range_evaluate(const char *value, uint64_t size, uint64_t *first,
                                       uint64_t *last);

#endif
