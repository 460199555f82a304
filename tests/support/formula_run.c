/*
 * formula_run.c: see formula_run.h.
 */
#include "support/formula_run.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

gd_formula_parameter formula_parameter(const char *name, double start)
{
    gd_formula_parameter made = {.start = start, .minimum = -INFINITY, .maximum = INFINITY};
    snprintf(made.name, sizeof made.name, "%s", name);
    return made;
}

static double still(void *context)
{
    (void)context;
    return 0;
}

void formula_run_of(formula_run *run, gd_formula *formula, gd_optimizer_type optimizer,
                    double learning_rate, int64_t steps)
{
    gd_error error = {0};
    memset(run, 0, sizeof *run);
    run->formula = formula;
    cr_assert_eq(gd_model_create_formula(&run->model, run->formula, &error), GD_OK, "%s",
                 error.message);
    gd_trainer_setup *setup = &run->setup;
    setup->model = run->model;
    setup->optimizer.type = optimizer;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(optimizer)->fields, &setup->optimizer);
    if (learning_rate > 0) {
        setup->optimizer.learning_rate = learning_rate;
    }
    setup->schedule.type = GD_SCHEDULE_CONSTANT;
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_CONSTANT)->fields,
                           &setup->schedule);
    setup->training = gd_training_options_default();
    setup->training.epochs = 0;
    setup->training.steps = steps;
    setup->training.batch_size = GD_AUTOMATIC;
    setup->training.shuffle = false;
    setup->training.threads = 1;
    setup->clock = still;
}

void formula_run_begin(formula_run *run, const char *text, const gd_formula_parameter *parameters,
                       int64_t count, gd_optimizer_type optimizer, double learning_rate,
                       int64_t steps)
{
    gd_error error = {0};
    gd_formula *formula;
    gd_formula_options options = {text, parameters, count, false};
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_OK, "%s", error.message);
    formula_run_of(run, formula, optimizer, learning_rate, steps);
}

void formula_run_start(formula_run *run)
{
    gd_error error = {0};
    cr_assert_eq(gd_trainer_create(&run->trainer, &run->setup, &error), GD_OK, "%s: %s", error.path,
                 error.message);
}

gd_status formula_run_go(formula_run *run, int64_t step, gd_error *error)
{
    gd_status status = GD_OK;
    if (run->trainer == NULL) {
        formula_run_start(run);
    }
    while (status == GD_OK && !gd_trainer_is_finished(run->trainer) &&
           (step == 0 || gd_trainer_progress(run->trainer)->step < step)) {
        status = gd_trainer_advance(run->trainer, error);
    }
    return status;
}

void formula_run_settle(formula_run *run)
{
    size_t bytes = (size_t)gd_formula_parameter_count(run->formula) * sizeof(double);
    double before[GD_FORMULA_MAXIMUM_PARAMETERS];
    int still_for = 0;
    formula_run_start(run);
    while (still_for < 10 && !gd_trainer_is_finished(run->trainer)) {
        memcpy(before, gd_trainer_formula_parameters(run->trainer), bytes);
        if (gd_trainer_advance(run->trainer, NULL) != GD_OK) {
            return;
        }
        bool same = memcmp(before, gd_trainer_formula_parameters(run->trainer), bytes) == 0;
        still_for = same ? still_for + 1 : 0;
    }
}

void formula_run_end(formula_run *run)
{
    gd_trainer_destroy(run->trainer);
    gd_model_destroy(run->model);
    gd_formula_destroy(run->formula);
}
