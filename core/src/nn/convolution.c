/*
 * convolution.c: sizes and sweeps of a convolution (convolution.h).
 *
 * With stride s an image's cell u is under the windows o for which k = u + before - o s is a cell
 * of the window. So cells of one phase, (u + before) mod s, see the kernel's cells k = phase + t s,
 * and their gradients are sums over windows side by side: a sweep of step 1 over the slopes, kernel
 * turned round.
 */
#include "nn/convolution.h"

#include "base/memory.h"
#include "nn/convolution_listed.h"

#define ROW_ELEMENTS (64 / sizeof(gd_real)) /* rows of packed weights begin on a cache line */
#define SIDE_MAXIMUM ((size_t)16)
/* A larger share of useful work than this for each window more side by side. */
#define SIDE_GAIN 1.02
/* With at least so many rows a tile needs no second line or row of windows, and one more. */
#define ROWS_OF_ONE ((size_t)11)
#define ROWS_OF_TWO ((size_t)5)

static size_t round_up(size_t count, size_t multiple)
{
    return (count + multiple - 1) / multiple * multiple;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Windows side by side so that most of the vectors' work counts: a divisor of their number. */
static size_t choose_side(size_t windows, size_t channels, size_t taps, size_t step, size_t lanes)
{
    size_t best = 1;
    double best_share = 0;
    for (size_t side = 1; side <= SIDE_MAXIMUM && side <= windows; side++) {
        const double cells = (double)(taps + (side - 1) * step);
        const double vectors = (double)round_up(side * channels, lanes);
        const double share = (double)(side * channels * taps) / (cells * vectors);
        if (windows % side == 0 && share > best_share * SIDE_GAIN) {
            best = side;
            best_share = share;
        }
    }
    return best;
}

size_t gdi_sweep_run(const gdi_sweep *sweep)
{
    return sweep->window[1] == 0
               ? 0
               : (sweep->window[1] + (sweep->side - 1) * sweep->step[1]) * sweep->in;
}

size_t gdi_sweep_weights(const gdi_sweep *sweep)
{
    return sweep->window[0] * gdi_sweep_run(sweep) * sweep->width;
}

static size_t together(size_t rows)
{
    return rows >= ROWS_OF_ONE ? 1 : rows >= ROWS_OF_TWO ? 2 : 3;
}

static void set_side(gdi_sweep *sweep, size_t side)
{
    sweep->side = side;
    sweep->width = round_up(side * sweep->out, ROW_ELEMENTS);
}

gdi_sweep gdi_convolution_turned_sweep(const gdi_convolution *c, size_t phase_number)
{
    const gdi_windows *windows = &c->windows;
    const size_t phase[2] = {phase_number / windows->stride[1], phase_number % windows->stride[1]};
    gdi_sweep sweep = {.in = c->filters, .out = windows->channels};
    for (int d = 0; d < 2; d++) {
        const size_t stride = windows->stride[d], image = windows->image[d];
        const size_t taps =
            phase[d] < windows->window[d] ? (windows->window[d] - phase[d] - 1) / stride + 1 : 0;
        const size_t begin = (phase[d] + stride - windows->before[d] % stride) % stride;
        sweep.window[d] = taps;
        sweep.count[d] = begin < image ? (image - 1 - begin) / stride + 1 : 0;
        sweep.first[d] = (begin + windows->before[d]) / stride + 1 + c->slopes.before[d] - taps;
        sweep.step[d] = 1;
        sweep.result_first[d] = begin;
        sweep.result_step[d] = stride;
    }
    set_side(&sweep, c->turned_side);
    return sweep;
}

static void describe_sizes(const gdi_layer *layer, bool training, gdi_convolution *c)
{
    const gdi_windows *windows = &c->windows;
    c->input.channels = windows->channels;
    c->slopes.channels = c->filters;
    for (int d = 0; d < 2; d++) {
        const size_t stride = windows->stride[d], before = windows->before[d];
        const size_t covered = (windows->count[d] - 1) * stride + windows->window[d];
        c->input.size[d] = covered;
        c->input.before[d] = before;
        c->input.image[d] = smaller(windows->image[d], covered - before);
        c->is_staged = c->is_staged || before > 0 || covered > windows->image[d];
        const size_t margin = layer->input_gradient_wanted ? (windows->window[d] - 1) / stride : 0;
        const size_t reached =
            layer->input_gradient_wanted ? (windows->image[d] - 1 + before) / stride + 1 : 0;
        c->slopes.before[d] = margin;
        c->slopes.image[d] = windows->count[d];
        c->slopes.size[d] = margin + larger(windows->count[d], reached);
        c->forward.window[d] = windows->window[d];
        c->forward.count[d] = windows->count[d];
        c->forward.step[d] = stride;
        c->forward.result_step[d] = 1;
    }
    c->forward.in = windows->channels;
    c->forward.out = c->filters;
    const size_t lanes = layer->kernels->lanes;
    set_side(&c->forward, choose_side(windows->count[1], c->filters, windows->window[1],
                                      windows->stride[1], lanes));
    c->turned_side = windows->stride[1] == 1 ? choose_side(windows->image[1], windows->channels,
                                                           windows->window[1], 1, lanes)
                                             : 1;
    c->lists =
        training && layer->joins_next && gdi_listed_pays(c, lanes, layer->input_gradient_wanted);
    /* Lists read lines to the end of a vector, beyond the last image too. */
    c->is_staged = c->is_staged || c->lists;
    for (int d = 0; d < 2 && !c->is_staged; d++) {
        c->input.size[d] = c->input.image[d] = windows->image[d];
    }
}

size_t gdi_staging_elements(const gdi_staging *staging)
{
    return round_up(staging->size[0] * staging->size[1] * staging->channels + GDI_WINDOW_SLACK,
                    ROW_ELEMENTS);
}

static bool place(size_t *end, size_t rows, size_t columns, size_t *begin)
{
    size_t count;
    if (!gdi_size_multiply(rows, columns, &count) || count > SIZE_MAX / 64 ||
        *end > SIZE_MAX / 64) {
        return false;
    }
    *begin = *end;
    *end += round_up(count, ROW_ELEMENTS);
    return true;
}

/* False where it overflows. */
static bool staged_size(const gdi_staging *staging, size_t *elements)
{
    size_t cells;
    bool fits = gdi_size_multiply(staging->size[0], staging->size[1], &cells) &&
                gdi_size_multiply(cells, staging->channels, elements) && *elements < SIZE_MAX / 64;
    *elements = fits ? gdi_staging_elements(staging) : 0;
    return fits;
}

static bool place_lists(const gdi_layer *layer, gdi_convolution *c)
{
    gdi_listed_sizes sizes;
    if (!gdi_listed_sizes_of(c, &sizes)) {
        return false;
    }
    c->listed_slot = sizes.slot;
    return place(&c->end, sizes.table, 1, &c->listed_lists) &&
           place(&c->end, sizes.table, 1, &c->listed_begins) &&
           place(&c->end, layer->input_gradient_wanted ? sizes.weights : 0, 1,
                 &c->listed_weights) &&
           place(&c->end, sizes.gradients, 1, &c->listed_gradients) &&
           place(&c->end, c->slots, 1, &c->listed_flags) &&
           place(&c->end, c->slots, sizes.slot, &c->listed_slots);
}

bool gdi_convolution_describe(const gdi_layer *layer, size_t batch, bool training,
                              gdi_convolution *result)
{
    const gd_conv2d_options *options = &layer->options.of.conv2d;
    gdi_convolution c = {
        .windows = gdi_windows_of(layer, options->kernel.values, options->stride.values,
                                  options->padding == GD_PADDING_SAME),
        .filters = gdi_shape_width(&layer->output),
        .slots = smaller(batch, GDI_CONVOLUTION_SLOTS),
    };
    if (layer->joins_next) {
        c.pool = gdi_pool_windows(layer + 1);
    }
    describe_sizes(layer, training, &c);
    const size_t lines = c.windows.window[0], width = c.forward.width;
    size_t rows, turned = 0, staged_input = 0, staged_slopes = 0;
    bool fits = gdi_size_multiply(lines, gdi_sweep_run(&c.forward), &rows) &&
                (!c.is_staged || staged_size(&c.input, &staged_input)) &&
                (!training || staged_size(&c.slopes, &staged_slopes));
    if (fits && training && layer->input_gradient_wanted) {
        const gdi_sweep sweep = gdi_convolution_turned_sweep(&c, 0);
        const size_t line = c.windows.window[1] + sweep.side - 1;
        fits = gdi_size_multiply(lines * line, c.filters, &turned) &&
               gdi_size_multiply(turned, sweep.width, &turned);
    }
    fits = fits && place(&c.end, width, 1, &c.bias) && place(&c.end, rows, width, &c.weights) &&
           place(&c.end, c.slots, staged_input, &c.staged_input);
    if (fits && training) {
        fits = place(&c.end, rows, width, &c.weight_gradients) &&
               place(&c.end, turned, 1, &c.turned_weights) &&
               place(&c.end, c.filters, sizeof(double) / sizeof(gd_real), &c.bias_sums) &&
               place(&c.end, c.slots, staged_slopes, &c.staged_slopes);
    }
    if (fits && layer->joins_next) {
        fits =
            place(&c.end, c.slots, round_up(layer->output_count, ROW_ELEMENTS), &c.outputs) &&
            place(&c.end, c.slots, round_up(layer[1].output_count, ROW_ELEMENTS), &c.pooled_slopes);
    }
    fits = fits && (!c.lists || place_lists(layer, &c));
    *result = c;
    return fits;
}

/* Of the lines of windows that begin at `begin` … `last` those that for some of them are no zeros. */
static size_t clip_lines(const gdi_staging *read, size_t begin, size_t last, size_t lines,
                         size_t *first)
{
    const size_t top = read->before[0], bottom = top + read->image[0];
    const size_t end = bottom > begin ? smaller(lines, bottom - begin) : 0;
    *first = top > last ? smaller(top - last, end) : 0;
    return end - *first;
}

/*
 * Rows of windows from `row` on, those of a tile at least, that leave out the same lines; these are `lines`
 * from `first` on of a window. Most rows leave out none: what is in the middle is one product.
 */
static size_t rows_alike(const gdi_sweep *sweep, const gdi_staging *read, size_t row, size_t *first,
                         size_t *lines)
{
    const size_t most = together(sweep->count[1] / sweep->side);
    size_t rows = 0;
    while (row + rows < sweep->count[0]) {
        const size_t more = smaller(most, sweep->count[0] - row - rows);
        const size_t begin = sweep->first[0] + (row + rows) * sweep->step[0];
        const size_t last = begin + (more - 1) * sweep->step[0];
        size_t next_first = 0;
        const size_t next_lines = clip_lines(read, begin, last, sweep->window[0], &next_first);
        if (rows > 0 && (next_first != *first || next_lines != *lines)) {
            break;
        }
        *first = next_first;
        *lines = next_lines;
        rows += more;
    }
    return rows;
}

/* Results [height, width, out] of which this sweep writes its cells. */
static void run_sweep(const gdi_sweep *sweep, const gdi_kernels *kernels, const gdi_staging *read,
                      const gd_real *cells, const gd_real *weights, const gd_real *bias,
                      bool rectify, size_t result_width, gd_real *result)
{
    const size_t row = read->size[1] * read->channels, run = gdi_sweep_run(sweep);
    const size_t result_row = result_width * sweep->out;
    result += sweep->result_first[0] * result_row + sweep->result_first[1] * sweep->out;
    for (size_t i = 0, rows; i < sweep->count[0]; i += rows) {
        const size_t begin = sweep->first[0] + i * sweep->step[0];
        size_t first = 0, lines = 0;
        rows = rows_alike(sweep, read, i, &first, &lines);
        const gdi_window_product product = {
            .left = {.values = cells + (begin + first) * row + sweep->first[1] * read->channels,
                     .outer = row,
                     .inner = 1},
            .right = {.values = weights + first * run * sweep->width,
                      .outer = run * sweep->width,
                      .inner = sweep->width},
            .outer = run == 0 ? 0 : lines,
            .inner = run,
            .groups = rows,
            .group_step = sweep->step[0] * row,
            .rows = sweep->count[1] / sweep->side,
            .row_step = sweep->side * sweep->step[1] * read->channels,
            .columns = sweep->side * sweep->out,
            .result = result + i * sweep->result_step[0] * result_row,
            .result_group_step = sweep->result_step[0] * result_row,
            .result_step = sweep->side * sweep->result_step[1] * sweep->out,
            .bias = bias,
            .rectify = rectify,
        };
        kernels->window_product(&product);
    }
}

void gdi_convolution_outputs(const gdi_convolution *c, const gdi_kernels *kernels,
                             const gd_real *cells, const gd_real *scratch, bool has_bias,
                             bool rectify, gd_real *outputs)
{
    run_sweep(&c->forward, kernels, &c->input, cells, scratch + c->weights,
              has_bias ? scratch + c->bias : NULL, rectify, c->windows.count[1], outputs);
}

void gdi_convolution_image_gradient(const gdi_convolution *c, const gdi_kernels *kernels,
                                    const gd_real *staged_slopes, const gd_real *scratch,
                                    gd_real *gradient)
{
    const size_t *stride = c->windows.stride;
    const gd_real *weights = scratch + c->turned_weights;
    for (size_t i = 0; i < stride[0] * stride[1]; i++) {
        const gdi_sweep sweep = gdi_convolution_turned_sweep(c, i);
        if (sweep.count[1] > 0) {
            run_sweep(&sweep, kernels, &c->slopes, staged_slopes, weights, NULL, false,
                      c->windows.image[1], gradient);
        }
        weights += gdi_sweep_weights(&sweep);
    }
}

size_t gdi_convolution_gradient_parts(const gdi_convolution *c)
{
    const size_t lines = together(gdi_sweep_run(&c->forward));
    return (c->windows.window[0] + lines - 1) / lines;
}

void gdi_convolution_weight_gradients(const gdi_convolution *c, const gdi_kernels *kernels,
                                      size_t part, const gd_real *cells,
                                      const gd_real *staged_slopes, bool is_first, gd_real *scratch)
{
    const gdi_sweep *sweep = &c->forward;
    const size_t run = gdi_sweep_run(sweep), most = together(run), line = part * most;
    const size_t lines = smaller(most, c->windows.window[0] - line), stride = sweep->step[0];
    const size_t row = c->input.size[1] * c->input.channels;
    const size_t slope_row = c->slopes.size[1] * c->filters;
    /* Rows of windows whose line, the last or the first of them, lies on the image. */
    const size_t top = c->input.before[0], bottom = top + c->input.image[0];
    const size_t last_line = line + lines - 1;
    size_t first = top > last_line ? (top - last_line + stride - 1) / stride : 0;
    size_t end = bottom > line ? (bottom - line - 1) / stride + 1 : 0;
    end = smaller(end, sweep->count[0]);
    first = smaller(first, end);
    const gd_real *slopes = staged_slopes + (c->slopes.before[0] + first) * slope_row +
                            c->slopes.before[1] * c->filters;
    const gdi_window_product product = {
        .left = {.values = cells + (first * stride + line) * row,
                 .outer = stride * row,
                 .inner = sweep->side * sweep->step[1] * sweep->in},
        .right = {.values = slopes, .outer = slope_row, .inner = sweep->side * c->filters},
        .outer = end - first,
        .inner = sweep->count[1] / sweep->side,
        .groups = lines,
        .group_step = row,
        .rows = run,
        .row_step = 1,
        .columns = sweep->side * c->filters,
        .result = scratch + c->weight_gradients + line * run * sweep->width,
        .result_group_step = run * sweep->width,
        .result_step = sweep->width,
        .accumulate = !is_first,
    };
    kernels->window_product(&product);
}
