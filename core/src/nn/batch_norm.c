/*
 * batch_norm.c: each channel (the last dimension) to mean 0 and variance 1 over batch and positions,
 * then scaled and shifted, torch.nn.BatchNorm1d and BatchNorm2d.
 *
 * Training uses the batch's mean and variance; predictions the running ones. Those are statistics in
 * the flat block: running = (1 - momentum) running + momentum batch, with the variance divided by
 * n - 1. Their new values come out of the backward pass (layer.h). A single row has no variance and
 * leaves the running one alone.
 */
#include "nn/layer.h"

#include "base/memory.h"

#include <math.h>

enum {
    WEIGHT,
    BIAS,
    RUNNING_MEAN,
    RUNNING_VAR,
    TENSORS
};

/* Of one channel. */
typedef struct channel_statistics {
    double mean;
    double variance; /* divided by n */
    double scale;    /* 1 / sqrt(variance + eps) */
} channel_statistics;

/* Of one channel in the backward pass: means of the slopes and of slopes times normal values. */
typedef struct channel_slopes {
    double mean, along;
} channel_slopes;

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    static const char *const names[TENSORS] = {"weight", "bias", "running_mean", "running_var"};
    const gd_shape width = {.rank = 1, .dimensions = {(int64_t)gdi_shape_width(&layer->input)}};
    layer->output = layer->input;
    layer->step_operations = gdi_saturating_product((int64_t)layer->input_count, 16, 1);
    for (int t = 0; t < TENSORS; t++) {
        gd_status status = gdi_layer_add_tensor(layer, names[t], width, t <= BIAS, error);
        if (status != GD_OK) {
            return status;
        }
    }
    return GD_OK;
}

static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    (void)batch;
    const size_t width = gdi_shape_width(&layer->input);
    const size_t largest = sizeof(channel_statistics) / sizeof(gd_real);
    return gdi_size_multiply(width, largest, &wanted->scratch) &&
           (!training || gdi_size_multiply(width, sizeof(channel_statistics), &wanted->saved));
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    (void)random;
    for (int t = 0; t < TENSORS; t++) {
        const gd_real value = t == WEIGHT || t == RUNNING_VAR;
        gdi_fill(parameters + layer->tensors[t].offset, layer->tensors[t].count, value);
    }
}

static void measure_batch(const gd_real *input, size_t rows, size_t width, double eps,
                          channel_statistics *channels)
{
    for (size_t c = 0; c < width; c++) {
        channels[c] = (channel_statistics){0};
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < width; c++) {
            channels[c].mean += (double)input[r * width + c];
        }
    }
    for (size_t c = 0; c < width; c++) {
        channels[c].mean /= (double)rows;
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < width; c++) {
            const double distance = (double)input[r * width + c] - channels[c].mean;
            channels[c].variance += distance * distance;
        }
    }
    for (size_t c = 0; c < width; c++) {
        channels[c].variance /= (double)rows;
        channels[c].scale = 1.0 / sqrt(channels[c].variance + eps);
    }
}

static void take_running(const gdi_pass *pass, size_t width, double eps,
                         channel_statistics *channels)
{
    const gd_real *mean = gdi_parameter(pass, RUNNING_MEAN);
    const gd_real *variance = gdi_parameter(pass, RUNNING_VAR);
    for (size_t c = 0; c < width; c++) {
        channels[c] = (channel_statistics){.mean = (double)mean[c],
                                           .variance = (double)variance[c],
                                           .scale = 1.0 / sqrt((double)variance[c] + eps)};
    }
}

