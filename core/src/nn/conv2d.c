/*
 * conv2d.c: y = f(windows · W^T + b), [height, width, channels] → [rows, columns, filters],
 * torch.nn.Conv2d with weight [filters, channels, height, width].
 *
 * The windows of a few images at a time are laid out as the rows of a matrix ("patches", in the order
 * row, column, channel, so that they are copied in runs) and go through the product kernel. Weights
 * are brought into that order in the scratch, once a pass. The backward pass lays the patches out
 * again: cheaper than keeping them. Outputs and images stay channels last.
 */
#include "nn/image.h"

#include "base/memory.h"
#include "math/parallel.h"

#include <string.h>

enum {
    WEIGHT,
    BIAS
};

/* Rows of patches worth a product: enough to fill the kernels, few enough to stay in the cache. */
#define PATCH_ROWS ((size_t)512)

static gdi_windows windows_of(const gdi_layer *layer)
{
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    return gdi_windows_of(layer, options->kernel.values, options->stride.values,
                          options->padding == GD_PADDING_SAME);
}

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const int64_t *kernel = options->kernel.values;
    gd_status status = gdi_windows_check(layer, kernel, options->padding == GD_PADDING_SAME, error);
    if (status != GD_OK) {
        return status;
    }
    const gdi_windows windows = windows_of(layer);
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

/* Sizes of the products and where their operands stand in the scratch, in elements. */
typedef struct convolution {
    gdi_windows windows;
    size_t filters, patch; /* patch: elements of a window */
    size_t images;         /* taken at a time */
    size_t weight, weight_gradient, patches, patch_gradients, product, end;
} convolution;

static bool place(size_t *end, size_t rows, size_t columns, size_t *begin)
{
    size_t count;
    if (!gdi_size_multiply(rows, columns, &count) || count > SIZE_MAX / 64 ||
        *end > SIZE_MAX / 64) {
        return false;
    }
    *begin = *end;
    *end += (count + 15) / 16 * 16;
    return true;
}

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* False where the scratch overflows. */
static bool describe(const gdi_layer *layer, size_t batch, convolution *result)
{
    convolution c = {.windows = windows_of(layer), .filters = gdi_shape_width(&layer->output)};
    const size_t count = gdi_windows_count(&c.windows);
    c.patch = gdi_window_size(&c.windows) * c.windows.channels;
    c.images = count >= PATCH_ROWS ? 1 : PATCH_ROWS / count;
    c.images = c.images < batch ? c.images : batch;
    const size_t rows = c.images * count;
    size_t product = gdi_product_scratch(rows, c.filters, c.patch);
    product = largest(product, gdi_product_scratch(c.filters, c.patch, rows));
    product = largest(product, gdi_product_scratch(rows, c.patch, c.filters));
    bool fits = place(&c.end, c.filters, c.patch, &c.weight) &&
                place(&c.end, c.filters, c.patch, &c.weight_gradient) &&
                place(&c.end, rows, c.patch, &c.patches) &&
                place(&c.end, rows, c.patch, &c.patch_gradients) &&
                place(&c.end, product, 1, &c.product);
    *result = c;
    return fits;
}

static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    convolution c;
    if (!describe(layer, batch, &c)) {
        return false;
    }
    wanted->scratch = c.end;
    if (!training || !gdi_member_keeps_input(layer->options.of.conv2d.activation)) {
        return true;
    }
    size_t elements;
    return gdi_size_multiply(batch, (size_t)gd_shape_size(&layer->output), &elements) &&
           gdi_size_multiply(elements, sizeof(gd_real), &wanted->saved);
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const gdi_windows windows = windows_of(layer);
    const size_t filters = (size_t)options->filters, area = gdi_window_size(&windows);
    const gdi_fans fans = {.in = area * windows.channels, .out = area * filters};
    gdi_initialise_weight(options->initialiser, parameters + layer->tensors[WEIGHT].offset, filters,
                          fans.in, fans, random);
    if (options->bias) {
        gdi_initialise_bias(options->initialiser, parameters + layer->tensors[BIAS].offset, filters,
                            fans, random);
    }
}

/* weight [filters, channels, area] → packed [filters, area, channels]. */
static void pack(const convolution *c, const gd_real *weight, gd_real *packed)
{
    const size_t area = gdi_window_size(&c->windows), channels = c->windows.channels;
    for (size_t f = 0; f < c->filters; f++, weight += c->patch, packed += c->patch) {
        for (size_t cell = 0; cell < area; cell++) {
            for (size_t k = 0; k < channels; k++) {
                packed[cell * channels + k] = weight[k * area + cell];
            }
        }
    }
}

