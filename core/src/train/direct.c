/*
 * direct.c: the direct step (direct.h).
 */
#include "train/direct.h"

#include "nn/plan.h"

#include <math.h>

/* Batches ahead: some hundred nanoseconds. */
#define AHEAD         ((int64_t)8)
#define LINE_ELEMENTS (64 / sizeof(gd_real))
#define LINES_A_ROW   ((size_t)8) /* the processor itself goes on with longer rows */
#define WEIGHT_TENSOR 0
#define BIAS_TENSOR   1

gdi_direct gdi_direct_plan(const gd_model *model, int64_t batch_size,
                           const gd_loss_descriptor *loss, const gd_loss_options *loss_options)
{
    const gdi_layer *layer = &model->layers[0];
    const gd_dense_options *options = &layer->options.of.dense;
    if (batch_size != 1 || model->layer_count != 1 || layer->options.type != GD_LAYER_DENSE ||
        layer->input.rank != 1 || layer->output_count != 1 || options->l1 > 0 || options->l2 > 0 ||
        gdi_member_activation(options->activation) != NULL) {
        return (gdi_direct){.fits = false};
    }
    return (gdi_direct){
        .fits = true,
        .inputs = layer->input_count,
        .weight = layer->tensors[WEIGHT_TENSOR].offset,
        .bias = options->bias ? layer->tensors[BIAS_TENSOR].offset : 0,
        .has_bias = options->bias,
        .kernels = layer->kernels,
        .loss = loss,
        .loss_options = loss_options,
    };
}

double gdi_direct_evaluate(const gdi_direct *direct, const gdi_batch *batch,
                           const gd_real *parameters, gd_real *gradients)
{
    const gdi_kernels *kernels = direct->kernels;
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
