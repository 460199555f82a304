/*
 * Media types: is this the type that was asked for, and which of ours does the client like best.
 */
#include "http/media.h"

#include "http/text.h"

#include <stddef.h>
#include <string.h>

/* Length of a piece up to one of the stop bytes, quoted strings jumped over. */
static size_t piece_length(const char *text, const char *stops)
{
    size_t length = 0;
    bool is_quoted = false;
    while (text[length] != '\0') {
        if (is_quoted && text[length] == '\\' && text[length + 1] != '\0') {
            length++;
        } else if (text[length] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && strchr(stops, text[length]) != NULL) {
            break;
        }
        length++;
    }
    return length;
}

/* "type/subtype" with both parts tokens ("*" is one). */
static bool split_type(const char *text, size_t length, size_t *slash)
{
    const char *found = memchr(text, '/', length);
    if (found == NULL) {
        return false;
    }
    *slash = (size_t)(found - text);
    return http_text_is_token(text, *slash) && http_text_is_token(found + 1, length - *slash - 1);
}

/* Takes the next ";name=value" at *cursor. False at the end or on a fault, told by *is_bad. */
static bool next_parameter(const char **cursor, const char **name, size_t *name_length,
                           const char **value, size_t *value_length, bool *is_bad)
{
    if (**cursor != ';') {
        return false;
    }
    (*cursor)++;
    *name = *cursor;
    *name_length = piece_length(*cursor, ";,");
    *cursor += *name_length;
    http_text_trim(name, name_length);
    if (*name_length == 0) {
        *value_length = 0;
        return true;
    }
    const char *equals = memchr(*name, '=', *name_length);
    if (equals == NULL) {
        *is_bad = true;
        return false;
    }
    *value = equals + 1;
    *value_length = *name_length - (size_t)(*value - *name);
    *name_length = (size_t)(equals - *name);
    if (*value_length >= 2 && (*value)[0] == '"' && (*value)[*value_length - 1] == '"') {
        (*value)++;
        *value_length -= 2;
    } else if (!http_text_is_token(*value, *value_length)) {
        *is_bad = true;
    }
    *is_bad = *is_bad || !http_text_is_token(*name, *name_length);
    return !*is_bad;
}

bool http_media_is(const char *content_type, const char *media_type)
{
    if (content_type == NULL) {
        return false;
    }
    const char *type = content_type;
    size_t length = piece_length(content_type, ";,");
    const char *cursor = content_type + length;
    http_text_trim(&type, &length);
    if (!http_text_equal_length(type, length, media_type)) {
        return false;
    }
    const char *name = NULL;
    const char *value = NULL;
    size_t name_length = 0;
    size_t value_length = 0;
    bool is_bad = false;
    while (next_parameter(&cursor, &name, &name_length, &value, &value_length, &is_bad)) {
        if (http_text_equal_length(name, name_length, "charset") &&
            !http_text_equal_length(value, value_length, "utf-8") &&
            !http_text_equal_length(value, value_length, "us-ascii")) {
            return false;
        }
    }
    return !is_bad && *cursor == '\0';
}

/* qvalue of RFC 9110 section 12.4.2 in thousandths; -1 if it is not one. */
static int read_quality(const char *text, size_t length)
{
    if (length == 0 || length > 5 || (text[0] != '0' && text[0] != '1') ||
        (length > 1 && text[1] != '.')) {
        return -1;
    }
    int thousandths = (text[0] - '0') * 1000;
    int weight = 100;
    for (size_t i = 2; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        thousandths += (text[i] - '0') * weight;
        weight /= 10;
    }
    return thousandths <= 1000 ? thousandths : -1;
}

typedef struct media_range {
    const char *type;
    size_t length;
    int quality; /* thousandths */
} media_range;

/* Reads one element of Accept or Accept-Encoding with its quality and moves past it and its comma.
   False if its parameters are not well formed. */
static bool next_element(const char **cursor, media_range *range)
{
    range->type = *cursor;
    range->length = piece_length(*cursor, ";,");
    range->quality = 1000;
    const char *parameters = *cursor + range->length;
    *cursor += piece_length(*cursor, ",");
    *cursor += **cursor == ',' ? 1 : 0;
    http_text_trim(&range->type, &range->length);
    const char *name = NULL;
    const char *value = NULL;
    size_t name_length = 0;
    size_t value_length = 0;
    bool is_bad = false;
    while (next_parameter(&parameters, &name, &name_length, &value, &value_length, &is_bad)) {
        if (http_text_equal_length(name, name_length, "q")) {
            range->quality = read_quality(value, value_length);
        }
    }
    return !is_bad && range->quality >= 0;
}

static bool next_range(const char **cursor, media_range *range)
{
    size_t slash = 0;
    return next_element(cursor, range) && split_type(range->type, range->length, &slash);
}

/* 3: the very type, 2: type and "*", 1: all types, 0: does not fit. */
static int specificity(const media_range *range, const char *offer, size_t offer_length)
{
    if (http_text_equal_length(range->type, range->length, "*/*")) {
        return 1;
    }
    size_t range_slash = 0;
    size_t offer_slash = 0;
    if (!split_type(range->type, range->length, &range_slash) ||
        !split_type(offer, offer_length, &offer_slash) || range_slash != offer_slash) {
        return 0;
    }
    for (size_t i = 0; i < range_slash; i++) {
        if (http_text_lower(range->type[i]) != http_text_lower(offer[i])) {
            return 0;
        }
    }
    if (range->length == range_slash + 2 && range->type[range_slash + 1] == '*') {
        return 2;
    }
    if (range->length != offer_length) {
        return 0;
    }
    for (size_t i = range_slash; i < offer_length; i++) {
        if (http_text_lower(range->type[i]) != http_text_lower(offer[i])) {
            return 0;
        }
    }
    return 3;
}

/* Quality of one offer, -1 if no element was well formed. */
static int offer_quality(const char *accept, const char *offer)
{
    const char *type = offer;
    size_t length = piece_length(offer, ";");
    http_text_trim(&type, &length);
    int best_specificity = 0;
    int quality = 0;
    bool any_well_formed = false;
    const char *cursor = accept;
    while (*cursor != '\0') {
        media_range range;
        if (!next_range(&cursor, &range)) {
            continue;
        }
        any_well_formed = true;
        const int fit = specificity(&range, type, length);
        if (fit > best_specificity) {
            best_specificity = fit;
            quality = range.quality;
        }
    }
    return any_well_formed ? quality : -1;
}

int http_media_negotiate(const char *accept, const char *const *offers)
{
    if (accept == NULL || accept[0] == '\0') {
        return offers[0] == NULL ? -1 : 0;
    }
    int best = -1;
    int best_quality = 0;
    for (int i = 0; offers[i] != NULL; i++) {
        const int quality = offer_quality(accept, offers[i]);
        if (quality < 0) {
            return 0;
        }
        if (quality > best_quality) {
            best_quality = quality;
            best = i;
        }
    }
    return best;
}

bool http_coding_is_accepted(const char *accept_encoding, const char *coding)
{
    bool is_accepted = false;
    const char *cursor = accept_encoding == NULL ? "" : accept_encoding;
    while (*cursor != '\0') {
        media_range range;
        if (!next_element(&cursor, &range)) {
            continue;
        }
        if (http_text_equal_length(range.type, range.length, coding)) {
            return range.quality > 0;
        }
        if (http_text_equal_length(range.type, range.length, "*")) {
            is_accepted = range.quality > 0;
        }
    }
    return is_accepted;
}