static void unpack(const convolution *c, const gd_real *packed, gd_real *weight)
{
    const size_t area = gdi_window_size(&c->windows), channels = c->windows.channels;
    for (size_t f = 0; f < c->filters; f++, weight += c->patch, packed += c->patch) {
        for (size_t cell = 0; cell < area; cell++) {
            for (size_t k = 0; k < channels; k++) {
                weight[k * area + cell] = packed[cell * channels + k];
            }
        }
    }
}

/* One row of a window: which of its cells lie on the image, and where on it. */
typedef struct window_row {
    size_t first, end; /* cells of the window on the image; none where the row is above or below */
    size_t begin;      /* element of the image under `first` */
} window_row;

static window_row locate(const gdi_windows *windows, size_t row, size_t column, size_t line)
{
    const size_t y = row * windows->stride[0] + line;
    const size_t left = column * windows->stride[1];
    if (y < windows->before[0] || y - windows->before[0] >= windows->image[0]) {
        return (window_row){0};
    }
    const size_t before = windows->before[1], width = windows->image[1];
    const size_t first = left < before ? before - left : 0;
    size_t end = width + before - left;
    end = end < windows->window[1] ? end : windows->window[1];
    if (left >= width + before || first >= end) {
        return (window_row){0};
    }
    const size_t x = left + first - before;
    return (window_row){.first = first,
                        .end = end,
                        .begin = ((y - windows->before[0]) * width + x) * windows->channels};
}

static void gather_at_edge(const gdi_windows *windows, size_t row, size_t column,
                           const gd_real *image, gd_real *patch)
{
    const size_t run = windows->window[1] * windows->channels;
    for (size_t line = 0; line < windows->window[0]; line++, patch += run) {
        const window_row at = locate(windows, row, column, line);
        const size_t first = at.first * windows->channels, end = at.end * windows->channels;
        gdi_fill(patch, run, 0);
        gdi_copy_run(patch + first, image + at.begin, end - first);
    }
}

/* Whether all rows of the window lie on the image, and all columns. */
static bool is_inside(const gdi_windows *windows, int dimension, size_t index)
{
    const size_t begin = index * windows->stride[dimension];
    return begin >= windows->before[dimension] &&
           begin - windows->before[dimension] + windows->window[dimension] <=
               windows->image[dimension];
}

/* Images whose windows are laid out as rows of `patch` elements. */
typedef struct gathering {
    const convolution *c;
    const gd_real *images;
    size_t image_size;
    gd_real *patches;
} gathering;

/* A range of the rows of windows, those of all images counted on. */
static void gather(void *context, size_t first_row, size_t row_count)
{
    const gathering *task = context;
    const convolution *c = task->c;
    const gdi_windows *windows = &c->windows;
    const size_t run = windows->window[1] * windows->channels;
    const size_t image_row = windows->image[1] * windows->channels;
    gd_real *patches = task->patches + first_row * windows->count[1] * c->patch;
    for (size_t i = first_row; i < first_row + row_count; i++) {
        const gd_real *image = task->images + i / windows->count[0] * task->image_size;
        const size_t row = i % windows->count[0];
        const bool row_inside = is_inside(windows, 0, row);
        for (size_t column = 0; column < windows->count[1]; column++, patches += c->patch) {
            if (!row_inside || !is_inside(windows, 1, column)) {
                gather_at_edge(windows, row, column, image, patches);
                continue;
            }
            const gd_real *source = image + locate(windows, row, column, 0).begin;
            for (size_t line = 0; line < windows->window[0]; line++) {
                gdi_copy_run(patches + line * run, source + line * image_row, run);
            }
        }
    }
}

/* The transpose of `gather`: adds the rows to the image they came from. */
static void scatter(const convolution *c, const gd_real *patches, gd_real *image)
{
    const gdi_windows *windows = &c->windows;
    const size_t run = windows->window[1] * windows->channels;
    for (size_t i = 0; i < gdi_windows_count(windows); i++) {
        const size_t row = i / windows->count[1], column = i % windows->count[1];
        for (size_t line = 0; line < windows->window[0]; line++, patches += run) {
            const window_row at = locate(windows, row, column, line);
            const size_t first = at.first * windows->channels, end = at.end * windows->channels;
            for (size_t k = first; k < end; k++) {
                image[at.begin + k - first] += patches[k];
            }
        }
    }
}

