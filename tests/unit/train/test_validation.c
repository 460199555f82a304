/*
 * test_validation.c: validation comes in slices, completes the point of its step and does not depend
 * on how it is cut.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <stdlib.h>

enum {
    ROWS = 10,
    LARGE = 10000
};

static gd_real features[ROWS * 4], targets[ROWS];

Test(train_validation, takes_slices_of_at_most_4096_rows_a_call)
{
    gd_real *large_features = calloc((size_t)LARGE * 4, sizeof *large_features);
    gd_real *large_targets = calloc(LARGE, sizeof *large_targets);
    gd_model *model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.validation = training_run_examples(large_features, large_targets, LARGE, 2);
    setup.training.epochs = 2;
    gd_trainer *trainer = training_run_create(&setup);
    for (int epoch = 1; epoch <= 2; epoch++) {
        cr_assert_eq(gd_trainer_advance(trainer, NULL), GD_OK);
        cr_assert_eq(gd_trainer_progress(trainer)->step, epoch);
        for (int slice = 0; slice < 3; slice++) {
            cr_assert_null(gd_trainer_point(trainer));
            cr_assert(!gd_trainer_is_finished(trainer));
            cr_assert_eq(gd_trainer_advance(trainer, NULL), GD_OK);
        }
        const gd_point *point = gd_trainer_point(trainer);
        cr_assert(point != NULL && point->has_validation_loss && point->step == epoch);
    }
    cr_assert(gd_trainer_is_finished(trainer));
    double sum = 0;
    gd_workspace *workspace = NULL;
    cr_assert_eq(gd_workspace_create(&workspace, model, 1, false, NULL), GD_OK);
    for (int64_t i = 0; i < LARGE; i++) {
        const gd_real *output = gd_model_forward(model, gd_trainer_parameters(trainer), workspace,
                                                 large_features + 4 * i, 1, NULL);
        sum += pow((double)output[0] - (double)large_targets[i], 2);
    }
    cr_assert_float_eq(gd_trainer_progress(trainer)->validation_loss, sum / (double)LARGE, 1e-6);
    gd_workspace_destroy(workspace);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
    free(large_features);
    free(large_targets);
}

Test(train_validation, of_the_training_rows_gives_their_loss_after_the_update)
{
    gd_model *model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.validation = setup.examples;
    setup.training.batch_size = GD_AUTOMATIC;
    setup.training.epochs = 5;
    gd_trainer *trainer = training_run_create(&setup);
    training_run_curve curve = {0};
    cr_assert_eq(training_run_advance(trainer, -1, &curve, NULL), GD_OK);
    for (int i = 0; i + 1 < 5; i++) {
        cr_assert_float_eq(curve.points[i].point.validation_loss, curve.points[i + 1].point.loss,
                           1e-6);
    }
    training_run_dispose(&curve);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}

Test(train_validation, is_thinned_where_there_are_very_many_epochs)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.validation = setup.examples;
    setup.optimizer.learning_rate = 1e-3;
    setup.training.batch_size = GD_AUTOMATIC;
    setup.training.epochs = 20003;
    setup.training.record_every = 1000000;
    gd_trainer *trainer = training_run_create(&setup);
    training_run_curve curve = {0};
    cr_assert_eq(training_run_advance(trainer, -1, &curve, NULL), GD_OK);
    cr_assert_eq(curve.count, 6668); /* every third epoch, and the last */
    cr_assert_eq(curve.points[0].point.step, 3);
    cr_assert_eq(curve.points[6667].point.step, 20003);
    training_run_dispose(&curve);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}

Test(train_validation, does_not_change_what_is_trained)
{
    gd_model *model = training_run_model((int64_t[]){4, 8, 1}, 3, 0.5);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.training.shuffle = true;
    setup.training.batch_size = 3;
    setup.training.epochs = 4;
    gd_trainer *without = training_run_create(&setup);
    setup.validation = setup.examples;
    gd_trainer *with = training_run_create(&setup);
    cr_assert_eq(training_run_advance(without, -1, NULL, NULL), GD_OK);
    cr_assert_eq(training_run_advance(with, -1, NULL, NULL), GD_OK);
    for (size_t i = 0; i < gd_model_parameter_count(model); i++) {
        cr_assert_eq(gd_trainer_parameters(with)[i], gd_trainer_parameters(without)[i]);
    }
    gd_trainer_destroy(with);
    gd_trainer_destroy(without);
    gd_model_destroy(model);
}
