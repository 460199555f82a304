/*
 * transpose.c: block by block, so that what is read along and what is written across both stay in the
 * cache next to the core.
 */
#include "nn/transpose.h"

#define BLOCK ((size_t)16) /* rows and columns */

static size_t end_of_block(size_t start, size_t count)
{
    return count - start < BLOCK ? count : start + BLOCK;
}

static void transpose_block(const gd_real *from, gd_real *to, size_t rows, size_t columns,
                            size_t first_row, size_t first_column)
{
    const size_t row_end = end_of_block(first_row, rows);
    const size_t column_end = end_of_block(first_column, columns);
    for (size_t c = first_column; c < column_end; c++) {
        for (size_t r = first_row; r < row_end; r++) {
            to[c * rows + r] = from[r * columns + c];
        }
    }
}

void gdi_transpose(const gd_real *from, gd_real *to, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; r += BLOCK) {
        for (size_t c = 0; c < columns; c += BLOCK) {
            transpose_block(from, to, rows, columns, r, c);
        }
    }
}
