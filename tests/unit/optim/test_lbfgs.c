/*
 * test_lbfgs.c: few iterations where other rules need thousands, a full history that goes round, and
 * rest at a minimum.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>
#include <string.h>

static int steps_to_rosenbrock(int64_t history, double tolerance)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_LBFGS);
    options.of.lbfgs.history = history;
    options.of.lbfgs.tolerance_change = 0;
    options.of.lbfgs.tolerance_grad = 0;
    minimise_run run;
    int steps = 0;
    minimise_begin(&run, &options, minimise_rosenbrock, (double[]){-1.2, 1}, 2);
    while (steps < 1000 &&
           hypot((double)run.parameters[0] - 1, (double)run.parameters[1] - 1) > tolerance) {
        minimise_step(&run);
        steps++;
    }
    minimise_end(&run);
    return steps;
}

Test(optim_lbfgs, minimises_rosenbrock_in_few_iterations)
{
    double tolerance = sizeof(gd_real) == 4 ? 1e-3 : 1e-9;
    cr_expect_leq(steps_to_rosenbrock(100, tolerance), 50);
    cr_expect_leq(steps_to_rosenbrock(10, tolerance), 50);
    cr_expect_leq(steps_to_rosenbrock(3, tolerance), 60);
    cr_expect_leq(steps_to_rosenbrock(1, tolerance), 100);
}

static double parabola(const gd_real *p, gd_real *gradient)
{
    double value = 0;
    for (int i = 0; i < 4; i++) {
        double curvature = pow(10, i), distance = (double)p[i] - i;
        gradient[i] = (gd_real)(curvature * distance);
        value += curvature * distance * distance / 2;
    }
    return value;
}

Test(optim_lbfgs, ill_conditioned_parabola_and_rest_at_its_minimum)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_LBFGS);
    options.of.lbfgs.tolerance_grad = 1e-3;
    minimise_run run;
    minimise_begin(&run, &options, parabola, (double[]){5, 5, 5, 5}, 4);
    for (int i = 0; i < 40; i++) {
        minimise_step(&run);
    }
    gd_real before[4];
    memcpy(before, run.parameters, sizeof before);
    minimise_step(&run);
    cr_assert_eq(memcmp(before, run.parameters, sizeof before), 0);
    for (int i = 0; i < 4; i++) {
        cr_assert_float_eq((double)run.parameters[i], (double)i, 2e-3);
    }
    minimise_end(&run);
}

/* Finite on (-1, 1) alone: steps that leave it must be taken back. */
static double barrier(const gd_real *p, gd_real *gradient)
{
    double x = (double)p[0];
    gradient[0] = (gd_real)(-1 / (1 + x) + 3 / (1 - x));
    return -log(1 + x) - 3 * log(1 - x);
}

Test(optim_lbfgs, comes_back_from_where_the_function_is_not_finite)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_LBFGS);
    options.learning_rate = 100;
    minimise_run run;
    minimise_begin(&run, &options, barrier, (double[]){0.9}, 1);
    for (int i = 0; i < 30; i++) {
        minimise_step(&run);
        cr_assert(isfinite(run.parameters[0]));
    }
    cr_assert_float_eq(run.parameters[0], -0.5, 1e-4);
    minimise_end(&run);
}
