/*
 * test_threads.c: a training is the same, byte for byte, for any number of threads: parameters,
 * curve and state, for every optimizer, for convolutions and dropout, and where the number changes
 * between save and load. The nets are wide enough for their work to be cut.
 */
#include <criterion/criterion.h>

#include "support/network.h"
#include "support/training_run.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 300,
    PIXELS = 18 * 18
};

static const int64_t thread_counts[] = {2, 3, 8};

typedef struct problem {
    gd_real *features, *targets;
    gd_model *model;
    gd_trainer_setup setup;
} problem;

static problem begin(gd_shape input, const gd_layer_options *layers, int64_t count)
{
    int64_t width = gd_shape_size(&input);
    problem p = {.features = calloc((size_t)(ROWS * width), sizeof(gd_real)),
                 .targets = calloc(ROWS, sizeof(gd_real))};
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (int64_t i = 0; i < ROWS * width; i++) {
        p.features[i] = (gd_real)gd_random_normal(&random);
    }
    for (int64_t i = 0; i < ROWS; i++) {
        p.targets[i] = p.features[i * width] > 0 ? 1 : 0;
    }
    gd_error error = {0};
    cr_assert_eq(gd_model_create(&p.model, &input, layers, count, 2, 0, &error), GD_OK, "%s",
                 error.message);
    p.setup = training_run_setup(
        p.model, (gd_examples){p.features, p.targets, 250, width, 1, 0, 0, NULL, NULL});
    p.setup.validation = (gd_examples){
        p.features + 250 * width, p.targets + 250, ROWS - 250, width, 1, 0, 0, NULL, NULL};
    p.setup.loss.type = GD_LOSS_CROSS_ENTROPY;
    p.setup.training.shuffle = true;
    p.setup.training.batch_size = 128;
    p.setup.training.epochs = 3;
    p.setup.training.record_every = 1;
    p.setup.training.clip = GD_CLIP_NORM;
    p.setup.training.clip_limit = 0.5;
    return p;
}

static void end(problem *p)
{
    gd_model_destroy(p->model);
    free(p->features);
    free(p->targets);
}

static gd_buffer state_of(const gd_trainer *trainer)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, (size_t)1 << 30);
    gd_trainer_save(trainer, &buffer);
    cr_assert_eq(buffer.status, GD_OK);
    return buffer;
}

/* Trains to the end; with `break_after` ≥ 0 goes on after so many calls with other threads. */
static gd_buffer train(const problem *p, int64_t threads, int64_t break_after, int64_t later,
                       training_run_curve *curve)
{
    gd_trainer_setup setup = p->setup;
    setup.training.threads = threads;
    gd_trainer *trainer = training_run_create(&setup);
    cr_assert_eq(training_run_advance(trainer, break_after, curve, NULL), GD_OK);
    if (break_after >= 0) {
        gd_buffer middle = state_of(trainer);
        gd_trainer_destroy(trainer);
        setup.training.threads = later;
        trainer = training_run_create(&setup);
        gd_reader reader;
        gd_reader_init(&reader, middle.bytes, middle.length);
        cr_assert_eq(gd_trainer_load(trainer, &reader, NULL), GD_OK);
        gd_buffer_dispose(&middle);
        cr_assert_eq(training_run_advance(trainer, -1, curve, NULL), GD_OK);
    }
    gd_buffer state = state_of(trainer);
    gd_trainer_destroy(trainer);
    return state;
}

static void expect_same(const problem *p, const char *name)
{
    training_run_curve alone = {0};
    gd_buffer expected = train(p, 1, -1, 1, &alone);
    for (size_t i = 0; i < 4; i++) {
        training_run_curve curve = {0};
        gd_buffer state =
            i < 3 ? train(p, thread_counts[i], -1, 1, &curve) : train(p, 2, 4, 3, &curve);
        cr_assert_eq(state.length, expected.length);
        cr_assert_eq(memcmp(state.bytes, expected.bytes, state.length), 0, "%s, case %zu", name, i);
        cr_assert(training_run_same(&curve, &alone), "%s, case %zu: other curve", name, i);
        training_run_dispose(&curve);
        gd_buffer_dispose(&state);
    }
    training_run_dispose(&alone);
    gd_buffer_dispose(&expected);
}

