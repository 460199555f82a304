/*
 * The number writer: Schubfach for double and float32, then layout as JSON. Every decimal that lies
 * in the rounding interval of v = c * 2^q reads back as v; the method scales v by one power of ten
 * so that at most two candidates of the shortest length are left and compares in fixed point, with
 * results rounded to odd, which keeps each comparison exact. Section numbers are those of the paper.
 */
#include "json/number.h"

#include "json/number_powers.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* value = digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* A binary value and how far apart its neighbours are. */
typedef struct binary {
    uint64_t significand;  /* c */
    int exponent;          /* q */
    bool lower_half_close; /* c is a power of two: the neighbour below is half as far */
} binary;

/* v and the ends of its rounding interval, all four times too large, scaled by 10^-k. */
typedef struct scaled {
    uint64_t value;
    uint64_t lower;
    uint64_t upper;
} scaled;

/* Layout bounds: the decimal point stands after this many digits. */
enum {
    POINT_LOWEST = -4,
    POINT_HIGHEST = 17
};

static const char digit_pairs[201] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

/* floor(log10(2^q)), and of 3/4 * 2^q; exact for |q| <= 1650 (section 9.3). The shift of a negative
 * value is arithmetic in both compilers this builds with. */
static int floor_log10_power2(int q)
{
    return (q * 1262611) >> 22;
}

static int floor_log10_three_quarters_power2(int q)
{
    return (q * 1262611 - 524031) >> 22;
}

/* floor(log2(10^k)); exact for |k| <= 1233. */
static int floor_log2_power10(int k)
{
    return (k * 1741647) >> 19;
}

