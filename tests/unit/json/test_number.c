/*
 * The number writer: random bit patterns must come back by the C library's own reading and by ours,
 * be the shortest that do, and look as the header promises.
 */
#include "json/number.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
#ifdef TESTS_SHORT
    ROUNDS = 200000
#else
    ROUNDS = 2000000
#endif
};

/* A 64-bit generator of full period (splitmix64); the tests need many bits, always the same. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void check_double(double value)
{
    char text[JSON_NUMBER_CAPACITY];
    const size_t length = json_format_double(value, text);
    cr_assert_lt(length, sizeof text);
    cr_assert_eq(text[length], '\0');
    const double back = strtod(text, NULL);
    double ours = 0;
    cr_assert(json_parse_double(text, length, &ours), "%s", text);
    cr_assert_eq(memcmp(&back, &value, sizeof value), 0, "%a became %s", value, text);
    cr_assert_eq(memcmp(&ours, &value, sizeof value), 0, "%a became %s", value, text);
}

static void check_float32(float value)
{
    char text[JSON_NUMBER_CAPACITY];
    const size_t length = json_format_float32(value, text);
    cr_assert_lt(length, sizeof text);
    cr_assert_eq(text[length], '\0');
    const float back = strtof(text, NULL);
    cr_assert_eq(memcmp(&back, &value, sizeof value), 0, "%a became %s", (double)value, text);
    cr_assert_eq(json_number_measure(text, length).length, length, "%s", text);
}

/* Significant digits of number text. */
static size_t count_significant(const char *text)
{
    size_t count = 0;
    size_t zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text == '0') {
            zeros += count > 0;
        } else if (*text >= '1' && *text <= '9') {
            count += zeros + 1;
            zeros = 0;
        }
    }
    return count;
}

Test(json_number, random_doubles_come_back)
{
    uint64_t state = 1;
    for (size_t i = 0; i < ROUNDS; i++) {
        const double value = double_of(next_random(&state));
        if (isfinite(value)) {
            check_double(value);
        }
    }
}

Test(json_number, random_float32s_come_back)
{
    uint64_t state = 2;
    for (size_t i = 0; i < ROUNDS; i++) {
        const float value = float_of((uint32_t)next_random(&state));
        if (isfinite(value)) {
            check_float32(value);
        }
    }
}

Test(json_number, denormals_and_short_decimals_come_back)
{
    uint64_t state = 3;
    for (size_t i = 0; i < 200000; i++) {
        const uint64_t bits = next_random(&state);
        check_double(double_of(bits >> 12 >> (bits & 31)));
        check_float32(float_of((uint32_t)(bits >> 41 >> (bits & 15))));
        check_double((double)(int64_t)(bits % 2000001 - 1000000) / 1000.0);
        check_float32((float)(int64_t)(bits % 2000001 - 1000000) / 1000.0F);
    }
}

Test(json_number, every_power_of_two_and_ten_comes_back)
{
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        const double value = ldexp(1.0, exponent);
        check_double(value);
        check_double(nextafter(value, 0.0));
        check_double(nextafter(value, 2 * value));
        check_double(-value);
    }
    for (int exponent = -149; exponent <= 127; exponent++) {
        const float value = ldexpf(1.0F, exponent);
        check_float32(value);
        check_float32(nextafterf(value, 0.0F));
        check_float32(nextafterf(value, 2 * value));
    }
    for (int exponent = -323; exponent <= 308; exponent++) {
        char text[16];
        char written[JSON_NUMBER_CAPACITY];
        (void)snprintf(text, sizeof text, "1e%d", exponent);
        const double value = strtod(text, NULL);
        check_double(value);
        json_format_double(value, written);
        cr_assert_eq(count_significant(written), 1, "%s became %s", text, written);
    }
}

/* The C library's rounding to n digits gives the decimals nearest to the value: if none of fewer
 * digits comes back, ours is shortest; and at the same number of digits ours is at least as near. */
