/*
 * test_recurrent.c: rnn, lstm and gru: gradients, shapes refused, first values, memory of one batch in
 * another's workspace, and how gradients grow or vanish with the length of a sequence. Against PyTorch:
 * test_golden_layers.c.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};
static const gd_layer_type kinds[] = {GD_LAYER_RNN, GD_LAYER_LSTM, GD_LAYER_GRU};
static const int64_t gate_counts[] = {1, 4, 3};

enum {
    KINDS = 3
};

static gd_layer_options recurrent(gd_layer_type type, int64_t units, bool sequences)
{
    gd_layer_options options = network_layer(type);
    options.of.recurrent.units = units;
    options.of.recurrent.return_sequences = sequences;
    return options;
}

Test(nn_recurrent, gradients)
{
    for (int k = 0; k < KINDS; k++) {
        const gd_layer_options last[] = {recurrent(kinds[k], 5, false),
                                         network_dense(2, GD_ACTIVATION_IDENTITY)};
        const gd_layer_options sequences[] = {recurrent(kinds[k], 4, true),
                                              network_dense(2, GD_ACTIVATION_TANH)};
        const gd_layer_options stacked[] = {
            network_dense(3, GD_ACTIVATION_TANH), recurrent(kinds[k], 4, true),
            recurrent(kinds[k], 3, true), recurrent(kinds[k], 4, false)};
        const char *name = gd_layer_descriptor_at(kinds[k])->name;
        network_expect_gradients(network_create(SHAPE(6, 3), last, 2, 4, mse, 1), name);
        network_expect_gradients(network_create(SHAPE(6, 3), sequences, 2, 3, mse, 2), name);
        network_expect_gradients(network_create(SHAPE(5, 2), stacked, 4, 3, mse, 3), name);
        network_expect_gradients(network_create(SHAPE(1, 3), last, 2, 3, mse, 4), name);
        network_expect_gradients(network_create(SHAPE(7, 1), sequences, 2, 1, mse, 5), name);
        network_expect_gradients(network_create(SHAPE(3, 2), sequences, 1, 30, mse, 6), name);
    }
}

Test(nn_recurrent, of_symbols)
{
    for (int k = 0; k < KINDS; k++) {
        gd_layer_options layers[] = {network_layer(GD_LAYER_EMBEDDING),
                                     recurrent(kinds[k], 4, true),
                                     network_dense(5, GD_ACTIVATION_IDENTITY)};
        layers[0].of.embedding.vocabulary = 5;
        layers[0].of.embedding.dimensions = 3;
        const gd_loss_options loss = {.type = GD_LOSS_CROSS_ENTROPY};
        network net = network_create(SHAPE(6), layers, 3, 4, loss, 7);
        for (int i = 0; i < 24; i++) {
            net.input[i] = (gd_real)(i * 7 % 5);
        }
        network_expect_gradients(net, gd_layer_descriptor_at(kinds[k])->name);
    }
}

Test(nn_recurrent, shapes_that_do_not_fit_are_refused)
{
    gd_model *model;
    gd_error error;
    for (int k = 0; k < KINDS; k++) {
        const gd_layer_options layers[] = {recurrent(kinds[k], 4, false),
                                           recurrent(kinds[k], 4, false)};
        const gd_layer_options none = recurrent(kinds[k], 0, false);
        const gd_layer_options huge = recurrent(kinds[k], 1000000, false);
        const gd_shape row = SHAPE(3), image = SHAPE(4, 4, 1), sequence = SHAPE(4, 3);
        cr_expect_eq(gd_model_create(&model, &row, layers, 1, 0, 0, &error), GD_SHAPE_MISMATCH);
        cr_expect_str_eq(error.path, "layers/0");
        cr_expect_not_null(strstr(error.message, "wants [time, features], got [3]"), "%s",
                           error.message);
        cr_expect_eq(gd_model_create(&model, &image, layers, 1, 0, 0, &error), GD_SHAPE_MISMATCH);
        cr_expect_not_null(strstr(error.message, "got [4, 4, 1]"), "%s", error.message);
        cr_expect_eq(gd_model_create(&model, &sequence, layers, 2, 0, 0, &error),
                     GD_SHAPE_MISMATCH);
        cr_expect_str_eq(error.path, "layers/1");
        cr_expect_not_null(strstr(error.message, "return sequences"), "%s", error.message);
        cr_expect_eq(gd_model_create(&model, &sequence, &none, 1, 0, 0, &error),
                     GD_INVALID_ARGUMENT);
        cr_expect_str_eq(error.path, "layers/0/units");
        cr_expect_eq(gd_model_create(&model, &sequence, &huge, 1, 0, 1000000, &error),
                     GD_TOO_LARGE);
    }
}

Test(nn_recurrent, names_shapes_and_first_values)
{
    static const char *const names[] = {"layers.0.weight_ih_l0", "layers.0.weight_hh_l0",
                                        "layers.0.bias_ih_l0", "layers.0.bias_hh_l0"};
    for (int k = 0; k < KINDS; k++) {
        const gd_layer_options layer = recurrent(kinds[k], 16, false);
        network net = network_create(SHAPE(2, 3), &layer, 1, 1, mse, 8);
        double largest = 0, squares = 0;
        const size_t count = gd_model_parameter_count(net.model);
        cr_expect_eq(gd_model_tensor_count(net.model), 4);
        for (int64_t t = 0; t < 4; t++) {
            const gd_parameter *tensor = gd_model_tensor(net.model, t);
            cr_expect_str_eq(tensor->name, names[t]);
            cr_expect_eq(tensor->shape.dimensions[0], gate_counts[k] * 16);
        }
        for (size_t i = 0; i < count; i++) {
            largest = fmax(largest, fabs((double)net.parameters[i]));
            squares += (double)net.parameters[i] * (double)net.parameters[i];
        }
        cr_expect(largest <= 0.25 && largest > 0.24, "%g", largest);
        cr_expect_float_eq(squares / (double)count, 0.25 * 0.25 / 3, 0.003);
        network_destroy(&net);
    }
}

Test(nn_recurrent, other_initialisers_have_orthogonal_recurrent_weights)
{
    for (int k = 0; k < KINDS; k++) {
        gd_layer_options layer = recurrent(kinds[k], 6, false);
        layer.of.recurrent.initialiser = GD_INITIALISER_GLOROT_UNIFORM;
        network net = network_create(SHAPE(2, 3), &layer, 1, 1, mse, 9);
        const gd_parameter *weight = gd_model_tensor(net.model, 1);
        const gd_real *values = net.parameters + weight->offset;
        for (int a = 0; a < 6; a++) {
            for (int b = 0; b < 6; b++) {
                double sum = 0;
                for (int64_t r = 0; r < weight->shape.dimensions[0]; r++) {
                    sum += (double)values[r * 6 + a] * (double)values[r * 6 + b];
                }
                cr_expect_float_eq(sum, a == b ? 1 : 0, 1e-6);
            }
        }
        const gd_real *bias = net.parameters + gd_model_tensor(net.model, 2)->offset;
        for (int64_t i = 0; i < gate_counts[k] * 6; i++) {
            const bool forget = kinds[k] == GD_LAYER_LSTM && i / 6 == 1;
            cr_expect_float_eq((double)bias[i], forget ? 1 : 0, 0);
        }
        network_destroy(&net);
    }
}

/* A smaller batch, and predicting, in a workspace made for more. */
Test(nn_recurrent, examples_do_not_see_each_other)
{
    for (int k = 0; k < KINDS; k++) {
        const gd_layer_options layers[] = {recurrent(kinds[k], 20, true),
                                           recurrent(kinds[k], 7, true)};
        network net = network_create(SHAPE(9, 3), layers, 2, 5, mse, 10);
        const gd_real *output;
        gd_real whole[5 * 9 * 7];
        network_loss(&net, &output);
        memcpy(whole, output, sizeof whole);
        output = gd_model_forward(net.model, net.parameters, net.workspace, net.input, 5, NULL);
        cr_expect_arr_eq(output, whole, sizeof whole);
        for (int64_t b = 0; b < 5; b++) {
            output = gd_model_forward(net.model, net.parameters, net.workspace, net.input + b * 27,
                                      1, NULL);
            cr_expect_arr_eq(output, whole + b * 63, sizeof whole / 5);
        }
        gd_workspace *predicting;
        cr_assert_eq(gd_workspace_create(&predicting, net.model, 8, false, NULL), GD_OK);
        output = gd_model_forward(net.model, net.parameters, predicting, net.input, 5, NULL);
        cr_expect_arr_eq(output, whole, sizeof whole);
        gd_workspace_destroy(predicting);
        network_destroy(&net);
    }
}

