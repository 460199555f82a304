/*
 * tables.c: see tables.h.
 */
#include "fuzz/tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_LOOKED_AT 2000

gd_status fuzz_open_frame(gd_frame **frame, int descriptor)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return gd_frame_open(frame, path, NULL);
}

static void expect_column(const gd_frame *frame, int64_t index)
{
    const gd_column *column = gd_frame_column(frame, index);
    FUZZ_REQUIRE(column->name[0] != '\0' && strlen(column->name) <= GD_FRAME_MAXIMUM_NAME);
    FUZZ_REQUIRE(gd_frame_find(frame, column->name) == index);
    FUZZ_REQUIRE(column->missing >= 0 && column->missing <= gd_frame_row_count(frame));
    FUZZ_REQUIRE(column->kind == GD_COLUMN_CATEGORICAL || column->class_count == 0);
    for (int64_t i = 0; i < column->class_count; i++) {
        FUZZ_REQUIRE(strlen(column->classes[i]) <= GD_FRAME_MAXIMUM_NAME);
        FUZZ_REQUIRE(i == 0 || strcmp(column->classes[i - 1], column->classes[i]) < 0);
    }
}

static void expect_cell(const gd_column *column, double cell)
{
    if (isnan(cell)) {
        FUZZ_REQUIRE(column->missing > 0);
    } else if (column->kind == GD_COLUMN_CATEGORICAL) {
        FUZZ_REQUIRE(cell >= 0 && cell < (double)column->class_count && cell == floor(cell));
    } else {
        FUZZ_REQUIRE(isfinite(cell) && cell >= column->minimum && cell <= column->maximum);
    }
}

void fuzz_expect_frame(const gd_frame *frame, bool trusted)
{
    int64_t columns = gd_frame_column_count(frame), rows = gd_frame_row_count(frame);
    FUZZ_REQUIRE(columns > 0 && columns <= GD_FRAME_MAXIMUM_COLUMNS && rows >= 0);
    for (int64_t i = 0; i < columns; i++)
        expect_column(frame, i);
    double *cells = malloc((size_t)columns * sizeof *cells);
    FUZZ_REQUIRE(cells != NULL);
    for (int64_t row = 0; row < rows && row < ROWS_LOOKED_AT; row++) {
        gd_frame_read_row(frame, row, cells);
        for (int64_t i = 0; trusted && i < columns; i++)
            expect_cell(gd_frame_column(frame, i), cells[i]);
    }
    free(cells);
}

void fuzz_expect_read(gd_status status, const gd_error *error, int output, int64_t rows,
                      int64_t columns)
{
    if (status != GD_OK) {
        FUZZ_REQUIRE(error->message[0] != '\0');
        return;
    }
    gd_frame *frame = NULL;
    FUZZ_REQUIRE(fuzz_open_frame(&frame, output) == GD_OK);
    FUZZ_REQUIRE(gd_frame_row_count(frame) == rows && gd_frame_column_count(frame) == columns);
    fuzz_expect_frame(frame, true);
    gd_frame_destroy(frame);
}

gd_frame *fuzz_small_frame(void)
{
    static const char *const names[] = {"width", "height", "kind"};
    static const char *const kinds[] = {"tower", "bridge", "dam"};
    gd_frame_builder *builder = NULL;
    gd_frame *frame = NULL;
    FUZZ_REQUIRE(gd_frame_builder_create(&builder, names, 3, NULL) == GD_OK);
    for (int row = 0; row < 12; row++) {
        gd_status status = row == 5 ? gd_frame_builder_missing(builder, NULL)
                                    : gd_frame_builder_number(builder, row * 0.25, NULL);
        FUZZ_REQUIRE(status == GD_OK);
        FUZZ_REQUIRE(gd_frame_builder_number(builder, 100 - row, NULL) == GD_OK);
        FUZZ_REQUIRE(gd_frame_builder_text(builder, kinds[row % 3], NULL) == GD_OK);
    }
    FUZZ_REQUIRE(gd_frame_builder_finish(builder, &frame, NULL) == GD_OK);
    gd_frame_builder_destroy(builder);
    return frame;
}
