/*
 * The header lines of one request: as they came (for the guard) and joined by name (for handlers).
 */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_HEADER_LINES_MAXIMUM = 100
};

/* One line; neither part need end with NUL. */
typedef struct http_header_line {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
} http_header_line;

typedef struct http_header_lines {
    size_t count; /* of all lines, also those beyond the maximum, which are not kept */
    size_t bytes; /* of all names and values, with 4 a line for what stands between */
    http_header_line lines[HTTP_HEADER_LINES_MAXIMUM];
} http_header_lines;

typedef struct http_header {
    const char *name;
    const char *value;
} http_header;

/* Own copies; lines of one name are one entry, joined by ", ". */
typedef struct http_headers {
    size_t count;
    http_header items[HTTP_HEADER_LINES_MAXIMUM];
    char *storage;
} http_headers;

void http_header_lines_add(http_header_lines *lines, http_header_line line);

/* First line of this name (without case) at or after *position, which then stands behind it. */
const http_header_line *http_header_lines_next(const http_header_lines *lines, const char *name,
                                               size_t *position);

/* False without memory. http_headers_release is due in every case. */
bool http_headers_build(http_headers *headers, const http_header_lines *lines);
const char *http_headers_get(const http_headers *headers, const char *name);
void http_headers_release(http_headers *headers);

#endif
