/*
 * test_sgd.c: momentum outside the rate, options that exclude each other, and what theory says of
 * quadratics.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>
#include <string.h>

static const double ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};

Test(optim_sgd, momentum_is_kept_outside_the_learning_rate)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    options.of.sgd.momentum = 0.9;
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1}, 1.0);
    minimise_given(&run, (double[]){0}, 0.1);
    cr_assert_float_eq(run.parameters[0], -1.09, 1e-6, "%.9g", (double)run.parameters[0]);
    minimise_end(&run);
}

Test(optim_sgd, dampening_spares_the_first_step)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    options.of.sgd.momentum = 0.5;
    options.of.sgd.dampening = 0.75;
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1}, 1.0);
    cr_assert_float_eq(run.parameters[0], -1, 1e-7);
    minimise_given(&run, (double[]){1}, 1.0);
    cr_assert_float_eq(run.parameters[0], -1.75, 1e-7);
    minimise_end(&run);
}

Test(optim_sgd, nesterov_needs_momentum_and_no_dampening)
{
    const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at(GD_OPTIMIZER_SGD);
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    gd_error error = {0};
    options.of.sgd.nesterov = true;
    cr_assert_eq(rule->check(&options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "nesterov");
    options.of.sgd.momentum = 0.9;
    cr_assert_eq(rule->check(&options, &error), GD_OK);
    options.of.sgd.dampening = 0.1;
    cr_assert_eq(rule->check(&options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "nesterov");
}

Test(optim_sgd, result_may_be_the_parameters_themselves)
{
    enum {
        COUNT = 37
    };
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    options.of.sgd.momentum = 0.9;
    gd_real in_place[COUNT], apart[COUNT], gradients[COUNT], first[COUNT] = {0},
                                                             second[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) {
        in_place[i] = apart[i] = (gd_real)i / 7;
        gradients[i] = (gd_real)(i % 5) - 2;
    }
    gd_real result[COUNT];
    gd_update update = {1, 0.1, in_place, gradients, first, in_place, COUNT, COUNT, NULL, 0, NULL};
    gd_optimizer_descriptor_at(GD_OPTIMIZER_SGD)->update(&options, &update);
    update.parameters = apart;
    update.moments = second;
    update.result = result;
    gd_optimizer_descriptor_at(GD_OPTIMIZER_SGD)->update(&options, &update);
    cr_assert_eq(memcmp(in_place, result, sizeof result), 0);
}

/* f = L x² / 2 with L = 4: contracts by |1 - lr L| a step, diverges iff lr > 2 / L. */
static double quadratic(const gd_real *p, gd_real *gradient)
{
    gradient[0] = 4 * p[0];
    return 2 * (double)p[0] * (double)p[0];
}

static double quadratic_after(double learning_rate, int steps)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    options.learning_rate = learning_rate;
    minimise_run run;
    minimise_begin(&run, &options, quadratic, ones, 1);
    for (int i = 0; i < steps; i++) {
        minimise_step(&run);
    }
    double end = (double)run.parameters[0];
    minimise_end(&run);
    return end;
}

Test(optim_sgd, diverges_on_a_quadratic_exactly_beyond_two_over_curvature)
{
    for (double rate = 0.05; rate < 0.499; rate += 0.05) {
        double contraction = fabs(1 - 4 * rate);
        double expected = pow(contraction, 20);
        cr_assert_float_eq(fabs(quadratic_after(rate, 20)), expected, 1e-5 * expected + 1e-12,
                           "rate %g", rate);
    }
    cr_assert_float_eq(fabs(quadratic_after(0.5, 100)), 1, 1e-6);
    cr_assert_lt(fabs(quadratic_after(0.499, 2000)), 1e-3);
    cr_assert_gt(fabs(quadratic_after(0.501, 2000)), 1e3);
    cr_assert_gt(fabs(quadratic_after(0.6, 60)), 1e8);
}

/* f = (x² + 100 y²) / 2, condition number 100. */
static double narrow_valley(const gd_real *p, gd_real *gradient)
{
    gradient[0] = p[0];
    gradient[1] = 100 * p[1];
    return 0.5 * ((double)p[0] * (double)p[0] + 100 * (double)p[1] * (double)p[1]);
}

Test(optim_sgd, heavy_ball_reaches_its_rate)
{
    /* Polyak's choice for curvatures 1 and 100 gives the rate (sqrt k - 1) / (sqrt k + 1) = 9 / 11. */
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    options.learning_rate = 4.0 / 121;
    options.of.sgd.momentum = 81.0 / 121;
    minimise_run run;
    minimise_begin(&run, &options, narrow_valley, ones, 2);
    double at[2] = {0};
    for (int i = 0; i < 160; i++) {
        minimise_step(&run);
        if (i == 79 || i == 159) {
            at[i == 159] = hypot((double)run.parameters[0], (double)run.parameters[1]);
        }
    }
    /* Both roots are equal there, so that the distance goes as t · rate^t. */
    double rate = pow(at[1] / at[0] * 80 / 160, 1.0 / 80);
    cr_assert_float_eq(rate, 9.0 / 11, 0.002, "rate %g", rate);
    minimise_end(&run);
}

/* f = x² - y² + y⁴ / 4: a saddle at 0, minima of -1 at y = ±√2. */
static double saddle(const gd_real *p, gd_real *gradient)
{
    double x = (double)p[0], y = (double)p[1];
    gradient[0] = (gd_real)(2 * x);
    gradient[1] = (gd_real)(-2 * y + y * y * y);
    return x * x - y * y + y * y * y * y / 4;
}

static double saddle_end(double y, double *value)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    options.learning_rate = 0.1;
    minimise_run run;
    minimise_begin(&run, &options, saddle, (double[]){1, y}, 2);
    for (int i = 0; i < 500; i++) {
        minimise_step(&run);
    }
    *value = saddle(run.parameters, run.gradients);
    double end = (double)run.parameters[1];
    minimise_end(&run);
    return end;
}

Test(optim_sgd, stays_on_a_saddle_without_noise_and_leaves_it_with_any)
{
    double value = 0;
    cr_assert_float_eq(saddle_end(0, &value), 0, 0);
    cr_assert_float_eq(value, 0, 1e-12);
    cr_assert_float_eq(saddle_end(1e-10, &value), sqrt(2), 1e-5);
    cr_assert_float_eq(value, -1, 1e-6);
    cr_assert_float_eq(saddle_end(-1e-10, &value), -sqrt(2), 1e-5);
}
