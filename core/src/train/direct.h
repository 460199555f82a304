/*
 * direct.h: the steps of small linear models without the calls of a planned pass, which cost more than
 * they do: one example through one dense layer with one output, or a batch through one with an output
 * for each of few classes and cross-entropy.
 *
 * Loss and gradient have the bytes that gd_model_forward, the loss and gd_model_backward give. Thread
 * rule: one owner.
 */
#ifndef DESCENT_TRAIN_DIRECT_H
#define DESCENT_TRAIN_DIRECT_H

#include "math/kernels.h"
#include "train/batcher.h"

#include <descent/loss.h>

typedef enum gdi_direct_kind {
    GDI_DIRECT_NONE,
    GDI_DIRECT_EXAMPLE, /* one output, batches of one example */
    GDI_DIRECT_CLASSES  /* kernels.class_gradient; rows of a batch are read where they stand */
} gdi_direct_kind;

typedef struct gdi_direct {
    gdi_direct_kind kind; /* GDI_DIRECT_NONE: nothing below is set */
    size_t inputs, outputs;
    size_t weight, bias; /* offsets in the flat block */
    bool has_bias;
    const gdi_kernels *kernels;
    const gd_loss_descriptor *loss;
    const gd_loss_options *loss_options; /* borrowed */
} gdi_direct;

/* For batches of `batch_size` of the examples. */
gdi_direct gdi_direct_plan(const gd_model *model, const gd_examples *examples, int64_t batch_size,
                           const gd_loss_descriptor *loss, const gd_loss_options *loss_options);

/* Loss and, where it is finite, gradient of a batch of these examples. */
double gdi_direct_evaluate(const gdi_direct *direct, const gd_examples *examples,
                           const gdi_batch *batch, const gd_real *parameters, gd_real *gradients);

/* Asks for the rows of batches to come, which the processor cannot foresee. */
void gdi_direct_prefetch(const gdi_direct *direct, const gdi_batcher *batcher);

#endif
