/*
 * test_flatten.c: PyTorch's order for images, memory untouched for all else, gradients through both.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

/* An identity matrix behind the flatten shows its order. */
static void expect_order(gd_shape input, const gd_real *want)
{
    const int64_t width = gd_shape_size(&input);
    const gd_layer_options layers[] = {network_layer(GD_LAYER_FLATTEN),
                                       network_dense(width, GD_ACTIVATION_IDENTITY)};
    network net = network_create(input, layers, 2, 2, mse, 1);
    const gd_real *output;
    memset(net.parameters, 0, gd_model_parameter_count(net.model) * sizeof *net.parameters);
    for (int64_t i = 0; i < width; i++) {
        net.parameters[i * width + i] = 1;
        net.input[i] = (gd_real)i;
        net.input[width + i] = (gd_real)(100 + i);
    }
    network_loss(&net, &output);
    for (int64_t i = 0; i < width; i++) {
        cr_expect_eq(output[i], want[i]);
        cr_expect_eq(output[width + i], want[i] + 100);
    }
    network_destroy(&net);
}

Test(nn_flatten, takes_images_channel_by_channel)
{
    const gd_real want[] = {0, 3, 6, 9, 12, 15, 1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17};
    expect_order(SHAPE(2, 3, 3), want);
}

Test(nn_flatten, keeps_the_order_of_all_else)
{
    const gd_real want[] = {0, 1, 2, 3, 4, 5};
    expect_order(SHAPE(6), want);
    expect_order(SHAPE(3, 2), want);
    expect_order(SHAPE(3, 2, 1), want);
    expect_order(SHAPE(1, 1, 6), want);
}

Test(nn_flatten, gradients_of_a_sequence)
{
    const gd_layer_options layers[] = {network_dense(4, GD_ACTIVATION_TANH),
                                       network_layer(GD_LAYER_FLATTEN),
                                       network_dense(2, GD_ACTIVATION_IDENTITY)};
    network_expect_gradients(network_create(SHAPE(3, 5), layers, 3, 3, mse, 2), "flatten");
}

Test(nn_flatten, gradients_of_an_image)
{
    gd_layer_options layers[] = {network_layer(GD_LAYER_LAYER_NORM),
                                 network_layer(GD_LAYER_FLATTEN),
                                 network_dense(2, GD_ACTIVATION_IDENTITY)};
    network_expect_gradients(network_create(SHAPE(3, 5, 2), layers, 3, 3, mse, 2), "flatten");
}
