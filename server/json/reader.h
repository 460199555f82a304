/*
 * Typed reading of cJSON trees, with case-sensitive names, for documents people wrote. Each getter
 * checks one member and either sets `*out`, or leaves it untouched and adds to the fault list what
 * was found, what is allowed and what to do. Reading goes on after faults, so that one reply can
 * name them all. Results point into the tree, which must outlive them. One thread at a time.
 *
 *     json_faults faults = {0};
 *     json_reader root = json_reader_root(tree, &faults);
 *     json_reader training;
 *     if (json_read_object(&root, "training", JSON_OPTIONAL, &training) == JSON_READ) {
 *         json_refuse_unknown(&training, training_names, 4);
 *         json_read_count(&training, "epochs", JSON_OPTIONAL, 1, 1000000, &epochs);
 *     }
 *     json_read_number(&root, "rate", JSON_REQUIRED, json_above(0.0), &rate);
 *
 * `allowed` of a fault is a JSON object with words of JSON Schema: {"type", "minimum", "maximum",
 * "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "enum"},
 * and {"members": [names]} where a member is unknown.
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include "json/expectation.h"
#include "json/faults.h"
#include "json/path.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum json_read_result {
    JSON_ABSENT, /* no such member; *out untouched */
    JSON_NULL,   /* it is null, and that was allowed; *out untouched */
    JSON_FAULTY, /* a fault was added; *out untouched */
    JSON_READ    /* *out is set */
} json_read_result;

/* May be combined with |. */
typedef enum json_read_flags {
    JSON_OPTIONAL = 0,
    JSON_REQUIRED = 1, /* absence is the fault "missing" */
    JSON_NULLABLE = 2  /* null is allowed; otherwise it is a wrong type */
} json_read_flags;

/* A value being read and where it stands. The readers made from it point at it: keep it in place
 * while they are in use. */
typedef struct json_reader {
    const cJSON *value;
    json_path path;
    json_faults *faults;
} json_reader;

/* The outermost value of a document. */
json_reader json_reader_root(const cJSON *value, json_faults *faults);

/* An item of an array just read; `item` is its node, as cJSON_ArrayForEach gives it. */
json_reader json_reader_item(const json_reader *array, const cJSON *item, int64_t index);

/* The getters. `key` names a member of `reader`, which is no member if `reader` is no object; with
 * a NULL key the reader's own value is read, as for the items of an array. */

json_read_result json_read_boolean(const json_reader *reader, const char *key, unsigned flags,
                                   bool *out);

json_read_result json_read_number(const json_reader *reader, const char *key, unsigned flags,
                                  json_bounds bounds, double *out);

/* A whole number, never rounded: one with a fraction is refused, and so is one from 2^53 on, which
 * the tree cannot hold exactly. If `maximum` is that large, a string of digits is read as well. */
json_read_result json_read_count(const json_reader *reader, const char *key, unsigned flags,
                                 int64_t minimum, int64_t maximum, int64_t *out);

/* Any number of 64 bits, such as a seed: a whole number below 2^53, or a string of digits. */
json_read_result json_read_uint64(const json_reader *reader, const char *key, unsigned flags,
                                  uint64_t *out);

/* Text of `shortest` to `longest` characters (Unicode code points). */
json_read_result json_read_string(const json_reader *reader, const char *key, unsigned flags,
                                  size_t shortest, size_t longest, const char **out);

/* One of `count` names; *out is the index of the one found. */
json_read_result json_read_choice(const json_reader *reader, const char *key, unsigned flags,
                                  const char *const *names, size_t count, size_t *out);

/* *out becomes a reader of the object; it points at `reader` and `key`. */
json_read_result json_read_object(const json_reader *reader, const char *key, unsigned flags,
                                  json_reader *out);

/* An array of `fewest` to `most` items; *count, which may be NULL, is how many. *out points at
 * `reader` and `key`. */
json_read_result json_read_array(const json_reader *reader, const char *key, unsigned flags,
                                 size_t fewest, size_t most, json_reader *out, size_t *count);

/* Adds a fault for each member of an object whose name is not among `names`, with the nearest
 * known name as a hint. */
void json_refuse_unknown(const json_reader *object, const char *const *names, size_t count);

/* Whether the object has the member, null or not. */
bool json_has(const json_reader *object, const char *key);

#endif
