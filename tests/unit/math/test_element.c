/*
 * test_element.c: the exponential functions of every kernel table against long double: error over the
 * whole range, edges, and that place and number of elements change nothing.
 */
#include "math/kernels.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char *const table_names[] = {"baseline", "avx2", "avx512"};

enum {
    TABLES = 3,
    FUNCTIONS = 5,
    BLOCK = 1000
};

#ifdef GD_REAL_DOUBLE
#define UNITS     3.0L
#define SMALLEST  DBL_TRUE_MIN
#define DIGITS    DBL_MANT_DIG
#define LEAST_EXP DBL_MIN_EXP
#else
#define UNITS     2.0L
#define SMALLEST  FLT_TRUE_MIN
#define DIGITS    FLT_MANT_DIG
#define LEAST_EXP FLT_MIN_EXP
#endif

static long double true_value(int function, long double x)
{
    switch (function) {
    case 0:
        return expl(x);
    case 1:
        return expm1l(x);
    case 2:
        return tanhl(x);
    case 3:
        return (x < 0 ? expl(x) : 1) / (1 + expl(-fabsl(x)));
    default:
        return (x <= 0 ? 0 : x) + log1pl(expl(-fabsl(x)));
    }
}

static gdi_element_function *function_of(const gdi_kernels *table, int function)
{
    gdi_element_function *const functions[FUNCTIONS] = {
        table->exponential, table->exponential_minus_one, table->hyperbolic_tangent, table->sigmoid,
        table->softplus};
    return functions[function];
}

/* Distance in units in the last place of the true value. */
static long double units_off(gd_real got, long double want)
{
    int exponent;
    if (fabsl(want) > (long double)GD_REAL_MAX * (1 + (long double)GD_REAL_EPSILON / 4)) {
        return isinf(got) ? 0 : INFINITY;
    }
    frexpl(want, &exponent);
    exponent = exponent < LEAST_EXP ? LEAST_EXP : exponent;
    return fabsl((long double)got - want) / ldexpl(1, exponent - DIGITS);
}

static void check_block(int function, const gd_real *input, size_t count, const char *what)
{
    gd_real output[BLOCK];
    for (int t = 0; t < TABLES; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table == NULL) {
            continue;
        }
        function_of(table, function)(input, output, count);
        for (size_t i = 0; i < count; i++) {
            const long double off =
                units_off(output[i], true_value(function, (long double)input[i]));
            cr_assert(off <= UNITS, "%s, function %d of %s: %.17g gives %.17g, off by %.2Lf units",
                      table->name, function, what, (double)input[i], (double)output[i], off);
        }
    }
}

/* Every power of two, with random digits, both signs: the largest and the denormal ones too. */
Test(math_element, errors_over_all_exponents)
{
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    gd_real input[BLOCK];
    for (int function = 0; function < FUNCTIONS; function++) {
        for (int exponent = LEAST_EXP - DIGITS; exponent < 128; exponent++) {
            for (int i = 0; i < 100; i++) {
                const double digits = 0.5 + 0.5 * gd_random_uniform(&random);
                input[i] = (gd_real)ldexp(i % 2 == 0 ? digits : -digits, exponent);
            }
            check_block(function, input, 100, "an exponent");
        }
    }
}

Test(math_element, errors_where_the_results_lie)
{
    gd_random random;
    gd_random_seed(&random, 4, GD_STREAM_GENERATE);
    gd_real input[BLOCK];
    const double widths[] = {0.4, 0.7, 1.4, 10, 110};
    for (int function = 0; function < FUNCTIONS; function++) {
        for (int w = 0; w < 5; w++) {
            for (int block = 0; block < 20; block++) {
                for (int i = 0; i < BLOCK; i++) {
                    input[i] = (gd_real)(widths[w] * (2 * gd_random_uniform(&random) - 1));
                }
                check_block(function, input, BLOCK, "a range");
            }
        }
    }
}

Test(math_element, edges)
{
    const gd_real edges[] = {0,
                             (gd_real)-0.0,
                             1,
                             -1,
                             INFINITY,
                             -INFINITY,
                             GD_REAL_MAX,
                             -GD_REAL_MAX,
                             (gd_real)SMALLEST,
                             -(gd_real)SMALLEST,
                             (gd_real)88.72283,
                             (gd_real)88.72284,
                             (gd_real)-87.336548,
                             (gd_real)-103.97207,
                             (gd_real)-103.97209,
                             (gd_real)0.625,
                             (gd_real)-0.625};
    const double at_infinity[FUNCTIONS] = {INFINITY, INFINITY, 1, 1, INFINITY};
    const double at_minus_infinity[FUNCTIONS] = {0, -1, -1, 0, 0};
    for (int function = 0; function < FUNCTIONS; function++) {
        check_block(function, edges, sizeof edges / sizeof *edges, "edges");
        for (int t = 0; t < TABLES; t++) {
            const gdi_kernels *table = gdi_kernels_named(table_names[t]);
            gd_real values[] = {INFINITY, -INFINITY, NAN, -(gd_real)NAN, (gd_real)-0.0};
            if (table == NULL) {
                continue;
            }
            function_of(table, function)(values, values, 5);
            cr_expect_eq((double)values[0], at_infinity[function]);
            cr_expect_eq((double)values[1], at_minus_infinity[function]);
            cr_expect(isnan(values[2]) && isnan(values[3]));
            cr_expect(function == 0 || function > 2 || signbit(values[4]));
        }
    }
}

/* Any place in any number of elements, in place or not, gives the same bytes. */
Test(math_element, results_depend_on_the_argument_alone)
{
    gd_random random;
    gd_random_seed(&random, 5, GD_STREAM_GENERATE);
    gd_real input[80], whole[80], part[80];
    for (int i = 0; i < 80; i++) {
        input[i] = (gd_real)(4 * gd_random_normal(&random));
    }
    for (int t = 0; t < TABLES; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (int function = 0; table != NULL && function < FUNCTIONS; function++) {
            function_of(table, function)(input, whole, 80);
            for (size_t count = 0; count <= 40; count++) {
                memcpy(part, input, sizeof part);
                function_of(table, function)(part + count, part + count, count);
                cr_assert_arr_eq(part, input, count * sizeof *part);
                cr_assert_arr_eq(part + count, whole + count, count * sizeof *part);
                cr_assert_arr_eq(part + 2 * count, input + 2 * count,
                                 (80 - 2 * count) * sizeof *part);
            }
        }
    }
}
