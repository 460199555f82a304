/*
 * conv2d.c: y = f(windows · W^T + b), [height, width, channels] → [rows, columns, filters],
 * torch.nn.Conv2d with weight [filters, channels, height, width].
 *
 * Images go one by one, or a few side by side where threads share them, through the sweeps of
 * convolution.h, while they are in the cache: what a window may reach beyond an image is staged between
 * zeros, and so are the slopes. Gradients of weights add up image by image, in order, whoever adds.
 */
#include "nn/convolution_listed.h"

#include "base/memory.h"
#include "math/parallel.h"

enum {
    WEIGHT,
    BIAS
};

/* Operations of a pass below which it stays on one thread. */
#define PARALLEL_MINIMUM ((double)(2 << 20))

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const int64_t *kernel = options->kernel.values;
    gd_status status = gdi_windows_check(layer, kernel, options->padding == GD_PADDING_SAME, error);
    if (status != GD_OK) {
        return status;
    }
    const gdi_windows windows =
        gdi_windows_of(layer, kernel, options->stride.values, options->padding == GD_PADDING_SAME);
    const int64_t channels = layer->input.dimensions[2], filters = options->filters;
    layer->output = (gd_shape){
        .rank = 3, .dimensions = {(int64_t)windows.count[0], (int64_t)windows.count[1], filters}};
    const gd_shape weight = {.rank = 4, .dimensions = {filters, channels, kernel[0], kernel[1]}};
    const gd_shape bias = {.rank = 1, .dimensions = {filters}};
    status = gdi_layer_add_weight(layer, "weight", weight, options->l1, options->l2, error);
    if (status == GD_OK && options->bias) {
        status = gdi_layer_add_tensor(layer, "bias", bias, true, error);
    }
    layer->step_operations = gdi_saturating_product(
        gdi_saturating_product(2, gd_shape_size(&weight), 1), (int64_t)gdi_windows_count(&windows),
        layer->input_gradient_wanted ? 3 : 2);
    return status;
}

static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    gdi_convolution c;
    if (!gdi_convolution_describe(layer, batch, training, &c)) {
        return false;
    }
    wanted->scratch = c.end;
    if (!training || layer->joins_next ||
        !gdi_member_keeps_input(layer->options.of.conv2d.activation)) {
        return true;
    }
    size_t elements;
    return gdi_size_multiply(batch, (size_t)gd_shape_size(&layer->output), &elements) &&
           gdi_size_multiply(elements, sizeof(gd_real), &wanted->saved);
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const gdi_windows windows = gdi_windows_of(
        layer, options->kernel.values, options->stride.values, options->padding == GD_PADDING_SAME);
    const size_t filters = (size_t)options->filters, area = gdi_window_size(&windows);
    const gdi_fans fans = {.in = area * windows.channels, .out = area * filters};
    gdi_initialise_weight(options->initialiser, parameters + layer->tensors[WEIGHT].offset, filters,
                          fans.in, fans, random);
    if (options->bias) {
        gdi_initialise_bias(options->initialiser, parameters + layer->tensors[BIAS].offset, filters,
                            fans, random);
    }
}

/* One pass over the images of a batch. */
typedef struct work {
    const gdi_pass *pass;
    gdi_convolution c;
    const gd_activation_descriptor *activation; /* NULL: none */
    gdi_thread_pool *pool;                      /* NULL: this thread alone */
    size_t slots;                               /* images staged at a time */
    size_t first, images;                       /* those under way */
    bool lists;                                 /* weights are finite */
} work;

static work begin_work(const gdi_pass *pass, size_t products)
{
    const gdi_layer *layer = pass->layer;
    work made = {.pass = pass,
                 .activation = gdi_member_activation(layer->options.of.conv2d.activation)};
    gdi_convolution_describe(layer, pass->batch, pass->training, &made.c);
    const double operations = 2.0 * (double)(products * pass->batch * layer->output_count) *
                              (double)(gdi_window_size(&made.c.windows) * made.c.windows.channels);
    made.pool = operations < PARALLEL_MINIMUM ? NULL : pass->pool;
    made.slots = made.pool == NULL ? 1 : made.c.slots;
    return made;
}

/* Zeros around what will be staged; they stay. */
static void clear(const work *task, size_t staged, const gdi_staging *staging)
{
    gdi_fill(task->pass->scratch + staged, task->slots * gdi_staging_elements(staging), 0);
}

