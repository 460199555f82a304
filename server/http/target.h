/*
 * The request target, taken apart: path segments and query parameters, decoded and checked.
 *
 * Made from the bytes of the request line as they came, before the library below decodes or cuts
 * anything, and the only source of paths and parameters in this folder. Pure but for malloc.
 */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include "http/router.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_TARGET_QUERY_MAXIMUM = 64,
    /* One more than a pattern can have: such a path matches nothing. */
    HTTP_TARGET_SEGMENTS_MAXIMUM = HTTP_ROUTE_SEGMENTS_MAXIMUM + 1
};

/* Why a request is refused; status 0: it is not. The texts are literals. */
typedef struct http_refusal {
    int status;
    const char *code;
    const char *detail;
} http_refusal;

typedef struct http_query_item {
    const char *name;
    const char *value;
} http_query_item;

typedef struct http_target {
    char *path;      /* as sent, without the query, at most 1 KiB of it, printable: for logs */
    char *authority; /* of "http://authority/path"; NULL for the common form */
    bool asterisk;   /* the target is "*" */
    size_t segment_count;
    const char *segments[HTTP_TARGET_SEGMENTS_MAXIMUM];
    size_t query_count;
    http_query_item query[HTTP_TARGET_QUERY_MAXIMUM];
    char *storage;
} http_target;

/* Takes apart `text` (NULL counts as empty). On a refusal `path` is still set for the log, unless
   memory ran out (500). http_target_release is due in every case. */
http_refusal http_target_parse(http_target *target, const char *text, size_t maximum_bytes);
void http_target_release(http_target *target);

#endif
