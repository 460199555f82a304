/*
 * gru.c: torch.nn.GRU, gates in the order r z n. Products and memory: recurrent.c.
 *
 * r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh); n = tanh(W_in x + b_in + r (W_hn h + b_hn));
 * h' = (1 - z) n + z h. The reset gate multiplies the recurrent sum with its bias, which is why that
 * sum of n stands apart. Kept: the gates and that sum.
 */
#include "nn/recurrent.h"

enum {
    RECURRENT_SUM
};

static void step_forward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    const gd_activation_descriptor *sigmoid = gdi_member_activation(GD_ACTIVATION_SIGMOID);
    const gd_activation_descriptor *tanh = gdi_member_activation(GD_ACTIVATION_TANH);
    for (size_t b = 0; b < step->batch; b++) {
        gd_real *r = step->gates + b * 3 * units, *z = r + units, *n = z + units;
        const gd_real *sum = step->states[RECURRENT_SUM] + b * units;
        gd_real *hidden = step->hidden + b * units;
        sigmoid->forward(r, r, 2 * units);
        for (size_t u = 0; u < units; u++) {
            n[u] += r[u] * sum[u];
        }
        tanh->forward(n, n, units);
        for (size_t u = 0; u < units; u++) {
            hidden[u] = (1 - z[u]) * n[u];
        }
        if (step->hidden_before != NULL) {
            const gd_real *before = step->hidden_before + b * units;
            for (size_t u = 0; u < units; u++) {
                hidden[u] += z[u] * before[u];
            }
        }
    }
}

/* Gradients of one example's sums; `slope` is that of its hidden state and becomes z times it. */
static void row_backward(gd_real *restrict gates, gd_real *restrict sum, const gd_real *before,
                         gd_real *restrict slope, size_t units)
{
    gd_real *r = gates, *z = r + units, *n = z + units;
    for (size_t u = 0; u < units; u++) {
        const gd_real s = slope[u], reset = r[u], update = z[u], candidate = n[u];
        const gd_real h = before == NULL ? 0 : before[u];
        const gd_real inner = s * (1 - update) * (1 - candidate * candidate);
        slope[u] = s * update;
        z[u] = s * (h - candidate) * update * (1 - update);
        n[u] = inner;
        r[u] = inner * sum[u] * reset * (1 - reset);
        sum[u] = inner * reset;
    }
}

static void step_backward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    for (size_t b = 0; b < step->batch; b++) {
        row_backward(step->gates + b * 3 * units, step->states[RECURRENT_SUM] + b * units,
                     step->hidden_before == NULL ? NULL : step->hidden_before + b * units,
                     step->hidden_gradient + b * units, units);
    }
}

static const gdi_cell cell = {.gates = 3,
                              .states = 1,
                              .apart = true,
                              .step_operations = 20,
                              .forward = step_forward,
                              .backward = step_backward};

GDI_RECURRENT_OPERATIONS(gdi_gru_operations, cell)
