/*
 * test_frame_builder.c: frames built cell by cell: kinds, classes, statistics, and what is refused.
 */
#include "unit/data/frame_support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"length", "kind", "empty"};

static gd_frame_builder *start(void)
{
    gd_frame_builder *builder = NULL;
    cr_assert_eq(gd_frame_builder_create(&builder, names, 3, NULL), GD_OK);
    return builder;
}

static void add_row(gd_frame_builder *builder, double number, const char *text)
{
    cr_assert_eq(gd_frame_builder_number(builder, number, NULL), GD_OK);
    cr_assert_eq(text != NULL ? gd_frame_builder_text(builder, text, NULL)
                              : gd_frame_builder_missing(builder, NULL),
                 GD_OK);
    cr_assert_eq(gd_frame_builder_missing(builder, NULL), GD_OK);
}

Test(data_frame_builder, gives_kinds_classes_and_statistics)
{
    gd_frame_builder *builder = start();
    add_row(builder, 1.0, "oak");
    add_row(builder, NAN, "elm");
    add_row(builder, 4.0, NULL);
    add_row(builder, 1.0, "oak");
    gd_frame *frame = NULL;
    cr_assert_eq(gd_frame_builder_finish(builder, &frame, NULL), GD_OK);
    gd_frame_builder_destroy(builder);
    cr_assert_eq(gd_frame_row_count(frame), 4);
    cr_assert_eq(gd_frame_column_count(frame), 3);
    cr_assert_eq(gd_frame_find(frame, "kind"), 1);
    cr_assert_eq(gd_frame_find(frame, "kin"), -1);
    cr_assert_null(gd_frame_column(frame, 3));
    const gd_column *length = gd_frame_column(frame, 0);
    cr_assert_eq(length->kind, GD_COLUMN_NUMERIC);
    cr_assert_eq(length->missing, 1);
    cr_assert_eq(length->minimum, 1.0);
    cr_assert_eq(length->maximum, 4.0);
    cr_assert_eq(length->mean, 2.0);
    cr_assert_float_eq(length->standard_deviation, sqrt(2.0), 1e-15);
    const gd_column *kind = gd_frame_column(frame, 1);
    cr_assert_eq(kind->kind, GD_COLUMN_CATEGORICAL);
    cr_assert_eq(kind->class_count, 2);
    cr_assert_str_eq(kind->classes[0], "elm");
    cr_assert_eq(cell_at(frame, 0, 1), 1.0);
    cr_assert_eq(cell_at(frame, 1, 1), 0.0);
    cr_assert(isnan(cell_at(frame, 2, 1)));
    const gd_column *empty = gd_frame_column(frame, 2);
    cr_assert_eq(empty->kind, GD_COLUMN_NUMERIC);
    cr_assert_eq(empty->missing, 4);
    cr_assert(isnan(empty->mean) && isnan(empty->minimum) && isnan(empty->standard_deviation));
    gd_frame_destroy(frame);
}

Test(data_frame_builder, refuses_mixed_columns_and_goes_on)
{
    gd_frame_builder *builder = start();
    gd_error error = {0};
    add_row(builder, 1.0, "oak");
    cr_assert_eq(gd_frame_builder_text(builder, "x", &error), GD_INVALID_DATA);
    cr_assert_str_eq(error.path, "rows/1/0");
    cr_assert(strstr(error.message, "'length'") != NULL);
    cr_assert_eq(gd_frame_builder_number(builder, 2.0, NULL), GD_OK);
    cr_assert_eq(gd_frame_builder_number(builder, 2.0, &error), GD_INVALID_DATA);
    cr_assert_str_eq(error.path, "rows/1/1");
    cr_assert_eq(gd_frame_builder_text(builder, "elm", NULL), GD_OK);
    gd_frame *frame = NULL;
    cr_assert_eq(gd_frame_builder_finish(builder, &frame, &error), GD_INVALID_DATA);
    cr_assert_null(frame);
    cr_assert_eq(gd_frame_builder_missing(builder, NULL), GD_OK);
    cr_assert_eq(gd_frame_builder_finish(builder, &frame, NULL), GD_OK);
    cr_assert_eq(gd_frame_row_count(frame), 2);
    gd_frame_destroy(frame);
    gd_frame_builder_destroy(builder);
}

Test(data_frame_builder, refuses_infinities_long_texts_and_bad_names)
{
    gd_frame_builder *builder = start();
    gd_error error = {0};
    char text[300];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_assert_eq(gd_frame_builder_number(builder, INFINITY, &error), GD_INVALID_DATA);
    cr_assert_eq(gd_frame_builder_text(builder, text, &error), GD_INVALID_DATA);
    cr_assert_eq(gd_frame_builder_text(builder, "\xff", &error), GD_INVALID_DATA);
    gd_frame_builder_destroy(builder);
    const char *const twice[] = {"a", "b", "a"};
    cr_assert_eq(gd_frame_builder_create(&builder, twice, 3, &error), GD_INVALID_DATA);
    cr_assert_str_eq(error.path, "columns/2");
    const char *const nameless[] = {""};
    cr_assert_eq(gd_frame_builder_create(&builder, nameless, 1, &error), GD_INVALID_DATA);
    cr_assert_eq(gd_frame_builder_create(&builder, twice, 0, &error), GD_INVALID_DATA);
    cr_assert_eq(gd_frame_builder_create(&builder, twice, GD_FRAME_MAXIMUM_COLUMNS + 1, &error),
                 GD_TOO_LARGE);
    cr_assert_null(builder);
}

Test(data_frame_builder, bounds_classes)
{
    const char *const one[] = {"id"};
    gd_frame_builder *builder = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_frame_builder_create(&builder, one, 1, NULL), GD_OK);
    char text[32];
    for (int64_t i = 0; i < GD_FRAME_MAXIMUM_CLASSES; i++) {
        (void)snprintf(text, sizeof text, "%lld", (long long)i);
        cr_assert_eq(gd_frame_builder_text(builder, text, NULL), GD_OK);
    }
    cr_assert_eq(gd_frame_builder_text(builder, "one more", &error), GD_INVALID_DATA);
    cr_assert(strstr(error.message, "'id'") != NULL);
    cr_assert_eq(gd_frame_builder_text(builder, "77", NULL), GD_OK);
    gd_frame_builder_destroy(builder);
}

Test(data_frame_builder, statistics_survive_a_huge_offset)
{
    const char *const one[] = {"x"};
    gd_frame_builder *builder = NULL;
    cr_assert_eq(gd_frame_builder_create(&builder, one, 1, NULL), GD_OK);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(gd_frame_builder_number(builder, 1e9 + (i % 2 == 0 ? 0.25 : -0.25), NULL),
                     GD_OK);
    }
    gd_frame *frame = NULL;
    cr_assert_eq(gd_frame_builder_finish(builder, &frame, NULL), GD_OK);
    cr_assert_eq(gd_frame_column(frame, 0)->mean, 1e9);
    cr_assert_float_eq(gd_frame_column(frame, 0)->standard_deviation, 0.25, 1e-12);
    gd_frame_destroy(frame);
    gd_frame_builder_destroy(builder);
}
