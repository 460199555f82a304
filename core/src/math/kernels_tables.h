/*
 * kernels_tables.h: the kernel tables compiled in, and the sizes their products share.
 *
 * Each table comes from kernels.inc compiled with its own flags (kernels_baseline.c, kernels_avx2.c,
 * kernels_avx512.c). Only kernels.c may hand them out: it asks the processor first.
 */
#ifndef DESCENT_MATH_KERNELS_TABLES_H
#define DESCENT_MATH_KERNELS_TABLES_H

#include "math/kernels.h"

/* Bytes of one row of a packed panel: two of the widest vectors. */
#define GDI_PRODUCT_PANEL_BYTES ((size_t)128)

/* Whether blocks of `left`, stored by rows, are copied, and how many rows at a time. */
#define GDI_PRODUCT_PACKS_LEFT(rows, columns, inner) \
    ((rows) > 64 && (columns) >= 512 && (inner) >= 1024)
#define GDI_PRODUCT_LEFT_ROWS ((size_t)192)

/* Bytes of panels that stay in the cache next but one while pieces of a product use them. */
#define GDI_PIECE_PANELS  ((size_t)256 << 10)
#define GDI_PIECE_COLUMNS ((size_t)1024)
#define GDI_PIECE_ROWS    ((size_t)12) /* at most */

#define GDI_PRODUCT_TURNED_ROWS ((size_t)192)
/*
 * Whether the rows of `left` are turned and packed rather than the columns of `right` where both are
 * stored side by side: where rows fill vectors and are few, so that much less is to be turned.
 */
#define GDI_PRODUCT_TURNS(rows, columns, inner)                                          \
    ((rows) % 16 == 0 && (rows) <= GDI_PRODUCT_TURNED_ROWS && (columns) >= 2 * (rows) && \
     (inner) >= 128)

/* Columns of such a product whose sums stay turned, and in the second cache, till they are whole. */
#define GDI_PRODUCT_STRIP ((size_t)1024)

extern const gdi_kernels gdi_kernels_baseline;
#if defined(__x86_64__)
extern const gdi_kernels gdi_kernels_avx2;
extern const gdi_kernels gdi_kernels_avx512;
#endif

#endif
