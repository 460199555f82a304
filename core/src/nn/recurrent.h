/*
 * recurrent.h: what rnn, lstm and gru share: everything but the element-wise step of a cell.
 *
 * [time, features] → [units], or [time, units] with return_sequences; hidden and cell states begin at
 * zero. Weights are torch.nn.RNN's, LSTM's and GRU's: weight_ih_l0 [columns, features], weight_hh_l0
 * [columns, units], bias_ih_l0 and bias_hh_l0 [columns], columns = gates · units. Inside, arrays are
 * time-major, so that one step of all examples is one matrix.
 */
#ifndef DESCENT_NN_RECURRENT_H
#define DESCENT_NN_RECURRENT_H

#include "nn/layer.h"

#define GDI_RECURRENT_STATES 2

/* The layer's tensors, in their order. */
enum {
    GDI_RECURRENT_WEIGHT_IH,
    GDI_RECURRENT_WEIGHT_HH,
    GDI_RECURRENT_BIAS_IH,
    GDI_RECURRENT_BIAS_HH
};

/* One step of time. Arrays are rows of one example each, `batch` of them. */
typedef struct gdi_cell_step {
    size_t batch, units;
    /* Forward: the sums x W_ih^T + h W_hh^T + biases, to become the gates' values. Backward: those
     * values, to become the gradients of the sums. [batch, gates · units]. */
    gd_real *gates;
    gd_real *hidden;              /* [batch, units]; to be written by forward */
    const gd_real *hidden_before; /* of the step before; NULL: zeros */
    /* [batch, units], the cell's own, kept from forward to backward. With `apart` the first holds
     * the recurrent sums of the last gate; backward makes them their gradients. */
    gd_real *states[GDI_RECURRENT_STATES];
    const gd_real *states_before[GDI_RECURRENT_STATES]; /* NULL: zeros */
    /* Backward: gradient of `hidden`; with `apart` to become what reaches hidden_before without the
     * weights. */
    gd_real *hidden_gradient;
    gd_real *cell_gradient; /* backward: [batch, units], zero at the last step, the cell's own */
} gdi_cell_step;

typedef struct gdi_cell {
    size_t gates;
    size_t states; /* in use */
    /* The last gate's recurrent sum, with its bias, is not added to its input's but stands in
     * states[0]: gru. */
    bool apart;
    bool remembers; /* forget gate (the second) begins with bias 1 unless drawn as PyTorch does */
    int64_t step_operations; /* element-wise ones a unit and step, forward and backward */
    void (*forward)(const gdi_cell_step *step);
    void (*backward)(const gdi_cell_step *step);
} gdi_cell;

/* What a layer's operations call, GDI_RECURRENT_OPERATIONS makes them. */
gd_status gdi_recurrent_plan(const gdi_cell *cell, gdi_layer *layer, gd_error *error);
bool gdi_recurrent_needs(const gdi_cell *cell, const gdi_layer *layer, size_t batch, bool training,
                         gdi_needs *wanted);
void gdi_recurrent_initialise(const gdi_cell *cell, const gdi_layer *layer, gd_real *parameters,
                              gd_random *random);
void gdi_recurrent_forward(const gdi_cell *cell, const gdi_pass *pass);
void gdi_recurrent_backward(const gdi_cell *cell, const gdi_pass *pass);

/* Defines the operations `name` of a layer of these cells. */
#define GDI_RECURRENT_OPERATIONS(name, cell)                                                  \
    static gd_status plan(gdi_layer *layer, gd_error *error)                                  \
    {                                                                                         \
        return gdi_recurrent_plan(&(cell), layer, error);                                     \
    }                                                                                         \
    static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted) \
    {                                                                                         \
        return gdi_recurrent_needs(&(cell), layer, batch, training, wanted);                  \
    }                                                                                         \
    static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)    \
    {                                                                                         \
        gdi_recurrent_initialise(&(cell), layer, parameters, random);                         \
    }                                                                                         \
    static void forward(const gdi_pass *pass)                                                 \
    {                                                                                         \
        gdi_recurrent_forward(&(cell), pass);                                                 \
    }                                                                                         \
    static void backward(const gdi_pass *pass)                                                \
    {                                                                                         \
        gdi_recurrent_backward(&(cell), pass);                                                \
    }                                                                                         \
    const gdi_layer_operations name = {.plan = plan,                                          \
                                       .needs = needs,                                        \
                                       .initialise = initialise,                              \
                                       .forward = forward,                                    \
                                       .backward = backward};

#endif
