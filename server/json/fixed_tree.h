/*
 * fixed_tree.h: trees that are only read, all of one block: a job's inline rows are thousands of
 * values, and an allocation of each and its freeing cost more than reading them.
 *
 * The root alone is a value of its own; it is marked as a reference, so that cJSON_Delete does not
 * go into its children, and owns the block as its name. So a fixed tree is freed with cJSON_Delete
 * as any other, and json_copy makes one that may be changed. Nothing may be added to it, taken from
 * it or replaced in it. Thread rule: one owner.
 */
#ifndef JSON_FIXED_TREE_H
#define JSON_FIXED_TREE_H

#include "json/document.h"

/* As json_parse, of the same values, to be read only. */
cJSON *json_parse_fixed(const char *text, size_t length, json_fault *fault);

#endif
