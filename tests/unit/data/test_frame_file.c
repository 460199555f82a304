/*
 * test_frame_file.c: a written frame comes back whole, and no damaged file is opened.
 */
#include "unit/data/frame_support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const table = "name,size,\"a b\"\noak,1.5,x\nelm,,y\n\xc3\xa9,-3e9,?\n";

static unsigned char *file_of(const char *text, size_t *length)
{
    gd_frame *frame = frame_of(text);
    int file = memory_file("", 0);
    cr_assert_eq(gd_frame_write(frame, file, NULL), GD_OK);
    gd_frame_destroy(frame);
    unsigned char *bytes = read_all(file, length);
    (void)close(file);
    return bytes;
}

static gd_status open_bytes(const unsigned char *bytes, size_t length, gd_frame **frame)
{
    gd_error error = {0};
    int file = memory_file(bytes, length);
    gd_status status = open_frame(frame, file, &error);
    (void)close(file);
    return status;
}

Test(data_frame_file, comes_back_whole)
{
    size_t length = 0;
    unsigned char *bytes = file_of(table, &length);
    cr_assert_eq(length % 8, 0);
    gd_frame *frame = NULL;
    cr_assert_eq(open_bytes(bytes, length, &frame), GD_OK);
    cr_assert_eq(gd_frame_row_count(frame), 3);
    cr_assert_eq(gd_frame_find(frame, "a b"), 2);
    const gd_column *name = gd_frame_column(frame, 0);
    cr_assert_eq(name->class_count, 3);
    cr_assert_str_eq(name->classes[2], "\xc3\xa9");
    cr_assert_eq(gd_frame_column(frame, 1)->missing, 1);
    cr_assert_eq(gd_frame_column(frame, 1)->minimum, -3e9);
    cr_assert_eq(cell_at(frame, 2, 1), -3e9);
    cr_assert(isnan(cell_at(frame, 1, 1)));
    cr_assert_str_eq(class_at(frame, 1, 2), "y");
    gd_frame_destroy(frame);
    free(bytes);
}

Test(data_frame_file, is_refused_truncated_at_every_byte)
{
    size_t length = 0;
    unsigned char *bytes = file_of(table, &length);
    for (size_t i = 0; i < length; i++) {
        gd_frame *frame = NULL;
        cr_assert_eq(open_bytes(bytes, i, &frame), GD_CORRUPT, "%zu bytes of %zu", i, length);
        cr_assert_null(frame);
    }
    free(bytes);
}

Test(data_frame_file, is_refused_with_any_byte_of_its_head_changed)
{
    size_t length = 0;
    unsigned char *bytes = file_of(table, &length);
    size_t cells = 3 * 3 * sizeof(double);
    size_t schema = 0;
    memcpy(&schema, bytes + 40, sizeof schema);
    cr_assert_leq(64 + schema, length - cells);
    for (size_t i = 0; i < 64 + schema; i++) {
        for (int bit = 0; bit < 8; bit += 3) {
            gd_frame *frame = NULL;
            bytes[i] ^= (unsigned char)(1U << bit);
            cr_assert_eq(open_bytes(bytes, length, &frame), GD_CORRUPT, "byte %zu", i);
            bytes[i] ^= (unsigned char)(1U << bit);
        }
    }
    free(bytes);
}

Test(data_frame_file, is_refused_with_bytes_too_many)
{
    size_t length = 0;
    unsigned char *bytes = file_of(table, &length);
    unsigned char *longer = calloc(length + 8, 1);
    cr_assert_not_null(longer);
    memcpy(longer, bytes, length);
    gd_frame *frame = NULL;
    cr_assert_eq(open_bytes(longer, length + 8, &frame), GD_CORRUPT);
    free(longer);
    free(bytes);
}

Test(data_frame_file, tells_missing_files_from_other_things)
{
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_frame_open(&frame, "no/such/file", &error), GD_NOT_FOUND);
    cr_assert_eq(gd_frame_open(&frame, ".", &error), GD_CORRUPT);
    cr_assert_null(frame);
}

Test(data_frame_file, reports_a_descriptor_that_cannot_be_written)
{
    gd_frame *frame = frame_of(table);
    gd_error error = {0};
    cr_assert_eq(gd_frame_write(frame, -1, &error), GD_IO_ERROR);
    gd_frame_destroy(frame);
}

Test(data_frame_file, holds_a_frame_without_rows)
{
    const char *const names[] = {"x"};
    gd_frame_builder *builder = NULL;
    gd_frame *frame = NULL;
    cr_assert_eq(gd_frame_builder_create(&builder, names, 1, NULL), GD_OK);
    cr_assert_eq(gd_frame_builder_finish(builder, &frame, NULL), GD_OK);
    int file = memory_file("", 0);
    cr_assert_eq(gd_frame_write(frame, file, NULL), GD_OK);
    gd_frame_destroy(frame);
    cr_assert_eq(open_frame(&frame, file, NULL), GD_OK);
    cr_assert_eq(gd_frame_row_count(frame), 0);
    gd_frame_destroy(frame);
    gd_frame_builder_destroy(builder);
    (void)close(file);
}
