/*
 * distance.c: losses of the distance d = z - y other than its square, mean over all elements.
 *
 * mae: torch.nn.functional.l1_loss. huber: huber_loss, d²/2 within delta and a line beyond. quantile:
 * the pinball loss, whose optimum is the q-quantile of the target. Slopes at a tie, where there is
 * none: mae 0, as PyTorch; quantile 1 - q.
 */
#include "loss/loss.h"

#include <math.h>

static gdi_term mae_term(const gd_loss_options *options, double z, double y)
{
    (void)options;
    const double d = z - y;
    return (gdi_term){.value = fabs(d), .slope = d > 0 ? 1.0 : d < 0 ? -1.0 : d};
}

static gdi_term huber_term(const gd_loss_options *options, double z, double y)
{
    const double d = z - y, delta = options->delta;
    if (fabs(d) > delta) {
        return (gdi_term){.value = delta * (fabs(d) - delta / 2), .slope = d > 0 ? delta : -delta};
    }
    return (gdi_term){.value = d * d / 2, .slope = d};
}

static gdi_term quantile_term(const gd_loss_options *options, double z, double y)
{
    const double d = z - y, slope = d < 0 ? -options->q : 1.0 - options->q;
    return (gdi_term){.value = slope * d, .slope = slope};
}

double gdi_mae(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
               int64_t rows, int64_t width, gd_real *gradient)
{
    return gdi_mean_of_terms(mae_term, options, outputs, targets, rows, width, gradient);
}

double gdi_huber(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                 int64_t rows, int64_t width, gd_real *gradient)
{
    return gdi_mean_of_terms(huber_term, options, outputs, targets, rows, width, gradient);
}

double gdi_quantile(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                    int64_t rows, int64_t width, gd_real *gradient)
{
    return gdi_mean_of_terms(quantile_term, options, outputs, targets, rows, width, gradient);
}
