/*
 * test_parallel.c: products, loops and sums give the same bytes for any number of threads.
 */
#include "math/parallel.h"

#include "base/memory.h"

#include <criterion/criterion.h>
#include <descent/random.h>
#include <math.h>
#include <string.h>

static gd_real *draw(size_t count, uint64_t seed)
{
    gd_random random;
    gd_real *values = gdi_allocate(count, sizeof *values);
    cr_assert_not_null(values);
    gd_random_seed(&random, seed, GD_STREAM_GENERATE);
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)gd_random_normal(&random);
    }
    return values;
}

static const int64_t thread_counts[] = {1, 2, 3, 8};

#define EACH_POOL(pool, i)                                                                  \
    for (size_t i = 0; i < 4; i++)                                                          \
        for (gdi_thread_pool *pool = NULL, *once = (gdi_thread_pool *)&thread_counts[i];    \
             once != NULL && gdi_thread_pool_create(&pool, thread_counts[i],                \
                                                    gdi_parallel_scratch(), NULL) == GD_OK; \
             gdi_thread_pool_destroy(pool), once = NULL)

static void expect_same_products(size_t rows, size_t columns, size_t inner, int form)
{
    const gdi_kernels *kernels = gdi_kernels_best();
    gd_real *a = draw(rows * inner, 1), *b = draw(inner * columns, 2), *bias = draw(columns, 3);
    gd_real *start = draw(rows * columns, 4), *result = draw(rows * columns, 5);
    gd_real *expected = draw(rows * columns, 6);
    gd_real *scratch = gdi_allocate(gdi_parallel_scratch(), 1);
    bool left_turned = (form & 1) != 0, right_turned = (form & 2) != 0,
         accumulate = (form & 4) != 0;
    gdi_matrix left = {a, left_turned ? rows : inner, left_turned};
    gdi_matrix right = {b, right_turned ? inner : columns, right_turned};
    size_t bytes = rows * columns * sizeof *result;
    memcpy(expected, start, bytes);
    kernels->product(left, right, expected, columns, rows, columns, inner, bias, accumulate,
                     scratch);
    EACH_POOL(pool, i)
    {
        memcpy(result, start, bytes);
        gdi_parallel_product(pool, kernels, left, right, result, columns, rows, columns, inner,
                             bias, accumulate, scratch);
        cr_assert_eq(memcmp(result, expected, bytes), 0, "%zu x %zu x %zu, form %d, %lld threads",
                     rows, columns, inner, form, (long long)thread_counts[i]);
    }
    gdi_free(a);
    gdi_free(b);
    gdi_free(bias);
    gdi_free(start);
    gdi_free(result);
    gdi_free(expected);
    gdi_free(scratch);
}

Test(math_parallel, products_are_the_same)
{
    for (int form = 0; form < 8; form++) {
        expect_same_products(128, 300, 90, form);
        expect_same_products(1000, 17, 97, form); /* cut by rows, a tail everywhere */
        expect_same_products(130, 10, 1100, form);
        expect_same_products(128, 193, 90, form); /* a last part of one column */
        expect_same_products(128, 385, 90, form);
        expect_same_products(4001, 1, 600, form);
        expect_same_products(3, 2000, 520, form);
        expect_same_products(5, 4, 3, form); /* too small to cut */
    }
}

Test(math_parallel, sums_are_the_same_and_those_of_the_kernel_up_to_a_piece)
{
    const gdi_kernels *kernels = gdi_kernels_best();
    const size_t counts[] = {0, 1, 1000, GDI_SUM_PIECE, GDI_SUM_PIECE + 1, 3 * GDI_SUM_PIECE + 77};
    gd_real *a = draw(3 * GDI_SUM_PIECE + 77, 7), *b = draw(3 * GDI_SUM_PIECE + 77, 8);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        double alone = gdi_parallel_squares(NULL, kernels, a, NULL, counts[c]);
        double apart = gdi_parallel_squares(NULL, kernels, a, b, counts[c]);
        double whole = kernels->sum_of_squares(a, counts[c]);
        cr_expect_float_eq(alone, whole, 1e-12 * whole);
        if (counts[c] <= GDI_SUM_PIECE) {
            cr_expect_eq(alone, whole);
            cr_expect_eq(apart, kernels->sum_of_squared_differences(a, b, counts[c]));
        }
        EACH_POOL(pool, i)
        {
            cr_expect_eq(gdi_parallel_squares(pool, kernels, a, NULL, counts[c]), alone);
            cr_expect_eq(gdi_parallel_squares(pool, kernels, a, b, counts[c]), apart);
        }
    }
    gdi_free(a);
    gdi_free(b);
}

Test(math_parallel, loops_reach_every_element)
{
    const gdi_kernels *kernels = gdi_kernels_best();
    const size_t count = 200003;
    gd_real *values = draw(count, 9), *expected = draw(count, 9);
    kernels->scale(expected, 0.3, count);
    kernels->clamp(expected, 0.25, count);
    EACH_POOL(pool, i)
    {
        gd_real *copy = draw(count, 9);
        gdi_parallel_scale(pool, kernels, copy, 0.3, count);
        gdi_parallel_clamp(pool, kernels, copy, 0.25, count);
        cr_expect_eq(memcmp(copy, expected, count * sizeof *copy), 0);
        cr_expect(gdi_parallel_all_finite(pool, kernels, copy, count));
        for (size_t at = 1; at < count; at = at * 3 + 1) {
            gd_real kept = copy[at];
            copy[at] = (gd_real)NAN;
            cr_expect_not(gdi_parallel_all_finite(pool, kernels, copy, count), "at %zu", at);
            copy[at] = kept;
        }
        gdi_free(copy);
    }
    gdi_free(values);
    gdi_free(expected);
}
