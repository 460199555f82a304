/*
 * test_stopping.c: every rule that ends training, and which parameters are left.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 24
};

typedef struct problem {
    gd_real features[ROWS * 4], targets[ROWS];
    gd_real validation_features[ROWS * 4], validation_targets[ROWS];
    gd_model *model;
    gd_trainer_setup setup;
    gd_trainer *trainer;
    training_run_curve curve;
} problem;

static void begin_problem(problem *p)
{
    memset(p, 0, sizeof *p);
    gd_examples examples = training_run_examples(p->features, p->targets, ROWS, 3);
    training_run_examples(p->validation_features, p->validation_targets, ROWS, 4);
    p->model = training_run_model((int64_t[]){4, 5, 1}, 3, 0);
    p->setup = training_run_setup(p->model, examples);
    p->setup.training.batch_size = 5; /* five an epoch, the last of four rows */
    p->setup.training.epochs = 30;
}

static void add_validation(problem *p)
{
    p->setup.validation =
        (gd_examples){p->validation_features, p->validation_targets, ROWS, 4, 1, 0, 0, NULL, NULL};
}

static const gd_progress *run(problem *p)
{
    p->trainer = training_run_create(&p->setup);
    cr_assert_eq(training_run_advance(p->trainer, -1, &p->curve, NULL), GD_OK);
    return gd_trainer_progress(p->trainer);
}

static void end_problem(problem *p)
{
    training_run_dispose(&p->curve);
    gd_trainer_destroy(p->trainer);
    gd_model_destroy(p->model);
}

static const gd_point *last_point(const problem *p)
{
    return &p->curve.points[p->curve.count - 1].point;
}

Test(train_stopping, epochs_are_whole_passes)
{
    problem p;
    begin_problem(&p);
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_COMPLETED);
    cr_assert_eq(progress->step, 150);
    cr_assert_eq(progress->steps, 150);
    cr_assert_eq(progress->epoch, 30);
    cr_assert_eq(progress->epochs, 30);
    cr_assert_eq(progress->samples, 30 * ROWS);
    cr_assert_eq(last_point(&p)->step, 150);
    cr_assert_float_eq(last_point(&p)->epoch, 30, 0);
    end_problem(&p);
}

Test(train_stopping, steps_may_end_within_an_epoch)
{
    problem p;
    begin_problem(&p);
    add_validation(&p);
    p.setup.training.epochs = 0;
    p.setup.training.steps = 13;
    p.setup.training.record_every = 100;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_COMPLETED);
    cr_assert_eq(progress->step, 13);
    cr_assert_eq(progress->epoch, 2);
    cr_assert_eq(progress->epochs, 3);
    cr_assert_eq(p.curve.count, 3);
    cr_assert_eq(last_point(&p)->step, 13);
    cr_assert(last_point(&p)->has_validation_loss);
    cr_assert_float_eq(last_point(&p)->epoch, 2 + 15.0 / (double)ROWS, 1e-12);
    end_problem(&p);
}

Test(train_stopping, target_loss_is_compared_with_the_mean_of_an_epoch)
{
    problem p;
    begin_problem(&p);
    p.setup.training.record_every = 5; /* a point is an epoch's mean */
    p.setup.training.has_target_loss = true;
    p.setup.training.target_loss = 0.3;
    p.setup.training.epochs = 1000;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_CONVERGED);
    cr_assert_eq(progress->step % 5, 0);
    cr_assert_leq(last_point(&p)->loss, 0.3);
    cr_assert_eq(last_point(&p)->step, progress->step);
    cr_assert_gt(p.curve.points[p.curve.count - 2].point.loss, 0.3);
    end_problem(&p);
}

Test(train_stopping, gradient_tolerance_ends_at_that_step)
{
    problem p;
    begin_problem(&p);
    p.setup.training.batch_size = GD_AUTOMATIC;
    p.setup.training.epochs = 100000;
    p.setup.training.gradient_tolerance = 0.05;
    p.setup.training.record_every = 100000;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_CONVERGED);
    cr_assert_leq(last_point(&p)->gradient_norm, 0.05);
    cr_assert_eq(p.curve.count, 1);
    cr_assert_eq(last_point(&p)->step, progress->step);
    end_problem(&p);
}

static double counting_clock(void *context)
{
    double *seconds = context;
    return *seconds += 0.5;
}

