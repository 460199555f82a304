/*
 * recurrent_plan.c: the tensors of a recurrent layer: shapes, names, first values, and what a step of
 * them costs (recurrent.h).
 */
#include "nn/recurrent.h"

gd_status gdi_recurrent_plan(const gdi_cell *cell, gdi_layer *layer, gd_error *error)
{
    const gd_recurrent_options *options = &layer->options.of.recurrent;
    char got[GDI_SHAPE_TEXT];
    if (layer->input.rank != 2) {
        return gdi_layer_fail(
            layer, error, GD_SHAPE_MISMATCH, "", "wants [time, features], got %s%s",
            gdi_shape_text(&layer->input, got),
            layer->input.rank == 1 ? ": give the data a window, put an embedding before it, or let "
                                     "the recurrent layer before it return sequences"
                                   : "");
    }
    const int64_t time = layer->input.dimensions[0], inputs = layer->input.dimensions[1];
    const int64_t columns = (int64_t)cell->gates * options->units;
    layer->output = (gd_shape){.rank = 1, .dimensions = {options->units}};
    if (options->return_sequences) {
        layer->output = (gd_shape){.rank = 2, .dimensions = {time, options->units}};
    }
    const gd_shape input_weight = {.rank = 2, .dimensions = {columns, inputs}};
    const gd_shape recurrent_weight = {.rank = 2, .dimensions = {columns, options->units}};
    const gd_shape bias = {.rank = 1, .dimensions = {columns}};
    gd_status status =
        gdi_layer_add_weight(layer, "weight_ih_l0", input_weight, options->l1, options->l2, error);
    if (status == GD_OK) {
        status = gdi_layer_add_weight(layer, "weight_hh_l0", recurrent_weight, options->l1,
                                      options->l2, error);
    }
    if (status == GD_OK) {
        status = gdi_layer_add_tensor(layer, "bias_ih_l0", bias, true, error);
    }
    if (status == GD_OK) {
        status = gdi_layer_add_tensor(layer, "bias_hh_l0", bias, true, error);
    }
    if (status != GD_OK) {
        return status;
    }
    /* Two operations a weight and step; forward, weight gradient, gradient of what was weighted. */
    const int64_t weighted =
        gdi_saturating_product(columns,
                               layer->input_gradient_wanted ? 6 * (inputs + options->units)
                                                            : 4 * inputs + 6 * options->units,
                               1);
    const int64_t single = gdi_saturating_product(columns, cell->step_operations, 1);
    layer->step_operations = gdi_saturating_product(
        weighted > INT64_MAX - single ? INT64_MAX : weighted + single, time, 1);
    return GD_OK;
}

void gdi_recurrent_initialise(const gdi_cell *cell, const gdi_layer *layer, gd_real *parameters,
                              gd_random *random)
{
    const size_t units = (size_t)layer->options.of.recurrent.units, columns = cell->gates * units;
    const size_t inputs = gdi_shape_width(&layer->input);
    const int initialiser = layer->options.of.recurrent.initialiser;
    const bool pytorch = initialiser == GD_INITIALISER_PYTORCH;
    const gdi_fans fans = {.in = pytorch ? units : inputs, .out = columns};
    gd_real *bias = parameters + layer->tensors[GDI_RECURRENT_BIAS_IH].offset;
    gdi_initialise_weight(initialiser, parameters + layer->tensors[GDI_RECURRENT_WEIGHT_IH].offset,
                          columns, inputs, fans, random);
    gdi_initialise_weight(pytorch ? initialiser : GD_INITIALISER_ORTHOGONAL,
                          parameters + layer->tensors[GDI_RECURRENT_WEIGHT_HH].offset, columns,
                          units, fans, random);
    gdi_initialise_bias(initialiser, bias, columns, fans, random);
    gdi_initialise_bias(initialiser, parameters + layer->tensors[GDI_RECURRENT_BIAS_HH].offset,
                        columns, fans, random);
    if (cell->remembers && !pytorch) {
        gdi_fill(bias + units, units, 1);
    }
}
