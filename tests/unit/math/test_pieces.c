/*
 * test_pieces.c: products that are handed on piece by piece have the bytes of whole ones, each element
 * is handed on once, and the result is written or not, as asked.
 */
#include "math/kernels.h"
#include "math/parallel.h"
#include "math/reference.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct collector {
    gd_real *values;
    int *times;
    size_t stride;
} collector;

static void collect(void *context, size_t row, size_t rows, size_t column, size_t columns,
                    const gd_real *piece, size_t piece_stride)
{
    const collector *into = context;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const size_t at = (row + r) * into->stride + column + c;
            into->values[at] = piece[r * piece_stride + c];
            into->times[at]++;
        }
    }
}

static gd_real *numbers(gd_random *random, size_t count)
{
    gd_real *values = malloc((count + 1) * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)(2.0 * gd_random_uniform(random) - 1.0);
    }
    return values;
}

static gd_real *scratch_of(size_t elements)
{
    void *block = NULL;
    cr_assert_eq(posix_memalign(&block, 64, elements * sizeof(gd_real)), 0);
    memset(block, 0xFF, elements * sizeof(gd_real));
    return block;
}

static void check(const gdi_kernels *table, gdi_thread_pool *pool, size_t rows, size_t columns,
                  size_t inner, bool kept)
{
    gd_random random;
    gd_random_seed(&random, rows * 1000 + columns, GD_STREAM_GENERATE);
    const size_t stride = columns + 3, size = rows * stride;
    gd_real *left = numbers(&random, inner * rows), *right = numbers(&random, inner * columns);
    gd_real *beside = numbers(&random, 2 * size), *kept_result = numbers(&random, size);
    gd_real *expected = calloc(size, sizeof *expected), *got = calloc(size, sizeof *got);
    int *times = calloc(size, sizeof *times);
    const size_t most = gdi_product_scratch(rows, columns, inner);
    gd_real *scratch = scratch_of(most + gdi_piece_scratch(inner));
    collector into = {got, times, stride};
    const gdi_piece_product product = {.left = {left, rows, true},
                                       .right = {right, columns, false},
                                       .result = kept ? kept_result : NULL,
                                       .stride = stride,
                                       .rows = rows,
                                       .columns = columns,
                                       .inner = inner,
                                       .beside = {beside, beside + size},
                                       .beside_count = 2,
                                       .take = collect,
                                       .context = &into};
    table->product(product.left, product.right, expected, stride, rows, columns, inner, NULL, false,
                   scratch);
    gdi_parallel_pieces(pool, table, &product, scratch);
    for (size_t r = 0; r < rows; r++) {
        const size_t at = r * stride, bytes = columns * sizeof *got;
        cr_assert_eq(memcmp(got + at, expected + at, bytes), 0, "%s: %zu x %zu x %zu, row %zu",
                     table->name, rows, columns, inner, r);
        cr_assert(!kept || memcmp(kept_result + at, expected + at, bytes) == 0);
        for (size_t c = 0; c < stride; c++) {
            cr_assert_eq(times[at + c], c < columns ? 1 : 0, "%s: %zu x %zu x %zu, %zu, %zu",
                         table->name, rows, columns, inner, r, c);
        }
    }
    free(left);
    free(right);
    free(beside);
    free(kept_result);
    free(expected);
    free(got);
    free(times);
    free(scratch);
}

static const size_t shapes[][3] = {
    {1, 2, 1},   {5, 15, 3},  {12, 16, 7},   {13, 17, 40},   {24, 33, 128},
    {40, 70, 9}, {7, 65, 65}, {25, 63, 512}, {14, 1100, 60}, {13, 2070, 2},
};
#define SHAPE_COUNT (sizeof shapes / sizeof shapes[0])

Test(math_pieces, have_the_bytes_of_the_whole)
{
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    for (size_t t = 0; t < sizeof names / sizeof names[0]; t++) {
        const gdi_kernels *table = gdi_kernels_named(names[t]);
        for (size_t i = 0; i < SHAPE_COUNT && table != NULL; i++) {
            check(table, NULL, shapes[i][0], shapes[i][1], shapes[i][2], false);
            check(table, NULL, shapes[i][0], shapes[i][1], shapes[i][2], true);
        }
    }
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        check(gdi_kernels_reference(), NULL, shapes[i][0], shapes[i][1], shapes[i][2], i % 2 == 0);
    }
}

Test(math_pieces, threads_share_them)
{
    gdi_thread_pool *pool = NULL;
    cr_assert_eq(gdi_thread_pool_create(&pool, 3, gdi_parallel_scratch(), NULL), GD_OK);
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        check(gdi_kernels_best(), pool, shapes[i][0], shapes[i][1], shapes[i][2], i % 2 == 0);
    }
    gdi_thread_pool_destroy(pool);
}
