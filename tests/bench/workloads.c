/*
 * workloads.c: the table of workloads (workloads.h).
 */
#include "bench/workloads.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LAYERS_MAXIMUM 8
/* Steps between two looks at the clock: some milliseconds. */
#define LOOK_SECONDS 0.005

typedef struct workload {
    const char *name;
    int64_t input[3]; /* shape of an example; 0 ends it */
    int64_t count;
    int64_t classes; /* of the targets: 0 a number, -1 a symbol a time step */
    int64_t batch;   /* GD_AUTOMATIC: all */
    bool shuffled;
    gd_loss_type loss;
    gd_optimizer_type optimizer;
    double learning_rate;
    int64_t (*build)(gd_layer_options *layers);
} workload;

static gd_layer_options *add(gd_layer_options *layers, int64_t *count, gd_layer_type type)
{
    gd_layer_options *layer = &layers[(*count)++];
    *layer = (gd_layer_options){.type = type};
    gd_fields_set_defaults(&gd_layer_descriptor_at(type)->fields, layer);
    return layer;
}

static void add_dense(gd_layer_options *layers, int64_t *count, int64_t units, int activation)
{
    gd_layer_options *layer = add(layers, count, GD_LAYER_DENSE);
    layer->of.dense.units = units;
    layer->of.dense.activation = activation;
}

static int64_t build_linear(gd_layer_options *layers)
{
    int64_t count = 0;
    add_dense(layers, &count, 1, GD_ACTIVATION_IDENTITY);
    return count;
}

static int64_t build_small(gd_layer_options *layers)
{
    int64_t count = 0;
    add_dense(layers, &count, 16, GD_ACTIVATION_TANH);
    add_dense(layers, &count, 1, GD_ACTIVATION_IDENTITY);
    return count;
}

static int64_t build_digits(gd_layer_options *layers)
{
    int64_t count = 0;
    add_dense(layers, &count, 128, GD_ACTIVATION_RELU);
    add_dense(layers, &count, 10, GD_ACTIVATION_IDENTITY);
    return count;
}

static int64_t build_large(gd_layer_options *layers)
{
    int64_t count = 0;
    add_dense(layers, &count, 2048, GD_ACTIVATION_RELU);
    add_dense(layers, &count, 2048, GD_ACTIVATION_RELU);
    add_dense(layers, &count, 10, GD_ACTIVATION_IDENTITY);
    return count;
}

static void add_convolution(gd_layer_options *layers, int64_t *count, int64_t filters)
{
    gd_conv2d_options *conv2d = &add(layers, count, GD_LAYER_CONV2D)->of.conv2d;
    conv2d->filters = filters;
    conv2d->kernel = (gd_count_list){2, {5, 5}};
    conv2d->padding = GD_PADDING_SAME;
    conv2d->activation = GD_ACTIVATION_RELU;
    gd_pool2d_options *pool = &add(layers, count, GD_LAYER_MAX_POOL2D)->of.pool2d;
    pool->size = (gd_count_list){2, {2, 2}};
}

static int64_t build_convolutions(gd_layer_options *layers)
{
    int64_t count = 0;
    add_convolution(layers, &count, 8);
    add_convolution(layers, &count, 16);
    add(layers, &count, GD_LAYER_FLATTEN);
    add_dense(layers, &count, 10, GD_ACTIVATION_IDENTITY);
    return count;
}

#define SYMBOLS 65

static int64_t build_recurrent(gd_layer_options *layers)
{
    int64_t count = 0;
    gd_embedding_options *embedding = &add(layers, &count, GD_LAYER_EMBEDDING)->of.embedding;
    embedding->vocabulary = SYMBOLS;
    embedding->dimensions = 32;
    gd_recurrent_options *lstm = &add(layers, &count, GD_LAYER_LSTM)->of.recurrent;
    lstm->units = 128;
    lstm->return_sequences = true;
    add_dense(layers, &count, SYMBOLS, GD_ACTIVATION_IDENTITY);
    return count;
}

