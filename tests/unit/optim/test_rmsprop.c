/*
 * test_rmsprop.c: eps outside the root, no NaN from a variance that rounds below 0, moments by option.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>

Test(optim_rmsprop, eps_is_outside_the_root)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_RMSPROP);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1e-4}, 1.0);
    cr_assert_float_eq(run.parameters[0], -9.990010, 2e-5, "%.9g", (double)run.parameters[0]);
    minimise_end(&run);
}

Test(optim_rmsprop, centered_survives_a_gradient_that_never_changes)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_RMSPROP);
    options.of.rmsprop.centered = true;
    for (int with_momentum = 0; with_momentum < 2; with_momentum++) {
        options.of.rmsprop.momentum = with_momentum ? 0.5 : 0;
        minimise_run run;
        minimise_begin(&run, &options, NULL, (double[]){0, 0}, 2);
        for (int i = 0; i < 20000; i++) {
            minimise_given(&run, (double[]){0.1, 3.7}, 1e-9);
            cr_assert(isfinite(run.parameters[0]) && isfinite(run.parameters[1]), "step %d", i);
        }
        minimise_end(&run);
    }
}

Test(optim_rmsprop, keeps_as_many_moments_as_its_options_need)
{
    const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at(GD_OPTIMIZER_RMSPROP);
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_RMSPROP);
    cr_assert_eq(rule->moment_count(&options), 1);
    options.of.rmsprop.momentum = 0.9;
    cr_assert_eq(rule->moment_count(&options), 2);
    options.of.rmsprop.centered = true;
    cr_assert_eq(rule->moment_count(&options), 3);
}
