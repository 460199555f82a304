/*
 * direct.h: the step of one example through one dense layer with one output, the stochastic step of
 * a linear model, without the calls of a planned pass: it costs less than they do.
 *
 * Loss and gradient have the bytes that gd_model_forward and gd_model_backward give. Thread rule: one
 * owner.
 */
#ifndef DESCENT_TRAIN_DIRECT_H
#define DESCENT_TRAIN_DIRECT_H

#include "math/kernels.h"
#include "train/batcher.h"

#include <descent/loss.h>

typedef struct gdi_direct {
    bool fits; /* else nothing below is set */
    size_t inputs;
    size_t weight, bias; /* offsets in the flat block */
    bool has_bias;
    const gdi_kernels *kernels;
    const gd_loss_descriptor *loss;
    const gd_loss_options *loss_options; /* borrowed */
} gdi_direct;

/* For batches of `batch_size` examples of the model. */
gdi_direct gdi_direct_plan(const gd_model *model, int64_t batch_size,
                           const gd_loss_descriptor *loss, const gd_loss_options *loss_options);

/* Loss and, where it is finite, gradient of the batch's one example. */
double gdi_direct_evaluate(const gdi_direct *direct, const gdi_batch *batch,
                           const gd_real *parameters, gd_real *gradients);

/* Asks for the rows of batches to come, which the processor cannot foresee. */
void gdi_direct_prefetch(const gdi_direct *direct, const gdi_batcher *batcher);

#endif
