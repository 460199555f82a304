/*
 * test_activation.c: values and derivatives against PyTorch's, the tails, NaN, names, in-place use and
 * the layer's gradient.
 */
#include "support/golden.h"
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#ifdef GD_REAL_DOUBLE
#define RELATIVE 1e-13
#define ABSOLUTE 1e-15
#else
#define RELATIVE 2e-6
#define ABSOLUTE 2e-7
#endif

static gd_activation activation_named(const char *name)
{
    for (int i = 0; i < GD_ACTIVATION_COUNT; i++) {
        if (strcmp(gd_activation_names()[i], name) == 0) {
            return (gd_activation)i;
        }
    }
    return GD_ACTIVATION_COUNT;
}

static bool close_to(double got, double want)
{
    return fabs(got - want) <= RELATIVE * fabs(want) + ABSOLUTE;
}

static void compare_with(const golden_case *golden)
{
    const gd_activation activation = activation_named(golden_case_name(golden));
    cr_assert_lt(activation, GD_ACTIVATION_COUNT, "%s", golden_case_name(golden));
    const gd_activation_descriptor *function = gd_activation_descriptor_at(activation);
    const golden_tensor *x = golden_tensor_find(golden, "x");
    const golden_tensor *value = golden_tensor_find(golden, "value");
    const golden_tensor *derivative = golden_tensor_find(golden, "derivative");
    for (int64_t i = 0; i < x->count; i++) {
        const gd_real input = (gd_real)x->values[i], one = 1;
        gd_real output, slope;
        function->forward(&input, &output, 1);
        function->backward(function->from_output ? NULL : &input, &output, &one, &slope, 1);
        cr_expect(close_to((double)output, value->values[i]), "%s(%g): %.17g, not %.17g",
                  function->name, (double)input, (double)output, value->values[i]);
        cr_expect(close_to((double)slope, derivative->values[i]), "%s'(%g): %.17g, not %.17g",
                  function->name, (double)input, (double)slope, derivative->values[i]);
    }
}

Test(nn_activation, agrees_with_golden_values)
{
    golden_error error;
    golden_file *file = golden_open("activations.txt", &error);
    cr_assert_not_null(file, "%s", error.message);
    cr_expect_eq(golden_case_count(file), GD_ACTIVATION_COUNT);
    for (int64_t i = 0; i < golden_case_count(file); i++) {
        compare_with(golden_case_at(file, i));
    }
    golden_close(file);
}

Test(nn_activation, names_follow_the_enum)
{
    cr_expect_eq(activation_named("identity"), GD_ACTIVATION_IDENTITY);
    cr_expect_eq(activation_named("softplus"), GD_ACTIVATION_SOFTPLUS);
    cr_expect_null(gd_activation_names()[GD_ACTIVATION_COUNT]);
    cr_expect_null(gd_activation_descriptor_at(GD_ACTIVATION_COUNT));
    for (int i = 0; i < GD_ACTIVATION_COUNT; i++) {
        cr_expect_str_eq(gd_activation_descriptor_at((gd_activation)i)->name,
                         gd_activation_names()[i]);
    }
}

Test(nn_activation, far_tails_are_finite_and_nan_stays_nan)
{
    const gd_real inputs[] = {-1e30f, -1000, -100, 100, 1000, 1e30f};
    for (int i = 0; i < GD_ACTIVATION_COUNT; i++) {
        const gd_activation_descriptor *function = gd_activation_descriptor_at((gd_activation)i);
        const gd_real nan_input = (gd_real)NAN, one = 1;
        gd_real output, slope;
        for (size_t k = 0; k < sizeof inputs / sizeof inputs[0]; k++) {
            function->forward(&inputs[k], &output, 1);
            function->backward(&inputs[k], &output, &one, &slope, 1);
            cr_expect(isfinite(output) && isfinite(slope), "%s(%g) = %g, slope %g", function->name,
                      (double)inputs[k], (double)output, (double)slope);
        }
        function->forward(&nan_input, &output, 1);
        cr_expect(isnan(output), "%s(NaN)", function->name);
    }
}

Test(nn_activation, works_in_place)
{
    for (int i = 0; i < GD_ACTIVATION_COUNT; i++) {
        const gd_activation_descriptor *function = gd_activation_descriptor_at((gd_activation)i);
        const gd_real inputs[] = {-1.5f, -0.25f, 0.5f, 2};
        gd_real apart[4], place[4], slopes_apart[4], slopes[4] = {1, -2, 3, 0.5f};
        memcpy(place, inputs, sizeof place);
        function->forward(inputs, apart, 4);
        function->forward(place, place, 4);
        cr_expect_arr_eq(place, apart, sizeof apart);
        function->backward(inputs, apart, slopes, slopes_apart, 4);
        function->backward(inputs, apart, slopes, slopes, 4);
        cr_expect_arr_eq(slopes, slopes_apart, sizeof slopes);
    }
}

Test(nn_activation, gains_are_those_of_pytorch)
{
    golden_error error;
    golden_file *file = golden_open("initialisers.txt", &error);
    cr_assert_not_null(file, "%s", error.message);
    const golden_case *gains = golden_case_find(file, "gains");
    for (int64_t i = 0; i < golden_tensor_count(gains); i++) {
        const golden_tensor *gain = golden_tensor_at(gains, i);
        const char *name = strcmp(gain->name, "linear") == 0 ? "identity" : gain->name;
        const gd_activation_descriptor *function =
            gd_activation_descriptor_at(activation_named(name));
        cr_assert_not_null(function, "%s", name);
        cr_expect_float_eq(function->gain, gain->values[0], 1e-14, "%s: %.17g", name,
                           function->gain);
    }
    golden_close(file);
}

Test(nn_activation, gradient_as_a_layer_and_as_a_member)
{
    for (int i = 0; i < GD_ACTIVATION_COUNT; i++) {
        const gd_activation activation = (gd_activation)i;
        const gd_layer_options apart[] = {network_dense(5, GD_ACTIVATION_IDENTITY),
                                          network_activation(activation),
                                          network_dense(3, GD_ACTIVATION_IDENTITY)};
        const gd_layer_options member[] = {network_dense(5, activation),
                                           network_dense(3, activation)};
        const gd_loss_options mse = {.type = GD_LOSS_MSE};
        network_expect_gradients(network_create(SHAPE(4), apart, 3, 6, mse, 17),
                                 gd_activation_names()[i]);
        network_expect_gradients(network_create(SHAPE(4), member, 2, 6, mse, 18),
                                 gd_activation_names()[i]);
    }
}