/* GD_LOSS_BINARY_CROSS_ENTROPY has classes 0 and 1 of one output. */
static const workload workloads[] = {
    {"linear-32-b64-sgd",
     {32},
     200000,
     0,
     64,
     false,
     GD_LOSS_MSE,
     GD_OPTIMIZER_SGD,
     1e-2,
     build_linear},
    {"linear-32-b1-sgd",
     {32},
     200000,
     0,
     1,
     true,
     GD_LOSS_MSE,
     GD_OPTIMIZER_SGD,
     1e-3,
     build_linear},
    {"linear-32-b1-sgd-in-order",
     {32},
     200000,
     0,
     1,
     false,
     GD_LOSS_MSE,
     GD_OPTIMIZER_SGD,
     1e-3,
     build_linear},
    {"linear-32-full-gd",
     {32},
     200000,
     0,
     GD_AUTOMATIC,
     false,
     GD_LOSS_MSE,
     GD_OPTIMIZER_SGD,
     1e-2,
     build_linear},
    {"logistic-32-b64-adam",
     {32},
     200000,
     2,
     64,
     false,
     GD_LOSS_BINARY_CROSS_ENTROPY,
     GD_OPTIMIZER_ADAM,
     1e-3,
     build_linear},
    {"mlp-2-16-1-b32-adam",
     {2},
     2000,
     2,
     32,
     false,
     GD_LOSS_BINARY_CROSS_ENTROPY,
     GD_OPTIMIZER_ADAM,
     1e-2,
     build_small},
    {"mlp-784-128-10-b64-adam",
     {784},
     20000,
     10,
     64,
     false,
     GD_LOSS_CROSS_ENTROPY,
     GD_OPTIMIZER_ADAM,
     1e-3,
     build_digits},
    {"mlp-1024-2048-2048-10-b128-adam",
     {1024},
     8192,
     10,
     128,
     false,
     GD_LOSS_CROSS_ENTROPY,
     GD_OPTIMIZER_ADAM,
     1e-3,
     build_large},
    {"conv-28x28-8-16-b64-adam",
     {28, 28, 1},
     8192,
     10,
     64,
     false,
     GD_LOSS_CROSS_ENTROPY,
     GD_OPTIMIZER_ADAM,
     1e-3,
     build_convolutions},
    {"lstm-65-32-128-t64-b32-adam",
     {64},
     1024,
     -1,
     32,
     false,
     GD_LOSS_CROSS_ENTROPY,
     GD_OPTIMIZER_ADAM,
     1e-3,
     build_recurrent},
};

#define WORKLOADS (sizeof workloads / sizeof workloads[0])

struct workload_run {
    gd_model *model;
    gd_trainer *trainer;
    gd_real *features, *targets;
    double steps_a_look;
};

const char *const *workload_names(void)
{
    static const char *names[WORKLOADS + 1];
    for (size_t i = 0; i < WORKLOADS; i++) {
        names[i] = workloads[i].name;
    }
    return names;
}

static const workload *find(const char *name)
{
    for (size_t i = 0; i < WORKLOADS; i++) {
        if (strcmp(workloads[i].name, name) == 0) {
            return &workloads[i];
        }
    }
    return NULL;
}

/* On large pages, as the service keeps examples and as numpy keeps arrays. */
static gd_real *allocate(int64_t count)
{
    const size_t page = (size_t)2 << 20;
    const size_t bytes = ((size_t)count * sizeof(gd_real) + page - 1) / page * page;
    gd_real *block = aligned_alloc(page, bytes);
    if (block != NULL) {
        (void)madvise(block, bytes, MADV_HUGEPAGE);
    }
    return block;
}

static bool make_data(workload_run *run, const workload *it, int64_t width, int64_t target_width)
{
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    run->features = allocate(it->count * width);
    run->targets = allocate(it->count * target_width);
    if (run->features == NULL || run->targets == NULL) {
        return false;
    }
    for (int64_t i = 0; i < it->count * width; i++) {
        double value =
            it->classes < 0 ? (double)gd_random_below(&random, SYMBOLS) : gd_random_normal(&random);
        run->features[i] = (gd_real)value;
    }
    uint64_t classes = it->classes < 0 ? SYMBOLS : (uint64_t)it->classes;
    for (int64_t i = 0; i < it->count * target_width; i++) {
        double value =
            classes > 0 ? (double)gd_random_below(&random, classes) : gd_random_normal(&random);
        run->targets[i] = (gd_real)value;
    }
    return true;
}

