/*
 * npy.h: arrays in NPY files, as numpy.save writes them (NumPy Enhancement Proposal 1), into a frame
 * file.
 *
 * Versions 1 to 3 of the format; elements of type i1 i2 i4 i8, u1 u2 u4 u8, f4 and f8 in either byte
 * order; C and Fortran order. The first dimension counts the rows; the elements of a row, in C order,
 * become columns "v_0", "v_1", …, or "value" where there is one dimension only. Cells are kept in the
 * smallest type of the frame file that holds every one of them exactly. A NaN is a missing cell; an
 * infinity is refused, and an integer beyond ±2^53, which a double does not hold. Two passes over a
 * file on disk, memory independent of the number of rows.
 */
#ifndef DESCENT_NPY_H
#define DESCENT_NPY_H

#include <descent/frame.h>

#define GD_NPY_MAXIMUM_RANK 8
#define GD_NPY_MAGIC        "\x93NUMPY" /* first six bytes */

typedef struct gd_npy_report {
    int64_t rows, columns;
    int64_t rank;
    int64_t dimensions[GD_NPY_MAXIMUM_RANK]; /* the first is the rows */
} gd_npy_report;

/*
 * Reads `input` (a seekable descriptor, from its start) and writes a frame file to `output`. A file
 * whose header and length do not fit each other is GD_INVALID_DATA before anything is allocated.
 */
gd_status gd_npy_to_frame_file(int input, int output, gd_npy_report *report, gd_error *error);

#endif
