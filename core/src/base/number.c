/*
 * number.c: decimal text to double and back. See number.h.
 *
 * Reading has three stages, each exact or not used: products of two doubles that are exact (W. D.
 * Clinger, "How to read floating point numbers accurately", 1990, section 4); a 128-bit power of
 * five whose error is bounded, taken only where no rounding boundary lies inside the bound (the same
 * paper's Bellerophon with a wider significand; compare Lemire, "Number parsing at a gigabyte per
 * second", 2021); and for what is left, about one number in 2^60 besides exact ties, subnormal
 * numbers and very long ones, the C library's correctly rounded strtod in the C locale.
 */
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 uint128;

const double gdi_powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define COARSE_STEP      27
#define COARSE_MINIMUM   (-351)
#define POWER_MAXIMUM    323
#define MAXIMUM_DIGITS   19 /* decimal digits that always fit 64 bits */
#define EXACT_DIGITS     15 /* decimal digits that a double always holds */
#define EXPONENT_CEILING ((int64_t)1000000000)

/* 5^(27 i - 351), its 128 leading bits, rounded down; the highest bit is set. */
static const struct {
    uint64_t high, low;
} coarse_powers_of_five[] = {
    {0x8049a4ac0c5811ae, 0x205b896d777d6278}, /* 5^-351 */
    {0xcf42894a5dce35ea, 0x52064cac828675b9}, /* 5^-324 */
    {0xa76c582338ed2621, 0xaf2af2b80af6f24e}, /* 5^-297 */
    {0x873e4f75e2224e68, 0x5a7744a6e804a291}, /* 5^-270 */
    {0xda7f5bf590966848, 0xaf39a475506a899e}, /* 5^-243 */
    {0xb080392cc4349dec, 0xbd8d794d96aacfb3}, /* 5^-216 */
    {0x8e938662882af53e, 0x547eb47b7282ee9c}, /* 5^-189 */
    {0xe65829b3046b0afa, 0x0cb4a5a3112a5112}, /* 5^-162 */
    {0xba121a4650e4ddeb, 0x92f34d62616ce413}, /* 5^-135 */
    {0x964e858c91ba2655, 0x3a6a07f8d510f86f}, /* 5^-108 */
    {0xf2d56790ab41c2a2, 0xfae27299423fb9c3}, /* 5^-81 */
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886}, /* 5^-54 */
    {0x9e74d1b791e07e48, 0x775ea264cf55347d}, /* 5^-27 */
    {0x8000000000000000, 0x0000000000000000}, /* 5^0 */
    {0xcecb8f27f4200f3a, 0x0000000000000000}, /* 5^27 */
    {0xa70c3c40a64e6c51, 0x999090b65f67d924}, /* 5^54 */
    {0x86f0ac99b4e8dafd, 0x69a028bb3ded71a3}, /* 5^81 */
    {0xda01ee641a708de9, 0xe80e6f4820cc9495}, /* 5^108 */
    {0xb01ae745b101e9e4, 0x5ec05dcff72e7f8f}, /* 5^135 */
    {0x8e41ade9fbebc27d, 0x14588f13be847307}, /* 5^162 */
    {0xe5d3ef282a242e81, 0x8f1668c8a86da5fa}, /* 5^189 */
    {0xb9a74a0637ce2ee1, 0x6d953e2bd7173692}, /* 5^216 */
    {0x95f83d0a1fb69cd9, 0x4abdaf101564f98e}, /* 5^243 */
    {0xf24a01a73cf2dccf, 0xbc633b39673c8cec}, /* 5^270 */
    {0xc3b8358109e84f07, 0x0a862f80ec4700c8}, /* 5^297 */
};

/* 5^0 … 5^26, exact. */
static const uint64_t fine_powers_of_five[COARSE_STEP] = {
    1U,
    5U,
    25U,
    125U,
    625U,
    3125U,
    15625U,
    78125U,
    390625U,
    1953125U,
    9765625U,
    48828125U,
    244140625U,
    1220703125U,
    6103515625U,
    30517578125U,
    152587890625U,
    762939453125U,
    3814697265625U,
    19073486328125U,
    95367431640625U,
    476837158203125U,
    2384185791015625U,
    11920928955078125U,
    59604644775390625U,
    298023223876953125U,
    1490116119384765625U,
};

