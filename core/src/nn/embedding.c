/*
 * embedding.c: a trained row for each symbol, [length] of indices → [length, dimensions],
 * torch.nn.Embedding. First values are standard normal, as there.
 *
 * An index that is no row gives NaN, which the trainer stops at, and no read out of bounds. Gradients
 * of equal symbols are added in the order of the batch.
 */
#include "nn/layer.h"

#include <math.h>

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    gd_embedding_options *options = &layer->options.of.embedding;
    char got[GDI_SHAPE_TEXT];
    if (layer->input.rank != 1) {
        return gdi_layer_fail(layer, error, GD_SHAPE_MISMATCH, "",
                              "wants [length] of symbols, got %s",
                              gdi_shape_text(&layer->input, got));
    }
    if (layer->input_gradient_wanted) {
        return gdi_layer_fail(layer, error, GD_SHAPE_MISMATCH, "",
                              "wants symbols, got a trained layer's output: put it first");
    }
    if (options->vocabulary == GD_AUTOMATIC) {
        if (layer->automatic_units < 1) {
            return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, "vocabulary",
                                  "has vocabulary \"auto\", but no target says how many symbols");
        }
        options->vocabulary = layer->automatic_units;
    }
    layer->output =
        (gd_shape){.rank = 2, .dimensions = {layer->input.dimensions[0], options->dimensions}};
    layer->step_operations =
        gdi_saturating_product(layer->input.dimensions[0], options->dimensions, 1);
    const gd_shape weight = {.rank = 2, .dimensions = {options->vocabulary, options->dimensions}};
    return gdi_layer_add_tensor(layer, "weight", weight, true, error);
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    gd_real *weight = parameters + layer->tensors[0].offset;
    for (size_t i = 0; i < layer->tensors[0].count; i++) {
        weight[i] = (gd_real)gd_random_normal(random);
    }
}

/* The row of a symbol, or -1. */
static int64_t row_of(const gdi_layer *layer, gd_real symbol)
{
    const double index = (double)symbol;
    if (!(index >= 0) || !(index < (double)layer->options.of.embedding.vocabulary) ||
        floor(index) < index) {
        return -1;
    }
    return (int64_t)index;
}

static void forward(const gdi_pass *pass)
{
    const size_t width = gdi_shape_width(&pass->layer->output);
    const size_t symbols = pass->batch * pass->layer->input_count;
    const gd_real *weight = gdi_parameter(pass, 0);
    for (size_t i = 0; i < symbols; i++) {
        const int64_t row = row_of(pass->layer, pass->input[i]);
        gd_real *output = pass->output + i * width;
        if (row < 0) {
            gdi_fill(output, width, (gd_real)NAN);
            continue;
        }
        for (size_t c = 0; c < width; c++) {
            output[c] = weight[(size_t)row * width + c];
        }
    }
}

static void backward(const gdi_pass *pass)
{
    const size_t width = gdi_shape_width(&pass->layer->output);
    const size_t symbols = pass->batch * pass->layer->input_count;
    gd_real *gradient = gdi_gradient(pass, 0);
    gdi_fill(gradient, pass->layer->tensors[0].count, 0);
    for (size_t i = 0; i < symbols; i++) {
        const int64_t row = row_of(pass->layer, pass->input[i]);
        const gd_real *slopes = pass->output_gradient + i * width;
        for (size_t c = 0; row >= 0 && c < width; c++) {
            gradient[(size_t)row * width + c] += slopes[c];
        }
    }
}

const gdi_layer_operations gdi_embedding_operations = {
    .plan = plan, .initialise = initialise, .forward = forward, .backward = backward};
