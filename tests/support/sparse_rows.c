/*
 * sparse_rows.c: see sparse_rows.h.
 */
#include "support/sparse_rows.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

sparse_rows sparse_rows_create(int64_t rows, int64_t width, int64_t filled, bool doubles,
                               uint64_t seed)
{
    size_t most = (size_t)(rows * width);
    sparse_rows made = {
        .offsets = calloc((size_t)rows + 1, sizeof(int64_t)),
        .indices = calloc(most, sizeof(uint32_t)),
        .singles = calloc(most, sizeof(float)),
        .doubles = calloc(most, sizeof(double)),
        .dense = calloc(most, sizeof(gd_real)),
        .targets = calloc((size_t)rows, sizeof(gd_real)),
    };
    gd_random random;
    gd_random_seed(&random, seed, GD_STREAM_GENERATE);
    int64_t count = 0;
    for (int64_t row = 0; row < rows; row++) {
        double score = 0;
        for (int64_t column = 0; column < width && row % 7 != 6; column++) {
            if (gd_random_uniform(&random) * (double)width >= (double)filled) {
                continue;
            }
            double value = gd_random_normal(&random);
            value = doubles ? value : (double)(float)value;
            made.indices[count] = (uint32_t)column;
            made.singles[count] = (float)value;
            made.doubles[count++] = value;
            made.dense[row * width + column] = (gd_real)value;
            score += value * sin((double)column);
        }
        made.targets[row] = score > 0 ? 1 : 0;
        made.offsets[row + 1] = count;
    }
    made.matrix = (gd_sparse_matrix){.row_count = rows,
                                     .width = width,
                                     .non_zeros = count,
                                     .offsets = made.offsets,
                                     .indices = made.indices,
                                     .singles = doubles ? NULL : made.singles,
                                     .doubles = doubles ? made.doubles : NULL};
    gd_error error = {0};
    cr_assert_eq(gd_sparse_check(&made.matrix, &error), GD_OK, "%s", error.message);
    return made;
}

void sparse_rows_destroy(sparse_rows *made)
{
    free(made->offsets);
    free(made->indices);
    free(made->singles);
    free(made->doubles);
    free(made->dense);
    free(made->targets);
}
