/*
 * transpose.h: matrices stored by rows into matrices stored by columns. Pure function; any thread.
 */
#ifndef NN_TRANSPOSE_H
#define NN_TRANSPOSE_H

#include <descent/real.h>

#include <stddef.h>

/* to [columns, rows] = transpose of from [rows, columns]; they may not overlap. */
void gdi_transpose(const gd_real *from, gd_real *to, size_t rows, size_t columns);

#endif
