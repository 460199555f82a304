/*
 * binary_cross_entropy.c: from logits, mean over all elements,
 * torch.nn.functional.binary_cross_entropy_with_logits.
 *
 * With e = exp(-|z|) nothing overflows and nothing cancels: log(1 + exp(z)) = max(z, 0) + log(1 + e),
 * and the gradient sigmoid(z) - y keeps its digits where both are near 1.
 */
#include "loss/loss.h"

#include <math.h>

static gdi_term term(const gd_loss_options *options, double z, double y)
{
    (void)options;
    const double e = exp(-fabs(z));
    const double tail = e / (1.0 + e);
    if (z > 0) {
        return (gdi_term){.value = (1.0 - y) * z + log1p(e), .slope = (1.0 - y) - tail};
    }
    return (gdi_term){.value = log1p(e) - y * z, .slope = tail - y};
}

double gdi_binary_cross_entropy(const gd_loss_options *options, const gd_real *outputs,
                                const gd_real *targets, int64_t rows, int64_t width,
                                gd_real *gradient)
{
    return gdi_mean_of_terms(term, options, outputs, targets, rows, width, gradient);
}
