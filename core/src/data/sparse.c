/*
 * sparse.c: what is asked of a sparse matrix as a whole (sparse.h).
 */
#include <descent/sparse.h>

#include "base/memory.h"
#include "data/frame_layout.h"

#include <math.h>
#include <stdio.h>

const gd_sparse_matrix *gd_frame_sparse(const gd_frame *frame)
{
    while (frame->parts[0] != NULL) {
        frame = frame->parts[0];
    }
    return frame->sparse.offsets != NULL ? &frame->sparse : NULL;
}

static gd_status check_row(const gd_sparse_matrix *matrix, int64_t row, gd_error *error)
{
    int64_t begin = matrix->offsets[row], end = matrix->offsets[row + 1];
    if (begin < 0 || begin > end || end > matrix->non_zeros) {
        return gd_fail(error, GD_CORRUPT, "", "row %lld lies outside of the file", (long long)row);
    }
    int64_t last = -1;
    for (int64_t at = begin; at < end; at++) {
        int64_t index = matrix->indices[at];
        if (index <= last || index >= matrix->width) {
            return gd_fail(error, GD_CORRUPT, "", "row %lld has indices that cannot be",
                           (long long)row);
        }
        last = index;
        double value = gd_sparse_value(matrix, at);
        if (!(fabs(value) <= (double)GD_REAL_MAX)) {
            char path[64];
            (void)snprintf(path, sizeof path, "rows/%lld/%lld", (long long)row, (long long)index);
            return gd_fail(error, GD_INVALID_DATA, path,
                           "row %lld (from 0) has a value at index %lld that is beyond "
                           "what " GD_REAL_DTYPE " holds",
                           (long long)row, (long long)index + 1);
        }
    }
    return GD_OK;
}

gd_status gd_sparse_check(const gd_sparse_matrix *matrix, gd_error *error)
{
    gd_status status = GD_OK;
    for (int64_t row = 0; status == GD_OK && row < matrix->row_count; row++) {
        status = check_row(matrix, row, error);
    }
    if (status == GD_OK &&
        (matrix->offsets[0] != 0 || matrix->offsets[matrix->row_count] != matrix->non_zeros)) {
        status = gd_fail(error, GD_CORRUPT, "", "the rows do not fill the file");
    }
    return status;
}

gd_status gd_sparse_describe(const gd_sparse_matrix *matrix, gd_column *columns, int64_t count,
                             gd_error *error)
{
    gdi_statistics *statistics = gdi_allocate((size_t)count, sizeof *statistics);
    if (statistics == NULL) {
        return gdi_fail_memory(error);
    }
    for (int64_t at = 0; at < matrix->non_zeros; at++) {
        if ((int64_t)matrix->indices[at] < count) {
            gdi_statistics_add(&statistics[matrix->indices[at]], gd_sparse_value(matrix, at));
        }
    }
    for (int64_t i = 0; i < count; i++) {
        gdi_statistics zeros = {.count = matrix->row_count - statistics[i].count};
        columns[i] = (gd_column){.kind = GD_COLUMN_NUMERIC};
        gdi_statistics_merge(&statistics[i], &zeros);
        gdi_column_describe(&columns[i], &statistics[i], 0);
    }
    gdi_free(statistics);
    return GD_OK;
}
