/*
 * sparse.h: rows of numbers most of which are zero, by their non-zeros alone.
 *
 * A matrix in compressed rows (CSR): what row r has stands at offsets[r] … offsets[r + 1] - 1 of
 * `indices`, ascending, and of the values. It stays so from the file to the first layer of a network
 * (gd_model_forward_sparse): nothing of the size rows × width is ever made. Ownership: a matrix points
 * into memory of somebody else's, as a rule a mapped frame file. Thread rule: plain data, immutable.
 */
#ifndef DESCENT_SPARSE_H
#define DESCENT_SPARSE_H

#include <descent/frame.h>
#include <descent/real.h>

#include <stdint.h>

#define GD_SPARSE_MAXIMUM_WIDTH ((int64_t)INT32_MAX)

typedef struct gd_sparse_matrix {
    int64_t row_count, width; /* width: numbers a row stands for */
    int64_t non_zeros;        /* offsets[row_count] */
    const int64_t *offsets;   /* [row_count + 1] */
    const uint32_t *indices;  /* [non_zeros], from 0 */
    const float *singles;     /* [non_zeros] values, or NULL where they are doubles */
    const double *doubles;
} gd_sparse_matrix;

/* Rows of a matrix as examples: example i is row list[i] or, without a list, row first + i. */
typedef struct gd_sparse_rows {
    const gd_sparse_matrix *matrix;
    const uint32_t *list;
    int64_t first;
} gd_sparse_rows;

/* Rows of a matrix as a forward pass takes them. */
typedef struct gd_sparse_batch {
    const gd_sparse_matrix *matrix;
    const uint32_t *rows; /* [batch] */
} gd_sparse_batch;

static inline double gd_sparse_value(const gd_sparse_matrix *matrix, int64_t at)
{
    return matrix->singles != NULL ? (double)matrix->singles[at] : matrix->doubles[at];
}

/* The sparse features beside the columns of a frame, or NULL. Of a joined frame those of its
 * first part. */
const gd_sparse_matrix *gd_frame_sparse(const gd_frame *frame);

/*
 * That offsets and indices lie within bounds and ascend, and that gd_real holds every value: opening a
 * file looks at none of them. GD_CORRUPT, or GD_INVALID_DATA with path "rows/<row>/<index>".
 */
gd_status gd_sparse_check(const gd_sparse_matrix *matrix, gd_error *error);

/* Statistics of the first `count` features over all rows, zeros included; names are left NULL. */
gd_status gd_sparse_describe(const gd_sparse_matrix *matrix, gd_column *columns, int64_t count,
                             gd_error *error);

#endif
