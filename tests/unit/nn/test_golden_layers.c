/*
 * test_golden_layers.c: small networks around every layer kind against PyTorch: first output and
 * gradients, 20 steps of training with running statistics, and the trained network's predictions.
 *
 * Layers are built from the cases' descriptions through the field tables, as a job's are.
 */
#include "support/golden.h"
#include "support/network.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <descent/optimizer.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GD_REAL_DOUBLE
#define SUFFIX    "_double.txt"
#define TOLERANCE 1e-9
#else
#define SUFFIX    ".txt"
#define TOLERANCE 1e-5
#endif

enum {
    MAXIMUM_LAYERS = 16
};

static void set_choice(const gd_field *field, const char *word, void *member)
{
    for (int i = 0; field->choices[i] != NULL; i++) {
        if (strcmp(field->choices[i], word) == 0) {
            memcpy(member, &i, sizeof i);
            return;
        }
    }
    cr_assert_fail("%s has no choice \"%s\"", field->name, word);
}

static void set_field(const gd_field *field, const cJSON *value, gd_layer_options *options)
{
    unsigned char *member = (unsigned char *)options + field->offset;
    const double number = value->valuedouble;
    const int64_t count = (int64_t)number;
    const bool flag = cJSON_IsTrue(value);
    gd_count_list list = {.length = 2, .values = {count, count}};
    switch (field->type) {
    case GD_FIELD_NUMBER:
        memcpy(member, &number, sizeof number);
        break;
    case GD_FIELD_COUNT:
        memcpy(member, &count, sizeof count);
        break;
    case GD_FIELD_BOOLEAN:
        memcpy(member, &flag, sizeof flag);
        break;
    case GD_FIELD_CHOICE:
        set_choice(field, value->valuestring, member);
        break;
    case GD_FIELD_COUNTS:
        for (int i = 0; cJSON_IsArray(value) && i < 2; i++) {
            list.values[i] = (int64_t)cJSON_GetArrayItem(value, i)->valuedouble;
        }
        memcpy(member, &list, sizeof list);
        break;
    case GD_FIELD_NUMBERS:
        cr_assert_fail("no layer has numbers");
    }
}

static gd_layer_options read_layer(const char *text)
{
    cJSON *json = cJSON_Parse(text);
    cr_assert_not_null(json, "%s", text);
    const char *type = cJSON_GetObjectItem(json, "type")->valuestring;
    int kind = 0;
    while (kind < GD_LAYER_TYPE_COUNT &&
           strcmp(gd_layer_descriptor_at((gd_layer_type)kind)->name, type) != 0) {
        kind++;
    }
    cr_assert_lt(kind, GD_LAYER_TYPE_COUNT, "%s", text);
    gd_layer_options options = network_layer((gd_layer_type)kind);
    const gd_field_table *fields = &gd_layer_descriptor_at(options.type)->fields;
    int used = 1;
    for (size_t f = 0; f < fields->count; f++) {
        const cJSON *value = cJSON_GetObjectItem(json, fields->fields[f].name);
        if (value != NULL) {
            set_field(&fields->fields[f], value, &options);
            used++;
        }
    }
    cr_assert_eq(used, cJSON_GetArraySize(json), "a member of %s is unknown", text);
    cJSON_Delete(json);
    return options;
}

static const golden_tensor *input_of(const golden_case *golden, int batch)
{
    const golden_tensor *flat = golden_tensor_find(golden, "batch.%d.x", batch);
    return flat != NULL ? flat : golden_tensor_find(golden, "batch.%d.x_nhwc", batch);
}

static network build(const golden_case *golden)
{
    gd_layer_options layers[MAXIMUM_LAYERS];
    int64_t count = 0;
    char key[32];
    for (; count < MAXIMUM_LAYERS; count++) {
        snprintf(key, sizeof key, "layers.%lld", (long long)count);
        const char *text = golden_meta(golden, key);
        if (text == NULL) {
            break;
        }
        layers[count] = read_layer(text);
    }
    const golden_tensor *x = input_of(golden, 0);
    const gd_shape shape = network_shape(x->rank - 1, x->shape + 1);
    const bool classes = strcmp(golden_meta(golden, "loss"), "cross_entropy") == 0;
    const gd_loss_options loss = {.type = classes ? GD_LOSS_CROSS_ENTROPY : GD_LOSS_MSE};
    int64_t largest = 0;
    for (int b = 0; b < (int)golden_number(golden, "batches", 0); b++) {
        const int64_t size = input_of(golden, b)->shape[0];
        largest = size > largest ? size : largest;
    }
    return network_create(shape, layers, count, largest, loss, 1);
}

