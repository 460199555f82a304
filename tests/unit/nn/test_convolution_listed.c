/*
 * test_convolution_listed.c: gradients of lists of slopes against those of the plain products, bytes,
 * where a pool leaves gaps and odd edges, where outputs are equal, and where numbers are not finite.
 */
#include "nn/convolution.h"
#include "nn/plan.h"
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

typedef struct setting {
    int64_t image[3], filters, kernel[2], stride[2];
    int padding;
    int64_t pool[2], pool_stride, batch;
    int activation;
} setting;

static const setting settings[] = {
    {{10, 12, 8}, 16, {5, 5}, {1, 1}, GD_PADDING_SAME, {2, 2}, 2, 3, GD_ACTIVATION_RELU},
    {{11, 13, 8}, 16, {5, 5}, {1, 1}, GD_PADDING_VALID, {2, 2}, 2, 20, GD_ACTIVATION_RELU},
    {{13, 12, 3}, 48, {3, 4}, {1, 1}, GD_PADDING_SAME, {3, 2}, 3, 2, GD_ACTIVATION_TANH},
    {{14, 15, 16}, 16, {3, 3}, {2, 2}, GD_PADDING_SAME, {2, 3}, 3, 2, GD_ACTIVATION_IDENTITY},
    {{12, 17, 20}, 33, {7, 6}, {1, 2}, GD_PADDING_SAME, {3, 3}, 4, 2, GD_ACTIVATION_RELU},
    {{17, 16, 12}, 8, {5, 5}, {1, 1}, GD_PADDING_SAME, {4, 4}, 4, 2, GD_ACTIVATION_RELU},
};
#define SETTINGS (sizeof settings / sizeof settings[0])

static const char *const table_names[] = {"baseline", "avx2", "avx512"};
#define TABLE_COUNT (sizeof table_names / sizeof table_names[0])

/* A convolution before it, so that the image's gradient counts; `apart`: a layer that does nothing
 * keeps the pool from joining. */
static network build(const setting *s, const gdi_kernels *table, bool apart)
{
    gd_layer_options layers[4] = {network_layer(GD_LAYER_CONV2D), network_layer(GD_LAYER_CONV2D),
                                  network_activation(GD_ACTIVATION_IDENTITY)};
    layers[0].of.conv2d.filters = s->image[2];
    layers[0].of.conv2d.kernel = (gd_count_list){2, {3, 3}};
    layers[0].of.conv2d.padding = GD_PADDING_SAME;
    layers[1].of.conv2d.filters = s->filters;
    layers[1].of.conv2d.padding = s->padding;
    layers[1].of.conv2d.activation = s->activation;
    gd_layer_options *pool = &layers[apart ? 3 : 2];
    *pool = network_layer(GD_LAYER_MAX_POOL2D);
    for (int d = 0; d < 2; d++) {
        layers[1].of.conv2d.kernel.values[d] = s->kernel[d];
        layers[1].of.conv2d.stride.values[d] = s->stride[d];
        pool->of.pool2d.size.values[d] = s->pool[d];
    }
    layers[1].of.conv2d.kernel.length = layers[1].of.conv2d.stride.length = 2;
    pool->of.pool2d.size.length = 2;
    pool->of.pool2d.stride = s->pool_stride;
    network net =
        network_create(SHAPE(s->image[0], s->image[1], 2), layers, apart ? 4 : 3, s->batch, mse, 7);
    for (int64_t i = 0; i < net.model->layer_count; i++) {
        net.model->layers[i].kernels = table;
    }
    gd_workspace_destroy(net.workspace);
    cr_assert_eq(gd_workspace_create(&net.workspace, net.model, s->batch, true, NULL), GD_OK);
    return net;
}

static bool same(gd_real a, gd_real b)
{
    return a == b || (a != a && b != b);
}

/* Sums of a bias go over the pool's outputs in one and over all outputs in the other. */
static bool like(gd_real a, gd_real b)
{
    const double difference = fabs((double)a - (double)b);
    return same(a, b) || difference <= 32 * (double)GD_REAL_EPSILON * (1 + fabs((double)a));
}

/* The same network with the pool in the pass of the convolution and after it. */
typedef struct pair {
    network joined, apart;
} pair;

static pair build_pair(const setting *s, const gdi_kernels *table)
{
    return (pair){build(s, table, false), build(s, table, true)};
}

static void destroy_pair(pair *networks)
{
    network_destroy(&networks->joined);
    network_destroy(&networks->apart);
}

/* Where images were not all listed, those that were are summed apart from the others. */
static void expect_gradients(pair *networks, bool all_listed, const char *what, size_t number)
{
    network *joined = &networks->joined, *apart = &networks->apart;
    network_gradient(joined);
    network_gradient(apart);
    for (int64_t t = 0; t < gd_model_tensor_count(joined->model); t++) {
        const gd_parameter *tensor = gd_model_tensor(joined->model, t);
        const bool bytes = all_listed && tensor->shape.rank == 4;
        for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
            const gd_real got = joined->gradients[i], expected = apart->gradients[i];
            cr_assert(bytes ? same(got, expected) : like(got, expected),
                      "%s, %zu: %s, element %zu: %g, not %g", what, number, tensor->name,
                      i - tensor->offset, (double)got, (double)expected);
        }
    }
}

