/*
 * record.c: the points of the curves.
 *
 * A point is begun before clipping and update, while the gradient is what the backward pass left, and
 * completed after the update, or after the validation pass that follows it. Norms of layers and the
 * update ratio take a pass over all parameters each: only steps that are to measure pay for them.
 */
#include "train/trainer.h"

#include "formula/scaled.h"

#include <math.h>

double gdi_seconds(const gd_trainer *trainer)
{
    if (!trainer->clock_started) {
        return trainer->seconds_before;
    }
    double now = trainer->setup.clock(trainer->setup.clock_context);
    return trainer->seconds_before + (now - trainer->clock_origin);
}

static double squares_of(const gd_trainer *trainer, const gd_real *a, const gd_real *b,
                         size_t offset, size_t count)
{
    return gdi_parallel_squares(trainer->pool, trainer->kernels, a + offset,
                                b != NULL ? b + offset : NULL, count);
}

/*
 * squares[layer] = |a - b|² over the layer's trained parameters, of `a` alone where `b` is NULL.
 * Tensors that stand side by side are one range. The sum of all is returned.
 */
static double measure_layers(const gd_trainer *trainer, const gd_real *a, const gd_real *b,
                             double *squares)
{
    const gd_model *model = trainer->setup.model;
    const int64_t tensors = gd_model_tensor_count(model);
    int64_t tensor = 0;
    double total = 0;
    if (trainer->layer_count == 1) {
        squares[0] = squares_of(trainer, a, b, 0, trainer->trained_count);
        return squares[0];
    }
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        size_t first = 0, count = 0;
        squares[i] = 0;
        for (; tensor < tensors; tensor++) {
            const gd_parameter *parameter = gd_model_tensor(model, tensor);
            if (parameter->layer > trainer->layers[i]) {
                break;
            }
            if (!parameter->trained) {
                continue;
            }
            if (count > 0 && parameter->offset != first + count) {
                squares[i] += squares_of(trainer, a, b, first, count);
                count = 0;
            }
            first = count == 0 ? parameter->offset : first;
            count += parameter->count;
        }
        squares[i] += count > 0 ? squares_of(trainer, a, b, first, count) : 0;
        total += squares[i];
    }
    return total;
}

/* Norms of the gradient, known already where there is one layer. */
static void measure_gradient(const gd_trainer *trainer, double norm)
{
    double *norms = trainer->layer_norms;
    if (trainer->layer_count == 1) {
        norms[0] = norm;
        return;
    }
    (void)measure_layers(trainer, trainer->gradients, NULL, norms);
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        norms[i] = sqrt(norms[i]);
    }
}

/* Of a formula points have the parameters themselves. */
static void record_values(gd_trainer *trainer, const gd_real *parameters)
{
    const gd_formula *formula = gd_model_formula(trainer->setup.model);
    if (formula != NULL && trainer->layer_count > 0) {
        gdi_formula_tell(formula, parameters, trainer->layer_ratios);
    }
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
    record_values(trainer, gdi_parameters(trainer));
    if (step->measures || !isfinite(step->gradient_norm)) {
        measure_gradient(trainer, step->gradient_norm);
    }
}

void gdi_record_update_ratio(gd_trainer *trainer, const gd_real *before, const gd_real *after)
{
    double sizes[GD_MODEL_MAXIMUM_LAYERS], *changes = trainer->layer_ratios;
    const size_t count = trainer->trained_count;
    if (gd_model_formula(trainer->setup.model) != NULL) {
        trainer->point.update_ratio = ratio(sqrt(squares_of(trainer, after, before, 0, count)),
                                            sqrt(squares_of(trainer, before, NULL, 0, count)));
        record_values(trainer, after);
        return;
    }
    const double size = measure_layers(trainer, before, NULL, sizes);
    const double change = measure_layers(trainer, after, before, changes);
    trainer->point.update_ratio = ratio(sqrt(change), sqrt(size));
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        changes[i] = ratio(sqrt(changes[i]), sqrt(sizes[i]));
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
