/*
 * convolution_weights.c: weights [filters, channels, height, width] in the order in which sweeps read
 * them, [lines, cells, channels in, results], and gradients back (convolution.h).
 *
 * Where windows go side by side a row of results holds one copy of the weights for each, moved on by
 * the step between them; the gradients of the copies add up.
 */
#include "nn/convolution.h"

/* How the weight from cell (y, x) of the kernel lies: steps of weight [filters, channels,
 * height, width]. */
typedef struct weight_view {
    const gd_real *values; /* of the sweep's first line and cell */
    size_t in_step, out_step, line_step, cell_step;
    bool turned; /* steps go down */
} weight_view;

static gd_real weight_at(const weight_view *view, size_t line, size_t cell, size_t in, size_t out)
{
    const size_t place = line * view->line_step + cell * view->cell_step;
    const gd_real *values = view->values + in * view->in_step + out * view->out_step;
    return view->turned ? *(values - place) : values[place];
}

/* [lines, cells, in, width]; zeros where a window side by side has no such cell. */
static void pack(const gdi_sweep *sweep, const weight_view *view, gd_real *packed)
{
    const size_t cells = sweep->window[1] + (sweep->side - 1) * sweep->step[1];
    for (size_t row = 0; row < sweep->window[0] * cells * sweep->in; row++) {
        const size_t in = row % sweep->in, cell = row / sweep->in % cells;
        const size_t line = row / sweep->in / cells;
        for (size_t side = 0; side < sweep->side; side++) {
            const size_t shift = side * sweep->step[1];
            const bool has = cell >= shift && cell - shift < sweep->window[1];
            gd_real *target = packed + row * sweep->width + side * sweep->out;
            for (size_t out = 0; out < sweep->out; out++) {
                target[out] = has ? weight_at(view, line, cell - shift, in, out) : 0;
            }
        }
    }
}

void gdi_convolution_pack(const gdi_convolution *c, const gd_real *weight, const gd_real *bias,
                          gd_real *scratch)
{
    const size_t area = gdi_window_size(&c->windows);
    const weight_view view = {.values = weight,
                              .in_step = area,
                              .out_step = area * c->windows.channels,
                              .line_step = c->windows.window[1],
                              .cell_step = 1};
    pack(&c->forward, &view, scratch + c->weights);
    for (size_t i = 0; bias != NULL && i < c->forward.side * c->filters; i++) {
        scratch[c->bias + i] = bias[i % c->filters];
    }
}

void gdi_convolution_pack_turned(const gdi_convolution *c, const gd_real *weight, gd_real *scratch)
{
    const gdi_windows *windows = &c->windows;
    const size_t area = gdi_window_size(windows);
    gd_real *packed = scratch + c->turned_weights;
    for (size_t i = 0; i < windows->stride[0] * windows->stride[1]; i++) {
        const size_t phase[2] = {i / windows->stride[1], i % windows->stride[1]};
        const gdi_sweep sweep = gdi_convolution_turned_sweep(c, i);
        if (gdi_sweep_weights(&sweep) == 0) {
            continue;
        }
        const size_t line = phase[0] + (sweep.window[0] - 1) * windows->stride[0];
        const size_t cell = phase[1] + (sweep.window[1] - 1) * windows->stride[1];
        const weight_view view = {.values = weight + line * windows->window[1] + cell,
                                  .in_step = area * windows->channels,
                                  .out_step = area,
                                  .line_step = windows->stride[0] * windows->window[1],
                                  .cell_step = windows->stride[1],
                                  .turned = true};
        pack(&sweep, &view, packed);
        packed += gdi_sweep_weights(&sweep);
    }
}

void gdi_convolution_clear_gradients(const gdi_convolution *c, gd_real *scratch)
{
    const gdi_sweep *sweep = &c->forward;
    gdi_fill(scratch + c->weight_gradients, sweep->window[0] * gdi_sweep_run(sweep) * sweep->width,
             0);
}

void gdi_convolution_unpack_gradients(const gdi_convolution *c, const gd_real *scratch,
                                      gd_real *gradient)
{
    const gdi_sweep *sweep = &c->forward;
    const size_t area = gdi_window_size(&c->windows), run = gdi_sweep_run(sweep);
    const size_t next = sweep->step[1] * sweep->in * sweep->width + c->filters;
    const gd_real *packed = scratch + c->weight_gradients;
    for (size_t cell = 0; cell < area; cell++) {
        const size_t line = cell / sweep->window[1], place = cell % sweep->window[1];
        for (size_t channel = 0; channel < sweep->in; channel++) {
            const size_t row = line * run + place * sweep->in + channel;
            gd_real *target = gradient + channel * area + cell;
            for (size_t f = 0; f < c->filters; f++) {
                gd_real sum = 0;
                for (size_t side = 0; side < sweep->side; side++) {
                    sum += packed[row * sweep->width + side * next + f];
                }
                target[f * area * sweep->in] = sum;
            }
        }
    }
}
