/*
 * cross_entropy.c: softmax and negative log likelihood in one, from logits and class indices, mean
 * over rows, torch.nn.functional.cross_entropy.
 *
 * The largest logit is taken out first, so no exponential overflows. The class's own exponential is
 * kept apart from the sum of the others: a loss near 0 and the gradient p - 1 keep their digits.
 */
#include "loss/loss.h"

#include "math/kernels.h"

#include <math.h>

typedef struct row_sum {
    double own;    /* exp(z[class] - largest) */
    double others; /* sum of the other classes' exponentials */
} row_sum;

static gd_real largest_of(const gd_real *logits, int64_t width)
{
    gd_real largest = logits[0];
    for (int64_t c = 1; c < width; c++) {
        largest = logits[c] > largest ? logits[c] : largest;
    }
    return largest;
}

/* Elements taken at a time where there is no gradient to hold them. */
#define BLOCK ((int64_t)256)

static void subtract(const gd_real *logits, gd_real largest, gd_real *result, int64_t count)
{
    for (int64_t c = 0; c < count; c++) {
        result[c] = logits[c] - largest;
    }
}

static void add_exponentials(row_sum *sum, const gd_real *exponentials, int64_t count,
                             int64_t class)
{
    for (int64_t c = 0; c < count; c++) {
        sum->others += c == class ? 0.0 : (double)exponentials[c];
    }
    if (class >= 0 && class < count) {
        sum->own = (double)exponentials[class];
    }
}

/* `below`: how far the class's logit lies below the largest one. */
static double row_loss(const row_sum *sum, double below)
{
    return below > 0 ? below + log(sum->own + sum->others) : log1p(sum->others);
}

/* A row too long for a block. */
static double long_row_loss(const gdi_kernels *kernels, const gd_real *logits, int64_t width,
                            int64_t class)
{
    gd_real block[BLOCK];
    const gd_real largest = largest_of(logits, width);
    row_sum sum = {0};
    for (int64_t first = 0; first < width; first += BLOCK) {
        const int64_t count = width - first < BLOCK ? width - first : BLOCK;
        subtract(logits + first, largest, block, count);
        kernels->exponential(block, block, (size_t)count);
        add_exponentials(&sum, block, count, class - first);
    }
    return row_loss(&sum, (double)largest - (double)logits[class]);
}

/* Rows whose exponentials are made in one call, as rows may be short. */
#define GROUP ((int64_t)64)

/*
 * At most GROUP rows with classes that exist. `e` [rows, width], which may be the logits, becomes the
 * gradient times row_share.
 */
static double group_loss(const gdi_kernels *kernels, const gd_real *logits, const gd_real *targets,
                         int64_t rows, int64_t width, gd_real *e, double row_share)
{
    double total = 0.0, below[GROUP];
    for (int64_t r = 0; r < rows; r++) {
        const gd_real *row = logits + r * width;
        const gd_real largest = largest_of(row, width);
        below[r] = (double)largest - (double)row[gdi_class_index(targets[r], width)];
        subtract(row, largest, e + r * width, width);
    }
    kernels->exponential(e, e, (size_t)(rows * width));
    for (int64_t r = 0; r < rows; r++) {
        const int64_t class = gdi_class_index(targets[r], width);
        gd_real *slopes = e + r * width;
        row_sum sum = {0};
        add_exponentials(&sum, slopes, width, class);
        total += row_loss(&sum, below[r]);
        const double share = row_share / (sum.own + sum.others);
        for (int64_t c = 0; c < width; c++) {
            slopes[c] = (gd_real)((double)slopes[c] * share);
        }
        slopes[class] = (gd_real)(-sum.others * share);
    }
    return total;
}

static bool classes_exist(const gd_real *targets, int64_t rows, int64_t width)
{
    for (int64_t r = 0; r < rows; r++) {
        if (gdi_class_index(targets[r], width) < 0) {
            return false;
        }
    }
    return true;
}

double gdi_cross_entropy(const gd_loss_options *options, const gd_real *outputs,
                         const gd_real *targets, int64_t rows, int64_t width, gd_real *gradient)
{
    (void)options;
    const gdi_kernels *kernels = gdi_kernels_best();
    const double share = 1.0 / (double)rows;
    const int64_t fitting = gradient != NULL ? GROUP : BLOCK / width;
    const int64_t group = fitting < GROUP ? fitting : GROUP;
    gd_real block[BLOCK];
    double total = 0.0;
    if (!classes_exist(targets, rows, width)) {
        return NAN;
    }
    for (int64_t r = 0; group == 0 && r < rows; r++) {
        total +=
            long_row_loss(kernels, outputs + r * width, width, gdi_class_index(targets[r], width));
    }
    for (int64_t r = 0; group > 0 && r < rows; r += group) {
        const int64_t count = rows - r < group ? rows - r : group;
        gd_real *e = gradient != NULL ? gradient + r * width : block;
        total += group_loss(kernels, outputs + r * width, targets + r, count, width, e, share);
    }
    return total / (double)rows;
}
