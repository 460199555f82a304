/*
 * Values against plain evaluation in C and derivatives against central differences: every function, and
 * compositions of them, on columns, on parameters alone and across several blocks of rows.
 */
#include <criterion/criterion.h>

#include <descent/formula.h>

#include "formula/tape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARAMETERS = 2,
    ROWS = 300
};

static double none(double a, double b, double x)
{
    return a * 0 + b * 0 + x * 0;
}

#define CASE(name, expression)                               \
    static double plain_##name(double a, double b, double x) \
    {                                                        \
        return none(a, b, x) + (expression);                 \
    }

CASE(exp, exp(a *x) + b)
CASE(log, log(a + x * x) * b)
CASE(sqrt, sqrt(a *x *x + b))
CASE(sin, sin(a *x + b))
CASE(cos, cos(a *x) * b)
CASE(tan, tan(a *x / 10 + b / 10))
CASE(asin, asin(a *x / 20 + b / 20))
CASE(acos, acos(a *x / 20) + b)
CASE(atan, atan(a *x) * b)
CASE(sinh, sinh(a *x) / b)
CASE(cosh, cosh(a *x) / b)
CASE(tanh, tanh(a *x + b))
CASE(abs, fabs(a *x + b))
CASE(min, fmin(a *x, b))
CASE(max, fmax(a *x, b + x))
CASE(power, pow(x *x + 1, a) - pow(a, b *x))
CASE(square, (a + x) * (a + x) * b)
CASE(quotient, a *(x *x + b * x) / (x * x + a * x + b))
CASE(nested, exp(-pow((x - a) / b, 2) / 2) * sin(exp(tanh(a * x)) + log(b + x * x)) - -a / (1 + b))
CASE(uniform, exp(a) * log(b) + a / b - sqrt(a * b))
CASE(mixed, exp(a *b) * 0.01 * x + cos(a) * sin(b * x))

static const struct {
    const char *text;
    double (*plain)(double a, double b, double x);
} cases[] = {
    {"exp(a*x)+b", plain_exp},
    {"log(a+x*x)*b", plain_log},
    {"sqrt(a*x*x+b)", plain_sqrt},
    {"sin(a*x+b)", plain_sin},
    {"cos(a*x)*b", plain_cos},
    {"tan(a*x/10+b/10)", plain_tan},
    {"asin(a*x/20+b/20)", plain_asin},
    {"acos(a*x/20)+b", plain_acos},
    {"atan(a*x)*b", plain_atan},
    {"sinh(a*x)/b", plain_sinh},
    {"cosh(a*x)/b", plain_cosh},
    {"tanh(a*x+b)", plain_tanh},
    {"abs(a*x+b)", plain_abs},
    {"min(a*x,b)", plain_min},
    {"max(a*x,b+x)", plain_max},
    {"(x*x+1)^a-a^(b*x)", plain_power},
    {"(a+x)^2*b", plain_square},
    {"a*(x^2+b*x)/(x^2+a*x+b)", plain_quotient},
    {"exp(-((x-a)/b)^2/2)*sin(exp(tanh(a*x))+log(b+x^2))--a/(1+b)", plain_nested},
    {"exp(a)*log(b)+a/b-sqrt(a*b)", plain_uniform},
    {"exp(a*b)*0.01*x+cos(a)*sin(b*x)", plain_mixed},
};

static gd_formula *compile(const char *text)
{
    gd_formula_parameter parameters[PARAMETERS] = {{.name = "a", .start = 1},
                                                   {.name = "b", .start = 1}};
    for (int i = 0; i < PARAMETERS; i++) {
        parameters[i].minimum = -INFINITY;
        parameters[i].maximum = INFINITY;
    }
    gd_formula_options options = {text, parameters, PARAMETERS, false};
    gd_formula *formula;
    gd_error error = {0};
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_OK, "%s: %s", text,
                 error.message);
    return formula;
}

static double difference(double (*plain)(double, double, double), const double *at, double x,
                         int parameter)
{
    double step = 1e-5, up[PARAMETERS] = {at[0], at[1]}, down[PARAMETERS] = {at[0], at[1]};
    up[parameter] += step;
    down[parameter] -= step;
    return (plain(up[0], up[1], x) - plain(down[0], down[1], x)) /
           (up[parameter] - down[parameter]);
}

