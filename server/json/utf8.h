/*
 * UTF-8, one character at a time: the only place of the JSON layer that knows the encoding. The
 * scanner checks input with it, the writer and the fault texts use it so that nothing is ever cut
 * inside a character. Strict by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
 */
#ifndef JSON_UTF8_H
#define JSON_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum {
    JSON_UTF8_LONGEST = 4
};

/* Reads the character at `text`. Returns its bytes, 1 to 4, and sets *code_point; 0 if the bytes
 * there are no valid character or `length` ends inside it. */
size_t json_utf8_decode(const char *text, size_t length, uint32_t *code_point);

/* Writes a character, which must be valid, into `bytes` of at least 4. Returns how many it took. */
size_t json_utf8_encode(uint32_t code_point, char *bytes);

/* The largest size <= `length` at which valid text can be cut without splitting a character. */
size_t json_utf8_cut(const char *text, size_t length);

#endif
