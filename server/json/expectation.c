/*
 * Expectations are composed twice: as words with snprintf into a fixed buffer, and as JSON with the
 * writer, whose maximum is the size of the field, so that JSON is either whole or absent.
 */
#include "json/expectation.h"

#include "json/number.h"
#include "json/utf8.h"
#include "json/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DESCRIBED_LONGEST = 48,
    RANGE_CAPACITY = 96
};

json_bounds json_any_number(void)
{
    return (json_bounds){.minimum = -INFINITY, .maximum = INFINITY};
}

json_bounds json_at_least(double minimum)
{
    return (json_bounds){.minimum = minimum, .maximum = INFINITY};
}

json_bounds json_above(double minimum)
{
    return (json_bounds){.minimum = minimum, .maximum = INFINITY, .minimum_excluded = true};
}

json_bounds json_between(double minimum, double maximum)
{
    return (json_bounds){.minimum = minimum, .maximum = maximum};
}

static json_writer *begin_json(const json_expectation *expected, const char *type)
{
    json_writer *writer = json_writer_create(sizeof expected->json - 1);
    json_writer_begin_object(writer);
    if (type != NULL) {
        json_writer_key(writer, "type");
        json_writer_string(writer, type);
    }
    return writer;
}

static void end_json(json_expectation *expected, json_writer *writer)
{
    size_t length = 0;
    json_writer_end_object(writer);
    char *text = json_writer_finish(writer, &length);
    expected->json[0] = '\0';
    if (text != NULL) {
        memcpy(expected->json, text, length + 1);
    }
    free(text);
    json_writer_destroy(writer);
}

static void set_words(json_expectation *expected, const char *noun, const char *range)
{
    (void)snprintf(expected->words, sizeof expected->words, "%s%s%s", noun,
                   range[0] == '\0' ? "" : " ", range);
}

void json_expect_type(json_expectation *expected, const char *type, const char *words)
{
    set_words(expected, words, "");
    end_json(expected, begin_json(expected, type));
}

/* "from 0 to 1", "above 0 and at most 1", "of at least 0", "below 1" or "". */
static void describe_range(json_bounds bounds, char *text, size_t capacity)
{
    char low[JSON_NUMBER_CAPACITY];
    char high[JSON_NUMBER_CAPACITY];
    json_format_double(bounds.minimum, low);
    json_format_double(bounds.maximum, high);
    const bool from = isfinite(bounds.minimum);
    const bool to = isfinite(bounds.maximum);
    const char *above = bounds.minimum_excluded ? "above" : "of at least";
    const char *below = bounds.maximum_excluded ? "below" : "at most";

    text[0] = '\0';
    if (from && to && !bounds.minimum_excluded && !bounds.maximum_excluded) {
        (void)snprintf(text, capacity, "from %s to %s", low, high);
    } else if (from && to) {
        (void)snprintf(text, capacity, "%s %s and %s %s", above, low, below, high);
    } else if (from) {
        (void)snprintf(text, capacity, "%s %s", above, low);
    } else if (to) {
        (void)snprintf(text, capacity, "%s%s %s", bounds.maximum_excluded ? "" : "of ", below,
                       high);
    }
}

void json_expect_number(json_expectation *expected, json_bounds bounds)
{
    char range[RANGE_CAPACITY];
    describe_range(bounds, range, sizeof range);
    set_words(expected, "a number", range);

    json_writer *writer = begin_json(expected, "number");
    if (isfinite(bounds.minimum)) {
        json_writer_key(writer, bounds.minimum_excluded ? "exclusiveMinimum" : "minimum");
        json_writer_double(writer, bounds.minimum);
    }
    if (isfinite(bounds.maximum)) {
        json_writer_key(writer, bounds.maximum_excluded ? "exclusiveMaximum" : "maximum");
        json_writer_double(writer, bounds.maximum);
    }
    end_json(expected, writer);
}

void json_expect_integer(json_expectation *expected, int64_t minimum, int64_t maximum)
{
    const bool from = minimum != INT64_MIN;
    const bool to = maximum != INT64_MAX;
    char range[RANGE_CAPACITY] = "";
    if (from && to) {
        (void)snprintf(range, sizeof range, "from %lld to %lld", (long long)minimum,
                       (long long)maximum);
    } else if (from || to) {
        (void)snprintf(range, sizeof range, "of at %s %lld", from ? "least" : "most",
                       (long long)(from ? minimum : maximum));
    }
    set_words(expected, "a whole number", range);
    if (maximum >= (int64_t)JSON_EXACT_LIMIT) {
        const size_t length = strlen(expected->words);
        (void)snprintf(expected->words + length, sizeof expected->words - length,
                       " (from 9007199254740992 on as a string of digits)");
    }

    json_writer *writer = begin_json(expected, "integer");
    if (from) {
        json_writer_key(writer, "minimum");
        json_writer_int64(writer, minimum);
    }
    if (to) {
        json_writer_key(writer, "maximum");
        json_writer_int64(writer, maximum);
    }
    end_json(expected, writer);
}

