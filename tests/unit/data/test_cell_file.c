/*
 * test_cell_file.c: cells in the smallest type that holds them, and back.
 */
#include "unit/data/frame_support.h"

#include "data/cell_file.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const gd_column two_columns[2] = {{.name = "a"}, {.name = "b"}};

/* Appends rows of two cells one by one and opens what came of it; closes the descriptor. */
static gd_frame *frame_of_cells(const double (*cells)[2], int64_t rows, gdi_cell_type *type)
{
    gdi_cell_file file;
    gd_frame *frame = NULL;
    gd_error error = {0};
    int output = memory_file("", 0);
    cr_assert_eq(gdi_cell_file_begin(&file, output, 2, &error), GD_OK);
    for (int64_t i = 0; i < rows; i++) {
        cr_assert_eq(gdi_cell_file_append(&file, cells[i], 1, &error), GD_OK);
    }
    cr_assert_eq(gdi_cell_file_finish(&file, two_columns, 0, &error), GD_OK);
    *type = file.type;
    gdi_cell_file_dispose(&file);
    cr_assert_eq(open_frame(&frame, output, &error), GD_OK, "%s", error.message);
    (void)close(output);
    return frame;
}

static void check(const double (*cells)[2], int64_t rows, gdi_cell_type expected)
{
    gdi_cell_type type = GDI_CELL_FLOAT64;
    gd_frame *frame = frame_of_cells(cells, rows, &type);
    cr_assert_eq(type, expected);
    cr_assert_eq(gd_frame_row_count(frame), rows);
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t column = 0; column < 2; column++) {
            double cell = cell_at(frame, row, column);
            cr_assert_eq(memcmp(&cell, &cells[row][column], sizeof cell), 0, "row %lld: %g",
                         (long long)row, cell);
        }
    }
    gd_frame_destroy(frame);
}

Test(data_cell_file, keeps_every_cell_in_the_smallest_type)
{
    check((const double[][2]){{0, 255}, {7, 1}}, 2, GDI_CELL_UINT8);
    check((const double[][2]){{0, 255}, {256, 1}, {65535, 2}}, 3, GDI_CELL_UINT16);
    check((const double[][2]){{0, 255}, {256, 1}, {65536, 2}}, 3, GDI_CELL_FLOAT64);
    check((const double[][2]){{3, 255}, {0.5, 1}}, 2, GDI_CELL_FLOAT64);
    check((const double[][2]){{3, 255}, {-1, 1}}, 2, GDI_CELL_FLOAT64);
    check((const double[][2]){{3, 255}, {-0.0, 1}}, 2, GDI_CELL_FLOAT64);
    check((const double[][2]){{3, 300}, {(double)NAN, 1}}, 2, GDI_CELL_FLOAT64);
    check((const double[][2]){{1e300, 5e-324}}, 1, GDI_CELL_FLOAT64);
}

Test(data_cell_file, widens_more_than_a_buffer_in_place)
{
    enum {
        ROWS = 50000
    };
    gdi_cell_file file;
    int output = memory_file("", 0);
    cr_assert_eq(gdi_cell_file_begin(&file, output, 2, NULL), GD_OK);
    for (int i = 0; i < ROWS; i++) {
        double cells[2] = {i < ROWS / 2 ? i % 251 : i, i == ROWS - 1 ? 0.25 : i % 7};
        cr_assert_eq(gdi_cell_file_append(&file, cells, 1, NULL), GD_OK);
    }
    cr_assert_eq(file.type, GDI_CELL_FLOAT64);
    cr_assert_eq(gdi_cell_file_replace_first(&file, (const double[]){-1.5, 2}, NULL), GD_OK);
    cr_assert_eq(gdi_cell_file_finish(&file, two_columns, 0, NULL), GD_OK);
    gdi_cell_file_dispose(&file);
    gd_frame *frame = NULL;
    cr_assert_eq(open_frame(&frame, output, NULL), GD_OK);
    (void)close(output);
    cr_assert_eq(cell_at(frame, 0, 0), -1.5);
    for (int i = 1; i < ROWS; i++) {
        cr_assert_eq(cell_at(frame, i, 0), i < ROWS / 2 ? i % 251 : i);
        cr_assert_eq(cell_at(frame, i, 1), i == ROWS - 1 ? 0.25 : i % 7);
    }
    gd_frame_destroy(frame);
}

Test(data_cell_file, numbers_classes_anew_and_leaves_out_the_first_row)
{
    gdi_cell_file file;
    int output = memory_file("", 0);
    const double cells[3][2] = {{0, 9}, {2, 8}, {1, 7}};
    int64_t ranks[] = {2, 0, 1};
    int64_t *all[] = {ranks, NULL};
    cr_assert_eq(gdi_cell_file_begin(&file, output, 2, NULL), GD_OK);
    cr_assert_eq(gdi_cell_file_append(&file, cells[0], 3, NULL), GD_OK);
    cr_assert_eq(gdi_cell_file_renumber(&file, all, NULL), GD_OK);
    cr_assert_eq(gdi_cell_file_finish(&file, two_columns, 1, NULL), GD_OK);
    gdi_cell_file_dispose(&file);
    gd_frame *frame = NULL;
    cr_assert_eq(open_frame(&frame, output, NULL), GD_OK);
    (void)close(output);
    cr_assert_eq(gd_frame_row_count(frame), 2);
    cr_assert_eq(cell_at(frame, 0, 0), 1.0);
    cr_assert_eq(cell_at(frame, 0, 1), 8.0);
    cr_assert_eq(cell_at(frame, 1, 0), 0.0);
    gd_frame_destroy(frame);
}

Test(data_cell_file, is_corrupt_with_any_byte_of_its_head_changed_or_cut)
{
    gdi_cell_file file;
    int output = memory_file("", 0);
    cr_assert_eq(gdi_cell_file_begin(&file, output, 2, NULL), GD_OK);
    cr_assert_eq(gdi_cell_file_append(&file, (const double[]){1, 2}, 1, NULL), GD_OK);
    cr_assert_eq(gdi_cell_file_finish(&file, two_columns, 0, NULL), GD_OK);
    gdi_cell_file_dispose(&file);
    size_t length = 0;
    unsigned char *bytes = read_all(output, &length);
    (void)close(output);
    for (size_t i = 0; i < length; i++) {
        gd_frame *frame = NULL;
        int cut = memory_file(bytes, i);
        cr_assert_eq(open_frame(&frame, cut, NULL), GD_CORRUPT, "%zu bytes", i);
        (void)close(cut);
        if (i == 64 || i == 65) {
            continue; /* the cells */
        }
        bytes[i] ^= 4;
        int changed = memory_file(bytes, length);
        cr_assert_eq(open_frame(&frame, changed, NULL), GD_CORRUPT, "byte %zu", i);
        (void)close(changed);
        bytes[i] ^= 4;
    }
    free(bytes);
}
