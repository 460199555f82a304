/*
 * frame_layout.h: what a frame is inside, and the frame file's layout.
 *
 * File, all little-endian: 64 bytes of prefix; the schema; zeros up to a multiple of 64; cells,
 * row-major. Prefix: magic (8 bytes), byte order mark (u64), version (u32), cell type (u8: 1
 * float64, 2 uint8, 3 uint16: whole numbers or class numbers, none missing; 4 float32), three zero
 * bytes, rows, columns, bytes of schema, checksum of all of prefix and schema but itself, place of
 * the cells (u64 each). That place is 0 for the order above; otherwise the cells begin there and
 * the schema stands right behind them, as a reader writes it that knows its columns only at the
 * end. Schema, for each
 * column: name, kind (u8), missing (u64), minimum, maximum, mean, standard deviation (f64), class
 * count (u64), classes; a text is its length with the closing NUL (u64) and its bytes with the NUL,
 * so that an opened frame's names point into the map.
 */
#ifndef DESCENT_DATA_FRAME_LAYOUT_H
#define DESCENT_DATA_FRAME_LAYOUT_H

#include "data/statistics.h"
#include "data/text_index.h"

#include <descent/frame.h>
#include <descent/sparse.h>

typedef enum gdi_cell_type {
    GDI_CELL_FLOAT64 = 1,
    GDI_CELL_UINT8 = 2,
    GDI_CELL_UINT16 = 3,
    GDI_CELL_FLOAT32 = 4
} gdi_cell_type;

struct gd_frame {
    int64_t row_count, column_count;
    gd_column *columns;    /* [column_count] */
    gdi_text_index *names; /* numbers are column indices */
    gdi_cell_type cell_type;
    const void *cells; /* [row_count, column_count] of that type; NULL when joined */
    const gd_frame
        *parts[2];           /* when joined, borrowed: all of the first, one column of the second */
    int64_t joined_column;   /* in the second */
    double *owned_cells;     /* cells when built in memory, else NULL */
    gdi_text_index **texts;  /* [column_count] holders of classes when built in memory, else NULL */
    gd_sparse_matrix sparse; /* features beside the columns (sparse_file.h); no offsets: none */
    void *map;               /* the file when opened, else NULL */
    size_t map_length;
};

/* Bytes of a cell; 0 for a type that is none. */
size_t gdi_cell_size(gdi_cell_type type);

/* Row `row` as [column_count] doubles: the frame's own cells, or `scratch` filled. */
const double *gdi_frame_row(const gd_frame *frame, int64_t row, double *scratch);

/*
 * `count` cells of row `row` from column `column` on, all of one frame and not of a joined one: the
 * frame's own, or `scratch` filled.
 */
const double *gdi_frame_cells(const gd_frame *frame, int64_t row, int64_t column, int64_t count,
                              double *scratch);

/* Index of the column of that name, or -1; where it should be is looked at first. */
int64_t gdi_frame_find_near(const gd_frame *frame, const char *name, int64_t guess);

/* The frame that column stands in, the given one where it is not joined, and its index there. */
const gd_frame *gdi_frame_leaf(const gd_frame *frame, int64_t column, int64_t *index);

/* An empty frame with `column_count` empty columns; NULL without memory. */
gd_frame *gdi_frame_create(int64_t column_count);

/* Copies the statistics of present cells into a column; a categorical one has none but `missing`. */
void gdi_column_describe(gd_column *column, const gdi_statistics *statistics, int64_t missing);

#define GDI_ELEMENT_NAME 24 /* bytes of "v_99999", and more */

/* The column an element of a row becomes: "v_<index>", or "value" where rows have one alone. */
void gdi_name_element(char name[GDI_ELEMENT_NAME], int64_t index, bool alone);

/* *classes = newly allocated array of the index's texts in their order; false without memory. */
bool gdi_column_list_classes(gd_column *column, const gdi_text_index *texts);

/* Writes prefix, schema and padding of a frame file to a descriptor; cells come right behind. */
gd_status gdi_frame_write_head(int descriptor, const gd_column *columns, int64_t column_count,
                               int64_t row_count, gdi_cell_type cell_type, gd_error *error);

/*
 * The prefix at the start and the schema behind cells that stand in the file already, from byte
 * `cells` on (64 at least, a multiple of the cell's size); cuts off what comes after.
 */
gd_status gdi_frame_write_around(int descriptor, const gd_column *columns, int64_t column_count,
                                 int64_t row_count, gdi_cell_type cell_type, int64_t cells,
                                 gd_error *error);

/* Reads exactly `length` bytes at `offset`; a shorter file is an error. */
gd_status gdi_read_at(int descriptor, void *bytes, size_t length, size_t offset, gd_error *error);

/* Writes all bytes to a descriptor, at its position or at `offset`. */
gd_status gdi_write_all(int descriptor, const void *bytes, size_t length, gd_error *error);
gd_status gdi_write_at(int descriptor, const void *bytes, size_t length, int64_t offset,
                       gd_error *error);

#endif
