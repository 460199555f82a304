/*
 * training.c: the functions of training.h on setups and trainers.
 *
 * A setup says in which precision it is trained: a formula's always in double (wide.h). From then on
 * the trainer knows by its operations, and nothing here looks at anything else in it.
 */
#include "train/trainer.h"
#include "train/wide.h"

gd_status gd_trainer_check(const gd_trainer_setup *setup, gd_error *error)
{
    const gd_formula *formula = gdi_wide_formula(setup);
    if (formula != NULL) {
        return gdi_wide.check(setup, formula, error);
    }
    gd_trainer_setup resolved = *setup;
    return gdi_setup_check(&resolved, false, error);
}

int64_t gd_trainer_bytes(const gd_trainer_setup *setup)
{
    const gd_formula *formula = gdi_wide_formula(setup);
    return formula != NULL ? gdi_wide.bytes(setup, formula) : gdi_trainer_bytes(setup);
}

gd_status gd_trainer_create(gd_trainer **trainer, const gd_trainer_setup *setup, gd_error *error)
{
    *trainer = NULL;
    const gd_formula *formula = gdi_wide_formula(setup);
    return formula != NULL ? gdi_wide.create(trainer, setup, formula, error)
                           : gdi_trainer_create(trainer, setup, error);
}

void gd_trainer_destroy(gd_trainer *trainer)
{
    if (trainer != NULL) {
        trainer->operations->destroy(trainer);
    }
}

gd_status gd_trainer_advance(gd_trainer *trainer, gd_error *error)
{
    return trainer->operations->run(trainer, 1, error);
}

gd_status gd_trainer_run(gd_trainer *trainer, int64_t calls, gd_error *error)
{
    return trainer->operations->run(trainer, calls, error);
}

bool gd_trainer_is_finished(const gd_trainer *trainer)
{
    return gd_trainer_progress(trainer)->reason != GD_STOP_NONE;
}

const gd_point *gd_trainer_point(const gd_trainer *trainer)
{
    return trainer->operations->point(trainer);
}

const gd_range_test *gd_trainer_range_test(const gd_trainer *trainer)
{
    return trainer->operations->range_test(trainer);
}

const gd_restart *gd_trainer_restart(const gd_trainer *trainer)
{
    return trainer->operations->restart(trainer);
}

const gd_progress *gd_trainer_progress(const gd_trainer *trainer)
{
    return trainer->operations->progress(trainer);
}

const int64_t *gd_trainer_parameter_layers(const gd_trainer *trainer, int64_t *count)
{
    return trainer->operations->parameter_layers(trainer, count);
}

const gd_real *gd_trainer_parameters(const gd_trainer *trainer)
{
    return trainer->operations->parameters(trainer);
}

const gd_real *gd_trainer_best_parameters(const gd_trainer *trainer, int64_t *step)
{
    return trainer->operations->best_parameters(trainer, step);
}

const double *gd_trainer_formula_parameters(const gd_trainer *trainer)
{
    return trainer->operations->formula_parameters(trainer);
}

const double *gd_trainer_formula_best(const gd_trainer *trainer, int64_t *step)
{
    return trainer->operations->formula_best(trainer, step);
}

void gd_trainer_save(const gd_trainer *trainer, gd_buffer *buffer)
{
    trainer->operations->save(trainer, buffer);
}

gd_status gd_trainer_load(gd_trainer *trainer, gd_reader *reader, gd_error *error)
{
    return trainer->operations->load(trainer, reader, error);
}