static void set_parameters(network *net, const golden_case *golden)
{
    int64_t trained = 0, statistics = 0;
    double *start = golden_flatten(golden, "start.", &trained);
    double *buffers = golden_flatten(golden, "buffers0.", &statistics);
    cr_assert_eq((size_t)trained, gd_model_trained_count(net->model));
    cr_assert_eq((size_t)(trained + (buffers == NULL ? 0 : statistics)),
                 gd_model_parameter_count(net->model));
    for (int64_t i = 0; i < trained; i++) {
        net->parameters[i] = (gd_real)start[i];
    }
    for (int64_t i = 0; buffers != NULL && i < statistics; i++) {
        net->parameters[trained + i] = (gd_real)buffers[i];
    }
    free(start);
    free(buffers);
}

static void set_batch(network *net, const golden_case *golden, int batch)
{
    const golden_tensor *x = input_of(golden, batch);
    const golden_tensor *y = golden_tensor_find(golden, "batch.%d.y", batch);
    const int64_t rows_each = net->rows / net->batch;
    net->batch = x->shape[0];
    net->rows = rows_each * net->batch;
    for (int64_t i = 0; i < x->count; i++) {
        net->input[i] = (gd_real)x->values[i];
    }
    for (int64_t i = 0; i < y->count; i++) {
        net->targets[i] = (gd_real)y->values[i];
    }
}

/* Largest error relative to the tensor's largest value, or to `least` where that is larger. */
static void expect_close(const char *name, const char *what, const gd_real *got,
                         const golden_tensor *want, double least)
{
    double scale = least, worst = 0;
    for (int64_t i = 0; i < want->count; i++) {
        scale = fmax(scale, fabs(want->values[i]));
    }
    for (int64_t i = 0; i < want->count; i++) {
        const double error = fabs((double)got[i] - want->values[i]) / scale;
        worst = error > worst || isnan(error) ? error : worst;
    }
    cr_expect(worst < TOLERANCE, "%s: %s off by %g", name, what, worst);
}

static double largest_with_prefix(const golden_case *golden, const char *prefix)
{
    double largest = 0;
    for (int64_t t = 0; t < golden_tensor_count(golden); t++) {
        const golden_tensor *tensor = golden_tensor_at(golden, t);
        for (int64_t i = 0; strncmp(tensor->name, prefix, strlen(prefix)) == 0 && i < tensor->count;
             i++) {
            largest = fmax(largest, fabs(tensor->values[i]));
        }
    }
    return largest;
}

/*
 * Compares the tensors "<prefix><name>" that the case has with those of a flat block. A tensor that
 * is 0 but for rounding, as the gradient of a bias before batch_norm, is measured by the others.
 */
static int expect_block(const network *net, const golden_case *golden, const char *prefix,
                        const gd_real *block)
{
    const double least = 1e-2 * largest_with_prefix(golden, prefix);
    int compared = 0;
    for (int64_t t = 0; t < gd_model_tensor_count(net->model); t++) {
        const gd_parameter *tensor = gd_model_tensor(net->model, t);
        const golden_tensor *want = golden_tensor_find(golden, "%s%s", prefix, tensor->name);
        if (want != NULL) {
            char what[96];
            snprintf(what, sizeof what, "%s%s", prefix, tensor->name);
            cr_assert_eq((size_t)want->count, tensor->count, "%s", what);
            cr_assert_eq(want->rank, tensor->shape.rank, "%s", what);
            for (int64_t d = 0; d < want->rank; d++) {
                cr_assert_eq(want->shape[d], tensor->shape.dimensions[d], "%s", what);
            }
            expect_close(golden_case_name(golden), what, block + tensor->offset, want, least);
            compared++;
        }
    }
    return compared;
}

