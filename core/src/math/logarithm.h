/*
 * logarithm.h: the logarithm of many doubles at once, for losses that take one of every row.
 *
 * 1 + x = 2^k m with m between sqrt(1/2) and sqrt(2), and log(1 + f) = 2 atanh(s) with f = m - 1 and
 * s = f / (2 + f), whose series in s² is cut where its terms fall below the last place: s² is at most
 * 0.0295. Without branches, so that the compiler takes several values at a time. One formula for all
 * processors, so the same bytes on each. Thread rule: pure functions.
 */
#ifndef DESCENT_MATH_LOGARITHM_H
#define DESCENT_MATH_LOGARITHM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline double gdi_double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* What gdi_log1p does with each value: for the loops of others. */
static inline double gdi_log1p_of(double x)
{
    /* log(2) in two parts; the first has zeros at its end, so that its products with k are exact. */
    const double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;
    const uint64_t half_root = UINT64_C(0x3FE6A09E667F3BCD); /* sqrt(1/2) */
    /* 2^52: an integer in its low bits is added. */
    const uint64_t exponent_one = UINT64_C(0x4330000000000000);
    const double u = 1.0 + x;
    uint64_t bits;
    memcpy(&bits, &u, sizeof bits);
    const uint64_t k = (bits - half_root) >> 52;
    const double scale = gdi_double_of(exponent_one | k) - gdi_double_of(exponent_one);
    /* Where there is nothing to scale, x itself: the sum has lost its last digits. */
    const double f = scale == 0.0 ? x : gdi_double_of(bits - (k << 52)) - 1.0;
    const double s = f / (2.0 + f), z = s * s;
    double tail = 2.0 / 21;
    tail = tail * z + 2.0 / 19;
    tail = tail * z + 2.0 / 17;
    tail = tail * z + 2.0 / 15;
    tail = tail * z + 2.0 / 13;
    tail = tail * z + 2.0 / 11;
    tail = tail * z + 2.0 / 9;
    tail = tail * z + 2.0 / 7;
    tail = tail * z + 2.0 / 5;
    tail = tail * z + 2.0 / 3;
    const double logarithm = scale * log2_high + (f - (s * (f - tail * z) - scale * log2_low));
    return logarithm + (x - x);
}

/*
 * result[i] = log(1 + values[i]) for values from -0.25 on, within 3 units in the last place; small
 * ones keep their digits. NaN for what is not finite. `result` may be `values`.
 */
void gdi_log1p(const double *values, double *result, size_t count);

#endif
