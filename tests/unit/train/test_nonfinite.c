/*
 * test_nonfinite.c: a NaN or an infinity in data, parameters, loss, gradient or update ends training
 * at that step, is named, and leaves the last finite parameters byte for byte.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 20,
    PARAMETERS = 64
};

typedef struct problem {
    gd_real features[ROWS * 4], targets[ROWS];
    gd_model *model;
    gd_trainer_setup setup;
    gd_trainer *trainer;
} problem;

static void begin_problem(problem *p)
{
    gd_examples examples = training_run_examples(p->features, p->targets, ROWS, 3);
    p->model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    p->setup = training_run_setup(p->model, examples);
    p->setup.training.batch_size = 5;
    p->setup.training.epochs = 10;
    p->setup.training.record_every = 100;
    p->trainer = NULL;
}

static void end_problem(problem *p)
{
    gd_trainer_destroy(p->trainer);
    gd_model_destroy(p->model);
}

/* Takes six steps, spoils a value and expects step 7, which sees rows 10 to 14, to say so. */
static void expect_divergence(problem *p, gd_real *value, gd_real spoilt, const char *path)
{
    p->trainer = training_run_create(&p->setup);
    cr_assert_eq(training_run_to_step(p->trainer, 6, NULL), GD_OK);
    size_t bytes = gd_model_parameter_count(p->model) * sizeof(gd_real);
    gd_real good[PARAMETERS];
    memcpy(good, gd_trainer_parameters(p->trainer), bytes);
    *value = spoilt;
    gd_error error = {0};
    cr_assert_eq(gd_trainer_advance(p->trainer, &error), GD_NON_FINITE);
    cr_assert_eq(error.status, GD_NON_FINITE);
    cr_assert_str_eq(error.path, path);
    cr_assert_not_null(strstr(error.message, "step 7"), "%s", error.message);
    const gd_progress *progress = gd_trainer_progress(p->trainer);
    cr_assert_eq(progress->reason, GD_STOP_DIVERGED);
    cr_assert_eq(progress->step, 6);
    cr_assert_eq(memcmp(good, gd_trainer_parameters(p->trainer), bytes), 0);
    const gd_point *point = gd_trainer_point(p->trainer);
    cr_assert_not_null(point);
    cr_assert_eq(point->step, 7);
    cr_assert(!isfinite(point->loss) || !isfinite(point->gradient_norm) ||
              !isfinite(point->update_ratio));
    cr_assert(isfinite(progress->last_loss));
    cr_assert(gd_trainer_is_finished(p->trainer));
    cr_assert_eq(gd_trainer_advance(p->trainer, &error), GD_OK);
    cr_assert_null(gd_trainer_point(p->trainer));
    cr_assert_eq(memcmp(good, gd_trainer_parameters(p->trainer), bytes), 0);
}

Test(train_nonfinite, nan_in_a_feature)
{
    problem p;
    begin_problem(&p);
    expect_divergence(&p, &p.features[12 * 4 + 1], (gd_real)NAN, "features");
    end_problem(&p);
}

Test(train_nonfinite, infinity_in_a_feature_of_a_shuffled_batch_names_the_example)
{
    problem p;
    begin_problem(&p);
    p.setup.training.shuffle = true;
    p.trainer = training_run_create(&p.setup);
    p.features[12 * 4 + 1] = (gd_real)INFINITY;
    gd_error error = {0};
    cr_assert_eq(training_run_advance(p.trainer, -1, NULL, &error), GD_NON_FINITE);
    cr_assert_str_eq(error.path, "features");
    cr_assert_not_null(strstr(error.message, "number 1 of example 12"), "%s", error.message);
    end_problem(&p);
}

Test(train_nonfinite, nan_in_a_target)
{
    problem p;
    begin_problem(&p);
    expect_divergence(&p, &p.targets[14], (gd_real)NAN, "targets");
    end_problem(&p);
}

Test(train_nonfinite, a_target_too_large_for_the_loss)
{
    problem p;
    begin_problem(&p);
    expect_divergence(&p, &p.targets[10], (gd_real)INFINITY, "targets");
    end_problem(&p);
}

Test(train_nonfinite, nan_in_a_parameter_is_named_at_the_first_step)
{
    problem p;
    begin_problem(&p);
    gd_real initial[PARAMETERS] = {0};
    initial[gd_model_tensor(p.model, 2)->offset + 1] = (gd_real)NAN;
    p.setup.initial_parameters = initial;
    p.trainer = training_run_create(&p.setup);
    gd_error error = {0};
    cr_assert_eq(gd_trainer_advance(p.trainer, &error), GD_NON_FINITE);
    cr_assert_str_eq(error.path, "layers.1.weight");
    cr_assert_not_null(strstr(error.message, "step 1:"), "%s", error.message);
    cr_assert_eq(gd_trainer_progress(p.trainer)->step, 0);
    end_problem(&p);
}

