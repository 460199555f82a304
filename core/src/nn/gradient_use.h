/*
 * gradient_use.h: a backward pass that hands large gradients on while they are near the core.
 *
 * A layer may form the gradient of a tensor piece by piece and let `take` work on each piece at once,
 * as an update does that waits for nothing. Which tensors it did so is noted; the others are for the
 * caller. The gradient has the same bytes; what is taken and not kept never comes to the flat block of
 * gradients, so that memory has less to do.
 */
#ifndef DESCENT_NN_GRADIENT_USE_H
#define DESCENT_NN_GRADIENT_USE_H

#include "math/kernels.h"

#include <descent/model.h>

/* Elements from which on a tensor is worth it: its blocks do not stay in the near caches. */
#define GDI_GRADIENT_USE_MINIMUM ((size_t)1 << 18)
#define GDI_GRADIENT_USE_MAXIMUM ((size_t)16)

typedef struct gdi_range {
    size_t first, count; /* elements of the flat block */
} gdi_range;

typedef struct gdi_gradient_use {
    /* Flat blocks that `take` works on besides the gradients. */
    const gd_real *beside[GDI_PIECES_BESIDE];
    size_t beside_count;
    bool keeps; /* gradients that are taken are written to the flat block, too */
    /*
     * Works on `rows` ranges of `count` elements of the flat blocks, the first from `first` on, row_step
     * apart; their gradients stand at `piece`, piece_step apart. Called by several threads at a time,
     * for elements apart.
     */
    void (*take)(void *context, size_t first, size_t rows, size_t count, size_t row_step,
                 const gd_real *piece, size_t piece_step);
    void *context;
    gdi_range taken[GDI_GRADIENT_USE_MAXIMUM];
    size_t taken_count; /* 0 at first */
} gdi_gradient_use;

/* gd_model_backward with a use, NULL for none. */
void gdi_model_backward_using(const gd_model *model, const gd_real *parameters,
                              gd_workspace *workspace, const gd_real *input, int64_t batch,
                              gd_real *output_gradient, gd_real *gradients, gdi_gradient_use *use);

/* ranges: what of 0 … total - 1 was not taken, ascending; returns how many, at most one more than
 * GDI_GRADIENT_USE_MAXIMUM. */
size_t gdi_gradient_use_rest(const gdi_gradient_use *use, size_t total, gdi_range *ranges);

#endif
