/*
 * rprop.c: resilient propagation: a step size for each parameter, the gradient's sign alone
 * (torch.optim.Rprop; Riedmiller and Braun 1993, without going back). For full batches.
 *
 * Where the gradient kept its sign the step size grows by etas[1], where it changed it shrinks by
 * etas[0] and that gradient counts as 0; then p -= sign(g) · size. The first sizes are the learning
 * rate, which plays no part later. Moments: last gradient, size.
 */
#include "optim/rules.h"

static const double default_etas[] = {0.5, 1.2};
static const double default_step_sizes[] = {1e-6, 50};

static const gd_field fields[] = {
    GDI_LEARNING_RATE(1e-2, "Size of the first step of each parameter."),
    {.name = "etas",
     .type = GD_FIELD_NUMBERS,
     .offset = offsetof(gd_optimizer_options, of.rprop.etas),
     .minimum_excluded = true,
     .maximum = GDI_UNBOUNDED,
     .minimum_length = 2,
     .maximum_length = 2,
     .default_list = default_etas,
     .help = "Factors of the step size: below 1 after a change of sign, above 1 otherwise."},
    {.name = "step_sizes",
     .type = GD_FIELD_NUMBERS,
     .offset = offsetof(gd_optimizer_options, of.rprop.step_sizes),
     .maximum = GDI_UNBOUNDED,
     .minimum_length = 2,
     .maximum_length = 2,
     .default_list = default_step_sizes,
     .help = "The smallest and the largest step size."},
};

static gd_status check(const gd_optimizer_options *options, gd_error *error)
{
    const gd_rprop_options *rprop = &options->of.rprop;
    const double *etas = rprop->etas.values, *sizes = rprop->step_sizes.values;
    if (!(etas[0] < 1 && etas[1] > 1)) {
        return gd_fail(
            error, GD_INVALID_ARGUMENT, "etas",
            "the first of etas must be below 1 and the second above 1; they are %g and %g", etas[0],
            etas[1]);
    }
    if (!(sizes[0] <= sizes[1])) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "step_sizes",
                       "the first of step_sizes must not exceed the second; they are %g and %g",
                       sizes[0], sizes[1]);
    }
    return GD_OK;
}

static int64_t moment_count(const gd_optimizer_options *options)
{
    (void)options;
    return 2;
}

GDI_VERSIONS static void update_elements(const gd_update *update, gd_real shrink, gd_real grow,
                                         gd_real smallest, gd_real largest)
{
    const gd_real *p = update->parameters, *g = update->gradients;
    gd_real *last = update->moments, *size = update->moments + update->stride;
    gd_real *result = update->result;
    GDI_INDEPENDENT
    for (size_t i = 0; i < update->count; i++) {
        gd_real agreement = g[i] * last[i];
        gd_real factor = agreement > 0 ? grow : agreement < 0 ? shrink : 1;
        gd_real step = size[i] * factor;
        step = step < smallest ? smallest : step;
        step = step > largest ? largest : step;
        gd_real gradient = agreement < 0 ? 0 : g[i];
        gd_real sign = (gd_real)((gradient > 0) - (gradient < 0));
        last[i] = gradient;
        size[i] = step;
        result[i] = p[i] - sign * step;
    }
}

static void update_rprop(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_rprop_options *rprop = &options->of.rprop;
    if (update->step == 1) {
        for (size_t i = 0; i < update->count; i++) {
            update->moments[update->stride + i] = (gd_real)update->learning_rate;
        }
    }
    update_elements(update, (gd_real)rprop->etas.values[0], (gd_real)rprop->etas.values[1],
                    (gd_real)rprop->step_sizes.values[0], (gd_real)rprop->step_sizes.values[1]);
}

const gd_optimizer_descriptor gdi_optimizer_rprop = {
    .name = "rprop",
    .help = "A step size for each parameter from the signs of its gradients; for full batches.",
    .fields = GDI_FIELD_TABLE(fields),
    .check = check,
    .moment_count = moment_count,
    .update = update_rprop,
};
