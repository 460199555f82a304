/*
 * training_run.h: small models, data and whole trainings for the tests of train/.
 */
#ifndef TESTS_SUPPORT_TRAINING_RUN_H
#define TESTS_SUPPORT_TRAINING_RUN_H

#include <descent/training.h>

#define TRAINING_RUN_LAYERS 8

/* A dense net: `widths` [count] from input to output, tanh between, dropout before the last if > 0. */
gd_model *training_run_model(const int64_t *widths, int64_t count, double dropout);

/*
 * Examples of a smooth function of four features with one target, the same for every call with the
 * same arguments. `features` [count × 4] and `targets` [count] are the caller's.
 */
gd_examples training_run_examples(gd_real *features, gd_real *targets, int64_t count,
                                  uint64_t seed);

/* Mean squared error, sgd at 0.05, no shuffle, a clock that stands still. */
gd_trainer_setup training_run_setup(const gd_model *model, gd_examples examples);

/* Creates or fails the test. */
gd_trainer *training_run_create(const gd_trainer_setup *setup);

typedef struct training_run_point {
    gd_point point;
    double layer_norms[TRAINING_RUN_LAYERS], layer_ratios[TRAINING_RUN_LAYERS];
} training_run_point;

typedef struct training_run_curve {
    training_run_point *points; /* [count], owned */
    int64_t count, capacity;
} training_run_curve;

void training_run_dispose(training_run_curve *curve);

/*
 * Advances until the end, a failure or, with calls ≥ 0, so many calls; adds the points to `curve`
 * (may be NULL). The status is that of the last call.
 */
gd_status training_run_advance(gd_trainer *trainer, int64_t calls, training_run_curve *curve,
                               gd_error *error);

/* Until progress.step is `step`. */
gd_status training_run_to_step(gd_trainer *trainer, int64_t step, training_run_curve *curve);

/* Whether both hold the same points, layer norms included, bit for bit. */
bool training_run_same(const training_run_curve *a, const training_run_curve *b);

/*
 * Versicolor and virginica of iris: features [100 × 4] as measured, targets 0 and 1. False where the
 * file is not there; the caller then skips.
 */
bool training_run_iris(gd_real *features, gd_real *targets);

#endif
