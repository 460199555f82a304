/*
 * layer_norm.c: each row of the last dimension to mean 0 and variance 1, then scaled and shifted,
 * torch.nn.LayerNorm(width). Of an image the last dimension is its channels.
 *
 * y = (x - mean) / sqrt(variance + eps) * weight + bias, variance divided by the width. Mean and scale
 * of each row are kept for the backward pass; all sums run in double.
 */
#include "nn/layer.h"

#include "base/memory.h"

#include <math.h>

enum {
    WEIGHT,
    BIAS
};

typedef struct row_statistics {
    double mean;
    double scale; /* 1 / sqrt(variance + eps) */
} row_statistics;

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    layer->output = layer->input;
    const gd_shape width = {.rank = 1, .dimensions = {(int64_t)gdi_shape_width(&layer->input)}};
    layer->step_operations = gdi_saturating_product((int64_t)layer->input_count, 16, 1);
    gd_status status = gdi_layer_add_tensor(layer, "weight", width, true, error);
    return status == GD_OK ? gdi_layer_add_tensor(layer, "bias", width, true, error) : status;
}

static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    size_t rows;
    if (!training) {
        return true;
    }
    return gdi_size_multiply(batch, gdi_shape_rows(&layer->input), &rows) &&
           gdi_size_multiply(rows, sizeof(row_statistics), &wanted->saved) &&
           gdi_size_multiply(gdi_shape_width(&layer->input), sizeof(double) / sizeof(gd_real),
                             &wanted->scratch);
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    (void)random;
    gdi_fill(parameters + layer->tensors[WEIGHT].offset, layer->tensors[WEIGHT].count, 1);
    gdi_fill(parameters + layer->tensors[BIAS].offset, layer->tensors[BIAS].count, 0);
}

static row_statistics measure(const gd_real *row, size_t width, double eps)
{
    double sum = 0.0, squares = 0.0;
    for (size_t c = 0; c < width; c++) {
        sum += (double)row[c];
    }
    const double mean = sum / (double)width;
    for (size_t c = 0; c < width; c++) {
        const double distance = (double)row[c] - mean;
        squares += distance * distance;
    }
    return (row_statistics){.mean = mean, .scale = 1.0 / sqrt(squares / (double)width + eps)};
}

static void forward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const size_t width = gdi_shape_width(&layer->input);
    const size_t rows = pass->batch * gdi_shape_rows(&layer->input);
    const gd_real *weight = gdi_parameter(pass, WEIGHT), *bias = gdi_parameter(pass, BIAS);
    row_statistics *kept = pass->saved;
    for (size_t r = 0; r < rows; r++) {
        const gd_real *input = pass->input + r * width;
        gd_real *output = pass->output + r * width;
        const row_statistics row = measure(input, width, layer->options.of.layer_norm.eps);
        for (size_t c = 0; c < width; c++) {
            const double normal = ((double)input[c] - row.mean) * row.scale;
            output[c] = (gd_real)(normal * (double)weight[c] + (double)bias[c]);
        }
        if (kept != NULL) {
            kept[r] = row;
        }
    }
}

/* Input gradient of one row: what is left of g = slope · weight after its mean and its part along x. */
static void row_gradient(const gd_real *input, const gd_real *slopes, const gd_real *weight,
                         row_statistics row, size_t width, gd_real *input_gradient)
{
    double mean = 0.0, along = 0.0;
    for (size_t c = 0; c < width; c++) {
        const double g = (double)slopes[c] * (double)weight[c];
        mean += g;
        along += g * ((double)input[c] - row.mean) * row.scale;
    }
    mean /= (double)width;
    along /= (double)width;
    for (size_t c = 0; c < width; c++) {
        const double g = (double)slopes[c] * (double)weight[c];
        const double normal = ((double)input[c] - row.mean) * row.scale;
        input_gradient[c] = (gd_real)(row.scale * (g - mean - normal * along));
    }
}

static void backward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const size_t width = gdi_shape_width(&layer->input);
    const size_t rows = pass->batch * gdi_shape_rows(&layer->input);
    const row_statistics *kept = pass->saved;
    double *sums = (double *)(void *)pass->scratch;
    for (size_t c = 0; c < width; c++) {
        sums[c] = 0.0;
    }
    layer->kernels->column_sums(pass->output_gradient, rows, width, gdi_gradient(pass, BIAS));
    for (size_t r = 0; r < rows; r++) {
        const gd_real *input = pass->input + r * width;
        const gd_real *slopes = pass->output_gradient + r * width;
        for (size_t c = 0; c < width; c++) {
            sums[c] += (double)slopes[c] * ((double)input[c] - kept[r].mean) * kept[r].scale;
        }
        if (pass->input_gradient != NULL) {
            row_gradient(input, slopes, gdi_parameter(pass, WEIGHT), kept[r], width,
                         pass->input_gradient + r * width);
        }
    }
    gd_real *weight_gradient = gdi_gradient(pass, WEIGHT);
    for (size_t c = 0; c < width; c++) {
        weight_gradient[c] = (gd_real)sums[c];
    }
}

const gdi_layer_operations gdi_layer_norm_operations = {.plan = plan,
                                                        .needs = needs,
                                                        .initialise = initialise,
                                                        .forward = forward,
                                                        .backward = backward,
                                                        .gradient_in_place = true};
