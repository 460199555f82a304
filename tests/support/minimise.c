/*
 * minimise.c: drives an optimizer's update with results out of place, as the trainer does.
 */
#include "support/minimise.h"

#include <stdlib.h>
#include <string.h>

gd_optimizer_options minimise_defaults(gd_optimizer_type type)
{
    gd_optimizer_options options = {.type = type};
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(type)->fields, &options);
    return options;
}

void minimise_begin(minimise_run *run, const gd_optimizer_options *options,
                    minimise_function *function, const double *start, size_t count)
{
    const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at(options->type);
    *run = (minimise_run){.options = *options, .function = function, .count = count};
    size_t moments = (size_t)rule->moment_count(options) * count;
    size_t scalars = rule->scalar_count == NULL ? 0 : (size_t)rule->scalar_count(options);
    run->moments = calloc(moments + 1, sizeof *run->moments);
    run->scalars = calloc(scalars + 1, sizeof *run->scalars);
    for (size_t i = 0; i < count; i++) {
        run->parameters[i] = (gd_real)start[i];
    }
    if (rule->prepare != NULL) {
        rule->prepare(options, run->moments, count);
    }
}

void minimise_end(minimise_run *run)
{
    free(run->moments);
    free(run->scalars);
}

static double evaluate(void *context, const gd_real *parameters, gd_real *gradients)
{
    minimise_run *run = context;
    return run->function(parameters, gradients);
}

static void update(minimise_run *run, double loss, double learning_rate)
{
    const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at(run->options.type);
    const gd_objective objective = {evaluate, run};
    run->step++;
    gd_update change = {
        .step = run->step,
        .learning_rate = learning_rate,
        .parameters = run->parameters,
        .gradients = run->gradients,
        .moments = run->moments,
        .result = run->result,
        .count = run->count,
        .stride = run->count,
        .scalars = run->scalars,
        .loss = loss,
        .objective = rule->needs_objective ? &objective : NULL,
    };
    rule->update(&run->options, &change);
    memcpy(run->parameters, run->result, run->count * sizeof *run->result);
}

void minimise_step(minimise_run *run)
{
    double loss = run->function(run->parameters, run->gradients);
    update(run, loss, run->options.learning_rate);
}

void minimise_given(minimise_run *run, const double *gradient, double learning_rate)
{
    for (size_t i = 0; i < run->count; i++) {
        run->gradients[i] = (gd_real)gradient[i];
    }
    update(run, 0, learning_rate);
}

double minimise_rosenbrock(const gd_real *p, gd_real *gradient)
{
    double x = (double)p[0], y = (double)p[1];
    double valley = y - x * x;
    gradient[0] = (gd_real)(-2 * (1 - x) - 400 * x * valley);
    gradient[1] = (gd_real)(200 * valley);
    return (1 - x) * (1 - x) + 100 * valley * valley;
}
