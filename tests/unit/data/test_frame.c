/*
 * test_frame.c: two frames joined, and preparations of what windows, texts and images need of them.
 */
#include "unit/data/frame_support.h"

#include <descent/preparation.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define TOLERANCE (16.0 * (double)GD_REAL_EPSILON)

static const int64_t rows[] = {0, 1, 2, 3};

Test(data_frame, joined_rows_have_the_other_columns_cell_behind)
{
    gd_frame *left = frame_of("a,b\n1,x\n2,y\n3,x\n");
    gd_frame *right = frame_of("c,a\n7,red\n8,\n9,blue\n");
    gd_frame *joined = NULL;
    cr_assert_eq(gd_frame_join(&joined, left, right, 1, NULL, NULL), GD_OK);
    cr_assert_eq(gd_frame_column_count(joined), 3);
    cr_assert_str_eq(gd_frame_column(joined, 2)->name, "target");
    cr_assert_eq(gd_frame_find(joined, "target"), 2);
    cr_assert_eq(cell_at(joined, 1, 0), 2);
    cr_assert_str_eq(class_at(joined, 2, 1), "x");
    cr_assert_str_eq(class_at(joined, 2, 2), "blue");
    cr_assert(isnan(cell_at(joined, 1, 2)));
    cr_assert_eq(gd_frame_column(joined, 2)->missing, 1);
    int file = memory_file("", 0);
    cr_assert_eq(gd_frame_write(joined, file, NULL), GD_UNSUPPORTED);
    (void)close(file);
    gd_frame_destroy(joined);
    cr_assert_eq(gd_frame_join(&joined, left, right, 0, "label", NULL), GD_OK);
    cr_assert_eq(gd_frame_find(joined, "label"), 2);
    gd_frame_destroy(joined);
    cr_assert_eq(gd_frame_join(&joined, left, right, 2, NULL, NULL), GD_INVALID_ARGUMENT);
    gd_frame_destroy(right);
    right = frame_of("c\n7\n8\n");
    cr_assert_eq(gd_frame_join(&joined, left, right, 0, NULL, NULL), GD_SHAPE_MISMATCH);
    gd_frame_destroy(right);
    gd_frame_destroy(left);
}

Test(data_frame, a_joined_column_finds_a_name_that_is_free)
{
    gd_frame *left = frame_of("target,target_2,a,target_3\n1,2,3,4\n"), *right = frame_of("a\n5\n");
    gd_frame *joined = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_frame_join(&joined, left, right, 0, NULL, &error), GD_OK, "%s", error.message);
    cr_assert_str_eq(gd_frame_column(joined, 4)->name, "target_4");
    cr_assert_eq(cell_at(joined, 0, 4), 5);
    gd_frame_destroy(joined);
    gd_frame_destroy(right);
    gd_frame_destroy(left);
}

Test(data_frame, a_joined_target_prepares_like_one_of_the_same_file)
{
    gd_frame *left = frame_of("a,b\n1,10\n2,30\n3,20\n4,5\n"), *right = frame_of("c\n2\n4\n6\n9\n");
    gd_frame *one = frame_of("a,b,c\n1,10,2\n2,30,4\n3,20,6\n4,5,9\n"), *joined = NULL;
    cr_assert_eq(gd_frame_join(&joined, left, right, 0, NULL, NULL), GD_OK);
    const int64_t columns[] = {0, 1, 2};
    const gd_preparation_options options = {.features = columns,
                                            .feature_count = 2,
                                            .targets = columns + 2,
                                            .target_count = 1,
                                            .scaling = GD_SCALING_STANDARDIZE};
    gd_real features[2][8], targets[2][4];
    gd_frame *const frames[] = {joined, one};
    for (int i = 0; i < 2; i++) {
        gd_preparation *preparation = NULL;
        int64_t prepared = 0;
        cr_assert_eq(gd_preparation_fit(&preparation, &options, frames[i], rows, 4, NULL), GD_OK);
        cr_assert_eq(gd_preparation_apply(preparation, frames[i], rows, 4, features[i], targets[i],
                                          &prepared, NULL),
                     GD_OK);
        gd_preparation_destroy(preparation);
    }
    cr_assert_eq(memcmp(features[0], features[1], sizeof features[0]), 0);
    cr_assert_eq(memcmp(targets[0], targets[1], sizeof targets[0]), 0);
    gd_frame_destroy(joined);
    gd_frame_destroy(left);
    gd_frame_destroy(right);
    gd_frame_destroy(one);
}

