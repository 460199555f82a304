/*
 * rnn.c: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), torch.nn.RNN. Products and memory: recurrent.c.
 */
#include "nn/recurrent.h"

#include <string.h>

static void step_forward(const gdi_cell_step *step)
{
    const size_t count = step->batch * step->units;
    gdi_member_activation(GD_ACTIVATION_TANH)->forward(step->gates, step->gates, count);
    memcpy(step->hidden, step->gates, count * sizeof *step->hidden);
}

static void step_backward(const gdi_cell_step *step)
{
    gdi_member_activation(GD_ACTIVATION_TANH)
        ->backward(NULL, step->gates, step->hidden_gradient, step->gates,
                   step->batch * step->units);
}

static const gdi_cell cell = {
    .gates = 1, .step_operations = 20, .forward = step_forward, .backward = step_backward};

GDI_RECURRENT_OPERATIONS(gdi_rnn_operations, cell)
