/*
 * test_sparse.c: training on sparse rows: as on the same rows written out, to the same bytes for any
 * number of threads and across save and load, in memory that does not follow rows × features.
 */
#include <criterion/criterion.h>

#include "support/sparse_rows.h"
#include "support/training_run.h"

#include <descent/metrics.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 600,
    TRAINED = 500
};

typedef struct problem {
    sparse_rows rows;
    gd_sparse_rows training, validation;
    uint32_t list[ROWS];
    gd_model *model;
    gd_trainer_setup setup;
} problem;

static problem *begin_problem(int64_t width, int64_t filled, int64_t units)
{
    problem *p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    gd_layer_options layer = {.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layer);
    layer.of.dense.units = units;
    gd_shape input = {.rank = 1, .dimensions = {width}};
    gd_error error = {0};
    p->rows = sparse_rows_create(ROWS, width, filled, false, 9);
    cr_assert_eq(gd_model_create(&p->model, &input, &layer, 1, units, 0, &error), GD_OK, "%s",
                 error.message);
    for (uint32_t i = 0; i < ROWS; i++) {
        p->list[i] = i;
    }
    p->training = (gd_sparse_rows){&p->rows.matrix, p->list, 0};
    p->validation = (gd_sparse_rows){&p->rows.matrix, NULL, TRAINED};
    p->setup = training_run_setup(p->model, (gd_examples){.targets = p->rows.targets,
                                                          .count = TRAINED,
                                                          .feature_width = width,
                                                          .target_width = 1,
                                                          .sparse = &p->training});
    p->setup.validation = (gd_examples){.targets = p->rows.targets + TRAINED,
                                        .count = ROWS - TRAINED,
                                        .feature_width = width,
                                        .target_width = 1,
                                        .sparse = &p->validation};
    p->setup.loss.type = units == 1 ? GD_LOSS_BINARY_CROSS_ENTROPY : GD_LOSS_CROSS_ENTROPY;
    p->setup.optimizer = (gd_optimizer_options){.type = GD_OPTIMIZER_ADAM};
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_ADAM)->fields,
                           &p->setup.optimizer);
    p->setup.optimizer.learning_rate = 0.05;
    p->setup.training.shuffle = true;
    p->setup.training.batch_size = 64;
    p->setup.training.epochs = 4;
    p->setup.training.record_every = 1;
    p->setup.training.clip = GD_CLIP_NORM;
    p->setup.training.clip_limit = 0.5;
    return p;
}

static void end_problem(problem *p)
{
    gd_model_destroy(p->model);
    sparse_rows_destroy(&p->rows);
    free(p);
}

static gd_buffer state_of(const gd_trainer *trainer)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, (size_t)1 << 30);
    gd_trainer_save(trainer, &buffer);
    cr_assert_eq(buffer.status, GD_OK);
    return buffer;
}

/* The state at the end, and on the way a save and a load after `calls` where that is not negative. */
static gd_buffer train(const gd_trainer_setup *setup, int64_t threads, int64_t calls)
{
    gd_trainer_setup own = *setup;
    own.training.threads = threads;
    gd_trainer *trainer = training_run_create(&own);
    if (calls >= 0) {
        cr_assert_eq(training_run_advance(trainer, calls, NULL, NULL), GD_OK);
        gd_buffer middle = state_of(trainer);
        gd_trainer_destroy(trainer);
        trainer = training_run_create(&own);
        gd_reader reader;
        gd_reader_init(&reader, middle.bytes, middle.length);
        cr_assert_eq(gd_trainer_load(trainer, &reader, NULL), GD_OK);
        gd_buffer_dispose(&middle);
    }
    cr_assert_eq(training_run_advance(trainer, -1, NULL, NULL), GD_OK);
    gd_buffer state = state_of(trainer);
    gd_trainer_destroy(trainer);
    return state;
}

static void expect_same_states(int64_t units)
{
    problem *p = begin_problem(20000, 40, units);
    gd_buffer first = train(&p->setup, 1, -1);
    const struct {
        int64_t threads, calls;
    } others[] = {{1, 13}, {2, -1}, {3, -1}, {8, 5}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        gd_buffer other = train(&p->setup, others[i].threads, others[i].calls);
        cr_assert_eq(first.length, other.length);
        cr_expect_arr_eq(first.bytes, other.bytes, first.length, "%d threads, cut after %d",
                         (int)others[i].threads, (int)others[i].calls);
        gd_buffer_dispose(&other);
    }
    gd_buffer_dispose(&first);
    end_problem(p);
}

