/*
 * Reading numbers: exact against the C library on hard cases, strict on grammar and range.
 */
#include "json/number.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_same(const char *text)
{
    const double expected = strtod(text, NULL);
    double value = NAN;
    cr_assert(json_parse_double(text, strlen(text), &value), "%.60s", text);
    cr_assert_eq(memcmp(&value, &expected, sizeof value), 0, "%.60s: %a, not %a", text, value,
                 expected);
}

Test(json_number_parse, hard_cases_are_rounded_correctly)
{
    static const char *const samples[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "1",
        "-1.5",
        "3.14159",
        "1e22",
        "1e23",
        "-1e-22",
        "1e-23",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "9007199254740993e0",
        "9007199254740992.9999999999999999999",
        "9007199254740993.0000001",
        "179769313486231570814527423731704356798070e267",
        "1.7976931348623158e308",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "2.4703282292062328e-324",
        "2.4703282292062327e-324",
        "1e-320",
        "1e-400",
        "-1e-400",
        "1e-999999999999999999999999",
        "0e999999999999999999999999",
        "0.000001",
        "123456789012345678901234567890",
        "7.2057594037927933e16",
        "0.500000000000000166533453693773481063544750213623046875",
        "8.5e-320",
        "6.0221409e+23",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "0.0000000000000000000000001E25",
        "100000000000000000000000000000000000000000e-41",
        "9214843084008499",
        "30078505129381147446200",
        "3.5178e-323",
        "1.8446744073709551616e19",
        "12345678901234567e-5",
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        check_same(samples[i]);
    }
}

Test(json_number_parse, thousands_of_digits_still_count)
{
    /* 1 + 2^-53 is a tie and rounds down to 1; one more digit, however far out, lifts it. */
    static const char tie[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[5000];
    memset(text, '0', sizeof text);
    memcpy(text, tie, sizeof tie - 1);
    double value;
    cr_assert(json_parse_double(text, sizeof text, &value));
    cr_expect_eq(value, 1.0);
    text[sizeof text - 1] = '1';
    cr_assert(json_parse_double(text, sizeof text, &value));
    cr_expect_eq(value, 1.0 + DBL_EPSILON);

    /* Far zeros before and after the point are made up for by the exponent. */
    char small[4096] = "0.";
    memset(small + 2, '0', 3000);
    (void)snprintf(small + 3002, sizeof small - 3002, "125e3001");
    cr_assert(json_parse_double(small, strlen(small), &value));
    cr_expect_eq(value, 1.25);
    char large[4096] = "125";
    memset(large + 3, '0', 3000);
    (void)snprintf(large + 3003, sizeof large - 3003, ".0e-3002");
    cr_assert(json_parse_double(large, strlen(large), &value));
    cr_expect_eq(value, 1.25);
}

Test(json_number_parse, random_text_matches_the_c_library)
{
    uint64_t state = 88172645463325252;
    for (size_t i = 0; i < 300000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char text[64];
        const int exponent = (int)(state % 600) - 320;
        const unsigned long long digits = (unsigned long long)(state >> (state & 31));
        (void)snprintf(text, sizeof text, "%s%llu.%llue%d", (state & 64) != 0 ? "-" : "",
                       digits % 1000, digits, exponent);
        check_same(text);
    }
}

Test(json_number_parse, refuses_what_is_no_number_or_too_large)
{
    static const char *const samples[] = {"",
                                          "-",
                                          "+1",
                                          "01",
                                          "-01",
                                          "1.",
                                          ".5",
                                          "1e",
                                          "1e+",
                                          "1 ",
                                          " 1",
                                          "1x",
                                          "0x10",
                                          "nan",
                                          "NaN",
                                          "inf",
                                          "Infinity",
                                          "1,5",
                                          "1e309",
                                          "-1e309",
                                          "1.7976931348623159e308",
                                          "17976931348623159e292",
                                          "1e99999999999999999999",
                                          "--1"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        double value = 42;
        cr_expect_not(json_parse_double(samples[i], strlen(samples[i]), &value), "%s", samples[i]);
        cr_expect_eq(value, 42.0);
    }
}

Test(json_number_parse, measures_up_to_the_end_of_the_number)
{
    cr_expect_eq(json_number_measure("12,", 3).length, 2);
    cr_expect_eq(json_number_measure("-1.5e+10]", 9).length, 8);
    cr_expect_eq(json_number_measure("0", 1).length, 1);
    cr_expect_not(json_number_measure("12.5", 4).may_overflow);
    cr_expect(json_number_measure("1e5", 3).may_overflow);
    const json_number_span none = json_number_measure("1.x", 3);
    cr_expect_eq(none.length, 0);
    cr_expect_eq(none.wrong, 2);
    cr_expect_str_eq(none.allowed, "a digit after the decimal point");
}
