/*
 * test_idx.c: every element type is read exactly, and no header is believed that the file's length
 * does not bear out.
 */
#include "unit/data/frame_support.h"

#include <descent/idx.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gd_status read_idx(const void *bytes, size_t length, gd_idx_report *report, gd_frame **frame,
                          gd_error *error)
{
    int input = memory_file(bytes, length), output = memory_file("", 0);
    gd_status status = gd_idx_to_frame_file(input, output, report, error);
    if (status == GD_OK && frame != NULL) {
        status = open_frame(frame, output, error);
    }
    (void)close(input);
    (void)close(output);
    return status;
}

/* Three images of 2 × 2. */
static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0,   0, 0, 2, 0, 0,
                                       0, 2, 0, 1, 2, 3, 4, 5, 255, 7, 0, 9, 2, 11};

Test(data_idx, reads_images_of_bytes)
{
    gd_idx_report report;
    gd_frame *frame = NULL;
    cr_assert_eq(read_idx(images, sizeof images, &report, &frame, NULL), GD_OK);
    cr_assert_eq(report.rank, 3);
    cr_assert_eq(report.rows, 3);
    cr_assert_eq(report.columns, 4);
    cr_assert_eq(report.dimensions[2], 2);
    cr_assert_eq(gd_frame_row_count(frame), 3);
    cr_assert_eq(gd_frame_find(frame, "v_3"), 3);
    const gd_column *second = gd_frame_column(frame, 2);
    cr_assert_eq(second->minimum, 2);
    cr_assert_eq(second->maximum, 255);
    cr_assert_float_eq(second->mean, 259.0 / 3, 1e-12);
    for (int i = 0; i < 12; i++) {
        cr_assert_eq(cell_at(frame, i / 4, i % 4), images[16 + i]);
    }
    gd_frame_destroy(frame);
}

Test(data_idx, one_dimension_is_a_column_named_value)
{
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1};
    gd_frame *frame = NULL;
    cr_assert_eq(read_idx(labels, sizeof labels, NULL, &frame, NULL), GD_OK);
    cr_assert_eq(gd_frame_column_count(frame), 1);
    cr_assert_eq(gd_frame_find(frame, "value"), 0);
    cr_assert_eq(cell_at(frame, 0, 0), 7);
    gd_frame_destroy(frame);
}

Test(data_idx, reads_every_type_big_endian)
{
    static const struct {
        unsigned char type, bytes[8];
        size_t size;
        double value;
    } cases[] = {
        {0x09, {0xfe}, 1, -2},
        {0x0b, {0xff, 0x01}, 2, -255},
        {0x0c, {0x80, 0, 0, 1}, 4, -2147483647.0},
        {0x0d, {0xbf, 0xc0, 0, 0}, 4, -1.5},
        {0x0e, {0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}, 8, 0.1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[16] = {0, 0, cases[i].type, 1, 0, 0, 0, 1};
        memcpy(bytes + 8, cases[i].bytes, cases[i].size);
        gd_frame *frame = NULL;
        cr_assert_eq(read_idx(bytes, 8 + cases[i].size, NULL, &frame, NULL), GD_OK);
        cr_assert_eq(cell_at(frame, 0, 0), cases[i].value, "type %d", cases[i].type);
        gd_frame_destroy(frame);
    }
}

Test(data_idx, nan_is_missing_and_infinity_refused)
{
    unsigned char bytes[] = {0, 0, 0x0d, 1, 0, 0, 0, 2, 0x7f, 0xc0, 0, 0, 0x3f, 0x80, 0, 0};
    gd_frame *frame = NULL;
    cr_assert_eq(read_idx(bytes, sizeof bytes, NULL, &frame, NULL), GD_OK);
    cr_assert(isnan(cell_at(frame, 0, 0)));
    cr_assert_eq(gd_frame_column(frame, 0)->missing, 1);
    gd_frame_destroy(frame);
    bytes[9] = 0x80;
    gd_error error = {0};
    cr_assert_eq(read_idx(bytes, sizeof bytes, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert_not_null(strstr(error.message, "infinity"));
}

Test(data_idx, is_refused_truncated_at_every_byte_and_with_bytes_too_many)
{
    for (size_t length = 0; length < sizeof images; length++) {
        gd_error error = {0};
        cr_assert_eq(read_idx(images, length, NULL, NULL, &error), GD_INVALID_DATA, "%zu bytes",
                     length);
        cr_assert_neq(error.message[0], '\0');
    }
    unsigned char longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    cr_assert_eq(read_idx(longer, sizeof longer, NULL, NULL, NULL), GD_INVALID_DATA);
}

Test(data_idx, sizes_that_lie_are_refused_before_memory_is_taken)
{
    static const struct {
        size_t at;
        unsigned char byte;
    } changes[] = {{0, 1},   {1, 1},  {2, 7},   {2, 10},   {3, 0},  {3, 5},  {3, 255},
                   {4, 255}, {7, 0},  {8, 255}, {12, 255}, {11, 0}, {15, 0}, {11, 3},
                   {2, 14},  {2, 11}, {7, 255}, {3, 2},    {3, 4}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        unsigned char bytes[sizeof images];
        memcpy(bytes, images, sizeof bytes);
        bytes[changes[i].at] = changes[i].byte;
        cr_assert_eq(read_idx(bytes, sizeof bytes, NULL, NULL, NULL), GD_INVALID_DATA,
                     "byte %zu as %d", changes[i].at, changes[i].byte);
    }
    static const unsigned char all[20] = {0,   0,   8,   4,   255, 255, 255, 255, 255, 255,
                                          255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    cr_assert_eq(read_idx(all, sizeof all, NULL, NULL, NULL), GD_INVALID_DATA);
}

Test(data_idx, many_rows_pass_through_one_buffer)
{
    enum {
        ROWS = 30000,
        COLUMNS = 3
    };
    size_t length = 12 + (size_t)ROWS * COLUMNS;
    unsigned char *bytes = calloc(length, 1);
    cr_assert_not_null(bytes);
    memcpy(bytes,
           (const unsigned char[]){0, 0, 8, 2, 0, 0, ROWS >> 8, ROWS & 255, 0, 0, 0, COLUMNS}, 12);
    for (size_t i = 12; i < length; i++) {
        bytes[i] = (unsigned char)(i * 7 % 251);
    }
    gd_frame *frame = NULL;
    cr_assert_eq(read_idx(bytes, length, NULL, &frame, NULL), GD_OK);
    for (int64_t row = 0; row < ROWS; row += 977) {
        for (int64_t column = 0; column < COLUMNS; column++) {
            cr_assert_eq(cell_at(frame, row, column),
                         bytes[12 + (size_t)row * COLUMNS + (size_t)column]);
        }
    }
    gd_frame_destroy(frame);
    free(bytes);
}