Test(formula_derivatives, agree_with_central_differences)
{
    const double at[PARAMETERS] = {1.3, 2.7};
    double cells[ROWS], values[ROWS], derivatives[ROWS * PARAMETERS];
    for (int i = 0; i < ROWS; i++) {
        cells[i] = -2 + 4.01 * i / ROWS;
    }
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        gd_formula *formula = compile(cases[c].text);
        cr_assert_eq(gd_formula_differentiate(formula, at, cells, ROWS, values, derivatives, NULL),
                     GD_OK);
        for (int i = 0; i < ROWS; i++) {
            double wanted = cases[c].plain(at[0], at[1], cells[i]);
            cr_assert_float_eq(values[i], wanted, 1e-13 * (1 + fabs(wanted)), "%s at %g: %.17g",
                               cases[c].text, cells[i], values[i]);
            for (int p = 0; p < PARAMETERS; p++) {
                double slope = difference(cases[c].plain, at, cells[i], p);
                double got = derivatives[i * PARAMETERS + p];
                cr_assert_float_eq(got, slope, 1e-7 * (1 + fabs(slope)),
                                   "%s by %c at %g: %.12g %.12g", cases[c].text, 'a' + p, cells[i],
                                   got, slope);
            }
        }
        gd_formula_destroy(formula);
    }
}

/* The sum over rows that a gradient is, in blocks, is that of the rows one by one. */
Test(formula_derivatives, blocks_give_the_sum_of_the_rows)
{
    const double at[PARAMETERS] = {1.3, 2.7};
    double cells[ROWS], values[ROWS], derivatives[ROWS * PARAMETERS], slopes[ROWS];
    for (int i = 0; i < ROWS; i++) {
        cells[i] = -2 + 4.01 * i / ROWS;
        slopes[i] = 1.0 / (1 + i);
    }
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        gd_formula *formula = compile(cases[c].text);
        bool uniform = gd_formula_column_count(formula) == 0;
        (void)gd_formula_differentiate(formula, at, cells, ROWS, values, derivatives, NULL);
        double *scratch = calloc(gdi_formula_scratch(formula), sizeof *scratch);
        double gradient[PARAMETERS], wanted[PARAMETERS] = {0};
        gdi_formula_begin(formula, at, scratch);
        for (int first = 0; first < ROWS; first += GDI_BLOCK_ROWS) {
            size_t rows = ROWS - first < GDI_BLOCK_ROWS ? (size_t)(ROWS - first) : GDI_BLOCK_ROWS;
            size_t stride;
            gdi_formula_write(formula, scratch, cells, first, rows);
            const double *results = gdi_formula_forward(formula, scratch, rows, &stride);
            cr_assert_eq(stride, uniform ? 0 : 1);
            for (size_t i = 0; i < rows; i++) {
                cr_assert_eq(results[i * stride], values[(size_t)first + i]);
            }
            gdi_formula_reverse(formula, scratch, slopes + first, rows);
        }
        gdi_formula_end(formula, scratch, gradient);
        for (int i = 0; i < ROWS; i++) {
            for (int p = 0; p < PARAMETERS; p++) {
                wanted[p] += slopes[i] * derivatives[i * PARAMETERS + p];
            }
        }
        for (int p = 0; p < PARAMETERS; p++) {
            cr_assert_float_eq(gradient[p], wanted[p], 1e-11 * (1 + fabs(wanted[p])), "%s",
                               cases[c].text);
        }
        free(scratch);
        gd_formula_destroy(formula);
    }
}

static double slope_at(const char *text, double a, double b, int parameter)
{
    gd_formula *formula = compile(text);
    const double at[PARAMETERS] = {a, b};
    double value, derivatives[PARAMETERS];
    cr_assert_eq(gd_formula_differentiate(formula, at, NULL, 1, &value, derivatives, NULL), GD_OK);
    gd_formula_destroy(formula);
    return derivatives[parameter];
}

Test(formula_derivatives, kinks_and_edges_have_one_side)
{
    cr_assert_eq(slope_at("abs(a)+b", 0, 1, 0), 0);
    cr_assert_eq(slope_at("min(a,b)", 1, 1, 0), 1);
    cr_assert_eq(slope_at("min(a,b)", 1, 1, 1), 0);
    cr_assert_eq(slope_at("max(a,b)", 1, 1, 0), 1);
    cr_assert_eq(slope_at("a^b", 0, 2, 1), 0);
    cr_assert_eq(slope_at("a^b", 0, 0, 0), 0);
    cr_assert_eq(slope_at("a^3+b", -2, 0, 0), 12);
    cr_assert_eq(slope_at("a^2+b", -3, 0, 0), -6);
    /* What max did not choose has an infinite slope of its own and must not matter. */
    cr_assert_eq(slope_at("max(sqrt(a), b)", 0, 1, 0), 0);
    cr_assert(isinf(slope_at("sqrt(a)+b", 0, 1, 0)));
}

Test(formula_derivatives, what_has_no_value_is_nan)
{
    gd_formula *formula = compile("max(log(a), b)");
    const double at[PARAMETERS] = {-1, 0};
    double value;
    cr_assert_eq(gd_formula_evaluate(formula, at, NULL, 1, &value, NULL), GD_OK);
    cr_assert(isnan(value));
    gd_formula_destroy(formula);
}
