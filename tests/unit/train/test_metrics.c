/*
 * test_metrics.c: accuracy, rmse, mae and r2 against numbers by hand, and on real flowers.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <descent/metrics.h>

#include <math.h>

/* Without a preparation. */
static gd_metrics measured(const gd_model *model, const gd_real *parameters,
                           const gd_loss_options *loss, const gd_examples *examples)
{
    gd_metrics metrics;
    cr_assert_eq(gd_metrics_evaluate(&metrics, model, parameters, loss, NULL, examples, NULL),
                 GD_OK);
    return metrics;
}

Test(train_metrics, regression_by_hand)
{
    /* y = 2 x; targets 1, 4, 7 of inputs 1, 2, 3: residuals 1, 0, -1, about the mean 4: 9, 0, 9. */
    gd_model *model = training_run_model((int64_t[]){1, 1}, 2, 0);
    const gd_real parameters[2] = {2, 0}, x[3] = {1, 2, 3}, y[3] = {1, 4, 7};
    const gd_examples examples = {x, y, 3, 1, 1, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert(!metrics.classification);
    cr_assert_float_eq(metrics.loss, 2.0 / 3, 1e-12);
    cr_assert_float_eq(metrics.rmse, sqrt(2.0 / 3), 1e-12);
    cr_assert_float_eq(metrics.mae, 2.0 / 3, 1e-12);
    cr_assert_float_eq(metrics.r2, 1 - 2.0 / 18, 1e-12);
    gd_model_destroy(model);
}

Test(train_metrics, r2_of_a_constant_target_is_nan)
{
    gd_model *model = training_run_model((int64_t[]){1, 1}, 2, 0);
    const gd_real parameters[2] = {0, 3}, x[2] = {1, 2}, y[2] = {3, 3};
    const gd_examples examples = {x, y, 2, 1, 1, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert(isnan(metrics.r2));
    cr_assert_eq(metrics.rmse, 0);
    gd_model_destroy(model);
}

Test(train_metrics, accuracy_by_hand)
{
    gd_model *model = training_run_model((int64_t[]){2, 2}, 2, 0);
    const gd_real parameters[6] = {1, 0, 0, 1, 0, 0};
    const gd_real x[8] = {2, 1, 1, 2, 5, 5, -1, 0}, y[4] = {0, 0, 0, 1};
    const gd_examples examples = {x, y, 4, 2, 1, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_CROSS_ENTROPY};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert(metrics.classification);
    cr_assert_float_eq(metrics.accuracy, 0.75, 0);
    gd_model_destroy(model);
}

Test(train_metrics, counts_are_measured_on_expected_counts)
{
    /* The output is log 3 everywhere: residuals 2, 0, -2, about the mean 3: 4, 0, 4. */
    gd_model *model = training_run_model((int64_t[]){1, 1}, 2, 0);
    const gd_real parameters[2] = {0, (gd_real)log(3.0)}, x[3] = {1, 2, 3}, y[3] = {1, 3, 5};
    const gd_examples examples = {x, y, 3, 1, 1, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_POISSON};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert(!metrics.classification);
    cr_assert_float_eq(metrics.rmse, sqrt(8.0 / 3), 1e-6);
    cr_assert_float_eq(metrics.mae, 4.0 / 3, 1e-6);
    cr_assert_float_eq(metrics.r2, 0, 1e-6);
    gd_model_destroy(model);
}

Test(train_metrics, probabilities_as_targets_are_classes_by_their_side)
{
    /* Outputs x and -x: sigmoids on either side of 0.5. */
    gd_model *model = training_run_model((int64_t[]){1, 2}, 2, 0);
    const gd_real parameters[4] = {1, -1, 0, 0}, x[2] = {3, -3};
    const gd_real y[4] = {(gd_real)0.7, (gd_real)0.2, (gd_real)0.6, (gd_real)0.9};
    const gd_examples examples = {x, y, 2, 1, 2, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_BINARY_CROSS_ENTROPY};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert(metrics.classification);
    cr_assert_float_eq(metrics.accuracy, 0.75, 0);
    gd_model_destroy(model);
}

Test(train_metrics, a_target_that_is_no_class_is_no_hit)
{
    gd_model *model = training_run_model((int64_t[]){1, 2}, 2, 0);
    const gd_real parameters[4] = {1, -1, 0, 0}, x[3] = {3, 3, 3}, y[3] = {0, GD_REAL_MAX, -1};
    const gd_examples examples = {x, y, 3, 1, 1, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_CROSS_ENTROPY};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert(isnan(metrics.loss));
    cr_assert_float_eq(metrics.accuracy, 1.0 / 3, 1e-12);
    gd_model_destroy(model);
}

Test(train_metrics, class_of_a_row)
{
    const gd_real tie[3] = {(gd_real)0.4, (gd_real)0.4, (gd_real)0.2};
    const gd_real half = (gd_real)0.5, below = (gd_real)0.4999;
    cr_assert_eq(gd_class_of(tie, 3), 0);
    cr_assert_eq(gd_class_of(&half, 1), 1);
    cr_assert_eq(gd_class_of(&below, 1), 0);
}

Test(train_metrics, refuses_examples_that_do_not_fit)
{
    gd_model *model = training_run_model((int64_t[]){2, 1}, 2, 0);
    const gd_real parameters[3] = {0}, values[4] = {0};
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    gd_metrics metrics;
    const gd_examples none = {values, values, 0, 2, 1, 0, 0, NULL, NULL},
                      wide = {values, values, 1, 3, 1, 0, 0, NULL, NULL};
    cr_assert_eq(gd_metrics_evaluate(&metrics, model, parameters, &loss, NULL, &none, NULL),
                 GD_INVALID_DATA);
    cr_assert_eq(gd_metrics_evaluate(&metrics, model, parameters, &loss, NULL, &wide, NULL),
                 GD_SHAPE_MISMATCH);
    gd_model_destroy(model);
}

Test(train_metrics, the_best_line_between_two_flowers_errs_twice)
{
    gd_real features[400], targets[100];
    if (!training_run_iris(features, targets)) {
        cr_skip_test("skipped: ../shared/data/tabular/iris.csv is missing");
    }
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    const gd_real parameters[5] = {(gd_real)-2.465220195, (gd_real)-6.680887014,
                                   (gd_real)9.429385154, (gd_real)18.286136888,
                                   (gd_real)-42.637803813};
    const gd_examples examples = {features, targets, 100, 4, 1, 0, 0, NULL, NULL};
    const gd_loss_options loss = {.type = GD_LOSS_BINARY_CROSS_ENTROPY};
    const gd_metrics metrics = measured(model, parameters, &loss, &examples);
    cr_assert_float_eq(metrics.accuracy, 0.98, 1e-12);
    cr_assert_float_eq(200 * metrics.loss, 11.8985467914, 1e-4);
    gd_model_destroy(model);
}
