/*
 * test_kernels.c: choosing a table, and the sums, checks and element-wise loops of each against the
 * reference. The product has its own file.
 */
#include "math/kernels.h"
#include "math/reference.h"

#include <descent/random.h>
#include <descent/version.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_names[] = {"baseline", "avx2", "avx512"};
#define TABLE_COUNT (sizeof table_names / sizeof table_names[0])

static gd_real *numbers(gd_random *random, size_t count)
{
    gd_real *values = malloc((count + 1) * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)gd_random_normal(random);
    }
    return values;
}

Test(math_kernels, tables_are_found_by_name)
{
    const gdi_kernels *best = gdi_kernels_best();
    cr_assert_not_null(gdi_kernels_named("baseline"));
    cr_assert_eq(gdi_kernels_named(best->name), best);
    cr_assert_str_eq(gd_kernels_name(), best->name);
    cr_assert_null(gdi_kernels_named("reference"));
    cr_assert_null(gdi_kernels_named(""));
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        cr_assert(table == NULL || strcmp(table->name, table_names[t]) == 0);
    }
}

/* The sums of one table at every length and offset, against the reference and the baseline. */
static void check_squares(const gdi_kernels *table)
{
    const gdi_kernels *reference = gdi_kernels_reference();
    const gdi_kernels *baseline = gdi_kernels_named("baseline");
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    for (size_t count = 0; count < 300; count += count < 140 ? 1 : 37) {
        gd_real *a = numbers(&random, count + 3);
        gd_real *b = numbers(&random, count + 3);
        double sum = table->sum_of_squares(a + 1, count);
        double differences = table->sum_of_squared_differences(a + 1, b + 3, count);
        cr_assert_float_eq(sum, reference->sum_of_squares(a + 1, count), 1e-11);
        cr_assert_float_eq(differences, reference->sum_of_squared_differences(a + 1, b + 3, count),
                           1e-11);
        if (sizeof(gd_real) == sizeof(float)) {
            cr_assert_eq(sum, baseline->sum_of_squares(a + 1, count), "%s, count %zu", table->name,
                         count);
        }
        memmove(a, a + 1, count * sizeof *a);
        cr_assert_eq(sum, table->sum_of_squares(a, count), "alignment must not matter");
        free(a);
        free(b);
    }
}

Test(math_kernels, sums_of_squares)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        if (gdi_kernels_named(table_names[t]) != NULL) {
            check_squares(gdi_kernels_named(table_names[t]));
        }
    }
}

Test(math_kernels, squares_of_large_values_do_not_overflow)
{
    gd_real values[40];
    for (size_t i = 0; i < 40; i++) {
        values[i] = (gd_real)1e30;
    }
    cr_assert_float_eq(gdi_kernels_best()->sum_of_squares(values, 40) / 4e61, 1.0, 1e-6);
}

static void check_column_sums(const gdi_kernels *table)
{
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    for (size_t columns = 1; columns <= 70; columns++) {
        size_t rows = columns * 29 % 71;
        gd_real *matrix = numbers(&random, rows * columns + 1);
        gd_real sums[71];
        gd_real expected[71];
        sums[columns] = 123;
        table->column_sums(matrix + 1, rows, columns, sums);
        gdi_kernels_reference()->column_sums(matrix + 1, rows, columns, expected);
        cr_assert_eq(memcmp(sums, expected, columns * sizeof *sums), 0, "%s, %zu x %zu",
                     table->name, rows, columns);
        cr_assert_eq(sums[columns], 123);
        double added[71], known[71];
        for (size_t c = 0; c <= columns; c++) {
            added[c] = known[c] = (double)c;
        }
        table->add_column_sums(matrix + 1, rows, columns, added);
        gdi_kernels_reference()->add_column_sums(matrix + 1, rows, columns, known);
        for (size_t c = 0; c <= columns; c++) {
            cr_assert_float_eq(added[c], known[c], 1e-12);
        }
        free(matrix);
    }
}

Test(math_kernels, column_sums)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        if (gdi_kernels_named(table_names[t]) != NULL) {
            check_column_sums(gdi_kernels_named(table_names[t]));
        }
    }
}

/* Column sums keep small numbers that a float sum would lose. */
Test(math_kernels, column_sums_run_in_double)
{
    enum {
        ROWS = 4096
    };
    static gd_real matrix[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        matrix[i] = (gd_real)(i == 0 ? 16777216.0 : 1.0);
    }
    gd_real sum = 0;
    gdi_kernels_best()->column_sums(matrix, ROWS, 1, &sum);
    cr_assert_eq(sum, (gd_real)(16777216.0 + (double)ROWS - 1));
}

