/*
 * hinge.c: how far the right side of a margin of 1 is missed, mean over rows.
 *
 * One output: max(0, 1 - s z) with s = -1 for class 0 and +1 for class 1. More: the mean over all
 * classes of max(0, 1 - z[class] + z[c]), c ≠ class, torch.nn.functional.multi_margin_loss.
 */
#include "loss/loss.h"

#include <math.h>

/* Loss of one row of one output; `slope` may be NULL or `output`. */
static double single_margin(const gd_real *output, int64_t class, double share, gd_real *slope)
{
    const double sign = class == 1 ? 1.0 : -1.0;
    const double missing = 1.0 - sign * (double)*output;
    if (slope != NULL) {
        *slope = (gd_real)(missing > 0 ? -sign * share : 0.0);
    }
    return missing < 0 ? 0.0 : missing;
}

static double class_margins(const gd_real *outputs, int64_t width, int64_t class, double share,
                            gd_real *slopes)
{
    const double own = (double)outputs[class];
    double sum = 0.0, missed = 0.0;
    for (int64_t c = 0; c < width; c++) {
        const double missing = c == class ? 0.0 : 1.0 - own + (double)outputs[c];
        sum += missing < 0 ? 0.0 : missing;
        missed += missing > 0;
        if (slopes != NULL) {
            slopes[c] = (gd_real)(missing > 0 ? share : 0.0);
        }
    }
    if (slopes != NULL) {
        slopes[class] = (gd_real)(-missed * share);
    }
    return sum;
}

double gdi_hinge(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                 int64_t rows, int64_t width, gd_real *gradient)
{
    (void)options;
    const double share = 1.0 / ((double)rows * (double)width);
    double total = 0.0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t class = gdi_class_index(targets[r], gdi_class_count(width));
        gd_real *slopes = gradient == NULL ? NULL : gradient + r * width;
        if (class < 0) {
            return NAN;
        }
        total += width == 1 ? single_margin(outputs + r, class, share, slopes)
                            : class_margins(outputs + r * width, width, class, share, slopes);
    }
    return total * share;
}
