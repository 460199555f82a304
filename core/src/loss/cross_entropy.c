/*
 * cross_entropy.c: softmax and negative log likelihood in one, from logits and class indices, mean
 * over rows, torch.nn.functional.cross_entropy.
 *
 * The largest logit is taken out first, so no exponential overflows. The class's own exponential is
 * kept apart from the sum of the others: a loss near 0 and the gradient p - 1 keep their digits.
 */
#include "loss/loss.h"

#include <math.h>
#include <tgmath.h>

typedef struct row_sum {
    double own;    /* exp(z[class] - largest) */
    double others; /* sum of the other classes' exponentials */
    gd_real largest;
} row_sum;

static gd_real largest_of(const gd_real *logits, int64_t width)
{
    gd_real largest = logits[0];
    for (int64_t c = 1; c < width; c++) {
        largest = logits[c] > largest ? logits[c] : largest;
    }
    return largest;
}

/* Writes the exponentials to `gradient` where it is not NULL. */
static row_sum sum_row(const gd_real *logits, int64_t width, int64_t class, gd_real *gradient)
{
    row_sum sum = {.largest = largest_of(logits, width)};
    for (int64_t c = 0; c < width; c++) {
        const gd_real e = exp(logits[c] - sum.largest);
        if (c == class) {
            sum.own = (double)e;
        } else {
            sum.others += (double)e;
        }
        if (gradient != NULL) {
            gradient[c] = e;
        }
    }
    return sum;
}

double gdi_cross_entropy(const gd_loss_options *options, const gd_real *outputs,
                         const gd_real *targets, int64_t rows, int64_t width, gd_real *gradient)
{
    (void)options;
    double total = 0.0;
    for (int64_t r = 0; r < rows; r++) {
        const gd_real *logits = outputs + r * width;
        gd_real *slopes = gradient == NULL ? NULL : gradient + r * width;
        const int64_t class = gdi_class_index(targets[r], width);
        if (class < 0) {
            return NAN;
        }
        const double logit = (double)logits[class];
        const row_sum sum = sum_row(logits, width, class, slopes);
        const double below = (double)sum.largest - logit;
        total += below > 0 ? below + log(sum.own + sum.others) : log1p(sum.others);
        if (slopes != NULL) {
            const double share = 1.0 / ((sum.own + sum.others) * (double)rows);
            for (int64_t c = 0; c < width; c++) {
                slopes[c] = (gd_real)((double)slopes[c] * share);
            }
            slopes[class] = (gd_real)(-sum.others * share);
        }
    }
    return total / (double)rows;
}
