/*
 * test_fused.c: weights that are updated while the backward pass goes on have the bytes of an update
 * after it, and what is not finite is found and named as ever.
 *
 * A clipping limit that no norm reaches takes the update after the pass, and changes nothing else.
 */
#include <criterion/criterion.h>

#include "support/network.h"
#include "support/training_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 250,
    INPUTS = 521,
    OUTPUTS = 520 /* of the single layer */
};

typedef struct problem {
    gd_real *features, *targets;
    gd_real *initial; /* of the single layer, else NULL */
    gd_model *model;
    gd_trainer_setup setup;
} problem;

/* Two layers whose weights are worth it, with a penalty on the second where wanted. */
static problem begin(gd_optimizer_type optimizer, double l2)
{
    problem p = {.features = calloc((size_t)ROWS * INPUTS, sizeof(gd_real)),
                 .targets = calloc(ROWS, sizeof(gd_real))};
    gd_random random;
    gd_random_seed(&random, 4, GD_STREAM_GENERATE);
    for (size_t i = 0; i < (size_t)ROWS * INPUTS; i++) {
        p.features[i] = (gd_real)gd_random_normal(&random);
    }
    for (size_t i = 0; i < ROWS; i++) {
        p.targets[i] = p.features[i * INPUTS] > 0 ? 1 : 0;
    }
    gd_layer_options layers[] = {network_dense(530, GD_ACTIVATION_RELU), network_dropout(0.25),
                                 network_dense(499, GD_ACTIVATION_TANH),
                                 network_dense(2, GD_ACTIVATION_IDENTITY)};
    layers[2].of.dense.l2 = l2;
    const gd_shape input = {.rank = 1, .dimensions = {INPUTS}};
    cr_assert_eq(gd_model_create(&p.model, &input, layers, 4, 2, 0, NULL), GD_OK);
    p.setup = training_run_setup(
        p.model, (gd_examples){p.features, p.targets, ROWS, INPUTS, 1, 0, 0, NULL, NULL});
    p.setup.optimizer.type = optimizer;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(optimizer)->fields, &p.setup.optimizer);
    p.setup.loss.type = GD_LOSS_CROSS_ENTROPY;
    p.setup.training.shuffle = true;
    p.setup.training.batch_size = 64;
    p.setup.training.epochs = 2;
    p.setup.training.record_every = 3;
    return p;
}

static void end(problem *p)
{
    gd_model_destroy(p->model);
    free(p->features);
    free(p->targets);
    free(p->initial);
}

/* The parameters where training ends. */
static gd_real *train(const problem *p, bool fused, int64_t threads, training_run_curve *curve,
                      gd_error *error)
{
    gd_trainer_setup setup = p->setup;
    setup.training.threads = threads;
    setup.training.clip = fused ? GD_CLIP_NONE : GD_CLIP_NORM;
    setup.training.clip_limit = 1e30;
    gd_trainer *trainer = training_run_create(&setup);
    (void)training_run_advance(trainer, -1, curve, error);
    const size_t bytes = gd_model_parameter_count(p->model) * sizeof(gd_real);
    gd_real *parameters = malloc(bytes);
    cr_assert_not_null(parameters);
    memcpy(parameters, gd_trainer_parameters(trainer), bytes);
    gd_trainer_destroy(trainer);
    return parameters;
}

static void expect_same(const problem *p, const char *name)
{
    training_run_curve plain = {0};
    gd_real *expected = train(p, false, 1, &plain, NULL);
    static const int64_t threads[] = {1, 2, 3, 8};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        training_run_curve curve = {0};
        gd_real *got = train(p, true, threads[i], &curve, NULL);
        cr_assert_eq(memcmp(got, expected, gd_model_parameter_count(p->model) * sizeof(gd_real)), 0,
                     "%s, %d threads", name, (int)threads[i]);
        cr_assert(training_run_same(&curve, &plain), "%s, %d threads: other curve", name,
                  (int)threads[i]);
        training_run_dispose(&curve);
        free(got);
    }
    training_run_dispose(&plain);
    free(expected);
}

