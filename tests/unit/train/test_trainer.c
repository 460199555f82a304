/*
 * test_trainer.c: the same seed gives the same bytes, streams do not disturb each other, batches of any
 * kind learn, and denormals cost nothing.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 60
};

static gd_real features[ROWS * 4], targets[ROWS];

static void train(const gd_trainer_setup *setup, gd_real *parameters)
{
    gd_trainer *trainer = training_run_create(setup);
    cr_assert_eq(training_run_advance(trainer, -1, NULL, NULL), GD_OK);
    memcpy(parameters, gd_trainer_parameters(trainer),
           gd_model_parameter_count(setup->model) * sizeof *parameters);
    gd_trainer_destroy(trainer);
}

Test(train_trainer, same_seed_same_bytes_other_seed_other_bytes)
{
    gd_model *model = training_run_model((int64_t[]){4, 5, 1}, 3, 0.2);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.training.shuffle = true;
    setup.training.batch_size = 7;
    setup.training.epochs = 3;
    gd_real first[64], second[64], other[64];
    size_t bytes = gd_model_parameter_count(model) * sizeof *first;
    train(&setup, first);
    train(&setup, second);
    setup.training.seed = 1;
    train(&setup, other);
    cr_assert_eq(memcmp(first, second, bytes), 0);
    cr_assert_neq(memcmp(first, other, bytes), 0);
    gd_model_destroy(model);
}

Test(train_trainer, starts_from_the_parameters_it_is_given)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    const gd_real initial[5] = {1, 2, 3, 4, 5};
    setup.initial_parameters = initial;
    gd_trainer *trainer = training_run_create(&setup);
    cr_assert_eq(memcmp(gd_trainer_parameters(trainer), initial, sizeof initial), 0);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}

Test(train_trainer, batch_mini_batch_and_single_examples_all_learn)
{
    gd_model *model = training_run_model((int64_t[]){4, 12, 1}, 3, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    const int64_t sizes[3] = {1, 16, GD_AUTOMATIC};
    const int64_t epochs[3] = {60, 400, 4000};
    for (int i = 0; i < 3; i++) {
        setup.training.shuffle = true;
        setup.training.batch_size = sizes[i];
        setup.training.epochs = epochs[i];
        gd_trainer *trainer = training_run_create(&setup);
        cr_assert_eq(training_run_advance(trainer, -1, NULL, NULL), GD_OK);
        const gd_progress *progress = gd_trainer_progress(trainer);
        cr_expect_lt(progress->last_loss, 0.1 * progress->first_loss + 0.05, "batch size %lld: %g",
                     (long long)sizes[i], progress->last_loss);
        gd_trainer_destroy(trainer);
    }
    gd_model_destroy(model);
}

Test(train_trainer, names_the_layers_of_the_norms)
{
    gd_model *model = training_run_model((int64_t[]){4, 3, 2, 1}, 4, 0.1);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    gd_trainer *trainer = training_run_create(&setup);
    int64_t count = 0;
    const int64_t *layers = gd_trainer_parameter_layers(trainer, &count);
    cr_assert_eq(count, 3);
    cr_assert(layers[0] == 0 && layers[1] == 1 && layers[2] == 3);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}

/* A feature that is always 0 leaves moments to decay for ever. */
Test(train_trainer, moments_do_not_end_as_denormals)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    for (int i = 1; i < ROWS; i++) {
        features[4 * i] = 0; /* seen once an epoch, in the first batch */
    }
    setup.optimizer.type = GD_OPTIMIZER_SGD;
    setup.optimizer.of.sgd.momentum = 0.5;
    setup.training.batch_size = 1;
    setup.training.epochs = 40;
    gd_real parameters[8];
    train(&setup, parameters);
    for (int i = 0; i < 5; i++) {
        cr_assert(parameters[i] == 0 || isnormal(parameters[i]));
    }
    volatile gd_real smallest = sizeof(gd_real) == 4 ? (gd_real)FLT_MIN : (gd_real)DBL_MIN;
    cr_assert_gt(smallest / 2, 0); /* the caller's own arithmetic is as it was */
    gd_model_destroy(model);
}
