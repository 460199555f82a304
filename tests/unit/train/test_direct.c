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

static gd_model *linear_model(int64_t inputs, int64_t units, bool bias, int activation)
{
    gd_layer_options layer = {.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layer);
    layer.of.dense.units = units;
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
    gd_model *model = linear_model(inputs, 1, bias, GD_ACTIVATION_IDENTITY);
    gd_loss_options options = {.type = type, .delta = 1, .q = 0.3};
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(type);
    const gd_examples examples = {.count = 1};
    gdi_direct direct = gdi_direct_plan(model, &examples, 1, loss, &options);
    cr_assert_eq(direct.kind, GDI_DIRECT_EXAMPLE);
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
    const double got = gdi_direct_evaluate(&direct, &examples, &batch, parameters, direct_gradient);
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
    gd_model *plain = linear_model(4, 1, true, GD_ACTIVATION_IDENTITY);
    gd_model *bent = linear_model(4, 1, true, GD_ACTIVATION_TANH);
    const gd_examples examples = {.count = 1};
    cr_assert_eq(gdi_direct_plan(plain, &examples, 1, loss, &options).kind, GDI_DIRECT_EXAMPLE);
    cr_assert_eq(gdi_direct_plan(plain, &examples, 2, loss, &options).kind, GDI_DIRECT_NONE);
    cr_assert_eq(gdi_direct_plan(bent, &examples, 1, loss, &options).kind, GDI_DIRECT_NONE);
    gd_model_destroy(plain);
    gd_model_destroy(bent);
}

/* The same training by planned passes. */
static gd_trainer *plain_trainer(const gd_trainer_setup *setup)
{
    gd_trainer *trainer = training_run_create(setup);
    cr_assert_eq(trainer->direct.kind, GDI_DIRECT_CLASSES);
    trainer->direct.kind = GDI_DIRECT_NONE;
    trainer->batcher.in_place = false;
    return trainer;
}

enum {
    CLASS_EXAMPLES = 150,
    MOST_INPUTS = 64
};

typedef struct class_course {
    int64_t inputs, classes, batch_size;
    gd_optimizer_type optimizer;
    bool shuffled, bias, spoilt;
} class_course;

static gd_trainer_setup class_setup(const class_course *it, const gd_model *model,
                                    gd_real *features, gd_real *targets)
{
    gd_random random;
    gd_random_seed(&random, (uint64_t)it->inputs, GD_STREAM_GENERATE);
    fill(&random, features, CLASS_EXAMPLES * it->inputs);
    for (int64_t i = 0; i < CLASS_EXAMPLES; i++) {
        targets[i] = (gd_real)gd_random_below(&random, (uint64_t)it->classes);
    }
    gd_trainer_setup setup = training_run_setup(model, (gd_examples){.features = features,
                                                                     .targets = targets,
                                                                     .count = CLASS_EXAMPLES,
                                                                     .feature_width = it->inputs,
                                                                     .target_width = 1});
    setup.loss = (gd_loss_options){.type = GD_LOSS_CROSS_ENTROPY};
    setup.optimizer.type = it->optimizer;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(it->optimizer)->fields, &setup.optimizer);
    setup.optimizer.learning_rate = 0.05;
    setup.training.batch_size = it->batch_size;
    setup.training.shuffle = it->shuffled;
    setup.training.epochs = 5;
    setup.training.record_every = 1;
    return setup;
}