/* With each table that runs here. */
static void for_each_setting(void (*check)(size_t number, const gdi_kernels *table))
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (size_t i = 0; i < SETTINGS && table != NULL; i++) {
            check(i, table);
        }
    }
}

static void check_choice(size_t number, const gdi_kernels *table)
{
    network joined = build(&settings[number], table, false);
    const gdi_layer *layers = joined.model->layers;
    const size_t batch = (size_t)joined.batch;
    gdi_convolution c;
    cr_assert(gdi_convolution_describe(&layers[1], batch, true, &c));
    cr_expect(c.lists, "%s: %zu", table->name, number);
    cr_assert(gdi_convolution_describe(&layers[1], batch, false, &c));
    cr_expect_not(c.lists);
    cr_assert(gdi_convolution_describe(&layers[0], batch, true, &c));
    cr_expect_not(c.lists);
    network_destroy(&joined);
}

Test(nn_convolution_listed, lists_are_made_where_they_pay)
{
    for_each_setting(check_choice);
}

/* Whether images of that height, 65536 wide, are listed; the places of all their lists need 32 bits. */
static bool lists_fit(const gdi_kernels *table, int64_t height)
{
    gd_layer_options layers[2] = {network_layer(GD_LAYER_CONV2D),
                                  network_layer(GD_LAYER_MAX_POOL2D)};
    layers[0].of.conv2d.filters = 1;
    layers[0].of.conv2d.kernel = (gd_count_list){2, {9, 9}};
    layers[0].of.conv2d.padding = GD_PADDING_SAME;
    layers[1].of.pool2d.size = (gd_count_list){2, {2, 2}};
    const gd_shape input = SHAPE(height, 65536, 1);
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, layers, 2, 0, 0, NULL), GD_OK);
    model->layers[0].kernels = table;
    gdi_convolution c = {0};
    cr_assert(gdi_convolution_describe(&model->layers[0], 1, true, &c));
    const size_t places = gdi_windows_count(&c.pool) * c.filters * c.forward.side;
    cr_expect(!c.lists || places < UINT32_MAX, "%s: %zu places", table->name, places);
    gd_model_destroy(model);
    return c.lists;
}

Test(nn_convolution_listed, lists_that_are_too_long_are_not_made)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table != NULL) {
            cr_expect(lists_fit(table, 64), "%s", table->name);
            lists_fit(table, 60000);
        }
    }
}

static void check_gradients(size_t number, const gdi_kernels *table)
{
    pair networks = build_pair(&settings[number], table);
    expect_gradients(&networks, true, "any numbers", number);
    destroy_pair(&networks);
}

Test(nn_convolution_listed, gradients_are_those_of_the_products)
{
    for_each_setting(check_gradients);
}

/* Small whole numbers: equal outputs in the pool's windows, slopes that are zero, zeros of both signs. */
static void check_equal(size_t number, const gdi_kernels *table)
{
    const setting *s = &settings[number];
    pair networks = build_pair(s, table);
    for (int64_t k = 0; k < s->batch * s->image[0] * s->image[1] * 2; k++) {
        const gd_real value = k % 5 == 0 ? (gd_real)-0.0 : (gd_real)(k % 3 - 1);
        networks.joined.input[k] = networks.apart.input[k] = value;
    }
    for (size_t k = 0; k < gd_model_parameter_count(networks.joined.model); k++) {
        const double value = (double)(k * 7 % 5) - 2;
        networks.joined.parameters[k] = networks.apart.parameters[k] = (gd_real)(value / 64);
    }
    expect_gradients(&networks, true, "whole numbers", number);
    destroy_pair(&networks);
}

Test(nn_convolution_listed, equal_outputs_and_zeros)
{
    for_each_setting(check_equal);
}

/* One number of the input, of the weights or of the targets, and so of the slopes. */
static void check_not_finite(size_t number, const gdi_kernels *table, gd_real value)
{
    const setting *s = &settings[number];
    const int64_t size = s->image[0] * s->image[1] * 2, at = (s->batch - 1) * size + size / 3;
    pair networks = build_pair(s, table);
    network *joined = &networks.joined, *apart = &networks.apart;
    const gd_real input = joined->input[at];
    joined->input[at] = apart->input[at] = value;
    expect_gradients(&networks, false, "input", number);
    joined->input[at] = apart->input[at] = input;
    const size_t weight = gd_model_tensor(joined->model, 2)->offset + 5;
    const gd_real before = joined->parameters[weight];
    joined->parameters[weight] = apart->parameters[weight] = value;
    expect_gradients(&networks, false, "weight", number);
    joined->parameters[weight] = apart->parameters[weight] = before;
    joined->targets[3] = apart->targets[3] = value;
    expect_gradients(&networks, false, "slope", number);
    destroy_pair(&networks);
}

static void check_all_not_finite(size_t number, const gdi_kernels *table)
{
    check_not_finite(number, table, (gd_real)NAN);
    check_not_finite(number, table, (gd_real)INFINITY);
    check_not_finite(number, table, (gd_real)-INFINITY);
}

/* They spread as through the products. */
Test(nn_convolution_listed, numbers_that_are_not_finite)
{
    for_each_setting(check_all_not_finite);
}
