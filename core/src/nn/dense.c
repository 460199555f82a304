/*
 * dense.c: y = f(x W^T + b) over the last dimension, [batch, in] → [batch, units], and with a time
 * dimension [batch, time, in] → [batch, time, units].
 *
 * weight [units, in] and bias [units] as torch.nn.Linear. The activation is applied in place; only a
 * function whose slope needs its input keeps that input, in the saved memory. As the first layer it
 * also takes sparse rows (dense_sparse.c).
 */
#include "nn/layer.h"

#include "base/memory.h"

enum {
    WEIGHT,
    BIAS
};

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    gd_dense_options *options = &layer->options.of.dense;
    char got[GDI_SHAPE_TEXT];
    if (layer->input.rank > 2) {
        return gdi_layer_fail(
            layer, error, GD_SHAPE_MISMATCH, "",
            "wants [features] or [time, features], got %s: put a flatten before it",
            gdi_shape_text(&layer->input, got));
    }
    if (options->units == GD_AUTOMATIC) {
        if (layer->automatic_units < 1) {
            return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, "units",
                                  "has units \"auto\", but no target says how many");
        }
        options->units = layer->automatic_units;
    }
    const int64_t in = (int64_t)gdi_shape_width(&layer->input);
    layer->output = layer->input;
    layer->output.dimensions[layer->input.rank - 1] = options->units;
    const gd_shape weight = {.rank = 2, .dimensions = {options->units, in}};
    const gd_shape bias = {.rank = 1, .dimensions = {options->units}};
    gd_status status =
        gdi_layer_add_weight(layer, "weight", weight, options->l1, options->l2, error);
    if (status == GD_OK && options->bias) {
        status = gdi_layer_add_tensor(layer, "bias", bias, true, error);
    }
    /* Two operations a weight and row: forward, weight gradient, and the input's where wanted. */
    layer->step_operations = gdi_saturating_product(gdi_saturating_product(in, options->units, 2),
                                                    (int64_t)gdi_shape_rows(&layer->input),
                                                    layer->input_gradient_wanted ? 3 : 2);
    return status;
}

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    const size_t in = gdi_shape_width(&layer->input), units = gdi_shape_width(&layer->output);
    size_t rows;
    if (!gdi_size_multiply(batch, gdi_shape_rows(&layer->input), &rows)) {
        return false;
    }
    wanted->scratch = gdi_product_scratch(rows, units, in);
    if (!training) {
        return true;
    }
    wanted->scratch = largest(wanted->scratch, gdi_weight_gradient_scratch(units, in, rows));
    wanted->scratch = largest(wanted->scratch, gdi_product_scratch(rows, in, units));
    size_t elements;
    return !gdi_member_keeps_input(layer->options.of.dense.activation) ||
           (gdi_size_multiply(rows, units, &elements) &&
            gdi_size_multiply(elements, sizeof(gd_real), &wanted->saved));
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    const gd_dense_options *options = &layer->options.of.dense;
    const gdi_fans fans = {.in = gdi_shape_width(&layer->input), .out = (size_t)options->units};
    gdi_initialise_weight(options->initialiser, parameters + layer->tensors[WEIGHT].offset,
                          fans.out, fans.in, fans, random);
    if (options->bias) {
        gdi_initialise_bias(options->initialiser, parameters + layer->tensors[BIAS].offset,
                            fans.out, fans, random);
    }
}

static void forward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const size_t in = gdi_shape_width(&layer->input), units = gdi_shape_width(&layer->output);
    const size_t rows = pass->batch * gdi_shape_rows(&layer->input);
    const gd_activation_descriptor *activation =
        gdi_member_activation(layer->options.of.dense.activation);
    gd_real *sums = pass->training && gdi_member_keeps_input(layer->options.of.dense.activation)
                        ? pass->saved
                        : pass->output;
    const gd_real *bias = layer->options.of.dense.bias ? gdi_parameter(pass, BIAS) : NULL;
    if (pass->sparse != NULL) {
        gdi_sparse_product(pass, gdi_parameter(pass, WEIGHT), bias, sums, units, in);
    } else {
        gdi_pass_product(
            pass, (gdi_matrix){.values = pass->input, .stride = in},
            (gdi_matrix){.values = gdi_parameter(pass, WEIGHT), .stride = in, .transposed = true},
            sums, units, rows, units, in, bias, false, pass->scratch);
    }
    if (activation != NULL) {
        gdi_pass_activate(pass, activation, sums, pass->output, rows * units);
    }
}

static void backward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const size_t in = gdi_shape_width(&layer->input), units = gdi_shape_width(&layer->output);
    const size_t rows = pass->batch * gdi_shape_rows(&layer->input);
    const gd_activation_descriptor *activation =
        gdi_member_activation(layer->options.of.dense.activation);
    gd_real *sum_gradient = pass->output_gradient;
    if (activation != NULL) {
        gdi_pass_slopes(pass, activation, pass->saved, pass->output, sum_gradient, sum_gradient,
                        rows * units);
    }
    if (pass->sparse != NULL) {
        gdi_sparse_weight_gradient(pass, sum_gradient, gdi_gradient(pass, WEIGHT), units, in);
    } else {
        gdi_pass_weight_gradient(pass, WEIGHT, sum_gradient, pass->input, units, in, rows,
                                 pass->scratch);
    }
    if (layer->options.of.dense.bias) {
        layer->kernels->column_sums(sum_gradient, rows, units, gdi_gradient(pass, BIAS));
    }
    if (pass->input_gradient != NULL) {
        gdi_pass_product(pass, (gdi_matrix){.values = sum_gradient, .stride = units},
                         (gdi_matrix){.values = gdi_parameter(pass, WEIGHT), .stride = in},
                         pass->input_gradient, in, rows, in, units, NULL, false, pass->scratch);
    }
}

const gdi_layer_operations gdi_dense_operations = {.plan = plan,
                                                   .needs = needs,
                                                   .initialise = initialise,
                                                   .forward = forward,
                                                   .backward = backward};
