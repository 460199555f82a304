/*
 * Whole JSON documents as cJSON trees: parsing behind the strict scanner, copying, comparing and
 * RFC 7396 merge patches. Names are always compared with their case. Trees are freed with
 * cJSON_Delete; a tree belongs to one thread at a time.
 *
 * Numbers: a tree holds the double nearest to the text. The library reads it with strtod, which the
 * C library rounds correctly; the decimal point is that of the C locale, which holds as long as the
 * program never calls setlocale. Integers from 2^53 on and digits beyond a double's precision are
 * rounded in the tree, so the typed reader (json/reader.h) refuses integers from 2^53 on.
 */
#ifndef JSON_DOCUMENT_H
#define JSON_DOCUMENT_H

#include "json/scanner.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* The tree of a text the scanner accepts, owned by the caller. NULL on failure, and *fault, which
 * may be NULL, says why; `fault->out_of_memory` tells lack of memory from a refused text. */
cJSON *json_parse(const char *text, size_t length, json_fault *fault);

/* NULL, and *fault, which may be NULL, says that memory ran out. */
cJSON *json_lacks_memory(json_fault *fault);

/* A deep copy, owned by the caller; NULL if memory is out. */
cJSON *json_copy(const cJSON *value);

/* Whether two values are the same JSON: members in any order, array items in theirs, numbers by
 * value (0 and -0 are equal). Objects in the same order take linear time, others n^2. */
bool json_equal(const cJSON *a, const cJSON *b);

/* Applies a merge patch (RFC 7396): members of the patch replace those of the target, null removes
 * them, objects merge, anything else replaces the whole. Takes `target` over, which may be NULL for
 * "nothing yet", and returns what it became. NULL if memory is out; `target` is freed then too.
 * `patch` stays the caller's. Kept members stay in place, new ones follow in the patch's order. */
cJSON *json_merge_patch(cJSON *target, const cJSON *patch);

#endif
