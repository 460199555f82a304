/*
 * test_link.c: outputs to predictions: sums, extremes, one class, NaN.
 */
#include <descent/loss.h>

#include <criterion/criterion.h>

#include <math.h>

Test(loss_link, softmax_sums_to_one_a_row)
{
    gd_real z[] = {1, 2, 3, -1000, 0, 1000, 5, 5, 5};
    gd_link_apply(GD_LINK_SOFTMAX, z, 3, 3);
    for (int r = 0; r < 3; r++) {
        cr_expect_float_eq((double)(z[3 * r] + z[3 * r + 1] + z[3 * r + 2]), 1, 1e-6);
    }
    cr_expect_float_eq((double)z[2], 0.66524095, 1e-6);
    cr_expect(z[3] == 0 && z[4] == 0 && z[5] == 1);
    cr_expect(z[6] == z[7] && z[7] == z[8]);
}

Test(loss_link, sigmoid_is_symmetric_and_never_overflows)
{
    gd_real z[] = {0, 2, -2, 1000, -1000, (gd_real)NAN};
    gd_link_apply(GD_LINK_SIGMOID, z, 3, 2);
    cr_expect_float_eq((double)z[0], 0.5, 1e-7);
    cr_expect_float_eq((double)z[1], 0.88079708, 1e-6);
    cr_expect_float_eq((double)(z[1] + z[2]), 1, 1e-6);
    cr_expect(z[3] == 1 && z[4] == 0);
    cr_expect(isnan(z[5]));
}

Test(loss_link, identity_changes_nothing)
{
    gd_real z[] = {-3, 7};
    gd_link_apply(GD_LINK_IDENTITY, z, 1, 2);
    cr_expect(z[0] == -3 && z[1] == 7);
}

Test(loss_link, exponential_of_each_element)
{
    gd_real z[] = {0, 1};
    gd_link_apply(GD_LINK_EXPONENTIAL, z, 1, 2);
    cr_expect_eq(z[0], 1);
    cr_expect_float_eq((double)z[1], 2.718281828, 1e-6);
}

Test(loss_link, decision_takes_the_first_of_the_largest)
{
    gd_real rows[] = {1, 3, 3, -1, -2, -3}, signs[] = {-0.5f, 0, 2};
    gd_link_apply(GD_LINK_DECISION, rows, 2, 3);
    cr_expect(rows[0] == 0 && rows[1] == 1 && rows[2] == 0);
    cr_expect(rows[3] == 1 && rows[4] == 0 && rows[5] == 0);
    gd_link_apply(GD_LINK_DECISION, signs, 3, 1);
    cr_expect(signs[0] == 0 && signs[1] == 1 && signs[2] == 1);
}
