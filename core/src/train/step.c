/*
 * step.c: one update: batch, forward pass, loss, backward pass, clipping, rule, check, swap.
 *
 * Loss, gradient and new parameters are checked in this order and nothing that belongs to the last
 * finite state is written over before all three are finite, but for the moments of the rule, which
 * nobody needs once training has diverged.
 */
#include "train/trainer.h"

#include "nn/formula_layer.h"

#include "optim/clip.h"
#include "optim/parallel_update.h"

#include <math.h>
#include <string.h>

static double learning_rate(const gd_trainer *trainer)
{
    return gd_schedule_rate(&trainer->setup.schedule, trainer->schedule.learning_rate,
                            gdi_own_step(trainer), trainer->setup.training.steps,
                            trainer->batcher.batches);
}

double gdi_evaluate(gd_trainer *trainer, const gdi_batch *batch, const gd_real *parameters,
                    gd_random *dropout, gd_real *gradients, gdi_gradient_use *use)
{
    const gd_trainer_setup *setup = &trainer->setup;
    if (trainer->direct.kind != GDI_DIRECT_NONE) {
        return gdi_direct_evaluate(&trainer->direct, &setup->examples, batch, parameters,
                                   gradients);
    }
    const gd_real *outputs =
        gdi_gathered_forward(&trainer->batcher.gatherer, batch->features, setup->model, parameters,
                             trainer->workspace, batch->rows, dropout);
    if (outputs == NULL) {
        return NAN;
    }
    double loss = trainer->loss->evaluate(&setup->loss, outputs, batch->targets,
                                          batch->rows * trainer->output.rows, trainer->output.width,
                                          trainer->output_gradient);
    if (isfinite(loss)) {
        if (batch->sparse != NULL) {
            gd_model_backward_sparse(setup->model, parameters, trainer->workspace, batch->sparse,
                                     batch->rows, trainer->output_gradient, gradients);
        } else {
            gdi_model_backward_using(setup->model, parameters, trainer->workspace, batch->features,
                                     batch->rows, trainer->output_gradient, gradients, use);
        }
        loss += gd_model_add_penalty(setup->model, parameters, gradients);
        gdi_model_hold(setup->model, parameters, gradients, false);
    }
    return loss;
}

/* What an objective knows: every evaluation sees the batch and the dropped elements of the step. */
typedef struct objective_context {
    gd_trainer *trainer;
    const gdi_batch *batch;
    gd_random dropout;
} objective_context;

static double evaluate_trial(void *context, const gd_real *parameters, gd_real *gradients)
{
    objective_context *objective = context;
    gd_trainer *trainer = objective->trainer;
    size_t bytes = trainer->trained_count * sizeof(gd_real);
    gd_random dropout = objective->dropout;
    memcpy(trainer->trial, gdi_parameters(trainer), trainer->parameter_count * sizeof(gd_real));
    memcpy(trainer->trial, parameters, bytes);
    gdi_model_project(trainer->setup.model, trainer->trial);
    double loss = gdi_evaluate(trainer, objective->batch, trainer->trial, &dropout,
                               trainer->trial_gradients, NULL);
    gdi_model_hold(trainer->setup.model, parameters, trainer->trial_gradients, true);
    memcpy(gradients, trainer->trial_gradients, bytes);
    return loss;
}

void gdi_clip(gd_trainer *trainer, double norm)
{
    const gd_training_options *options = &trainer->setup.training;
    size_t count = trainer->trained_count;
    if (options->clip == GD_CLIP_NORM) {
        gdi_clip_norm(trainer->pool, trainer->kernels, trainer->gradients, count, norm,
                      options->clip_limit);
    } else if (options->clip == GD_CLIP_VALUE) {
        gdi_clip_value(trainer->pool, trainer->kernels, trainer->gradients, count,
                       options->clip_limit);
    }
}

static gd_update describe_update(const gd_trainer *trainer, const gdi_step *step,
                                 const gd_objective *objective, const gd_real *parameters,
                                 gd_real *result)
{
    return (gd_update){
        .step = step->own_number,
        .learning_rate = step->learning_rate,
        .parameters = parameters,
        .gradients = trainer->gradients,
        .moments = trainer->moments,
        .result = result,
        .count = trainer->trained_count,
        .stride = trainer->moment_stride,
        .scalars = trainer->scalars,
        .loss = step->loss,
        .objective = trainer->optimizer->needs_objective ? objective : NULL,
    };
}

static bool update_all(gd_trainer *trainer, const gdi_step *step, const gd_objective *objective,
                       const gd_real *parameters, gd_real *result)
{
    const gd_update change = describe_update(trainer, step, objective, parameters, result);
    return gdi_parallel_update(trainer->pool, trainer->kernels, trainer->optimizer,
                               &trainer->setup.optimizer, &change, (size_t)trainer->scalar_count);
}

bool gdi_update(gd_trainer *trainer, const gdi_step *step, const gd_objective *objective,
                const gd_real *parameters, gd_real *result, const gdi_fused *fused)
{
    const size_t trained = trainer->trained_count;
    bool finite = fused != NULL ? gdi_fused_finish(fused, trainer->pool)
                                : update_all(trainer, step, objective, parameters, result);
    gdi_model_project(trainer->setup.model, result);
    if (!finite) { /* what lay beyond a bound does not any more */
        finite = gdi_parallel_all_finite(trainer->pool, trainer->kernels, result, trained);
    }
    const size_t statistics = trainer->parameter_count - trained;
    if (statistics == 0) {
        return finite;
    }
    memcpy(result + trained, trainer->gradients + trained, statistics * sizeof *result);
    return trainer->kernels->all_finite(result + trained, statistics) && finite;
}

