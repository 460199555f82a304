/*
 * test_nadam.c: the one-step value that tells PyTorch's rule from Keras' and optax', and the product
 * that lives on in the scalars.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>

Test(optim_nadam, first_step)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_NADAM);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1}, 1);
    cr_assert_float_eq(run.parameters[0], -1.056452, 2e-6, "%.9g", (double)run.parameters[0]);
    minimise_given(&run, (double[]){1}, 1);
    double first = 0.9 * (1 - 0.5 * pow(0.96, 0.004)), second = 0.9 * (1 - 0.5 * pow(0.96, 0.008));
    cr_assert_float_eq(run.scalars[0], first * second, 1e-15);
    minimise_end(&run);
}
