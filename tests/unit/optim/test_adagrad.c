/*
 * test_adagrad.c: eps outside the root, the start of the sum, the decay of the rate.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>

static double after(const gd_optimizer_options *options, int steps)
{
    minimise_run run;
    minimise_begin(&run, options, NULL, (double[]){0}, 1);
    for (int i = 0; i < steps; i++) {
        minimise_given(&run, (double[]){1}, 1.0);
    }
    double end = (double)run.parameters[0];
    minimise_end(&run);
    return end;
}

Test(optim_adagrad, first_step_is_one_at_gradient_one)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADAGRAD);
    cr_assert_float_eq(after(&options, 1), -1, 1e-7);
    cr_assert_float_eq(after(&options, 2), -1 - 1 / sqrt(2), 1e-6);
}

Test(optim_adagrad, sum_starts_where_told)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADAGRAD);
    options.of.adagrad.initial_accumulator_value = 3;
    cr_assert_float_eq(after(&options, 1), -0.5, 1e-7);
}

Test(optim_adagrad, rate_decays_with_the_updates_done)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADAGRAD);
    options.of.adagrad.lr_decay = 1;
    cr_assert_float_eq(after(&options, 2), -1 - 0.5 / sqrt(2), 1e-6);
}
