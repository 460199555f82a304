/*
 * test_preparation_state.c: a stored preparation comes back and prepares the same bytes; damage is
 * found.
 */
#include "unit/data/frame_support.h"

#include <descent/preparation.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const int64_t rows[] = {0, 1, 2, 3};
static const int64_t features[] = {0, 1};
static const char *const table = "a,c,y,k\n1,u,10,x\n2,v,20,y\n,u,30,x\n5,w,40,z\n";

/* Target 2 is numeric, 3 categorical. */
static gd_preparation *fit(gd_task task, const int64_t *target)
{
    gd_frame *frame = frame_of(table);
    gd_preparation_options options = {.features = features,
                                      .feature_count = 2,
                                      .targets = target,
                                      .target_count = task == GD_TASK_RECONSTRUCTION ? 0 : 1,
                                      .task = task,
                                      .scaling = GD_SCALING_STANDARDIZE,
                                      .missing = GD_MISSING_MEAN};
    gd_preparation *preparation = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 4, &error), GD_OK, "%s",
                 error.message);
    gd_frame_destroy(frame);
    return preparation;
}

static gd_status load(gd_preparation **preparation, const void *bytes, size_t length)
{
    gd_reader reader;
    gd_error error = {0};
    gd_reader_init(&reader, bytes, length);
    gd_status status = gd_preparation_load(preparation, &reader, &error);
    cr_assert_eq(status, reader.status);
    return status;
}

static void check_same(const gd_preparation *left, const gd_preparation *right)
{
    gd_frame *frame = frame_of(table);
    gd_real made[2][32];
    gd_real targets[2][32];
    memset(made, 0, sizeof made);
    memset(targets, 0, sizeof targets);
    int64_t prepared = 0;
    cr_assert_eq(gd_preparation_apply(left, frame, rows, 4, made[0], targets[0], &prepared, NULL),
                 GD_OK);
    cr_assert_eq(gd_preparation_apply(right, frame, rows, 4, made[1], targets[1], &prepared, NULL),
                 GD_OK);
    cr_assert_eq(memcmp(made[0], made[1], sizeof made[0]), 0);
    cr_assert_eq(memcmp(targets[0], targets[1], sizeof targets[0]), 0);
    cr_assert_eq(gd_preparation_task(left), gd_preparation_task(right));
    cr_assert_eq(gd_preparation_class_count(left), gd_preparation_class_count(right));
    for (int64_t i = 0; i < gd_preparation_class_count(left); i++) {
        cr_assert_str_eq(gd_preparation_class_name(left, i), gd_preparation_class_name(right, i));
    }
    cr_assert_eq(gd_preparation_class_is_number(left), gd_preparation_class_is_number(right));
    gd_frame_destroy(frame);
}

static const struct {
    gd_task task;
    int64_t target;
} kinds[] = {{GD_TASK_REGRESSION, 2},
             {GD_TASK_CLASSIFICATION, 2},
             {GD_TASK_CLASSIFICATION, 3},
             {GD_TASK_RECONSTRUCTION, 0}};

Test(data_preparation_state, comes_back)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        gd_preparation *preparation = fit(kinds[i].task, &kinds[i].target);
        gd_buffer buffer;
        gd_buffer_init(&buffer, 1 << 16);
        gd_preparation_save(preparation, &buffer);
        cr_assert_eq(buffer.status, GD_OK);
        gd_preparation *loaded = NULL;
        cr_assert_eq(load(&loaded, buffer.bytes, buffer.length), GD_OK);
        check_same(preparation, loaded);
        gd_buffer again;
        gd_buffer_init(&again, 1 << 16);
        gd_preparation_save(loaded, &again);
        cr_assert_eq(again.length, buffer.length);
        cr_assert_eq(memcmp(again.bytes, buffer.bytes, buffer.length), 0);
        gd_buffer_dispose(&again);
        gd_buffer_dispose(&buffer);
        gd_preparation_destroy(loaded);
        gd_preparation_destroy(preparation);
    }
}

Test(data_preparation_state, is_refused_truncated_at_every_byte)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        gd_preparation *preparation = fit(kinds[i].task, &kinds[i].target);
        gd_buffer buffer;
        gd_buffer_init(&buffer, 1 << 16);
        gd_preparation_save(preparation, &buffer);
        for (size_t length = 0; length < buffer.length; length++) {
            gd_preparation *loaded = NULL;
            cr_assert_eq(load(&loaded, buffer.bytes, length), GD_CORRUPT, "%zu bytes", length);
            cr_assert_null(loaded);
        }
        gd_buffer_dispose(&buffer);
        gd_preparation_destroy(preparation);
    }
}

/* Whatever byte is changed: refused, or a preparation that can be used and saved without harm. */
Test(data_preparation_state, survives_any_changed_byte)
{
    gd_frame *frame = frame_of(table);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        gd_preparation *preparation = fit(kinds[i].task, &kinds[i].target);
        gd_buffer buffer;
        gd_buffer_init(&buffer, 1 << 16);
        gd_preparation_save(preparation, &buffer);
        for (size_t at = 0; at < buffer.length; at++) {
            for (unsigned change = 1; change < 256; change = change * 2 + 1) {
                gd_preparation *loaded = NULL;
                buffer.bytes[at] ^= (unsigned char)change;
                gd_status status = load(&loaded, buffer.bytes, buffer.length);
                cr_assert(status == GD_OK || status == GD_CORRUPT);
                if (status == GD_OK && gd_preparation_feature_width(loaded) <= 8) {
                    gd_real made[32];
                    gd_real targets[32];
                    int64_t prepared = 0;
                    (void)gd_preparation_apply(loaded, frame, rows, 4, made, targets, &prepared,
                                               NULL);
                }
                gd_preparation_destroy(loaded);
                buffer.bytes[at] ^= (unsigned char)change;
            }
        }
        gd_buffer_dispose(&buffer);
        gd_preparation_destroy(preparation);
    }
    gd_frame_destroy(frame);
}
