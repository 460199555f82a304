/*
 * adadelta.c: steps whose size follows from earlier steps and gradients (torch.optim.Adadelta; Zeiler
 * 2012).
 *
 * g += weight_decay · p; s = rho · s + (1 - rho) · g²; d = sqrt(u + eps) / sqrt(s + eps) · g;
 * u = rho · u + (1 - rho) · d²; p -= learning_rate · d. Moments: s, u.
 */
#include "optim/rules.h"

#include <tgmath.h>

static const gd_field fields[] = {
    GDI_LEARNING_RATE(1, "Factor of steps that find their own size."),
    GDI_NUMBER("rho", of.adadelta.rho, 0, 1, 0.9,
               "Share of the means of squares that is kept each step."),
    GDI_NUMBER("eps", of.adadelta.eps, 0, GDI_UNBOUNDED, 1e-6, "Added inside both roots."),
    GDI_WEIGHT_DECAY(of.adadelta.weight_decay),
};

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 2;
}

GDI_VERSIONS static void update_adadelta(const gd_optimizer_options *options,
                                         const gd_update *update)
{
    const gd_adadelta_options *adadelta = &options->of.adadelta;
    gd_real rate = (gd_real)update->learning_rate, decay = (gd_real)adadelta->weight_decay;
    gd_real rho = (gd_real)adadelta->rho, rest = (gd_real)(1 - adadelta->rho);
    gd_real eps = (gd_real)adadelta->eps;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *square = update->moments, *steps = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real s = rho * square[i] + rest * gradient * gradient;
        gd_real d = sqrt(steps[i] + eps) / sqrt(s + eps) * gradient;
        square[i] = s;
        steps[i] = rho * steps[i] + rest * d * d;
        result[i] = p[i] - rate * d;
    }
}

const gd_optimizer_descriptor gdi_optimizer_adadelta = {
    .name = "adadelta",
    .help = "Steps in the units of the parameters, without a learning rate to choose.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .update = update_adadelta,
};
