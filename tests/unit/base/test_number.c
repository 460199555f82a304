/*
 * test_number.c: decimal text to double is correctly rounded, judged by the C library; printing is the
 * shortest form that reads back.
 */
#include "base/number.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *text)
{
    double value = 1234.5;
    const char *end = gdi_number_read(text, &value);
    cr_assert_not_null(end, "%s", text);
    cr_assert_eq(*end, '\0', "%s: stops at '%s'", text, end);
    double expected = strtod(text, NULL);
    cr_assert_eq(memcmp(&value, &expected, sizeof value), 0, "%s: %.17g, not %.17g", text, value,
                 expected);
}

static double random_double(gd_random *random)
{
    double value = NAN;
    while (!isfinite(value)) {
        uint64_t bits = gd_random_bits(random);
        memcpy(&value, &bits, sizeof value);
    }
    return value;
}

Test(base_number, reads_a_million_random_doubles_exactly)
{
#ifdef TESTS_SHORT
    const int count = 100000;
#else
    const int count = 1000000;
#endif
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    for (int i = 0; i < count; i++) {
        double value = random_double(&random);
        char text[40];
        (void)snprintf(text, sizeof text, "%.17g", value);
        double back = 0.0;
        const char *end = gdi_number_read(text, &back);
        cr_assert(end != NULL && *end == '\0' && memcmp(&back, &value, sizeof value) == 0, "%s",
                  text);
    }
}

Test(base_number, reads_random_digits_as_the_library_does)
{
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    for (int i = 0; i < 200000; i++) {
        char text[128];
        size_t length = 0;
        size_t digits = 1 + (size_t)gd_random_below(&random, 40);
        size_t point = (size_t)gd_random_below(&random, digits + 1);
        for (size_t j = 0; j < digits; j++) {
            if (j == point) {
                text[length++] = '.';
            }
            text[length++] = (char)('0' + (char)gd_random_below(&random, 10));
        }
        int exponent = (int)gd_random_below(&random, 700) - 350;
        (void)snprintf(text + length, sizeof text - length, "e%d", exponent);
        check(text);
    }
}

Test(base_number, reads_what_csv_files_hold)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "+1",
                                        ".5",
                                        "5.",
                                        "-.5e1",
                                        "1e0",
                                        "1E+2",
                                        "1e-2",
                                        "00012",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "9007199254740993.0000000000000000000001",
                                        "123456789012345678901234567890",
                                        "0.000000000000000000000000000001234",
                                        "1e-400",
                                        "2.2250738585072014e-308",
                                        "2.2250738585072011e-308",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "1e308",
                                        "1e309",
                                        "1e999",
                                        "1e99999999999999999999",
                                        "-1e99999999999999999999",
                                        "1e-99999999999999999999",
                                        "0e99999999999999999999",
                                        "8.589934592e9",
                                        "7.2057594037927933e16",
                                        "0.500000000000000166533453693773481063544750213623046875"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check(texts[i]);
    }
}

Test(base_number, stops_where_the_number_ends)
{
    static const struct {
        const char *text;
        int length;
    } cases[] = {{"1,5", 1},  {"12 ", 2},     {"1e", 1},  {"1e+", 1}, {"1.5.2", 3},
                 {"0x1F", 1}, {"1949-01", 4}, {"3\"", 1}, {"1e5x", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 0.0;
        const char *end = gdi_number_read(cases[i].text, &value);
        cr_assert_eq(end - cases[i].text, cases[i].length, "%s", cases[i].text);
    }
    static const char *const none[] = {"", "-", "+", ".", "e5", "-.e1", "nan", "inf", "--1", " 1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        double value = 0.0;
        cr_assert_null(gdi_number_read(none[i], &value), "%s", none[i]);
    }
}

Test(base_number, reads_very_long_numbers)
{
    size_t length = 100000;
    char *text = malloc(length + 16);
    cr_assert_not_null(text);
    memset(text, '0', length);
    text[1] = '.';
    memcpy(text + length, "1e99999", 8);
    check(text);
    memset(text, '7', length);
    memcpy(text + length, "e-100000", 9);
    check(text);
    free(text);
}

Test(base_number, tells_decimal_commas)
{
    cr_assert(gdi_number_has_comma("1,5", 3));
    cr_assert(gdi_number_has_comma("-,5e3", 5));
    cr_assert_not(gdi_number_has_comma("1.5", 3));
    cr_assert_not(gdi_number_has_comma("1,234,567", 9));
    cr_assert_not(gdi_number_has_comma("a,b", 3));
    cr_assert_not(gdi_number_has_comma("", 0));
}

Test(base_number, prints_the_shortest_form)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0"},
                 {-0.0, "0"},
                 {1.0, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {100.0, "100"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e+16"},
                 {0.00001, "0.00001"},
                 {1e-6, "1e-06"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {123456.789, "123456.789"},
                 {-2.5e-300, "-2.5e-300"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[GDI_NUMBER_LENGTH];
        gdi_number_print(cases[i].value, text);
        cr_assert_str_eq(text, cases[i].text);
    }
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (int i = 0; i < 20000; i++) {
        double value = random_double(&random);
        double back = 0.0;
        char text[GDI_NUMBER_LENGTH];
        gdi_number_print(value, text);
        const char *end = gdi_number_read(text, &back);
        cr_assert(end != NULL && *end == '\0' && back == value, "%s", text);
    }
}
