/*
 * test_adamax.c: eps beside the gradient, not beside the largest one.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

Test(optim_adamax, eps_is_added_to_the_gradient)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADAMAX);
    options.of.adamax.eps = 1;
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1}, 1);
    cr_assert_float_eq(run.parameters[0], -0.5, 1e-6);
    minimise_given(&run, (double[]){0}, 1); /* m 0.09, u 1.998, correction 0.19 */
    cr_assert_float_eq(run.parameters[0], -0.5 - 0.09 / 0.19 / 1.998, 1e-6);
    minimise_end(&run);
}
