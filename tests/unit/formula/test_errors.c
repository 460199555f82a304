/*
 * Standard errors against a fit known in closed form, and quantiles against tables.
 */
#include <criterion/criterion.h>

#include <descent/formula.h>

#include <math.h>
#include <string.h>

Test(formula_errors, quantiles_are_those_of_the_tables)
{
    static const struct {
        double probability, degrees, quantile;
    } cases[] = {
        {0.95, 1, 12.706204736},  {0.95, 2, 4.3026527297},  {0.95, 5, 2.5705818356},
        {0.95, 12, 2.1788128297}, {0.95, 30, 2.0422724563}, {0.95, 1e6, 1.9599663568},
        {0.99, 10, 3.1692726726}, {0.5, 3, 0.7648923284},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double quantile = gd_student_quantile(cases[i].probability, cases[i].degrees);
        cr_assert_float_eq(quantile, cases[i].quantile, 2e-9 * cases[i].quantile, "%.12g",
                           quantile);
    }
    cr_assert(isnan(gd_student_quantile(1, 5)));
    cr_assert(isnan(gd_student_quantile(0.95, 0)));
}

static gd_formula *compile(const char *text, double minimum)
{
    gd_formula_parameter parameters[2] = {{"a", 1, minimum, INFINITY},
                                          {"b", 1, -INFINITY, INFINITY}};
    gd_formula *formula;
    gd_error error = {0};
    cr_assert_eq(
        gd_formula_create(&formula, &(gd_formula_options){text, parameters, 2, true}, &error),
        GD_OK, "%s", error.message);
    return formula;
}

/* A straight line through five points: errors from the textbook's sums. */
Test(formula_errors, a_straight_line_has_the_errors_of_its_sums)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {2.1, 3.9, 6.2, 7.8, 10.1};
    double sx = 0, sy = 0, sxx = 0, sxy = 0, squares = 0;
    for (int i = 0; i < 5; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    double spread = sxx - sx * sx / 5, slope = (sxy - sx * sy / 5) / spread;
    double intercept = (sy - slope * sx) / 5;
    for (int i = 0; i < 5; i++) {
        double residual = intercept + slope * x[i] - y[i];
        squares += residual * residual;
    }
    gd_formula *formula = compile("a+b*x", -INFINITY);
    const double at[] = {intercept, slope};
    double errors[2], quantile;
    cr_assert_eq(gd_formula_standard_errors(formula, at, x, y, 5, errors, &quantile, NULL), GD_OK);
    cr_assert_float_eq(errors[1], sqrt(squares / 3 / spread), 1e-14);
    cr_assert_float_eq(errors[0], sqrt(squares / 3 * sxx / 5 / spread), 1e-14);
    cr_assert_float_eq(quantile, 3.1824463053, 1e-8);
    /* As many rows as parameters leave nothing to judge by. */
    cr_assert_eq(gd_formula_standard_errors(formula, at, x, y, 2, errors, &quantile, NULL), GD_OK);
    cr_assert(isnan(errors[0]) && isnan(errors[1]) && isnan(quantile));
    gd_formula_destroy(formula);
}

Test(formula_errors, a_singular_matrix_has_none)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 4, 6, 8, 10}, at[] = {1, 1};
    double errors[2], quantile;
    gd_formula *formula = compile("a*x+b*x", -INFINITY);
    cr_assert_eq(gd_formula_standard_errors(formula, at, x, y, 5, errors, &quantile, NULL), GD_OK);
    cr_assert(isnan(errors[0]) && isnan(errors[1]));
    gd_formula_destroy(formula);
}

/* One at its bound is taken as given: the other has the error it has alone. */
Test(formula_errors, a_parameter_at_its_bound_is_left_out)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {2.1, 3.9, 6.2, 7.8, 10.1}, at[] = {0, 2};
    double errors[2], quantile, squares = 0, sxx = 0;
    for (int i = 0; i < 5; i++) {
        squares += (2 * x[i] - y[i]) * (2 * x[i] - y[i]);
        sxx += x[i] * x[i];
    }
    gd_formula *formula = compile("a+b*x", 0);
    cr_assert_eq(gd_formula_standard_errors(formula, at, x, y, 5, errors, &quantile, NULL), GD_OK);
    cr_assert(isnan(errors[0]));
    cr_assert_float_eq(errors[1], sqrt(squares / 4 / sxx), 1e-14);
    gd_formula_destroy(formula);
}
