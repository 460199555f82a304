/*
 * test_adam.c: the one-step values that tell PyTorch's Adam, AdamW and AMSGrad from other frameworks'.
 */
#include <criterion/criterion.h>

#include "optim/rules.h"
#include "support/minimise.h"

#include <math.h>

Test(optim_adam, eps_is_added_to_the_corrected_root)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADAM);
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1e-8}, 1.0);
    cr_assert_float_eq(run.parameters[0], -0.5, 1e-6, "%.9g", (double)run.parameters[0]);
    minimise_end(&run);
}

Test(optim_adam, amsgrad_takes_the_largest_before_the_correction)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_ADAM);
    options.of.adam.amsgrad = true;
    minimise_run run;
    minimise_begin(&run, &options, NULL, (double[]){0}, 1);
    minimise_given(&run, (double[]){1}, 1.0);
    double first = (double)run.parameters[0];
    minimise_given(&run, (double[]){0}, 1.0);
    double second = (double)run.parameters[0] - first;
    cr_assert_float_eq(second, -0.669723, 2e-6, "%.9g", second);
    minimise_end(&run);
}

Test(optim_adam, weight_decay_of_adam_is_coupled_and_of_adamw_is_not)
{
    for (int type = GD_OPTIMIZER_ADAM; type <= GD_OPTIMIZER_ADAMW; type++) {
        gd_optimizer_options options = minimise_defaults((gd_optimizer_type)type);
        options.of.adam.weight_decay = 0.1;
        minimise_run run;
        minimise_begin(&run, &options, NULL, (double[]){1}, 1);
        minimise_given(&run, (double[]){0}, 0.5);
        double expected = type == GD_OPTIMIZER_ADAM ? 0.5 : 0.95;
        cr_assert_float_eq(run.parameters[0], expected, 1e-6);
        minimise_end(&run);
    }
}

Test(optim_adam, bias_correction_keeps_its_digits)
{
    for (int64_t t = 1; t <= 100; t++) {
        long double exact = 1 - powl(0.999L, (long double)t);
        double relative = (double)fabsl((long double)gdi_bias_correction(0.999, t) / exact - 1);
        cr_assert_lt(relative, 1e-13, "t %lld: %g", (long long)t, relative);
    }
    cr_assert_eq(gdi_bias_correction(0, 1), 1);
    cr_assert_eq(gdi_bias_correction(0.9, 1000000), 1);
}
