/*
 * test_pool2d.c: values of windows by hand, ties, NaN, shapes, refusals, gradients. Against PyTorch:
 * test_golden_layers.c.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

static gd_layer_options pool(gd_layer_type type, int64_t height, int64_t width, int64_t stride)
{
    gd_layer_options options = network_layer(type);
    options.of.pool2d.size.values[0] = height;
    options.of.pool2d.size.values[1] = width;
    options.of.pool2d.stride = stride;
    return options;
}

static gd_layer_options convolution(int64_t filters)
{
    gd_layer_options options = network_layer(GD_LAYER_CONV2D);
    options.of.conv2d.filters = filters;
    options.of.conv2d.kernel = (gd_count_list){.length = 2, .values = {1, 1}};
    return options;
}

/* A convolution that copies its two channels, then the pool; the image [3, 3, 2] counts up. */
static network copy_and_pool(gd_layer_options layer)
{
    const gd_layer_options layers[] = {convolution(2), layer};
    network net = network_create(SHAPE(3, 3, 2), layers, 2, 1, mse, 1);
    const gd_real copy[] = {1, 0, 0, 1, 0, 0};
    memcpy(net.parameters, copy, sizeof copy);
    for (size_t i = 0; i < 18; i++) {
        net.input[i] = i % 2 == 0 ? (gd_real)i : -(gd_real)i;
    }
    return net;
}

Test(nn_pool2d, takes_the_largest_or_the_mean_of_each_channel)
{
    const gd_real largest[] = {8, -1, 10, -3, 14, -7, 16, -9};
    const gd_real means[] = {4, -5, 6, -7, 10, -11, 12, -13};
    const gd_real *output;
    network net = copy_and_pool(pool(GD_LAYER_MAX_POOL2D, 2, 2, 1));
    network_loss(&net, &output);
    cr_expect_arr_eq(output, largest, sizeof largest);
    output = gd_model_forward(net.model, net.parameters, net.workspace, net.input, 1, NULL);
    cr_expect_arr_eq(output, largest, sizeof largest);
    network_destroy(&net);
    net = copy_and_pool(pool(GD_LAYER_AVG_POOL2D, 2, 2, 1));
    network_loss(&net, &output);
    cr_expect_arr_eq(output, means, sizeof means);
    network_destroy(&net);
}

Test(nn_pool2d, stride_is_the_size_by_default_and_leftovers_are_dropped)
{
    network net = copy_and_pool(pool(GD_LAYER_MAX_POOL2D, 1, 2, GD_AUTOMATIC));
    const gd_shape *shape = gd_model_output_shape(net.model);
    cr_expect(shape->dimensions[0] == 3 && shape->dimensions[1] == 1 && shape->dimensions[2] == 2);
    network_destroy(&net);
    cr_expect_eq(network_layer(GD_LAYER_MAX_POOL2D).of.pool2d.stride, GD_AUTOMATIC);
    cr_expect_eq(network_layer(GD_LAYER_MAX_POOL2D).of.pool2d.size.values[1], 2);
}

/* All cells equal: the gradient goes to the first one, as in PyTorch. */
Test(nn_pool2d, of_equal_cells_the_first_is_taken)
{
    network net = copy_and_pool(pool(GD_LAYER_MAX_POOL2D, 3, 3, GD_AUTOMATIC));
    for (size_t i = 0; i < 18; i++) {
        net.input[i] = i / 2 == 0 ? 1 : (gd_real)(i / 2 % 2);
    }
    network_gradient(&net);
    /* Only the first cell's input, (1, 1), reaches the weight's gradient. */
    cr_expect_eq(net.gradients[0], net.gradients[4]);
    cr_expect_eq(net.gradients[1], net.gradients[4]);
    network_destroy(&net);
}

Test(nn_pool2d, nan_is_larger_than_all)
{
    network net = copy_and_pool(pool(GD_LAYER_MAX_POOL2D, 3, 3, GD_AUTOMATIC));
    const gd_real *output;
    net.input[8] = (gd_real)NAN;
    network_loss(&net, &output);
    cr_expect(isnan(output[0]));
    network_destroy(&net);
}

Test(nn_pool2d, refuses_what_is_no_image_or_too_small)
{
    const gd_layer_options layers[] = {network_dense(4, GD_ACTIVATION_RELU),
                                       pool(GD_LAYER_MAX_POOL2D, 2, 2, GD_AUTOMATIC)};
    const gd_layer_options large[] = {convolution(1),
                                      pool(GD_LAYER_AVG_POOL2D, 5, 2, GD_AUTOMATIC)};
    const gd_shape features = SHAPE(4), image = SHAPE(4, 4, 1);
    gd_model *model;
    gd_error error;
    cr_expect_eq(gd_model_create(&model, &features, layers, 2, 0, 0, &error), GD_SHAPE_MISMATCH);
    cr_expect_str_eq(error.message,
                     "layer 1 (max_pool2d) wants images [height, width, channels], "
                     "got [4]");
    cr_expect_eq(gd_model_create(&model, &image, large, 2, 0, 0, &error), GD_SHAPE_MISMATCH);
    cr_expect_str_eq(error.message,
                     "layer 1 (avg_pool2d) wants images of at least [5, 2, "
                     "channels], got [4, 4, 1]");
}

Test(nn_pool2d, gradients)
{
    const gd_layer_type types[] = {GD_LAYER_MAX_POOL2D, GD_LAYER_AVG_POOL2D};
    for (size_t k = 0; k < 2; k++) {
        const gd_layer_options layers[] = {convolution(3), network_activation(GD_ACTIVATION_TANH),
                                           pool(types[k], 2, 3, k == 0 ? 1 : 2),
                                           network_layer(GD_LAYER_FLATTEN),
                                           network_dense(2, GD_ACTIVATION_IDENTITY)};
        network_expect_gradients(network_create(SHAPE(5, 6, 2), layers, 5, 3, mse, 3 + k), "pool");
    }
}
