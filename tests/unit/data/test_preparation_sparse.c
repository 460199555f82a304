/*
 * test_preparation_sparse.c: of sparse rows a preparation prepares the targets alone, knows its width,
 * and comes back from its bytes.
 */
#include "unit/data/frame_support.h"

#include <descent/libsvm.h>
#include <descent/preparation.h>

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static gd_frame *sparse_frame(void)
{
    static const char text[] = "1 1:1 5:2\n-1 2:1\n1 3:1\n";
    int input = memory_file(text, strlen(text)), output = memory_file("", 0);
    gd_frame *frame = NULL;
    cr_assert_eq(gd_libsvm_to_frame_file(input, output, 0, NULL, NULL), GD_OK);
    cr_assert_eq(open_frame(&frame, output, NULL), GD_OK);
    (void)close(input);
    (void)close(output);
    return frame;
}

static const int64_t label = 0, rows[] = {0, 1, 2};

static gd_preparation_options options_of(gd_scaling scaling)
{
    return (gd_preparation_options){.targets = &label,
                                    .target_count = 1,
                                    .task = GD_TASK_CLASSIFICATION,
                                    .scaling = scaling,
                                    .sparse_width = 5};
}

Test(data_preparation_sparse, targets_are_prepared_and_the_width_is_known)
{
    gd_frame *frame = sparse_frame();
    gd_preparation_options options = options_of(GD_SCALING_NONE);
    gd_preparation *preparation = NULL;
    gd_real targets[3];
    int64_t prepared = 0;
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 3, NULL), GD_OK);
    cr_expect_eq(gd_preparation_feature_width(preparation), 5);
    cr_expect_eq(gd_preparation_sparse_width(preparation), 5);
    cr_expect_eq(gd_preparation_column_count(preparation), 0);
    cr_assert_eq(gd_preparation_apply(preparation, frame, rows, 3, NULL, targets, &prepared, NULL),
                 GD_OK);
    cr_expect_eq(prepared, 3);
    cr_expect(targets[0] == 1 && targets[1] == 0 && targets[2] == 1);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation_sparse, comes_back_from_its_bytes_and_from_no_others)
{
    gd_frame *frame = sparse_frame();
    gd_preparation_options options = options_of(GD_SCALING_NONE);
    gd_preparation *preparation = NULL, *loaded = NULL;
    gd_buffer buffer;
    gd_reader reader;
    gd_buffer_init(&buffer, 1 << 20);
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 3, NULL), GD_OK);
    gd_preparation_save(preparation, &buffer);
    gd_reader_init(&reader, buffer.bytes, buffer.length);
    cr_assert_eq(gd_preparation_load(&loaded, &reader, NULL), GD_OK);
    cr_expect_eq(gd_preparation_sparse_width(loaded), 5);
    cr_expect_eq(gd_preparation_class_count(loaded), 2);
    gd_preparation_destroy(loaded);
    for (size_t length = 0; length < buffer.length; length++) {
        gd_reader_init(&reader, buffer.bytes, length);
        cr_assert_neq(gd_preparation_load(&loaded, &reader, NULL), GD_OK, "%zu bytes", length);
    }
    gd_buffer_dispose(&buffer);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(data_preparation_sparse, scaling_and_a_width_that_cannot_be_are_refused)
{
    gd_frame *frame = sparse_frame();
    gd_preparation_options options = options_of(GD_SCALING_STANDARDIZE);
    gd_preparation *preparation = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 3, &error),
                 GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "scaling");
    cr_expect_null(preparation);
    options.scaling = GD_SCALING_NONE;
    options.sparse_width = GD_SPARSE_MAXIMUM_WIDTH + 1;
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 3, &error),
                 GD_INVALID_ARGUMENT);
    gd_frame_destroy(frame);
}
