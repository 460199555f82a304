/*
 * direct.c: the direct step (direct.h).
 */
#include "train/direct.h"

#include "loss/loss.h"
#include "nn/plan.h"

#include <math.h>

/* Batches ahead: some hundred nanoseconds. */
#define AHEAD         ((int64_t)8)
#define LINE_ELEMENTS (64 / sizeof(gd_real))
#define LINES_A_ROW   ((size_t)8) /* the processor itself goes on with longer rows */
#define WEIGHT_TENSOR 0
#define BIAS_TENSOR   1

static gdi_direct_kind kind_of(const gd_model *model, const gd_examples *examples,
                               int64_t batch_size, const gd_loss_descriptor *loss)
{
    const gdi_layer *layer = &model->layers[0];
    const gd_dense_options *options = &layer->options.of.dense;
    const size_t inputs = layer->input_count, outputs = layer->output_count;
    if (examples->sparse != NULL || model->layer_count != 1 ||
        layer->options.type != GD_LAYER_DENSE || layer->input.rank != 1 || options->l1 > 0 ||
        options->l2 > 0 || gdi_member_activation(options->activation) != NULL) {
        return GDI_DIRECT_NONE;
    }
    if (batch_size == 1 && outputs == 1) {
        return GDI_DIRECT_EXAMPLE;
    }
    return examples->source == NULL && loss->evaluate == gdi_cross_entropy &&
                   batch_size <= (int64_t)GDI_CLASS_ROWS && inputs >= 2 &&
                   inputs <= GDI_CLASS_INPUTS && outputs >= 2 && outputs <= GDI_CLASSES
               ? GDI_DIRECT_CLASSES
               : GDI_DIRECT_NONE;
}

gdi_direct gdi_direct_plan(const gd_model *model, const gd_examples *examples, int64_t batch_size,
                           const gd_loss_descriptor *loss, const gd_loss_options *loss_options)
{
    const gdi_layer *layer = &model->layers[0];
    const gd_dense_options *options = &layer->options.of.dense;
    const gdi_direct_kind kind = kind_of(model, examples, batch_size, loss);
    if (kind == GDI_DIRECT_NONE) {
        return (gdi_direct){.kind = GDI_DIRECT_NONE};
    }
    return (gdi_direct){
        .kind = kind,
        .inputs = layer->input_count,
        .outputs = layer->output_count,
        .weight = layer->tensors[WEIGHT_TENSOR].offset,
        .bias = options->bias ? layer->tensors[BIAS_TENSOR].offset : 0,
        .has_bias = options->bias,
        .kernels = layer->kernels,
        .loss = loss,
        .loss_options = loss_options,
    };
}

static double evaluate_classes(const gdi_direct *direct, const gd_examples *examples,
                               const gdi_batch *batch, const gd_real *parameters,
                               gd_real *gradients)
{
    const size_t feature_stride = (size_t)gdi_feature_stride(examples);
    const size_t target_stride = (size_t)gdi_target_stride(examples);
    const size_t first = batch->order == NULL ? (size_t)batch->first_row : 0;
    const gdi_class_rows rows = {
        .features = examples->features + first * feature_stride,
        .targets = examples->targets + first * target_stride,
        .feature_stride = feature_stride,
        .target_stride = target_stride,
        .order = batch->order,
        .rows = (size_t)batch->rows,
        .inputs = direct->inputs,
        .classes = direct->outputs,
        .weights = parameters + direct->weight,
        .bias = direct->has_bias ? parameters + direct->bias : NULL,
        .weight_gradient = gradients + direct->weight,
        .bias_gradient = direct->has_bias ? gradients + direct->bias : NULL,
    };
    return direct->kernels->class_gradient(&rows);
}

double gdi_direct_evaluate(const gdi_direct *direct, const gd_examples *examples,
                           const gdi_batch *batch, const gd_real *parameters, gd_real *gradients)
{
    const gdi_kernels *kernels = direct->kernels;
    if (direct->kind == GDI_DIRECT_CLASSES) {
        return evaluate_classes(direct, examples, batch, parameters, gradients);
    }
    const gd_real bias = direct->has_bias ? parameters[direct->bias] : 0;
    gd_real slope = 0;
    const gd_real output =
        kernels->row_product(batch->features, parameters + direct->weight, direct->inputs, bias);
    const double loss =
        direct->loss->evaluate(direct->loss_options, &output, batch->targets, 1, 1, &slope);
    if (isfinite(loss)) {
        kernels->scaled_row(batch->features, slope, gradients + direct->weight, direct->inputs);
        if (direct->has_bias) {
            gradients[direct->bias] = slope + 0; /* as a sum has no negative zero */
        }
    }
    return loss;
}

void gdi_direct_prefetch(const gdi_direct *direct, const gdi_batcher *batcher)
{
    const int64_t position = batcher->position + AHEAD;
    const gdi_order *order = &batcher->order;
    /* Examples of a window are not known before it is reached; a source has its own prefetch. */
    if (order->members == NULL || gdi_order_is_windowed(order) || position >= batcher->batches ||
        batcher->examples.source != NULL) {
        return;
    }
    const gd_examples *examples = &batcher->examples;
    const int64_t row = order->members[position];
    const gd_real *features = examples->features + row * gdi_feature_stride(examples);
    __builtin_prefetch(examples->targets + row * gdi_target_stride(examples));
    for (size_t line = 0; line < LINES_A_ROW && line * LINE_ELEMENTS < direct->inputs; line++) {
        __builtin_prefetch(features + line * LINE_ELEMENTS);
    }
    __builtin_prefetch(features + direct->inputs - 1);
}
