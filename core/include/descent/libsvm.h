/*
 * libsvm.h: sparse examples in the text form of LIBSVM and SVMlight, into a sparse frame file.
 *
 * A line is `label index:value index:value … # comment`, separated by blanks or tabs; lines that are
 * empty or comments are passed over. Labels and values are finite decimal numbers. Indices count from
 * 1 and ascend; an explicit zero is not kept. Refused, with the number of the line: several labels
 * ("1,3"), `qid:`, an index of 0, one that comes twice or out of order. The label becomes the column
 * "label"; feature n is index n, which the matrix (sparse.h) holds as n - 1. Two passes, memory
 * independent of the size of the file and of its lines.
 */
#ifndef DESCENT_LIBSVM_H
#define DESCENT_LIBSVM_H

#include <descent/sparse.h>

#define GD_LIBSVM_LABEL "label"

typedef struct gd_libsvm_report {
    int64_t rows;
    int64_t width; /* features */
    int64_t non_zeros;
} gd_libsvm_report;

/*
 * Reads `input` (a seekable descriptor, from its start) and writes a frame file to `output`. `width`
 * is the number of features, beyond which an index is refused; 0: the largest index there is. Values
 * are kept as float32 where that holds every one of them exactly, else as float64.
 */
gd_status gd_libsvm_to_frame_file(int input, int output, int64_t width, gd_libsvm_report *report,
                                  gd_error *error);

/* The first of the passes over bytes in memory: whether they are such a file. */
gd_status gd_libsvm_check(const void *bytes, size_t length, int64_t width, gd_libsvm_report *report,
                          gd_error *error);

#endif
