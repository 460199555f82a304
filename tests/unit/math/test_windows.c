/*
 * test_windows.c: products of windows of images, and pools, of every table against the reference, bytes
 * of small whole numbers; what lies around must stay as it was, and what stands behind the last column
 * of the right matrix must not count.
 */
#include "math/kernels.h"
#include "math/reference.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_names[] = {"baseline", "avx2", "avx512"};
#define TABLE_COUNT (sizeof table_names / sizeof table_names[0])

static gd_real *numbers(gd_random *random, size_t count)
{
    gd_real *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)gd_random_below(random, 9) - 4;
    }
    return values;
}

static size_t some(gd_random *random, size_t most)
{
    return 1 + (size_t)gd_random_below(random, most);
}

/* Steps as an image has them, or any; windows overlap. */
static gdi_window_product any_product(gd_random *random)
{
    gdi_window_product it = {
        .outer = some(random, 6) - 1,
        .inner = some(random, 9),
        .groups = some(random, 7),
        .group_step = some(random, 40),
        .rows = some(random, 30),
        .row_step = some(random, 9),
        .columns = some(random, 70),
        .accumulate = gd_random_below(random, 2) == 1,
        .rectify = gd_random_below(random, 2) == 1,
    };
    it.left.outer = some(random, 50);
    it.left.inner = some(random, 3);
    it.right.inner = it.columns + some(random, 4) - 1;
    it.right.outer = it.inner * it.right.inner + some(random, 4) - 1;
    it.result_step = it.columns + some(random, 4) - 1;
    it.result_group_step = it.rows * it.result_step + some(random, 4) - 1;
    return it;
}

static void check_product(const gdi_kernels *table, gd_random *random)
{
    gdi_window_product it = any_product(random);
    const size_t left = it.groups * it.group_step + it.rows * it.row_step +
                        it.outer * it.left.outer + it.inner * it.left.inner;
    const size_t right = (it.outer + 1) * it.right.outer + GDI_WINDOW_SLACK;
    const size_t result = it.groups * it.result_group_step;
    gd_real *cells = numbers(random, left), *weights = numbers(random, right);
    gd_real *bias = numbers(random, it.columns), *old = numbers(random, result);
    gd_real *expected = malloc(result * sizeof *expected), *got = malloc(result * sizeof *got);
    for (size_t i = 0; i < it.outer * it.right.outer + GDI_WINDOW_SLACK; i++) {
        const size_t column = i % it.right.outer % it.right.inner;
        const bool counts = i < it.outer * it.right.outer && column < it.columns &&
                            i % it.right.outer < it.inner * it.right.inner;
        weights[i] = counts ? weights[i] : (gd_real)NAN;
    }
    memcpy(expected, old, result * sizeof *old);
    memcpy(got, old, result * sizeof *old);
    it.left.values = cells;
    it.right.values = weights;
    it.bias = gd_random_below(random, 2) == 1 ? bias : NULL;
    it.result = expected;
    gdi_kernels_reference()->window_product(&it);
    it.result = got;
    table->window_product(&it);
    for (size_t i = 0; i < result; i++) {
        cr_assert(expected[i] == got[i],
                  "%s: %zu groups of %zu rows, %zu columns, %zu x %zu, element %zu: %g, not %g",
                  table->name, it.groups, it.rows, it.columns, it.outer, it.inner, i,
                  (double)got[i], (double)expected[i]);
    }
    free(cells);
    free(weights);
    free(bias);
    free(old);
    free(expected);
    free(got);
}

Test(math_windows, products_are_those_of_the_reference)
{
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (int i = 0; i < 3000 && table != NULL; i++) {
            check_product(table, &random);
        }
    }
}

/* An element has the same bytes wherever its row and column stand. */
Test(math_windows, any_cut_of_a_product_gives_the_same_bytes)
{
    enum {
        ROWS = 29,
        COLUMNS = 37,
        INNER = 50
    };
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    static gd_real left[ROWS * INNER], right[INNER * COLUMNS + 64];
    static gd_real whole[2 * ROWS * COLUMNS], parts[2 * ROWS * COLUMNS];
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        left[i] = (gd_real)gd_random_normal(&random);
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        right[i] = (gd_real)gd_random_normal(&random);
    }
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table == NULL) {
            continue;
        }
        gdi_window_product it = {.left = {left, 0, 1},
                                 .right = {right, 0, COLUMNS},
                                 .outer = 1,
                                 .inner = INNER,
                                 .groups = 1,
                                 .rows = ROWS,
                                 .row_step = INNER,
                                 .columns = COLUMNS,
                                 .result = whole,
                                 .result_step = COLUMNS};
        table->window_product(&it);
        for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
            it.left.values = left + i / COLUMNS * INNER;
            it.right.values = right + i % COLUMNS;
            it.rows = it.columns = 1;
            it.result = parts + i;
            table->window_product(&it);
        }
        cr_expect_eq(memcmp(whole, parts, sizeof(gd_real) * ROWS * COLUMNS), 0, "%s", table->name);
    }
}

static void check_pool(const gdi_kernels *table, gd_random *random)
{
    const size_t stride = some(random, 4);
    gdi_pool_row row = {.count = some(random, 6),
                        .lines = some(random, 4),
                        .cells = some(random, 4),
                        .channels = some(random, 40)};
    /* Two cells that fill a vector. */
    if (table->lanes > 1 && gd_random_below(random, 4) == 0) {
        row.lines = row.cells = 2;
        row.channels = table->lanes / 2;
    }
    row.step = stride * row.channels;
    row.line_step = (row.count - 1) * row.step + row.cells * row.channels + some(random, 3) - 1;
    const size_t outputs = row.count * row.channels, cells = row.lines * row.line_step;
    gd_real *image = numbers(random, cells), *slopes = numbers(random, outputs);
    gd_real *expected = malloc(outputs * sizeof *expected), *got = malloc(outputs * sizeof *got);
    uint32_t *where = malloc(outputs * sizeof *where), *chosen = malloc(outputs * sizeof *chosen);
    image[gd_random_below(random, cells)] = (gd_real)NAN;
    gdi_kernels_reference()->largest_of_windows(&row, image, expected, where);
    table->largest_of_windows(&row, image, got, NULL);
    cr_assert_eq(memcmp(expected, got, outputs * sizeof *got), 0, "%s", table->name);
    memset(got, 0, outputs * sizeof *got);
    table->largest_of_windows(&row, image, got, chosen);
    cr_assert_eq(memcmp(expected, got, outputs * sizeof *got), 0, "%s", table->name);
    cr_assert_eq(memcmp(where, chosen, outputs * sizeof *where), 0, "%s", table->name);
    gd_real *sums = numbers(random, cells), *same = malloc(cells * sizeof *same);
    memcpy(same, sums, cells * sizeof *same);
    const bool accumulate = stride < row.cells || gd_random_below(random, 2) == 1;
    gdi_kernels_reference()->spread_to_largest(&row, slopes, where, accumulate, sums);
    table->spread_to_largest(&row, slopes, where, accumulate, same);
    for (size_t i = 0; i < cells; i++) {
        cr_assert(sums[i] == same[i], "%s: cell %zu", table->name, i);
    }
    free(image);
    free(slopes);
    free(expected);
    free(got);
    free(where);
    free(chosen);
    free(sums);
    free(same);
}

Test(math_windows, pools_are_those_of_the_reference)
{
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (int i = 0; i < 2000 && table != NULL; i++) {
            check_pool(table, &random);
        }
    }
}
