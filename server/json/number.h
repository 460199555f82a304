/*
 * Numbers as JSON text, and back. Writing gives the shortest decimal that reads back as the very
 * same value, and of those the one closest to it. It is the Schubfach method (R. Giulietti, "The
 * Schubfach way to render doubles", 2021) on one table of 128-bit powers of ten, for double and
 * float32 alike: one path for all values, integer arithmetic only, no locale, no allocation.
 * Everything here is a pure function and safe from any thread.
 */
#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for any number written here with its closing NUL. */
#define JSON_NUMBER_CAPACITY 32

/* Integers of this size or more are not all doubles: 2^53. */
#define JSON_EXACT_LIMIT 9007199254740992.0

/* Each writes into a buffer of JSON_NUMBER_CAPACITY bytes, closes it with NUL and returns the
 * length without it. Values from 1e-5 up to below 1e17 are written without an exponent, so every
 * integer below 2^53 is plain digits. -0.0 is "-0", which reads back as -0.0. NaN and the
 * infinities, which JSON cannot say, become "null". */
size_t json_format_double(double value, char *buffer);
size_t json_format_float32(float value, char *buffer); /* shortest among float32, not double */
size_t json_format_int64(int64_t value, char *buffer);
size_t json_format_uint64(uint64_t value, char *buffer);

/* What json_number_measure found. */
typedef struct json_number_span {
    size_t length;       /* bytes of the number; 0 if there is none */
    size_t wrong;        /* without a number: index of the first byte that does not fit */
    const char *allowed; /* without a number: what may stand there; static text */
    bool may_overflow;   /* with a number: too large for a double is possible; ask the parser */
} json_number_span;

/* Measures the JSON number (RFC 8259, section 6) at the start of `text`. It ends where the grammar
 * ends it; what follows is the caller's matter, except that a digit after a leading 0 is refused
 * here. */
json_number_span json_number_measure(const char *text, size_t length);

/* Reads a JSON number that takes all of `text`, correctly rounded to the nearest double, whatever
 * the locale and however many digits. Too small becomes a denormal or zero. False, with *out
 * untouched, if the text is not exactly one number or the value overflows a double. */
bool json_parse_double(const char *text, size_t length, double *out);

#endif
