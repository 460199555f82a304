/*
 * test_setup.c: what a caller can get wrong is refused with the member's name.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 8
};

static gd_real features[ROWS * 4], targets[ROWS];

static void expect(const gd_trainer_setup *setup, gd_status status, const char *path)
{
    gd_trainer *trainer = NULL;
    gd_error error = {0};
    cr_expect_eq(gd_trainer_create(&trainer, setup, &error), status, "%s", path);
    cr_expect_null(trainer);
    cr_expect_str_eq(error.path, path);
    cr_expect_neq(error.message[0], '\0');
    bool by_values = status == GD_INVALID_DATA && setup->examples.count > 0;
    cr_expect_eq(gd_trainer_bytes(setup) == -1, !by_values);
    cr_expect_eq(gd_trainer_check(setup, NULL), by_values ? GD_OK : status);
}

static gd_trainer_setup good(const gd_model *model)
{
    return training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
}

Test(train_setup, refuses_options_out_of_bounds_by_name)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup = good(model);
    setup.optimizer.learning_rate = 0;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/learning_rate");
    setup.optimizer.learning_rate = NAN;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/learning_rate");
    setup = good(model);
    setup.optimizer.of.sgd.nesterov = true;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/nesterov");
    setup = good(model);
    setup.optimizer.type = GD_OPTIMIZER_ADAM;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_ADAM)->fields,
                           &setup.optimizer);
    setup.optimizer.of.adam.betas.values[1] = 1;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/betas");
    setup.optimizer.of.adam.betas.length = 1;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/betas");
    setup = good(model);
    setup.optimizer.type = GD_OPTIMIZER_TYPE_COUNT;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer");
    setup = good(model);
    setup.schedule.type = GD_SCHEDULE_STEP;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/schedule/step_size");
    setup = good(model);
    setup.training.clip = GD_CLIP_NORM;
    expect(&setup, GD_INVALID_ARGUMENT, "optimizer/clip");
    setup = good(model);
    setup.training.batch_size = 0;
    expect(&setup, GD_INVALID_ARGUMENT, "training/batch_size");
    setup = good(model);
    setup.training.stop_early = true;
    setup.training.stop_monitor = 2;
    expect(&setup, GD_INVALID_ARGUMENT, "training/stop/monitor");
    gd_model_destroy(model);
}

Test(train_setup, refuses_limits_that_cannot_be)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup = good(model);
    setup.training.steps = 5;
    expect(&setup, GD_INVALID_ARGUMENT, "training/steps");
    setup.training.epochs = -3;
    expect(&setup, GD_INVALID_ARGUMENT, "training/epochs");
    setup = good(model);
    setup.training.epochs = 1000000000;
    setup.training.batch_size = 1;
    gd_trainer *trainer = training_run_create(&setup); /* 8e9 updates are allowed */
    cr_assert_eq(gd_trainer_progress(trainer)->steps, 8000000000);
    gd_trainer_destroy(trainer);
    setup.training.epochs = 1000000001;
    expect(&setup, GD_INVALID_ARGUMENT, "training/epochs");
    setup.training.epochs = 0;
    setup.training.steps = 100000000001;
    expect(&setup, GD_INVALID_ARGUMENT, "training/steps");
    setup.training.steps = 0;
    trainer = training_run_create(&setup);
    cr_assert_eq(gd_trainer_progress(trainer)->epochs, 100);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}

Test(train_setup, refuses_too_many_updates_in_all)
{
    static gd_real many_features[800], many_targets[200];
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup = good(model);
    setup.examples = training_run_examples(many_features, many_targets, 200, 1);
    setup.training.batch_size = 1;
    setup.training.epochs = 1000000000;
    expect(&setup, GD_INVALID_ARGUMENT, "training/epochs");
    gd_model_destroy(model);
}

Test(train_setup, refuses_examples_that_do_not_fit)
{
    gd_model *model = training_run_model((int64_t[]){4, 3}, 2, 0);
    gd_trainer_setup setup = good(model);
    expect(&setup, GD_SHAPE_MISMATCH, "examples/loss");
    setup.loss.type = GD_LOSS_CROSS_ENTROPY;
    for (int i = 0; i < ROWS; i++) {
        targets[i] = (gd_real)(i % 3);
    }
    gd_trainer *trainer = training_run_create(&setup);
    gd_trainer_destroy(trainer);
    targets[5] = 3;
    expect(&setup, GD_INVALID_DATA, "examples");
    targets[5] = 1;
    setup.examples.feature_width = 3;
    expect(&setup, GD_SHAPE_MISMATCH, "examples");
    setup.examples.feature_width = 4;
    setup.examples.count = 0;
    expect(&setup, GD_INVALID_DATA, "examples");
    gd_model_destroy(model);
}

Test(train_setup, needs_no_values_to_be_checked_and_measured)
{
    gd_model *model = training_run_model((int64_t[]){4, 100, 1}, 3, 0);
    gd_trainer_setup setup = good(model), loaded = setup;
    setup.examples.features = setup.examples.targets = NULL;
    cr_assert_eq(gd_trainer_check(&setup, NULL), GD_OK);
    cr_assert_eq(gd_trainer_bytes(&setup), gd_trainer_bytes(&loaded));
    gd_trainer *trainer = NULL;
    cr_assert_eq(gd_trainer_create(&trainer, &setup, NULL), GD_INVALID_ARGUMENT);
    gd_model_destroy(model);
}

Test(train_setup, bytes_cover_what_is_taken)
{
    gd_model *model = training_run_model((int64_t[]){4, 100, 1}, 3, 0);
    gd_trainer_setup setup = good(model);
    int64_t plain = gd_trainer_bytes(&setup);
    cr_assert_gt(plain, (int64_t)(4 * gd_model_parameter_count(model) * sizeof(gd_real)));
    setup.optimizer.of.sgd.momentum = 0.9;
    cr_assert_eq(gd_trainer_bytes(&setup) - plain,
                 (int64_t)(gd_model_parameter_count(model) * sizeof(gd_real)));
    gd_model_destroy(model);
}
