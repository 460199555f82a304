/*
 * Rendering of paths. The chain is walked from the value outwards, so the steps are first gathered
 * and then written in order; a document is never deeper than the scanner lets through.
 */
#include "json/path.h"

#include "json/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* More than the scanner's depth limit, for documents that wrap another one. */
enum {
    STEPS_LONGEST = 64,
    LABEL_KEY_LONGEST = 60
};

json_path json_path_root(void)
{
    return (json_path){0};
}

json_path json_path_member(const json_path *parent, const char *key)
{
    return (json_path){.parent = parent, .key = key};
}

json_path json_path_item(const json_path *parent, int64_t index)
{
    return (json_path){.parent = parent, .index = index};
}

/* Appends if all of it fits. */
static bool append(char *text, size_t capacity, size_t *length, const char *part, size_t bytes)
{
    if (bytes >= capacity - *length) {
        return false;
    }
    memcpy(text + *length, part, bytes);
    *length += bytes;
    return true;
}

static bool append_key(char *text, size_t capacity, size_t *length, const char *key)
{
    const char *at = key;
    size_t left = strlen(key);
    while (left > 0) {
        uint32_t code_point;
        size_t bytes = json_utf8_decode(at, left, &code_point);
        bytes = bytes == 0 ? 1 : bytes;
        const bool fits = *at == '~'   ? append(text, capacity, length, "~0", 2)
                          : *at == '/' ? append(text, capacity, length, "~1", 2)
                                       : append(text, capacity, length, at, bytes);
        if (!fits) {
            return false;
        }
        at += bytes;
        left -= bytes;
    }
    return true;
}

static bool append_step(char *text, size_t capacity, size_t *length, const json_path *step)
{
    if (!append(text, capacity, length, "/", 1)) {
        return false;
    }
    if (step->key != NULL) {
        return append_key(text, capacity, length, step->key);
    }
    char digits[24];
    const int bytes = snprintf(digits, sizeof digits, "%lld", (long long)step->index);
    return append(text, capacity, length, digits, (size_t)bytes);
}

size_t json_path_render(const json_path *path, char *text, size_t capacity)
{
    const json_path *steps[STEPS_LONGEST];
    size_t count = 0;
    for (const json_path *step = path; step->parent != NULL; step = step->parent) {
        if (count == STEPS_LONGEST) {
            break;
        }
        steps[count++] = step;
    }
    size_t length = 0;
    bool fits = true;
    while (count > 0 && fits) {
        fits = append_step(text, capacity, &length, steps[--count]);
    }
    text[length] = '\0';
    return length;
}

/* The key and how much of it a label shows. */
static int shown_bytes(const char *key)
{
    const size_t length = strlen(key);
    return (int)(length <= LABEL_KEY_LONGEST ? length : json_utf8_cut(key, LABEL_KEY_LONGEST));
}

void json_path_label(const json_path *path, char *text, size_t capacity)
{
    const json_path *parent = path->parent;
    if (parent == NULL) {
        (void)snprintf(text, capacity, "the document");
    } else if (path->key != NULL) {
        (void)snprintf(text, capacity, "%.*s", shown_bytes(path->key), path->key);
    } else if (parent->parent != NULL && parent->key != NULL) {
        (void)snprintf(text, capacity, "%.*s[%lld]", shown_bytes(parent->key), parent->key,
                       (long long)path->index);
    } else {
        (void)snprintf(text, capacity, "item %lld", (long long)path->index);
    }
}
