/*
 * test_direct.c: the direct step gives the bytes of a planned pass, and many calls in one those of
 * one call each.
 */
#include "support/training_run.h"
#include "train/direct.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define WIDEST 784

static gd_model *linear_model(int64_t inputs, bool bias, int activation)
{
    gd_layer_options layer = {.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layer);
    layer.of.dense.units = 1;
    layer.of.dense.bias = bias;
    layer.of.dense.activation = activation;
    gd_shape input = {.rank = 1, .dimensions = {inputs}};
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, &layer, 1, 1, 0, NULL), GD_OK);
    return model;
}

static void fill(gd_random *random, gd_real *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        /* A zero now and then: its sign must come out the same too. */
        values[i] = gd_random_below(random, 8) == 0 ? 0 : (gd_real)gd_random_normal(random);
    }
}

static void compare(int64_t inputs, bool bias, gd_loss_type type)
{
    gd_model *model = linear_model(inputs, bias, GD_ACTIVATION_IDENTITY);
    gd_loss_options options = {.type = type, .delta = 1, .q = 0.3};
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(type);
    gdi_direct direct = gdi_direct_plan(model, 1, loss, &options);
    cr_assert(direct.fits);
    gd_real features[WIDEST], parameters[WIDEST + 1];
    gd_real planned[WIDEST + 1] = {0}, direct_gradient[WIDEST + 1] = {0};
    gd_real target = 1, slope = 0;
    gd_random random, dropout;
    gd_random_seed(&random, (uint64_t)inputs, GD_STREAM_GENERATE);
    gd_random_seed(&dropout, 1, GD_STREAM_DROPOUT);
    fill(&random, features, inputs);
    fill(&random, parameters, inputs + 1);
    gd_workspace *workspace = NULL;
    cr_assert_eq(gd_workspace_create(&workspace, model, 1, true, NULL), GD_OK);
    const gd_real *output = gd_model_forward(model, parameters, workspace, features, 1, &dropout);
    const double expected = loss->evaluate(&options, output, &target, 1, 1, &slope);
    gd_model_backward(model, parameters, workspace, features, 1, &slope, planned);
    const gdi_batch batch = {.features = features, .targets = &target, .rows = 1};
    const double got = gdi_direct_evaluate(&direct, &batch, parameters, direct_gradient);
    cr_assert_eq(memcmp(&expected, &got, sizeof got), 0, "loss of %lld inputs", (long long)inputs);
    cr_assert_eq(memcmp(planned, direct_gradient, sizeof planned), 0, "gradient of %lld inputs",
                 (long long)inputs);
    gd_workspace_destroy(workspace);
    gd_model_destroy(model);
}

Test(train_direct, has_the_bytes_of_a_planned_pass)
{
    const int64_t inputs[] = {1,  2,  3,  7,  15,  16,  17,  31,  32, 33,
                              48, 63, 64, 65, 100, 511, 512, 513, 784};
    const gd_loss_type losses[] = {GD_LOSS_MSE,     GD_LOSS_BINARY_CROSS_ENTROPY,
                                   GD_LOSS_MAE,     GD_LOSS_HUBER,
                                   GD_LOSS_HINGE,   GD_LOSS_POISSON,
                                   GD_LOSS_QUANTILE};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        for (size_t l = 0; l < sizeof losses / sizeof losses[0]; l++) {
            compare(inputs[i], l % 2 == 0, losses[l]);
        }
    }
}

Test(train_direct, is_for_one_example_and_one_plain_output)
{
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(GD_LOSS_MSE);
    gd_loss_options options = {.type = GD_LOSS_MSE};
    gd_model *plain = linear_model(4, true, GD_ACTIVATION_IDENTITY);
    gd_model *bent = linear_model(4, true, GD_ACTIVATION_TANH);
    cr_assert(gdi_direct_plan(plain, 1, loss, &options).fits);
    cr_assert_not(gdi_direct_plan(plain, 2, loss, &options).fits);
    cr_assert_not(gdi_direct_plan(bent, 1, loss, &options).fits);
    gd_model_destroy(plain);
    gd_model_destroy(bent);
}

Test(train_direct, many_calls_in_one_end_where_there_is_something_to_see)
{
    gd_real features[4 * 50], targets[50];
    gd_examples examples = training_run_examples(features, targets, 50, 3);
    gd_model *model = linear_model(4, true, GD_ACTIVATION_IDENTITY);
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.training.batch_size = 1;
    setup.training.shuffle = true;
    setup.training.epochs = 3;
    setup.training.record_every = 20;
    gd_trainer *one = training_run_create(&setup), *many = training_run_create(&setup);
    while (!gd_trainer_is_finished(many)) {
        cr_assert_eq(gd_trainer_run(many, 1000, NULL), GD_OK);
        cr_assert_not_null(gd_trainer_point(many));
        while (gd_trainer_progress(one)->step < gd_trainer_progress(many)->step) {
            cr_assert_eq(gd_trainer_advance(one, NULL), GD_OK);
        }
        cr_assert_eq(gd_trainer_point(one)->step, gd_trainer_point(many)->step);
        cr_assert(gd_trainer_point(one)->loss == gd_trainer_point(many)->loss);
    }
    cr_assert(gd_trainer_is_finished(one));
    cr_assert_eq(gd_trainer_progress(many)->points, 8); /* 150 steps: 7 and the last */
    cr_assert_eq(
        memcmp(gd_trainer_parameters(one), gd_trainer_parameters(many), 5 * sizeof(gd_real)), 0);
    gd_trainer_destroy(one);
    gd_trainer_destroy(many);
    gd_model_destroy(model);
}
