/*
 * nadam.c: Adam with Nesterov's momentum (torch.optim.NAdam of PyTorch 2; Dozat 2016).
 *
 * mu(t) = b1 · (1 - 0.96^(t · momentum_decay) / 2), P(t) = the product of mu(1) … mu(t). With m, v
 * and the root r = sqrt(v / (1 - b2^t)) + eps as in Adam:
 * p -= learning_rate · (1 - mu(t)) / (1 - P(t)) · g / r
 *    + learning_rate · mu(t+1) / (1 - P(t+1)) · m / r.
 * Moments: m, v; scalar: P. PyTorch 1.13 counts one factor of P twice; that was corrected.
 */
#include "optim/rules.h"

#include <tgmath.h>

static const double default_betas[] = {0.9, 0.999};

static const gd_field fields[] = {
    GDI_TESTED_RATE(2e-3, "About the size of a parameter's step while its gradient keeps sign."),
    GDI_BETAS(of.adamax.betas, default_betas,
              "Shares kept of the mean and of the mean square of the gradient each step."),
    GDI_NUMBER("eps", of.adamax.eps, 0, GDI_UNBOUNDED, 1e-8,
               "Added to the corrected root, outside the root."),
    GDI_WEIGHT_DECAY(of.adamax.weight_decay),
    GDI_NUMBER("momentum_decay", of.adamax.momentum_decay, 0, GDI_UNBOUNDED, 4e-3,
               "How fast the momentum grows from half of its first beta to all of it."),
};

/* In the element type, what one step needs besides the blocks. */
typedef struct coefficients {
    gd_real decay, b1, rest1, b2, rest2;
    gd_real gradient_rate, mean_rate;
    gd_real correction; /* 1 - b2^t */
    gd_real eps;
} coefficients;

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 2;
}

static int64_t scalar_count(const gd_optimizer_options *options)
{
    (void)options;
    return 1;
}

GDI_VERSIONS static void update_elements(const gd_update *update, coefficients c)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *mean = update->moments, *square = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + c.decay * p[i];
        gd_real m = c.b1 * mean[i] + c.rest1 * gradient;
        gd_real v = c.b2 * square[i] + c.rest2 * gradient * gradient;
        gd_real root = sqrt(v / c.correction) + c.eps;
        mean[i] = m;
        square[i] = v;
        result[i] = p[i] - c.gradient_rate * gradient / root - c.mean_rate * m / root;
    }
}

static double momentum_at(double beta, double momentum_decay, int64_t step)
{
    return beta * (1 - 0.5 * pow(0.96, (double)step * momentum_decay));
}

static void update_nadam(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_adamax_options *nadam = &options->of.adamax;
    double b1 = nadam->betas.values[0], b2 = nadam->betas.values[1];
    double now = momentum_at(b1, nadam->momentum_decay, update->step);
    double next = momentum_at(b1, nadam->momentum_decay, update->step + 1);
    double product = (update->step == 1 ? 1 : update->scalars[0]) * now;
    update->scalars[0] = product;
    update_elements(
        update, (coefficients){
                    .decay = (gd_real)nadam->weight_decay,
                    .b1 = (gd_real)b1,
                    .rest1 = (gd_real)(1 - b1),
                    .b2 = (gd_real)b2,
                    .rest2 = (gd_real)(1 - b2),
                    .gradient_rate = (gd_real)(update->learning_rate * (1 - now) / (1 - product)),
                    .mean_rate = (gd_real)(update->learning_rate * next / (1 - product * next)),
                    .correction = (gd_real)gdi_bias_correction(b2, update->step),
                    .eps = (gd_real)nadam->eps,
                });
}

const gd_optimizer_descriptor gdi_optimizer_nadam = {
    .name = "nadam",
    .help = "Adam that looks ahead along its momentum.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .scalar_count = scalar_count,
    .update = update_nadam,
};
