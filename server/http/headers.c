/*
 * Header lines collected, then copied into one block with repeated names joined.
 */
#include "http/headers.h"

#include "http/text.h"

#include <stdlib.h>
#include <string.h>

void http_header_lines_add(http_header_lines *lines, http_header_line line)
{
    if (lines->count < HTTP_HEADER_LINES_MAXIMUM) {
        lines->lines[lines->count] = line;
    }
    lines->count++;
    lines->bytes += line.name_length + line.value_length + 4;
}

static size_t kept_count(const http_header_lines *lines)
{
    return lines->count < HTTP_HEADER_LINES_MAXIMUM ? lines->count : HTTP_HEADER_LINES_MAXIMUM;
}

const http_header_line *http_header_lines_next(const http_header_lines *lines, const char *name,
                                               size_t *position)
{
    const size_t count = kept_count(lines);
    while (*position < count) {
        const http_header_line *line = &lines->lines[(*position)++];
        if (http_text_equal_length(line->name, line->name_length, name)) {
            return line;
        }
    }
    return NULL;
}

static void append(char **cursor, const char *text, size_t length)
{
    if (length > 0) {
        memcpy(*cursor, text, length);
        *cursor += length;
    }
}

bool http_headers_build(http_headers *headers, const http_header_lines *lines)
{
    const size_t count = kept_count(lines);
    memset(headers, 0, sizeof(*headers));
    /* A line takes its name, its value and two NULs, or its value and ", ". */
    headers->storage = malloc(lines->bytes + 1);
    if (headers->storage == NULL) {
        return false;
    }
    char *cursor = headers->storage;
    for (size_t i = 0; i < count; i++) {
        const http_header_line *line = &lines->lines[i];
        http_header *item = &headers->items[headers->count];
        item->name = cursor;
        append(&cursor, line->name, line->name_length);
        *cursor++ = '\0';
        if (http_headers_get(headers, item->name) != NULL) {
            cursor -= line->name_length + 1;
            continue;
        }
        item->value = cursor;
        size_t position = i;
        const http_header_line *same = NULL;
        while ((same = http_header_lines_next(lines, item->name, &position)) != NULL) {
            if (cursor != item->value) {
                append(&cursor, ", ", 2);
            }
            append(&cursor, same->value, same->value_length);
        }
        *cursor++ = '\0';
        headers->count++;
    }
    return true;
}

const char *http_headers_get(const http_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (http_text_equal(headers->items[i].name, name)) {
            return headers->items[i].value;
        }
    }
    return NULL;
}

void http_headers_release(http_headers *headers)
{
    free(headers->storage);
    headers->storage = NULL;
    headers->count = 0;
}
