/*
 * student.c: quantiles of Student's t, by halving an interval over its distribution function, which
 * is the incomplete beta function as a continued fraction (Abramowitz and Stegun 26.5.8, 26.7.1),
 * evaluated by Lentz's method.
 */
#include <descent/formula.h>

#include <float.h>
#include <math.h>

#define TERMS    10000
#define HALVINGS 200
#define TINY     1e-300

/* Coefficient k, from 1, of 1 + d1 / (1 + d2 / (1 + …)). */
static double coefficient(double a, double b, double x, int k)
{
    double m = k / 2;
    return k % 2 == 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                      : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

static double away_from_zero(double value)
{
    return fabs(value) < TINY ? TINY : value;
}

static double fraction(double a, double b, double x)
{
    double value = 1, up = 1, down = 0;
    for (int k = 1; k <= TERMS; k++) {
        double d = coefficient(a, b, x, k);
        down = 1 / away_from_zero(1 + d * down);
        up = away_from_zero(1 + d / up);
        value *= up * down;
        if (fabs(up * down - 1) < DBL_EPSILON) {
            break;
        }
    }
    return value;
}

/* The regularised incomplete beta function, 0 ≤ x ≤ 1. */
static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1) {
        return x <= 0 ? 0 : 1;
    }
    int sign;
    double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) +
                       a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) {
        return front / (a * fraction(a, b, x));
    }
    return 1 - front / (b * fraction(b, a, 1 - x));
}

double gd_student_quantile(double probability, double degrees)
{
    if (!(probability > 0) || !(probability < 1) || !(degrees > 0)) {
        return NAN;
    }
    double outside = 1 - probability, low = 0, high = 1;
    while (high < DBL_MAX / 4 &&
           incomplete_beta(degrees / 2, 0.5, degrees / (degrees + high * high)) > outside) {
        high *= 2;
    }
    for (int i = 0; i < HALVINGS && low < high; i++) {
        double middle = low + (high - low) / 2;
        if (incomplete_beta(degrees / 2, 0.5, degrees / (degrees + middle * middle)) > outside) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}
