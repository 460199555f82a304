/*
 * pool2d.c: the largest or the mean of each window, channel by channel, torch.nn.MaxPool2d and
 * AvgPool2d without padding.
 *
 * max_pool2d keeps for each output which cell of its window was the largest: the first of equal ones,
 * a NaN before all. Its gradient goes there alone.
 */
#include "nn/image.h"

#include "base/memory.h"
#include "math/parallel.h"

gdi_windows gdi_pool_windows(const gdi_layer *layer)
{
    const gd_pool2d_options *options = &layer->options.of.pool2d;
    const int64_t *size = options->size.values;
    const bool automatic = options->stride == GD_AUTOMATIC;
    const int64_t stride[] = {automatic ? size[0] : options->stride,
                              automatic ? size[1] : options->stride};
    return gdi_windows_of(layer, size, stride, false);
}

bool gdi_windows_are_apart(const gdi_windows *windows)
{
    return windows->stride[0] >= windows->window[0] && windows->stride[1] >= windows->window[1];
}

gdi_pool_row gdi_pool_row_of(const gdi_windows *windows, size_t line_step)
{
    return (gdi_pool_row){.count = windows->count[1],
                          .step = windows->stride[1] * windows->channels,
                          .lines = windows->window[0],
                          .line_step = line_step,
                          .cells = windows->window[1],
                          .channels = windows->channels};
}

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    gd_status status = gdi_windows_check(layer, layer->options.of.pool2d.size.values, false, error);
    if (status != GD_OK) {
        return status;
    }
    const gdi_windows windows = gdi_pool_windows(layer);
    layer->output = (gd_shape){.rank = 3,
                               .dimensions = {(int64_t)windows.count[0], (int64_t)windows.count[1],
                                              (int64_t)windows.channels}};
    const int64_t outputs = gd_shape_size(&layer->output);
    layer->step_operations = gdi_saturating_product(outputs, (int64_t)gdi_window_size(&windows), 2);
    return GD_OK;
}

/* Index of the first channel of cell `cell` of a window that begins at `begin`. */
static size_t cell_begin(const gdi_windows *windows, size_t begin, size_t cell)
{
    const size_t line = cell / windows->window[1], place = cell % windows->window[1];
    return begin + (line * windows->image[1] + place) * windows->channels;
}

/* Index of the first channel of window i. */
static size_t window_begin(const gdi_windows *windows, size_t i)
{
    const size_t row = i / windows->count[1] * windows->stride[0];
    const size_t column = i % windows->count[1] * windows->stride[1];
    return (row * windows->image[1] + column) * windows->channels;
}

static void take_mean(const gdi_windows *windows, const gd_real *image, size_t begin,
                      gd_real *output)
{
    for (size_t c = 0; c < windows->channels; c++) {
        double sum = 0.0;
        for (size_t cell = 0; cell < gdi_window_size(windows); cell++) {
            sum += (double)image[cell_begin(windows, begin, cell) + c];
        }
        output[c] = (gd_real)(sum / (double)gdi_window_size(windows));
    }
}

static void give_to_all(const gdi_windows *windows, size_t begin, const gd_real *slopes,
                        gd_real *image_gradient)
{
    const gd_real share = (gd_real)(1.0 / (double)gdi_window_size(windows));
    for (size_t cell = 0; cell < gdi_window_size(windows); cell++) {
        gd_real *gradient = image_gradient + cell_begin(windows, begin, cell);
        for (size_t c = 0; c < windows->channels; c++) {
            gradient[c] += slopes[c] * share;
        }
    }
}

static bool max_needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    size_t outputs;
    return !training ||
           (gdi_size_multiply(batch, (size_t)gd_shape_size(&layer->output), &outputs) &&
            gdi_size_multiply(outputs, sizeof(uint32_t), &wanted->saved));
}

/* Rows of windows of a batch, and what they are made of. */
typedef struct pooling {
    const gdi_pass *pass;
    gdi_windows windows;
    gdi_pool_row row;
    bool apart; /* no cell is in two windows */
} pooling;

