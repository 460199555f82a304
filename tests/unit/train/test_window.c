/*
 * test_window.c: windows are counted exactly, hold the rows they say, and training on views gives the
 * same bytes as training on copies.
 */
#include "support/training_run.h"

#include <descent/metrics.h>
#include <descent/window.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 41,
    WIDTH = 2,
    LENGTH = 5
};

static gd_real row_features[ROWS * WIDTH], row_targets[ROWS];

static gd_examples series(void)
{
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (int i = 0; i < ROWS; i++) {
        row_features[2 * i] = (gd_real)gd_random_normal(&random);
        row_features[2 * i + 1] = (gd_real)i / (gd_real)ROWS;
        row_targets[i] = (gd_real)gd_random_normal(&random);
    }
    return (gd_examples){row_features, row_targets, ROWS, WIDTH, 1, 0, 0, NULL, NULL};
}

Test(train_window, counts_those_that_lie_in_the_rows)
{
    for (int64_t length = 1; length < 7; length++) {
        for (int64_t horizon = 1; horizon < 4; horizon++) {
            for (int64_t stride = 1; stride < 8; stride++) {
                const gd_window window = {length, horizon, stride};
                for (int64_t rows = 0; rows < 30; rows++) {
                    int64_t count = 0;
                    while (count * stride + length - 1 + horizon < rows) {
                        count++;
                    }
                    cr_assert_eq(gd_window_count(&window, rows), count);
                    if (count > 0) {
                        cr_assert_leq(gd_window_rows(&window, count), rows);
                        cr_assert_gt(gd_window_rows(&window, count + 1), rows);
                    }
                }
            }
        }
    }
    const gd_window huge = {INT64_MAX, INT64_MAX, INT64_MAX};
    cr_assert_eq(gd_window_count(&huge, INT64_MAX), 0);
    cr_assert_eq(gd_window_rows(&huge, 3), INT64_MAX);
}

Test(train_window, targets_lie_a_horizon_behind)
{
    gd_examples rows = series();
    const gd_window window = {LENGTH, 2, 3};
    gd_examples last = gd_window_examples(&window, &rows, false);
    gd_examples each = gd_window_examples(&window, &rows, true);
    cr_assert_eq(last.count, 12);
    cr_assert_eq(last.feature_width, LENGTH * WIDTH);
    cr_assert_eq(last.target_width, 1);
    cr_assert_eq(each.target_width, LENGTH);
    for (int64_t i = 0; i < last.count; i++) {
        const gd_real *features = last.features + i * last.feature_stride;
        cr_assert_eq(features, row_features + 3 * i * WIDTH);
        cr_assert_eq(last.targets + i * last.target_stride, row_targets + 3 * i + LENGTH - 1 + 2);
        cr_assert_eq(each.targets + i * each.target_stride, row_targets + 3 * i + 2);
    }
}

/* The same examples as plain matrices; both blocks are the caller's. */
static gd_examples copied(const gd_examples *views)
{
    gd_real *features = malloc((size_t)(views->count * views->feature_width) * sizeof *features);
    gd_real *targets = malloc((size_t)(views->count * views->target_width) * sizeof *targets);
    cr_assert(features != NULL && targets != NULL);
    for (int64_t i = 0; i < views->count; i++) {
        memcpy(features + i * views->feature_width, views->features + i * views->feature_stride,
               (size_t)views->feature_width * sizeof *features);
        memcpy(targets + i * views->target_width, views->targets + i * views->target_stride,
               (size_t)views->target_width * sizeof *targets);
    }
    return (gd_examples){
        features, targets, views->count, views->feature_width, views->target_width, 0,
        0,        NULL,    NULL};
}

static void check_same(const gd_model *model, const gd_examples *views, int64_t batch_size,
                       bool shuffle)
{
    gd_examples plain = copied(views);
    gd_trainer_setup setups[2] = {training_run_setup(model, *views),
                                  training_run_setup(model, plain)};
    setups[0].validation = *views;
    setups[1].validation = plain;
    training_run_curve curves[2] = {{0}};
    gd_trainer *trainers[2];
    gd_metrics metrics[2];
    for (int i = 0; i < 2; i++) {
        setups[i].training.batch_size = batch_size;
        setups[i].training.shuffle = shuffle;
        setups[i].training.epochs = 3;
        trainers[i] = training_run_create(&setups[i]);
        cr_assert_eq(training_run_advance(trainers[i], -1, &curves[i], NULL), GD_OK);
        cr_assert_eq(gd_metrics_evaluate(&metrics[i], model, gd_trainer_parameters(trainers[i]),
                                         &setups[i].loss, NULL, &setups[i].examples, NULL),
                     GD_OK);
    }
    cr_assert(training_run_same(&curves[0], &curves[1]), "batch size %lld", (long long)batch_size);
    cr_assert_eq(memcmp(gd_trainer_parameters(trainers[0]), gd_trainer_parameters(trainers[1]),
                        gd_model_parameter_count(model) * sizeof(gd_real)),
                 0);
    cr_assert_eq(memcmp(&metrics[0].rmse, &metrics[1].rmse, sizeof metrics[0].rmse), 0);
    for (int i = 0; i < 2; i++) {
        gd_trainer_destroy(trainers[i]);
        training_run_dispose(&curves[i]);
    }
    free((void *)(uintptr_t)plain.features);
    free((void *)(uintptr_t)plain.targets);
}

