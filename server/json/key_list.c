/*
 * Growth, order and comparison of the key list. Keys without escapes compare as bytes; byte order
 * of UTF-8 is the order of code points, so both comparisons agree on one order.
 */
#include "json/key_list.h"

#include "json/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 64
};

bool json_key_list_add(json_key_list *list, json_key key)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * list->capacity;
        if (capacity > SIZE_MAX / sizeof(json_key)) {
            return false;
        }
        json_key *keys = realloc(list->keys, capacity * sizeof(json_key));
        if (keys == NULL) {
            return false;
        }
        list->keys = keys;
        list->capacity = capacity;
    }
    list->keys[list->count++] = key;
    return true;
}

static uint32_t hex_unit(const char *digits)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        const uint32_t byte = (unsigned char)digits[i];
        value = value * 16 + (byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);
    }
    return value;
}

static uint32_t read_escape(const char **at)
{
    static const char names[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";

    const char name = (*at)[1];
    if (name != 'u') {
        *at += 2;
        const char *found = strchr(names, name);
        return (unsigned char)(found != NULL ? meanings[found - names] : name);
    }
    const uint32_t unit = hex_unit(*at + 2);
    *at += 6;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    const uint32_t low = hex_unit(*at + 2);
    *at += 6;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* The next character of a key as a code point, escapes resolved; 0 behind the last. */
static uint32_t next_character(const char **at, const char *end)
{
    uint32_t code_point = 0;
    if (*at == end) {
        return 0;
    }
    if (**at == '\\') {
        return read_escape(at);
    }
    *at += json_utf8_decode(*at, (size_t)(end - *at), &code_point);
    return code_point;
}

static int compare_escaped(const json_key *a, const json_key *b)
{
    const char *at_a = a->text;
    const char *at_b = b->text;
    for (;;) {
        const uint32_t from_a = next_character(&at_a, a->text + a->length);
        const uint32_t from_b = next_character(&at_b, b->text + b->length);
        if (from_a != from_b) {
            return from_a < from_b ? -1 : 1;
        }
        if (from_a == 0) {
            return 0;
        }
    }
}

static int compare_meaning(const json_key *a, const json_key *b)
{
    if (a->escaped || b->escaped) {
        return compare_escaped(a, b);
    }
    const size_t common = a->length < b->length ? a->length : b->length;
    const int order = memcmp(a->text, b->text, common);
    if (order != 0) {
        return order;
    }
    return (a->length > b->length) - (a->length < b->length);
}

/* By meaning, then by place in the text. */
static int compare_keys(const void *left, const void *right)
{
    const json_key *a = left;
    const json_key *b = right;
    const int order = compare_meaning(a, b);
    if (order != 0) {
        return order;
    }
    return (a->text > b->text) - (a->text < b->text);
}

const json_key *json_key_list_repeated(json_key_list *list, size_t first)
{
    const size_t count = list->count - first;
    if (count < 2) {
        return NULL;
    }
    json_key *keys = list->keys + first;
    qsort(keys, count, sizeof(json_key), compare_keys);

    const json_key *earliest = NULL;
    for (size_t i = 1; i < count; i++) {
        const bool repeats = compare_meaning(&keys[i - 1], &keys[i]) == 0;
        if (repeats && (earliest == NULL || keys[i].text < earliest->text)) {
            earliest = &keys[i];
        }
    }
    return earliest;
}

void json_key_list_cut(json_key_list *list, size_t first)
{
    list->count = first;
}

void json_key_list_dispose(json_key_list *list)
{
    free(list->keys);
    *list = (json_key_list){0};
}
