/*
 * What a member of a document may be, in words for people and as JSON for programs, and a short
 * description of what was found instead. Built only once a fault is certain, so that reading a
 * document without faults does not pay for it.
 */
#ifndef JSON_EXPECTATION_H
#define JSON_EXPECTATION_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a number may be; the ends belong to it unless excluded. An end that is infinite is none. */
typedef struct json_bounds {
    double minimum;
    double maximum;
    bool minimum_excluded;
    bool maximum_excluded;
} json_bounds;

json_bounds json_any_number(void);
json_bounds json_at_least(double minimum);
json_bounds json_above(double minimum);
json_bounds json_between(double minimum, double maximum); /* both ends included */

typedef struct json_expectation {
    char words[200]; /* "a number above 0 and at most 1" */
    char json[512];  /* {"type":"number","exclusiveMinimum":0,"maximum":1}; "" if it does not fit */
} json_expectation;

/* A type without further limits: `type` is its JSON Schema name, `words` its name in a sentence. */
void json_expect_type(json_expectation *expected, const char *type, const char *words);

void json_expect_number(json_expectation *expected, json_bounds bounds);

/* INT64_MIN and INT64_MAX are no limits. A maximum from 2^53 on mentions strings of digits. */
void json_expect_integer(json_expectation *expected, int64_t minimum, int64_t maximum);

/* A string by its characters, an array by its items. SIZE_MAX is no limit. */
void json_expect_string(json_expectation *expected, size_t shortest, size_t longest);
void json_expect_array(json_expectation *expected, size_t fewest, size_t most);

/* One of the names: `keyword` is "enum" for values, "members" for names of members. */
void json_expect_names(json_expectation *expected, const char *keyword, const char *const *names,
                       size_t count);

/* What a value is, in a few words: 3.5, "text", null, an array, an object. Long text is cut at a
 * character. NULL is "nothing". */
void json_describe(const cJSON *value, char *text, size_t capacity);

#endif
