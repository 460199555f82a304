/*
 * test_embedding.c: rows by symbol, symbols that are none, automatic vocabulary, gradients of repeated
 * symbols. Against PyTorch: test_golden_layers.c.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

static gd_layer_options embedding(int64_t vocabulary, int64_t dimensions)
{
    gd_layer_options options = network_layer(GD_LAYER_EMBEDDING);
    options.of.embedding.vocabulary = vocabulary;
    options.of.embedding.dimensions = dimensions;
    return options;
}

Test(nn_embedding, gives_the_row_of_each_symbol)
{
    const gd_layer_options layer = embedding(5, 3);
    network net = network_create(SHAPE(2), &layer, 1, 2, mse, 1);
    const gd_real symbols[] = {4, 0, 2, 2}, *output;
    for (size_t i = 0; i < 4; i++) {
        net.input[i] = symbols[i];
    }
    network_loss(&net, &output);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_arr_eq(output + 3 * i, net.parameters + 3 * (size_t)symbols[i],
                         3 * sizeof *output);
    }
    network_destroy(&net);
}

Test(nn_embedding, a_symbol_that_is_none_gives_nan_and_no_gradient)
{
    const gd_layer_options layer = embedding(5, 2);
    const gd_real none[] = {-1, 5, 0.5f, (gd_real)NAN, 1e30f, -1e30f, (gd_real)INFINITY};
    network net = network_create(SHAPE(1), &layer, 1, 1, mse, 1);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        const gd_real *output;
        net.input[0] = none[i];
        network_gradient(&net);
        network_loss(&net, &output);
        cr_expect(isnan(output[0]) && isnan(output[1]), "%g", (double)none[i]);
        for (size_t k = 0; k < 10; k++) {
            cr_expect_eq(net.gradients[k], 0);
        }
    }
    network_destroy(&net);
}

Test(nn_embedding, automatic_vocabulary_and_refusals)
{
    const gd_layer_options first[] = {embedding(GD_AUTOMATIC, 3),
                                      network_dense(2, GD_ACTIVATION_IDENTITY)};
    const gd_layer_options second[] = {network_dense(2, GD_ACTIVATION_IDENTITY), embedding(4, 3)};
    const gd_shape input = SHAPE(6), rows = SHAPE(6, 2);
    gd_model *model;
    gd_error error;
    cr_assert_eq(gd_model_create(&model, &input, first, 2, 65, 0, &error), GD_OK);
    cr_expect_eq(gd_model_tensor(model, 0)->count, 65 * 3);
    cr_expect_eq(gd_model_output_shape(model)->dimensions[0], 6);
    gd_model_destroy(model);
    cr_expect_eq(gd_model_create(&model, &input, first, 2, 0, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/vocabulary");
    cr_expect_eq(gd_model_create(&model, &rows, first, 2, 65, 0, &error), GD_SHAPE_MISMATCH);
    cr_expect_eq(gd_model_create(&model, &input, second, 2, 65, 0, &error), GD_SHAPE_MISMATCH);
    cr_expect_str_eq(error.path, "layers/1");
}

Test(nn_embedding, gradients_with_repeated_symbols)
{
    const gd_layer_options layers[] = {embedding(4, 3), network_dense(5, GD_ACTIVATION_TANH),
                                       network_layer(GD_LAYER_FLATTEN),
                                       network_dense(2, GD_ACTIVATION_IDENTITY)};
    network net = network_create(SHAPE(6), layers, 4, 3, mse, 2);
    for (size_t i = 0; i < 18; i++) {
        net.input[i] = (gd_real)(i * i % 3);
    }
    network_expect_gradients(net, "embedding");
}
