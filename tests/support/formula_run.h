/*
 * formula_run.h: a formula and a trainer of it, made and driven in a test.
 */
#ifndef SUPPORT_FORMULA_RUN_H
#define SUPPORT_FORMULA_RUN_H

#include <descent/descent.h>

typedef struct formula_run {
    gd_formula *formula;
    gd_model *model;
    gd_trainer_setup setup;
    gd_trainer *trainer;
} formula_run;

/* An optimizer with its defaults but for the learning rate (0: that too), and so many steps. */
void formula_run_begin(formula_run *run, const char *text, const gd_formula_parameter *parameters,
                       int64_t count, gd_optimizer_type optimizer, double learning_rate,
                       int64_t steps);
/* The same of a formula there is, which the run takes over. */
void formula_run_of(formula_run *run, gd_formula *formula, gd_optimizer_type optimizer,
                    double learning_rate, int64_t steps);
/* Makes the trainer from run->setup, which may have been changed. */
void formula_run_start(formula_run *run);
/* Until the end, or progress.step is `step` where that is above 0. */
gd_status formula_run_go(formula_run *run, int64_t step, gd_error *error);
/* Until the end, or ten steps in a row have changed nothing. */
void formula_run_settle(formula_run *run);
void formula_run_end(formula_run *run);

/* Without bounds. */
gd_formula_parameter formula_parameter(const char *name, double start);

#endif
