/*
 * number.h: decimal text to double and back, exactly and without regard to the locale.
 */
#ifndef DESCENT_BASE_NUMBER_H
#define DESCENT_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDI_NUMBER_LENGTH 32 /* bytes gdi_number_print writes at most, with the NUL */

/* Powers of ten that a double holds exactly. */
extern const double gdi_powers_of_ten[23];

/*
 * Reads the longest number that stands at the start of `text`:
 * [+-] digits [. digits] [(e|E) [+-] digits], with digits before or after the point. The nearest
 * double goes to *value (ties to even), an infinity where the number is beyond the range. Returns
 * the end of the number, or NULL where there is none. `text` must be followed by a byte that ends
 * a number (a NUL, a delimiter, a quote); nothing behind that byte is read.
 */
const char *gdi_number_read(const char *text, double *value);

/*
 * mantissa · 10^power for mantissa below 10^19: the nearest double, where that is a normal number and
 * can be told without more digits. False else, and *value is left alone: read the text then.
 */
bool gdi_number_scale(uint64_t mantissa, int64_t power, double *value);

/* True where `text` is a number with a decimal comma, and nothing else ("1,5", "-,5e3"). */
bool gdi_number_has_comma(const char *text, size_t length);

/* The shortest decimal form that reads back as the same finite double; -0 becomes "0". */
void gdi_number_print(double value, char text[GDI_NUMBER_LENGTH]);

#endif
