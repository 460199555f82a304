/*
 * clip.h: the size of a gradient and its limits (torch.nn.utils.clip_grad_norm_, clip_grad_value_).
 */
#ifndef DESCENT_OPTIM_CLIP_H
#define DESCENT_OPTIM_CLIP_H

#include <descent/real.h>

#include "math/parallel.h"

/*
 * 2-norm of values [count], in double: finite exactly when every value is, also where the sum of the
 * squares is beyond the range of a double.
 */
double gdi_norm(gdi_thread_pool *pool, const gdi_kernels *kernels, const gd_real *values,
                size_t count);

/* gradients *= min(1, limit / (norm + 1e-6)), where `norm` is their norm. */
void gdi_clip_norm(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *gradients,
                   size_t count, double norm, double limit);

/* Each element to [-limit, limit]. */
void gdi_clip_value(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *gradients,
                    size_t count, double limit);

#endif