Test(train_sparse, threads_and_resume_change_no_byte_of_one_output)
{
    expect_same_states(1);
}

Test(train_sparse, threads_and_resume_change_no_byte_of_three_outputs)
{
    expect_same_states(3);
}

Test(train_sparse, ends_where_dense_rows_end)
{
    problem *p = begin_problem(200, 15, 1);
    gd_trainer *sparse = training_run_create(&p->setup);
    gd_trainer_setup written = p->setup;
    written.examples.sparse = written.validation.sparse = NULL;
    written.examples.features = p->rows.dense;
    written.validation.features = p->rows.dense + TRAINED * 200;
    gd_trainer *dense = training_run_create(&written);
    cr_assert_eq(training_run_advance(sparse, -1, NULL, NULL), GD_OK);
    cr_assert_eq(training_run_advance(dense, -1, NULL, NULL), GD_OK);
    double tolerance = sizeof(gd_real) == sizeof(double) ? 1e-10 : 1e-3;
    for (size_t i = 0; i < gd_model_parameter_count(p->model); i++) {
        cr_assert_float_eq((double)gd_trainer_parameters(sparse)[i],
                           (double)gd_trainer_parameters(dense)[i], tolerance, "parameter %zu", i);
    }
    gd_metrics of_sparse, of_dense;
    cr_assert_eq(gd_metrics_evaluate(&of_sparse, p->model, gd_trainer_parameters(sparse),
                                     &p->setup.loss, NULL, &p->setup.validation, NULL),
                 GD_OK);
    cr_assert_eq(gd_metrics_evaluate(&of_dense, p->model, gd_trainer_parameters(dense),
                                     &p->setup.loss, NULL, &written.validation, NULL),
                 GD_OK);
    cr_expect_float_eq(of_sparse.loss, of_dense.loss, 1e-3);
    cr_expect_float_eq(of_sparse.accuracy, of_dense.accuracy, 0.011);
    cr_expect_gt(of_sparse.accuracy, 0.7);
    gd_trainer_destroy(sparse);
    gd_trainer_destroy(dense);
    end_problem(p);
}

Test(train_sparse, memory_is_parameters_and_not_rows_times_features)
{
    gd_shape input = {.rank = 1, .dimensions = {1000000}};
    gd_layer_options layer = {.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layer);
    layer.of.dense.units = 1;
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, &layer, 1, 1, 0, NULL), GD_OK);
    gd_sparse_matrix matrix = {.row_count = 100000, .width = 1000000};
    gd_sparse_rows rows = {.matrix = &matrix};
    gd_trainer_setup setup = training_run_setup(
        model, (gd_examples){
                   .count = 100000, .feature_width = 1000000, .target_width = 1, .sparse = &rows});
    setup.training.batch_size = 256;
    setup.training.shuffle = true;
    int64_t bytes = gd_trainer_bytes(&setup);
    /* Three blocks, gradients; an order of the rows, a panel of the products. */
    cr_expect_gt(bytes, 16 * 1000000);
    cr_expect_lt(bytes, (int64_t)(sizeof(gd_real) * 4 * 1000001 + 8 * 100000 + (4 << 20)));
    gd_model_destroy(model);
}

Test(train_sparse, what_does_not_fit_is_refused)
{
    problem *p = begin_problem(50, 5, 1);
    gd_error error = {0};
    gd_trainer *trainer = NULL;
    gd_trainer_setup setup = p->setup;
    p->validation.first = TRAINED + 1;
    cr_expect_eq(gd_trainer_create(&trainer, &setup, &error), GD_INVALID_ARGUMENT);
    p->validation.first = INT64_MAX;
    cr_expect_eq(gd_trainer_create(&trainer, &setup, &error), GD_INVALID_ARGUMENT);
    p->validation.first = TRAINED;
    p->list[7] = ROWS;
    cr_expect_eq(gd_trainer_create(&trainer, &setup, &error), GD_INVALID_ARGUMENT);
    p->list[7] = 7;
    p->rows.indices[3] = 50;
    cr_expect_eq(gd_trainer_create(&trainer, &setup, &error), GD_CORRUPT);
    p->rows.indices[3] = p->rows.indices[2];
    cr_expect_eq(gd_trainer_create(&trainer, &setup, &error), GD_CORRUPT);
    setup = p->setup;
    p->rows.matrix.width = 51;
    cr_expect_eq(gd_trainer_create(&trainer, &setup, &error), GD_SHAPE_MISMATCH);
    cr_expect_null(trainer);
    end_problem(p);
}
