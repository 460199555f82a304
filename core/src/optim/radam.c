/*
 * radam.c: Adam that begins as plain momentum until its scaling can be trusted (torch.optim.RAdam;
 * Liu and others 2020).
 *
 * g += weight_decay · p; m, v as in Adam. rho = 2 / (1 - b2) - 1,
 * rho(t) = rho - 2 t b2^t / (1 - b2^t). For rho(t) > 5:
 * p -= learning_rate · r(t) · m / (1 - b1^t) · sqrt(1 - b2^t) / (sqrt(v) + eps), where
 * r(t)² = (rho(t) - 4)(rho(t) - 2) rho / ((rho - 4)(rho - 2) rho(t));
 * before: p -= learning_rate · m / (1 - b1^t). Moments: m, v.
 */
#include "optim/rules.h"

#include <tgmath.h>

static const double default_betas[] = {0.9, 0.999};
static const double trusted_length = 5; /* of the mean square, in independent gradients */

static const gd_field fields[] = {
    GDI_TESTED_RATE(1e-3, "About the size of a parameter's step while its gradient keeps sign."),
    GDI_BETAS(of.adamax.betas, default_betas,
              "Shares kept of the mean and of the mean square of the gradient each step."),
    GDI_NUMBER("eps", of.adamax.eps, 0, GDI_UNBOUNDED, 1e-8, "Added to the root."),
    GDI_WEIGHT_DECAY(of.adamax.weight_decay),
};

/* In the element type, what one step needs besides the blocks. */
typedef struct coefficients {
    gd_real decay, b1, rest1, b2, rest2, eps;
    gd_real rate; /* all factors of a step together */
} coefficients;

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 2;
}

GDI_VERSIONS static void update_scaled(const gd_update *update, coefficients c)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *mean = update->moments, *square = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + c.decay * p[i];
        gd_real m = c.b1 * mean[i] + c.rest1 * gradient;
        gd_real v = c.b2 * square[i] + c.rest2 * gradient * gradient;
        mean[i] = m;
        square[i] = v;
        result[i] = p[i] - c.rate * m / (sqrt(v) + c.eps);
    }
}

GDI_VERSIONS static void update_unscaled(const gd_update *update, coefficients c)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *mean = update->moments, *square = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + c.decay * p[i];
        gd_real m = c.b1 * mean[i] + c.rest1 * gradient;
        mean[i] = m;
        square[i] = c.b2 * square[i] + c.rest2 * gradient * gradient;
        result[i] = p[i] - c.rate * m;
    }
}

static void update_radam(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_adamax_options *radam = &options->of.adamax;
    double b1 = radam->betas.values[0], b2 = radam->betas.values[1];
    double correction = gdi_bias_correction(b2, update->step);
    double limit = 2 / (1 - b2) - 1;
    double length = limit - 2 * (double)update->step * (1 - correction) / correction;
    double rate = update->learning_rate / gdi_bias_correction(b1, update->step);
    bool trusted = length > trusted_length;
    if (trusted) {
        rate *= sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)) *
                sqrt(correction);
    }
    coefficients c = {.decay = (gd_real)radam->weight_decay,
                      .b1 = (gd_real)b1,
                      .rest1 = (gd_real)(1 - b1),
                      .b2 = (gd_real)b2,
                      .rest2 = (gd_real)(1 - b2),
                      .eps = (gd_real)radam->eps,
                      .rate = (gd_real)rate};
    if (trusted) {
        update_scaled(update, c);
    } else {
        update_unscaled(update, c);
    }
}

const gd_optimizer_descriptor gdi_optimizer_radam = {
    .name = "radam",
    .help = "Adam that warms up by itself.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .update = update_radam,
};