/* power * factor / 2^128, rounded to odd (section 9.4): a lost fraction sets the lowest bit. */
static uint64_t scale_double(json_power power, uint64_t factor)
{
    const uint128 low = (uint128)power.low * factor;
    const uint128 sum = (uint128)power.high * factor + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* The same for factors below 2^32, where the upper half of the power is precise enough. */
static uint64_t scale_float32(json_power power, uint64_t factor)
{
    const uint128 product = (uint128)(power.high + (power.low != 0)) * factor;
    return (uint64_t)(product >> 64) | ((uint32_t)(product >> 32) > 1);
}

/* Of `low` and `low` + 1, in units of four of `at`, the one inside the interval; if both are, the
 * closer one, and the even one on a tie. */
static uint64_t pick_between(scaled at, uint64_t low, bool low_inside, bool high_inside)
{
    if (low_inside != high_inside) {
        return low + high_inside;
    }
    const uint64_t middle = 4 * low + 2;
    const bool up = at.value > middle || (at.value == middle && (low & 1) != 0);
    return low + up;
}

/* The shortest, closest decimal in the interval (section 9.9, figure 7). The interval includes its
 * ends only if c is even, as reading rounds ties to even. */
static decimal shortest(scaled at, int k, bool ends_excluded)
{
    const uint64_t lower = at.lower + ends_excluded;
    const uint64_t upper = at.upper - ends_excluded;
    const uint64_t floor_value = at.value / 4;

    if (floor_value >= 10) {
        const uint64_t tens = floor_value / 10;
        const bool low_inside = lower <= 40 * tens;
        const bool high_inside = 40 * tens + 40 <= upper;
        if (low_inside != high_inside) {
            return (decimal){tens + high_inside, k + 1};
        }
    }
    const bool low_inside = lower <= 4 * floor_value;
    const bool high_inside = 4 * floor_value + 4 <= upper;
    return (decimal){pick_between(at, floor_value, low_inside, high_inside), k};
}

static decimal shortest_of_binary(binary v, uint64_t (*scale)(json_power, uint64_t))
{
    const int k = v.lower_half_close ? floor_log10_three_quarters_power2(v.exponent)
                                     : floor_log10_power2(v.exponent);
    const int shift = v.exponent + floor_log2_power10(-k) + 1;
    const json_power power = json_powers[-k - JSON_POWER_FIRST];
    const uint64_t centre = 4 * v.significand;
    const scaled at = {
        .value = scale(power, centre << shift),
        .lower = scale(power, (centre - (v.lower_half_close ? 1 : 2)) << shift),
        .upper = scale(power, (centre + 2) << shift),
    };
    return shortest(at, k, (v.significand & 1) != 0);
}

static int count_digits(uint64_t value)
{
    int digits = 1;
    while (value >= 10000) {
        value /= 10000;
        digits += 4;
    }
    return digits + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Writes exactly `count` digits of `value` so that they end before `end`. */
static void put_digits(char *end, uint64_t value, int count)
{
    while (count >= 2) {
        end -= 2;
        memcpy(end, digit_pairs + 2 * (value % 100), 2);
        value /= 100;
        count -= 2;
    }
    if (count == 1) {
        end[-1] = (char)('0' + value % 10);
    }
}

static char *put_unsigned(char *out, uint64_t value)
{
    const int count = count_digits(value);
    put_digits(out + count, value, count);
    return out + count;
}

static char *put_exponent(char *out, int exponent)
{
    *out++ = 'e';
    if (exponent < 0) {
        *out++ = '-';
    }
    return put_unsigned(out, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* Lays a decimal out: 1200, 12.5, 0.0012 or 1.2e-7. Its digits do not end in 0. */
static char *put_decimal(char *out, decimal value)
{
    const int count = count_digits(value.digits);
    const int point = count + value.exponent;

    if (point > 0 && point <= POINT_HIGHEST) {
        put_digits(out + count, value.digits, count);
        if (point >= count) {
            memset(out + count, '0', (size_t)(point - count));
            return out + point;
        }
        memmove(out + point + 1, out + point, (size_t)(count - point));
        out[point] = '.';
        return out + count + 1;
    }
    if (point <= 0 && point >= POINT_LOWEST) {
        const int zeros = 2 - point;
        memcpy(out, "0.0000", 6);
        put_digits(out + zeros + count, value.digits, count);
        return out + zeros + count;
    }
    put_digits(out + 1 + count, value.digits, count);
    out[0] = out[1];
    out[1] = '.';
    return put_exponent(count == 1 ? out + 1 : out + 1 + count, point - 1);
}

static decimal strip_zeros(decimal value)
{
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    return value;
}

static size_t finish(char *buffer, char *end)
{
    *end = '\0';
    return (size_t)(end - buffer);
}

static size_t format_nonfinite(char *buffer)
{
    memcpy(buffer, "null", 5);
    return 4;
}

/* At most 15 digits, three of them behind the point: two decimals of so few digits are never the
 * same double, so that the one that reads back as the value is the shortest. */
static bool is_of_few_digits(double magnitude, decimal *few)
{
    if (!(magnitude >= 0.001 && magnitude < 1e12)) {
        return false;
    }
    *few = (decimal){.digits = (uint64_t)(magnitude * 1000 + 0.5), .exponent = -3};
    return (double)few->digits / 1000 == magnitude;
}

size_t json_format_double(double value, char *buffer)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const int exponent = (int)(bits >> 52 & 0x7FF);
    char *out = buffer;

    if (exponent == 0x7FF) {
        return format_nonfinite(buffer);
    }
    if (bits >> 63 != 0) {
        *out++ = '-';
    }
    const double magnitude = value < 0 ? -value : value;
    if (magnitude < JSON_EXACT_LIMIT && (double)(uint64_t)magnitude == magnitude) {
        return finish(buffer, put_unsigned(out, (uint64_t)magnitude));
    }
    decimal few;
    if (is_of_few_digits(magnitude, &few)) {
        return finish(buffer, put_decimal(out, strip_zeros(few)));
    }
    const binary parts = {
        .significand = exponent == 0 ? fraction : fraction | UINT64_C(1) << 52,
        .exponent = (exponent == 0 ? 1 : exponent) - 1075,
        .lower_half_close = fraction == 0 && exponent > 1,
    };
    const decimal digits = shortest_of_binary(parts, scale_double);
    return finish(buffer, put_decimal(out, strip_zeros(digits)));
}

size_t json_format_float32(float value, char *buffer)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
    const int exponent = (int)(bits >> 23 & 0xFF);
    char *out = buffer;

    if (exponent == 0xFF) {
        return format_nonfinite(buffer);
    }
    if (bits >> 31 != 0) {
        *out++ = '-';
    }
    const float magnitude = value < 0 ? -value : value;
    if (magnitude < 16777216.0F && (float)(uint32_t)magnitude == magnitude) {
        return finish(buffer, put_unsigned(out, (uint32_t)magnitude));
    }
    const binary parts = {
        .significand = exponent == 0 ? fraction : fraction | UINT32_C(1) << 23,
        .exponent = (exponent == 0 ? 1 : exponent) - 150,
        .lower_half_close = fraction == 0 && exponent > 1,
    };
    const decimal digits = shortest_of_binary(parts, scale_float32);
    return finish(buffer, put_decimal(out, strip_zeros(digits)));
}

size_t json_format_uint64(uint64_t value, char *buffer)
{
    return finish(buffer, put_unsigned(buffer, value));
}

size_t json_format_int64(int64_t value, char *buffer)
{
    char *out = buffer;
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude;
    }
    return finish(buffer, put_unsigned(out, magnitude));
}
