/*
 * test_penalty.c: l1 and l2 of dense, conv2d and recurrent layers: value, gradient, biases left alone,
 * and what a trainer makes of it.
 */
#include "support/network.h"
#include "support/training_run.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static const gd_loss_options mse = {.type = GD_LOSS_MSE};

#ifdef GD_REAL_DOUBLE
#define CLOSE 1e-14
#else
#define CLOSE 1e-6
#endif

static gd_layer_options penalised_dense(int64_t units, double l1, double l2)
{
    gd_layer_options layer = network_dense(units, GD_ACTIVATION_TANH);
    layer.of.dense.l1 = l1;
    layer.of.dense.l2 = l2;
    return layer;
}

Test(nn_penalty, value_and_gradient_of_weights)
{
    const gd_layer_options layer = penalised_dense(2, 0.5, 0.25);
    network net = network_create(SHAPE(2), &layer, 1, 1, mse, 1);
    const gd_real parameters[] = {1, -2, 0, 4, 100, -100};
    const double slopes[] = {0.5 + 0.5, -0.5 - 1, 0, 0.5 + 2, 0, 0};
    memcpy(net.parameters, parameters, sizeof parameters);
    for (int i = 0; i < 6; i++) {
        net.gradients[i] = 3;
    }
    const double penalty = gd_model_add_penalty(net.model, net.parameters, net.gradients);
    cr_expect_float_eq(penalty, 0.5 * 7 + 0.25 * 21, 1e-12);
    for (int i = 0; i < 6; i++) {
        cr_expect_float_eq((double)net.gradients[i], 3 + slopes[i], 1e-6);
    }
    network_destroy(&net);
}

Test(nn_penalty, there_is_none_by_default)
{
    const gd_layer_options layer = network_dense(3, GD_ACTIVATION_RELU);
    network net = network_create(SHAPE(4), &layer, 1, 2, mse, 2);
    cr_expect_eq(gd_model_add_penalty(net.model, net.parameters, net.gradients), 0);
    for (size_t i = 0; i < gd_model_parameter_count(net.model); i++) {
        cr_expect_eq(net.gradients[i], 0);
    }
    network_destroy(&net);
}

/* Every kind of layer that has the options: weights only. */
static void expect_weights_alone(gd_shape input, gd_layer_options layer, double l1, double l2)
{
    network net = network_create(input, &layer, 1, 1, mse, 3);
    double want = 0;
    const double got = gd_model_add_penalty(net.model, net.parameters, net.gradients);
    for (int64_t t = 0; t < gd_model_tensor_count(net.model); t++) {
        const gd_parameter *tensor = gd_model_tensor(net.model, t);
        const bool weight = strstr(tensor->name, "weight") != NULL;
        for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
            const double w = (double)net.parameters[i];
            want += weight ? l1 * fabs(w) + l2 * w * w : 0;
            cr_expect_float_eq((double)net.gradients[i], weight ? copysign(l1, w) + 2 * l2 * w : 0,
                               CLOSE, "%s", tensor->name);
        }
    }
    cr_expect_float_eq(got, want, 1e-9 * want);
    network_destroy(&net);
}

Test(nn_penalty, of_every_kind_of_layer)
{
    gd_layer_options convolution = network_layer(GD_LAYER_CONV2D);
    convolution.of.conv2d.filters = 4;
    convolution.of.conv2d.l1 = 0.125;
    convolution.of.conv2d.l2 = 0.5;
    expect_weights_alone(SHAPE(5, 5, 2), convolution, 0.125, 0.5);
    const gd_layer_type kinds[] = {GD_LAYER_RNN, GD_LAYER_LSTM, GD_LAYER_GRU};
    for (int k = 0; k < 3; k++) {
        gd_layer_options layer = network_layer(kinds[k]);
        layer.of.recurrent.units = 3;
        layer.of.recurrent.l1 = 0.25;
        layer.of.recurrent.l2 = 0.0625;
        expect_weights_alone(SHAPE(4, 2), layer, 0.25, 0.0625);
    }
    expect_weights_alone(SHAPE(7), penalised_dense(5, 0, 0.5), 0, 0.5);
    expect_weights_alone(SHAPE(7), penalised_dense(5, 0.5, 0), 0.5, 0);
}

Test(nn_penalty, negative_shares_are_refused)
{
    const gd_layer_options layer = penalised_dense(3, -1, 0);
    const gd_shape input = SHAPE(4);
    gd_model *model;
    gd_error error;
    cr_expect_eq(gd_model_create(&model, &input, &layer, 1, 0, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/l1");
}

/* The first step's loss is the mean error plus the penalty of the first parameters. */
static double first_loss(double l1, double l2, double *size)
{
    enum {
        COUNT = 20
    };
    gd_real features[COUNT * 4], targets[COUNT];
    gd_layer_options layers[] = {penalised_dense(8, l1, l2), network_dense(1, GD_ACTIVATION_RELU)};
    const gd_shape input = SHAPE(4);
    gd_model *model;
    cr_assert_eq(gd_model_create(&model, &input, layers, 2, 0, 0, NULL), GD_OK);
    const gd_examples examples = training_run_examples(features, targets, COUNT, 5);
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.training.batch_size = COUNT;
    setup.training.epochs = 400;
    setup.training.record_every = 1;
    gd_trainer *trainer = training_run_create(&setup);
    training_run_curve curve = {0};
    gd_error error;
    cr_assert_eq(training_run_advance(trainer, -1, &curve, &error), GD_OK, "%s", error.message);
    const double loss = curve.points[0].point.loss;
    const gd_real *parameters = gd_trainer_parameters(trainer);
    *size = 0;
    for (int i = 0; i < 32; i++) {
        *size += fabs((double)parameters[i]);
    }
    training_run_dispose(&curve);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
    return loss;
}

Test(nn_penalty, a_trainer_minimises_the_sum)
{
    double size, size_l1, size_l2;
    const double plain = first_loss(0, 0, &size);
    const double with_l1 = first_loss(0.02, 0, &size_l1);
    const double with_l2 = first_loss(0, 0.02, &size_l2);
    cr_expect_gt(with_l1, plain + 0.02 * 32 * 0.5 * 0.3);
    cr_expect_gt(with_l2, plain);
    cr_expect_lt(size_l1, 0.7 * size);
    cr_expect_lt(size_l2, 0.9 * size);
}
