/*
 * The keys of the objects a scan has open, innermost last, and the search for one that stands twice
 * in an object. Part of the scanner. Keys are compared by what they mean, so "a" and "\u0061" are
 * one key. Sorting keeps the search at n log n comparisons whatever the keys are.
 */
#ifndef JSON_KEY_LIST_H
#define JSON_KEY_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The text between the quotes; valid UTF-8, valid escapes. */
typedef struct json_key {
    const char *text;
    size_t length;
    bool escaped; /* holds a backslash */
} json_key;

/* All zero is the empty list. */
typedef struct json_key_list {
    json_key *keys;
    size_t count;
    size_t capacity;
} json_key_list;

/* False if memory is out; the list is unchanged. */
bool json_key_list_add(json_key_list *list, json_key key);

/* Of the keys from `first` on, the one earliest in the text that repeats another before it; NULL
 * if all differ. Reorders these keys; the result points into the list. */
const json_key *json_key_list_repeated(json_key_list *list, size_t first);

/* Forgets the keys from `first` on. */
void json_key_list_cut(json_key_list *list, size_t first);

void json_key_list_dispose(json_key_list *list);

#endif
