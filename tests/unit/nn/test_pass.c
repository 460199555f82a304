/*
 * test_pass.c: predictions equal training outputs without dropout, batches of every size, gradients
 * that are written and not added, and micro-batches that make up a large one.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

static network deep_network(int64_t batch)
{
    const gd_layer_options layers[] = {
        network_activation(GD_ACTIVATION_TANH), network_layer(GD_LAYER_FLATTEN),
        network_dense(9, GD_ACTIVATION_SILU),   network_activation(GD_ACTIVATION_IDENTITY),
        network_activation(GD_ACTIVATION_ELU),  network_dense(3, GD_ACTIVATION_IDENTITY)};
    return network_create(SHAPE(2, 3, 2), layers, 6, batch, mse, 21);
}

Test(nn_pass, predictions_are_the_same_in_either_workspace)
{
    network net = deep_network(5);
    const gd_real *trained, *predicted;
    gd_real copy[15];
    gd_workspace *small;
    network_loss(&net, &trained);
    memcpy(copy, trained, sizeof copy);
    cr_assert_eq(gd_workspace_create(&small, net.model, 5, false, NULL), GD_OK);
    predicted = gd_model_forward(net.model, net.parameters, small, net.input, 5, NULL);
    cr_expect_arr_eq(predicted, copy, sizeof copy);
    predicted = gd_model_forward(net.model, net.parameters, net.workspace, net.input, 5, NULL);
    cr_expect_arr_eq(predicted, copy, sizeof copy);
    gd_workspace_destroy(small);
    network_destroy(&net);
}

/* What is asked for alone or among others comes out the same, up to rounding. */
Test(nn_pass, an_example_does_not_depend_on_its_batch)
{
    network net = deep_network(5);
    const gd_real *output;
    gd_real together[15];
    network_loss(&net, &output);
    memcpy(together, output, sizeof together);
    for (int64_t i = 0; i < 5; i++) {
        output =
            gd_model_forward(net.model, net.parameters, net.workspace, net.input + 12 * i, 1, NULL);
        for (int64_t k = 0; k < 3; k++) {
            cr_expect_float_eq((double)output[k], (double)together[3 * i + k], 1e-6);
        }
    }
    network_destroy(&net);
}

Test(nn_pass, gradients_are_written_not_added)
{
    network net = deep_network(4);
    const size_t bytes = gd_model_parameter_count(net.model) * sizeof *net.gradients;
    gd_real *first = malloc(bytes);
    network_gradient(&net);
    memcpy(first, net.gradients, bytes);
    memset(net.gradients, 0x7f, bytes);
    network_gradient(&net);
    cr_expect_eq(memcmp(first, net.gradients, bytes), 0);
    free(first);
    network_destroy(&net);
}

Test(nn_pass, gradients_through_every_kind_of_layer)
{
    network_expect_gradients(deep_network(3), "mixed layers");
}

/* 7 = 4 + 3: means of the parts, weighted by their real sizes, are the mean of the whole. */
Test(nn_pass, micro_batches_make_up_a_batch)
{
    network net = deep_network(7);
    const size_t count = gd_model_parameter_count(net.model);
    gd_real *whole = malloc(count * sizeof *whole);
    double *parts = calloc(count, sizeof *parts);
    gd_real *input = net.input, *targets = net.targets;
    const double loss = network_gradient(&net);
    const int64_t sizes[] = {4, 3};
    double sum = 0;
    memcpy(whole, net.gradients, count * sizeof *whole);
    for (int64_t k = 0, begin = 0; k < 2; begin += sizes[k++]) {
        net.batch = net.rows = sizes[k];
        net.input = input + 12 * begin;
        net.targets = targets + 3 * begin;
        sum += network_gradient(&net) * (double)sizes[k] / 7;
        for (size_t i = 0; i < count; i++) {
            parts[i] += (double)net.gradients[i] * (double)sizes[k] / 7;
        }
    }
    cr_expect_float_eq(sum, loss, 1e-6 * loss);
    for (size_t i = 0; i < count; i++) {
        cr_expect_float_eq(parts[i], (double)whole[i], 1e-6);
    }
    net.input = input;
    net.targets = targets;
    free(whole);
    free(parts);
    network_destroy(&net);
}