/* An image's rows in the middle of zeros. */
static gd_real *stage_row(const gdi_staging *staging, gd_real *staged, size_t row)
{
    return staged +
           ((staging->before[0] + row) * staging->size[1] + staging->before[1]) * staging->channels;
}

/* Image `slot` of those under way as the sweeps read it. */
static const gd_real *cells_of(const work *task, size_t slot)
{
    const gdi_convolution *c = &task->c;
    const size_t size = task->pass->layer->input_count;
    return c->is_staged
               ? task->pass->scratch + c->staged_input + slot * gdi_staging_elements(&c->input)
               : task->pass->input + (task->first + slot) * size;
}

static void stage_input(const work *task, size_t slot)
{
    const gdi_convolution *c = &task->c;
    const size_t row = c->windows.image[1] * c->windows.channels;
    const gd_real *image =
        task->pass->input + (task->first + slot) * task->pass->layer->input_count;
    gd_real *staged =
        task->pass->scratch + c->staged_input + slot * gdi_staging_elements(&c->input);
    for (size_t y = 0; c->is_staged && y < c->input.image[0]; y++) {
        gdi_copy_run(stage_row(&c->input, staged, y), image + y * row,
                     c->input.image[1] * c->windows.channels);
    }
}

static gd_real *staged_slopes(const work *task, size_t slot)
{
    return task->pass->scratch + task->c.staged_slopes +
           slot * gdi_staging_elements(&task->c.slopes);
}

static gd_real *pooled_slopes(const work *task, size_t slot)
{
    return task->pass->scratch + task->c.pooled_slopes + slot * task->pass->layer[1].output_count;
}

/* target = output_gradient times the slope of the activation, of elements from `at` on. */
static void take_slopes(const work *task, size_t at, size_t count, gd_real *target)
{
    const gdi_pass *pass = task->pass;
    const bool keeps_input = gdi_member_keeps_input(pass->layer->options.of.conv2d.activation);
    if (task->activation == NULL) {
        gdi_copy_run(target, pass->output_gradient + at, count);
    } else {
        task->activation->backward(keeps_input ? (const gd_real *)pass->saved + at : NULL,
                                   pass->output + at, pass->output_gradient + at, target, count);
    }
}

/* Of a joined pool slopes are taken of its own outputs, fewer, and then listed or spread. */
static void take_pooled_slopes(const work *task, size_t slot)
{
    const size_t size = task->pass->layer[1].output_count;
    take_slopes(task, (task->first + slot) * size, size, pooled_slopes(task, slot));
}

static const uint32_t *chosen_cells(const work *task, size_t slot)
{
    const gdi_pass *pass = task->pass;
    return (const uint32_t *)pass->saved + (task->first + slot) * pass->layer[1].output_count;
}

static void stage_pooled_slopes(const work *task, size_t slot)
{
    const gdi_convolution *c = &task->c;
    const size_t row = c->pool.count[1] * c->filters;
    const gdi_pool_row windows = gdi_pool_row_of(&c->pool, c->slopes.size[1] * c->slopes.channels);
    const uint32_t *chosen = chosen_cells(task, slot);
    const gd_real *slopes = pooled_slopes(task, slot);
    for (size_t y = 0; y < c->pool.count[0]; y++) {
        task->pass->layer->kernels->spread_to_largest(
            &windows, slopes + y * row, chosen + y * row, false,
            stage_row(&c->slopes, staged_slopes(task, slot), y * c->pool.stride[0]));
    }
}

static void stage_slopes(const work *task, size_t slot)
{
    const gdi_convolution *c = &task->c;
    const size_t row = c->windows.count[1] * c->filters;
    const size_t image = (task->first + slot) * task->pass->layer->output_count;
    for (size_t y = 0; y < c->windows.count[0]; y++) {
        take_slopes(task, image + y * row, row,
                    stage_row(&c->slopes, staged_slopes(task, slot), y));
    }
}

