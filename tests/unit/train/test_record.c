/*
 * test_record.c: which steps become points, what their loss is a mean of, and the ratio of an update.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 22
};

static gd_real features[ROWS * 4], targets[ROWS];

static void run(gd_trainer_setup *setup, training_run_curve *curve)
{
    gd_trainer *trainer = training_run_create(setup);
    cr_assert_eq(training_run_advance(trainer, -1, curve, NULL), GD_OK);
    for (int64_t i = 0; i < curve->count; i++) {
        cr_assert_eq(curve->points[i].point.sequence, i + 1);
    }
    cr_assert_eq(gd_trainer_progress(trainer)->points, curve->count);
    gd_trainer_destroy(trainer);
}

Test(train_record, loss_is_the_mean_over_the_examples_since_the_point_before)
{
    gd_model *model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    training_run_curve every = {0}, fifth = {0};
    setup.training.batch_size = 6; /* 6, 6, 6, 4 */
    setup.training.epochs = 8;
    setup.training.record_every = 1;
    run(&setup, &every);
    setup.training.record_every = 5;
    run(&setup, &fifth);
    cr_assert_eq(every.count, 32);
    cr_assert_eq(fifth.count, 7); /* 5, 10 … 30 and the last, 32 */
    int64_t next = 0;
    for (int64_t i = 0; i < fifth.count; i++) {
        double sum = 0, rows = 0;
        for (; next < fifth.points[i].point.step; next++) {
            double size = next % 4 == 3 ? 4 : 6;
            sum += size * every.points[next].point.loss;
            rows += size;
        }
        cr_assert_float_eq(fifth.points[i].point.loss, sum / rows, 1e-12);
        cr_assert_eq(fifth.points[i].point.gradient_norm,
                     every.points[next - 1].point.gradient_norm);
    }
    cr_assert_eq(fifth.points[6].point.step, 32);
    training_run_dispose(&every);
    training_run_dispose(&fifth);
    gd_model_destroy(model);
}

Test(train_record, update_ratio_is_change_over_size)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    const gd_real initial[5] = {3, 0, 0, 4, 0};
    setup.initial_parameters = initial;
    setup.training.batch_size = GD_AUTOMATIC;
    setup.training.epochs = 1;
    training_run_curve curve = {0};
    run(&setup, &curve);
    const gd_point *point = &curve.points[0].point;
    cr_assert_float_eq(point->update_ratio, 0.05 * point->gradient_norm / 5, 1e-6);
    cr_assert_eq(point->layer_count, 1);
    cr_assert_float_eq(curve.points[0].layer_norms[0], point->gradient_norm, 1e-12);
    cr_assert_float_eq(curve.points[0].layer_ratios[0], point->update_ratio, 1e-12);
    training_run_dispose(&curve);
    gd_model_destroy(model);
}

Test(train_record, update_ratio_of_parameters_that_were_zero_is_finite)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    const gd_real initial[5] = {0};
    setup.initial_parameters = initial;
    setup.training.epochs = 1;
    training_run_curve curve = {0};
    run(&setup, &curve);
    cr_assert_eq(curve.points[0].point.update_ratio, 1);
    training_run_dispose(&curve);
    gd_model_destroy(model);
}

Test(train_record, automatic_recording_gives_a_thousand_points_or_more)
{
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.optimizer.learning_rate = 1e-3;
    setup.training.batch_size = 1;
    setup.training.epochs = 0;
    setup.training.steps = 25001;
    training_run_curve curve = {0};
    run(&setup, &curve);
    cr_assert_eq(curve.points[0].point.step, 25);
    cr_assert_eq(curve.count, 1001);
    cr_assert_gt(curve.points[0].point.update_ratio, 0, "25 is more than 16");
    training_run_dispose(&curve);
    gd_model_destroy(model);
}

Test(train_record, automatic_recording_measures_sizes_now_and_then)
{
    gd_model *model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    training_run_curve automatic = {0}, every = {0};
    setup.training.epochs = 0;
    setup.training.steps = 1999; /* every update is a point */
    run(&setup, &automatic);
    setup.training.record_every = 1;
    run(&setup, &every);
    cr_assert_eq(automatic.count, 1999);
    for (int64_t i = 0; i < automatic.count; i++) {
        const training_run_point *a = &automatic.points[i], *b = &every.points[i];
        bool measured = i == 0 || (i + 1) % 16 == 0 || i + 1 == automatic.count;
        cr_assert_eq(a->point.loss, b->point.loss);
        cr_assert_eq(a->point.gradient_norm, b->point.gradient_norm);
        cr_assert_geq(b->point.update_ratio, 0);
        cr_assert_eq(a->point.update_ratio, measured ? b->point.update_ratio : GD_NOT_MEASURED);
        cr_assert_eq(a->layer_norms[1], measured ? b->layer_norms[1] : GD_NOT_MEASURED);
        cr_assert_eq(a->layer_ratios[1], measured ? b->layer_ratios[1] : GD_NOT_MEASURED);
        cr_assert_gt(b->layer_ratios[0], 0);
        /* The whole lies between the ratios of the layers. */
        cr_assert_leq(b->point.update_ratio, fmax(b->layer_ratios[0], b->layer_ratios[1]) + 1e-12);
        cr_assert_geq(b->point.update_ratio, fmin(b->layer_ratios[0], b->layer_ratios[1]) - 1e-12);
    }
    training_run_dispose(&automatic);
    training_run_dispose(&every);
    gd_model_destroy(model);
}

Test(train_record, progress_remembers_first_last_and_best)
{
    gd_model *model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    gd_trainer_setup setup =
        training_run_setup(model, training_run_examples(features, targets, ROWS, 1));
    setup.training.batch_size = 3;
    setup.training.epochs = 5;
    gd_trainer *trainer = training_run_create(&setup);
    cr_assert(!gd_trainer_progress(trainer)->has_loss);
    training_run_curve curve = {0};
    cr_assert_eq(training_run_advance(trainer, -1, &curve, NULL), GD_OK);
    const gd_progress *progress = gd_trainer_progress(trainer);
    int64_t best = 0;
    for (int64_t i = 1; i < curve.count; i++) {
        best = curve.points[i].point.loss < curve.points[best].point.loss ? i : best;
    }
    cr_assert_eq(progress->first_loss, curve.points[0].point.loss);
    cr_assert_eq(progress->last_loss, curve.points[curve.count - 1].point.loss);
    cr_assert_eq(progress->best_loss, curve.points[best].point.loss);
    cr_assert_eq(progress->best_loss_step, curve.points[best].point.step);
    training_run_dispose(&curve);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}