Test(data_frame, overlap_lets_a_column_be_both)
{
    gd_frame *frame = frame_of("a\n1\n2\n3\n4\n");
    const int64_t column = 0;
    gd_preparation_options options = {
        .features = &column, .feature_count = 1, .targets = &column, .target_count = 1};
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 4, NULL),
                 GD_INVALID_ARGUMENT);
    options.overlap = true;
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 4, NULL), GD_OK);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_frame, symbols_are_class_numbers_of_all_classes)
{
    gd_frame *frame = frame_of("c\nx\nz\nx\ny\n");
    const int64_t column = 0;
    const gd_preparation_options options = {.features = &column,
                                            .feature_count = 1,
                                            .targets = &column,
                                            .target_count = 1,
                                            .task = GD_TASK_CLASSIFICATION,
                                            .overlap = true,
                                            .symbols = true};
    gd_preparation *fitted = NULL, *preparation = NULL;
    /* The last row, the only "y", is not fitted on. */
    cr_assert_eq(gd_preparation_fit(&fitted, &options, frame, rows, 3, NULL), GD_OK);
    gd_buffer buffer;
    gd_buffer_init(&buffer, 1 << 16);
    gd_preparation_save(fitted, &buffer);
    gd_reader reader;
    gd_reader_init(&reader, buffer.bytes, buffer.length);
    cr_assert_eq(gd_preparation_load(&preparation, &reader, NULL), GD_OK);
    cr_assert(gd_preparation_has_symbols(preparation));
    cr_assert_eq(gd_preparation_feature_width(preparation), 1);
    cr_assert_eq(gd_preparation_class_count(preparation), 3);
    gd_real features[4], targets[4];
    int64_t prepared = 0;
    cr_assert_eq(
        gd_preparation_apply(preparation, frame, rows, 4, features, targets, &prepared, NULL),
        GD_OK);
    const gd_real expected[] = {0, 2, 0, 1};
    cr_assert_eq(memcmp(features, expected, sizeof expected), 0);
    cr_assert_eq(memcmp(targets, expected, sizeof expected), 0);
    gd_buffer_dispose(&buffer);
    gd_preparation_destroy(fitted);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_frame, one_scale_is_that_of_all_features)
{
    gd_frame *frame = frame_of("a,b,k,y\n0,100,7,1\n10,250,7,2\n20,255,7,3\n5,0,7,4\n");
    const int64_t columns[] = {0, 1, 2, 3};
    gd_preparation_options options = {.features = columns,
                                      .feature_count = 3,
                                      .targets = columns + 3,
                                      .target_count = 1,
                                      .scaling = GD_SCALING_MINMAX,
                                      .one_scale = true};
    static const double raw[] = {0, 100, 7, 10, 250, 7, 20, 255, 7, 5, 0, 7};
    double sum = 0, squares = 0;
    for (int i = 0; i < 12; i++) {
        sum += raw[i];
    }
    for (int i = 0; i < 12; i++) {
        squares += (raw[i] - sum / 12) * (raw[i] - sum / 12);
    }
    for (int standardize = 0; standardize < 2; standardize++) {
        gd_real features[12], targets[4];
        int64_t prepared = 0;
        gd_preparation *preparation = NULL;
        options.scaling = standardize ? GD_SCALING_STANDARDIZE : GD_SCALING_MINMAX;
        cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 4, NULL), GD_OK);
        cr_assert_eq(
            gd_preparation_apply(preparation, frame, rows, 4, features, targets, &prepared, NULL),
            GD_OK);
        for (int i = 0; i < 12; i++) {
            double expected = standardize ? (raw[i] - sum / 12) / sqrt(squares / 12) : raw[i] / 255;
            cr_assert_lt(fabs((double)features[i] - expected), TOLERANCE, "%d: %g", i,
                         (double)features[i]);
        }
        gd_preparation_destroy(preparation);
    }
    gd_frame_destroy(frame);
}
