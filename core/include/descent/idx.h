/*
 * idx.h: arrays in IDX files, as the MNIST data come (Y. LeCun), into a frame file.
 *
 * An IDX file is two zero bytes, the type of its elements, the number of dimensions, each dimension
 * (32 bits) and the elements, all big-endian: ubyte (8), byte (9), short (11), int (12), float
 * (13), double (14). The first dimension counts the rows; the elements of a row become columns
 * "v_0", "v_1", …, or "value" where there is one dimension only. Unsigned bytes stay bytes in the
 * frame file. A NaN is a missing cell; an infinity is refused. Two passes over a file on disk,
 * memory independent of the number of rows.
 */
#ifndef DESCENT_IDX_H
#define DESCENT_IDX_H

#include <descent/frame.h>

#define GD_IDX_MAXIMUM_RANK 4

typedef struct gd_idx_report {
    int64_t rows, columns;
    int64_t rank;
    int64_t dimensions[GD_IDX_MAXIMUM_RANK]; /* the first is the rows */
} gd_idx_report;

/*
 * Reads `input` (a seekable descriptor, from its start) and writes a frame file to `output`. A file
 * whose header and length do not fit each other is GD_INVALID_DATA before anything is allocated.
 */
gd_status gd_idx_to_frame_file(int input, int output, gd_idx_report *report, gd_error *error);

#endif
