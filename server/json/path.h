/*
 * Where a value stands in a document: a chain of steps from the outermost value, kept on the stack
 * while reading descends. A path costs nothing until a fault asks for its text. A path points at
 * its parent and at its key, so both must outlive it.
 */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include <stddef.h>
#include <stdint.h>

typedef struct json_path {
    const struct json_path *parent; /* NULL for the outermost value */
    const char *key;                /* name of a member; NULL for an item of an array */
    int64_t index;                  /* of an item, from 0 */
} json_path;

json_path json_path_root(void);
json_path json_path_member(const json_path *parent, const char *key);
json_path json_path_item(const json_path *parent, int64_t index);

/* Writes the path as an RFC 6901 pointer: "" for the outermost value, "/model/hidden/2", with "~0"
 * for '~' and "~1" for '/' in keys. What does not fit is cut at a character. Returns the length
 * written; `capacity`, which counts the closing NUL, must not be 0. */
size_t json_path_render(const json_path *path, char *text, size_t capacity);

/* Writes how a sentence calls the value: "epochs", "hidden[2]", or "the document". */
void json_path_label(const json_path *path, char *text, size_t capacity);

#endif
