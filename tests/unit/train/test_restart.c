/*
 * test_restart.c: several runs from different first parameters, of which the best is kept.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 50,
    RESTARTS = 4,
    PARAMETERS = 4 * 5 + 5 + 5 + 1
};

static gd_real features[ROWS * 4], targets[ROWS], held_features[20 * 4], held_targets[20];

static gd_trainer_setup begin(void)
{
    gd_examples examples = training_run_examples(features, targets, ROWS, 1);
    gd_model *model = training_run_model((int64_t[]){4, 5, 1}, 3, 0.2);
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.validation = training_run_examples(held_features, held_targets, 20, 2);
    setup.training.shuffle = true;
    setup.training.batch_size = 16; /* four batches an epoch */
    setup.training.epochs = 6;
    setup.training.record_every = 1;
    setup.training.restarts = RESTARTS;
    setup.training.seed = 9;
    setup.schedule.type = GD_SCHEDULE_COSINE;
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_COSINE)->fields, &setup.schedule);
    setup.optimizer.type = GD_OPTIMIZER_ADAM;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_ADAM)->fields,
                           &setup.optimizer);
    setup.optimizer.learning_rate = 0.01;
    return setup;
}

static void end(const gd_trainer_setup *setup)
{
    gd_model_destroy((gd_model *)setup->model);
}

typedef struct several {
    training_run_curve curve;
    gd_restart restarts[RESTARTS];
    int64_t count;
    gd_progress progress;
    gd_real parameters[PARAMETERS];
    gd_status status;
} several;

static several run(const gd_trainer_setup *setup)
{
    several got = {.count = 0};
    gd_trainer *trainer = training_run_create(setup);
    cr_assert_eq(gd_model_parameter_count(setup->model), PARAMETERS);
    gd_error error = {0};
    while (got.status == GD_OK && !gd_trainer_is_finished(trainer)) {
        got.status = training_run_advance(trainer, 1, &got.curve, &error);
        cr_assert_eq(error.status, got.status);
        if (gd_trainer_restart(trainer) != NULL) {
            cr_assert_lt(got.count, RESTARTS);
            got.restarts[got.count++] = *gd_trainer_restart(trainer);
        }
    }
    got.progress = *gd_trainer_progress(trainer);
    memcpy(got.parameters, gd_trainer_parameters(trainer), sizeof got.parameters);
    gd_trainer_destroy(trainer);
    return got;
}

/* Points that differ in nothing but where they stand in the whole. */
static void expect_same_points(const training_run_curve *whole, int64_t first,
                               const training_run_curve *part)
{
    for (int64_t i = 0; i < part->count; i++) {
        const gd_point *a = &whole->points[first + i].point, *b = &part->points[i].point;
        cr_assert_eq(a->step, first + b->step);
        cr_assert_eq(a->sequence, first + b->sequence);
        cr_assert_eq(a->loss, b->loss);
        cr_assert_eq(a->learning_rate, b->learning_rate);
        cr_assert_eq(a->gradient_norm, b->gradient_norm);
        cr_assert_eq(a->update_ratio, b->update_ratio);
        cr_assert_eq(a->validation_loss, b->validation_loss);
    }
}

Test(train_restart, each_is_the_run_from_its_own_first_parameters)
{
    gd_trainer_setup setup = begin();
    several all = run(&setup);
    cr_assert_eq(all.status, GD_OK);
    cr_expect_eq(all.progress.reason, GD_STOP_COMPLETED);
    cr_expect_eq(all.progress.steps, RESTARTS * 24);
    cr_expect_eq(all.progress.step, RESTARTS * 24);
    cr_expect_eq(all.progress.epochs, RESTARTS * 6);
    cr_expect_eq(all.progress.epoch, RESTARTS * 6);
    cr_expect_eq(all.progress.restart, RESTARTS);
    cr_assert_eq(all.count, RESTARTS);
    gd_random random;
    gd_random_seed(&random, setup.training.seed, GD_STREAM_RESTART);
    setup.training.restarts = 1;
    double best = INFINITY;
    int64_t best_restart = 0;
    gd_real best_parameters[PARAMETERS] = {0};
    setup.training.stop_early = true; /* so that a run ends with its best parameters */
    setup.training.stop_patience = 100;
    for (int64_t i = 0; i < RESTARTS; i++) {
        gd_real first[PARAMETERS];
        if (i > 0) {
            gd_model_initialise(setup.model, first, &random);
            setup.initial_parameters = first;
        }
        several one = run(&setup);
        cr_assert_eq(one.count, 0);
        cr_assert_eq(one.curve.count, 24);
        expect_same_points(&all.curve, 24 * i, &one.curve);
        cr_expect_eq(all.restarts[i].number, i + 1);
        cr_expect_eq(all.restarts[i].step, 24 * (i + 1));
        cr_expect_eq(all.restarts[i].reason, GD_STOP_COMPLETED);
        cr_expect_eq(all.restarts[i].value, one.progress.best_validation_loss);
        cr_expect_eq(all.restarts[i].value_step, 24 * i + one.progress.best_validation_step);
        if (one.progress.best_validation_loss < best) {
            best = one.progress.best_validation_loss;
            best_restart = i + 1;
            memcpy(best_parameters, one.parameters, sizeof best_parameters);
        }
        training_run_dispose(&one.curve);
    }
    cr_expect_eq(all.progress.best_restart, best_restart);
    cr_expect_eq(memcmp(all.parameters, best_parameters, sizeof best_parameters), 0);
    training_run_dispose(&all.curve);
    end(&setup);
}