static pooling begin_pooling(const gdi_pass *pass)
{
    const gdi_windows windows = gdi_pool_windows(pass->layer);
    return (pooling){.pass = pass,
                     .windows = windows,
                     .row = gdi_pool_row_of(&windows, windows.image[1] * windows.channels),
                     .apart = gdi_windows_are_apart(&windows)};
}

static void max_forward_images(void *context, size_t first, size_t count)
{
    const pooling *task = context;
    const gdi_pass *pass = task->pass;
    const gdi_windows *windows = &task->windows;
    const size_t row = windows->count[1] * windows->channels;
    const size_t step = windows->stride[0] * task->row.line_step;
    for (size_t i = first * windows->count[0]; i < (first + count) * windows->count[0]; i++) {
        const gd_real *image = pass->input + i / windows->count[0] * pass->layer->input_count;
        uint32_t *chosen = pass->saved;
        pass->layer->kernels->largest_of_windows(&task->row, image + i % windows->count[0] * step,
                                                 pass->output + i * row,
                                                 chosen == NULL ? NULL : chosen + i * row);
    }
}

static void max_forward(const gdi_pass *pass)
{
    pooling task = begin_pooling(pass);
    gdi_parallel_rows(pass->pool, pass->batch, pass->layer->input_count, max_forward_images, &task);
}

static void max_backward_images(void *context, size_t first, size_t count)
{
    const pooling *task = context;
    const gdi_pass *pass = task->pass;
    const gdi_windows *windows = &task->windows;
    const size_t row = windows->count[1] * windows->channels, size = pass->layer->input_count;
    const size_t step = windows->stride[0] * task->row.line_step;
    const bool covered = task->apart &&
                         windows->count[0] * windows->window[0] == windows->image[0] &&
                         windows->count[1] * windows->window[1] == windows->image[1];
    if (!covered) {
        gdi_fill(pass->input_gradient + first * size, count * size, 0);
    }
    for (size_t i = first * windows->count[0]; i < (first + count) * windows->count[0]; i++) {
        gd_real *image = pass->input_gradient + i / windows->count[0] * size;
        const uint32_t *chosen = pass->saved;
        pass->layer->kernels->spread_to_largest(&task->row, pass->output_gradient + i * row,
                                                chosen + i * row, !task->apart,
                                                image + i % windows->count[0] * step);
    }
}

static void max_backward(const gdi_pass *pass)
{
    pooling task = begin_pooling(pass);
    if (pass->input_gradient != NULL) {
        gdi_parallel_rows(pass->pool, pass->batch, pass->layer->input_count, max_backward_images,
                          &task);
    }
}

static void avg_forward(const gdi_pass *pass)
{
    const gdi_windows windows = gdi_pool_windows(pass->layer);
    gd_real *output = pass->output;
    for (size_t b = 0; b < pass->batch; b++) {
        const gd_real *image = pass->input + b * pass->layer->input_count;
        for (size_t i = 0; i < gdi_windows_count(&windows); i++, output += windows.channels) {
            take_mean(&windows, image, window_begin(&windows, i), output);
        }
    }
}

static void avg_backward(const gdi_pass *pass)
{
    const gdi_windows windows = gdi_pool_windows(pass->layer);
    const gd_real *slopes = pass->output_gradient;
    if (pass->input_gradient == NULL) {
        return;
    }
    gdi_fill(pass->input_gradient, pass->batch * pass->layer->input_count, 0);
    for (size_t b = 0; b < pass->batch; b++) {
        gd_real *gradient = pass->input_gradient + b * pass->layer->input_count;
        for (size_t i = 0; i < gdi_windows_count(&windows); i++, slopes += windows.channels) {
            give_to_all(&windows, window_begin(&windows, i), slopes, gradient);
        }
    }
}

const gdi_layer_operations gdi_max_pool2d_operations = {
    .plan = plan, .needs = max_needs, .forward = max_forward, .backward = max_backward};

const gdi_layer_operations gdi_avg_pool2d_operations = {
    .plan = plan, .forward = avg_forward, .backward = avg_backward};
