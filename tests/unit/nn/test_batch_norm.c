/*
 * test_batch_norm.c: the batch's statistics in training, the running ones in predictions, their place
 * in the flat block and their new values, gradients. Against PyTorch: test_golden_layers.c.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

Test(nn_batch_norm, statistics_stand_behind_the_trained_tensors)
{
    const gd_layer_options layers[] = {network_layer(GD_LAYER_BATCH_NORM),
                                       network_dense(3, GD_ACTIVATION_IDENTITY)};
    network net = network_create(SHAPE(2), layers, 2, 2, mse, 1);
    const struct {
        const char *name;
        size_t offset;
        bool trained;
        gd_real value;
    } want[] = {{"layers.0.weight", 0, true, 1},         {"layers.0.bias", 2, true, 0},
                {"layers.0.running_mean", 13, false, 0}, {"layers.0.running_var", 15, false, 1},
                {"layers.1.weight", 4, true, 9},         {"layers.1.bias", 10, true, 9}};
    cr_assert_eq(gd_model_tensor_count(net.model), 6);
    for (int64_t i = 0; i < 6; i++) {
        const gd_parameter *tensor = gd_model_tensor(net.model, i);
        cr_expect_str_eq(tensor->name, want[i].name);
        cr_expect_eq(tensor->offset, want[i].offset, "%s", tensor->name);
        cr_expect_eq(tensor->trained, want[i].trained);
        cr_expect(want[i].value == 9 || net.parameters[tensor->offset] == want[i].value);
    }
    cr_expect_eq(gd_model_trained_count(net.model), 13);
    cr_expect_eq(gd_model_parameter_count(net.model), 17);
    cr_expect_eq(gd_model_layer_parameters(net.model, 0), 4);
    network_destroy(&net);
}

/* Values 0 and 4: mean 2, variance 4, with n - 1: 8. */
Test(nn_batch_norm, training_uses_the_batch_and_updates_the_statistics)
{
    const gd_layer_options layer = network_layer(GD_LAYER_BATCH_NORM);
    network net = network_create(SHAPE(1), &layer, 1, 2, mse, 1);
    const gd_real *output;
    net.input[0] = 0;
    net.input[1] = 4;
    network_gradient(&net);
    network_loss(&net, &output);
    cr_expect_float_eq((double)output[0], -2 / sqrt(4 + 1e-5), 1e-6);
    cr_expect_float_eq((double)output[1], 2 / sqrt(4 + 1e-5), 1e-6);
    cr_expect_float_eq((double)net.gradients[2], 0.2, 1e-6);
    cr_expect_float_eq((double)net.gradients[3], 0.9 + 0.8, 1e-6);
    network_destroy(&net);
}

Test(nn_batch_norm, predictions_use_the_running_statistics)
{
    const gd_layer_options layer = network_layer(GD_LAYER_BATCH_NORM);
    network net = network_create(SHAPE(1), &layer, 1, 2, mse, 1);
    const gd_real parameters[] = {3, 1, 10, 4};
    memcpy(net.parameters, parameters, sizeof parameters);
    net.input[0] = 12;
    const gd_real *output =
        gd_model_forward(net.model, net.parameters, net.workspace, net.input, 1, NULL);
    cr_expect_float_eq((double)output[0], 3 * 2 / sqrt(4 + 1e-5) + 1, 1e-5);
    network_destroy(&net);
}

Test(nn_batch_norm, a_single_row_leaves_the_variance_alone)
{
    const gd_layer_options layer = network_layer(GD_LAYER_BATCH_NORM);
    network net = network_create(SHAPE(1), &layer, 1, 1, mse, 1);
    net.input[0] = 5;
    network_gradient(&net);
    cr_expect_float_eq((double)net.gradients[2], 0.5, 1e-6);
    cr_expect_eq(net.gradients[3], 1);
    cr_expect_eq(net.gradients[0], 0);
    network_destroy(&net);
}

Test(nn_batch_norm, gradients)
{
    const gd_layer_options layers[] = {
        network_dense(6, GD_ACTIVATION_TANH), network_layer(GD_LAYER_BATCH_NORM),
        network_dense(4, GD_ACTIVATION_TANH), network_layer(GD_LAYER_BATCH_NORM)};
    network_expect_gradients(network_create(SHAPE(5), layers, 4, 5, mse, 2), "batch_norm");
    network_expect_gradients(network_create(SHAPE(4, 5), layers, 4, 2, mse, 3), "on a sequence");
    network_expect_gradients(network_create(SHAPE(5), layers + 1, 3, 4, mse, 4), "as first layer");
    network_expect_gradients(network_create(SHAPE(3, 2, 2), layers + 3, 1, 3, mse, 5), "on images");
}
