/*
 * test_direct.c: the direct step gives the bytes of a planned pass, and many calls in one those of
 * one call each.
 */
#include "support/training_run.h"
#include "train/trainer.h"

#include <criterion/criterion.h>
#include <math.h>
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

enum {
    EXAMPLES = 300,
    EPOCHS = 3
};

typedef struct course {
    int64_t inputs;
    gd_loss_type loss;
    bool bias, shuffled, spoilt; /* spoilt: an example holds a NaN */
} course;

/* Plain gradient descent, all steps in few calls and one by one: bytes, points and failures agree. */
static void compare_courses(const course *it)
{
    static gd_real features[EXAMPLES * WIDEST], targets[EXAMPLES];
    gd_random random;
    gd_random_seed(&random, (uint64_t)it->inputs, GD_STREAM_GENERATE);
    fill(&random, features, EXAMPLES * it->inputs);
    for (int64_t i = 0; i < EXAMPLES; i++) {
        targets[i] = gd_random_below(&random, 2) == 0 ? 0 : 1;
    }
    gd_model *model = linear_model(it->inputs, it->bias, GD_ACTIVATION_IDENTITY);
    gd_trainer_setup setup = training_run_setup(model, (gd_examples){.features = features,
                                                                     .targets = targets,
                                                                     .count = EXAMPLES,
                                                                     .feature_width = it->inputs,
                                                                     .target_width = 1});
    setup.loss = (gd_loss_options){.type = it->loss, .delta = 1, .q = 0.3};
    setup.optimizer.type = GD_OPTIMIZER_SGD;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_SGD)->fields, &setup.optimizer);
    setup.optimizer.learning_rate = 1e-3;
    setup.training.batch_size = 1;
    setup.training.shuffle = it->shuffled;
    setup.training.epochs = EPOCHS;
    setup.training.record_every = 70;
    gd_trainer *one = training_run_create(&setup), *many = training_run_create(&setup);
    cr_assert(many->goes_together);
    features[it->spoilt ? 222 * it->inputs : 0] *= (gd_real)(it->spoilt ? NAN : 1);
    gd_error of_one = {0}, of_many = {0};
    gd_status status = GD_OK, expected = GD_OK;
    for (int64_t calls = 1; !gd_trainer_is_finished(many); calls = calls * 3 % 1000) {
        status = gd_trainer_run(many, calls, &of_many);
        while (gd_trainer_progress(one)->step < gd_trainer_progress(many)->step ||
               (status != GD_OK && !gd_trainer_is_finished(one))) {
            expected = gd_trainer_advance(one, &of_one);
        }
        cr_assert_eq(status, expected);
        const gd_point *got = gd_trainer_point(many), *want = gd_trainer_point(one);
        cr_assert_eq(got == NULL, want == NULL);
        cr_assert(got == NULL || got->step == want->step);
        cr_assert(got == NULL || memcmp(&got->loss, &want->loss, sizeof got->loss) == 0);
        cr_assert_eq(memcmp(gd_trainer_parameters(one), gd_trainer_parameters(many),
                            gd_model_parameter_count(model) * sizeof(gd_real)),
                     0, "%lld inputs, loss %d, step %lld", (long long)it->inputs, (int)it->loss,
                     (long long)gd_trainer_progress(many)->step);
    }
    cr_assert_eq(status, it->spoilt ? GD_NON_FINITE : GD_OK);
    cr_assert_str_eq(of_one.message, of_many.message);
    cr_assert_eq(gd_trainer_progress(one)->samples, gd_trainer_progress(many)->samples);
    cr_assert_eq(gd_trainer_progress(one)->epoch, gd_trainer_progress(many)->epoch);
    gd_trainer_destroy(one);
    gd_trainer_destroy(many);
    gd_model_destroy(model);
}

Test(train_direct, steps_that_go_together_are_the_steps_one_by_one)
{
    const int64_t inputs[] = {1, 2, 4, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 784};
    const gd_loss_type losses[] = {GD_LOSS_MSE, GD_LOSS_BINARY_CROSS_ENTROPY, GD_LOSS_HINGE};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        for (size_t k = 0; k < 6; k++) {
            const course it = {.inputs = inputs[i],
                               .loss = losses[k % 3],
                               .bias = k != 1,
                               .shuffled = k < 4,
                               .spoilt = k == 3 || k == 5};
            compare_courses(&it);
        }
    }
}
