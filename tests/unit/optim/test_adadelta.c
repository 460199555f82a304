/*
 * test_adadelta.c: eps inside both roots.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>

Test(optim_adadelta, first_steps_by_hand)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADADELTA);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1}, 1);
    double first = sqrt(1e-6) / sqrt(0.1 + 1e-6);
    cr_assert_float_eq(run.parameters[0], -first, 1e-6 * first);
    minimise_given(&run, (double[]){1}, 1);
    double second = sqrt(0.1 * first * first + 1e-6) / sqrt(0.19 + 1e-6);
    cr_assert_float_eq(run.parameters[0], -first - second, 1e-6 * first);
    minimise_end(&run);
}
