/*
 * Small text rules of HTTP shared by the files of this folder: tokens, case, UTF-8, percent
 * encoding. Pure, free of locale, any number of threads.
 */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* token of RFC 9110 section 5.6.2: one or more of !#$%&'*+-.^_`|~, digits, letters. */
bool http_text_is_token_byte(char byte);
bool http_text_is_token(const char *text, size_t length);

/* ASCII letters compared without case. */
char http_text_lower(char byte);
bool http_text_equal(const char *left, const char *right);
bool http_text_equal_length(const char *left, size_t length, const char *right);
bool http_text_starts(const char *text, size_t length, const char *prefix);

/* True for well-formed UTF-8 (no overlong forms, surrogates or values past U+10FFFF). */
bool http_text_is_utf8(const char *text, size_t length);

/* True if no byte is a C0 control character or DEL. */
bool http_text_is_printable(const char *text, size_t length);

/* Percent-decodes `length` bytes into `out` (same size is enough; not terminated). False on a `%`
   without two hexadecimal digits. */
bool http_text_decode(const char *text, size_t length, bool plus_is_blank, char *out,
                      size_t *out_length);

/* Skips blanks and tabs at both ends. */
void http_text_trim(const char **text, size_t *length);

#endif
