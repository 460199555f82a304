/*
 * sparse_rows.h: a sparse matrix and the same rows written out, drawn from a seed.
 */
#ifndef TESTS_SUPPORT_SPARSE_ROWS_H
#define TESTS_SUPPORT_SPARSE_ROWS_H

#include <descent/sparse.h>

typedef struct sparse_rows {
    gd_sparse_matrix matrix; /* points into what follows; all of it owned */
    int64_t *offsets;
    uint32_t *indices;
    float *singles;
    double *doubles;
    gd_real *dense;   /* [rows, width] */
    gd_real *targets; /* [rows] 0 or 1, by a hidden weight of each feature */
} sparse_rows;

/* About `filled` non-zeros a row, of which every seventh has none. */
sparse_rows sparse_rows_create(int64_t rows, int64_t width, int64_t filled, bool doubles,
                               uint64_t seed);
void sparse_rows_destroy(sparse_rows *made);

#endif
