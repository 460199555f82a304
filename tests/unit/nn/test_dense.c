/*
 * test_dense.c: the formula, the time dimension, bias and automatic units, refusals, gradients.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

/* y = x W^T + b by hand for two rows: all numbers are exact. */
Test(nn_dense, computes_the_formula)
{
    const gd_layer_options layer = network_dense(2, GD_ACTIVATION_IDENTITY);
    network net = network_create(SHAPE(3), &layer, 1, 2, mse, 1);
    const gd_real parameters[] = {1, 2, 3, -1, 0.5f, 0, 10, 20};
    const gd_real input[] = {1, 1, 1, 2, 0, -1};
    const gd_real want[] = {16, 19.5f, 9, 18};
    const gd_real *output;
    memcpy(net.parameters, parameters, sizeof parameters);
    memcpy(net.input, input, sizeof input);
    network_loss(&net, &output);
    cr_expect_arr_eq(output, want, sizeof want);
    network_destroy(&net);
}

Test(nn_dense, without_bias_has_no_bias_tensor)
{
    gd_layer_options layer = network_dense(2, GD_ACTIVATION_RELU);
    layer.of.dense.bias = false;
    network net = network_create(SHAPE(3), &layer, 1, 2, mse, 1);
    cr_expect_eq(gd_model_tensor_count(net.model), 1);
    cr_expect_eq(gd_model_parameter_count(net.model), 6);
    network_destroy(&net);
}

/* [time, features] → [time, units] is the same as each time as an example of its own. */
Test(nn_dense, applies_to_the_last_dimension)
{
    const gd_layer_options layer = network_dense(4, GD_ACTIVATION_TANH);
    network sequence = network_create(SHAPE(5, 3), &layer, 1, 2, mse, 3);
    network single = network_create(SHAPE(3), &layer, 1, 10, mse, 3);
    const gd_real *outputs[2];
    const gd_shape *shape = gd_model_output_shape(sequence.model);
    cr_expect(shape->rank == 2 && shape->dimensions[0] == 5 && shape->dimensions[1] == 4);
    network_loss(&sequence, &outputs[0]);
    network_loss(&single, &outputs[1]);
    cr_expect_arr_eq(outputs[0], outputs[1], 40 * sizeof(gd_real));
    network_destroy(&sequence);
    network_destroy(&single);
}

Test(nn_dense, automatic_units_come_from_the_target)
{
    const gd_layer_options layer = network_dense(GD_AUTOMATIC, GD_ACTIVATION_IDENTITY);
    const gd_shape input = SHAPE(4);
    gd_model *model;
    gd_error error;
    cr_assert_eq(gd_model_create(&model, &input, &layer, 1, 7, 0, &error), GD_OK);
    cr_expect_eq(gd_model_layer(model, 0)->of.dense.units, 7);
    gd_model_destroy(model);
    cr_expect_eq(gd_model_create(&model, &input, &layer, 1, 0, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/units");
    cr_expect_null(model);
}

Test(nn_dense, refuses_images_and_says_what_to_do)
{
    const gd_layer_options layers[] = {network_activation(GD_ACTIVATION_RELU), network_dropout(0.1),
                                       network_dense(10, GD_ACTIVATION_IDENTITY)};
    const gd_shape input = SHAPE(28, 28, 1);
    gd_model *model;
    gd_error error;
    cr_expect_eq(gd_model_create(&model, &input, layers, 3, 0, 0, &error), GD_SHAPE_MISMATCH);
    cr_expect_str_eq(error.path, "layers/2");
    cr_expect_str_eq(error.message,
                     "layer 2 (dense) wants [features] or [time, features], got "
                     "[28, 28, 1]: put a flatten before it");
}

Test(nn_dense, gradients)
{
    const gd_layer_options deep[] = {
        network_dense(6, GD_ACTIVATION_TANH), network_dense(7, GD_ACTIVATION_SIGMOID),
        network_dense(5, GD_ACTIVATION_GELU), network_dense(3, GD_ACTIVATION_IDENTITY)};
    network_expect_gradients(network_create(SHAPE(4), deep, 4, 7, mse, 5), "dense");
    network_expect_gradients(network_create(SHAPE(4), deep, 4, 1, mse, 6), "dense, one example");
    network_expect_gradients(network_create(SHAPE(3, 4), deep, 4, 2, mse, 7), "dense, sequence");
    gd_layer_options plain[] = {network_dense(6, GD_ACTIVATION_TANH),
                                network_dense(1, GD_ACTIVATION_IDENTITY)};
    plain[0].of.dense.bias = false;
    network_expect_gradients(network_create(SHAPE(33), plain, 2, 37, mse, 8), "dense, no bias");
}

/* The output is finite or the trainer sees it: nothing in the layer hides a NaN. */
Test(nn_dense, passes_nan_on)
{
    const gd_layer_options layers[] = {network_dense(6, GD_ACTIVATION_RELU),
                                       network_dense(2, GD_ACTIVATION_IDENTITY)};
    network net = network_create(SHAPE(3), layers, 2, 2, mse, 9);
    const gd_real *output;
    net.input[1] = (gd_real)NAN;
    cr_expect(isnan(network_loss(&net, &output)));
    cr_expect(isnan(output[0]) && isfinite(output[2]));
    network_destroy(&net);
}
