/*
 * test_rprop.c: growth, shrinking without going back, and the order of its limits.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

Test(optim_rprop, grows_with_the_sign_and_rests_once_after_a_change)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_RPROP);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    const double gradients[] = {1, 5, -1, -1, -1}, expected[] = {-1, -2.2, -2.2, -1.6, -0.88};
    for (int i = 0; i < 5; i++) {
        minimise_given(&run, &gradients[i], 1);
        cr_assert_float_eq(run.parameters[0], expected[i], 1e-6, "step %d: %g", i + 1,
                           (double)run.parameters[0]);
    }
    minimise_end(&run);
}

Test(optim_rprop, etas_and_step_sizes_are_ordered)
{
    const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at(GD_OPTIMIZER_RPROP);
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_RPROP);
    gd_error error = {0};
    options.of.rprop.etas.values[0] = 1;
    cr_assert_eq(rule->check(&options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "etas");
    options = minimise_defaults(GD_OPTIMIZER_RPROP);
    options.of.rprop.step_sizes.values[0] = 51;
    cr_assert_eq(rule->check(&options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "step_sizes");
}
