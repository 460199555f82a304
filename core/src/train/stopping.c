/*
 * stopping.c: when training ends and which parameters are the best.
 *
 * Whatever can be known before an update is decided before it, so that the step that turns out to be
 * the last becomes a point of the curves. The monitored value of a pass is the validation loss, or
 * its mean training loss without validation data or by `stop_monitor`. Patience counts epochs from
 * the last improvement by more than min_delta; the best parameters are those of the smallest value.
 */
#include "train/trainer.h"

static bool monitors_training_loss(const gd_trainer *trainer)
{
    return trainer->setup.validation.count == 0 ||
           trainer->setup.training.stop_monitor == GD_MONITOR_LOSS;
}

static bool improves_enough(const gd_trainer *trainer, double monitored)
{
    const gdi_stopping *stopping = &trainer->stopping;
    return !stopping->has_own ||
           monitored < stopping->reference - trainer->setup.training.stop_min_delta;
}

/* Whether a pass that is number `epoch` with this value ends the patience. */
static bool ends_patience(const gd_trainer *trainer, double monitored, int64_t epoch)
{
    const gd_training_options *options = &trainer->setup.training;
    return options->stop_early && !improves_enough(trainer, monitored) &&
           epoch - trainer->stopping.reference_epoch >= options->stop_patience;
}

static bool is_out_of_time(const gd_trainer *trainer)
{
    double limit = trainer->setup.training.max_seconds;
    return limit > 0 && gdi_seconds(trainer) >= limit;
}

static double pass_mean(const gd_trainer *trainer, const gdi_step *step)
{
    const gdi_loss_sum *pass = &trainer->since_epoch;
    double rows = (double)step->batch.rows;
    return (pass->sum + step->loss * rows) / ((double)pass->rows + rows);
}

void gdi_stopping_decide(const gd_trainer *trainer, gdi_step *step)
{
    const gd_training_options *options = &trainer->setup.training;
    const gd_progress *progress = &trainer->progress;
    bool last = step->own_number == options->steps;
    bool flat =
        options->gradient_tolerance > 0 && step->gradient_norm <= options->gradient_tolerance;
    step->reason = flat ? GD_STOP_CONVERGED : last ? GD_STOP_COMPLETED : GD_STOP_NONE;
    step->ends_epoch = trainer->batcher.position + 1 == trainer->batcher.batches;
    step->ends_pass = step->ends_epoch || step->reason != GD_STOP_NONE;
    double mean = step->ends_pass ? pass_mean(trainer, step) : 0;
    int64_t epoch = progress->epoch + (step->ends_epoch ? 1 : 0);
    int64_t own_epoch = epoch - trainer->restarts.first_epoch;
    if (step->ends_pass && options->has_target_loss && mean <= options->target_loss) {
        step->reason = GD_STOP_CONVERGED;
    }
    if (step->reason == GD_STOP_NONE && is_out_of_time(trainer)) {
        step->reason = GD_STOP_TIME_LIMIT;
    } else {
        step->validates =
            step->ends_pass && trainer->setup.validation.count > 0 &&
            (step->reason != GD_STOP_NONE || own_epoch % trainer->validation_every == 0);
    }
    if (step->reason == GD_STOP_NONE && step->ends_pass && monitors_training_loss(trainer) &&
        ends_patience(trainer, mean, epoch)) {
        step->reason = GD_STOP_EARLY_STOPPED;
    }
    step->records = step->number % options->record_every == 0 || step->validates ||
                    step->reason != GD_STOP_NONE;
    step->measures = step->records && (step->number % trainer->measure_every == 0 ||
                                       step->number == 1 || step->reason != GD_STOP_NONE);
}

/* The parameters are those after the pass. */
static void observe(gd_trainer *trainer, double monitored)
{
    gdi_stopping *stopping = &trainer->stopping;
    if (improves_enough(trainer, monitored)) {
        stopping->reference = monitored;
        stopping->reference_epoch = trainer->progress.epoch;
    }
    if (!stopping->has_own || monitored < stopping->own_best) {
        stopping->has_own = true;
        stopping->own_best = monitored;
        stopping->own_best_step = trainer->progress.step;
    }
    if (!stopping->has_best || monitored < stopping->best) {
        stopping->has_best = true;
        stopping->best = monitored;
        stopping->best_step = trainer->progress.step;
        trainer->progress.best_restart = trainer->progress.restart;
        trainer->best = trainer->current;
    }
    gd_schedule_observe(&trainer->setup.schedule, &trainer->schedule, monitored);
}

gd_stop_reason gdi_stopping_end_pass(gd_trainer *trainer, gd_stop_reason reason,
                                     const double *validation_loss)
{
    double mean = trainer->since_epoch.sum / (double)trainer->since_epoch.rows;
    const gd_training_options *options = &trainer->setup.training;
    trainer->since_epoch = (gdi_loss_sum){0};
    trainer->stopping.reached_target = options->has_target_loss && mean <= options->target_loss;
    bool by_training_loss = monitors_training_loss(trainer);
    if (!by_training_loss && validation_loss == NULL) {
        return reason;
    }
    double monitored = by_training_loss ? mean : *validation_loss;
    bool impatient = ends_patience(trainer, monitored, trainer->progress.epoch);
    observe(trainer, monitored);
    return reason == GD_STOP_NONE && impatient ? GD_STOP_EARLY_STOPPED : reason;
}
