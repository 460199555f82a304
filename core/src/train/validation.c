/*
 * validation.c: the loss on the validation examples, a slice a call, so that a caller who wants to
 * stop is never kept waiting for a whole pass. The result is the mean over all examples, summed in
 * double in their order.
 */
#include "train/trainer.h"

#include <math.h>

void gdi_validation_begin(gd_trainer *trainer)
{
    trainer->validating = true;
    trainer->validation_row = 0;
    trainer->validation_sum = 0;
}

static int64_t add_slice(gd_trainer *trainer)
{
    const gd_trainer_setup *setup = &trainer->setup;
    const gd_examples *examples = &setup->validation;
    int64_t first = trainer->validation_row;
    int64_t rows = examples->count - first;
    rows = rows < trainer->validation_slice ? rows : trainer->validation_slice;
    const gd_real *features = NULL, *targets = NULL;
    gdi_gather(&trainer->validation_rows, NULL, first, rows, &features, &targets);
    const gd_real *outputs =
        gdi_gathered_forward(&trainer->validation_rows, features, setup->model,
                             gdi_parameters(trainer), trainer->validation_workspace, rows, NULL);
    double loss = outputs == NULL ? NAN
                                  : trainer->loss->evaluate(&setup->loss, outputs, targets,
                                                            rows * trainer->output.rows,
                                                            trainer->output.width, NULL);
    trainer->validation_sum += loss * (double)rows;
    return rows;
}

gd_status gdi_validate_slice(gd_trainer *trainer, gd_error *error)
{
    trainer->validation_row += add_slice(trainer);
    bool ended = trainer->validation_row == trainer->setup.validation.count;
    if (isfinite(trainer->validation_sum) && !ended) {
        return GD_OK;
    }
    trainer->validating = false;
    double loss = trainer->validation_sum / (double)trainer->setup.validation.count;
    if (!isfinite(loss)) {
        return gdi_diverge_validation(trainer, loss, error);
    }
    gd_progress *progress = &trainer->progress;
    if (!progress->has_validation || loss < progress->best_validation_loss) {
        progress->best_validation_loss = loss;
        progress->best_validation_step = progress->step;
    }
    progress->has_validation = true;
    progress->validation_loss = loss;
    gd_stop_reason reason = gdi_stopping_end_pass(trainer, trainer->pass_reason, &loss);
    gdi_record_complete(trainer, &loss);
    if (reason != GD_STOP_NONE) {
        gdi_finish(trainer, reason);
    }
    return GD_OK;
}
