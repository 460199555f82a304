/*
 * test_layer_norm.c: what comes out, constant rows, gradients on rows and sequences. Against PyTorch:
 * test_golden_layers.c.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

Test(nn_layer_norm, rows_have_mean_0_and_variance_1)
{
    const gd_layer_options layer = network_layer(GD_LAYER_LAYER_NORM);
    network net = network_create(SHAPE(3, 50), &layer, 1, 2, mse, 1);
    const gd_real *output;
    for (size_t i = 0; i < 300; i++) {
        net.input[i] = net.input[i] * 7 + 1000;
    }
    network_loss(&net, &output);
    for (size_t r = 0; r < 6; r++) {
        double mean = 0, squares = 0;
        for (size_t c = 0; c < 50; c++) {
            mean += (double)output[50 * r + c] / 50;
            squares += (double)output[50 * r + c] * (double)output[50 * r + c] / 50;
        }
        cr_expect_float_eq(mean, 0, 1e-6);
        cr_expect_float_eq(squares, 1, 1e-5);
    }
    network_destroy(&net);
}

Test(nn_layer_norm, a_constant_row_becomes_the_bias)
{
    const gd_layer_options layer = network_layer(GD_LAYER_LAYER_NORM);
    network net = network_create(SHAPE(3), &layer, 1, 1, mse, 1);
    const gd_real *output, parameters[] = {1, 2, 3, 4, 5, 6}, input[] = {7, 7, 7};
    memcpy(net.parameters, parameters, sizeof parameters);
    memcpy(net.input, input, sizeof input);
    network_loss(&net, &output);
    cr_expect_arr_eq(output, parameters + 3, sizeof input);
    network_destroy(&net);
}

Test(nn_layer_norm, gradients)
{
    const gd_layer_options layers[] = {
        network_dense(6, GD_ACTIVATION_TANH), network_layer(GD_LAYER_LAYER_NORM),
        network_dense(4, GD_ACTIVATION_TANH), network_layer(GD_LAYER_LAYER_NORM)};
    network_expect_gradients(network_create(SHAPE(5), layers, 4, 3, mse, 2), "layer_norm");
    network_expect_gradients(network_create(SHAPE(4, 5), layers, 4, 2, mse, 3), "on a sequence");
    network_expect_gradients(network_create(SHAPE(5), layers + 1, 3, 2, mse, 4), "as first layer");
}