Test(train_stopping, time_limit_keeps_what_there_is)
{
    problem p;
    begin_problem(&p);
    add_validation(&p);
    double seconds = 7;
    p.setup.clock = counting_clock;
    p.setup.clock_context = &seconds;
    p.setup.training.max_seconds = 6;
    p.setup.training.record_every = 1000;
    p.setup.training.epochs = 1000;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_TIME_LIMIT);
    cr_assert_gt(progress->step, 3);
    cr_assert_lt(progress->step, 20);
    cr_assert_geq(progress->seconds, 6);
    cr_assert_eq(last_point(&p)->step, progress->step);
    end_problem(&p);
}

/* Large steps on few rows: the validation loss soon rises again. */
static void overfit(problem *p)
{
    add_validation(p);
    gd_model_destroy(p->model);
    p->model = training_run_model((int64_t[]){4, 40, 1}, 3, 0);
    p->setup.model = p->model;
    p->setup.examples.count = 8;
    p->setup.training.batch_size = GD_AUTOMATIC;
    p->setup.training.epochs = 5000;
    p->setup.training.stop_early = true;
    p->setup.training.stop_patience = 7;
    p->setup.optimizer.learning_rate = 0.1;
}

Test(train_stopping, patience_counts_epochs_since_the_best)
{
    problem p;
    begin_problem(&p);
    overfit(&p);
    p.setup.training.restore_best = false;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_EARLY_STOPPED);
    int64_t best = 0;
    for (int64_t i = 1; i < p.curve.count; i++) {
        if (p.curve.points[i].point.validation_loss < p.curve.points[best].point.validation_loss) {
            best = i;
        }
    }
    const gd_point *point = &p.curve.points[best].point;
    cr_assert_eq(progress->step, point->step + 7);
    cr_assert_eq(progress->best_validation_step, point->step);
    cr_assert_eq(progress->best_validation_loss, point->validation_loss);
    int64_t step = 0;
    const gd_real *best_parameters = gd_trainer_best_parameters(p.trainer, &step);
    cr_assert_eq(step, point->step);
    cr_assert_neq(best_parameters, gd_trainer_parameters(p.trainer));
    end_problem(&p);
}

Test(train_stopping, restore_best_ends_with_the_parameters_of_the_best_epoch)
{
    problem p, again;
    begin_problem(&p);
    overfit(&p);
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_EARLY_STOPPED);
    int64_t step = 0;
    cr_assert_eq(gd_trainer_best_parameters(p.trainer, &step), gd_trainer_parameters(p.trainer));
    begin_problem(&again);
    overfit(&again);
    again.trainer = training_run_create(&again.setup);
    cr_assert_eq(training_run_to_step(again.trainer, step, NULL), GD_OK);
    cr_assert_eq(memcmp(gd_trainer_parameters(p.trainer), gd_trainer_parameters(again.trainer),
                        gd_model_parameter_count(p.model) * sizeof(gd_real)),
                 0);
    end_problem(&p);
    end_problem(&again);
}

Test(train_stopping, min_delta_makes_small_improvements_count_for_nothing)
{
    problem p;
    begin_problem(&p);
    p.setup.training.stop_early = true;
    p.setup.training.stop_min_delta = 1e9;
    p.setup.training.stop_patience = 4;
    p.setup.training.restore_best = false;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_EARLY_STOPPED);
    cr_assert_eq(progress->epoch, 5); /* the first sets the mark, four do not reach it */
    cr_assert_eq(last_point(&p)->step, progress->step);
    int64_t step = 0;
    cr_assert_not_null(gd_trainer_best_parameters(p.trainer, &step));
    cr_assert_eq(step, 25); /* the loss fell all the time: the best is still kept */
    end_problem(&p);
}

Test(train_stopping, best_is_kept_also_without_early_stopping)
{
    problem p;
    begin_problem(&p);
    int64_t step = 0;
    p.trainer = training_run_create(&p.setup);
    cr_assert_eq(training_run_to_step(p.trainer, 4, NULL), GD_OK);
    cr_assert_null(gd_trainer_best_parameters(p.trainer, &step));
    cr_assert_eq(training_run_to_step(p.trainer, 5, NULL), GD_OK);
    cr_assert_not_null(gd_trainer_best_parameters(p.trainer, &step));
    cr_assert_eq(step, 5);
    end_problem(&p);
}

Test(train_stopping, training_loss_may_be_monitored_beside_validation)
{
    problem p;
    begin_problem(&p);
    add_validation(&p);
    p.setup.training.stop_early = true;
    p.setup.training.stop_monitor = GD_MONITOR_LOSS;
    p.setup.training.stop_min_delta = 1e9;
    p.setup.training.stop_patience = 2;
    const gd_progress *progress = run(&p);
    cr_assert_eq(progress->reason, GD_STOP_EARLY_STOPPED);
    cr_assert_eq(progress->epoch, 3);
    end_problem(&p);
}
