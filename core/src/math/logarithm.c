/*
 * logarithm.c: 1 + x = 2^k m with m between sqrt(1/2) and sqrt(2), and log(1 + f) = 2 atanh(s) with
 * f = m - 1 and s = f / (2 + f), whose series in s² is cut where its terms fall below the last place:
 * s² is at most 0.0295. Without branches, so that the compiler takes several values at a time.
 */
#include "math/logarithm.h"

#include "base/versions.h"

#include <stdint.h>
#include <string.h>

#define HALF_ROOT_BITS UINT64_C(0x3FE6A09E667F3BCD) /* sqrt(1/2) */
#define EXPONENT_ONE   UINT64_C(0x4330000000000000) /* 2^52: an integer in its low bits is added */

/* log(2) in two parts; the first has zeros at its end, so that its products with k are exact. */
static const double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double log1p_of(double x)
{
    const double u = 1.0 + x;
    uint64_t bits;
    memcpy(&bits, &u, sizeof bits);
    const uint64_t k = (bits - HALF_ROOT_BITS) >> 52;
    const double scale = from_bits(EXPONENT_ONE | k) - from_bits(EXPONENT_ONE);
    /* Where there is nothing to scale, x itself: the sum has lost its last digits. */
    const double f = scale == 0.0 ? x : from_bits(bits - (k << 52)) - 1.0;
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

GDI_VERSIONS void gdi_log1p(const double *values, double *result, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        result[i] = log1p_of(values[i]);
    }
}