static problem wide(double dropout)
{
    gd_layer_options layers[4] = {
        network_dense(300, GD_ACTIVATION_GELU), network_layer(GD_LAYER_DROPOUT),
        network_dense(410, GD_ACTIVATION_RELU), network_dense(2, GD_ACTIVATION_IDENTITY)};
    layers[1].of.dropout.rate = dropout;
    gd_shape input = {.rank = 1, .dimensions = {520}};
    return begin(input, layers, 4);
}

Test(train_threads, every_optimizer_gives_the_same_bytes)
{
    for (int type = 0; type < GD_OPTIMIZER_TYPE_COUNT; type++) {
        problem p = wide(0);
        p.setup.optimizer.type = (gd_optimizer_type)type;
        gd_fields_set_defaults(&gd_optimizer_descriptor_at((gd_optimizer_type)type)->fields,
                               &p.setup.optimizer);
        if (type == GD_OPTIMIZER_SGD) {
            p.setup.optimizer.of.sgd.momentum = 0.9;
        }
        if (type == GD_OPTIMIZER_LBFGS) {
            p.setup.optimizer.of.lbfgs.history = 3;
            p.setup.training.epochs = 2;
        }
        expect_same(&p, gd_optimizer_descriptor_at((gd_optimizer_type)type)->name);
        end(&p);
    }
}

Test(train_threads, dropout_gives_the_same_bytes)
{
    problem p = wide(0.4);
    p.setup.training.clip = GD_CLIP_VALUE;
    p.setup.training.clip_limit = 1e-3;
    expect_same(&p, "dropout");
    end(&p);
}

Test(train_threads, convolutions_give_the_same_bytes)
{
    gd_layer_options layers[5] = {
        network_layer(GD_LAYER_CONV2D), network_layer(GD_LAYER_ACTIVATION),
        network_layer(GD_LAYER_MAX_POOL2D), network_layer(GD_LAYER_FLATTEN),
        network_dense(2, GD_ACTIVATION_IDENTITY)};
    layers[0].of.conv2d.filters = 24;
    layers[0].of.conv2d.kernel = (gd_count_list){.length = 2, .values = {5, 5}};
    layers[0].of.conv2d.padding = GD_PADDING_SAME;
    layers[0].of.conv2d.activation = GD_ACTIVATION_TANH;
    layers[1].of.activation.function = GD_ACTIVATION_SILU;
    gd_shape input = {.rank = 3, .dimensions = {18, 18, 3}};
    problem p = begin(input, layers, 5);
    expect_same(&p, "conv2d");
    end(&p);
    layers[1] = network_layer(GD_LAYER_MAX_POOL2D); /* in the pass of the layer before it */
    layers[2] = layers[0];
    layers[2].of.conv2d.stride = (gd_count_list){.length = 2, .values = {2, 2}};
    p = begin(input, layers, 5);
    expect_same(&p, "conv2d with a pool");
    end(&p);
}

Test(train_threads, recurrent_layers_give_the_same_bytes)
{
    gd_layer_options layers[2] = {network_layer(GD_LAYER_LSTM),
                                  network_dense(2, GD_ACTIVATION_IDENTITY)};
    layers[0].of.recurrent.units = 96;
    gd_shape input = {.rank = 2, .dimensions = {6, 40}};
    problem p = begin(input, layers, 2);
    expect_same(&p, "lstm");
    end(&p);
}

Test(train_threads, a_norm_of_many_parameters_is_the_same)
{
    gd_layer_options layers[2] = {network_dense(800, GD_ACTIVATION_RELU),
                                  network_dense(2, GD_ACTIVATION_IDENTITY)};
    gd_shape input = {.rank = 1, .dimensions = {700}}; /* 560,000: more than a piece of a sum */
    problem p = begin(input, layers, 2);
    p.setup.training.epochs = 1;
    expect_same(&p, "large");
    end(&p);
}

Test(train_threads, bytes_are_counted_and_auto_is_resolved)
{
    problem p = wide(0);
    int64_t alone = gd_trainer_bytes(&p.setup);
    p.setup.training.threads = 4;
    cr_expect_gt(gd_trainer_bytes(&p.setup), alone);
    p.setup.training.threads = GD_AUTOMATIC;
    gd_trainer *trainer = training_run_create(&p.setup);
    gd_trainer_destroy(trainer);
    p.setup.training.threads = 65;
    gd_error error = {0};
    cr_expect_eq(gd_trainer_check(&p.setup, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "training/threads");
    end(&p);
}
