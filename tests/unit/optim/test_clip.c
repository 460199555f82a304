/*
 * test_clip.c: norms at the edges (0, exactly the limit, beyond the range of squares, NaN) and both
 * ways of clipping.
 */
#include <criterion/criterion.h>

#include "optim/clip.h"

#include <math.h>

Test(optim_clip, norm_of_zeros_is_zero_and_clips_nothing)
{
    gd_real gradients[5] = {0};
    const gdi_kernels *kernels = gdi_kernels_best();
    double norm = gdi_norm(NULL, kernels, gradients, 5);
    cr_assert_eq(norm, 0);
    gdi_clip_norm(NULL, kernels, gradients, 5, norm, 1);
    cr_assert_eq(gradients[0], 0);
}

Test(optim_clip, limits_the_norm_to_the_limit)
{
    gd_real gradients[2] = {30, 40};
    const gdi_kernels *kernels = gdi_kernels_best();
    double norm = gdi_norm(NULL, kernels, gradients, 2);
    cr_assert_float_eq(norm, 50, 1e-12);
    gdi_clip_norm(NULL, kernels, gradients, 2, norm, 10);
    cr_assert_float_eq(gdi_norm(NULL, kernels, gradients, 2), 10, 1e-5);
    cr_assert_float_eq(gradients[0], 6, 1e-5);
}

Test(optim_clip, below_the_limit_nothing_changes_and_at_it_next_to_nothing)
{
    gd_real gradients[2] = {3, 4};
    const gdi_kernels *kernels = gdi_kernels_best();
    gdi_clip_norm(NULL, kernels, gradients, 2, 5, 5.1);
    cr_assert_eq(gradients[0], 3);
    gdi_clip_norm(NULL, kernels, gradients, 2, 5, 5);
    cr_assert_float_eq(gradients[0], 3, 1e-6);
    cr_assert_float_eq(gradients[1], 4, 1e-6);
}

Test(optim_clip, squares_beyond_float_have_a_norm)
{
    gd_real gradients[3] = {(gd_real)1e20, (gd_real)-1e20, 0};
    const gdi_kernels *kernels = gdi_kernels_best();
    double norm = gdi_norm(NULL, kernels, gradients, 3);
    cr_assert_float_eq(norm / 1e20, sqrt(2), 1e-6);
    gdi_clip_norm(NULL, kernels, gradients, 3, norm, 1);
    cr_assert_float_eq(gdi_norm(NULL, kernels, gradients, 3), 1, 1e-5);
}

#ifdef GD_REAL_DOUBLE
Test(optim_clip, squares_beyond_double_have_a_norm)
{
    gd_real gradients[2] = {3e200, 4e200};
    cr_assert_float_eq(gdi_norm(NULL, gdi_kernels_best(), gradients, 2) / 5e200, 1, 1e-12);
}
#endif

Test(optim_clip, norm_of_a_nan_or_an_infinity_is_not_finite)
{
    gd_real gradients[40] = {0};
    gradients[37] = (gd_real)NAN;
    cr_assert(isnan(gdi_norm(NULL, gdi_kernels_best(), gradients, 40)));
    gradients[37] = (gd_real)-INFINITY;
    cr_assert(isinf(gdi_norm(NULL, gdi_kernels_best(), gradients, 40)));
}

Test(optim_clip, value_is_limited_on_both_sides)
{
    gd_real gradients[19];
    for (int i = 0; i < 19; i++) {
        gradients[i] = (gd_real)(i - 9);
    }
    gdi_clip_value(NULL, gdi_kernels_best(), gradients, 19, 2.5);
    for (int i = 0; i < 19; i++) {
        double expected = fmax(-2.5, fmin(2.5, i - 9));
        cr_assert_eq((double)gradients[i], expected);
    }
}
