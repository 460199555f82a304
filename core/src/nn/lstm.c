/*
 * lstm.c: torch.nn.LSTM, gates in the order i f g o. Products and memory: recurrent.c.
 *
 * With s = W_ih x + b_ih + W_hh h + b_hh: i, f, o = sigmoid(s), g = tanh(s); c' = f c + i g;
 * h' = o tanh(c'). Kept: the gates, c' and tanh(c').
 */
#include "nn/recurrent.h"

#include "base/versions.h"

enum {
    CELL,
    CELL_TANH
};

/* One example's cell state from its gates' values; `before` is NULL at the first step. */
GDI_VERSIONS static void row_cells(const gd_real *gates, const gd_real *before, gd_real *cells,
                                   size_t units)
{
    const gd_real *i = gates, *f = i + units, *g = f + units;
    if (before == NULL) {
        GDI_INDEPENDENT
        for (size_t u = 0; u < units; u++) {
            cells[u] = i[u] * g[u];
        }
        return;
    }
    GDI_INDEPENDENT
    for (size_t u = 0; u < units; u++) {
        cells[u] = i[u] * g[u] + f[u] * before[u];
    }
}

GDI_VERSIONS static void rows_hidden(const gdi_cell_step *step)
{
    const size_t units = step->units;
    for (size_t b = 0; b < step->batch; b++) {
        const gd_real *o = step->gates + (b * 4 + 3) * units;
        const gd_real *cell_tanh = step->states[CELL_TANH] + b * units;
        gd_real *hidden = step->hidden + b * units;
        GDI_INDEPENDENT
        for (size_t u = 0; u < units; u++) {
            hidden[u] = o[u] * cell_tanh[u];
        }
    }
}

static void step_forward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    const gd_activation_descriptor *sigmoid = gdi_member_activation(GD_ACTIVATION_SIGMOID);
    const gd_activation_descriptor *tanh = gdi_member_activation(GD_ACTIVATION_TANH);
    const gd_real *before = step->states_before[CELL];
    for (size_t b = 0; b < step->batch; b++) {
        gd_real *i = step->gates + b * 4 * units, *g = i + 2 * units, *o = g + units;
        sigmoid->forward(i, i, 2 * units);
        tanh->forward(g, g, units);
        sigmoid->forward(o, o, units);
        row_cells(i, before == NULL ? NULL : before + b * units, step->states[CELL] + b * units,
                  units);
    }
    tanh->forward(step->states[CELL], step->states[CELL_TANH], step->batch * units);
    rows_hidden(step);
}

/* Gradients of one example's sums from that of its hidden state; `slope` is that of its cell. */
GDI_VERSIONS static void row_backward(gd_real *gates, const gd_real *cell_tanh,
                                      const gd_real *before, const gd_real *hidden_gradient,
                                      gd_real *slope, size_t units)
{
    gd_real *i = gates, *f = i + units, *g = f + units, *o = g + units;
    GDI_INDEPENDENT
    for (size_t u = 0; u < units; u++) {
        const gd_real c = cell_tanh[u], h = hidden_gradient[u];
        const gd_real s = slope[u] + h * o[u] * (1 - c * c);
        const gd_real in = i[u], candidate = g[u], forget = f[u];
        slope[u] = s * forget;
        o[u] = h * c * o[u] * (1 - o[u]);
        i[u] = s * candidate * in * (1 - in);
        g[u] = s * in * (1 - candidate * candidate);
        f[u] = before == NULL ? 0 : s * before[u] * forget * (1 - forget);
    }
}

static void step_backward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    const gd_real *before = step->states_before[CELL];
    for (size_t b = 0; b < step->batch; b++) {
        row_backward(step->gates + b * 4 * units, step->states[CELL_TANH] + b * units,
                     before == NULL ? NULL : before + b * units, step->hidden_gradient + b * units,
                     step->cell_gradient + b * units, units);
    }
}

static const gdi_cell cell = {.gates = 4,
                              .states = 2,
                              .remembers = true,
                              .step_operations = 20,
                              .forward = step_forward,
                              .backward = step_backward};

GDI_RECURRENT_OPERATIONS(gdi_lstm_operations, cell)
