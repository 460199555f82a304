/*
 * The strict scanner: every byte of JSON that comes in passes it before anything else looks at it.
 * It accepts exactly RFC 8259 narrowed to I-JSON (RFC 7493): valid UTF-8 without a byte order mark,
 * no "\u0000", no unpaired surrogate, no number that overflows a double, no key twice in one object
 * (compared after unescaping), at most JSON_DEPTH_LIMIT levels, one value and nothing behind it.
 * One pass, no recursion; time is n log n at worst, memory is 24 bytes a key of the open objects.
 */
#ifndef JSON_SCANNER_H
#define JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>

/* Arrays and objects may be nested this deep: 32 opening brackets pass, 33 do not. */
enum {
    JSON_DEPTH_LIMIT = 32
};

/* Why a text was refused. `message` is one line of valid UTF-8, says what was found and what is
 * allowed, and does not repeat the offset. */
typedef struct json_fault {
    size_t offset;      /* of the first byte that does not fit; `length` if the text ends too early.
                    * For a bad escape: its backslash. For a number too large: its first byte.
                    * For a key that stands twice: the opening quote of the later one */
    bool out_of_memory; /* the text may be right: memory ran out */
    char message[160];
} json_fault;

/* True if `text` is acceptable. Else false, and *fault, which may be NULL, says why. The first
 * fault is told; a double key is noticed when its object ends. The text needs no closing NUL.
 * Pure function, safe from any thread. */
bool json_scan(const char *text, size_t length, json_fault *fault);

#endif
