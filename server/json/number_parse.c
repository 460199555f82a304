/*
 * Reading of JSON numbers (the second half of number.h). Short ones are exact in two double
 * operations; the others go through strtod in a canonical form without a decimal point, "digits e
 * exponent", so that the locale has nothing to act on. The C library rounds that form correctly.
 */
#include "json/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A double lies on or beside a tie that takes at most 767 digits to write: with that many kept, all
 * further digits matter only in being zero or not. */
enum {
    DIGITS_KEPT = 800,
    EXPONENT_BYTES = 16
};

/* Larger than any text, so a clamped exponent decides the result whatever the digits are. */
#define EXPONENT_CLAMP INT64_C(1000000000000000)

/* The digits without leading zeros, as text; the value is digits * 10^exponent. */
typedef struct digit_text {
    char digits[DIGITS_KEPT + EXPONENT_BYTES + 2];
    size_t count;
    uint64_t leading; /* the digits as a number while count <= 19 */
    int64_t exponent;
    bool more; /* digits that are not zero were left out */
} digit_text;

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t skip_digits(const char *text, size_t length, size_t at)
{
    while (at < length && is_digit(text[at])) {
        at++;
    }
    return at;
}

static json_number_span no_number(size_t wrong, const char *allowed)
{
    return (json_number_span){.wrong = wrong, .allowed = allowed};
}

json_number_span json_number_measure(const char *text, size_t length)
{
    size_t at = 0;
    if (at < length && text[at] == '-') {
        at++;
    }
    const size_t start = at;
    at = skip_digits(text, length, at);
    if (at == start) {
        return no_number(at, "a digit");
    }
    if (text[start] == '0' && at > start + 1) {
        return no_number(start + 1, "no further digit after a leading 0");
    }
    json_number_span span = {.may_overflow = at - start > 300};
    if (at < length && text[at] == '.') {
        const size_t fraction = at + 1;
        at = skip_digits(text, length, fraction);
        if (at == fraction) {
            return no_number(at, "a digit after the decimal point");
        }
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < length && (text[at] == '+' || text[at] == '-')) {
            at++;
        }
        const size_t exponent = at;
        at = skip_digits(text, length, at);
        if (at == exponent) {
            return no_number(at, "a digit of the exponent");
        }
        span.may_overflow = true;
    }
    span.length = at;
    return span;
}

static void take_digit(digit_text *number, char digit, bool after_point)
{
    if (number->count == 0 && digit == '0') {
        number->exponent -= after_point;
        return;
    }
    if (number->count == DIGITS_KEPT) {
        number->more = number->more || digit != '0';
        number->exponent += !after_point;
        return;
    }
    number->digits[number->count++] = digit;
    if (number->count <= 19) {
        number->leading = number->leading * 10 + (uint64_t)(digit - '0');
    }
    number->exponent -= after_point;
}

static int64_t read_exponent(const char *text, size_t length)
{
    size_t at = 0;
    const bool negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+') {
        at = 1;
    }
    int64_t exponent = 0;
    for (; at < length; at++) {
        if (exponent < EXPONENT_CLAMP) {
            exponent = exponent * 10 + (text[at] - '0');
        }
    }
    return negative ? -exponent : exponent;
}

/* Splits measured, unsigned number text into digits and exponent. */
static void split(const char *text, size_t length, digit_text *number)
{
    bool after_point = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            after_point = true;
        } else if (is_digit(text[i])) {
            take_digit(number, text[i], after_point);
        } else {
            number->exponent += read_exponent(text + i + 1, length - i - 1);
            return;
        }
    }
}

/* Exact when the digits and the power of ten are both doubles: one rounding (Clinger 1990). */
static bool parse_small(const digit_text *number, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    if (number->count > 19 || number->leading > (uint64_t)JSON_EXACT_LIMIT ||
        number->exponent < -22 || number->exponent > 22) {
        return false;
    }
    const double digits = (double)number->leading;
    *out = number->exponent < 0 ? digits / powers[-number->exponent]
                                : digits * powers[number->exponent];
    return true;
}

static double parse_large(digit_text *number)
{
    int64_t exponent = number->exponent;
    size_t end = number->count;
    if (number->more) {
        number->digits[end++] = '1';
        exponent--;
    }
    const int64_t limit = 100000;
    exponent = exponent > limit ? limit : exponent < -limit ? -limit : exponent;
    number->digits[end++] = 'e';
    end += json_format_int64(exponent, number->digits + end);
    number->digits[end] = '\0';
    return strtod(number->digits, NULL);
}

/* Most numbers: at most 19 characters without an exponent, exact as parse_small is. False for all
 * others, right or wrong. */
static bool parse_plain(const char *text, size_t length, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
    const size_t start = length > 0 && text[0] == '-';
    size_t point = length;
    uint64_t digits = 0;
    if (length - start > 19 || length == start) {
        return false;
    }
    for (size_t i = start; i < length; i++) {
        if (is_digit(text[i])) {
            digits = digits * 10 + (uint64_t)(text[i] - '0');
        } else if (text[i] == '.' && point == length) {
            point = i;
        } else {
            return false;
        }
    }
    const size_t whole = point - start, fraction = point == length ? 0 : length - point - 1;
    if (whole == 0 || (whole > 1 && text[start] == '0') || point == length - 1 ||
        digits > (uint64_t)JSON_EXACT_LIMIT) {
        return false;
    }
    const double value = (double)digits / powers[fraction];
    *out = start > 0 ? -value : value;
    return true;
}

bool json_parse_double(const char *text, size_t length, double *out)
{
    if (parse_plain(text, length, out)) {
        return true;
    }
    const json_number_span span = json_number_measure(text, length);
    if (span.length == 0 || span.length != length) {
        return false;
    }
    const bool negative = text[0] == '-';
    digit_text number;
    number.count = 0;
    number.leading = 0;
    number.exponent = 0;
    number.more = false;
    split(text + negative, length - negative, &number);

    double value = 0.0;
    if (number.count > 0 && !parse_small(&number, &value)) {
        value = parse_large(&number);
    }
    if (!isfinite(value)) {
        return false;
    }
    *out = negative ? -value : value;
    return true;
}
