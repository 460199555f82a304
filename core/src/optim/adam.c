/*
 * adam.c: Adam, AdamW and their AMSGrad variants (torch.optim.Adam, AdamW; Kingma and Ba 2015,
 * Loshchilov and Hutter 2019, Reddi, Kale and Kumar 2018).
 *
 * adam: g += weight_decay · p; adamw: p *= 1 - learning_rate · weight_decay. Then
 * m = b1 · m + (1 - b1) · g, v = b2 · v + (1 - b2) · g²,
 * p -= learning_rate / (1 - b1^t) · m / (sqrt(v) / sqrt(1 - b2^t) + eps);
 * amsgrad takes the largest v so far in place of v, before the correction. Moments: m, v, largest v.
 */
#include "optim/rules.h"

#include <tgmath.h>

static const double default_betas[] = {0.9, 0.999};

#define ADAM_FIELDS(decay_default, decay_help)                                                    \
    GDI_TESTED_RATE(1e-3, "About the size of a parameter's step while its gradient keeps sign."), \
        GDI_BETAS(of.adam.betas, default_betas,                                                   \
                  "Shares kept of the mean and of the mean square of the gradient each step."),   \
        GDI_NUMBER("eps", of.adam.eps, 0, GDI_UNBOUNDED, 1e-8,                                    \
                   "Added to the corrected root, outside the root."),                             \
        GDI_NUMBER("weight_decay", of.adam.weight_decay, 0, GDI_UNBOUNDED, decay_default,         \
                   decay_help),                                                                   \
        GDI_BOOLEAN("amsgrad", of.adam.amsgrad, 0,                                                \
                    "Divide by the largest mean square so far, so that steps never grow again.")

static const gd_field adam_fields[] = {
    ADAM_FIELDS(0, "L2 penalty: weight_decay times the parameters is added to the gradient."),
};

static const gd_field adamw_fields[] = {
    ADAM_FIELDS(1e-2, "Decoupled decay: parameters shrink by learning_rate times weight_decay."),
};

/* What one step needs besides the blocks, in the element type. */
typedef struct coefficients {
    gd_real shrink; /* of the parameters, before the step: adamw */
    gd_real decay;  /* of the parameters, added to the gradient: adam */
    gd_real b1, rest1, b2, rest2;
    gd_real rate;       /* learning_rate / (1 - b1^t) */
    gd_real correction; /* sqrt(1 - b2^t) */
    gd_real eps;
} coefficients;

static int64_t moment_count(const gd_optimizer_options *options)
{
    return options->of.adam.amsgrad ? 3 : 2;
}

GDI_VERSIONS static void update_plain(const gd_update *update, coefficients c)
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
        result[i] = c.shrink * p[i] - c.rate * m / (sqrt(v) / c.correction + c.eps);
    }
}

GDI_VERSIONS static void update_largest(const gd_update *update, coefficients c)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *mean = update->moments, *square = update->moments + update->stride;
    gd_real *largest = update->moments + 2 * update->stride, *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real gradient = g[i] + c.decay * p[i];
        gd_real m = c.b1 * mean[i] + c.rest1 * gradient;
        gd_real v = c.b2 * square[i] + c.rest2 * gradient * gradient;
        gd_real top = v > largest[i] ? v : largest[i];
        mean[i] = m;
        square[i] = v;
        largest[i] = top;
        result[i] = c.shrink * p[i] - c.rate * m / (sqrt(top) / c.correction + c.eps);
    }
}

static coefficients coefficients_of(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_adam_options *adam = &options->of.adam;
    double b1 = adam->betas.values[0], b2 = adam->betas.values[1];
    bool decoupled = options->type == GD_OPTIMIZER_ADAMW;
    return (coefficients){
        .shrink = decoupled ? (gd_real)(1 - update->learning_rate * adam->weight_decay) : 1,
        .decay = decoupled ? 0 : (gd_real)adam->weight_decay,
        .b1 = (gd_real)b1,
        .rest1 = (gd_real)(1 - b1),
        .b2 = (gd_real)b2,
        .rest2 = (gd_real)(1 - b2),
        .rate = (gd_real)(update->learning_rate / gdi_bias_correction(b1, update->step)),
        .correction = (gd_real)sqrt(gdi_bias_correction(b2, update->step)),
        .eps = (gd_real)adam->eps,
    };
}

static void update_with(const gd_optimizer_options *options, const gd_update *update,
                        coefficients c)
{
    if (options->of.adam.amsgrad) {
        update_largest(update, c);
    } else {
        update_plain(update, c);
    }
}

static void update_adam(const gd_optimizer_options *options, const gd_update *update)
{
    update_with(options, update, coefficients_of(options, update));
}

static void update_rows(const gd_optimizer_options *options, const gd_update *update, size_t rows,
                        size_t row_step, size_t gradient_step)
{
    const coefficients c = coefficients_of(options, update);
    gd_update row = *update;
    for (; rows > 0; rows--) {
        update_with(options, &row, c);
        row.parameters += row_step;
        row.gradients += gradient_step;
        row.moments += row_step;
        row.result += row_step;
    }
}

const gd_optimizer_descriptor gdi_optimizer_adam = {
    .name = "adam",
    .help = "Momentum and steps scaled by the gradient's recent size, both corrected at the start.",
    .fields = GDI_FIELD_TABLE(adam_fields),
    .moment_count = moment_count,
    .update = update_adam,
    .update_rows = update_rows,
};

const gd_optimizer_descriptor gdi_optimizer_adamw = {
    .name = "adamw",
    .help = "Adam with weight decay apart from the gradient.",
    .fields = GDI_FIELD_TABLE(adamw_fields),
    .moment_count = moment_count,
    .update = update_adam,
    .update_rows = update_rows,
};
