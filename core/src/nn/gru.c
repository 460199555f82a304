/*
 * gru.c: torch.nn.GRU, gates in the order r z n. Products and memory: recurrent.c.
 *
 * r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh); n = tanh(W_in x + b_in + r (W_hn h + b_hn));
 * h' = (1 - z) n + z h. The reset gate multiplies the recurrent sum with its bias, which is why that
 * sum of n stands apart. Kept: the gates and that sum.
 */
#include "nn/recurrent.h"

#include "base/versions.h"

enum {
    RECURRENT_SUM
};

/* One example's candidate before its function: the reset gate lets through of the recurrent sum. */
GDI_VERSIONS static void row_candidates(const gd_real *reset, const gd_real *sum, gd_real *n,
                                        size_t units)
{
    GDI_INDEPENDENT
    for (size_t u = 0; u < units; u++) {
        n[u] += reset[u] * sum[u];
    }
}

GDI_VERSIONS static void row_hidden(const gd_real *z, const gd_real *n, const gd_real *before,
                                    gd_real *hidden, size_t units)
{
    if (before == NULL) {
        GDI_INDEPENDENT
        for (size_t u = 0; u < units; u++) {
            hidden[u] = (1 - z[u]) * n[u];
        }
        return;
    }
    GDI_INDEPENDENT
    for (size_t u = 0; u < units; u++) {
        hidden[u] = (1 - z[u]) * n[u] + z[u] * before[u];
    }
}

static void step_forward(const gdi_cell_step *step)
{
    const size_t units = step->units;
    const gd_activation_descriptor *sigmoid = gdi_member_activation(GD_ACTIVATION_SIGMOID);
    const gd_activation_descriptor *tanh = gdi_member_activation(GD_ACTIVATION_TANH);
    const gd_real *before = step->hidden_before;
    for (size_t b = 0; b < step->batch; b++) {
        gd_real *r = step->gates + b * 3 * units, *z = r + units, *n = z + units;
        sigmoid->forward(r, r, 2 * units);
        row_candidates(r, step->states[RECURRENT_SUM] + b * units, n, units);
        tanh->forward(n, n, units);
        row_hidden(z, n, before == NULL ? NULL : before + b * units, step->hidden + b * units,
                   units);
    }
}

/* Gradients of one example's sums; `slope` is that of its hidden state and becomes z times it. */
GDI_VERSIONS static void row_backward(gd_real *gates, gd_real *sum, const gd_real *before,
                                      gd_real *slope, size_t units)
{
    gd_real *r = gates, *z = r + units, *n = z + units;
    GDI_INDEPENDENT
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
