/*
 * training_run.c: builds and drives trainings for tests. Whatever cannot fail in a healthy library
 * fails the test here.
 */
#include "support/training_run.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double stopped_clock(void *context)
{
    (void)context;
    return 0;
}

static gd_layer_options dense_layer(int64_t units, bool last)
{
    gd_layer_options layer = {.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layer);
    layer.of.dense.units = units;
    layer.of.dense.activation = last ? GD_ACTIVATION_IDENTITY : GD_ACTIVATION_TANH;
    return layer;
}

gd_model *training_run_model(const int64_t *widths, int64_t count, double dropout)
{
    gd_layer_options layers[2 * TRAINING_RUN_LAYERS];
    int64_t used = 0;
    for (int64_t i = 1; i < count; i++) {
        if (i + 1 == count && dropout > 0) {
            layers[used] = (gd_layer_options){.type = GD_LAYER_DROPOUT};
            layers[used++].of.dropout.rate = dropout;
        }
        layers[used++] = dense_layer(widths[i], i + 1 == count);
    }
    gd_shape input = {.rank = 1, .dimensions = {widths[0]}};
    gd_model *model = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_model_create(&model, &input, layers, used, 1, 0, &error), GD_OK, "%s",
                 error.message);
    return model;
}

gd_examples training_run_examples(gd_real *features, gd_real *targets, int64_t count, uint64_t seed)
{
    gd_random random;
    gd_random_seed(&random, seed, GD_STREAM_GENERATE);
    for (int64_t i = 0; i < count; i++) {
        gd_real *row = features + 4 * i;
        for (int j = 0; j < 4; j++) {
            row[j] = (gd_real)(2 * gd_random_uniform(&random) - 1);
        }
        double value = (double)row[0] * (double)row[1] + sin(2 * (double)row[2]) - (double)row[3];
        targets[i] = (gd_real)(value + 0.05 * gd_random_normal(&random));
    }
    return (gd_examples){features, targets, count, 4, 1, 0, 0, NULL, NULL};
}

gd_trainer_setup training_run_setup(const gd_model *model, gd_examples examples)
{
    gd_trainer_setup setup = {
        .model = model,
        .loss = {.type = GD_LOSS_MSE},
        .optimizer = {.type = GD_OPTIMIZER_SGD},
        .schedule = {.type = GD_SCHEDULE_CONSTANT},
        .training = gd_training_options_default(),
        .examples = examples,
        .clock = stopped_clock,
    };
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(GD_OPTIMIZER_SGD)->fields, &setup.optimizer);
    setup.optimizer.learning_rate = 0.05;
    setup.training.shuffle = false;
    return setup;
}

gd_trainer *training_run_create(const gd_trainer_setup *setup)
{
    gd_trainer *trainer = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_trainer_create(&trainer, setup, &error), GD_OK, "%s: %s", error.path,
                 error.message);
    return trainer;
}

void training_run_dispose(training_run_curve *curve)
{
    free(curve->points);
    *curve = (training_run_curve){0};
}

static void add_point(training_run_curve *curve, const gd_point *point)
{
    if (curve->count == curve->capacity) {
        curve->capacity = curve->capacity == 0 ? 64 : 2 * curve->capacity;
        curve->points = realloc(curve->points, (size_t)curve->capacity * sizeof *curve->points);
        cr_assert_not_null(curve->points);
    }
    cr_assert_leq(point->layer_count, TRAINING_RUN_LAYERS);
    training_run_point *copy = &curve->points[curve->count++];
    *copy = (training_run_point){.point = *point};
    memcpy(copy->layer_norms, point->layer_gradient_norms,
           (size_t)point->layer_count * sizeof(double));
    memcpy(copy->layer_ratios, point->layer_update_ratios,
           (size_t)point->layer_count * sizeof(double));
    copy->point.layer_gradient_norms = copy->point.layer_update_ratios = NULL;
}

gd_status training_run_advance(gd_trainer *trainer, int64_t calls, training_run_curve *curve,
                               gd_error *error)
{
    gd_status status = GD_OK;
    while (status == GD_OK && calls != 0 && !gd_trainer_is_finished(trainer)) {
        status = gd_trainer_advance(trainer, error);
        if (curve != NULL && gd_trainer_point(trainer) != NULL) {
            add_point(curve, gd_trainer_point(trainer));
        }
        calls -= calls > 0 ? 1 : 0;
    }
    return status;
}

gd_status training_run_to_step(gd_trainer *trainer, int64_t step, training_run_curve *curve)
{
    gd_status status = GD_OK;
    while (status == GD_OK && gd_trainer_progress(trainer)->step < step &&
           !gd_trainer_is_finished(trainer)) {
        status = training_run_advance(trainer, 1, curve, NULL);
    }
    return status;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_point(const training_run_point *a, const training_run_point *b)
{
    const gd_point *p = &a->point, *q = &b->point;
    return p->sequence == q->sequence && p->step == q->step && same_bits(p->epoch, q->epoch) &&
           same_bits(p->seconds, q->seconds) && same_bits(p->loss, q->loss) &&
           p->has_validation_loss == q->has_validation_loss &&
           same_bits(p->validation_loss, q->validation_loss) &&
           same_bits(p->learning_rate, q->learning_rate) &&
           same_bits(p->gradient_norm, q->gradient_norm) &&
           same_bits(p->update_ratio, q->update_ratio) && p->layer_count == q->layer_count &&
           memcmp(a->layer_norms, b->layer_norms, sizeof a->layer_norms) == 0 &&
           memcmp(a->layer_ratios, b->layer_ratios, sizeof a->layer_ratios) == 0;
}

bool training_run_same(const training_run_curve *a, const training_run_curve *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (int64_t i = 0; i < a->count; i++) {
        if (!same_point(&a->points[i], &b->points[i])) {
            return false;
        }
    }
    return true;
}

bool training_run_iris(gd_real *features, gd_real *targets)
{
    FILE *file = fopen("../shared/data/tabular/iris.csv", "r");
    if (file == NULL) {
        return false;
    }
    char line[256];
    int rows = 0;
    while (rows < 100 && fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, "versicolor") == NULL && strstr(line, "virginica") == NULL) {
            continue;
        }
        char *rest = line;
        for (int j = 0; j < 4; j++) {
            features[4 * rows + j] = (gd_real)strtod(rest, &rest);
            rest++;
        }
        targets[rows++] = strstr(line, "virginica") != NULL;
    }
    bool closed = fclose(file) == 0;
    return closed && rows == 100;
}
