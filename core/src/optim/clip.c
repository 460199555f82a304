/*
 * clip.c: norms that do not overflow and the two ways of clipping. The norm that clips is the norm
 * that was reported: it is computed once a step, over the whole flat gradient.
 */
#include "optim/clip.h"

#include <math.h>

#define NORM_MARGIN 1e-6 /* PyTorch's, against division by zero */

/* For values whose squares overflow a double: all divided by the largest first. */
static double scaled_norm(const gd_real *values, size_t count)
{
    double largest = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        double size = fabs((double)values[i]);
        largest = size > largest ? size : largest;
    }
    for (size_t i = 0; i < count; i++) {
        double part = (double)values[i] / largest;
        sum += part * part;
    }
    return fmin(largest * sqrt(sum), (double)DBL_MAX);
}

double gdi_norm(gdi_thread_pool *pool, const gdi_kernels *kernels, const gd_real *values,
                size_t count)
{
    double sum = gdi_parallel_squares(pool, kernels, values, NULL, count);
    if (!isfinite(sum) && kernels->all_finite(values, count)) {
        return scaled_norm(values, count);
    }
    return sqrt(sum);
}

void gdi_clip_norm(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *gradients,
                   size_t count, double norm, double limit)
{
    double factor = limit / (norm + NORM_MARGIN);
    if (factor < 1) {
        gdi_parallel_scale(pool, kernels, gradients, factor, count);
    }
}

void gdi_clip_value(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *gradients,
                    size_t count, double limit)
{
    gdi_parallel_clamp(pool, kernels, gradients, limit, count);
}
