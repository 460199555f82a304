/*
 * npy_head.h: the header of an NPY file: magic, version, length, and a Python dictionary of 'descr',
 * 'fortran_order' and 'shape'. Strict and bounded: nothing but what numpy.save can have written is
 * taken, and nothing is allocated.
 */
#ifndef DESCENT_DATA_NPY_HEAD_H
#define DESCENT_DATA_NPY_HEAD_H

#include <descent/npy.h>

#include <stddef.h>

#define GDI_NPY_HEAD_MAXIMUM ((size_t)1 << 16) /* bytes of a header; numpy.load takes 10,000 */

typedef enum gdi_npy_kind {
    GDI_NPY_SIGNED,
    GDI_NPY_UNSIGNED,
    GDI_NPY_FLOAT
} gdi_npy_kind;

typedef struct gdi_npy_head {
    gdi_npy_kind kind;
    size_t element_size; /* bytes: 1, 2, 4 or 8 */
    bool big_endian;
    bool fortran_order;
    int64_t rank;                            /* at least 1 */
    int64_t dimensions[GD_NPY_MAXIMUM_RANK]; /* each at least 1 */
    size_t length;                           /* bytes before the first element */
} gdi_npy_head;

/*
 * Reads the header at the start of `bytes` [length], of a file that may go on behind them; whole
 * headers are at most GDI_NPY_HEAD_MAXIMUM bytes. GD_INVALID_DATA says what is wrong with it.
 */
gd_status gdi_npy_head_read(gdi_npy_head *head, const unsigned char *bytes, size_t length,
                            gd_error *error);

#endif