enum {
    WIDTH = 12
};

/* Norm of d loss / d input of the first step, from the gradient of a dense layer's bias. */
static double norm_reaching_the_start(int64_t time, double factor)
{
    gd_layer_options layer = recurrent(GD_LAYER_RNN, WIDTH, false);
    layer.of.recurrent.initialiser = GD_INITIALISER_ORTHOGONAL;
    network net = network_create(SHAPE(time, WIDTH), &layer, 1, 1, mse, 11);
    const gd_parameter *input = gd_model_tensor(net.model, 0);
    const gd_parameter *recurrent_weight = gd_model_tensor(net.model, 1);
    for (size_t i = 0; i < recurrent_weight->count; i++) {
        net.parameters[recurrent_weight->offset + i] *= (gd_real)factor;
    }
    /* One tiny input at the first step alone: tanh stays a line, and the gradient of weight_ih is the
     * gradient that came back so far times that input. */
    memset(net.input, 0, (size_t)(time * WIDTH) * sizeof *net.input);
    net.input[0] = (gd_real)1e-12;
    for (int i = 0; i < WIDTH; i++) {
        net.targets[i] = 1;
    }
    network_gradient(&net);
    double squares = 0;
    for (size_t i = 0; i < input->count; i++) {
        const double slope = (double)net.gradients[input->offset + i] / 1e-12;
        squares += slope * slope;
    }
    network_destroy(&net);
    return sqrt(squares);
}

Test(nn_recurrent, gradients_stay_vanish_or_explode_with_the_recurrent_weights)
{
    const double start = norm_reaching_the_start(1, 1);
    const int64_t lengths[] = {10, 30, 100, 200};
    cr_expect_gt(start, 0.1);
    for (int i = 0; i < 4; i++) {
        const int64_t steps = lengths[i] - 1;
        const double same = norm_reaching_the_start(lengths[i], 1) / start;
        const double less = norm_reaching_the_start(lengths[i], 0.9) / start;
        const double more = norm_reaching_the_start(lengths[i], 1.1) / start;
        cr_expect_float_eq(same, 1, 1e-4, "%lld steps: %g", (long long)steps, same);
        cr_expect_float_eq(less / pow(0.9, (double)steps), 1, 1e-3, "%lld steps: %g",
                           (long long)steps, less);
        if (lengths[i] <= 100) {
            cr_expect_float_eq(more / pow(1.1, (double)steps), 1, 1e-3, "%lld steps: %g",
                               (long long)steps, more);
        }
    }
    cr_expect_float_eq(norm_reaching_the_start(1000, 1) / start, 1, 1e-3);
}
