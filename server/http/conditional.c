/*
 * Conditions on entity tags and byte ranges, from header text alone (RFC 9110 sections 13 and 14).
 */
#include "http/conditional.h"

#include "http/text.h"

#include <stddef.h>
#include <string.h>

/* An entity tag inside a longer text. */
typedef struct etag_span {
    bool is_weak;
    const char *opaque; /* without quotes */
    size_t length;
} etag_span;

/* Reads one entity tag at *text and moves past it. */
static bool read_etag(const char **text, etag_span *span)
{
    const char *cursor = *text;
    span->is_weak = cursor[0] == 'W' && cursor[1] == '/';
    cursor += span->is_weak ? 2 : 0;
    if (*cursor != '"') {
        return false;
    }
    cursor++;
    span->opaque = cursor;
    while (*cursor != '"') {
        const unsigned char byte = (unsigned char)*cursor;
        if (byte <= 0x20 || byte == 0x7F) {
            return false;
        }
        cursor++;
    }
    span->length = (size_t)(cursor - span->opaque);
    *text = cursor + 1;
    return true;
}

static bool same_etag(const etag_span *left, const etag_span *right, bool weak)
{
    if (!weak && (left->is_weak || right->is_weak)) {
        return false;
    }
    return left->length == right->length && memcmp(left->opaque, right->opaque, left->length) == 0;
}

bool http_etag_is_valid(const char *etag)
{
    etag_span span;
    return read_etag(&etag, &span) && *etag == '\0';
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

bool http_etag_list_has(const char *list, const char *etag, bool weak)
{
    etag_span wanted;
    if (list == NULL || etag == NULL || !read_etag(&etag, &wanted)) {
        return false;
    }
    const char *cursor = skip_blanks(list);
    if (*cursor == '*') {
        return *skip_blanks(cursor + 1) == '\0';
    }
    while (*cursor != '\0') {
        if (*cursor == ',') {
            cursor = skip_blanks(cursor + 1);
            continue;
        }
        etag_span span;
        if (!read_etag(&cursor, &span)) {
            return false;
        }
        cursor = skip_blanks(cursor);
        if (*cursor != ',' && *cursor != '\0') {
            return false;
        }
        if (same_etag(&span, &wanted, weak)) {
            return true;
        }
    }
    return false;
}

bool http_if_range_holds(const char *value, const char *etag)
{
    if (value == NULL) {
        return true;
    }
    etag_span left;
    etag_span right;
    const char *cursor = skip_blanks(value);
    if (etag == NULL || !read_etag(&cursor, &left) || *skip_blanks(cursor) != '\0' ||
        !read_etag(&etag, &right)) {
        return false;
    }
    return same_etag(&left, &right, false);
}

/* Reads decimal digits; a number past 2^64 - 1 stays at that. False without a digit. */
static bool read_number(const char **text, uint64_t *number)
{
    const char *cursor = *text;
    uint64_t value = 0;
    while (*cursor >= '0' && *cursor <= '9') {
        const uint64_t digit = (uint64_t)(*cursor - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
        cursor++;
    }
    if (cursor == *text) {
        return false;
    }
    *text = cursor;
    *number = value;
    return true;
}

http_range_outcome http_range_evaluate(const char *value, uint64_t size, uint64_t *first,
                                       uint64_t *last)
{
    static const char UNIT[] = "bytes=";
    if (value == NULL || !http_text_starts(value, strlen(value), UNIT)) {
        return HTTP_RANGE_WHOLE;
    }
    const char *cursor = skip_blanks(value + strlen(UNIT));
    uint64_t from = 0;
    uint64_t to = UINT64_MAX;
    const bool has_from = read_number(&cursor, &from);
    if (*cursor != '-') {
        return HTTP_RANGE_WHOLE;
    }
    cursor++;
    const bool has_to = read_number(&cursor, &to);
    if (*skip_blanks(cursor) != '\0' || (!has_from && !has_to) || (has_from && to < from)) {
        return HTTP_RANGE_WHOLE;
    }
    if (!has_from) {
        /* The last `to` bytes. */
        if (to == 0 || size == 0) {
            return HTTP_RANGE_UNSATISFIABLE;
        }
        *first = to < size ? size - to : 0;
        *last = size - 1;
        return HTTP_RANGE_PART;
    }
    if (from >= size) {
        return HTTP_RANGE_UNSATISFIABLE;
    }
    *first = from;
    *last = to < size ? to : size - 1;
    return HTTP_RANGE_PART;
}