Test(train_window, views_train_to_the_same_bytes_as_copies)
{
    gd_examples rows = series();
    const int64_t widths[] = {LENGTH * WIDTH, 6, 1};
    gd_model *model = training_run_model(widths, 3, 0);
    const int64_t strides[] = {1, 3, LENGTH, LENGTH + 2};
    const int64_t batch_sizes[] = {1, 4, GD_AUTOMATIC};
    for (size_t s = 0; s < 4; s++) {
        const gd_window window = {LENGTH, 2, strides[s]};
        gd_examples views = gd_window_examples(&window, &rows, false);
        for (size_t b = 0; b < 3; b++) {
            check_same(model, &views, batch_sizes[b], false);
            check_same(model, &views, batch_sizes[b], true);
        }
    }
    gd_model_destroy(model);
}

static gd_model *sequence_model(void)
{
    gd_layer_options layer = {.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layer);
    layer.of.dense.units = 1;
    gd_shape input = {.rank = 2, .dimensions = {LENGTH, WIDTH}};
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, &layer, 1, 1, 0, NULL), GD_OK);
    return model;
}

Test(train_window, a_sequence_model_has_a_target_for_each_row)
{
    gd_examples rows = series();
    gd_model *model = sequence_model();
    const int64_t strides[] = {1, LENGTH, LENGTH + 2};
    for (size_t s = 0; s < 3; s++) {
        const gd_window window = {LENGTH, 1, strides[s]};
        gd_examples views = gd_window_examples(&window, &rows, true);
        check_same(model, &views, 4, true);
    }
    gd_model_destroy(model);
}

Test(train_window, metrics_of_a_sequence_count_every_place)
{
    gd_examples rows = series();
    gd_model *model = sequence_model();
    const gd_window window = {LENGTH, 1, LENGTH};
    gd_examples views = gd_window_examples(&window, &rows, true);
    const gd_real zeros[WIDTH + 1] = {0};
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    gd_metrics metrics;
    cr_assert_eq(gd_metrics_evaluate(&metrics, model, zeros, &loss, NULL, &views, NULL), GD_OK);
    double squares = 0;
    int64_t places = views.count * LENGTH;
    for (int64_t i = 0; i < places; i++) {
        squares += (double)row_targets[1 + i] * (double)row_targets[1 + i];
    }
    cr_assert_float_eq(metrics.loss, squares / (double)places, 1e-6);
    gd_model_destroy(model);
}

Test(train_window, targets_are_checked_wherever_they_stand)
{
    gd_examples rows = series();
    gd_model *model = sequence_model();
    gd_window window = {LENGTH, 1, LENGTH + 2};
    gd_examples views = gd_window_examples(&window, &rows, true);
    gd_trainer_setup setup = training_run_setup(model, views);
    setup.loss.type = GD_LOSS_POISSON;
    for (int i = 0; i < ROWS; i++) {
        row_targets[i] = 1;
    }
    row_targets[1 + LENGTH] = -1; /* between the first window's targets and the second's */
    gd_trainer *trainer = training_run_create(&setup);
    gd_trainer_destroy(trainer);
    setup.examples.target_stride = -1;
    cr_assert_eq(gd_trainer_create(&trainer, &setup, NULL), GD_INVALID_ARGUMENT);
    window.stride = 1;
    setup.examples = gd_window_examples(&window, &rows, true);
    cr_assert_eq(gd_trainer_create(&trainer, &setup, NULL), GD_INVALID_DATA);
    gd_model_destroy(model);
}

Test(train_window, a_state_of_other_strides_is_refused)
{
    gd_examples rows = series();
    const int64_t widths[] = {LENGTH * WIDTH, 1};
    gd_model *model = training_run_model(widths, 2, 0);
    gd_window window = {LENGTH, 1, 1};
    gd_examples views = gd_window_examples(&window, &rows, false);
    gd_examples plain = copied(&views);
    gd_trainer_setup setup = training_run_setup(model, views);
    gd_trainer *trainer = training_run_create(&setup);
    gd_buffer buffer;
    gd_buffer_init(&buffer, 1 << 20);
    gd_trainer_save(trainer, &buffer);
    gd_trainer_destroy(trainer);
    setup.examples = plain;
    trainer = training_run_create(&setup);
    gd_reader reader;
    gd_reader_init(&reader, buffer.bytes, buffer.length);
    cr_assert_eq(gd_trainer_load(trainer, &reader, NULL), GD_CORRUPT);
    gd_trainer_destroy(trainer);
    gd_buffer_dispose(&buffer);
    gd_model_destroy(model);
    free((void *)(uintptr_t)plain.features);
    free((void *)(uintptr_t)plain.targets);
}
