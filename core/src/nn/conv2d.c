/*
 * conv2d.c: y = f(windows · W^T + b), [height, width, channels] → [rows, columns, filters],
 * torch.nn.Conv2d with weight [filters, channels, height, width].
 *
 * Images go one by one, or a few side by side where threads share them, through the sweeps of
 * convolution.h, while they are in the cache: what a window may reach beyond an image is staged between
 * zeros, and so are the slopes. Gradients of weights add up image by image, in order, whoever adds.
 */
#include "nn/conv2d_stage.h"
#include "nn/convolution_listed.h"

#include "base/memory.h"

enum {
    WEIGHT,
    BIAS
};

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

/* The outputs of an image and, where a pool is joined, the pool's of these. */
static void pool(const gdi_conv2d_work *work, size_t slot, const gd_real *outputs)
{
    const gdi_pass *pass = work->pass;
    const gdi_convolution *c = &work->c;
    const size_t line = c->windows.count[1] * c->filters;
    const gdi_pool_row windows = gdi_pool_row_of(&c->pool, line);
    const size_t row = c->pool.count[1] * c->filters;
    const size_t at = (work->first + slot) * pass->layer[1].output_count;
    uint32_t *chosen = pass->saved == NULL ? NULL : (uint32_t *)pass->saved + at;
    for (size_t y = 0; y < c->pool.count[0]; y++) {
        pass->layer->kernels->largest_of_windows(&windows, outputs + y * c->pool.stride[0] * line,
                                                 pass->output + at + y * row,
                                                 chosen == NULL ? NULL : chosen + y * row);
    }
}

static void run_forward(void *context, size_t slot, void *scratch)
{
    const gdi_conv2d_work *work = context;
    const gdi_pass *pass = work->pass;
    const gdi_layer *layer = pass->layer;
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const size_t size = layer->output_count, at = (work->first + slot) * size;
    const bool keeps_input = pass->training && gdi_member_keeps_input(options->activation);
    const bool rectifies = options->activation == GD_ACTIVATION_RELU;
    gd_real *outputs =
        layer->joins_next ? pass->scratch + work->c.outputs + slot * size : pass->output + at;
    gd_real *sums = keeps_input ? (gd_real *)pass->saved + at : outputs;
    (void)scratch;
    gdi_conv2d_stage_input(work, slot);
    gdi_convolution_outputs(&work->c, layer->kernels, gdi_conv2d_cells(work, slot), pass->scratch,
                            options->bias, rectifies, sums);
    if (work->activation != NULL && !rectifies) {
        work->activation->forward(sums, outputs, size);
    }
    if (layer->joins_next) {
        pool(work, slot, outputs);
    }
}

static void forward(const gdi_pass *pass)
{
    gdi_conv2d_work work = gdi_conv2d_begin(pass, 1);
    gdi_convolution_pack(&work.c, gdi_parameter(pass, WEIGHT),
                         pass->layer->options.of.conv2d.bias ? gdi_parameter(pass, BIAS) : NULL,
                         pass->scratch);
    if (work.c.is_staged) {
        gdi_conv2d_clear(&work, work.c.staged_input, &work.c.input);
    }
    for (; work.first < pass->batch; work.first += work.images) {
        const size_t left = pass->batch - work.first;
        work.images = left < work.slots ? left : work.slots;
        gdi_thread_pool_run(work.pool, work.images, run_forward, &work);
    }
}

/* Whether slopes of the image under way are listed: a zero that is left out must be one. */
static uint32_t *has_list(const gdi_conv2d_work *work, size_t slot)
{
    return (uint32_t *)(void *)(work->pass->scratch + work->c.listed_flags) + slot;
}

static bool can_list(const gdi_conv2d_work *work, size_t slot)
{
    const gdi_pass *pass = work->pass;
    const size_t size = pass->layer->input_count;
    return work->lists &&
           pass->layer->kernels->all_finite(gdi_conv2d_pooled_slopes(work, slot),
                                            pass->layer[1].output_count) &&
           pass->layer->kernels->all_finite(pass->input + (work->first + slot) * size, size);
}

/* Stages an image and its slopes, or lists these, and makes the image's gradient. */
static void run_backward(void *context, size_t slot, void *scratch)
{
    const gdi_conv2d_work *work = context;
    const gdi_pass *pass = work->pass;
    const gdi_kernels *kernels = pass->layer->kernels;
    gd_real *gradient = pass->input_gradient;
    if (gradient != NULL) {
        gradient += (work->first + slot) * pass->layer->input_count;
    }
    (void)scratch;
    gdi_conv2d_stage_input(work, slot);
    if (!pass->layer->joins_next) {
        gdi_conv2d_stage_slopes(work, slot);
    } else {
        gdi_conv2d_take_pooled_slopes(work, slot);
        if (work->c.lists) {
            *has_list(work, slot) = can_list(work, slot);
        }
        if (work->c.lists && *has_list(work, slot)) {
            gdi_listed_take(&work->c, kernels, gdi_conv2d_pooled_slopes(work, slot),
                            gdi_conv2d_chosen(work, slot), slot, pass->scratch, gradient);
            return;
        }
        gdi_conv2d_stage_pooled_slopes(work, slot);
    }
    if (gradient != NULL) {
        gdi_convolution_image_gradient(&work->c, kernels, gdi_conv2d_slopes(work, slot),
                                       pass->scratch, gradient);
    }
}

