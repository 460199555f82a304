/*
 * lstm.c: torch.nn.LSTM, gates in the order i f g o. Products and memory: recurrent.c.
 *
 * With s = W_ih x + b_ih + W_hh h + b_hh: i, f, o = sigmoid(s), g = tanh(s); c' = f c + i g;
 * h' = o tanh(c'). Kept: the gates, c' and tanh(c').
 */
#include "nn/recurrent.h"

enum {
    CELL,
    CELL_TANH
};

static void step_forward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    const gd_activation_descriptor *sigmoid = gdi_member_activation(GD_ACTIVATION_SIGMOID);
    const gd_activation_descriptor *tanh = gdi_member_activation(GD_ACTIVATION_TANH);
    for (size_t b = 0; b < step->batch; b++) {
        gd_real *i = step->gates + b * 4 * units, *f = i + units, *g = f + units, *o = g + units;
        gd_real *cell = step->states[CELL] + b * units;
        sigmoid->forward(i, i, 2 * units);
        tanh->forward(g, g, units);
        sigmoid->forward(o, o, units);
        for (size_t u = 0; u < units; u++) {
            cell[u] = i[u] * g[u];
        }
        if (step->states_before[CELL] != NULL) {
            const gd_real *before = step->states_before[CELL] + b * units;
            for (size_t u = 0; u < units; u++) {
                cell[u] += f[u] * before[u];
            }
        }
    }
    tanh->forward(step->states[CELL], step->states[CELL_TANH], step->batch * units);
    for (size_t b = 0; b < step->batch; b++) {
        const gd_real *o = step->gates + (b * 4 + 3) * units;
        const gd_real *cell_tanh = step->states[CELL_TANH] + b * units;
        gd_real *hidden = step->hidden + b * units;
        for (size_t u = 0; u < units; u++) {
            hidden[u] = o[u] * cell_tanh[u];
        }
    }
}

/* Gradients of one example's sums from that of its hidden state; `slope` is that of its cell. */
static void row_backward(gd_real *restrict gates, const gd_real *restrict cell_tanh,
                         const gd_real *before, const gd_real *restrict hidden_gradient,
                         gd_real *restrict slope, size_t units)
{
    gd_real *i = gates, *f = i + units, *g = f + units, *o = g + units;
    for (size_t u = 0; u < units; u++) {
        const gd_real c = cell_tanh[u], h = hidden_gradient[u];
        const gd_real s = slope[u] + h * o[u] * (1 - c * c);
        const gd_real in = i[u], candidate = g[u];
        slope[u] = s * f[u];
        o[u] = h * c * o[u] * (1 - o[u]);
        i[u] = s * candidate * in * (1 - in);
        g[u] = s * in * (1 - candidate * candidate);
        f[u] = before == NULL ? 0 : s * before[u] * f[u] * (1 - f[u]);
    }
}

static void step_backward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    for (size_t b = 0; b < step->batch; b++) {
        const gd_real *before = step->states_before[CELL];
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
