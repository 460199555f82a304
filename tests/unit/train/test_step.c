/*
 * test_step.c: every optimizer variant against PyTorch over 20 steps of a small net, clipping and the
 * mean of a partial batch.
 */
#include <criterion/criterion.h>

#include "support/golden.h"
#include "support/training_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GD_REAL_DOUBLE
#define GOLDEN_FILE "optimizers_double.txt"
static const double tolerance = 1e-9;
#else
#define GOLDEN_FILE "optimizers.txt"
static const double tolerance = 1e-5;
#endif

static int find_type(const char *name)
{
    for (int type = 0; type < GD_OPTIMIZER_TYPE_COUNT; type++) {
        if (strcmp(gd_optimizer_descriptor_at((gd_optimizer_type)type)->name, name) == 0) {
            return type;
        }
    }
    return -1;
}

static void read_member(unsigned char *member, const gd_field *field, const golden_case *golden)
{
    double number = golden_number(golden, field->name, NAN);
    bool flag = golden_flag(golden, field->name);
    if (field->type == GD_FIELD_NUMBERS) {
        gd_number_list list = {.length = 2};
        for (int i = 0; i < 2; i++) {
            char key[64];
            snprintf(key, sizeof key, "%s.%d", field->name, i);
            list.values[i] = golden_number(golden, key, NAN);
        }
        memcpy(member, &list, sizeof list);
    } else if (field->type == GD_FIELD_BOOLEAN) {
        memcpy(member, &flag, sizeof flag);
    } else if (field->type == GD_FIELD_COUNT) {
        int64_t count = (int64_t)number;
        memcpy(member, &count, sizeof count);
    } else if (field->type == GD_FIELD_CHOICE) {
        const char *word = golden_meta(golden, field->name);
        int choice = 0;
        while (field->choices[choice] != NULL && strcmp(field->choices[choice], word) != 0) {
            choice++;
        }
        memcpy(member, &choice, sizeof choice);
    } else {
        cr_assert(isfinite(number), "%s has no %s", golden_case_name(golden), field->name);
        memcpy(member, &number, sizeof number);
    }
}

static gd_optimizer_options read_optimizer(int type, const golden_case *golden)
{
    gd_optimizer_options options = {.type = (gd_optimizer_type)type};
    const gd_field_table *fields = &gd_optimizer_descriptor_at(options.type)->fields;
    for (size_t i = 0; i < fields->count; i++) {
        read_member((unsigned char *)&options + fields->fields[i].offset, &fields->fields[i],
                    golden);
    }
    return options;
}

static gd_real *read_batches(const golden_case *golden, const char *name, int64_t *count)
{
    int64_t batches = (int64_t)golden_number(golden, "batches", 0), used = 0;
    gd_real *values = calloc(1000, sizeof *values);
    for (int64_t b = 0; b < batches; b++) {
        const golden_tensor *tensor = golden_tensor_find(golden, "batch.%d.%s", (int)b, name);
        cr_assert_not_null(tensor);
        for (int64_t i = 0; i < tensor->count; i++) {
            values[used++] = (gd_real)tensor->values[i];
        }
    }
    *count = used;
    return values;
}

/* Largest difference relative to the largest value of each tensor. */
static double gap(const gd_model *model, const gd_real *parameters, const golden_case *golden,
                  const char *prefix)
{
    int64_t count = 0;
    double worst = 0;
    double *expected = golden_flatten(golden, prefix, &count);
    cr_assert_eq((size_t)count, gd_model_parameter_count(model));
    for (int64_t i = 0; i < gd_model_tensor_count(model); i++) {
        const gd_parameter *tensor = gd_model_tensor(model, i);
        double difference = 0, largest = 0;
        for (size_t j = tensor->offset; j < tensor->offset + tensor->count; j++) {
            difference = fmax(difference, fabs((double)parameters[j] - expected[j]));
            largest = fmax(largest, fabs(expected[j]));
        }
        worst = fmax(worst, difference / largest);
    }
    free(expected);
    return worst;
}

static void set_extras(gd_trainer_setup *setup, const golden_case *golden)
{
    double norm = golden_number(golden, "clip_norm", 0),
           value = golden_number(golden, "clip_value", 0);
    double changed = golden_number(golden, "learning_rate_from_step_11", 0);
    if (norm > 0 || value > 0) {
        setup->training.clip = norm > 0 ? GD_CLIP_NORM : GD_CLIP_VALUE;
        setup->training.clip_limit = norm > 0 ? norm : value;
    }
    if (changed > 0) {
        setup->schedule = (gd_schedule_options){.type = GD_SCHEDULE_MULTI_STEP,
                                                .unit = GD_SCHEDULE_STEPS,
                                                .gamma = changed / setup->optimizer.learning_rate};
        setup->schedule.milestones = (gd_count_list){.length = 1, .values = {10}};
    }
}

