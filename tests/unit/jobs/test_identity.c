/*
 * Ids, seeds and times.
 */
#include "jobs/identity.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Test(jobs_identity, ids_are_uuids_of_version_7_in_order_of_time)
{
    char before[STORE_ID_SIZE] = "", id[STORE_ID_SIZE];
    for (int i = 0; i < 5; i++) {
        int64_t from = jobs_now();
        cr_assert(jobs_new_id(id));
        int64_t to = jobs_now();
        cr_assert_eq(strlen(id), STORE_ID_LENGTH);
        cr_expect(jobs_is_id(id));
        cr_expect_eq(id[14], '7', "%s", id);
        cr_expect_not_null(strchr("89ab", id[19]), "%s", id);
        unsigned high, low;
        cr_assert_eq(sscanf(id, "%8x-%4x-", &high, &low), 2);
        int64_t at = ((int64_t)high << 16) | (int64_t)low;
        cr_expect(at >= from && at <= to, "%s", id);
        cr_expect_lt(strcmp(before, id), 0);
        memcpy(before, id, sizeof before);
        usleep(2000);
    }
}

Test(jobs_identity, many_ids_are_all_different)
{
    enum {
        COUNT = 1000
    };
    static char ids[COUNT][STORE_ID_SIZE];
    for (int i = 0; i < COUNT; i++)
        cr_assert(jobs_new_id(ids[i]));
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(ids[i], ids[j]);
}

Test(jobs_identity, only_ids_in_lower_case_are_ids)
{
    static const char *const others[] = {"",
                                         "01980000-0000-7000-8000-00000000000",
                                         "01980000-0000-7000-8000-0000000000000",
                                         "01980000-0000-7000-8000-00000000000G",
                                         "01980000-0000-7000-8000-00000000000A",
                                         "019800000000-7000-8000-0000000000000",
                                         "01980000-0000-7000-8000+000000000000",
                                         "../../etc/passwd/0000000000000000000"};
    cr_expect(jobs_is_id("01980000-0000-7000-8000-00000000000a"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_not(jobs_is_id(others[i]), "%s", others[i]);
}

Test(jobs_identity, seeds_fit_into_every_reader)
{
    uint64_t all = 0, seed;
    for (int i = 0; i < 200; i++) {
        cr_assert(jobs_random_seed(&seed));
        cr_expect_lt(seed, (uint64_t)1 << 53);
        all |= seed;
    }
    cr_expect_eq(all, ((uint64_t)1 << 53) - 1, "every bit was set once");
}

Test(jobs_identity, times_are_written_and_read)
{
    static const struct {
        int64_t milliseconds;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1769860496789, "2026-01-31T11:54:56.789Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[JOBS_TIME_SIZE];
        int64_t back = 42;
        jobs_format_time(cases[i].milliseconds, text);
        cr_expect_str_eq(text, cases[i].text);
        cr_expect(jobs_parse_time(cases[i].text, &back), "%s", cases[i].text);
        cr_expect_eq(back, cases[i].milliseconds, "%s: %lld", cases[i].text, (long long)back);
    }
}

Test(jobs_identity, other_forms_of_a_time_are_read)
{
    static const char *const same[] = {
        "2026-01-31T12:00:00Z",      "2026-01-31t12:00:00z",      "2026-01-31T12:00:00.0Z",
        "2026-01-31T12:00:00.0004Z", "2026-01-31T13:30:00+01:30", "2026-01-31T00:00:00-12:00",
        "2026-02-01T00:00:00+12:00", "2026-01-31T12:00:00-00:00",
    };
    int64_t expected = 1769860800000, found;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        cr_assert(jobs_parse_time(same[i], &found), "%s", same[i]);
        cr_expect_eq(found, expected, "%s: %lld", same[i], (long long)found);
    }
    cr_assert(jobs_parse_time("2026-01-31T12:00:00.25Z", &found));
    cr_expect_eq(found, expected + 250);
    cr_assert(jobs_parse_time("2026-01-31T12:00:00.123456789Z", &found));
    cr_expect_eq(found, expected + 123);
    cr_expect(jobs_parse_time("2016-12-31T23:59:60Z", &found), "a leap second");
}

Test(jobs_identity, what_is_no_time_is_refused)
{
    static const char *const others[] = {
        "",
        "2026",
        "2026-01-31",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00Zx",
        "2026-01-31T12:00:00+1:00",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+00:60",
        "2026-01-31T12:00:00 01:00",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z",
        "+026-01-31T12:00:00Z",
        "20260131T120000Z",
        "1769860800",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        int64_t found = 42;
        cr_expect_not(jobs_parse_time(others[i], &found), "%s", others[i]);
        cr_expect_eq(found, 42, "%s", others[i]);
    }
    int64_t found;
    cr_expect(jobs_parse_time("2000-02-29T00:00:00Z", &found));
    cr_expect(jobs_parse_time("2028-02-29T00:00:00Z", &found));
}
