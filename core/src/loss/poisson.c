/*
 * poisson.c: counts whose expected value is exp(z), mean over all elements of exp(z) - y z,
 * torch.nn.functional.poisson_nll_loss with log_input and without the constant.
 */
#include "loss/loss.h"

#include <math.h>

static gdi_term term(const gd_loss_options *options, double z, double y)
{
    (void)options;
    const double expected = exp(z);
    return (gdi_term){.value = expected - y * z, .slope = expected - y};
}

double gdi_poisson(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                   int64_t rows, int64_t width, gd_real *gradient)
{
    return gdi_mean_of_terms(term, options, outputs, targets, rows, width, gradient);
}