Test(train_restart, early_stopping_ends_a_restart_alone)
{
    gd_trainer_setup setup = begin();
    setup.training.stop_early = true;
    setup.training.stop_patience = 1;
    setup.training.stop_min_delta = 1e3; /* nothing improves by so much */
    several all = run(&setup);
    cr_assert_eq(all.count, RESTARTS);
    for (int64_t i = 0; i < RESTARTS; i++) {
        cr_expect_eq(all.restarts[i].reason, GD_STOP_EARLY_STOPPED);
        cr_expect_eq(all.restarts[i].step, 8 * (i + 1), "two epochs each");
    }
    cr_expect_eq(all.progress.reason, GD_STOP_EARLY_STOPPED);
    cr_expect_eq(all.progress.step, 8 * RESTARTS);
    cr_expect_eq(all.progress.steps, 24 * RESTARTS);
    training_run_dispose(&all.curve);
    end(&setup);
}

Test(train_restart, reaching_the_target_ends_the_training)
{
    gd_trainer_setup setup = begin();
    setup.training.has_target_loss = true;
    setup.training.target_loss = 1e6;
    several all = run(&setup);
    cr_expect_eq(all.count, 1);
    cr_expect_eq(all.progress.reason, GD_STOP_CONVERGED);
    cr_expect_eq(all.progress.step, 4);
    training_run_dispose(&all.curve);
    setup.training.has_target_loss = false;
    setup.training.gradient_tolerance = 1e6; /* flat everywhere: a minimum, and on to the next */
    all = run(&setup);
    cr_expect_eq(all.count, RESTARTS);
    cr_expect_eq(all.progress.reason, GD_STOP_CONVERGED);
    cr_expect_eq(all.progress.step, RESTARTS);
    training_run_dispose(&all.curve);
    end(&setup);
}

static double passing_clock(void *context)
{
    return *(double *)context += 1;
}

Test(train_restart, the_time_limit_ends_the_training)
{
    gd_trainer_setup setup = begin();
    double seconds = 0;
    setup.clock = passing_clock;
    setup.clock_context = &seconds;
    setup.training.max_seconds = 60;
    several all = run(&setup);
    cr_expect_eq(all.progress.reason, GD_STOP_TIME_LIMIT);
    cr_expect_lt(all.count, RESTARTS);
    training_run_dispose(&all.curve);
    end(&setup);
}

Test(train_restart, a_divergence_ends_the_training_only_if_all_diverge)
{
    gd_trainer_setup setup = begin();
    gd_real first[PARAMETERS];
    for (int i = 0; i < PARAMETERS; i++) {
        first[i] = (gd_real)1e30; /* the squares of the outputs overflow */
    }
    setup.initial_parameters = first;
    several all = run(&setup);
    cr_expect_eq(all.status, GD_OK);
    cr_expect_eq(all.progress.reason, GD_STOP_COMPLETED);
    cr_assert_eq(all.count, RESTARTS);
    if (sizeof(gd_real) == sizeof(float)) {
        cr_expect_eq(all.restarts[0].reason, GD_STOP_DIVERGED);
        cr_expect_not(all.restarts[0].has_value);
        cr_expect_eq(all.restarts[0].failure.status, GD_NON_FINITE);
        cr_expect_neq(all.progress.best_restart, 1);
    }
    training_run_dispose(&all.curve);
    setup.initial_parameters = NULL;
    setup.training.epochs = 50;
    setup.optimizer.type = GD_OPTIMIZER_SGD;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_SGD)->fields, &setup.optimizer);
    setup.optimizer.learning_rate = 1e6;
    several none = run(&setup);
    cr_expect_eq(none.status, GD_NON_FINITE);
    cr_expect_eq(none.progress.reason, GD_STOP_DIVERGED);
    cr_expect_eq(none.count, RESTARTS);
    training_run_dispose(&none.curve);
    end(&setup);
}

Test(train_restart, a_divergence_is_told_by_the_restart_whether_the_caller_reads_errors_or_not)
{
    gd_trainer_setup setup = begin();
    gd_real first[PARAMETERS] = {(gd_real)NAN};
    setup.initial_parameters = first;
    gd_trainer *trainer = training_run_create(&setup);
    cr_assert_eq(gd_trainer_advance(trainer, NULL), GD_OK);
    const gd_restart *restart = gd_trainer_restart(trainer);
    cr_assert_not_null(restart);
    cr_expect_eq(restart->reason, GD_STOP_DIVERGED);
    cr_expect_str_eq(restart->failure.path, "layers.0.weight");
    gd_trainer_destroy(trainer);
    end(&setup);
}

Test(train_restart, more_updates_than_can_be_counted_are_refused)
{
    gd_trainer_setup setup = begin();
    setup.training.epochs = 0;
    setup.training.steps = INT64_C(100000000000);
    gd_error error = {0};
    cr_expect_eq(gd_trainer_check(&setup, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "training/restarts", "%s", error.path);
    end(&setup);
}

/* Before its first step a trainer holds what this gives, drawn or handed in. */
Test(train_restart, the_first_parameters_can_be_had_without_a_trainer)
{
    gd_trainer_setup setup = begin();
    gd_real first[PARAMETERS], own[PARAMETERS];
    for (int i = 0; i < 2; i++) {
        gd_trainer *trainer = NULL;
        cr_assert_eq(gd_trainer_create(&trainer, &setup, NULL), GD_OK);
        gd_training_first_parameters(&setup, first);
        cr_expect_arr_eq(gd_trainer_parameters(trainer), first, sizeof first);
        gd_trainer_destroy(trainer);
        own[0] = first[1];
        memcpy(own + 1, first + 1, sizeof own - sizeof own[0]);
        setup.initial_parameters = own;
    }
    cr_expect_eq(first[0], own[1]);
    end(&setup);
}
