/*
 * test_status.c: names, and errors filled, cut and prefixed.
 */
#include <descent/status.h>

#include <criterion/criterion.h>
#include <string.h>

Test(base_status, names_follow_the_table)
{
    cr_assert_str_eq(gd_status_name(GD_OK), "ok");
    cr_assert_str_eq(gd_status_name(GD_SHAPE_MISMATCH), "shape_mismatch");
    cr_assert_str_eq(gd_status_name(GD_UNAVAILABLE), "unavailable");
    cr_assert_str_eq(gd_status_message(GD_NO_SPACE), "the disk is full");
    for (int i = 0; i < (int)GD_STATUS_COUNT; i++) {
        cr_assert_not_null(gd_status_name((gd_status)i));
        cr_assert_gt(strlen(gd_status_message((gd_status)i)), 0);
    }
}

Test(base_status, values_outside_the_table_are_unknown)
{
    cr_assert_str_eq(gd_status_name(GD_STATUS_COUNT), "unknown");
    cr_assert_str_eq(gd_status_name((gd_status)-1), "unknown");
    cr_assert_str_eq(gd_status_message((gd_status)1000), "unknown status");
}

Test(base_status, fail_fills_and_returns)
{
    gd_error error;
    gd_status status = gd_fail(&error, GD_TOO_LARGE, "hidden/0", "at most %d, not %d", 5, 7);
    cr_assert_eq(status, GD_TOO_LARGE);
    cr_assert_eq(error.status, GD_TOO_LARGE);
    cr_assert_str_eq(error.path, "hidden/0");
    cr_assert_str_eq(error.message, "at most 5, not 7");
    cr_assert_eq(gd_fail(NULL, GD_CORRUPT, "x", "no one listens"), GD_CORRUPT);
    gd_fail(&error, GD_CORRUPT, NULL, "no path");
    cr_assert_str_eq(error.path, "");
}

Test(base_status, long_texts_are_cut_between_characters)
{
    char text[600];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        size_t length = shift;
        while (length + 3 < sizeof text) {
            memcpy(text + length, "\xE2\x82\xAC", 3); /* the euro sign */
            length += 3;
        }
        text[length] = '\0';
        gd_error error;
        gd_fail(&error, GD_INVALID_DATA, text, "%s", text);
        size_t message = strlen(error.message);
        size_t path = strlen(error.path);
        cr_assert_lt(message, sizeof error.message);
        cr_assert_gt(message, sizeof error.message - 4);
        cr_assert_eq((message - shift) % 3, 0);
        cr_assert_eq((path - shift) % 3, 0);
    }
}

Test(base_status, prefix_stands_before_the_path)
{
    gd_error error;
    gd_status status = gd_fail(&error, GD_INVALID_ARGUMENT, "units", "must be positive");
    cr_assert_eq(gd_error_prefix(&error, status, "layers/%d", 2), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "layers/2/units");
    cr_assert_str_eq(error.message, "must be positive");
    gd_fail(&error, GD_INVALID_ARGUMENT, "", "all of it");
    gd_error_prefix(&error, GD_INVALID_ARGUMENT, "model");
    cr_assert_str_eq(error.path, "model");
}

Test(base_status, prefix_leaves_success_alone)
{
    gd_error error = {.path = "kept"};
    cr_assert_eq(gd_error_prefix(&error, GD_OK, "model"), GD_OK);
    cr_assert_str_eq(error.path, "kept");
    cr_assert_eq(gd_error_prefix(NULL, GD_CORRUPT, "model"), GD_CORRUPT);
}

Test(base_status, a_path_that_grows_too_long_is_cut)
{
    gd_error error;
    gd_fail(&error, GD_INVALID_ARGUMENT, "end", "bad");
    for (int i = 0; i < 60; i++) {
        gd_error_prefix(&error, GD_INVALID_ARGUMENT, "level");
    }
    cr_assert_eq(strlen(error.path), sizeof error.path - 1);
    cr_assert_eq(strncmp(error.path, "level/level/", 12), 0);
}
