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
    bool is_padded;        /* some windows reach beyond their image */
    size_t padded[2];      /* height and width that windows cover */
    size_t padded_images;
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
    for (int i = 0; i < 2; i++) {
        c.padded[i] = (c.windows.count[i] - 1) * c.windows.stride[i] + c.windows.window[i];
        c.is_padded = c.is_padded || c.windows.before[i] > 0 || c.padded[i] > c.windows.image[i];
    }
    size_t padded_area = c.is_padded ? c.padded[0] * c.padded[1] * c.windows.channels : 0;
    bool fits = place(&c.end, c.filters, c.patch, &c.weight) &&
                place(&c.end, c.images, padded_area, &c.padded_images) &&
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

/* Images whose windows are laid out as rows of `patch` elements. */
typedef struct gathering {
    const convolution *c;
    const gdi_kernels *kernels;
    const gd_real *images;
    size_t image_size, image_row;
    gd_real *patches;
} gathering;

/* A range of the rows of windows, those of all images counted on. */
static void gather(void *context, size_t first_row, size_t row_count)
{
    const gathering *task = context;
    const convolution *c = task->c;
    const gdi_windows *windows = &c->windows;
    gd_real *patches = task->patches + first_row * windows->count[1] * c->patch;
    for (size_t i = first_row; i < first_row + row_count; i++) {
        const gd_real *image = task->images + i / windows->count[0] * task->image_size;
        const size_t row = i % windows->count[0] * windows->stride[0];
        task->kernels->copy_windows(image + row * task->image_row,
                                    windows->stride[1] * windows->channels, windows->count[1],
                                    task->image_row, windows->window[0],
                                    windows->window[1] * windows->channels, patches);
        patches += windows->count[1] * c->patch;
    }
}

/* Images in the middle of zeros, so that every window lies on its image. */
static void pad(const convolution *c, const gd_real *images, size_t image_size, size_t count,
                gd_real *padded)
{
    const gdi_windows *windows = &c->windows;
    const size_t row = c->padded[1] * windows->channels;
    const size_t before = windows->before[1] * windows->channels;
    const size_t image_row = windows->image[1] * windows->channels;
    gdi_fill(padded, count * c->padded[0] * row, 0);
    for (size_t i = 0; i < count; i++, images += image_size, padded += c->padded[0] * row) {
        for (size_t y = 0; y < windows->image[0] && y + windows->before[0] < c->padded[0]; y++) {
            gd_real *target = padded + (y + windows->before[0]) * row + before;
            const size_t room = row - before;
            gdi_copy_run(target, images + y * image_row, image_row < room ? image_row : room);
        }
    }
}

/* The transpose of `gather` and `pad`: what the rows add up to on their image. */
static void scatter(const convolution *c, const gdi_kernels *kernels, const gd_real *patches,
                    gd_real *padded, gd_real *image)
{
    const gdi_windows *windows = &c->windows;
    const size_t channels = windows->channels, image_row = windows->image[1] * channels;
    const size_t row = c->is_padded ? c->padded[1] * channels : image_row;
    const size_t before = windows->before[1] * channels;
    gd_real *whole = c->is_padded ? padded : image;
    gdi_fill(whole, (c->is_padded ? c->padded[0] : windows->image[0]) * row, 0);
    for (size_t i = 0; i < windows->count[0]; i++) {
        kernels->add_windows(patches, windows->stride[1] * channels, windows->count[1], row,
                             windows->window[0], windows->window[1] * channels,
                             whole + i * windows->stride[0] * row);
        patches += windows->count[1] * c->patch;
    }
    for (size_t y = 0; c->is_padded && y < windows->image[0]; y++, image += image_row) {
        const bool covered = y + windows->before[0] < c->padded[0];
        const size_t room = row - before, length = image_row < room ? image_row : room;
        gdi_copy_run(image, padded + (y + windows->before[0]) * row + before, covered ? length : 0);
        gdi_fill(image + (covered ? length : 0), image_row - (covered ? length : 0), 0);
    }
}

/* Lays out the windows of `images` images; returns the matrix. */
static gdi_matrix gather_images(const gdi_pass *pass, const convolution *c, size_t first,
                                size_t images)
{
    gd_real *patches = pass->scratch + c->patches;
    const size_t size = pass->layer->input_count, channels = c->windows.channels;
    gathering task = {.c = c,
                      .kernels = pass->layer->kernels,
                      .images = pass->input + first * size,
                      .image_size = size,
                      .image_row = c->windows.image[1] * channels,
                      .patches = patches};
    if (c->is_padded) {
        gd_real *padded = pass->scratch + c->padded_images;
        pad(c, task.images, size, images, padded);
        task.images = padded;
        task.image_row = c->padded[1] * channels;
        task.image_size = c->padded[0] * task.image_row;
    }
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
        scatter(c, layer->kernels, patches + i * count * c->patch, pass->scratch + c->padded_images,
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
