/*
 * record.c: the points of the curves.
 *
 * A point is begun before clipping and update, while the gradient is what the backward pass left, and
 * completed after the update, or after the validation pass that follows it. Norms of layers and the
 * update ratio take a pass over all parameters each: only steps that are to measure pay for them.
 */
#include "train/trainer.h"

#include "formula/scaled.h"
#include "optim/clip.h"

#include <math.h>

double gdi_seconds(const gd_trainer *trainer)
{
    if (!trainer->clock_started) {
        return trainer->seconds_before;
    }
    double now = trainer->setup.clock(trainer->setup.clock_context);
    return trainer->seconds_before + (now - trainer->clock_origin);
}

/* norms[layer] = |a - b| over the layer's trained parameters; of `a` alone where `b` is NULL. */
static void measure_layers(const gd_trainer *trainer, const gd_real *a, const gd_real *b,
                           double *norms)
{
    const gd_model *model = trainer->setup.model;
    int64_t tensors = gd_model_tensor_count(model), tensor = 0;
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        double squares = 0;
        for (; tensor < tensors; tensor++) {
            const gd_parameter *parameter = gd_model_tensor(model, tensor);
            if (parameter->layer > trainer->layers[i]) {
                break;
            }
            if (parameter->trained) {
                double norm =
                    b != NULL ? sqrt(gdi_parallel_squares(trainer->pool, trainer->kernels,
                                                          a + parameter->offset,
                                                          b + parameter->offset, parameter->count))
                              : gdi_norm(trainer->pool, trainer->kernels, a + parameter->offset,
                                         parameter->count);
                squares += norm * norm;
            }
        }
        norms[i] = sqrt(squares);
    }
}

/* Of a formula points have the parameters themselves. False for other models. */
static bool record_values(gd_trainer *trainer, const gd_real *parameters)
{
    const gd_formula *formula = gd_model_formula(trainer->setup.model);
    if (formula != NULL && trainer->layer_count > 0) {
        gdi_formula_tell(formula, parameters, trainer->layer_ratios);
    }
    return formula != NULL;
}

/* What was 0 has no size to compare with: the change is all there is. */
static double ratio(double change, double size)
{
    if (!(size > 0)) {
        size = change;
    }
    return change > 0 || isnan(change) ? change / size : 0;
}

void gdi_record_begin(gd_trainer *trainer, const gdi_step *step)
{
    double rows = (double)step->batch.rows;
    const gdi_loss_sum *since = &trainer->since_point;
    double samples = (double)trainer->progress.samples + rows;
    trainer->point = (gd_point){
        .step = step->number,
        .epoch = samples / (double)trainer->setup.examples.count,
        .loss = (since->sum + step->loss * rows) / ((double)since->rows + rows),
        .learning_rate = step->learning_rate,
        .gradient_norm = step->gradient_norm,
        .update_ratio = GD_NOT_MEASURED,
        .layer_gradient_norms = trainer->layer_norms,
        .layer_update_ratios = trainer->layer_ratios,
        .layer_count = trainer->layer_count,
    };
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        trainer->layer_norms[i] = trainer->layer_ratios[i] = GD_NOT_MEASURED;
    }
    (void)record_values(trainer, gdi_parameters(trainer));
    if (step->measures || !isfinite(step->gradient_norm)) {
        measure_layers(trainer, trainer->gradients, NULL, trainer->layer_norms);
    }
}

void gdi_record_update_ratio(gd_trainer *trainer, const gd_real *before, const gd_real *after)
{
    const gdi_kernels *kernels = trainer->kernels;
    size_t count = trainer->trained_count;
    double change = sqrt(gdi_parallel_squares(trainer->pool, kernels, after, before, count));
    double size = sqrt(gdi_parallel_squares(trainer->pool, kernels, before, NULL, count));
    trainer->point.update_ratio = ratio(change, size);
    if (record_values(trainer, after)) {
        return;
    }
    double sizes[GD_MODEL_MAXIMUM_LAYERS];
    measure_layers(trainer, before, NULL, sizes);
    measure_layers(trainer, after, before, trainer->layer_ratios);
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        trainer->layer_ratios[i] = ratio(trainer->layer_ratios[i], sizes[i]);
    }
}

void gdi_record_complete(gd_trainer *trainer, const double *validation_loss)
{
    gd_progress *progress = &trainer->progress;
    gd_point *point = &trainer->point;
    progress->seconds = gdi_seconds(trainer);
    progress->points++;
    point->sequence = progress->points;
    point->seconds = progress->seconds;
    if (validation_loss != NULL) {
        point->has_validation_loss = true;
        point->validation_loss = *validation_loss;
    }
    trainer->since_point = (gdi_loss_sum){0};
    trainer->point_ready = true;
    if (!isfinite(point->loss)) {
        return;
    }
    if (!progress->has_loss) {
        progress->first_loss = point->loss;
    }
    if (!progress->has_loss || point->loss < progress->best_loss) {
        progress->best_loss = point->loss;
        progress->best_loss_step = point->step;
    }
    progress->has_loss = true;
    progress->last_loss = point->loss;
}