static void compare_class_courses(const class_course *it)
{
    static gd_real features[CLASS_EXAMPLES * MOST_INPUTS], targets[CLASS_EXAMPLES];
    gd_model *model = linear_model(it->inputs, it->classes, it->bias, GD_ACTIVATION_IDENTITY);
    const gd_trainer_setup setup = class_setup(it, model, features, targets);
    gd_trainer *direct = training_run_create(&setup), *plain = plain_trainer(&setup);
    gd_error of_direct = {0}, of_plain = {0};
    gd_status status = GD_OK;
    const size_t bytes = gd_model_parameter_count(model) * sizeof(gd_real);
    for (int64_t step = 0; !gd_trainer_is_finished(plain); step++) {
        if (step == 3 && it->spoilt) {
            features[CLASS_EXAMPLES / 2 * it->inputs] = (gd_real)NAN;
        }
        status = gd_trainer_advance(direct, &of_direct);
        cr_assert_eq(gd_trainer_advance(plain, &of_plain), status);
        const gd_point *got = gd_trainer_point(direct), *want = gd_trainer_point(plain);
        cr_assert_eq(memcmp(&got->loss, &want->loss, sizeof got->loss), 0);
        cr_assert_eq(memcmp(&got->gradient_norm, &want->gradient_norm, sizeof want->loss), 0);
        cr_assert_eq(memcmp(gd_trainer_parameters(direct), gd_trainer_parameters(plain), bytes), 0,
                     "%lld inputs, %lld classes, step %lld", (long long)it->inputs,
                     (long long)it->classes, (long long)step);
    }
    cr_assert(!it->spoilt || status == GD_NON_FINITE, "%lld inputs, optimizer %d",
              (long long)it->inputs, (int)it->optimizer);
    cr_assert_str_eq(of_direct.message, of_plain.message);
    cr_assert(gd_trainer_is_finished(direct));
    gd_trainer_destroy(direct);
    gd_trainer_destroy(plain);
    gd_model_destroy(model);
}

Test(train_direct, classes_take_the_steps_of_a_planned_pass)
{
    const int64_t inputs[] = {2, 3, 4, 8, 15, 16, 17, 33, 64};
    const gd_optimizer_type optimizers[] = {GD_OPTIMIZER_ADAM, GD_OPTIMIZER_SGD,
                                            GD_OPTIMIZER_LBFGS};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        for (size_t k = 0; k < 6; k++) {
            const class_course it = {.inputs = inputs[i],
                                     .classes = 2 + (int64_t)(i + k) % 4,
                                     .batch_size = k % 3 == 0   ? 32
                                                   : k % 3 == 1 ? 1
                                                                : 150,
                                     .optimizer = optimizers[(i + k) % 3],
                                     .shuffled = k < 4,
                                     .bias = k != 2,
                                     .spoilt = k == 5};
            compare_class_courses(&it);
        }
    }
}

Test(train_direct, is_for_few_classes_and_inputs)
{
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(GD_LOSS_CROSS_ENTROPY);
    const gd_examples examples = {.count = 1000};
    gd_loss_options options = {.type = GD_LOSS_CROSS_ENTROPY};
    const struct {
        int64_t inputs, classes, batch_size;
        gdi_direct_kind kind;
    } cases[] = {
        {4, 3, 32, GDI_DIRECT_CLASSES}, {64, 5, 512, GDI_DIRECT_CLASSES},
        {1, 3, 32, GDI_DIRECT_NONE},    {65, 3, 32, GDI_DIRECT_NONE},
        {4, 6, 32, GDI_DIRECT_NONE},    {4, 3, 513, GDI_DIRECT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gd_model *model =
            linear_model(cases[i].inputs, cases[i].classes, true, GD_ACTIVATION_IDENTITY);
        cr_assert_eq(gdi_direct_plan(model, &examples, cases[i].batch_size, loss, &options).kind,
                     cases[i].kind, "case %zu", i);
        gd_model_destroy(model);
    }
}

Test(train_direct, many_calls_in_one_end_where_there_is_something_to_see)
{
    gd_real features[4 * 50], targets[50];
    gd_examples examples = training_run_examples(features, targets, 50, 3);
    gd_model *model = linear_model(4, 1, true, GD_ACTIVATION_IDENTITY);
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
    gd_model *model = linear_model(it->inputs, 1, it->bias, GD_ACTIVATION_IDENTITY);
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
