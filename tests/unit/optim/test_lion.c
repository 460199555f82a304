/*
 * test_lion.c: steps have one size, and none where the momentum is 0.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

Test(optim_lion, goes_by_the_sign)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_LION);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0, 0, 0}, 3);
    minimise_given(&run, (double[]){3, -1e-9, 0}, 1);
    cr_assert(run.parameters[0] == -1 && run.parameters[1] == 1 && run.parameters[2] == 0);
    minimise_given(&run, (double[]){-0.1, 0, 0}, 1);
    cr_assert_float_eq(run.parameters[0], -2, 1e-7);
    minimise_end(&run);
}

Test(optim_lion, weight_decay_is_decoupled)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_LION);
    options.of.lion.weight_decay = 0.1;
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){1}, 1);
    minimise_given(&run, (double[]){0}, 0.5);
    cr_assert_float_eq(run.parameters[0], 0.95, 1e-7);
    minimise_end(&run);
}
