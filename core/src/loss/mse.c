/*
 * mse.c: mean squared error over all elements, torch.nn.functional.mse_loss. The value comes from the
 * sum kernel, in double; the gradient is 2 (z - y) / n.
 */
#include "loss/loss.h"

#include "math/kernels.h"

double gdi_mse(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
               int64_t rows, int64_t width, gd_real *gradient)
{
    (void)options;
    const size_t count = (size_t)rows * (size_t)width;
    if (count == 1) { /* a stochastic step: the same without a call */
        const double distance = (double)*outputs - (double)*targets;
        if (gradient != NULL) {
            *gradient = (*outputs - *targets) * 2;
        }
        return distance * distance;
    }
    const double sum = gdi_kernels_best()->sum_of_squared_differences(outputs, targets, count);
    if (gradient != NULL) {
        const gd_real factor = (gd_real)(2.0 / (double)count);
        for (size_t i = 0; i < count; i++) {
            gradient[i] = (outputs[i] - targets[i]) * factor;
        }
    }
    return sum / (double)count;
}
