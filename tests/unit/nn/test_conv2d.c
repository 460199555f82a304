/*
 * test_conv2d.c: every size, stride and padding against plain loops, batches larger than are laid out
 * at a time, refusals, gradients. Against PyTorch: test_golden_layers.c.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

typedef struct setting {
    int64_t image[3], filters, kernel[2], stride[2];
    int padding;
    int64_t batch;
} setting;

static const setting settings[] = {
    {{6, 5, 2}, 3, {3, 3}, {1, 1}, GD_PADDING_VALID, 2},
    {{6, 5, 2}, 3, {3, 3}, {1, 1}, GD_PADDING_SAME, 2},
    {{7, 9, 1}, 4, {2, 4}, {2, 3}, GD_PADDING_SAME, 3},
    {{7, 9, 3}, 1, {1, 1}, {1, 1}, GD_PADDING_VALID, 3},
    {{7, 9, 3}, 2, {1, 1}, {3, 2}, GD_PADDING_SAME, 1},
    {{2, 3, 1}, 2, {5, 7}, {1, 1}, GD_PADDING_SAME, 2},
    {{5, 5, 2}, 2, {5, 5}, {1, 1}, GD_PADDING_VALID, 40},
    {{4, 4, 1}, 17, {2, 2}, {1, 1}, GD_PADDING_VALID, 130},
    {{30, 30, 1}, 2, {5, 5}, {1, 1}, GD_PADDING_VALID, 3},
    {{1, 1, 1}, 1, {1, 1}, {1, 1}, GD_PADDING_VALID, 1},
};

static gd_layer_options layer_of(const setting *s)
{
    gd_layer_options options = network_layer(GD_LAYER_CONV2D);
    options.of.conv2d.filters = s->filters;
    for (int d = 0; d < 2; d++) {
        options.of.conv2d.kernel.values[d] = s->kernel[d];
        options.of.conv2d.stride.values[d] = s->stride[d];
    }
    options.of.conv2d.padding = s->padding;
    return options;
}

/* Zeros before the image in dimension d, by the definition of "same". */
static int64_t zeros_before(const setting *s, int d)
{
    const int64_t count = (s->image[d] + s->stride[d] - 1) / s->stride[d];
    const int64_t zeros = (count - 1) * s->stride[d] + s->kernel[d] - s->image[d];
    return s->padding == GD_PADDING_SAME && zeros > 0 ? zeros / 2 : 0;
}

/* One output by the definition; weight is [filters, channels, height, width]. */
static double by_hand(const setting *s, const gd_real *image, const gd_real *parameters,
                      int64_t row, int64_t column, int64_t filter)
{
    const int64_t area = s->kernel[0] * s->kernel[1];
    double sum = (double)parameters[s->filters * s->image[2] * area + filter];
    for (int64_t i = 0; i < s->image[2] * area; i++) {
        const int64_t channel = i / area, cell = i % area;
        const int64_t y = row * s->stride[0] + cell / s->kernel[1] - zeros_before(s, 0);
        const int64_t x = column * s->stride[1] + cell % s->kernel[1] - zeros_before(s, 1);
        if (y >= 0 && y < s->image[0] && x >= 0 && x < s->image[1]) {
            sum += (double)image[(y * s->image[1] + x) * s->image[2] + channel] *
                   (double)parameters[filter * s->image[2] * area + i];
        }
    }
    return sum;
}

static void compare_with_loops(const setting *s)
{
    const gd_layer_options layer = layer_of(s);
    network net = network_create(network_shape(3, s->image), &layer, 1, s->batch, mse, 5);
    const gd_shape *shape = gd_model_output_shape(net.model);
    const int64_t *size = shape->dimensions;
    const gd_real *output;
    for (int d = 0; d < 2; d++) {
        cr_expect_eq(size[d], s->padding == GD_PADDING_SAME
                                  ? (s->image[d] + s->stride[d] - 1) / s->stride[d]
                                  : (s->image[d] - s->kernel[d]) / s->stride[d] + 1);
    }
    network_loss(&net, &output);
    const int64_t each = gd_shape_size(shape), pixels = s->image[0] * s->image[1] * s->image[2];
    for (int64_t i = 0; i < s->batch * each; i++) {
        const int64_t at = i % each, filter = at % s->filters, place = at / s->filters;
        const double want = by_hand(s, net.input + i / each * pixels, net.parameters,
                                    place / size[1], place % size[1], filter);
        cr_assert_float_eq((double)output[i], want, 1e-5, "%lld: %g, not %g", (long long)i,
                           (double)output[i], want);
    }
    network_destroy(&net);
}

Test(nn_conv2d, agrees_with_plain_loops)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        compare_with_loops(&settings[i]);
    }
}

Test(nn_conv2d, parameters_have_pytorch_s_shape)
{
    gd_layer_options layer = layer_of(&settings[2]);
    const gd_shape image = network_shape(3, settings[2].image);
    gd_model *model;
    cr_assert_eq(gd_model_create(&model, &image, &layer, 1, 0, 0, NULL), GD_OK);
    const gd_parameter *weight = gd_model_tensor(model, 0);
    cr_expect_str_eq(weight->name, "layers.0.weight");
    cr_expect(weight->shape.rank == 4 && weight->shape.dimensions[0] == 4 &&
              weight->shape.dimensions[1] == 1 && weight->shape.dimensions[2] == 2 &&
              weight->shape.dimensions[3] == 4);
    cr_expect_eq(gd_model_parameter_count(model), 36);
    gd_model_destroy(model);
    layer.of.conv2d.bias = false;
    cr_assert_eq(gd_model_create(&model, &image, &layer, 1, 0, 0, NULL), GD_OK);
    cr_expect_eq(gd_model_parameter_count(model), 32);
    gd_model_destroy(model);
}

