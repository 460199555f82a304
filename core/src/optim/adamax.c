/*
 * adamax.c: Adam with the largest recent gradient in place of the mean square (torch.optim.Adamax;
 * Kingma and Ba 2015, section 7.1).
 *
 * g += weight_decay · p; m = b1 · m + (1 - b1) · g; u = max(b2 · u, |g| + eps);
 * p -= learning_rate / (1 - b1^t) · m / u. Moments: m, u.
 */
#include "optim/rules.h"

#include <tgmath.h>

static const double default_betas[] = {0.9, 0.999};

static const gd_field fields[] = {
    GDI_TESTED_RATE(2e-3, "About the size of a parameter's step while its gradient keeps sign."),
    GDI_BETAS(of.adamax.betas, default_betas,
              "Shares kept of the mean and of the largest gradient each step."),
    GDI_NUMBER("eps", of.adamax.eps, 0, GDI_UNBOUNDED, 1e-8, "Added to the size of the gradient."),
    GDI_WEIGHT_DECAY(of.adamax.weight_decay),
};

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 2;
}

GDI_VERSIONS static void update_adamax(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_adamax_options *adamax = &options->of.adamax;
    double beta = adamax->betas.values[0];
    gd_real b1 = (gd_real)beta, rest = (gd_real)(1 - beta);
    gd_real b2 = (gd_real)adamax->betas.values[1];
    gd_real rate = (gd_real)(update->learning_rate / gdi_bias_correction(beta, update->step));
    gd_real eps = (gd_real)adamax->eps, decay = (gd_real)adamax->weight_decay;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *mean = update->moments, *largest = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real m = b1 * mean[i] + rest * gradient;
        gd_real kept = b2 * largest[i], size = fabs(gradient) + eps;
        gd_real u = kept > size ? kept : size;
        mean[i] = m;
        largest[i] = u;
        result[i] = p[i] - rate * m / u;
    }
}

const gd_optimizer_descriptor gdi_optimizer_adamax = {
    .name = "adamax",
    .help = "Adam scaled by the largest recent gradient instead of the mean square.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .update = update_adamax,
};
