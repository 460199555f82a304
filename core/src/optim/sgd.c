/*
 * sgd.c: stochastic gradient descent with momentum (torch.optim.SGD).
 *
 * g += weight_decay · p; v = momentum · v + (1 - dampening) · g, at the first step v = g; the step is
 * along v, or with nesterov along g + momentum · v; p -= learning_rate · step. The learning rate is not
 * inside v, so that changing it acts at once.
 */
#include "optim/rules.h"

static const gd_field fields[] = {
    GDI_TESTED_RATE(1e-2,
                    "Length of a step, times the gradient. PyTorch before 2.x has no "
                    "default for sgd; later ones have 0.001."),
    GDI_NUMBER("momentum", of.sgd.momentum, 0, GDI_UNBOUNDED, 0,
               "Share of the last step's velocity that is kept; 0.9 is usual."),
    GDI_NUMBER("dampening", of.sgd.dampening, 0, 1, 0,
               "Share of the gradient that does not enter the velocity after the first step."),
    GDI_WEIGHT_DECAY(of.sgd.weight_decay),
    GDI_BOOLEAN(
        "nesterov", of.sgd.nesterov, 0,
        "Nesterov's momentum: the step looks ahead along the velocity. Needs momentum above 0 "
        "and dampening 0."),
};

static gd_status check(const gd_optimizer_options *options, gd_error *error)
{
    const gd_sgd_options *sgd = &options->of.sgd;
    if (sgd->nesterov && !(sgd->momentum > 0)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "nesterov",
                       "nesterov needs a momentum above 0; momentum is %g", sgd->momentum);
    }
    if (sgd->nesterov && sgd->dampening != 0) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "nesterov",
                       "nesterov needs dampening 0; dampening is %g", sgd->dampening);
    }
    return GD_OK;
}

static int64_t moment_count(const gd_optimizer_options *options)
{
    return options->of.sgd.momentum > 0 ? 1 : 0;
}

GDI_VERSIONS static void update_plain(const gd_update *update, gd_real rate, gd_real decay)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        result[i] = p[i] - rate * (g[i] + decay * p[i]);
    }
}

GDI_VERSIONS static void update_momentum(const gd_update *update, gd_real rate, gd_real decay,
                                         gd_real kept, gd_real gain)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *velocity = update->moments, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real v = kept * velocity[i] + gain * (g[i] + decay * p[i]);
        velocity[i] = v;
        result[i] = p[i] - rate * v;
    }
}

GDI_VERSIONS static void update_nesterov(const gd_update *update, gd_real rate, gd_real decay,
                                         gd_real kept, gd_real momentum)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *velocity = update->moments, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real v = kept * velocity[i] + gradient;
        velocity[i] = v;
        result[i] = p[i] - rate * (gradient + momentum * v);
    }
}

static void update_sgd(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_sgd_options *sgd = &options->of.sgd;
    gd_real rate = (gd_real)update->learning_rate;
    gd_real decay = (gd_real)sgd->weight_decay;
    bool first = update->step == 1;
    gd_real kept = first ? 0 : (gd_real)sgd->momentum;
    if (!(sgd->momentum > 0)) {
        update_plain(update, rate, decay);
    } else if (sgd->nesterov) {
        update_nesterov(update, rate, decay, kept, (gd_real)sgd->momentum);
    } else {
        update_momentum(update, rate, decay, kept, first ? 1 : (gd_real)(1 - sgd->dampening));
    }
}

const gd_optimizer_descriptor gdi_optimizer_sgd = {
    .name = "sgd",
    .help = "Stochastic gradient descent, plain, with momentum or with Nesterov's momentum.",
    .fields = GDI_FIELD_TABLE(fields),
    .check = check,
    .moment_count = moment_count,
    .update = update_sgd,
};
