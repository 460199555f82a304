/*
 * continuation.c: see continuation.h. While there are fewer characters than a window, the network is
 * planned anew for as many as there are: parameters of embedding, recurrent and dense layers do not
 * depend on the number of steps.
 */
#include "jobs/continuation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The network planned for so many characters. */
typedef struct planned {
    gd_model *model;
    gd_workspace *workspace;
    int64_t length; /* 0: none yet */
} planned;

bool jobs_predictor_writes_text(const jobs_predictor *predictor)
{
    const gd_preparation *preparation = predictor->preparation;
    if (!gd_preparation_has_symbols(preparation) || gd_preparation_column_count(preparation) != 1)
        return false;
    const gd_column *column = gd_preparation_column(preparation, 0);
    if (gd_preparation_class_count(preparation) != column->class_count)
        return false;
    for (int64_t i = 0; i < column->class_count; i++)
        if (strcmp(gd_preparation_class_name(preparation, i), column->classes[i]) != 0)
            return false;
    return true;
}

static void dispose(planned *plan)
{
    gd_workspace_destroy(plan->workspace);
    gd_model_destroy(plan->model);
    *plan = (planned){0};
}

static gd_status plan_for(planned *plan, const jobs_predictor *predictor, int64_t length,
                          gd_error *error)
{
    const spec_model *layers = &predictor->spec->model;
    const gd_shape input = {1, {length}};
    if (plan->length == length)
        return GD_OK;
    dispose(plan);
    gd_status status =
        gd_model_create(&plan->model, &input, layers->layers, layers->layer_count,
                        gd_preparation_class_count(predictor->preparation), 0, error);
    bool fits = status == GD_OK &&
                gd_model_parameter_count(plan->model) == gd_model_parameter_count(predictor->model);
    if (status != GD_OUT_OF_MEMORY && !fits)
        return gd_fail(error, GD_INVALID_DATA, "prompt",
                       "this model reads exactly %lld characters; the prompt has %lld",
                       (long long)predictor->spec->data.window.length, (long long)length);
    if (status == GD_OK)
        status = gd_workspace_create(&plan->workspace, plan->model, 1, false, error);
    if (status == GD_OK)
        plan->length = length;
    return status;
}

/* The class whose share of the whole holds `fraction`; `weights` are not normalised. */
static int64_t pick(const double *weights, int64_t count, double fraction)
{
    double sum = 0, passed = 0;
    for (int64_t i = 0; i < count; i++)
        sum += weights[i];
    for (int64_t i = 0; i < count; i++) {
        passed += weights[i];
        if (fraction * sum < passed)
            return i;
    }
    return count - 1;
}

/* -1 where the outputs are not finite. */
static int64_t sample(const gd_real *logits, int64_t count, double temperature, gd_random *random,
                      double *weights)
{
    int64_t best = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(logits[i]))
            return -1;
        if (logits[i] > logits[best])
            best = i;
    }
    if (temperature == 0)
        return best;
    for (int64_t i = 0; i < count; i++)
        weights[i] = exp(((double)logits[i] - (double)logits[best]) / temperature);
    return pick(weights, count, gd_random_uniform(random));
}

gd_status jobs_continue_text(const jobs_predictor *predictor,
                             const jobs_continuation_options *options, gd_real *symbols,
                             int64_t count, gd_error *error)
{
    int64_t window = predictor->spec->data.window.length;
    int64_t classes = gd_preparation_class_count(predictor->preparation);
    planned plan = {0};
    gd_random random;
    gd_random_seed(&random, options->seed, GD_STREAM_SAMPLE);
    double *weights = calloc((size_t)classes, sizeof *weights);
    gd_status status =
        weights == NULL ? gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to write a text") : GD_OK;
    for (int64_t end = count; status == GD_OK && end < count + options->length; end++) {
        int64_t length = end < window ? end : window;
        status = plan_for(&plan, predictor, length, error);
        if (status != GD_OK)
            break;
        const gd_real *outputs = gd_model_forward(plan.model, predictor->parameters, plan.workspace,
                                                  symbols + (end - length), 1, NULL);
        int64_t size = gd_shape_size(gd_model_output_shape(plan.model));
        int64_t symbol = outputs == NULL ? -1
                                         : sample(outputs + (size - classes), classes,
                                                  options->temperature, &random, weights);
        if (symbol < 0)
            status = gd_fail(error, GD_NON_FINITE, "", "the model's outputs are not finite");
        else
            symbols[end] = (gd_real)symbol;
    }
    free(weights);
    dispose(&plan);
    return status;
}
