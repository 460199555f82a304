/*
 * restart.c: the beginning and the end of a run, and of a training that consists of several.
 *
 * A restart begins as a training does, but that steps, epochs and points count on. The best block is
 * that of all restarts, so that keeping the best of them costs neither memory nor a copy.
 */
#include "nn/formula_layer.h"
#include "train/trainer.h"

#include <string.h>

int64_t gdi_own_step(const gd_trainer *trainer)
{
    return trainer->progress.step - trainer->restarts.first_step;
}

void gdi_reset(gd_trainer *trainer)
{
    const gd_trainer_setup *setup = &trainer->setup;
    uint64_t seed = setup->training.seed;
    size_t moments = (size_t)trainer->moment_count * trainer->moment_stride;
    memset(trainer->moments, 0, moments * sizeof *trainer->moments);
    memset(trainer->scalars, 0, (size_t)trainer->scalar_count * sizeof *trainer->scalars);
    if (trainer->optimizer->prepare != NULL) {
        trainer->optimizer->prepare(&setup->optimizer, trainer->moments, trainer->trained_count);
    }
    gd_random order;
    gd_random_seed(&order, seed, GD_STREAM_SHUFFLE);
    gdi_batcher_restore(&trainer->batcher, order, 0);
    gd_random_seed(&trainer->dropout, seed, GD_STREAM_DROPOUT);
    trainer->schedule = gd_schedule_state_start(gdi_base_rate(trainer));
    trainer->stopping.has_own = false;
    trainer->stopping.reached_target = false;
    trainer->since_point = trainer->since_epoch = (gdi_loss_sum){0};
}

static void begin_run(gd_trainer *trainer)
{
    gdi_reset(trainer);
    trainer->progress.restart++;
    trainer->restarts.first_step = trainer->progress.step;
    trainer->restarts.first_epoch = trainer->progress.epoch;
}

void gd_training_first_parameters(const gd_trainer_setup *setup, gd_real *parameters)
{
    bool taken = gdi_model_take(setup->model, setup->initial_values, parameters) ||
                 gdi_model_start(setup->model, parameters);
    if (taken) {
        /* A formula begins where it says, or where the caller does. */
    } else if (setup->initial_parameters != NULL) {
        memcpy(parameters, setup->initial_parameters,
               gd_model_parameter_count(setup->model) * sizeof *parameters);
    } else {
        gd_random random;
        gd_random_seed(&random, setup->training.seed, GD_STREAM_INITIALISE);
        gd_model_initialise(setup->model, parameters, &random);
    }
}

void gdi_begin(gd_trainer *trainer)
{
    const gd_trainer_setup *setup = &trainer->setup;
    gd_training_first_parameters(setup, gdi_parameters(trainer));
    gd_random_seed(&trainer->restarts.random, setup->training.seed, GD_STREAM_RESTART);
    begin_run(trainer);
    gdi_range_test_begin(trainer);
}

static void begin_next(gd_trainer *trainer)
{
    trainer->current = gdi_free_block(trainer);
    gd_model_initialise(trainer->setup.model, gdi_parameters(trainer), &trainer->restarts.random);
    begin_run(trainer);
}

static void describe_end(gd_trainer *trainer, gd_stop_reason reason)
{
    const gdi_stopping *stopping = &trainer->stopping;
    trainer->restarts.ended_ready = true;
    trainer->restarts.ended = (gd_restart){
        .number = trainer->progress.restart,
        .step = trainer->progress.step,
        .has_value = stopping->has_own,
        .value = stopping->has_own ? stopping->own_best : 0,
        .value_step = stopping->has_own ? stopping->own_best_step : 0,
        .reason = reason,
    };
}

/* Which reason a training of several restarts ends with, and which parameters. */
static gd_stop_reason choose(gd_trainer *trainer, gd_stop_reason reason)
{
    const gdi_restarts *restarts = &trainer->restarts;
    if (restarts->sound_reason == GD_STOP_NONE) {
        return GD_STOP_DIVERGED;
    }
    if (trainer->best >= 0) {
        trainer->current = trainer->best;
    }
    bool by_best = reason != GD_STOP_TIME_LIMIT && restarts->best_reason != GD_STOP_DIVERGED;
    return by_best && trainer->best >= 0 ? restarts->best_reason : restarts->sound_reason;
}

void gdi_finish(gd_trainer *trainer, gd_stop_reason reason)
{
    const gd_training_options *options = &trainer->setup.training;
    gd_progress *progress = &trainer->progress;
    progress->seconds = gdi_seconds(trainer);
    if (options->restarts > 1) {
        describe_end(trainer, reason);
        if (progress->best_restart == progress->restart) {
            trainer->restarts.best_reason = reason;
        }
        if (reason != GD_STOP_DIVERGED) {
            trainer->restarts.sound_reason = reason;
        }
        bool whole = reason == GD_STOP_TIME_LIMIT || trainer->stopping.reached_target;
        if (!whole && progress->restart < options->restarts) {
            begin_next(trainer);
            return;
        }
        progress->reason = choose(trainer, reason);
        return;
    }
    if (options->stop_early && options->restore_best && trainer->best >= 0 &&
        reason != GD_STOP_DIVERGED) {
        trainer->current = trainer->best;
    }
    progress->reason = reason;
}
