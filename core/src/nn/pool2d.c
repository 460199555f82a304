/*
 * pool2d.c: the largest or the mean of each window, channel by channel, torch.nn.MaxPool2d and
 * AvgPool2d without padding.
 *
 * max_pool2d keeps for each output which cell of its window was the largest: the first of equal ones,
 * a NaN before all. Its gradient goes there alone.
 */
#include "nn/image.h"

#include "base/versions.h"

#include "base/memory.h"

static gdi_windows windows_of(const gdi_layer *layer)
{
    const gd_pool2d_options *options = &layer->options.of.pool2d;
    const int64_t *size = options->size.values;
    const bool automatic = options->stride == GD_AUTOMATIC;
    const int64_t stride[] = {automatic ? size[0] : options->stride,
                              automatic ? size[1] : options->stride};
    return gdi_windows_of(layer, size, stride, false);
}

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    gd_status status = gdi_windows_check(layer, layer->options.of.pool2d.size.values, false, error);
    if (status != GD_OK) {
        return status;
    }
    const gdi_windows windows = windows_of(layer);
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

/* The first of equal values stays, and a NaN. */
static inline bool is_larger(gd_real value, gd_real best)
{
    return !(value <= best) && best == best;
}

/* Without branches, so that channels go side by side. */
static inline __attribute__((always_inline)) void keep_larger(const gd_real *restrict values,
                                                              gd_real *restrict output,
                                                              size_t channels)
{
    for (size_t c = 0; c < channels; c++) {
        output[c] = is_larger(values[c], output[c]) ? values[c] : output[c];
    }
}

static inline __attribute__((always_inline)) void keep_larger_cell(const gd_real *restrict values,
                                                                   uint32_t cell,
                                                                   gd_real *restrict output,
                                                                   uint32_t *restrict chosen,
                                                                   size_t channels)
{
    for (size_t c = 0; c < channels; c++) {
        const gd_real value = values[c], best = output[c];
        const uint32_t before = chosen[c];
        const bool larger = is_larger(value, best);
        output[c] = larger ? value : best;
        chosen[c] = larger ? cell : before;
    }
}

/* `chosen` may be NULL. */
static inline __attribute__((always_inline)) void take_largest(const gdi_windows *windows,
                                                               const gd_real *image, size_t begin,
                                                               gd_real *output, uint32_t *chosen)
{
    const size_t channels = windows->channels;
    gdi_copy_run(output, image + begin, channels);
    for (size_t c = 0; chosen != NULL && c < channels; c++) {
        chosen[c] = 0;
    }
    for (size_t cell = 1; cell < gdi_window_size(windows); cell++) {
        const gd_real *values = image + cell_begin(windows, begin, cell);
        if (chosen != NULL) {
            keep_larger_cell(values, (uint32_t)cell, output, chosen, channels);
        } else {
            keep_larger(values, output, channels);
        }
    }
}

static inline __attribute__((always_inline)) void give_cell(const gd_real *restrict slopes,
                                                            const uint32_t *restrict chosen,
                                                            uint32_t cell,
                                                            gd_real *restrict gradient,
                                                            size_t channels)
{
    for (size_t c = 0; c < channels; c++) {
        const gd_real slope = slopes[c], before = gradient[c];
        gradient[c] = chosen[c] == cell ? before + slope : before;
    }
}

static inline __attribute__((always_inline)) void give_to_largest(const gdi_windows *windows,
                                                                  size_t begin,
                                                                  const gd_real *slopes,
                                                                  const uint32_t *chosen,
                                                                  gd_real *image_gradient)
{
    for (uint32_t cell = 0; cell < gdi_window_size(windows); cell++) {
        give_cell(slopes, chosen, cell, image_gradient + cell_begin(windows, begin, cell),
                  windows->channels);
    }
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

GDI_VERSIONS static void max_forward(const gdi_pass *pass)
{
    const gdi_windows windows = windows_of(pass->layer);
    gd_real *output = pass->output;
    uint32_t *chosen = pass->saved;
    for (size_t b = 0; b < pass->batch; b++) {
        const gd_real *image = pass->input + b * pass->layer->input_count;
        for (size_t i = 0; i < gdi_windows_count(&windows); i++, output += windows.channels) {
            take_largest(&windows, image, window_begin(&windows, i), output, chosen);
            chosen = chosen == NULL ? NULL : chosen + windows.channels;
        }
    }
}

GDI_VERSIONS static void max_backward(const gdi_pass *pass)
{
    const gdi_windows windows = windows_of(pass->layer);
    const gd_real *slopes = pass->output_gradient;
    const uint32_t *chosen = pass->saved;
    if (pass->input_gradient == NULL) {
        return;
    }
    gdi_fill(pass->input_gradient, pass->batch * pass->layer->input_count, 0);
    for (size_t b = 0; b < pass->batch; b++) {
        gd_real *gradient = pass->input_gradient + b * pass->layer->input_count;
        for (size_t i = 0; i < gdi_windows_count(&windows); i++) {
            give_to_largest(&windows, window_begin(&windows, i), slopes, chosen, gradient);
            slopes += windows.channels;
            chosen += windows.channels;
        }
    }
}

static void avg_forward(const gdi_pass *pass)
{
    const gdi_windows windows = windows_of(pass->layer);
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
    const gdi_windows windows = windows_of(pass->layer);
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