/* As often as a job of ten epochs has a point, or of 20,000 steps where those are more. */
static int64_t steps_a_point(const workload *it)
{
    const int64_t batch = it->batch == GD_AUTOMATIC ? it->count : it->batch;
    const int64_t steps = 10 * ((it->count + batch - 1) / batch);
    return (steps > 20000 ? steps : 20000) / 1000;
}

static bool make_trainer(workload_run *run, const workload *it, int64_t threads, bool records)
{
    gd_layer_options layers[LAYERS_MAXIMUM];
    int64_t layer_count = it->build(layers), width = 1;
    gd_shape input = {0};
    for (; input.rank < 3 && it->input[input.rank] > 0; input.rank++) {
        input.dimensions[input.rank] = it->input[input.rank];
        width *= it->input[input.rank];
    }
    int64_t target_width = it->classes < 0 ? width : 1;
    if (gd_model_create(&run->model, &input, layers, layer_count, 1, 0, NULL) != GD_OK ||
        !make_data(run, it, width, target_width)) {
        return false;
    }
    gd_trainer_setup setup = {
        .model = run->model,
        .loss = {.type = it->loss},
        .optimizer = {.type = it->optimizer},
        .schedule = {.type = GD_SCHEDULE_CONSTANT},
        .training = gd_training_options_default(),
        .examples = {run->features, run->targets, it->count, width, target_width, 0, 0},
    };
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(it->optimizer)->fields, &setup.optimizer);
    setup.optimizer.learning_rate = it->learning_rate;
    setup.training.batch_size = it->batch;
    setup.training.shuffle = it->shuffled;
    setup.training.threads = threads;
    setup.training.seed = 1;
    setup.training.epochs = 0;
    setup.training.steps = INT64_C(10000000000); /* far more than any measurement takes */
    setup.training.record_every = records ? steps_a_point(it) : setup.training.steps;
    return gd_trainer_create(&run->trainer, &setup, NULL) == GD_OK;
}

workload_run *workload_create(const char *name, int64_t threads, bool records)
{
    const workload *it = find(name);
    workload_run *run = it == NULL ? NULL : calloc(1, sizeof *run);
    if (run != NULL && !make_trainer(run, it, threads, records)) {
        workload_destroy(run);
        return NULL;
    }
    return run;
}

void workload_destroy(workload_run *run)
{
    if (run == NULL) {
        return;
    }
    gd_trainer_destroy(run->trainer);
    gd_model_destroy(run->model);
    free(run->features);
    free(run->targets);
    free(run);
}

static bool advance(workload_run *run, int64_t steps)
{
    const gd_progress *progress = gd_trainer_progress(run->trainer);
    const int64_t end = progress->step + steps;
    while (progress->step < end) {
#ifdef WORKLOADS_WITHOUT_RUN /* a commit before there was gd_trainer_run */
        const gd_status status = gd_trainer_advance(run->trainer, NULL);
#else
        const gd_status status = gd_trainer_run(run->trainer, end - progress->step, NULL);
#endif
        if (status != GD_OK) {
            return false;
        }
    }
    return true;
}

double workload_measure(workload_run *run, double seconds, double (*clock)(void))
{
    /* The first steps fill caches and tell how many go between two looks at the clock. */
    double start = clock(), now = start;
    int64_t warm = 0;
    while (now - start < LOOK_SECONDS) {
        if (!advance(run, 1)) {
            return -1;
        }
        warm++;
        now = clock();
    }
    int64_t steps = warm;
    int64_t samples = gd_trainer_progress(run->trainer)->samples;
    start = now;
    while (now - start < seconds) {
        if (!advance(run, steps)) {
            return -1;
        }
        now = clock();
    }
    samples = gd_trainer_progress(run->trainer)->samples - samples;
    return (double)samples / (now - start);
}

double workload_operations(const workload_run *run)
{
    return (double)gd_model_operations(run->model);
}