static void account(gd_trainer *trainer, const gdi_step *step)
{
    int64_t rows = step->batch.rows;
    double loss = step->loss * (double)rows;
    trainer->since_point.sum += loss;
    trainer->since_point.rows += rows;
    trainer->since_epoch.sum += loss;
    trainer->since_epoch.rows += rows;
    trainer->progress.step = step->number;
    trainer->progress.samples += rows;
    if (gdi_batcher_advance(&trainer->batcher)) {
        trainer->progress.epoch++;
    }
}

static void conclude(gd_trainer *trainer, const gdi_step *step)
{
    gd_stop_reason reason = step->reason;
    if (step->validates) {
        trainer->pass_reason = reason;
        gdi_validation_begin(trainer);
        return;
    }
    if (step->ends_pass) {
        reason = gdi_stopping_end_pass(trainer, reason, NULL);
    }
    if (step->records) {
        gdi_record_complete(trainer, NULL);
    }
    if (reason != GD_STOP_NONE) {
        gdi_finish(trainer, reason);
    }
}

/* Whether weights may be updated while the backward pass goes on. */
static bool is_fusible(const gd_trainer *trainer)
{
    return trainer->trained_count >= GDI_GRADIENT_USE_MINIMUM &&
           trainer->optimizer->update_rows != NULL && trainer->scalar_count == 0 &&
           trainer->direct.kind == GDI_DIRECT_NONE &&
           trainer->setup.training.clip == GD_CLIP_NONE &&
           gd_model_formula(trainer->setup.model) == NULL;
}

/* Whether a step is known to want its gradient's norm: others do where training ends by the clock. */
static bool wants_gradient(const gd_trainer *trainer, const gdi_step *step)
{
    const gd_training_options *options = &trainer->setup.training;
    return options->gradient_tolerance > 0 || step->number % options->record_every == 0 ||
           step->own_number == options->steps ||
           trainer->batcher.position + 1 == trainer->batcher.batches;
}

/* `fused` for this step, or NULL. */
static gdi_fused *begin_fused(gd_trainer *trainer, const gdi_step *step, const gd_real *parameters,
                              gd_real *result, gdi_fused *fused)
{
    if (!is_fusible(trainer)) {
        return NULL;
    }
    const gd_update change = describe_update(trainer, step, NULL, parameters, result);
    gdi_fused_begin(fused, trainer->kernels, trainer->optimizer, &trainer->setup.optimizer, &change,
                    trainer->moment_count, wants_gradient(trainer, step));
    return fused;
}

/*
 * The gradient's norm; not finite exactly where the gradient is not. `dropout` as the step found it: a
 * gradient that was not kept is formed again.
 */
static double gradient_norm(gd_trainer *trainer, const gdi_step *step, const gd_real *parameters,
                            const gdi_fused *fused, gd_random dropout)
{
    if (fused != NULL && !gdi_fused_has_gradient(fused)) {
        (void)gdi_evaluate(trainer, &step->batch, parameters, &dropout, trainer->gradients, NULL);
    }
    return gdi_norm(trainer->pool, trainer->kernels, trainer->gradients, trainer->trained_count);
}

gd_status gdi_take_step(gd_trainer *trainer, gd_error *error)
{
    if (trainer->direct.kind == GDI_DIRECT_EXAMPLE) {
        gdi_direct_prefetch(&trainer->direct, &trainer->batcher);
    }
    gdi_step step = {
        .batch = gdi_batcher_take(&trainer->batcher),
        .number = trainer->progress.step + 1,
        .own_number = gdi_own_step(trainer) + 1,
        .learning_rate = learning_rate(trainer),
    };
    objective_context context = {trainer, &step.batch, trainer->dropout};
    const gd_objective objective = {evaluate_trial, &context};
    gd_real *parameters = gdi_parameters(trainer);
    const int next = gdi_free_block(trainer);
    gd_real *result = trainer->blocks[next];
    gdi_fused along, *fused = begin_fused(trainer, &step, parameters, result, &along);
    step.loss = gdi_evaluate(trainer, &step.batch, parameters, &trainer->dropout,
                             trainer->gradients, fused != NULL ? &fused->use : NULL);
    if (!isfinite(step.loss)) {
        return gdi_diverge_loss(trainer, &step, error);
    }
    /* Without clipping a step that turns out to be no point can do without its norm. */
    bool norm_waits = fused != NULL && !(trainer->setup.training.gradient_tolerance > 0) &&
                      gdi_fused_is_finite(fused, trainer->pool);
    if (!norm_waits) {
        step.gradient_norm = gradient_norm(trainer, &step, parameters, fused, context.dropout);
    }
    if (!isfinite(step.gradient_norm)) {
        return gdi_diverge_gradient(trainer, &step, error);
    }
    gdi_stopping_decide(trainer, &step);
    if (step.records) {
        if (norm_waits) {
            step.gradient_norm = gradient_norm(trainer, &step, parameters, fused, context.dropout);
            norm_waits = false;
        }
        gdi_record_begin(trainer, &step);
    }
    gdi_clip(trainer, step.gradient_norm);
    if (!gdi_update(trainer, &step, &objective, parameters, result, fused)) {
        if (norm_waits) {
            step.gradient_norm = gradient_norm(trainer, &step, parameters, fused, context.dropout);
        }
        return gdi_diverge_update(trainer, &step, result, error);
    }
    if (step.measures) {
        gdi_record_update_ratio(trainer, parameters, result);
    }
    trainer->current = next;
    account(trainer, &step);
    conclude(trainer, &step);
    return GD_OK;
}
