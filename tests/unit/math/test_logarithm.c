/*
 * The logarithm of many against the C library's, in units in the last place.
 */
#include "math/logarithm.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>

static double units(double value, double expected)
{
    double next = nextafter(fabs(expected), INFINITY);
    return fabs(value - expected) / (next - fabs(expected));
}

Test(math_logarithm, within_three_units_of_the_true_value)
{
    double worst = 0;
    for (double x = 1e-300; x < 1e300; x *= 1.0007) {
        double result;
        gdi_log1p(&x, &result, 1);
        double off = units(result, (double)log1pl((long double)x));
        worst = off > worst ? off : worst;
        cr_assert_lt(off, 3.0, "log1p(%.17g) is %.17g", x, result);
    }
    for (int i = -2500; i < 200000; i++) {
        double x = (double)i * 1e-4, result;
        gdi_log1p(&x, &result, 1);
        cr_assert(units(result, (double)log1pl((long double)x)) < 3.0 || x == 0, "log1p(%.17g)", x);
    }
    cr_log_info("worst: %.3f units in the last place", worst);
}

Test(math_logarithm, zero_ends_and_what_is_not_finite)
{
    double values[] = {0.0, DBL_MAX, DBL_MIN, NAN, INFINITY}, results[5];
    gdi_log1p(values, results, 5);
    cr_expect_eq(results[0], 0.0);
    cr_expect_lt(units(results[1], log1p(DBL_MAX)), 3.0);
    cr_expect_eq(results[2], DBL_MIN);
    cr_expect(isnan(results[3]));
    cr_expect(isnan(results[4]));
}

Test(math_logarithm, any_number_at_once_gives_what_one_gives)
{
    double values[67], many[67], one;
    for (int i = 0; i < 67; i++)
        values[i] = pow(1.9, i - 40);
    for (size_t count = 0; count <= 67; count++) {
        gdi_log1p(values, many, count);
        for (size_t i = 0; i < count; i++) {
            gdi_log1p(&values[i], &one, 1);
            cr_assert_eq(one, many[i]);
        }
    }
}