/* The outputs of an image and, where a pool is joined, the pool's of these. */
static void pool(const work *task, size_t slot, const gd_real *outputs)
{
    const gdi_pass *pass = task->pass;
    const gdi_convolution *c = &task->c;
    const size_t line = c->windows.count[1] * c->filters;
    const gdi_pool_row windows = gdi_pool_row_of(&c->pool, line);
    const size_t row = c->pool.count[1] * c->filters;
    const size_t at = (task->first + slot) * pass->layer[1].output_count;
    uint32_t *chosen = pass->saved == NULL ? NULL : (uint32_t *)pass->saved + at;
    for (size_t y = 0; y < c->pool.count[0]; y++) {
        pass->layer->kernels->largest_of_windows(&windows, outputs + y * c->pool.stride[0] * line,
                                                 pass->output + at + y * row,
                                                 chosen == NULL ? NULL : chosen + y * row);
    }
}

static void run_forward(void *context, size_t slot, void *scratch)
{
    const work *task = context;
    const gdi_pass *pass = task->pass;
    const gdi_layer *layer = pass->layer;
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const size_t size = layer->output_count, at = (task->first + slot) * size;
    const bool keeps_input = pass->training && gdi_member_keeps_input(options->activation);
    const bool rectifies = options->activation == GD_ACTIVATION_RELU;
    gd_real *outputs =
        layer->joins_next ? pass->scratch + task->c.outputs + slot * size : pass->output + at;
    gd_real *sums = keeps_input ? (gd_real *)pass->saved + at : outputs;
    (void)scratch;
    stage_input(task, slot);
    gdi_convolution_outputs(&task->c, layer->kernels, cells_of(task, slot), pass->scratch,
                            options->bias, rectifies, sums);
    if (task->activation != NULL && !rectifies) {
        task->activation->forward(sums, outputs, size);
    }
    if (layer->joins_next) {
        pool(task, slot, outputs);
    }
}

static void forward(const gdi_pass *pass)
{
    work task = begin_work(pass, 1);
    gdi_convolution_pack(&task.c, gdi_parameter(pass, WEIGHT),
                         pass->layer->options.of.conv2d.bias ? gdi_parameter(pass, BIAS) : NULL,
                         pass->scratch);
    if (task.c.is_staged) {
        clear(&task, task.c.staged_input, &task.c.input);
    }
    for (; task.first < pass->batch; task.first += task.images) {
        const size_t left = pass->batch - task.first;
        task.images = left < task.slots ? left : task.slots;
        gdi_thread_pool_run(task.pool, task.images, run_forward, &task);
    }
}

/* Whether slopes of the image under way are listed: a zero that is left out must be one. */
static uint32_t *has_list(const work *task, size_t slot)
{
    return (uint32_t *)(void *)(task->pass->scratch + task->c.listed_flags) + slot;
}

static bool can_list(const work *task, size_t slot)
{
    const gdi_pass *pass = task->pass;
    const size_t size = pass->layer->input_count;
    return task->lists &&
           pass->layer->kernels->all_finite(pooled_slopes(task, slot),
                                            pass->layer[1].output_count) &&
           pass->layer->kernels->all_finite(pass->input + (task->first + slot) * size, size);
}

/* Stages an image and its slopes, or lists these, and makes the image's gradient. */
static void run_backward(void *context, size_t slot, void *scratch)
{
    const work *task = context;
    const gdi_pass *pass = task->pass;
    const gdi_kernels *kernels = pass->layer->kernels;
    gd_real *gradient = pass->input_gradient;
    if (gradient != NULL) {
        gradient += (task->first + slot) * pass->layer->input_count;
    }
    (void)scratch;
    stage_input(task, slot);
    if (!pass->layer->joins_next) {
        stage_slopes(task, slot);
    } else {
        take_pooled_slopes(task, slot);
        if (task->c.lists) {
            *has_list(task, slot) = can_list(task, slot);
        }
        if (task->c.lists && *has_list(task, slot)) {
            gdi_listed_take(&task->c, kernels, pooled_slopes(task, slot), chosen_cells(task, slot),
                            slot, pass->scratch, gradient);
            return;
        }
        stage_pooled_slopes(task, slot);
    }
    if (gradient != NULL) {
        gdi_convolution_image_gradient(&task->c, kernels, staged_slopes(task, slot), pass->scratch,
                                       gradient);
    }
}

static double *bias_sums(const work *task)
{
    return (double *)(void *)(task->pass->scratch + task->c.bias_sums);
}

/* An image's share of a part of the gradients of the weights: of lists, then those of products, as an image
 * without lists has its share there. */
