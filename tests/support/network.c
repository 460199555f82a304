/*
 * network.c: see network.h. Derivatives are taken twice with steps a factor of ten apart; where the
 * two disagree the function is not smooth there and the parameter is counted as skipped.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DROPOUT_SEED = 99
};

gd_layer_options network_layer(gd_layer_type type)
{
    gd_layer_options options;
    memset(&options, 0, sizeof options);
    options.type = type;
    gd_fields_set_defaults(&gd_layer_descriptor_at(type)->fields, &options);
    return options;
}

gd_layer_options network_dense(int64_t units, gd_activation activation)
{
    gd_layer_options options = network_layer(GD_LAYER_DENSE);
    options.of.dense.units = units;
    options.of.dense.activation = (int)activation;
    return options;
}

gd_layer_options network_activation(gd_activation function)
{
    gd_layer_options options = network_layer(GD_LAYER_ACTIVATION);
    options.of.activation.function = (int)function;
    return options;
}

gd_layer_options network_dropout(double rate)
{
    gd_layer_options options = network_layer(GD_LAYER_DROPOUT);
    options.of.dropout.rate = rate;
    return options;
}

gd_shape network_shape(int64_t rank, const int64_t *dimensions)
{
    gd_shape shape = {.rank = rank};
    memcpy(shape.dimensions, dimensions, (size_t)rank * sizeof *dimensions);
    return shape;
}

static gd_real *draw(size_t count, gd_random *random)
{
    gd_real *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)gd_random_normal(random);
    }
    return values;
}

static void draw_targets(network *net, gd_random *random)
{
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(net->loss.type);
    const int64_t width = loss->class_targets ? 1 : net->width;
    const uint64_t classes = net->width > 1 ? (uint64_t)net->width : 2;
    net->targets = draw((size_t)(net->rows * width), random);
    for (int64_t i = 0; i < net->rows * width; i++) {
        if (loss->class_targets) {
            net->targets[i] = (gd_real)gd_random_below(random, classes);
        } else if (loss->target_minimum >= 0) {
            net->targets[i] = (gd_real)gd_random_uniform(random);
        }
    }
}

network network_create(gd_shape input, const gd_layer_options *layers, int64_t count, int64_t batch,
                       gd_loss_options loss, uint64_t seed)
{
    network net = {.loss = loss, .batch = batch};
    gd_error error = {0};
    gd_random random;
    gd_random_seed(&random, seed, GD_STREAM_GENERATE);
    gd_status status = gd_model_create(&net.model, &input, layers, count, 0, 0, &error);
    cr_assert_eq(status, GD_OK, "%s: %s", error.path, error.message);
    status = gd_workspace_create(&net.workspace, net.model, batch, true, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    const gd_shape *output = gd_model_output_shape(net.model);
    net.width = output->dimensions[output->rank - 1];
    net.rows = batch * gd_shape_size(output) / net.width;
    net.input = draw((size_t)(batch * gd_shape_size(&input)), &random);
    draw_targets(&net, &random);
    net.parameters = calloc(gd_model_parameter_count(net.model), sizeof *net.parameters);
    net.gradients = calloc(gd_model_parameter_count(net.model), sizeof *net.gradients);
    net.slopes = calloc((size_t)(net.rows * net.width), sizeof *net.slopes);
    cr_assert(net.parameters != NULL && net.gradients != NULL && net.slopes != NULL);
    gd_model_initialise(net.model, net.parameters, &random);
    return net;
}

void network_destroy(network *net)
{
    gd_workspace_destroy(net->workspace);
    gd_model_destroy(net->model);
    free(net->parameters);
    free(net->gradients);
    free(net->input);
    free(net->targets);
    free(net->slopes);
}

double network_loss(network *net, const gd_real **output)
{
    gd_random random;
    gd_random_seed(&random, DROPOUT_SEED, GD_STREAM_DROPOUT);
    const gd_real *outputs = gd_model_forward(net->model, net->parameters, net->workspace,
                                              net->input, net->batch, &random);
    cr_assert_not_null(outputs);
    if (output != NULL) {
        *output = outputs;
    }
    return gd_loss_descriptor_at(net->loss.type)
        ->evaluate(&net->loss, outputs, net->targets, net->rows, net->width, net->slopes);
}

double network_gradient(network *net)
{
    double loss = network_loss(net, NULL);
    gd_model_backward(net->model, net->parameters, net->workspace, net->input, net->batch,
                      net->slopes, net->gradients);
    return loss;
}

static double loss_at(network *net, gd_real *parameter, double value)
{
    *parameter = (gd_real)value;
    return network_loss(net, NULL);
}

static double central_difference(network *net, gd_real *parameter, double step)
{
    const double at = (double)*parameter;
    const double near = loss_at(net, parameter, at + step) - loss_at(net, parameter, at - step);
    const double far =
        loss_at(net, parameter, at + 2 * step) - loss_at(net, parameter, at - 2 * step);
    *parameter = (gd_real)at;
    return (8 * near - far) / (12 * step);
}

static double largest_of(const gd_real *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)values[i]));
    }
    return largest;
}

static void check_one(network *net, size_t index, const char *name, double floor_value,
                      gradient_check *check)
{
    gd_real *parameter = &net->parameters[index];
    const double exact = (double)net->gradients[index];
    const double coarse = central_difference(net, parameter, 1e-3);
    const double fine = central_difference(net, parameter, 1e-4);
    const double scale = fmax(fmax(fabs(exact), fabs(fine)), floor_value);
    if (fabs(coarse - fine) > 1e-5 * scale) {
        check->skipped++;
        return;
    }
    check->checked++;
    const double error = fabs(exact - fine) / scale;
    if (!(error <= check->worst)) {
        check->worst = error;
        memcpy(check->name, name, sizeof check->name);
    }
}

gradient_check network_check(network *net)
{
    gradient_check check = {0};
    network_gradient(net);
    const double largest = largest_of(net->gradients, gd_model_trained_count(net->model));
    for (int64_t t = 0; t < gd_model_tensor_count(net->model); t++) {
        const gd_parameter *tensor = gd_model_tensor(net->model, t);
        for (size_t i = 0; tensor->trained && i < tensor->count; i++) {
            check_one(net, tensor->offset + i, tensor->name, 1e-4 * largest, &check);
        }
    }
    return check;
}

static double loss_along(network *net, const gd_real *direction, double distance)
{
    const size_t count = gd_model_trained_count(net->model);
    gd_real *at = malloc(count * sizeof *at);
    cr_assert_not_null(at);
    memcpy(at, net->parameters, count * sizeof *at);
    for (size_t i = 0; i < count; i++) {
        net->parameters[i] = (gd_real)((double)at[i] + distance * (double)direction[i]);
    }
    const double loss = network_loss(net, NULL);
    memcpy(net->parameters, at, count * sizeof *at);
    free(at);
    return loss;
}

double network_check_direction(network *net, double step)
{
    const size_t count = gd_model_trained_count(net->model);
    gd_random random;
    gd_random_seed(&random, 5, GD_STREAM_SAMPLE);
    gd_real *direction = draw(count, &random);
    network_gradient(net);
    double exact = 0;
    for (size_t i = 0; i < count; i++) {
        /* Along the gradient with noise, so that the derivative is not small by chance. */
        direction[i] = (gd_real)((double)net->gradients[i] +
                                 0.1 * fabs((double)net->gradients[i]) * (double)direction[i]);
        exact += (double)net->gradients[i] * (double)direction[i];
    }
    const double length = sqrt(exact);
    double losses[4];
    for (int k = 0; k < 4; k++) {
        const double steps[] = {1, -1, 2, -2};
        losses[k] = loss_along(net, direction, steps[k] * step / length);
    }
    free(direction);
    const double numeric =
        (8 * (losses[0] - losses[1]) - (losses[2] - losses[3])) / (12 * step / length);
    return fabs(numeric - exact) / fmax(fabs(exact), 1e-12);
}

void network_expect_gradients(network net, const char *what)
{
#ifdef GD_REAL_DOUBLE
    gradient_check check = network_check(&net);
    cr_expect(check.worst < 1e-6, "%s: %s is off by %g", what, check.name, check.worst);
    cr_expect(check.checked > 0 && check.skipped * 10 <= check.checked,
              "%s: %lld checked, %lld not", what, (long long)check.checked,
              (long long)check.skipped);
#else
    double error = network_check_direction(&net, 2e-3);
    cr_expect(error < 2e-3, "%s: directional derivative off by %g", what, error);
#endif
    network_destroy(&net);
}