Test(json_number, doubles_are_as_short_as_can_be)
{
    uint64_t state = 4;
    for (size_t i = 0; i < 100000; i++) {
        const double value = double_of(next_random(&state));
        if (!isfinite(value)) {
            continue;
        }
        char ours[JSON_NUMBER_CAPACITY];
        char theirs[40];
        json_format_double(value, ours);
        const int digits = (int)count_significant(ours);
        (void)snprintf(theirs, sizeof theirs, "%.*e", digits - 2 > 0 ? digits - 2 : 0, value);
        cr_assert(digits == 1 || strtod(theirs, NULL) != value, "%s is longer than %s", ours,
                  theirs);
        (void)snprintf(theirs, sizeof theirs, "%.*e", digits - 1, value);
        if (strtod(theirs, NULL) == value) {
            cr_assert_eq(strtold(theirs, NULL), strtold(ours, NULL), "%s and %s", ours, theirs);
        }
    }
}

/* Up to 15 digits with three behind the point stand as they are; one more takes the long way. */
Test(json_number, thousandths_look_as_they_were_written)
{
    uint64_t state = 3;
    for (int i = 0; i < 300000; i++) {
        const uint64_t m =
            i < 100000 ? (uint64_t)i : next_random(&state) % UINT64_C(1000000000000000);
        char text[JSON_NUMBER_CAPACITY], wanted[64];
        int length = snprintf(wanted, sizeof wanted, "-%llu.%03llu", (unsigned long long)m / 1000,
                              (unsigned long long)m % 1000);
        while (wanted[length - 1] == '0') {
            wanted[--length] = '\0';
        }
        if (wanted[length - 1] == '.') {
            wanted[--length] = '\0';
        }
        const double value = strtod(wanted, NULL);
        json_format_double(value, text);
        cr_assert_str_eq(text, wanted);
        json_format_double(-value, text);
        cr_assert_str_eq(text, wanted + 1);
        check_double(nextafter(value, -INFINITY));
    }
}

Test(json_number, float32s_are_as_short_as_can_be)
{
    uint64_t state = 5;
    for (size_t i = 0; i < 100000; i++) {
        const float value = float_of((uint32_t)next_random(&state));
        if (!isfinite(value)) {
            continue;
        }
        char ours[JSON_NUMBER_CAPACITY];
        char theirs[40];
        json_format_float32(value, ours);
        const int digits = (int)count_significant(ours);
        (void)snprintf(theirs, sizeof theirs, "%.*e", digits - 2 > 0 ? digits - 2 : 0,
                       (double)value);
        cr_assert(digits <= 1 || strtof(theirs, NULL) != value, "%s is longer than %s", ours,
                  theirs);
        (void)snprintf(theirs, sizeof theirs, "%.*e", digits - 1, (double)value);
        if (strtof(theirs, NULL) == value) {
            cr_assert_eq(strtod(theirs, NULL), strtod(ours, NULL), "%s and %s", ours, theirs);
        }
    }
}