static gd_optimizer_options optimizer_of(const golden_case *golden)
{
    const bool adam = strcmp(golden_meta(golden, "optimizer"), "adam") == 0;
    gd_optimizer_options options;
    memset(&options, 0, sizeof options);
    options.type = adam ? GD_OPTIMIZER_ADAM : GD_OPTIMIZER_SGD;
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(options.type)->fields, &options);
    options.learning_rate = golden_number(golden, "learning_rate", 0);
    if (!adam) {
        options.of.sgd.momentum = golden_number(golden, "momentum", 0);
    }
    return options;
}

static void expect_first_step(const network *net, const golden_case *golden)
{
    const gd_real *output;
    network copy = *net;
    network_loss(&copy, &output);
    expect_close(golden_case_name(golden), "output", output, golden_tensor_find(golden, "output"),
                 1e-30);
    cr_expect_gt(expect_block(net, golden, "gradient.", net->gradients), 0);
}

/* max_pool2d_overlapping blows up in PyTorch too: what follows says nothing of the layer. */
static bool has_blown_up(const golden_tensor *losses, int step)
{
    return !(losses->values[step - 1] < 20 * losses->values[0]);
}

/* False where the case blew up before its end. */
static bool train(network *net, const golden_case *golden)
{
    const gd_optimizer_options options = optimizer_of(golden);
    const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at(options.type);
    const size_t trained = gd_model_trained_count(net->model);
    const size_t all = gd_model_parameter_count(net->model);
    const golden_tensor *losses = golden_tensor_find(golden, "loss");
    gd_real *moments = calloc((size_t)rule->moment_count(&options) * trained, sizeof *moments);
    for (int step = 1; step <= 20; step++) {
        set_batch(net, golden, (step - 1) % (int)golden_number(golden, "batches", 1));
        if (has_blown_up(losses, step)) {
            free(moments);
            return false;
        }
        const gd_real loss = (gd_real)network_gradient(net);
        cr_expect_float_eq((double)loss, losses->values[step - 1],
                           TOLERANCE * fabs(losses->values[step - 1]), "%s, loss of step %d",
                           golden_case_name(golden), step);
        if (step == 1) {
            expect_first_step(net, golden);
        }
        const gd_update update = {.step = step,
                                  .learning_rate = options.learning_rate,
                                  .parameters = net->parameters,
                                  .gradients = net->gradients,
                                  .moments = moments,
                                  .result = net->parameters,
                                  .count = trained,
                                  .stride = trained};
        rule->update(&options, &update);
        memcpy(net->parameters + trained, net->gradients + trained,
               (all - trained) * sizeof *net->parameters);
        if (step == 1 || step == 20) {
            char prefix[16];
            snprintf(prefix, sizeof prefix, "step%d.", step);
            int compared = expect_block(net, golden, prefix, net->parameters);
            snprintf(prefix, sizeof prefix, "buffers%d.", step);
            compared += expect_block(net, golden, prefix, net->parameters);
            cr_expect_eq(compared, gd_model_tensor_count(net->model));
        }
    }
    free(moments);
    return true;
}

static bool run_case(const golden_case *golden)
{
    network net = build(golden);
    set_parameters(&net, golden);
    const bool complete = train(&net, golden);
    if (!complete) {
        network_destroy(&net);
        return false;
    }
    set_batch(&net, golden, 0);
    const gd_real *output =
        gd_model_forward(net.model, net.parameters, net.workspace, net.input, net.batch, NULL);
    expect_close(golden_case_name(golden), "evaluation", output,
                 golden_tensor_find(golden, "evaluation"), 1e-30);
    network_destroy(&net);
    return true;
}

static void run_file(const char *name, int64_t at_least)
{
    golden_error error;
    golden_file *file = golden_open(name, &error);
    cr_assert_not_null(file, "%s", error.message);
    int64_t complete = 0;
    for (int64_t i = 0; i < golden_case_count(file); i++) {
        complete += run_case(golden_case_at(file, i));
    }
    cr_expect_geq(complete, at_least);
    golden_close(file);
}

Test(nn_golden, layers_of_features_and_sequences)
{
    run_file("layers" SUFFIX, 7);
}

Test(nn_golden, layers_of_images)
{
    run_file("images" SUFFIX, 12);
}

Test(nn_golden, recurrent_layers)
{
    run_file("recurrent" SUFFIX, 10);
}
