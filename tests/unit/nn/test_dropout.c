/*
 * test_dropout.c: mean and share, determinism, untouched predictions, the same mask in both directions.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

enum {
    WIDTH = 100,
    BATCH = 1000
};

/* A dense layer that copies its input, then dropout. */
static network copy_then_drop(double rate)
{
    gd_layer_options layers[] = {network_dense(WIDTH, GD_ACTIVATION_IDENTITY),
                                 network_dropout(rate)};
    network net =
        network_create(SHAPE(WIDTH), layers, 2, BATCH, (gd_loss_options){.type = GD_LOSS_MSE}, 1);
    memset(net.parameters, 0, gd_model_parameter_count(net.model) * sizeof *net.parameters);
    for (size_t i = 0; i < WIDTH; i++) {
        net.parameters[i * WIDTH + i] = 1;
    }
    for (size_t i = 0; i < (size_t)WIDTH * BATCH; i++) {
        net.input[i] = 1;
    }
    return net;
}

Test(nn_dropout, keeps_the_mean_and_drops_the_share)
{
    const double rates[] = {0.1, 0.5, 0.9};
    for (size_t k = 0; k < 3; k++) {
        network net = copy_then_drop(rates[k]);
        const gd_real *output;
        double sum = 0, dropped = 0;
        const double count = (double)WIDTH * (double)BATCH;
        network_loss(&net, &output);
        for (size_t i = 0; i < (size_t)WIDTH * BATCH; i++) {
            sum += (double)output[i];
            dropped += output[i] == 0;
            cr_assert(output[i] == 0 || fabs((double)output[i] - 1 / (1 - rates[k])) < 1e-5);
        }
        const double deviation = sqrt(rates[k] * (1 - rates[k]) / count);
        cr_expect_float_eq(dropped / count, rates[k], 4 * deviation);
        cr_expect_float_eq(sum / count, 1, 4 * deviation / (1 - rates[k]));
        network_destroy(&net);
    }
}

Test(nn_dropout, follows_its_random_state_alone)
{
    network net = copy_then_drop(0.5);
    const size_t bytes = (size_t)WIDTH * BATCH * sizeof(gd_real);
    static gd_real first[(size_t)WIDTH * BATCH];
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_DROPOUT);
    memcpy(first,
           gd_model_forward(net.model, net.parameters, net.workspace, net.input, BATCH, &random),
           bytes);
    const gd_real *next =
        gd_model_forward(net.model, net.parameters, net.workspace, net.input, BATCH, &random);
    cr_expect_neq(memcmp(first, next, bytes), 0);
    gd_random_seed(&random, 1, GD_STREAM_DROPOUT);
    next = gd_model_forward(net.model, net.parameters, net.workspace, net.input, BATCH, &random);
    cr_expect_eq(memcmp(first, next, bytes), 0);
    network_destroy(&net);
}

Test(nn_dropout, leaves_predictions_alone)
{
    network net = copy_then_drop(0.9);
    const gd_real *output =
        gd_model_forward(net.model, net.parameters, net.workspace, net.input, BATCH, NULL);
    cr_expect_eq(memcmp(output, net.input, (size_t)WIDTH * BATCH * sizeof *output), 0);
    network_destroy(&net);
}

Test(nn_dropout, gradients_use_the_mask_of_the_forward_pass)
{
    const gd_layer_options layers[] = {network_dense(7, GD_ACTIVATION_TANH), network_dropout(0.4),
                                       network_dense(3, GD_ACTIVATION_IDENTITY),
                                       network_dropout(0.2)};
    network_expect_gradients(
        network_create(SHAPE(5), layers, 4, 5, (gd_loss_options){.type = GD_LOSS_MSE}, 4),
        "dropout");
}

Test(nn_dropout, refuses_rates_outside_zero_to_one)
{
    const double rates[] = {-0.1, 1, 2, NAN};
    const gd_shape input = SHAPE(3);
    for (size_t k = 0; k < 4; k++) {
        const gd_layer_options layers[] = {network_dense(2, GD_ACTIVATION_RELU),
                                           network_dropout(rates[k])};
        gd_model *model;
        gd_error error;
        cr_expect_eq(gd_model_create(&model, &input, layers, 2, 0, 0, &error), GD_INVALID_ARGUMENT);
        cr_expect_str_eq(error.path, "layers/1/rate");
        cr_expect_str_eq(error.message, "layer 1 (dropout) wants rate at least 0 and below 1");
    }
}