static void compare_case(const gd_model *model, const golden_case *golden, int type)
{
    int64_t feature_count = 0, target_count = 0, count = 0;
    gd_real *features = read_batches(golden, "x", &feature_count);
    gd_real *targets = read_batches(golden, "y", &target_count);
    double *start = golden_flatten(golden, "start.", &count);
    gd_real initial[64];
    cr_assert_leq(count, 64);
    for (int64_t i = 0; i < count; i++) {
        initial[i] = (gd_real)start[i];
    }
    free(start);
    gd_examples examples = {features, targets, feature_count / 3, 3, 2, 0, 0, NULL, NULL};
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.optimizer = read_optimizer(type, golden);
    setup.training.epochs = 0;
    setup.training.steps = 20;
    setup.training.batch_size = examples.count / (int64_t)golden_number(golden, "batches", 1);
    setup.training.record_every = 1;
    setup.initial_parameters = initial;
    set_extras(&setup, golden);
    gd_trainer *trainer = training_run_create(&setup);
    training_run_curve curve = {0};
    const golden_tensor *losses = golden_tensor_find(golden, "loss");
    for (int64_t step = 1; step <= 20; step++) {
        char prefix[32];
        cr_assert_eq(training_run_advance(trainer, 1, &curve, NULL), GD_OK);
        double loss = curve.points[step - 1].point.loss;
        double expected = losses->values[step - 1];
        cr_expect_float_eq(loss, expected, tolerance * fabs(expected), "%s step %lld: loss %.9g",
                           golden_case_name(golden), (long long)step, loss);
        if (step == 1 || step == 2 || step == 20) {
            snprintf(prefix, sizeof prefix, "step%lld.", (long long)step);
            double difference = gap(model, gd_trainer_parameters(trainer), golden, prefix);
            cr_expect_leq(difference, tolerance, "%s step %lld: %g off", golden_case_name(golden),
                          (long long)step, difference);
        }
    }
    training_run_dispose(&curve);
    gd_trainer_destroy(trainer);
    free(features);
    free(targets);
}

Test(train_step, every_optimizer_agrees_with_pytorch)
{
    golden_error failure;
    golden_file *file = golden_open(GOLDEN_FILE, &failure);
    cr_assert_not_null(file, "%s", failure.message);
    const gd_layer_options layers[3] = {
        {.type = GD_LAYER_DENSE, .of.dense = {.units = 4, .bias = true}},
        {.type = GD_LAYER_ACTIVATION, .of.activation = {.function = GD_ACTIVATION_TANH}},
        {.type = GD_LAYER_DENSE, .of.dense = {.units = 2, .bias = true}},
    };
    const gd_shape input = {.rank = 1, .dimensions = {3}};
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, layers, 3, 0, 0, NULL), GD_OK);
    int compared = 0;
    for (int64_t i = 0; i < golden_case_count(file); i++) {
        const golden_case *golden = golden_case_at(file, i);
        int type = find_type(golden_meta(golden, "optimizer"));
        if (type >= 0) {
            compare_case(model, golden, type);
            compared++;
        }
    }
    cr_assert_eq(compared, golden_case_count(file));
    gd_model_destroy(model);
    golden_close(file);
}

Test(train_step, last_batch_of_an_epoch_is_averaged_over_its_real_size)
{
    gd_real features[10 * 4], targets[10];
    gd_examples examples = training_run_examples(features, targets, 10, 1);
    gd_model *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.training.batch_size = 4;
    setup.training.epochs = 1;
    setup.training.record_every = 1;
    setup.optimizer.learning_rate = 1e-30; /* parameters stay as they are */
    gd_trainer *trainer = training_run_create(&setup);
    training_run_curve curve = {0};
    cr_assert_eq(training_run_advance(trainer, -1, &curve, NULL), GD_OK);
    cr_assert_eq(curve.count, 3);
    gd_examples last = {features + 8 * 4, targets + 8, 2, 4, 1, 0, 0, NULL, NULL};
    gd_trainer_setup alone = training_run_setup(model, last);
    alone.training.epochs = 1;
    alone.initial_parameters = gd_trainer_parameters(trainer);
    gd_trainer *other = training_run_create(&alone);
    training_run_curve expected = {0};
    cr_assert_eq(training_run_advance(other, -1, &expected, NULL), GD_OK);
    const gd_point *partial = &curve.points[2].point, *whole = &expected.points[0].point;
    cr_assert_float_eq(partial->loss, whole->loss, 1e-12);
    cr_assert_float_eq(partial->gradient_norm, whole->gradient_norm, 1e-12);
    training_run_dispose(&curve);
    training_run_dispose(&expected);
    gd_trainer_destroy(trainer);
    gd_trainer_destroy(other);
    gd_model_destroy(model);
}

