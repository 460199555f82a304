/*
 * training.c: see training.h.
 */
#include "fuzz/training.h"

#include <stdlib.h>
#include <string.h>

static double stopped_clock(void *context)
{
    (void)context;
    return 0;
}

static gd_model *make_model(void)
{
    gd_layer_options layers[3] = {
        {.type = GD_LAYER_DENSE}, {.type = GD_LAYER_BATCH_NORM}, {.type = GD_LAYER_DENSE}};
    for (int i = 0; i < 3; i++)
        gd_fields_set_defaults(&gd_layer_descriptor_at(layers[i].type)->fields, &layers[i]);
    layers[0].of.dense.units = 2;
    layers[0].of.dense.activation = GD_ACTIVATION_TANH;
    layers[2].of.dense.units = 1;
    gd_shape input = {1, {3}};
    gd_model *model = NULL;
    FUZZ_REQUIRE(gd_model_create(&model, &input, layers, 3, 1, 0, NULL) == GD_OK);
    return model;
}

static gd_examples examples_of(const fuzz_training *training, int first, int count)
{
    return (gd_examples){.features = training->features + 3 * first,
                         .targets = training->targets + first,
                         .count = count,
                         .feature_width = 3,
                         .target_width = 1};
}

void fuzz_training_begin(fuzz_training *training, uint8_t choice)
{
    *training = (fuzz_training){.model = make_model()};
    for (int i = 0; i < FUZZ_ROWS; i++) {
        for (int j = 0; j < 3; j++)
            training->features[3 * i + j] = (gd_real)((i * 7 + j * 5) % 11) / 11;
        training->targets[i] = training->features[3 * i] - training->features[3 * i + 2];
    }
    gd_trainer_setup setup = {
        .model = training->model,
        .loss = {.type = GD_LOSS_MSE},
        .optimizer = {.type = (gd_optimizer_type)(choice % GD_OPTIMIZER_TYPE_COUNT)},
        .schedule = {.type = GD_SCHEDULE_CONSTANT},
        .training = gd_training_options_default(),
        .examples = examples_of(training, 0, 14),
        .validation = examples_of(training, 14, 7),
        .clock = stopped_clock,
    };
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(setup.optimizer.type)->fields,
                           &setup.optimizer);
    setup.training.batch_size = choice % 2 == 0 ? 4 : 14;
    setup.training.epochs = 6;
    setup.training.record_every = 2;
    setup.training.stop_early = true;
    setup.training.stop_patience = 3;
    setup.training.restarts = choice >= 128 ? 3 : 1;
    FUZZ_REQUIRE(gd_trainer_create(&training->trainer, &setup, NULL) == GD_OK);
}

void fuzz_training_end(fuzz_training *training)
{
    gd_trainer_destroy(training->trainer);
    gd_model_destroy(training->model);
}

void fuzz_training_advance(fuzz_training *training, int calls)
{
    for (int i = 0; i < calls && !gd_trainer_is_finished(training->trainer); i++)
        if (gd_trainer_advance(training->trainer, NULL) != GD_OK)
            return;
}

uint8_t *fuzz_training_save(const fuzz_training *training, size_t *length)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, (size_t)1 << 20);
    gd_trainer_save(training->trainer, &buffer);
    FUZZ_REQUIRE(buffer.status == GD_OK);
    *length = buffer.length;
    return buffer.bytes;
}

gd_status fuzz_training_load(fuzz_training *training, const uint8_t *bytes, size_t length)
{
    gd_reader reader;
    gd_reader_init(&reader, bytes, length);
    return gd_trainer_load(training->trainer, &reader, NULL);
}
