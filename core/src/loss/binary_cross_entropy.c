/*
 * binary_cross_entropy.c: from logits, mean over all elements,
 * torch.nn.functional.binary_cross_entropy_with_logits.
 *
 * With e = exp(-|z|) nothing overflows and nothing cancels: log(1 + exp(z)) = max(z, 0) + log(1 + e),
 * and the gradient sigmoid(z) - y keeps its digits where both are near 1, e / (1 + e) being
 * sigmoid(-|z|) and log(1 + e) softplus(-|z|).
 */
#include "loss/loss.h"

#include "math/kernels.h"

/* Elements taken at a time. */
#define BLOCK ((size_t)256)

static double add_block(const gd_real *outputs, const gd_real *targets, size_t count, double share,
                        gd_real *gradient)
{
    const gdi_kernels *kernels = gdi_kernels_best();
    gd_real below[BLOCK], logarithms[BLOCK];
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        below[i] = outputs[i] > 0 ? -outputs[i] : outputs[i];
    }
    kernels->softplus(below, logarithms, count);
    kernels->sigmoid(below, below, count);
    for (size_t i = 0; i < count; i++) {
        const double z = (double)outputs[i], y = (double)targets[i], tail = (double)below[i];
        sum += (z > 0 ? (1.0 - y) * z : -y * z) + (double)logarithms[i];
        if (gradient != NULL) {
            gradient[i] = (gd_real)((z > 0 ? (1.0 - y) - tail : tail - y) * share);
        }
    }
    return sum;
}

double gdi_binary_cross_entropy(const gd_loss_options *options, const gd_real *outputs,
                                const gd_real *targets, int64_t rows, int64_t width,
                                gd_real *gradient)
{
    (void)options;
    const size_t count = (size_t)rows * (size_t)width;
    const double share = 1.0 / (double)count;
    double sum = 0.0;
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = count - first < BLOCK ? count - first : BLOCK;
        sum += add_block(outputs + first, targets + first, size, share,
                         gradient == NULL ? NULL : gradient + first);
    }
    return sum * share;
}