Test(json_number, doubles_look_as_promised)
{
    static const struct {
        double value;
        const char *text;
    } samples[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {3.0, "3"},
        {-3.5, "-3.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {100.0, "100"},
        {1234567.25, "1234567.25"},
        {9007199254740991.0, "9007199254740991"},
        {9007199254740992.0, "9007199254740992"},
        {9007199254740994.0, "9007199254740994"},
        {-9007199254740990.0, "-9007199254740990"},
        {1e16, "10000000000000000"},
        {99999999999999984.0, "99999999999999980"},
        {1e17, "1e17"},
        {1e21, "1e21"},
        {1.5e300, "1.5e300"},
        {0.00001, "0.00001"},
        {0.000012345, "0.000012345"},
        {0.000001, "1e-6"},
        {1.25e-7, "1.25e-7"},
        {DBL_MAX, "1.7976931348623157e308"},
        {-DBL_MAX, "-1.7976931348623157e308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {4.9406564584124654e-324, "5e-324"},
        {2.2250738585072009e-308, "2.225073858507201e-308"},
        {5e-324 * 2, "1e-323"},
        {9.5e-322, "9.5e-322"},
        {2e-44, "2e-44"},
        {123456789012345680.0, "1.2345678901234568e17"},
        {1.2345678901234567, "1.2345678901234567"},
        {-0.00123456789012345, "-0.00123456789012345"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[JSON_NUMBER_CAPACITY];
        const size_t length = json_format_double(samples[i].value, text);
        cr_expect_str_eq(text, samples[i].text, "%s, not %s", text, samples[i].text);
        cr_expect_eq(length, strlen(text));
        check_double(samples[i].value);
    }
}

Test(json_number, float32s_look_as_promised)
{
    static const struct {
        float value;
        const char *text;
    } samples[] = {
        {0.0F, "0"},
        {-0.0F, "-0"},
        {1.0F, "1"},
        {0.1F, "0.1"},
        {-0.3F, "-0.3"},
        {1.0F / 3.0F, "0.33333334"},
        {16777215.0F, "16777215"},
        {16777216.0F, "16777216"},
        {16777218.0F, "16777218"},
        {3e10F, "30000000000"},
        {1e20F, "1e20"},
        {FLT_MAX, "3.4028235e38"},
        {FLT_MIN, "1.1754944e-38"},
        {1.4012985e-45F, "1e-45"},
        {1e-5F, "0.00001"},
        {1e-6F, "1e-6"},
        {8.5899346e9F, "8589935000"},
        {2.718281828F, "2.7182817"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[JSON_NUMBER_CAPACITY];
        const size_t length = json_format_float32(samples[i].value, text);
        cr_expect_str_eq(text, samples[i].text, "%s, not %s", text, samples[i].text);
        cr_expect_eq(length, strlen(text));
        check_float32(samples[i].value);
    }
}

Test(json_number, what_is_not_finite_is_null)
{
    char text[JSON_NUMBER_CAPACITY];
    cr_expect_eq(json_format_double(NAN, text), 4);
    cr_expect_str_eq(text, "null");
    cr_expect_eq(json_format_double(-INFINITY, text), 4);
    cr_expect_str_eq(text, "null");
    cr_expect_eq(json_format_float32(INFINITY, text), 4);
    cr_expect_str_eq(text, "null");
    cr_expect_eq(json_format_float32(-NAN, text), 4);
    cr_expect_str_eq(text, "null");
}

Test(json_number, integers_of_64_bits)
{
    char text[JSON_NUMBER_CAPACITY];
    json_format_int64(INT64_MIN, text);
    cr_expect_str_eq(text, "-9223372036854775808");
    json_format_int64(INT64_MAX, text);
    cr_expect_str_eq(text, "9223372036854775807");
    json_format_uint64(UINT64_MAX, text);
    cr_expect_str_eq(text, "18446744073709551615");
    uint64_t state = 6;
    for (size_t i = 0; i < 100000; i++) {
        const uint64_t bits = next_random(&state);
        const int64_t value = (int64_t)bits >> (bits & 63);
        const size_t length = json_format_int64(value, text);
        cr_assert_eq(strtoll(text, NULL, 10), value);
        cr_assert_eq(length, strlen(text));
    }
    for (uint64_t power = 1; power <= UINT64_C(1000000000000000000); power *= 10) {
        char expected[JSON_NUMBER_CAPACITY];
        (void)snprintf(expected, sizeof expected, "%llu", (unsigned long long)(power - 1));
        json_format_uint64(power - 1, text);
        cr_expect_str_eq(text, expected);
        (void)snprintf(expected, sizeof expected, "%llu", (unsigned long long)power);
        json_format_uint64(power, text);
        cr_expect_str_eq(text, expected);
    }
}
