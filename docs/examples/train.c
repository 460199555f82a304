/*
 * train.c: the library without the server. Two interleaved half moons, a net of 16 hidden units,
 * Adam, and the accuracy on rows it has not seen. Built and run by `make test`; on its own:
 *
 *     make build/libdescent.a && cc -Icore/include docs/examples/train.c build/libdescent.a -lm
 */
#include <descent/descent.h>

#include <stdio.h>

enum {
    ROWS = 600,
    TRAINED = 480,
    WIDTH = 2
};

static gd_real x[ROWS * WIDTH], y[ROWS];

int main(void)
{
    gd_generator_options moons = {GD_GENERATOR_MOONS, ROWS, 0.1, 1};
    int64_t rows[ROWS], features[] = {0, 1}, target[] = {2}, prepared;
    for (int64_t row = 0; row < ROWS; row++)
        rows[row] = row;
    gd_preparation_options columns = {.features = features,
                                      .feature_count = WIDTH,
                                      .targets = target,
                                      .target_count = 1,
                                      .task = GD_TASK_CLASSIFICATION,
                                      .scaling = GD_SCALING_STANDARDIZE};
    gd_layer_options layers[] = {{.type = GD_LAYER_DENSE}, {.type = GD_LAYER_DENSE}};
    for (int i = 0; i < 2; i++)
        gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layers[i]);
    layers[0].of.dense.units = 16;
    layers[0].of.dense.activation = GD_ACTIVATION_TANH;
    layers[1].of.dense.units = 2; /* one logit a class */
    gd_shape input = {1, {WIDTH}};
    gd_trainer_setup setup = {.loss = {.type = GD_LOSS_CROSS_ENTROPY},
                              .optimizer = {.type = GD_OPTIMIZER_ADAM},
                              .training = gd_training_options_default(),
                              .examples = {x, y, TRAINED, WIDTH, 1, 0, 0, NULL, NULL},
                              .validation = {x + TRAINED * WIDTH, y + TRAINED, ROWS - TRAINED,
                                             WIDTH, 1, 0, 0, NULL, NULL}};
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_ADAM)->fields,
                           &setup.optimizer);
    setup.optimizer.learning_rate = 0.01;
    setup.training.epochs = 100;
    setup.training.seed = 7;

    gd_frame *frame = NULL;
    gd_preparation *preparation = NULL;
    gd_model *model = NULL;
    gd_trainer *trainer = NULL;
    gd_metrics metrics = {0};
    gd_error error = {0};
    bool ok =
        gd_generate(&frame, &moons, &error) == GD_OK &&
        gd_preparation_fit(&preparation, &columns, frame, rows, TRAINED, &error) == GD_OK &&
        gd_preparation_apply(preparation, frame, rows, ROWS, x, y, &prepared, &error) == GD_OK &&
        gd_model_create(&model, &input, layers, 2, GD_AUTOMATIC, 0, &error) == GD_OK;
    setup.model = model;
    ok = ok && gd_trainer_create(&trainer, &setup, &error) == GD_OK;
    while (ok && !gd_trainer_is_finished(trainer))
        ok = gd_trainer_advance(trainer, &error) == GD_OK;
    ok = ok && gd_metrics_evaluate(&metrics, model, gd_trainer_parameters(trainer), &setup.loss,
                                   preparation, &setup.validation, &error) == GD_OK;
    if (ok)
        printf("docs/examples/train.c: %lld steps, loss %.4f, accuracy on unseen rows %.3f\n",
               (long long)gd_trainer_progress(trainer)->step,
               gd_trainer_progress(trainer)->last_loss, metrics.accuracy);
    else
        fprintf(stderr, "%s: %s %s\n", gd_status_name(error.status), error.path, error.message);

    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
    return ok && metrics.accuracy >= 0.95 ? 0 : 1;
}
