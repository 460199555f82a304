/*
 * adagrad.c: steps divided by the root of the summed squares of all gradients so far
 * (torch.optim.Adagrad; Duchi, Hazan and Singer 2011).
 *
 * g += weight_decay · p; s += g²; p -= learning_rate / (1 + (t - 1) · lr_decay) · g / (sqrt(s) + eps).
 */
#include "optim/rules.h"

#include <tgmath.h>

static const gd_field fields[] = {
    GDI_TESTED_RATE(1e-2, "Length of the first steps; later ones shrink by themselves."),
    GDI_NUMBER("lr_decay", of.adagrad.lr_decay, 0, GDI_UNBOUNDED, 0,
               "The learning rate is divided by 1 + lr_decay times the updates already done."),
    GDI_WEIGHT_DECAY(of.adagrad.weight_decay),
    GDI_NUMBER("initial_accumulator_value", of.adagrad.initial_accumulator_value, 0, GDI_UNBOUNDED,
               0, "What the sum of squares starts at."),
    GDI_NUMBER("eps", of.adagrad.eps, 0, GDI_UNBOUNDED, 1e-10,
               "Added to the root of the sum, outside the root."),
};

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 1;
}

static void prepare(const gd_optimizer_options *options, gd_real *moments, size_t count)
{
    gd_real start = (gd_real)options->of.adagrad.initial_accumulator_value;
    for (size_t i = 0; i < count; i++) {
        moments[i] = start;
    }
}

GDI_VERSIONS static void update_adagrad(const gd_optimizer_options *options,
                                        const gd_update *update)
{
    const gd_adagrad_options *adagrad = &options->of.adagrad;
    gd_real rate =
        (gd_real)(update->learning_rate / (1 + (double)(update->step - 1) * adagrad->lr_decay));
    gd_real decay = (gd_real)adagrad->weight_decay;
    gd_real eps = (gd_real)adagrad->eps;
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *sum = update->moments, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + decay * p[i];
        gd_real s = sum[i] + gradient * gradient;
        sum[i] = s;
        result[i] = p[i] - rate * gradient / (sqrt(s) + eps);
    }
}

const gd_optimizer_descriptor gdi_optimizer_adagrad = {
    .name = "adagrad",
    .help = "Each parameter's steps shrink with the sum of its squared gradients; for sparse data.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .prepare = prepare,
    .update = update_adagrad,
};
