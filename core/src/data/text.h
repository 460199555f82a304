/*
 * text.h: what a name or a class may be, and how foreign text appears in messages.
 */
#ifndef DESCENT_DATA_TEXT_H
#define DESCENT_DATA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence at the start of `text`, or 0; length ≥ 1. */
size_t gdi_text_sequence(const unsigned char *text, size_t length);

/* Valid UTF-8 (RFC 3629) without control characters but tab, line feed and carriage return. */
bool gdi_text_is_clean(const char *text, size_t length);

/*
 * A copy for an error message, at most size - 1 bytes: whole UTF-8 sequences, with '?' for each byte
 * that is no part of one or is a control character, and "..." where the text was cut. size ≥ 8.
 */
void gdi_text_quote(const char *text, size_t length, char *copy, size_t size);

#endif
