/*
 * rmsprop.c: steps divided by the root of a decaying mean of squared gradients
 * (torch.optim.RMSprop; Hinton 2012, centered after Graves 2013).
 *
 * g += weight_decay · p; s = alpha · s + (1 - alpha) · g²; centered: m = alpha · m + (1 - alpha) · g
 * and the root is of s - m², here never below 0; d = g / (sqrt(s) + eps). With momentum
 * b = momentum · b + d and p -= learning_rate · b, else p -= learning_rate · d. Moments stand in the
 * order s, m, b.
 */
#include "optim/rules.h"

#include <tgmath.h>

static const gd_field fields[] = {
    GDI_TESTED_RATE(1e-2, "Length of a step in units of the gradient's usual size."),
    GDI_NUMBER("alpha", of.rmsprop.alpha, 0, 1, 0.99,
               "Share of the mean of squares that is kept each step."),
    GDI_NUMBER("eps", of.rmsprop.eps, 0, GDI_UNBOUNDED, 1e-8,
               "Added to the root of the mean, outside the root."),
    GDI_WEIGHT_DECAY(of.rmsprop.weight_decay),
    GDI_NUMBER("momentum", of.rmsprop.momentum, 0, GDI_UNBOUNDED, 0,
               "Share of the last step that is kept."),
    GDI_BOOLEAN("centered", of.rmsprop.centered, 0,
                "Divide by the estimated standard deviation instead of the root mean square."),
};

static int64_t moment_count(const gd_optimizer_options *options)
{
    const gd_rmsprop_options *rmsprop = &options->of.rmsprop;
    return 1 + (rmsprop->centered ? 1 : 0) + (rmsprop->momentum > 0 ? 1 : 0);
}

GDI_VERSIONS static void update_plain(const gd_rmsprop_options *options, const gd_update *update,
                                      gd_real rate)
{
    gd_real alpha = (gd_real)options->alpha, rest = (gd_real)(1 - options->alpha);
    gd_real eps = (gd_real)options->eps, decay = (gd_real)options->weight_decay;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *square = update->moments, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real s = alpha * square[i] + rest * gradient * gradient;
        square[i] = s;
        result[i] = p[i] - rate * gradient / (sqrt(s) + eps);
    }
}

GDI_VERSIONS static void update_centered(const gd_rmsprop_options *options, const gd_update *update,
                                         gd_real rate)
{
    gd_real alpha = (gd_real)options->alpha, rest = (gd_real)(1 - options->alpha);
    gd_real eps = (gd_real)options->eps, decay = (gd_real)options->weight_decay;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *square = update->moments, *mean = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real s = alpha * square[i] + rest * gradient * gradient;
        gd_real m = alpha * mean[i] + rest * gradient;
        gd_real variance = s - m * m;
        square[i] = s;
        mean[i] = m;
        result[i] = p[i] - rate * gradient / (sqrt(variance > 0 ? variance : 0) + eps);
    }
}

GDI_VERSIONS static void update_momentum(const gd_rmsprop_options *options, const gd_update *update,
                                         gd_real rate)
{
    gd_real alpha = (gd_real)options->alpha, rest = (gd_real)(1 - options->alpha);
    gd_real eps = (gd_real)options->eps, decay = (gd_real)options->weight_decay;
    gd_real momentum = (gd_real)options->momentum;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *square = update->moments, *buffer = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real s = alpha * square[i] + rest * gradient * gradient;
        gd_real b = momentum * buffer[i] + gradient / (sqrt(s) + eps);
        square[i] = s;
        buffer[i] = b;
        result[i] = p[i] - rate * b;
    }
}

GDI_VERSIONS static void update_centered_momentum(const gd_rmsprop_options *options,
                                                  const gd_update *update, gd_real rate)
{
    gd_real alpha = (gd_real)options->alpha, rest = (gd_real)(1 - options->alpha);
    gd_real eps = (gd_real)options->eps, decay = (gd_real)options->weight_decay;
    gd_real momentum = (gd_real)options->momentum;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *square = update->moments, *mean = update->moments + update->stride;
    gd_real *buffer = update->moments + 2 * update->stride, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real s = alpha * square[i] + rest * gradient * gradient;
        gd_real m = alpha * mean[i] + rest * gradient;
        gd_real variance = s - m * m;
        gd_real b = momentum * buffer[i] + gradient / (sqrt(variance > 0 ? variance : 0) + eps);
        square[i] = s;
        mean[i] = m;
        buffer[i] = b;
        result[i] = p[i] - rate * b;
    }
}

static void update_rmsprop(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_rmsprop_options *rmsprop = &options->of.rmsprop;
    gd_real rate = (gd_real)update->learning_rate;
    if (rmsprop->centered && rmsprop->momentum > 0) {
        update_centered_momentum(rmsprop, update, rate);
    } else if (rmsprop->centered) {
        update_centered(rmsprop, update, rate);
    } else if (rmsprop->momentum > 0) {
        update_momentum(rmsprop, update, rate);
    } else {
        update_plain(rmsprop, update, rate);
    }
}

const gd_optimizer_descriptor gdi_optimizer_rmsprop = {
    .name = "rmsprop",
    .help = "Steps divided by the recent root mean square of the gradient, with optional momentum.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .update = update_rmsprop,
};
