/*
 * test_preparation.c: fitting and applying: scaling, one-hot columns, missing cells, classes, errors,
 * and the way back.
 */
#include "unit/data/frame_support.h"

#include <descent/preparation.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE (16.0 * (double)GD_REAL_EPSILON)

static const int64_t first_rows[] = {0, 1, 2, 3, 4, 5, 6, 7};
static const int64_t column_indices[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Features: the first columns; targets: the following ones. */
static gd_preparation_options options_of(int64_t features, int64_t targets, gd_task task)
{
    return (gd_preparation_options){.features = column_indices,
                                    .feature_count = features,
                                    .targets = column_indices + features,
                                    .target_count = targets,
                                    .task = task};
}

static gd_preparation *fit(const gd_preparation_options *options, const gd_frame *frame,
                           int64_t rows)
{
    gd_preparation *preparation = NULL;
    gd_error error = {0};
    gd_status status = gd_preparation_fit(&preparation, options, frame, first_rows, rows, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    return preparation;
}

static void check_fit_refused(const gd_preparation_options *options, const gd_frame *frame,
                              int64_t rows, gd_status status, const char *part)
{
    gd_preparation *preparation = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_preparation_fit(&preparation, options, frame, first_rows, rows, &error), status,
                 "%s", error.message);
    cr_assert_null(preparation);
    cr_assert(strstr(error.message, part) != NULL, "'%s' lacks '%s'", error.message, part);
}

/* Applies to rows 0 … rows-1 and compares all features and targets that come out. */
static void check_apply(const gd_preparation *preparation, const gd_frame *frame, int64_t rows,
                        const double *features, const double *targets, int64_t expected)
{
    gd_real made[64] = {0};
    gd_real made_targets[64] = {0};
    int64_t prepared = -1;
    gd_error error = {0};
    gd_status status = gd_preparation_apply(preparation, frame, first_rows, rows, made,
                                            made_targets, &prepared, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    cr_assert_eq(prepared, expected);
    int64_t width = gd_preparation_feature_width(preparation);
    for (int64_t i = 0; i < expected * width; i++) {
        cr_assert_lt(fabs((double)made[i] - features[i]), TOLERANCE, "feature %lld: %g",
                     (long long)i, (double)made[i]);
    }
    int64_t target_width = gd_preparation_target_width(preparation);
    for (int64_t i = 0; i < expected * target_width; i++) {
        cr_assert_lt(fabs((double)made_targets[i] - targets[i]), TOLERANCE, "target %lld: %g",
                     (long long)i, (double)made_targets[i]);
    }
}

static void check_apply_refused(const gd_preparation *preparation, const gd_frame *frame,
                                int64_t rows, const char *path, const char *part)
{
    gd_real made[64] = {0};
    gd_real made_targets[64] = {0};
    int64_t prepared = -1;
    gd_error error = {0};
    cr_assert_eq(gd_preparation_apply(preparation, frame, first_rows, rows, made, made_targets,
                                      &prepared, &error),
                 GD_INVALID_DATA);
    cr_assert_str_eq(error.path, path);
    cr_assert(strstr(error.message, part) != NULL, "'%s' lacks '%s'", error.message, part);
}

Test(data_preparation, leaves_numbers_alone_without_scaling)
{
    gd_frame *frame = frame_of("a,y\n1,10\n2.5,20\n-3,40\n");
    gd_preparation_options options = options_of(1, 1, GD_TASK_REGRESSION);
    gd_preparation *preparation = fit(&options, frame, 3);
    check_apply(preparation, frame, 3, (double[]){1.0, 2.5, -3.0}, (double[]){10.0, 20.0, 40.0}, 3);
    double value = 0.0;
    gd_preparation_restore(preparation, (gd_real[]){7}, &value);
    cr_assert_eq(value, 7.0);
    cr_assert_eq(gd_preparation_class_count(preparation), 0);
    cr_assert_str_eq(gd_preparation_column(preparation, 0)->name, "a");
    cr_assert_null(gd_preparation_column(preparation, 1));
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, standardizes_with_the_training_rows_only)
{
    gd_frame *frame = frame_of("a,b,y\n1,5,10\n3,5,30\n11,6,110\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_STANDARDIZE;
    gd_preparation *preparation = fit(&options, frame, 2);
    cr_assert_eq(gd_preparation_column(preparation, 0)->mean, 2.0);
    check_apply(preparation, frame, 3, (double[]){-1.0, 0.0, 1.0, 0.0, 9.0, 1.0},
                (double[]){-1.0, 1.0, 9.0}, 3);
    double value = 0.0;
    gd_preparation_restore(preparation, (gd_real[]){9}, &value);
    cr_assert_float_eq(value, 110.0, 1e-12);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, scales_onto_the_unit_interval)
{
    gd_frame *frame = frame_of("a,b,y\n-2,5,10\n2,5,30\n4,5,20\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_MINMAX;
    gd_preparation *preparation = fit(&options, frame, 3);
    check_apply(preparation, frame, 3, (double[]){0.0, 0.0, 2.0 / 3.0, 0.0, 1.0, 0.0},
                (double[]){0.0, 1.0, 0.5}, 3);
    double value = 0.0;
    gd_preparation_restore(preparation, (gd_real[]){(gd_real)0.5}, &value);
    cr_assert_float_eq(value, 20.0, 1e-12);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, is_exact_for_a_huge_offset)
{
    gd_frame *frame = frame_of(
        "a,y\n1000000000.125,1\n1000000000.375,2\n1000000000.125,3\n"
        "1000000000.375,4\n");
    gd_preparation_options options = options_of(1, 1, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_STANDARDIZE;
    gd_preparation *preparation = fit(&options, frame, 4);
    double deviation = sqrt(1.25);
    check_apply(preparation, frame, 4, (double[]){-1.0, 1.0, -1.0, 1.0},
                (double[]){-1.5 / deviation, -0.5 / deviation, 0.5 / deviation, 1.5 / deviation},
                4);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, makes_one_hot_columns_of_the_classes_seen)
{
    gd_frame *frame = frame_of("color,x,y\nred,1,a\ngreen,2,b\nred,3,a\nblue,4,b\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_CLASSIFICATION);
    options.scaling = GD_SCALING_MINMAX;
    gd_preparation *preparation = fit(&options, frame, 3);
    cr_assert_eq(gd_preparation_feature_width(preparation), 3);
    cr_assert_eq(gd_preparation_column(preparation, 0)->class_count, 2);
    cr_assert_eq(gd_preparation_class_count(preparation), 2);
    cr_assert_str_eq(gd_preparation_class_name(preparation, 1), "b");
    cr_assert_not(gd_preparation_class_is_number(preparation));
    check_apply(preparation, frame, 3, (double[]){0, 1, 0, 1, 0, 0.5, 0, 1, 1}, (double[]){0, 1, 0},
                3);
    check_apply_refused(preparation, frame, 4, "rows/3/0", "'blue' in column 'color'");
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, finds_columns_by_name_and_classes_by_text)
{
    gd_frame *frame = frame_of("color,x,y\nred,1,a\ngreen,2,b\n");
    gd_frame *other = frame_of("y,z,color,x\nb,9,red,5\na,9,green,6\nb,9,amber,7\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_CLASSIFICATION);
    gd_preparation *preparation = fit(&options, frame, 2);
    check_apply(preparation, other, 2, (double[]){0, 1, 5, 1, 0, 6}, (double[]){1, 0}, 2);
    check_apply_refused(preparation, other, 3, "rows/2/2", "'amber' in column 'color'");
    gd_frame_destroy(other);
    other = frame_of("color,x\nred,1\ngreen,2\n");
    check_apply_refused(preparation, other, 1, "", "no column 'y'");
    gd_real features[3];
    int64_t prepared = 0;
    cr_assert_eq(
        gd_preparation_apply(preparation, other, first_rows, 1, features, NULL, &prepared, NULL),
        GD_OK);
    cr_assert_eq(prepared, 1);
    gd_frame_destroy(other);
    other = frame_of("color,x,y\n5,1,a\n7,2,b\n");
    check_apply_refused(preparation, other, 1, "", "column 'color' held texts");
    gd_frame_destroy(other);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, classifies_numbers_in_ascending_order)
{
    gd_frame *frame = frame_of("x,y\n1,2\n2,-1\n3,0.5\n4,2\n5,3\n");
    gd_preparation_options options = options_of(1, 1, GD_TASK_CLASSIFICATION);
    gd_preparation *preparation = fit(&options, frame, 4);
    cr_assert(gd_preparation_class_is_number(preparation));
    cr_assert_eq(gd_preparation_class_count(preparation), 3);
    cr_assert_eq(gd_preparation_class_number(preparation, 0), -1.0);
    cr_assert_str_eq(gd_preparation_class_name(preparation, 1), "0.5");
    cr_assert_str_eq(gd_preparation_class_name(preparation, 2), "2");
    cr_assert_null(gd_preparation_class_name(preparation, 3));
    cr_assert(isnan(gd_preparation_class_number(preparation, 3)));
    check_apply(preparation, frame, 4, (double[]){1, 2, 3, 4}, (double[]){2, 0, 1, 2}, 4);
    check_apply_refused(preparation, frame, 5, "rows/4/1", "class 3 in column 'y'");
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, refuses_a_target_class_that_training_never_saw)
{
    gd_frame *frame = frame_of("x,y\n1,a\n2,b\n3,a\n4,c\n");
    gd_preparation_options options = options_of(1, 1, GD_TASK_CLASSIFICATION);
    gd_preparation *preparation = fit(&options, frame, 3);
    check_apply_refused(preparation, frame, 4, "rows/3/1", "'c' in column 'y'");
    gd_preparation_destroy(preparation);
    check_fit_refused(&options, frame, 1, GD_INVALID_DATA, "'a' in every training row");
    gd_frame_destroy(frame);
}

Test(data_preparation, treats_missing_cells_as_asked)
{
    gd_frame *frame = frame_of("a,c,y\n1,u,10\n,v,20\n3,,30\n5,u,\n9,v,60\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_REGRESSION);
    check_fit_refused(&options, frame, 5, GD_INVALID_DATA,
                      "row 1 (from 0) has no value in column 'a'");
    options.missing = GD_MISSING_DROP;
    gd_preparation *preparation = fit(&options, frame, 5);
    cr_assert_eq(gd_preparation_column(preparation, 0)->mean, 5.0);
    check_apply(preparation, frame, 5, (double[]){1, 1, 0, 9, 0, 1}, (double[]){10, 60}, 2);
    gd_preparation_destroy(preparation);
    options.missing = GD_MISSING_MEAN;
    check_fit_refused(&options, frame, 5, GD_INVALID_DATA, "no value in column 'y'");
    preparation = fit(&options, frame, 3);
    check_apply(preparation, frame, 3, (double[]){1, 1, 0, 2, 0, 1, 3, 0, 0},
                (double[]){10, 20, 30}, 3);
    check_apply_refused(preparation, frame, 4, "rows/3/2", "no value in column 'y'");
    gd_preparation_destroy(preparation);
    options.scaling = GD_SCALING_MINMAX;
    preparation = fit(&options, frame, 3);
    check_apply(preparation, frame, 3, (double[]){0, 1, 0, 0.5, 0, 1, 1, 0, 0},
                (double[]){0, 0.5, 1}, 3);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, refuses_columns_without_values)
{
    gd_frame *frame = frame_of("a,c,y\n,u,1\n,,2\n3,v,3\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_REGRESSION);
    options.missing = GD_MISSING_MEAN;
    check_fit_refused(&options, frame, 2, GD_INVALID_DATA, "column 'a' has no value");
    options.missing = GD_MISSING_DROP;
    check_fit_refused(&options, frame, 2, GD_INVALID_DATA, "every training row");
    gd_frame_destroy(frame);
}

Test(data_preparation, reconstructs_features)
{
    gd_frame *frame = frame_of("a,c\n1,u\n3,v\n");
    gd_preparation_options options = options_of(2, 0, GD_TASK_RECONSTRUCTION);
    options.scaling = GD_SCALING_STANDARDIZE;
    gd_preparation *preparation = fit(&options, frame, 2);
    cr_assert_eq(gd_preparation_target_width(preparation), 3);
    const double expected[] = {-1, 1, 0, 1, 0, 1};
    check_apply(preparation, frame, 2, expected, expected, 2);
    double values[3];
    gd_preparation_restore(preparation, (gd_real[]){-1, 1, 0}, values);
    cr_assert_eq(values[0], 1.0);
    cr_assert_eq(values[1], 1.0);
    cr_assert_eq(values[2], 0.0);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, prepares_single_rows)
{
    gd_frame *frame = frame_of("a,c,y\n1,u,1\n3,v,2\n");
    gd_preparation_options options = options_of(2, 1, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_STANDARDIZE;
    gd_preparation *preparation = fit(&options, frame, 2);
    gd_real features[3] = {0};
    gd_error error = {0};
    cr_assert_eq(gd_preparation_apply_row(preparation, (double[]){5.0, 1.0}, features, &error),
                 GD_OK);
    cr_assert_float_eq((double)features[0], 3.0, TOLERANCE);
    cr_assert(features[1] == 0 && features[2] == 1);
    static const double bad[][2] = {{1.0, 2.0}, {1.0, -1.0}, {1.0, 0.5}, {1.0, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(gd_preparation_apply_row(preparation, bad[i], features, &error),
                     GD_INVALID_DATA);
        cr_assert_str_eq(error.path, "1");
    }
    cr_assert_eq(gd_preparation_apply_row(preparation, (double[]){INFINITY, 0.0}, features, &error),
                 GD_INVALID_DATA);
    cr_assert_str_eq(error.path, "0");
    gd_preparation_destroy(preparation);
    options.missing = GD_MISSING_MEAN;
    preparation = fit(&options, frame, 2);
    cr_assert_eq(gd_preparation_apply_row(preparation, (double[]){NAN, NAN}, features, &error),
                 GD_OK);
    cr_assert(features[0] == 0 && features[1] == 0 && features[2] == 0);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, refuses_values_that_do_not_fit)
{
    gd_frame *frame = frame_of("a,y\n-1.7e308,1\n1.7e308,2\n1,3\n");
    gd_preparation_options options = options_of(1, 1, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_STANDARDIZE;
    check_fit_refused(&options, frame, 3, GD_INVALID_DATA, "'a' are too far apart");
    options.scaling = GD_SCALING_MINMAX;
    check_fit_refused(&options, frame, 3, GD_INVALID_DATA, "'a' are too far apart");
    gd_frame_destroy(frame);
    frame = frame_of("a,y\n1,1\n1e300,2\n");
    options.scaling = GD_SCALING_NONE;
    gd_preparation *preparation = fit(&options, frame, 2);
#ifndef GD_REAL_DOUBLE
    check_apply_refused(preparation, frame, 2, "rows/1/0", "float32");
#endif
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation, refuses_bad_options)
{
    gd_frame *frame = frame_of("a,c,y\n1,u,1\n3,v,2\n");
    gd_preparation_options options = options_of(2, 0, GD_TASK_REGRESSION);
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "at least one target");
    options = options_of(1, 2, GD_TASK_CLASSIFICATION);
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "exactly one target");
    options = options_of(1, 1, GD_TASK_RECONSTRUCTION);
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "no target");
    options = options_of(1, 1, GD_TASK_REGRESSION);
    check_fit_refused(&options, frame, 2, GD_INVALID_DATA, "'c' holds texts");
    check_fit_refused(&options, frame, 0, GD_INVALID_DATA, "no training rows");
    options = options_of(2, 1, GD_TASK_REGRESSION);
    check_fit_refused(&options, frame, 3, GD_INVALID_ARGUMENT, "no row 2");
    options.targets = column_indices;
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "'a' is named twice");
    options.targets = column_indices + 3;
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "no column 3");
    options = options_of(0, 1, GD_TASK_REGRESSION);
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "must be a feature");
    options = options_of(2, 1, (gd_task)7);
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "no such task");
    options = options_of(2, 1, GD_TASK_REGRESSION);
    options.missing = (gd_missing)-1;
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "no such task");
    options.missing = GD_MISSING_ERROR;
    options.class_number_count = -1;
    check_fit_refused(&options, frame, 2, GD_INVALID_ARGUMENT, "classes");
    gd_frame_destroy(frame);
}

/* All rows of a real file: standardised columns have mean 0 and deviation 1, one-hot rows sum to 1. */
Test(data_preparation, prepares_the_census)
{
    gd_frame *frame = frame_of_file("tabular/adult-test.csv");
    int64_t count = gd_frame_row_count(frame);
    int64_t *rows = calloc((size_t)count, sizeof *rows);
    cr_assert_not_null(rows);
    for (int64_t i = 0; i < count; i++) {
        rows[i] = i;
    }
    int64_t features[14];
    for (int64_t i = 0; i < 14; i++) {
        features[i] = i;
    }
    int64_t target = 14;
    gd_preparation_options options = {.features = features,
                                      .feature_count = 14,
                                      .targets = &target,
                                      .target_count = 1,
                                      .task = GD_TASK_CLASSIFICATION,
                                      .scaling = GD_SCALING_STANDARDIZE,
                                      .missing = GD_MISSING_DROP};
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, count, NULL), GD_OK);
    int64_t width = gd_preparation_feature_width(preparation);
    /* 15060 rows are complete; none of them has the work class Never-worked. */
    cr_assert_eq(width, 6 + 7 + 16 + 7 + 14 + 6 + 5 + 2 + 40);
    gd_real *made = calloc((size_t)(count * width), sizeof *made);
    gd_real *targets = calloc((size_t)count, sizeof *targets);
    cr_assert(made != NULL && targets != NULL);
    int64_t prepared = 0;
    cr_assert_eq(
        gd_preparation_apply(preparation, frame, rows, count, made, targets, &prepared, NULL),
        GD_OK);
    cr_assert_eq(prepared, 15060);
    double sum = 0.0;
    double squares = 0.0;
    double rich = 0.0;
    for (int64_t i = 0; i < prepared; i++) {
        double ones = 0.0;
        for (int64_t j = 0; j < 7; j++) {
            ones += (double)made[i * width + 1 + j];
        }
        cr_assert_eq(ones, 1.0);
        sum += (double)made[i * width];
        squares += (double)made[i * width] * (double)made[i * width];
        rich += (double)targets[i];
    }
    cr_assert_float_eq(sum / (double)prepared, 0.0, 1e-6);
    cr_assert_float_eq(squares / (double)prepared, 1.0, 1e-6);
    cr_assert_eq(rich, 3700.0);
    free(made);
    free(targets);
    free(rows);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}