Test(train_step, clipping_shows_the_norm_before_it)
{
    gd_real features[10 * 4], targets[10];
    gd_examples examples = training_run_examples(features, targets, 10, 2);
    gd_model *model = training_run_model((int64_t[]){4, 3, 1}, 3, 0);
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.training.batch_size = GD_AUTOMATIC;
    setup.training.epochs = 1;
    setup.training.clip = GD_CLIP_NORM;
    setup.training.clip_limit = 1e-3;
    setup.optimizer.learning_rate = 1;
    gd_trainer *trainer = training_run_create(&setup);
    gd_real before[64];
    size_t count = gd_model_parameter_count(model);
    memcpy(before, gd_trainer_parameters(trainer), count * sizeof *before);
    training_run_curve curve = {0};
    cr_assert_eq(training_run_advance(trainer, -1, &curve, NULL), GD_OK);
    const training_run_point *point = &curve.points[0];
    cr_assert_gt(point->point.gradient_norm, 0.05);
    cr_assert_float_eq(hypot(point->layer_norms[0], point->layer_norms[1]),
                       point->point.gradient_norm, 1e-9);
    double moved = 0;
    for (size_t i = 0; i < count; i++) {
        double change = (double)gd_trainer_parameters(trainer)[i] - (double)before[i];
        moved += change * change;
    }
    cr_assert_float_eq(sqrt(moved), 1e-3, 2e-6);
    training_run_dispose(&curve);
    gd_trainer_destroy(trainer);
    gd_model_destroy(model);
}

/*
 * Versicolor and virginica standardised, so that first-order steps get somewhere, and the model that
 * separates them. False where the file is missing.
 */
static bool begin_iris(gd_real *features, gd_real *targets, gd_model **model,
                       gd_trainer_setup *setup)
{
    if (!training_run_iris(features, targets)) {
        return false;
    }
    for (int j = 0; j < 4; j++) {
        double mean = 0, square = 0;
        for (int i = 0; i < 100; i++) {
            mean += (double)features[4 * i + j] / 100;
        }
        for (int i = 0; i < 100; i++) {
            square += pow((double)features[4 * i + j] - mean, 2) / 100;
        }
        for (int i = 0; i < 100; i++) {
            features[4 * i + j] = (gd_real)(((double)features[4 * i + j] - mean) / sqrt(square));
        }
    }
    *model = training_run_model((int64_t[]){4, 1}, 2, 0);
    *setup =
        training_run_setup(*model, (gd_examples){features, targets, 100, 4, 1, 0, 0, NULL, NULL});
    setup->loss.type = GD_LOSS_BINARY_CROSS_ENTROPY;
    setup->training.batch_size = GD_AUTOMATIC;
    return true;
}

/* The unique optimum of a convex problem on real data, known to twelve digits. */
static void expect_iris_optimum(const gd_trainer_setup *setup)
{
    gd_trainer *trainer = training_run_create(setup);
    cr_assert_eq(training_run_advance(trainer, -1, NULL, NULL), GD_OK);
    double deviance = 200 * gd_trainer_progress(trainer)->last_loss;
    double allowed = sizeof(gd_real) == sizeof(double) ? 1e-9 : 1e-4;
    cr_assert_float_eq(deviance, 11.8985467914, allowed, "%.12g", deviance);
    gd_trainer_destroy(trainer);
}

static void set_optimizer(gd_trainer_setup *setup, gd_optimizer_type type)
{
    setup->optimizer.type = type;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(type)->fields, &setup->optimizer);
}

Test(train_step, logistic_regression_on_iris_ends_at_its_optimum)
{
    gd_real features[400], targets[100];
    gd_model *model = NULL;
    gd_trainer_setup setup;
    if (!begin_iris(features, targets, &model, &setup)) {
        cr_skip_test("skipped: ../shared/data/tabular/iris.csv is missing");
    }
    set_optimizer(&setup, GD_OPTIMIZER_ADAM);
    setup.optimizer.learning_rate = 0.1;
    setup.schedule.type = GD_SCHEDULE_COSINE;
    setup.schedule.unit = GD_SCHEDULE_STEPS;
    setup.schedule.t_max = GD_AUTOMATIC;
    setup.training.epochs = 20000;
    expect_iris_optimum(&setup);
    gd_model_destroy(model);
}

Test(train_step, lbfgs_finds_the_same_optimum_in_a_hundred_steps)
{
    gd_real features[400], targets[100];
    gd_model *model = NULL;
    gd_trainer_setup setup;
    if (!begin_iris(features, targets, &model, &setup)) {
        cr_skip_test("skipped: ../shared/data/tabular/iris.csv is missing");
    }
    set_optimizer(&setup, GD_OPTIMIZER_LBFGS);
    setup.optimizer.of.lbfgs.tolerance_change = 0;
    setup.training.epochs = 100;
    expect_iris_optimum(&setup);
    gd_model_destroy(model);
}