static void check_all_finite(const gdi_kernels *table)
{
    static const double finite[] = {
        0.0, -0.0, 1.0, -1.0, (double)GD_REAL_MAX, -(double)GD_REAL_MAX};
    const gd_real denormal = sizeof(gd_real) == 4 ? (gd_real)1e-44 : (gd_real)5e-324;
    const gd_real bad[] = {(gd_real)NAN, (gd_real)INFINITY, (gd_real)-INFINITY, -(gd_real)NAN};
    for (size_t count = 0; count <= 100; count++) {
        gd_real *values = malloc((count + 1) * sizeof *values);
        cr_assert_not_null(values);
        for (size_t i = 0; i < count; i++) {
            values[i] = i % 7 == 6 ? denormal : (gd_real)finite[i % 7];
        }
        cr_assert(table->all_finite(values, count), "%s", table->name);
        for (size_t i = 0; i < count; i++) {
            gd_real kept = values[i];
            values[i] = bad[i % 4];
            cr_assert_not(table->all_finite(values, count), "%s, %zu of %zu", table->name, i,
                          count);
            values[i] = kept;
        }
        free(values);
    }
}

Test(math_kernels, all_finite_finds_every_place)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        if (gdi_kernels_named(table_names[t]) != NULL) {
            check_all_finite(gdi_kernels_named(table_names[t]));
        }
    }
    check_all_finite(gdi_kernels_reference());
}

Test(math_kernels, all_finite_looks_at_long_arrays_to_the_end)
{
    enum {
        COUNT = 10007
    };
    static gd_real values[COUNT];
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table == NULL) {
            continue;
        }
        cr_assert(table->all_finite(values, COUNT));
        for (size_t i = 0; i < COUNT; i += 1667) {
            values[i] = (gd_real)NAN;
            cr_assert_not(table->all_finite(values, COUNT));
            values[i] = 0;
        }
        values[COUNT - 1] = (gd_real)INFINITY;
        cr_assert_not(table->all_finite(values, COUNT));
        values[COUNT - 1] = 0;
    }
}

/* A compiler told to assume finite numbers would turn these into constants. */
Test(math_kernels, isfinite_works_in_this_build)
{
    volatile double zero = 0.0;
    cr_assert_not(isfinite(1.0 / zero));
    cr_assert(isnan(zero / zero));
    cr_assert(isfinite(zero));
    volatile float largest = FLT_MAX;
    cr_assert_not(isfinite(largest * 2.0f));
}

Test(math_kernels, transposes)
{
    gd_random random;
    gd_random_seed(&random, 4, GD_STREAM_GENERATE);
    for (size_t i = 0; i < 300; i++) {
        const size_t rows = 1 + (size_t)gd_random_below(&random, 50);
        const size_t columns = 1 + (size_t)gd_random_below(&random, 50), count = rows * columns;
        const gdi_kernels *table = gdi_kernels_named(table_names[i % TABLE_COUNT]);
        gd_real *from = numbers(&random, count), *got = numbers(&random, count + 1);
        for (size_t k = 0; k < count && table != NULL; k++) {
            const gd_real behind = got[count];
            table->transposed(from, got, rows, columns);
            cr_assert(got[k % columns * rows + k / columns] == from[k] && got[count] == behind);
        }
        free(from);
        free(got);
    }
}

static void check_elements(const gdi_kernels *table)
{
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (size_t count = 0; count <= 100; count++) {
        gd_real *values = numbers(&random, count + 2);
        if (count > 2) {
            values[count / 2] = (gd_real)NAN;
            values[count - 1] = (gd_real)-INFINITY;
        }
        gd_real *expected = malloc((count + 2) * sizeof *expected);
        cr_assert_not_null(expected);
        memcpy(expected, values, (count + 2) * sizeof *expected);
        table->scale(values + 1, 0.3, count);
        gdi_kernels_reference()->scale(expected + 1, 0.3, count);
        cr_assert_eq(memcmp(values, expected, (count + 2) * sizeof *values), 0);
        table->clamp(values + 1, 0.25, count);
        gdi_kernels_reference()->clamp(expected + 1, 0.25, count);
        cr_assert_eq(memcmp(values, expected, (count + 2) * sizeof *values), 0);
        for (size_t i = 1; i <= count; i++) {
            cr_assert(isnan(values[i]) ||
                      (values[i] <= (gd_real)0.25 && values[i] >= -(gd_real)0.25));
        }
        free(values);
        free(expected);
    }
}

Test(math_kernels, scale_and_clamp)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        if (gdi_kernels_named(table_names[t]) != NULL) {
            check_elements(gdi_kernels_named(table_names[t]));
        }
    }
}
