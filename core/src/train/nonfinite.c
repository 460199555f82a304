/*
 * nonfinite.c: finding out where a NaN or an infinity came from, once one has been seen.
 *
 * Nothing here runs in a healthy step. Causes are looked for from the outside in: the examples of
 * the batch, then parameters or gradients tensor by tensor, in their order; the first one is named.
 */
#include "train/trainer.h"

#include <math.h>

static const char *word(double value)
{
    return isnan(value) ? "NaN" : value > 0 ? "infinite" : "negative infinite";
}

/* Index of the first value that is not finite, or `count`. */
static size_t find(const gd_real *values, size_t count)
{
    size_t i = 0;
    while (i < count && isfinite(values[i])) {
        i++;
    }
    return i;
}

static const gd_parameter *find_tensor(const gd_trainer *trainer, const gd_real *block,
                                       bool trained_only, size_t *element)
{
    const gd_model *model = trainer->setup.model;
    for (int64_t i = 0; i < gd_model_tensor_count(model); i++) {
        const gd_parameter *tensor = gd_model_tensor(model, i);
        if (trained_only && !tensor->trained) {
            continue;
        }
        *element = find(block + tensor->offset, tensor->count);
        if (*element < tensor->count) {
            return tensor;
        }
    }
    return NULL;
}

/* Fills `error` and returns true where the batch itself holds such a value. */
static bool blame_rows(const gdi_step *step, const char *name, const gd_real *rows, int64_t width,
                       gd_error *error)
{
    size_t count = (size_t)step->batch.rows * (size_t)width;
    size_t at = find(rows, count);
    if (at == count) {
        return false;
    }
    int64_t row = (int64_t)at / width;
    int64_t example =
        step->batch.order == NULL ? step->batch.first_row + row : step->batch.order[row];
    gd_fail(error, GD_NON_FINITE, name,
            "step %lld: the %s hold a value that is %s, number %lld of example %lld",
            (long long)step->number, name, word((double)rows[at]), (long long)((int64_t)at % width),
            (long long)example);
    return true;
}

static bool blame_batch(gd_trainer *trainer, const gdi_step *step, gd_error *error)
{
    const gd_examples *examples = &trainer->setup.examples;
    const gdi_batch *batch = &step->batch;
    const gd_real *features = batch->features, *targets = batch->targets;
    if (trainer->batcher.in_place) {
        gdi_gather(&trainer->batcher.gatherer, batch->order, batch->first_row, batch->rows,
                   &features, &targets);
    }
    /* Sparse features were checked when the trainer was made. */
    return (features != NULL &&
            blame_rows(step, "features", features, examples->feature_width, error)) ||
           blame_rows(step, "targets", targets, examples->target_width, error);
}

static void blame_tensor(const gdi_step *step, const gd_parameter *tensor, const gd_real *block,
                         size_t element, const char *what, gd_error *error)
{
    gd_fail(error, GD_NON_FINITE, tensor->name, "step %lld: %s %s is %s at element %lld of %lld",
            (long long)step->number, what, tensor->name,
            word((double)block[tensor->offset + element]), (long long)element,
            (long long)tensor->count);
}

/* Its data are finite: a plan or the caller has seen to it. */
static void blame_formula(const gdi_step *step, gd_error *error)
{
    gd_fail(
        error, GD_NON_FINITE, "loss",
        "step %lld: the formula's loss is %s although its parameters are finite: a logarithm, root "
        "or power left where it is defined, or a number grew beyond what a double holds; a bound "
        "or a smaller learning rate keeps it inside",
        (long long)step->number, word(step->loss));
}

/* With restarts only that of all of them is the training's failure. */
static gd_status end_diverged(gd_trainer *trainer, const double *validation_loss, gd_error *error)
{
    gdi_record_complete(trainer, validation_loss);
    gdi_finish(trainer, GD_STOP_DIVERGED);
    if (trainer->restarts.ended_ready) {
        trainer->restarts.ended.failure = *error;
    }
    if (trainer->progress.reason == GD_STOP_DIVERGED) {
        return GD_NON_FINITE;
    }
    *error = (gd_error){.status = GD_OK};
    return GD_OK;
}

gd_status gdi_diverge_loss(gd_trainer *trainer, const gdi_step *step, gd_error *error)
{
    const gd_real *parameters = gdi_parameters(trainer);
    size_t element = 0;
    const gd_parameter *tensor = find_tensor(trainer, parameters, false, &element);
    if (tensor != NULL) {
        blame_tensor(step, tensor, parameters, element, "the parameter", error);
    } else if (gd_model_formula(trainer->setup.model) != NULL) {
        blame_formula(step, error);
    } else if (!blame_batch(trainer, step, error)) {
        gd_fail(error, GD_NON_FINITE, "loss",
                "step %lld: the loss is %s although parameters and examples are finite; "
                "the outputs are too large",
                (long long)step->number, word(step->loss));
    }
    gdi_record_begin(trainer, step);
    trainer->point.loss = step->loss;
    trainer->point.gradient_norm = NAN; /* there is none */
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        trainer->layer_norms[i] = NAN;
    }
    return end_diverged(trainer, NULL, error);
}

gd_status gdi_diverge_gradient(gd_trainer *trainer, const gdi_step *step, gd_error *error)
{
    size_t element = 0;
    const gd_parameter *tensor = find_tensor(trainer, trainer->gradients, true, &element);
    if (!blame_batch(trainer, step, error) && tensor != NULL) {
        blame_tensor(step, tensor, trainer->gradients, element, "the gradient of", error);
    }
    gdi_record_begin(trainer, step);
    return end_diverged(trainer, NULL, error);
}

gd_status gdi_diverge_update(gd_trainer *trainer, const gdi_step *step, const gd_real *result,
                             gd_error *error)
{
    size_t element = 0;
    const gd_parameter *tensor = find_tensor(trainer, result, false, &element);
    if (tensor != NULL) {
        blame_tensor(step, tensor, result, element, "the update of", error);
    }
    if (!step->records) {
        gdi_record_begin(trainer, step);
    }
    gdi_record_update_ratio(trainer, gdi_parameters(trainer), result);
    return end_diverged(trainer, NULL, error);
}

gd_status gdi_diverge_validation(gd_trainer *trainer, double loss, gd_error *error)
{
    gd_fail(error, GD_NON_FINITE, "validation_loss", "step %lld: the validation loss is %s",
            (long long)trainer->progress.step, word(loss));
    return end_diverged(trainer, &loss, error);
}
