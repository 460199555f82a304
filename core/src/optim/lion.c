/*
 * lion.c: steps of one size along the sign of a momentum (Chen and others 2023, "Symbolic discovery of
 * optimization algorithms", algorithm 2).
 *
 * p -= learning_rate · (sign(b1 · m + (1 - b1) · g) + weight_decay · p); m = b2 · m + (1 - b2) · g.
 */
#include "optim/rules.h"

static const double default_betas[] = {0.9, 0.99};

static const gd_field fields[] = {
    GDI_TESTED_RATE(1e-4, "Size of every parameter's step; a tenth of what suits adam."),
    GDI_BETAS(of.lion.betas, default_betas,
              "Weight of the momentum in the step, and share of it that is kept."),
    GDI_NUMBER("weight_decay", of.lion.weight_decay, 0, GDI_UNBOUNDED, 0,
               "Decoupled decay: parameters shrink by learning_rate times weight_decay."),
};

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 1;
}

GDI_VERSIONS static void update_lion(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_lion_options *lion = &options->of.lion;
    double beta1 = lion->betas.values[0], beta2 = lion->betas.values[1];
    gd_real b1 = (gd_real)beta1, rest1 = (gd_real)(1 - beta1);
    gd_real b2 = (gd_real)beta2, rest2 = (gd_real)(1 - beta2);
    gd_real rate = (gd_real)update->learning_rate, decay = (gd_real)lion->weight_decay;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *mean = update->moments, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real direction = b1 * mean[i] + rest1 * g[i];
        gd_real sign = (gd_real)((direction > 0) - (direction < 0));
        mean[i] = b2 * mean[i] + rest2 * g[i];
        result[i] = p[i] - rate * (sign + decay * p[i]);
    }
}

const gd_optimizer_descriptor gdi_optimizer_lion = {
    .name = "lion",
    .help = "Steps of one size along the sign of a momentum; little memory.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .update = update_lion,
};
