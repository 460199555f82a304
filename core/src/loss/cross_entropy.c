/*
 * cross_entropy.c: softmax and negative log likelihood in one, from logits and class indices, mean
 * over rows, torch.nn.functional.cross_entropy.
 *
 * The largest logit is taken out first, so no exponential overflows. The class's own exponential is
 * kept apart from the sum of the others: a loss near 0 and the gradient p - 1 keep their digits.
 */
#include "loss/loss.h"

#include "base/versions.h"
#include "math/kernels.h"
#include "math/logarithm.h"

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

static void subtract_each(gd_real *values, const gd_real *amounts, int64_t count)
{
    for (int64_t r = 0; r < count; r++) {
        values[r] -= amounts[r];
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

/*
 * The sum of all exponentials less 1, of which the loss is `below` plus log1p; `below`: how far the
 * class's logit lies below the largest one, whose exponential is 1.
 */
static double beyond_one(const row_sum *sum, double below)
{
    return below > 0 ? sum->own + (sum->others - 1.0) : sum->others;
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
    const double below = (double)largest - (double)logits[class];
    double logarithm = beyond_one(&sum, below);
    gdi_log1p(&logarithm, &logarithm, 1);
    return below + logarithm;
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
    double total = 0.0, below[GROUP], own[GROUP], others[GROUP], beyond[GROUP], share[GROUP];
    for (int64_t r = 0; r < rows; r++) {
        const gd_real *row = logits + r * width;
        const gd_real largest = largest_of(row, width);
        below[r] = (double)largest - (double)row[(int64_t)targets[r]];
        subtract(row, largest, e + r * width, width);
    }
    kernels->exponential(e, e, (size_t)(rows * width));
    /* The class's own is taken out, not passed over: which it is cannot be foreseen. */
    for (int64_t r = 0; r < rows; r++) {
        gd_real *exponentials = e + r * width, *of_class = &exponentials[(int64_t)targets[r]];
        double sum = 0.0;
        own[r] = (double)*of_class;
        *of_class = 0;
        for (int64_t c = 0; c < width; c++) {
            sum += (double)exponentials[c];
        }
        others[r] = sum;
    }
    for (int64_t r = 0; r < rows; r++) {
        const double all_but_one = own[r] + (others[r] - 1.0);
        beyond[r] = below[r] > 0 ? all_but_one : others[r];
        share[r] = row_share / (own[r] + others[r]);
    }
    for (int64_t r = 0; r < rows; r++) {
        gd_real *slopes = e + r * width;
        for (int64_t c = 0; c < width; c++) {
            slopes[c] = (gd_real)((double)slopes[c] * share[r]);
        }
        slopes[(int64_t)targets[r]] = (gd_real)(-others[r] * share[r]);
    }
    gdi_log1p(beyond, beyond, (size_t)rows);
    for (int64_t r = 0; r < rows; r++) {
        total += below[r] + beyond[r];
    }
    return total;
}

#define FEW_CLASSES 10

/*
 * The same for few classes, with the same results: turned, so that the rows lie along the lanes.
 * Inlined, so that a width that is known unrolls the loops over classes.
 */
static inline __attribute__((always_inline)) double turned_loss(const gdi_kernels *kernels,
                                                                const gd_real *logits,
                                                                const gd_real *targets,
                                                                int64_t rows, int64_t width,
                                                                gd_real *e, double row_share)
{
    double total = 0.0, below[GROUP], own[GROUP], others[GROUP], beyond[GROUP], share[GROUP];
    gd_real turned[FEW_CLASSES * GROUP], largest[GROUP], of_class[GROUP];
    turned[0] = 0; /* which the compiler asks for: there are rows */
    for (int64_t r = 0; r < rows; r++) {
        largest[r] = turned[r] = of_class[r] = logits[r * width];
    }
    for (int64_t c = 1; c < width; c++) {
        gd_real *column = turned + c * rows;
        for (int64_t r = 0; r < rows; r++) {
            column[r] = logits[r * width + c];
            largest[r] = column[r] > largest[r] ? column[r] : largest[r];
            of_class[r] = targets[r] == (gd_real)c ? column[r] : of_class[r];
        }
    }
    for (int64_t c = 0; c < width; c++) {
        subtract_each(turned + c * rows, largest, rows);
    }
    kernels->exponential(turned, turned, (size_t)(rows * width));
    for (int64_t r = 0; r < rows; r++) {
        below[r] = (double)largest[r] - (double)of_class[r];
        others[r] = 0.0;
        own[r] = 0.0;
    }
    for (int64_t c = 0; c < width; c++) {
        const gd_real *column = turned + c * rows;
        for (int64_t r = 0; r < rows; r++) {
            const bool is_own = targets[r] == (gd_real)c;
            others[r] += is_own ? 0.0 : (double)column[r];
            own[r] = is_own ? (double)column[r] : own[r];
        }
    }
    for (int64_t r = 0; r < rows; r++) {
        const double all_but_one = own[r] + (others[r] - 1.0);
        beyond[r] = below[r] > 0 ? all_but_one : others[r];
        share[r] = row_share / (own[r] + others[r]);
    }
    for (int64_t c = 0; c < width; c++) {
        const gd_real *column = turned + c * rows;
        for (int64_t r = 0; r < rows; r++) {
            const double slope = targets[r] == (gd_real)c ? -others[r] : (double)column[r];
            e[r * width + c] = (gd_real)(slope * share[r]);
        }
    }
    gdi_log1p(beyond, beyond, (size_t)rows);
    for (int64_t r = 0; r < rows; r++) {
        total += below[r] + beyond[r];
    }
    return total;
}

/* Few classes by their number. */
GDI_VERSIONS static double few_classes_loss(const gdi_kernels *kernels, const gd_real *logits,
                                            const gd_real *targets, int64_t rows, int64_t width,
                                            gd_real *e, double row_share)
{
    switch (width) {
    case 2:
        return turned_loss(kernels, logits, targets, rows, 2, e, row_share);
    case 3:
        return turned_loss(kernels, logits, targets, rows, 3, e, row_share);
    case 4:
        return turned_loss(kernels, logits, targets, rows, 4, e, row_share);
    case 10:
        return turned_loss(kernels, logits, targets, rows, 10, e, row_share);
    default:
        return turned_loss(kernels, logits, targets, rows, width, e, row_share);
    }
}

/* What gdi_class_index says, without its call for each row. */
static bool classes_exist(const gd_real *targets, int64_t rows, int64_t width)
{
    const gd_real end = (gd_real)width;
    bool exist = true;
    for (int64_t r = 0; r < rows; r++) {
        const gd_real target = targets[r];
        const bool inside = target >= 0 && target < end;
        exist = exist && inside && (gd_real)(int64_t)(inside ? target : 0) == target;
    }
    return exist;
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
        total += width <= FEW_CLASSES ? few_classes_loss(kernels, outputs + r * width, targets + r,
                                                         count, width, e, share)
                                      : group_loss(kernels, outputs + r * width, targets + r, count,
                                                   width, e, share);
    }
    return total / (double)rows;
}
