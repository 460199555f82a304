/*
 * Entity tags and ranges as pure functions; the cases of RFC 9110 sections 8.8.3.2, 13 and 14.
 */
#include "http/conditional.h"

#include <criterion/criterion.h>

Test(http_conditional, knows_valid_entity_tags)
{
    cr_assert(http_etag_is_valid("\"abc\""));
    cr_assert(http_etag_is_valid("W/\"abc\""));
    cr_assert(http_etag_is_valid("\"\""));
    cr_assert_not(http_etag_is_valid("abc"));
    cr_assert_not(http_etag_is_valid("\"abc"));
    cr_assert_not(http_etag_is_valid("w/\"abc\""));
    cr_assert_not(http_etag_is_valid("\"a b\""));
    cr_assert_not(http_etag_is_valid("\"a\"b"));
    cr_assert_not(http_etag_is_valid(""));
}

Test(http_conditional, weak_and_strong_comparison)
{
    const struct {
        const char *left;
        const char *right;
        bool strong;
        bool weak;
    } cases[] = {
        {"W/\"1\"", "W/\"1\"", false, true},
        {"W/\"1\"", "W/\"2\"", false, false},
        {"W/\"1\"", "\"1\"", false, true},
        {"\"1\"", "\"1\"", true, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(http_etag_list_has(cases[i].left, cases[i].right, false), cases[i].strong);
        cr_assert_eq(http_etag_list_has(cases[i].left, cases[i].right, true), cases[i].weak);
    }
}

Test(http_conditional, lists_and_the_asterisk)
{
    cr_assert(http_etag_list_has("\"a\", W/\"b\" ,\"c\"", "\"b\"", true));
    cr_assert(http_etag_list_has("\"a\",\"c\"", "\"c\"", false));
    cr_assert(http_etag_list_has("  *  ", "\"x\"", true));
    cr_assert(http_etag_list_has(" , \"a\",, \"b\"", "\"b\"", true));
    cr_assert(http_etag_list_has("\"a,b\"", "\"a,b\"", true));
    cr_assert_not(http_etag_list_has("\"a,b\"", "\"a\"", true));
    cr_assert_not(http_etag_list_has("*, \"a\"", "\"x\"", true));
    cr_assert_not(http_etag_list_has("\"a\" \"b\"", "\"b\"", true));
    cr_assert_not(http_etag_list_has("abc", "\"abc\"", true));
    cr_assert_not(http_etag_list_has("\"abc", "\"abc\"", true));
    cr_assert_not(http_etag_list_has("", "\"a\"", true));
    cr_assert_not(http_etag_list_has(NULL, "\"a\"", true));
    cr_assert_not(http_etag_list_has("*", NULL, true));
}

Test(http_conditional, if_range_compares_strongly)
{
    cr_assert(http_if_range_holds(NULL, NULL));
    cr_assert(http_if_range_holds("\"a\"", "\"a\""));
    cr_assert_not(http_if_range_holds("W/\"a\"", "W/\"a\""));
    cr_assert_not(http_if_range_holds("\"a\"", "\"b\""));
    cr_assert_not(http_if_range_holds("\"a\"", NULL));
    cr_assert_not(http_if_range_holds("Tue, 01 Jul 2025 00:00:00 GMT", "\"a\""));
}

static void expect_part(const char *value, uint64_t size, uint64_t first, uint64_t last)
{
    uint64_t from = 99;
    uint64_t to = 99;
    cr_assert_eq(http_range_evaluate(value, size, &from, &to), HTTP_RANGE_PART, "%s", value);
    cr_assert_eq(from, first, "%s", value);
    cr_assert_eq(to, last, "%s", value);
}

static void expect_outcome(const char *value, uint64_t size, http_range_outcome outcome)
{
    uint64_t from = 0;
    uint64_t to = 0;
    cr_assert_eq(http_range_evaluate(value, size, &from, &to), outcome, "%s",
                 value == NULL ? "none" : value);
}

Test(http_conditional, ranges_that_are_served)
{
    expect_part("bytes=0-0", 10, 0, 0);
    expect_part("bytes=2-5", 10, 2, 5);
    expect_part("BYTES=2-", 10, 2, 9);
    expect_part("bytes=2-99", 10, 2, 9);
    expect_part("bytes=-3", 10, 7, 9);
    expect_part("bytes=-30", 10, 0, 9);
    expect_part("bytes=9-18446744073709551615", 10, 9, 9);
    expect_part("bytes=0-99999999999999999999999", 10, 0, 9);
}

Test(http_conditional, ranges_past_the_end)
{
    expect_outcome("bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE);
    expect_outcome("bytes=10-20", 10, HTTP_RANGE_UNSATISFIABLE);
    expect_outcome("bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE);
    expect_outcome("bytes=0-0", 0, HTTP_RANGE_UNSATISFIABLE);
    expect_outcome("bytes=-1", 0, HTTP_RANGE_UNSATISFIABLE);
    expect_outcome("bytes=99999999999999999999999-", 10, HTTP_RANGE_UNSATISFIABLE);
}

Test(http_conditional, ranges_that_are_ignored)
{
    const char *const whole[] = {
        NULL,        "",          "bytes",       "bytes=",     "bytes=-",    "bytes=a-b",
        "bytes=5-2", "lines=0-1", "bytes=0-1,3", "bytes=0-1x", "bytes= 1 -2"};
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        expect_outcome(whole[i], 10, HTTP_RANGE_WHOLE);
    }
}