/* Lays out the windows of `images` images; returns the matrix. */
static gdi_matrix gather_images(const gdi_pass *pass, const convolution *c, size_t first,
                                size_t images)
{
    gd_real *patches = pass->scratch + c->patches;
    const size_t size = pass->layer->input_count;
    gathering task = {c, pass->input + first * size, size, patches};
    gdi_parallel_rows(pass->pool, images * c->windows.count[0], c->windows.count[1] * c->patch,
                      gather, &task);
    return (gdi_matrix){.values = patches, .stride = c->patch};
}

static void forward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const gd_activation_descriptor *activation = gdi_member_activation(options->activation);
    convolution c;
    describe(layer, pass->batch, &c);
    gd_real *sums =
        pass->training && gdi_member_keeps_input(options->activation) ? pass->saved : pass->output;
    gd_real *weight = pass->scratch + c.weight;
    pack(&c, gdi_parameter(pass, WEIGHT), weight);
    for (size_t first = 0; first < pass->batch; first += c.images) {
        const size_t left = pass->batch - first;
        const size_t images = left < c.images ? left : c.images;
        gdi_pass_product(pass, gather_images(pass, &c, first, images),
                         (gdi_matrix){.values = weight, .stride = c.patch, .transposed = true},
                         sums + first * layer->output_count, c.filters,
                         images * gdi_windows_count(&c.windows), c.filters, c.patch,
                         options->bias ? gdi_parameter(pass, BIAS) : NULL, false,
                         pass->scratch + c.product);
    }
    if (activation != NULL) {
        gdi_pass_activate(pass, activation, sums, pass->output, pass->batch * layer->output_count);
    }
}

static void scatter_images(const gdi_pass *pass, const convolution *c, const gd_real *slopes,
                           size_t first, size_t images)
{
    const gdi_layer *layer = pass->layer;
    const size_t count = gdi_windows_count(&c->windows);
    gd_real *patches = pass->scratch + c->patch_gradients;
    gdi_pass_product(pass, (gdi_matrix){.values = slopes, .stride = c->filters},
                     (gdi_matrix){.values = pass->scratch + c->weight, .stride = c->patch}, patches,
                     c->patch, images * count, c->patch, c->filters, NULL, false,
                     pass->scratch + c->product);
    for (size_t i = 0; i < images; i++) {
        scatter(c, patches + i * count * c->patch,
                pass->input_gradient + (first + i) * layer->input_count);
    }
}

static void backward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    const gd_activation_descriptor *activation = gdi_member_activation(options->activation);
    const size_t outputs = pass->batch * layer->output_count;
    gd_real *slopes = pass->output_gradient;
    convolution c;
    describe(layer, pass->batch, &c);
    gd_real *weight_gradient = pass->scratch + c.weight_gradient;
    if (activation != NULL) {
        gdi_pass_slopes(pass, activation, pass->saved, pass->output, slopes, slopes, outputs);
    }
    if (options->bias) {
        layer->kernels->column_sums(slopes, outputs / c.filters, c.filters,
                                    gdi_gradient(pass, BIAS));
    }
    if (pass->input_gradient != NULL) {
        pack(&c, gdi_parameter(pass, WEIGHT), pass->scratch + c.weight);
        gdi_fill(pass->input_gradient, pass->batch * layer->input_count, 0);
    }
    for (size_t first = 0; first < pass->batch; first += c.images) {
        const size_t left = pass->batch - first;
        const size_t images = left < c.images ? left : c.images;
        const gd_real *part = slopes + first * layer->output_count;
        gdi_pass_product(
            pass, (gdi_matrix){.values = part, .stride = c.filters, .transposed = true},
            gather_images(pass, &c, first, images), weight_gradient, c.patch, c.filters, c.patch,
            images * gdi_windows_count(&c.windows), NULL, first > 0, pass->scratch + c.product);
        if (pass->input_gradient != NULL) {
            scatter_images(pass, &c, part, first, images);
        }
    }
    unpack(&c, weight_gradient, gdi_gradient(pass, WEIGHT));
}

const gdi_layer_operations gdi_conv2d_operations = {.plan = plan,
                                                    .needs = needs,
                                                    .initialise = initialise,
                                                    .forward = forward,
                                                    .backward = backward};