static inline bool is_digit(char byte)
{
    return (unsigned char)(byte - '0') < 10U;
}

/* Floor of the 192-bit product's 128 leading bits. */
static inline uint128 multiply_high(uint128 wide, uint64_t narrow)
{
    uint128 low = (uint128)(uint64_t)wide * narrow;
    return (uint128)(uint64_t)(wide >> 64) * narrow + (low >> 64);
}

/*
 * 128 leading bits of 5^power, rounded down: the true value lies in [result, result + 4). Each of
 * the two truncations costs less than 1 unit, and the shift by at most one place doubles them.
 */
static uint128 power_of_five(int power)
{
    int index = (power - COARSE_MINIMUM) / COARSE_STEP;
    uint64_t fine = fine_powers_of_five[(power - COARSE_MINIMUM) % COARSE_STEP];
    uint128 coarse =
        (uint128)coarse_powers_of_five[index].high << 64 | coarse_powers_of_five[index].low;
    uint128 product = multiply_high(coarse, fine << __builtin_clzll(fine));
    return product >> 127 ? product : product << 1;
}

/*
 * mantissa · 10^power, correctly rounded, into *value; false where the error bound leaves the
 * rounding open or the result is not a normal double. mantissa > 0.
 */
static bool round_product(uint64_t mantissa, int64_t power, double *value)
{
    if (power < COARSE_MINIMUM || power > POWER_MAXIMUM) {
        return false;
    }
    int leading = __builtin_clzll(mantissa);
    uint128 product = multiply_high(power_of_five((int)power), mantissa << leading);
    /* The true product lies in [product, product + 5); 8 is a bound with a margin. */
    int shift = product >> 127 ? 75 : 74;
    uint128 rest = product & (((uint128)1 << shift) - 1);
    uint128 half = (uint128)1 << (shift - 1);
    if (rest <= half && rest + 8 >= half) {
        return false;
    }
    uint64_t significand = (uint64_t)(product >> shift) + (rest > half ? 1U : 0U);
    /* floor(log2(5^power)) = floor(power · log2 10) - power, exact for |power| ≤ 400. */
    int64_t five = ((217706 * power) >> 16) - power;
    int64_t exponent = shift + 64 - leading + five - 127 + power + 1075;
    if (significand >> 53) {
        significand >>= 1;
        exponent++;
    }
    if (exponent <= 0 || exponent >= 2047) {
        return false;
    }
    uint64_t bits = (uint64_t)exponent << 52 | (significand & (((uint64_t)1 << 52) - 1));
    memcpy(value, &bits, sizeof *value);
    return true;
}

/* The C library's reading; `text` is known to be a number of our grammar, ended by another byte. */
static double read_by_library(const char *text)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return strtod(text, NULL);
    }
    double value = strtod_l(text, NULL, plain);
    freelocale(plain);
    return value;
}

/*
 * More than 19 digits: the first 19 that count decide together with whether the rest is zero. Where
 * the last of them plus one gives the same double, so does everything between.
 */
static bool read_long(const char *digits, const char *end, int64_t exponent, double *value)
{
    uint64_t mantissa = 0;
    int kept = 0;
    int64_t dropped = 0;
    bool rest = false;
    for (const char *byte = digits; byte < end; byte++) {
        if (!is_digit(*byte)) {
            continue;
        }
        if (kept < MAXIMUM_DIGITS) {
            mantissa = mantissa * 10 + (uint64_t)(*byte - '0');
            kept += mantissa > 0 ? 1 : 0;
        } else {
            dropped++;
            rest = rest || *byte != '0';
        }
    }
    if (mantissa == 0) {
        *value = 0.0;
        return true;
    }
    double next = 0.0;
    if (!round_product(mantissa, exponent + dropped, value)) {
        return false;
    }
    return !rest || (round_product(mantissa + 1, exponent + dropped, &next) && next == *value);
}