Test(nn_conv2d, refuses_what_does_not_fit)
{
    setting s = settings[0];
    gd_layer_options layer = layer_of(&s);
    const gd_shape features = SHAPE(784), small = SHAPE(2, 5, 2), image = SHAPE(6, 5, 2);
    gd_model *model;
    gd_error error;
    cr_expect_eq(gd_model_create(&model, &features, &layer, 1, 0, 0, &error), GD_SHAPE_MISMATCH);
    cr_expect_str_eq(error.message,
                     "layer 0 (conv2d) wants images [height, width, channels], got [784]");
    cr_expect_eq(gd_model_create(&model, &small, &layer, 1, 0, 0, &error), GD_SHAPE_MISMATCH);
    layer.of.conv2d.stride.values[1] = 0;
    cr_expect_eq(gd_model_create(&model, &image, &layer, 1, 0, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/stride");
    layer = layer_of(&s);
    layer.of.conv2d.kernel.length = 1;
    cr_expect_eq(gd_model_create(&model, &image, &layer, 1, 0, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/kernel");
}

/* Before it a second convolution, so that the gradient of the input is looked at too. */
Test(nn_conv2d, gradients)
{
    const gd_activation activations[] = {GD_ACTIVATION_TANH, GD_ACTIVATION_GELU,
                                         GD_ACTIVATION_IDENTITY};
    for (size_t i = 0; i < 7; i++) {
        setting s = settings[i];
        s.batch = s.batch > 3 ? 3 : s.batch;
        const setting before = {{0}, s.image[2], {3, 3}, {1, 1}, GD_PADDING_SAME, 1};
        gd_layer_options layers[] = {layer_of(&before), layer_of(&s),
                                     network_layer(GD_LAYER_FLATTEN),
                                     network_dense(2, GD_ACTIVATION_IDENTITY)};
        layers[0].of.conv2d.activation = GD_ACTIVATION_TANH;
        layers[1].of.conv2d.activation = (int)activations[i % 3];
        layers[1].of.conv2d.bias = i != 3;
        network_expect_gradients(
            network_create(SHAPE(s.image[0], s.image[1], 2), layers, 4, s.batch, mse, i), "conv2d");
    }
}

/* More rows than are laid out at a time: weight gradients add up over the parts. */
Test(nn_conv2d, gradients_over_parts_of_a_batch)
{
    gd_layer_options layer = layer_of(&settings[7]);
    layer.of.conv2d.filters = 2;
    network_expect_gradients(network_create(SHAPE(4, 4, 1), &layer, 1, 130, mse, 9), "parts");
    layer = layer_of(&settings[8]);
    network_expect_gradients(network_create(SHAPE(30, 30, 1), &layer, 1, 3, mse, 9), "large");
}

/* Outputs and gradients of a convolution and a pool; a layer that does nothing keeps them apart. */
static network pooled(const setting *s, const int64_t size[2], int64_t stride, int activation,
                      bool apart)
{
    const setting before = {{0}, s->image[2], {3, 3}, {1, 1}, GD_PADDING_SAME, 1};
    gd_layer_options layers[] = {layer_of(&before), layer_of(s), network_layer(GD_LAYER_ACTIVATION),
                                 network_layer(GD_LAYER_MAX_POOL2D)};
    layers[1].of.conv2d.activation = activation;
    layers[2].of.activation.function = GD_ACTIVATION_IDENTITY;
    gd_layer_options *pool = &layers[apart ? 3 : 2];
    *pool = network_layer(GD_LAYER_MAX_POOL2D);
    pool->of.pool2d.size = (gd_count_list){2, {size[0], size[1]}};
    pool->of.pool2d.stride = stride;
    return network_create(network_shape(3, s->image), layers, apart ? 4 : 3, s->batch, mse, 3);
}

/* A pool whose windows are apart goes into the pass of the convolution before it; gaps and odd
 * edges too. */
Test(nn_conv2d, a_pool_in_its_pass_is_the_pool_after_it)
{
    const int64_t sizes[][2] = {{2, 2}, {3, 2}, {1, 3}, {2, 1}};
    const int activations[] = {GD_ACTIVATION_RELU, GD_ACTIVATION_TANH, GD_ACTIVATION_IDENTITY,
                               GD_ACTIVATION_GELU};
    for (size_t i = 0; i < 28; i++) {
        const setting *s = &settings[i / 4];
        const int64_t *size = sizes[i % 4];
        const int64_t stride = (size[0] > size[1] ? size[0] : size[1]) + (int64_t)(i % 3) / 2;
        const int activation = activations[i % 7 % 4];
        if (s->padding == GD_PADDING_VALID || (s->image[0] - 1) / s->stride[0] + 1 < size[0] ||
            (s->image[1] - 1) / s->stride[1] + 1 < size[1]) {
            continue;
        }
        network joined = pooled(s, size, stride, activation, false);
        network apart = pooled(s, size, stride, activation, true);
        const gd_real *got, *expected;
        network_loss(&joined, &got);
        network_loss(&apart, &expected);
        const int64_t outputs = s->batch * gd_shape_size(gd_model_output_shape(apart.model));
        for (int64_t k = 0; k < outputs; k++) {
            cr_assert(got[k] == expected[k], "%zu: output %lld", i, (long long)k);
        }
        network_gradient(&joined);
        network_gradient(&apart);
        for (size_t k = 0; k < gd_model_trained_count(apart.model); k++) {
            cr_assert_float_eq((double)joined.gradients[k], (double)apart.gradients[k],
                               16 * (double)GD_REAL_EPSILON, "%zu: gradient %zu", i, k);
        }
        network_destroy(&joined);
        network_destroy(&apart);
    }
}