Test(train_fused, gives_the_bytes_of_an_update_after_the_pass)
{
    problem p = begin(GD_OPTIMIZER_ADAM, 0);
    expect_same(&p, "adam");
    end(&p);
}

Test(train_fused, with_decay_the_largest_squares_and_a_penalty)
{
    problem p = begin(GD_OPTIMIZER_ADAMW, 1e-3);
    p.setup.optimizer.of.adam.amsgrad = true;
    p.setup.training.record_every = 1;
    expect_same(&p, "adamw");
    end(&p);
}

/* One layer of as many outputs, without weights at first, in place of the problem's; `targets` are all
 * of this size, `features` likewise. */
static void make_single(problem *p, double feature, double target)
{
    const gd_layer_options layer = network_dense(OUTPUTS, GD_ACTIVATION_IDENTITY);
    const gd_shape input = {.rank = 1, .dimensions = {INPUTS}};
    gd_model_destroy(p->model);
    cr_assert_eq(gd_model_create(&p->model, &input, &layer, 1, OUTPUTS, 0, NULL), GD_OK);
    free(p->targets);
    p->targets = calloc((size_t)ROWS * OUTPUTS, sizeof(gd_real));
    p->initial = calloc(gd_model_parameter_count(p->model), sizeof(gd_real));
    for (size_t i = 0; i < (size_t)ROWS * INPUTS; i++) {
        p->features[i] = (gd_real)feature;
    }
    for (size_t i = 0; i < (size_t)ROWS * OUTPUTS; i++) {
        p->targets[i] = (gd_real)target;
    }
    p->setup.model = p->model;
    p->setup.initial_parameters = p->initial;
    p->setup.examples.targets = p->targets;
    p->setup.examples.target_width = OUTPUTS;
    p->setup.loss.type = GD_LOSS_MSE;
}

/* Training fails, to the same words and points as without. */
static void expect_same_failure(const problem *p, const char *words)
{
    gd_error errors[2] = {{0}};
    training_run_curve curves[2] = {{0}};
    for (int fused = 0; fused < 2; fused++) {
        gd_real *got = train(p, fused == 1, 1, &curves[fused], &errors[fused]);
        cr_assert_eq(errors[fused].status, GD_NON_FINITE);
        cr_assert_eq(memcmp(got, p->initial, gd_model_parameter_count(p->model) * sizeof(gd_real)),
                     0);
        free(got);
    }
    cr_assert_str_eq(errors[1].path, errors[0].path);
    cr_assert_str_eq(errors[1].message, errors[0].message);
    cr_assert_not_null(strstr(errors[1].message, words), "%s", errors[1].message);
    cr_assert_eq(curves[1].count, 1);
    cr_assert_eq(curves[1].points[0].point.gradient_norm, curves[0].points[0].point.gradient_norm);
    cr_assert_eq(curves[1].points[0].layer_norms[0], curves[0].points[0].layer_norms[0]);
    training_run_dispose(&curves[0]);
    training_run_dispose(&curves[1]);
}

Test(train_fused, a_gradient_that_overflows_is_named_as_ever)
{
    problem p = begin(GD_OPTIMIZER_ADAM, 0);
    make_single(&p, (double)GD_REAL_MAX / 1e3, 1e8);
    expect_same_failure(&p, "the gradient of");
    end(&p);
}

Test(train_fused, an_update_that_overflows_beside_what_was_taken_has_its_gradients_norm)
{
    /* The squares of the biases' gradients are 0, and without eps so is what they are divided by. */
    bool is_double = sizeof(gd_real) == sizeof(double);
    problem p = begin(GD_OPTIMIZER_ADAM, 0);
    make_single(&p, is_double ? 1e165 : 1e20, is_double ? 1e-168 : 1e-23);
    p.setup.optimizer.of.adam.eps = 0;
    expect_same_failure(&p, "the update of layers.0.bias");
    end(&p);
}
