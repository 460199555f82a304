/*
 * penalty.c: l1 and l2 of the layers' weights, as Keras' regularizers: without a half, summed and not
 * averaged. The value is summed in double.
 */
#include "nn/plan.h"

#include <math.h>

static double add_sizes(const gd_real *weights, gd_real *gradients, size_t count, double l1)
{
    const gd_real slope = (gd_real)l1;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        const gd_real w = weights[i];
        sum += fabs((double)w);
        gradients[i] += w > 0 ? slope : w < 0 ? -slope : 0;
    }
    return l1 * sum;
}

static void add_squares_gradient(const gd_real *weights, gd_real *gradients, size_t count,
                                 double l2)
{
    const gd_real factor = (gd_real)(2.0 * l2);
    for (size_t i = 0; i < count; i++) {
        gradients[i] += factor * weights[i];
    }
}

double gd_model_add_penalty(const gd_model *model, const gd_real *parameters, gd_real *gradients)
{
    double penalty = 0.0;
    for (int64_t i = 0; i < model->layer_count; i++) {
        const gdi_layer *layer = &model->layers[i];
        for (int64_t t = 0; t < layer->tensor_count; t++) {
            const gdi_tensor *tensor = &layer->tensors[t];
            const gd_real *weights = parameters + tensor->offset;
            if (tensor->l1 > 0) {
                penalty +=
                    add_sizes(weights, gradients + tensor->offset, tensor->count, tensor->l1);
            }
            if (tensor->l2 > 0) {
                penalty += tensor->l2 * layer->kernels->sum_of_squares(weights, tensor->count);
                add_squares_gradient(weights, gradients + tensor->offset, tensor->count,
                                     tensor->l2);
            }
        }
    }
    return penalty;
}