/* How a length is limited, and under which words of JSON Schema. */
typedef struct size_range {
    const char *unit;
    const char *least_keyword;
    const char *most_keyword;
    size_t least;
    size_t most;
} size_range;

static void expect_sized(json_expectation *expected, const char *type, const char *noun,
                         size_range size)
{
    char range[RANGE_CAPACITY] = "";
    if (size.least == size.most) {
        (void)snprintf(range, sizeof range, "of exactly %zu %s", size.least, size.unit);
    } else if (size.most != SIZE_MAX && size.least > 0) {
        (void)snprintf(range, sizeof range, "of %zu to %zu %s", size.least, size.most, size.unit);
    } else if (size.most != SIZE_MAX) {
        (void)snprintf(range, sizeof range, "of at most %zu %s", size.most, size.unit);
    } else if (size.least > 0) {
        (void)snprintf(range, sizeof range, "of at least %zu %s", size.least, size.unit);
    }
    set_words(expected, noun, range);

    json_writer *writer = begin_json(expected, type);
    if (size.least > 0) {
        json_writer_key(writer, size.least_keyword);
        json_writer_uint64(writer, size.least);
    }
    if (size.most != SIZE_MAX) {
        json_writer_key(writer, size.most_keyword);
        json_writer_uint64(writer, size.most);
    }
    end_json(expected, writer);
}

void json_expect_string(json_expectation *expected, size_t shortest, size_t longest)
{
    expect_sized(expected, "string", "a string",
                 (size_range){"characters", "minLength", "maxLength", shortest, longest});
}

void json_expect_array(json_expectation *expected, size_t fewest, size_t most)
{
    expect_sized(expected, "array", "an array",
                 (size_range){"items", "minItems", "maxItems", fewest, most});
}

/* "one of a, b, c"; ends in ", …" if they do not all fit. */
static void join_names(json_expectation *expected, const char *const *names, size_t count)
{
    static const char rest[] = ", …";
    const size_t capacity = sizeof expected->words - sizeof rest;
    size_t length = (size_t)snprintf(expected->words, sizeof expected->words, "one of ");
    for (size_t i = 0; i < count; i++) {
        const char *separator = i == 0 ? "" : ", ";
        const size_t bytes = strlen(separator) + strlen(names[i]);
        if (bytes >= capacity - length) {
            (void)snprintf(expected->words + length, sizeof rest, "%s", i == 0 ? "…" : rest);
            return;
        }
        length += (size_t)snprintf(expected->words + length, capacity - length, "%s%s", separator,
                                   names[i]);
    }
}

void json_expect_names(json_expectation *expected, const char *keyword, const char *const *names,
                       size_t count)
{
    join_names(expected, names, count);
    json_writer *writer = begin_json(expected, NULL);
    json_writer_key(writer, keyword);
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count; i++) {
        json_writer_string(writer, names[i]);
    }
    json_writer_end_array(writer);
    end_json(expected, writer);
}

void json_describe(const cJSON *value, char *text, size_t capacity)
{
    const char *words = "nothing";
    if (cJSON_IsString(value)) {
        const size_t length = strlen(value->valuestring);
        const bool whole = length <= DESCRIBED_LONGEST;
        const size_t shown = whole ? length : json_utf8_cut(value->valuestring, DESCRIBED_LONGEST);
        (void)snprintf(text, capacity, "\"%.*s%s\"", (int)shown, value->valuestring,
                       whole ? "" : "…");
        return;
    }
    char digits[JSON_NUMBER_CAPACITY];
    if (cJSON_IsNumber(value)) {
        json_format_double(value->valuedouble, digits);
        words = digits;
    } else if (cJSON_IsBool(value)) {
        words = cJSON_IsTrue(value) ? "true" : "false";
    } else if (cJSON_IsNull(value)) {
        words = "null";
    } else if (cJSON_IsArray(value)) {
        words = "an array";
    } else if (cJSON_IsObject(value)) {
        words = "an object";
    }
    (void)snprintf(text, capacity, "%s", words);
}