Test(train_nonfinite, a_gradient_that_overflows_names_its_tensor)
{
    problem p;
    begin_problem(&p);
    gd_model_destroy(p.model);
    p.model = training_run_model((int64_t[]){4, 1}, 2, 0);
    p.setup.model = p.model;
    gd_real initial[PARAMETERS] = {0};
    p.setup.initial_parameters = initial;
    double huge = (double)GD_REAL_MAX / 1e3;
    for (int i = 0; i < ROWS * 4; i++) {
        p.features[i] = (gd_real)huge;
    }
    for (int i = 0; i < ROWS; i++) {
        p.targets[i] = (gd_real)1e6;
    }
    p.trainer = training_run_create(&p.setup);
    gd_error error = {0};
    cr_assert_eq(gd_trainer_advance(p.trainer, &error), GD_NON_FINITE);
    cr_assert_str_eq(error.path, "layers.0.weight");
    cr_assert_not_null(strstr(error.message, "the gradient of layers.0.weight"), "%s",
                       error.message);
    const gd_point *point = gd_trainer_point(p.trainer);
    cr_assert(point != NULL && isfinite(point->loss) && !isfinite(point->gradient_norm));
    end_problem(&p);
}

Test(train_nonfinite, an_update_that_overflows_names_its_tensor)
{
    problem p;
    begin_problem(&p);
    gd_model_destroy(p.model);
    p.model = training_run_model((int64_t[]){4, 1}, 2, 0);
    p.setup.model = p.model;
    gd_real initial[PARAMETERS] = {0};
    p.setup.initial_parameters = initial;
    p.setup.optimizer.learning_rate = 1e6;
    double huge = (double)GD_REAL_MAX / 1e5;
    for (int i = 0; i < ROWS * 4; i++) {
        p.features[i] = (gd_real)huge;
    }
    p.trainer = training_run_create(&p.setup);
    gd_error error = {0};
    cr_assert_eq(gd_trainer_advance(p.trainer, &error), GD_NON_FINITE);
    cr_assert_str_eq(error.path, "layers.0.weight");
    cr_assert_not_null(strstr(error.message, "the update of layers.0.weight"), "%s", error.message);
    const gd_point *point = gd_trainer_point(p.trainer);
    cr_assert(point != NULL && isfinite(point->loss) && isfinite(point->gradient_norm) &&
              !isfinite(point->update_ratio));
    for (size_t i = 0; i < gd_model_parameter_count(p.model); i++) {
        cr_assert_eq(gd_trainer_parameters(p.trainer)[i], 0);
    }
    end_problem(&p);
}

Test(train_nonfinite, too_high_a_rate_diverges_and_keeps_finite_parameters)
{
    problem p;
    begin_problem(&p);
    p.setup.optimizer.learning_rate = 1e4;
    p.setup.training.epochs = 1000;
    p.trainer = training_run_create(&p.setup);
    gd_error error = {0};
    cr_assert_eq(training_run_advance(p.trainer, -1, NULL, &error), GD_NON_FINITE);
    cr_assert_eq(gd_trainer_progress(p.trainer)->reason, GD_STOP_DIVERGED);
    for (size_t i = 0; i < gd_model_parameter_count(p.model); i++) {
        cr_assert(isfinite(gd_trainer_parameters(p.trainer)[i]));
    }
    end_problem(&p);
}

Test(train_nonfinite, a_validation_loss_that_is_not_finite_ends_training)
{
    problem p;
    begin_problem(&p);
    gd_real features[8] = {0}, targets[2] = {0};
    p.setup.validation = (gd_examples){features, targets, 2, 4, 1, 0, 0, NULL, NULL};
    p.trainer = training_run_create(&p.setup);
    features[5] = (gd_real)NAN;
    gd_error error = {0};
    cr_assert_eq(training_run_advance(p.trainer, -1, NULL, &error), GD_NON_FINITE);
    cr_assert_str_eq(error.path, "validation_loss");
    cr_assert_eq(gd_trainer_progress(p.trainer)->step, 4);
    const gd_point *point = gd_trainer_point(p.trainer);
    cr_assert(point != NULL && point->has_validation_loss && isnan(point->validation_loss));
    end_problem(&p);
}
