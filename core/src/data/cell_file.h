/*
 * cell_file.h: the cells of a frame file, written as they come, in the smallest type that holds them.
 *
 * A file begins with uint8 cells. The first cell that is no whole number of 0 to 255 makes all of
 * them uint16, and one that does not fit that float64: what stands there is widened in place, which
 * happens twice at most. So every cell is kept to the last bit. Thread rule: one owner.
 */
#ifndef DESCENT_DATA_CELL_FILE_H
#define DESCENT_DATA_CELL_FILE_H

#include "data/frame_layout.h"

typedef struct gdi_cell_file {
    int descriptor;
    gdi_cell_type type;
    int64_t columns, written; /* of a row; cells so far */
    unsigned char *bytes;     /* [a buffer] cells on their way, as they stand in the file */
    double *cells;            /* as many, as doubles */
} gdi_cell_file;

/* Takes the descriptor, whose file is empty or may be overwritten; _dispose is due in every case. */
gd_status gdi_cell_file_begin(gdi_cell_file *file, int descriptor, int64_t columns,
                              gd_error *error);
void gdi_cell_file_dispose(gdi_cell_file *file);

/* Appends [rows, columns] cells; NaN where one is missing. */
gd_status gdi_cell_file_append(gdi_cell_file *file, const double *cells, int64_t rows,
                               gd_error *error);

/* Writes the first row anew. */
gd_status gdi_cell_file_replace_first(gdi_cell_file *file, const double *cells, gd_error *error);

/*
 * Numbers classes anew: a cell k of column j becomes ranks[j][k] where ranks[j] is not NULL. Such a
 * column holds whole numbers or missing cells, and ranks[j] puts the numbers in it in another order,
 * so that no cell becomes wider.
 */
gd_status gdi_cell_file_renumber(gdi_cell_file *file, int64_t *const *ranks, gd_error *error);

/* Prefix and schema around the rows from `first` on, 0 or 1. */
gd_status gdi_cell_file_finish(gdi_cell_file *file, const gd_column *columns, int64_t first,
                               gd_error *error);

#endif