static void forward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const size_t width = gdi_shape_width(&layer->input);
    const size_t rows = pass->batch * gdi_shape_rows(&layer->input);
    const double eps = layer->options.of.batch_norm.eps;
    const gd_real *weight = gdi_parameter(pass, WEIGHT), *bias = gdi_parameter(pass, BIAS);
    channel_statistics *channels = pass->saved;
    if (pass->training) {
        measure_batch(pass->input, rows, width, eps, channels);
    } else {
        channels = (channel_statistics *)(void *)pass->scratch;
        take_running(pass, width, eps, channels);
    }
    for (size_t r = 0; r < rows; r++) {
        const gd_real *input = pass->input + r * width;
        gd_real *output = pass->output + r * width;
        for (size_t c = 0; c < width; c++) {
            const double normal = ((double)input[c] - channels[c].mean) * channels[c].scale;
            output[c] = (gd_real)(normal * (double)weight[c] + (double)bias[c]);
        }
    }
}

/* Gradients of weight and bias, which are sums; leaves their means in `slopes`. */
static void sum_slopes(const gdi_pass *pass, size_t rows, size_t width, channel_slopes *slopes)
{
    const channel_statistics *channels = pass->saved;
    gd_real *weight_gradient = gdi_gradient(pass, WEIGHT);
    gd_real *bias_gradient = gdi_gradient(pass, BIAS);
    for (size_t c = 0; c < width; c++) {
        slopes[c] = (channel_slopes){0};
    }
    for (size_t r = 0; r < rows; r++) {
        const gd_real *input = pass->input + r * width;
        const gd_real *gradient = pass->output_gradient + r * width;
        for (size_t c = 0; c < width; c++) {
            const double normal = ((double)input[c] - channels[c].mean) * channels[c].scale;
            slopes[c].mean += (double)gradient[c];
            slopes[c].along += (double)gradient[c] * normal;
        }
    }
    for (size_t c = 0; c < width; c++) {
        weight_gradient[c] = (gd_real)slopes[c].along;
        bias_gradient[c] = (gd_real)slopes[c].mean;
        slopes[c].mean /= (double)rows;
        slopes[c].along /= (double)rows;
    }
}

static void update_running(const gdi_pass *pass, size_t rows, size_t width)
{
    const channel_statistics *channels = pass->saved;
    const double momentum = pass->layer->options.of.batch_norm.momentum;
    const double unbiased = rows > 1 ? (double)rows / (double)(rows - 1) : 1.0;
    const gd_real *mean = gdi_parameter(pass, RUNNING_MEAN);
    const gd_real *variance = gdi_parameter(pass, RUNNING_VAR);
    gd_real *new_mean = gdi_gradient(pass, RUNNING_MEAN);
    gd_real *new_variance = gdi_gradient(pass, RUNNING_VAR);
    for (size_t c = 0; c < width; c++) {
        const double old = (double)variance[c];
        const double seen = rows > 1 ? channels[c].variance * unbiased : old;
        new_mean[c] = (gd_real)((1 - momentum) * (double)mean[c] + momentum * channels[c].mean);
        new_variance[c] = (gd_real)((1 - momentum) * old + momentum * seen);
    }
}

static void backward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const size_t width = gdi_shape_width(&layer->input);
    const size_t rows = pass->batch * gdi_shape_rows(&layer->input);
    const channel_statistics *channels = pass->saved;
    const gd_real *weight = gdi_parameter(pass, WEIGHT);
    channel_slopes *slopes = (channel_slopes *)(void *)pass->scratch;
    sum_slopes(pass, rows, width, slopes);
    update_running(pass, rows, width);
    for (size_t r = 0; pass->input_gradient != NULL && r < rows; r++) {
        const gd_real *input = pass->input + r * width;
        const gd_real *gradient = pass->output_gradient + r * width;
        gd_real *result = pass->input_gradient + r * width;
        for (size_t c = 0; c < width; c++) {
            const double normal = ((double)input[c] - channels[c].mean) * channels[c].scale;
            const double left = (double)gradient[c] - slopes[c].mean - normal * slopes[c].along;
            result[c] = (gd_real)((double)weight[c] * channels[c].scale * left);
        }
    }
}

const gdi_layer_operations gdi_batch_norm_operations = {.plan = plan,
                                                        .needs = needs,
                                                        .initialise = initialise,
                                                        .forward = forward,
                                                        .backward = backward,
                                                        .gradient_in_place = true};