bool gdi_number_scale(uint64_t mantissa, int64_t exponent, double *value)
{
    if (mantissa == 0) {
        *value = 0.0;
        return true;
    }
    if (mantissa <= (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) {
        *value = exponent < 0 ? (double)mantissa / gdi_powers_of_ten[-exponent]
                              : (double)mantissa * gdi_powers_of_ten[exponent];
        return true;
    }
    return round_product(mantissa, exponent, value);
}

/* The exponent at `text` after its "e", clipped far beyond any double's; NULL without digits. */
static const char *read_exponent(const char *text, int64_t *exponent)
{
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (!is_digit(*text)) {
        return NULL;
    }
    int64_t value = 0;
    for (; is_digit(*text); text++) {
        if (value < EXPONENT_CEILING) {
            value = value * 10 + (*text - '0');
        }
    }
    *exponent = negative ? -value : value;
    return text;
}

const char *gdi_number_read(const char *text, double *value)
{
    bool negative = *text == '-';
    const char *start = text;
    text += *text == '-' || *text == '+';
    const char *digits = text;
    uint64_t mantissa = 0;
    int64_t exponent = 0;
    for (; is_digit(*text); text++) {
        mantissa = mantissa * 10 + (uint64_t)(*text - '0');
    }
    int64_t count = text - digits;
    if (*text == '.') {
        const char *fraction = ++text;
        for (; is_digit(*text); text++) {
            mantissa = mantissa * 10 + (uint64_t)(*text - '0');
        }
        exponent = fraction - text;
        count -= exponent;
    }
    if (count == 0) {
        return NULL;
    }
    double magnitude = (double)mantissa;
    if (count <= EXACT_DIGITS && (*text | 0x20) != 'e') {
        /* Most numbers there are: few digits, no exponent. */
        if (exponent != 0) {
            magnitude /= gdi_powers_of_ten[-exponent];
        }
        *value = negative ? -magnitude : magnitude;
        return text;
    }
    const char *end = text;
    if ((*text | 0x20) == 'e') {
        int64_t given = 0;
        const char *after = read_exponent(text + 1, &given);
        if (after != NULL) {
            exponent += given;
            text = after;
        }
    }
    bool done = count > MAXIMUM_DIGITS ? read_long(digits, end, exponent, &magnitude)
                                       : gdi_number_scale(mantissa, exponent, &magnitude);
    if (!done) {
        magnitude = fabs(read_by_library(start));
    }
    *value = negative ? -magnitude : magnitude;
    return text;
}

bool gdi_number_has_comma(const char *text, size_t length)
{
    char copy[64];
    const char *comma = memchr(text, ',', length);
    if (comma == NULL || length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    copy[comma - text] = '.';
    double value = 0.0;
    return gdi_number_read(copy, &value) == copy + length;
}

/* The fewest significant digits that read back, as d.ddde±xx with a point in any locale. */
static int print_scientific(double value, char *text, size_t size)
{
    int length = 0;
    for (int precision = 0; precision < 17; precision++) {
        length = snprintf(text, size, "%.*e", precision, value);
        for (int i = 0; i < length; i++) {
            if (!is_digit(text[i]) && text[i] != 'e' && text[i] != '-' && text[i] != '+') {
                text[i] = '.';
            }
        }
        double back = 0.0;
        if (gdi_number_read(text, &back) != NULL && back == value) {
            break;
        }
    }
    return length;
}

void gdi_number_print(double value, char text[GDI_NUMBER_LENGTH])
{
    char scientific[GDI_NUMBER_LENGTH + 16];
    char digits[24];
    int length = print_scientific(fabs(value), scientific, sizeof scientific);
    int count = 0;
    int at = 0;
    for (; at < length && scientific[at] != 'e'; at++) {
        if (is_digit(scientific[at]) && count < 18) {
            digits[count++] = scientific[at];
        }
    }
    int64_t exponent = 0;
    if (read_exponent(scientific + at + 1, &exponent) == NULL || exponent < -5 || exponent > 15) {
        const char *sign = value < 0.0 ? "-" : "";
        (void)snprintf(text, GDI_NUMBER_LENGTH, "%s%.*s", sign, 26, scientific);
        return;
    }
    char *out = text;
    if (signbit(value) && value != 0.0) {
        *out++ = '-';
    }
    if (exponent < 0) {
        *out++ = '0';
        *out++ = '.';
        for (int64_t zeros = -1; zeros > exponent; zeros--) {
            *out++ = '0';
        }
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i == exponent + 1 && exponent >= 0) {
            *out++ = '.';
        }
        *out++ = i < count ? digits[i] : '0';
    }
    *out = '\0';
}
