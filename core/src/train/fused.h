/*
 * fused.h: updates that are made while the backward pass forms the gradient, piece by piece.
 *
 * Where nothing but the gradient's own element decides over an element's update (no clipping, a rule
 * with update_rows) the weights of large layers are updated while their gradient is near; all else
 * follows as ever. The new parameters have the same bytes. Whoever wants a gradient that was not kept
 * forms it again. What is not finite is found after the pass: such a gradient leaves a result that is
 * not finite.
 */
#ifndef DESCENT_TRAIN_FUSED_H
#define DESCENT_TRAIN_FUSED_H

#include "nn/gradient_use.h"

#include "math/parallel.h"

#include <descent/optimizer.h>

#include <stdatomic.h>

typedef struct gdi_fused {
    gdi_gradient_use use;
    gd_update update; /* of all parameters */
    const gdi_kernels *kernels;
    const gd_optimizer_descriptor *rule;
    const gd_optimizer_options *options;
    atomic_bool not_finite; /* in what was taken */
} gdi_fused;

/* Of `moment_count` blocks of moments; whether the gradient is `kept` where it always stands. */
void gdi_fused_begin(gdi_fused *fused, const gdi_kernels *kernels,
                     const gd_optimizer_descriptor *rule, const gd_optimizer_options *options,
                     const gd_update *update, int64_t moment_count, bool kept);

/* Whether all of the gradient stands where it always does. */
bool gdi_fused_has_gradient(const gdi_fused *fused);

/* Whether the gradient is known to be finite without its norm. */
bool gdi_fused_is_finite(const gdi_fused *fused, gdi_thread_pool *pool);

/* Updates what was not taken; whether the whole result is finite. */
bool gdi_fused_finish(const gdi_fused *fused, gdi_thread_pool *pool);

#endif