static void add_weight_gradients(const work *task, size_t part, size_t slot)
{
    const gdi_convolution *c = &task->c;
    const gdi_kernels *kernels = task->pass->layer->kernels;
    const size_t listed_parts = c->lists ? gdi_listed_parts(c) : 0;
    const bool listed = c->lists && *has_list(task, slot);
    if (part < listed_parts && listed) {
        gdi_listed_add(c, kernels, part, cells_of(task, slot), slot, task->pass->scratch);
    } else if (part >= listed_parts && !listed) {
        gdi_convolution_weight_gradients(c, kernels, part - listed_parts, cells_of(task, slot),
                                         staged_slopes(task, slot),
                                         !c->lists && task->first + slot == 0, task->pass->scratch);
    }
}

static size_t weight_parts(const gdi_convolution *c)
{
    return (c->lists ? gdi_listed_parts(c) : 0) + gdi_convolution_gradient_parts(c);
}

/* Adds a part of the gradients of the weights, or the one after the last of them that of the bias. */
static void add_gradients(void *context, size_t part, void *scratch)
{
    const work *task = context;
    const gdi_pass *pass = task->pass;
    const gdi_convolution *c = &task->c;
    const gdi_kernels *kernels = pass->layer->kernels;
    (void)scratch;
    for (size_t slot = 0; slot < task->images; slot++) {
        if (part < weight_parts(c)) {
            add_weight_gradients(task, part, slot);
            continue;
        }
        if (pass->layer->joins_next) {
            kernels->add_column_sums(pooled_slopes(task, slot), gdi_windows_count(&c->pool),
                                     c->filters, bias_sums(task));
            continue;
        }
        for (size_t y = 0; y < c->windows.count[0]; y++) {
            kernels->add_column_sums(stage_row(&c->slopes, staged_slopes(task, slot), y),
                                     c->windows.count[1], c->filters, bias_sums(task));
        }
    }
}

static void begin_backward(work *task)
{
    const gdi_pass *pass = task->pass;
    const gdi_convolution *c = &task->c;
    const gd_real *weight = gdi_parameter(pass, WEIGHT);
    if (pass->input_gradient != NULL) {
        gdi_convolution_pack_turned(c, weight, pass->scratch);
    }
    if (c->lists) {
        task->lists = pass->layer->kernels->all_finite(weight, pass->layer->tensors[WEIGHT].count);
        gdi_listed_begin(c, weight, pass->input_gradient != NULL, pass->scratch);
        gdi_convolution_clear_gradients(c, pass->scratch);
    }
    if (c->is_staged) {
        clear(task, c->staged_input, &c->input);
    }
    clear(task, c->staged_slopes, &c->slopes);
    for (size_t f = 0; f < c->filters; f++) {
        bias_sums(task)[f] = 0;
    }
}

static void backward(const gdi_pass *pass)
{
    const bool has_bias = pass->layer->options.of.conv2d.bias;
    work task = begin_work(pass, pass->input_gradient != NULL ? 2 : 1);
    const size_t parts = weight_parts(&task.c) + (has_bias ? 1 : 0);
    begin_backward(&task);
    for (; task.first < pass->batch; task.first += task.images) {
        const size_t left = pass->batch - task.first;
        task.images = left < task.slots ? left : task.slots;
        gdi_thread_pool_run(task.pool, task.images, run_backward, &task);
        gdi_thread_pool_run(task.pool, parts, add_gradients, &task);
    }
    gdi_convolution_unpack_gradients(&task.c, pass->scratch, gdi_gradient(pass, WEIGHT));
    if (task.c.lists) {
        gdi_listed_end(&task.c, pass->scratch, gdi_gradient(pass, WEIGHT));
    }
    for (size_t f = 0; has_bias && f < task.c.filters; f++) {
        gdi_gradient(pass, BIAS)[f] = (gd_real)bias_sums(&task)[f];
    }
}

/* A pool whose windows are apart has one slope a window: that of the largest output, which is
 * its own. */
static bool joins(const gdi_layer *layer, const gdi_layer *next)
{
    if (next->options.type != GD_LAYER_MAX_POOL2D ||
        gdi_member_keeps_input(layer->options.of.conv2d.activation)) {
        return false;
    }
    const gdi_windows windows = gdi_pool_windows(next);
    return gdi_windows_are_apart(&windows);
}

const gdi_layer_operations gdi_conv2d_operations = {.plan = plan,
                                                    .needs = needs,
                                                    .initialise = initialise,
                                                    .forward = forward,
                                                    .backward = backward,
                                                    .joins = joins};
