/*
 * test_radam.c: plain momentum while the mean square is too short, Adam's scaling after.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

Test(optim_radam, does_not_scale_at_first)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_RADAM);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    for (int step = 1; step <= 5; step++) {
        minimise_given(&run, (double[]){1000}, 1);
        cr_assert_float_eq(run.parameters[0], -1000.0 * step, 1e-2);
    }
    double before = (double)run.parameters[0];
    minimise_given(&run, (double[]){1000}, 1);
    double moved = before - (double)run.parameters[0];
    cr_assert(moved > 0 && moved < 1, "%g", moved);
    minimise_end(&run);
}
