/*
 * test_range_test.c: the learning rate that is found is a good one, is found again, and leaves the
 * training as it would be with that number given.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 90
};

static gd_real features[ROWS * 4], targets[ROWS];

static gd_trainer_setup begin(gd_optimizer_type type)
{
    gd_examples examples = training_run_examples(features, targets, ROWS, 1);
    gd_model *model = training_run_model((int64_t[]){4, 8, 1}, 3, 0.2);
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.training.shuffle = true;
    setup.training.batch_size = 16; /* six batches an epoch, the last of ten */
    setup.training.epochs = 4;
    setup.training.record_every = 1;
    setup.training.seed = 9;
    setup.optimizer.type = type;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(type)->fields, &setup.optimizer);
    setup.optimizer.learning_rate = GD_AUTOMATIC_NUMBER;
    return setup;
}

static void end(const gd_trainer_setup *setup)
{
    gd_model_destroy((gd_model *)setup->model);
}

/* Trains to the end and gives the test; its curve where wanted. */
static gd_range_test run(const gd_trainer_setup *setup, training_run_curve *curve,
                         gd_real *parameters)
{
    gd_range_test test = {.count = -1};
    gd_trainer *trainer = training_run_create(setup);
    while (!gd_trainer_is_finished(trainer)) {
        cr_assert_eq(training_run_advance(trainer, 1, curve, NULL), GD_OK);
        if (gd_trainer_range_test(trainer) != NULL) {
            cr_assert_eq(test.count, -1, "there is one test");
            cr_assert_eq(gd_trainer_progress(trainer)->step, 0, "before the first update");
            test = *gd_trainer_range_test(trainer);
        }
    }
    memcpy(parameters, gd_trainer_parameters(trainer),
           gd_model_parameter_count(setup->model) * sizeof *parameters);
    gd_trainer_destroy(trainer);
    return test;
}

Test(train_range_test, leaves_the_training_as_with_the_rate_given)
{
    static const gd_optimizer_type types[] = {GD_OPTIMIZER_SGD,   GD_OPTIMIZER_ADAM,
                                              GD_OPTIMIZER_NADAM, GD_OPTIMIZER_ADAGRAD,
                                              GD_OPTIMIZER_LION,  GD_OPTIMIZER_RMSPROP};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        gd_trainer_setup setup = begin(types[i]);
        const char *name = gd_optimizer_descriptor_at(types[i])->name;
        setup.training.restarts = 2;
        training_run_curve found = {0}, given = {0};
        gd_real one[64], two[64];
        gd_range_test test = run(&setup, &found, one);
        cr_assert_gt(test.count, 20, "%s: %lld rates", name, (long long)test.count);
        cr_assert_leq(test.count, GD_RANGE_TEST_STEPS);
        cr_expect_neq(test.end, GD_RANGE_TEST_RUNNING);
        cr_expect(test.learning_rate >= 1e-6 && test.learning_rate <= 1, "%s: %g", name,
                  test.learning_rate);
        cr_expect_float_eq(test.rates[0], 1e-6, 1e-12);
        for (int64_t k = 1; k < test.count; k++) {
            cr_expect_gt(test.rates[k], test.rates[k - 1]);
            cr_expect(isfinite(test.losses[k]));
        }
        setup.optimizer.learning_rate = test.learning_rate;
        cr_expect_eq(run(&setup, &given, two).count, -1, "no test where the rate is given");
        cr_expect(training_run_same(&found, &given), "%s: another curve", name);
        cr_expect_eq(memcmp(one, two, gd_model_parameter_count(setup.model) * sizeof *one), 0);
        cr_expect_eq(found.points[0].point.learning_rate, test.learning_rate);
        training_run_dispose(&found);
        training_run_dispose(&given);
        end(&setup);
    }
}

/* A parabola of one parameter: y = w x with x = 1, loss w² and curvature 2: above 1 it diverges. */
Test(train_range_test, stays_below_what_diverges)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    for (int i = 0; i < 4 * ROWS; i++) {
        features[i] *= 100; /* curvature some 10^4 */
    }
    setup.training.batch_size = GD_AUTOMATIC;
    setup.training.epochs = 300;
    setup.optimizer.learning_rate = GD_AUTOMATIC_NUMBER;
    training_run_curve curve = {0};
    gd_real parameters[64];
    gd_range_test test = run(&setup, &curve, parameters);
    cr_expect_eq(test.end, GD_RANGE_TEST_GREW, "%d", (int)test.end);
    cr_expect(test.learning_rate < 5e-4 && test.learning_rate > 1e-6, "%g", test.learning_rate);
    cr_expect_lt(curve.points[curve.count - 1].point.loss, curve.points[0].point.loss);
    training_run_dispose(&curve);
    gd_model_destroy(model);
}

Test(train_range_test, is_refused_where_it_makes_no_sense)
{
    static const gd_optimizer_type types[] = {GD_OPTIMIZER_LBFGS, GD_OPTIMIZER_RPROP,
                                              GD_OPTIMIZER_ADADELTA};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        gd_trainer_setup setup = begin(types[i]);
        gd_error error = {0};
        cr_expect_eq(gd_trainer_check(&setup, &error), GD_INVALID_ARGUMENT);
        cr_expect_str_eq(error.path, "optimizer/learning_rate", "%s", error.path);
        end(&setup);
    }
}

Test(train_range_test, where_the_first_update_fails_takes_the_default)
{
    gd_trainer_setup setup = begin(GD_OPTIMIZER_ADAM);
    gd_real first[64];
    for (int i = 0; i < 64; i++) {
        first[i] = (gd_real)(sizeof(gd_real) == sizeof(float) ? 1e30 : 1e300);
    }
    setup.initial_parameters = first;
    gd_trainer *trainer = training_run_create(&setup);
    cr_assert_eq(gd_trainer_advance(trainer, NULL), GD_OK);
    const gd_range_test *test = gd_trainer_range_test(trainer);
    cr_assert_not_null(test);
    cr_expect_eq(test->end, GD_RANGE_TEST_NON_FINITE);
    cr_expect_eq(test->learning_rate, 1e-3);
    cr_expect_eq(gd_trainer_advance(trainer, NULL), GD_NON_FINITE, "and the first update tells");
    gd_trainer_destroy(trainer);
    end(&setup);
}