static double *bias_sums(const gdi_conv2d_work *work)
{
    return (double *)(void *)(work->pass->scratch + work->c.bias_sums);
}

/* An image's share of a part of the gradients of the weights: of lists, then those of products, as an image
 * without lists has its share there. */
static void add_weight_gradients(const gdi_conv2d_work *work, size_t part, size_t slot)
{
    const gdi_convolution *c = &work->c;
    const gdi_kernels *kernels = work->pass->layer->kernels;
    const size_t listed_parts = c->lists ? gdi_listed_parts(c) : 0;
    const bool listed = c->lists && *has_list(work, slot);
    if (part < listed_parts && listed) {
        gdi_listed_add(c, kernels, part, gdi_conv2d_cells(work, slot), slot, work->pass->scratch);
    } else if (part >= listed_parts && !listed) {
        gdi_convolution_weight_gradients(c, kernels, part - listed_parts,
                                         gdi_conv2d_cells(work, slot),
                                         gdi_conv2d_slopes(work, slot),
                                         !c->lists && work->first + slot == 0, work->pass->scratch);
    }
}

static size_t weight_parts(const gdi_convolution *c)
{
    return (c->lists ? gdi_listed_parts(c) : 0) + gdi_convolution_gradient_parts(c);
}

/* Adds a part of the gradients of the weights, or the one after the last of them that of the bias. */
static void add_gradients(void *context, size_t part, void *scratch)
{
    const gdi_conv2d_work *work = context;
    const gdi_pass *pass = work->pass;
    const gdi_convolution *c = &work->c;
    const gdi_kernels *kernels = pass->layer->kernels;
    (void)scratch;
    for (size_t slot = 0; slot < work->images; slot++) {
        if (part < weight_parts(c)) {
            add_weight_gradients(work, part, slot);
            continue;
        }
        if (pass->layer->joins_next) {
            kernels->add_column_sums(gdi_conv2d_pooled_slopes(work, slot),
                                     gdi_windows_count(&c->pool), c->filters, bias_sums(work));
            continue;
        }
        for (size_t y = 0; y < c->windows.count[0]; y++) {
            kernels->add_column_sums(gdi_conv2d_row(&c->slopes, gdi_conv2d_slopes(work, slot), y),
                                     c->windows.count[1], c->filters, bias_sums(work));
        }
    }
}

static void begin_backward(gdi_conv2d_work *work)
{
    const gdi_pass *pass = work->pass;
    const gdi_convolution *c = &work->c;
    const gd_real *weight = gdi_parameter(pass, WEIGHT);
    if (pass->input_gradient != NULL) {
        gdi_convolution_pack_turned(c, weight, pass->scratch);
    }
    if (c->lists) {
        work->lists = pass->layer->kernels->all_finite(weight, pass->layer->tensors[WEIGHT].count);
        gdi_listed_begin(c, weight, pass->input_gradient != NULL, pass->scratch);
        gdi_convolution_clear_gradients(c, pass->scratch);
    }
    if (c->is_staged) {
        gdi_conv2d_clear(work, c->staged_input, &c->input);
    }
    gdi_conv2d_clear(work, c->staged_slopes, &c->slopes);
    for (size_t f = 0; f < c->filters; f++) {
        bias_sums(work)[f] = 0;
    }
}

static void backward(const gdi_pass *pass)
{
    const bool has_bias = pass->layer->options.of.conv2d.bias;
    gdi_conv2d_work work = gdi_conv2d_begin(pass, pass->input_gradient != NULL ? 2 : 1);
    const size_t parts = weight_parts(&work.c) + (has_bias ? 1 : 0);
    begin_backward(&work);
    for (; work.first < pass->batch; work.first += work.images) {
        const size_t left = pass->batch - work.first;
        work.images = left < work.slots ? left : work.slots;
        gdi_thread_pool_run(work.pool, work.images, run_backward, &work);
        gdi_thread_pool_run(work.pool, parts, add_gradients, &work);
    }
    gdi_convolution_unpack_gradients(&work.c, pass->scratch, gdi_gradient(pass, WEIGHT));
    if (work.c.lists) {
        gdi_listed_end(&work.c, pass->scratch, gdi_gradient(pass, WEIGHT));
    }
    for (size_t f = 0; has_bias && f < work.c.filters; f++) {
        gdi_gradient(pass, BIAS)[f] = (gd_real)bias_sums(&work)[f];
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
