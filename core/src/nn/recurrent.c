/*
 * recurrent.c: the products and the memory of recurrent layers (recurrent.h).
 *
 * The input's part of the gates is one product over all steps and examples, as are both weight
 * gradients; only the recurrent part is one product a step. Gates become their gradients in place.
 * Backpropagation goes through the whole sequence. States are kept from forward to backward and stand
 * in the scratch of a workspace for predictions.
 */
#include "nn/recurrent.h"

#include "base/memory.h"
#include "base/versions.h"

#include <string.h>

typedef struct sizes {
    size_t time, inputs, units, columns;
    size_t joined; /* columns whose recurrent sums are added to their input's */
} sizes;

static sizes sizes_of(const gdi_cell *cell, const gdi_layer *layer)
{
    const size_t units = (size_t)layer->options.of.recurrent.units;
    return (sizes){.time = gdi_shape_rows(&layer->input),
                   .inputs = gdi_shape_width(&layer->input),
                   .units = units,
                   .columns = cell->gates * units,
                   .joined = (cell->gates - (cell->apart ? 1 : 0)) * units};
}

/* Where arrays stand, in elements: states in the saved memory or the scratch, the rest in scratch. */
typedef struct layout {
    size_t gates, hidden, states[GDI_RECURRENT_STATES], states_end;
    size_t input;            /* [time, batch, inputs] */
    size_t recurrent_weight; /* [units, columns]: the transpose */
    size_t bias;             /* [columns] */
    size_t hidden_gradient, cell_gradient;
    size_t product, end;
} layout;

static bool place(size_t *end, size_t a, size_t b, size_t c, size_t *begin)
{
    size_t count;
    if (!gdi_size_multiply(a, b, &count) || !gdi_size_multiply(count, c, &count) ||
        count > SIZE_MAX / 256 || *end > SIZE_MAX / 256) {
        return false;
    }
    *begin = *end;
    *end += (count + 15) / 16 * 16;
    return true;
}

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* False where a size overflows. */
static bool lay_out(const gdi_cell *cell, const gdi_layer *layer, size_t batch, bool training,
                    layout *result)
{
    const sizes size = sizes_of(cell, layer);
    layout l = {0};
    bool fits = place(&l.states_end, size.time, batch, size.columns, &l.gates) &&
                place(&l.states_end, size.time, batch, size.units, &l.hidden);
    for (size_t s = 0; s < cell->states && fits; s++) {
        fits = place(&l.states_end, size.time, batch, size.units, &l.states[s]);
    }
    if (!fits) {
        return false;
    }
    const size_t rows = size.time * batch, widest = largest(size.inputs, size.units);
    size_t product = gdi_product_scratch(rows, size.columns, widest);
    product = largest(product, gdi_product_scratch(size.columns, widest, rows));
    product = largest(product, gdi_product_scratch(rows, widest, size.columns));
    l.end = training ? 0 : l.states_end;
    fits = place(&l.end, size.time, batch, size.inputs, &l.input) &&
           place(&l.end, size.units, size.columns, 1, &l.recurrent_weight) &&
           place(&l.end, size.columns, 1, 1, &l.bias) &&
           place(&l.end, batch, size.units, 1, &l.hidden_gradient) &&
           place(&l.end, batch, size.units, 1, &l.cell_gradient) &&
           place(&l.end, product, 1, 1, &l.product);
    *result = l;
    return fits;
}

bool gdi_recurrent_needs(const gdi_cell *cell, const gdi_layer *layer, size_t batch, bool training,
                         gdi_needs *wanted)
{
    layout l;
    if (!lay_out(cell, layer, batch, training, &l)) {
        return false;
    }
    wanted->scratch = l.end;
    wanted->saved = training ? l.states_end * sizeof(gd_real) : 0;
    return true;
}

/* A pass over one layer: its sizes and its arrays. */
typedef struct sequence {
    const gdi_cell *cell;
    const gdi_pass *pass;
    sizes size;
    layout at;
    gd_real *kept;        /* what `at` counts states from */
    const gd_real *input; /* [time, batch, inputs] */
} sequence;

/* Rows of `width` from [batch, time] to [time, batch], or back. */
static void turn(const gd_real *source, gd_real *target, size_t outer, size_t inner, size_t width)
{
    for (size_t i = 0; i < outer; i++) {
        for (size_t k = 0; k < inner; k++) {
            memcpy(target + (k * outer + i) * width, source + (i * inner + k) * width,
                   width * sizeof *target);
        }
    }
}

static sequence begin(const gdi_cell *cell, const gdi_pass *pass)
{
    sequence s = {.cell = cell, .pass = pass, .size = sizes_of(cell, pass->layer)};
    lay_out(cell, pass->layer, pass->batch, pass->saved != NULL, &s.at);
    s.kept = pass->saved != NULL ? pass->saved : pass->scratch;
    s.input = pass->input;
    if (pass->batch > 1 && s.size.time > 1) {
        turn(pass->input, pass->scratch + s.at.input, pass->batch, s.size.time, s.size.inputs);
        s.input = pass->scratch + s.at.input;
    }
    return s;
}

static gdi_cell_step step_of(const sequence *s, size_t t)
{
    const size_t row = t * s->pass->batch, before = (t - 1) * s->pass->batch;
    gd_real *hidden = s->kept + s->at.hidden;
    gdi_cell_step step = {
        .batch = s->pass->batch,
        .units = s->size.units,
        .gates = s->kept + s->at.gates + row * s->size.columns,
        .hidden = hidden + row * s->size.units,
        .hidden_before = t > 0 ? hidden + before * s->size.units : NULL,
        .hidden_gradient = s->pass->scratch + s->at.hidden_gradient,
        .cell_gradient = s->pass->scratch + s->at.cell_gradient,
    };
    for (size_t i = 0; i < s->cell->states; i++) {
        gd_real *state = s->kept + s->at.states[i];
        step.states[i] = state + row * s->size.units;
        step.states_before[i] = t > 0 ? state + before * s->size.units : NULL;
    }
    return step;
}

/* The input's sums of all steps, with the biases that go with them, and W_hh turned. */
static void prepare(const sequence *s)
{
    const gdi_pass *pass = s->pass;
    const sizes size = s->size;
    const gd_real *weight = gdi_parameter(pass, GDI_RECURRENT_WEIGHT_HH);
    const gd_real *bias_ih = gdi_parameter(pass, GDI_RECURRENT_BIAS_IH),
                  *bias_hh = gdi_parameter(pass, GDI_RECURRENT_BIAS_HH);
    gd_real *bias = pass->scratch + s->at.bias;
    pass->layer->kernels->transposed(weight, pass->scratch + s->at.recurrent_weight, size.columns,
                                     size.units);
    for (size_t c = 0; c < size.columns; c++) {
        bias[c] = bias_ih[c] + (c < size.joined ? bias_hh[c] : 0);
    }
    gdi_pass_product(pass, (gdi_matrix){.values = s->input, .stride = size.inputs},
                     (gdi_matrix){.values = gdi_parameter(pass, GDI_RECURRENT_WEIGHT_IH),
                                  .stride = size.inputs,
                                  .transposed = true},
                     s->kept + s->at.gates, size.columns, size.time * pass->batch, size.columns,
                     size.inputs, bias, false, pass->scratch + s->at.product);
}

static void add_recurrent_sums(const sequence *s, const gdi_cell_step *step)
{
    const gdi_pass *pass = s->pass;
    const sizes size = s->size;
    const gd_real *weight = pass->scratch + s->at.recurrent_weight;
    const gd_real *apart_bias = gdi_parameter(pass, GDI_RECURRENT_BIAS_HH) + size.joined;
    if (step->hidden_before == NULL) {
        for (size_t b = 0; s->cell->apart && b < pass->batch; b++) {
            memcpy(step->states[0] + b * size.units, apart_bias, size.units * sizeof *apart_bias);
        }
        return;
    }
    const gdi_matrix left = {.values = step->hidden_before, .stride = size.units};
    gdi_pass_product(pass, left, (gdi_matrix){.values = weight, .stride = size.columns},
                     step->gates, size.columns, pass->batch, size.joined, size.units, NULL, true,
                     pass->scratch + s->at.product);
    if (s->cell->apart) {
        gdi_pass_product(pass, left,
                         (gdi_matrix){.values = weight + size.joined, .stride = size.columns},
                         step->states[0], size.units, pass->batch, size.units, size.units,
                         apart_bias, false, pass->scratch + s->at.product);
    }
}

void gdi_recurrent_forward(const gdi_cell *cell, const gdi_pass *pass)
{
    const sequence s = begin(cell, pass);
    const gd_real *hidden = s.kept + s.at.hidden;
    const size_t step_size = pass->batch * s.size.units;
    prepare(&s);
    for (size_t t = 0; t < s.size.time; t++) {
        const gdi_cell_step step = step_of(&s, t);
        add_recurrent_sums(&s, &step);
        cell->forward(&step);
    }
    if (pass->layer->options.of.recurrent.return_sequences) {
        turn(hidden, pass->output, s.size.time, pass->batch, s.size.units);
    } else {
        memcpy(pass->output, hidden + (s.size.time - 1) * step_size,
               step_size * sizeof *pass->output);
    }
}

GDI_VERSIONS static void add_row(const gd_real *row, gd_real *sum, size_t count)
{
    GDI_INDEPENDENT
    for (size_t u = 0; u < count; u++) {
        sum[u] += row[u];
    }
}

static void add_output_gradient(const sequence *s, size_t t)
{
    const gdi_pass *pass = s->pass;
    const size_t units = s->size.units;
    const bool sequences = pass->layer->options.of.recurrent.return_sequences;
    gd_real *sum = pass->scratch + s->at.hidden_gradient;
    if (!sequences && t + 1 < s->size.time) {
        return;
    }
    for (size_t b = 0; b < pass->batch; b++) {
        const size_t row = sequences ? b * s->size.time + t : b;
        add_row(pass->output_gradient + row * units, sum + b * units, units);
    }
}

/* From the gradients of a step's sums to that of the hidden state before. */
static void retreat(const sequence *s, const gdi_cell_step *step)
{
    const gdi_pass *pass = s->pass;
    const sizes size = s->size;
    const gd_real *weight = gdi_parameter(pass, GDI_RECURRENT_WEIGHT_HH);
    gdi_pass_product(pass, (gdi_matrix){.values = step->gates, .stride = size.columns},
                     (gdi_matrix){.values = weight, .stride = size.units}, step->hidden_gradient,
                     size.units, pass->batch, size.units, size.joined, NULL, s->cell->apart,
                     pass->scratch + s->at.product);
    if (s->cell->apart) {
        gdi_pass_product(
            pass, (gdi_matrix){.values = step->states[0], .stride = size.units},
            (gdi_matrix){.values = weight + size.joined * size.units, .stride = size.units},
            step->hidden_gradient, size.units, pass->batch, size.units, size.units, NULL, true,
            pass->scratch + s->at.product);
    }
}

/* result [columns, width] = slopes^T · values over `rows` rows. */
static void weigh(const sequence *s, gdi_matrix slopes, const gd_real *values, gd_real *result,
                  size_t columns, size_t width, size_t rows)
{
    slopes.transposed = true;
    gdi_pass_product(s->pass, slopes, (gdi_matrix){.values = values, .stride = width}, result,
                     width, columns, width, rows, NULL, false, s->pass->scratch + s->at.product);
}

static void write_gradients(const sequence *s)
{
    const gdi_pass *pass = s->pass;
    const sizes size = s->size;
    const size_t batch = pass->batch, rows = size.time * batch, later = rows - batch;
    const gd_real *gates = s->kept + s->at.gates, *hidden = s->kept + s->at.hidden;
    const gd_real *apart = s->kept + s->at.states[0];
    gd_real *recurrent = gdi_gradient(pass, GDI_RECURRENT_WEIGHT_HH);
    gd_real *bias_ih = gdi_gradient(pass, GDI_RECURRENT_BIAS_IH),
            *bias_hh = gdi_gradient(pass, GDI_RECURRENT_BIAS_HH);
    weigh(s, (gdi_matrix){.values = gates, .stride = size.columns}, s->input,
          gdi_gradient(pass, GDI_RECURRENT_WEIGHT_IH), size.columns, size.inputs, rows);
    pass->layer->kernels->column_sums(gates, rows, size.columns, bias_ih);
    memcpy(bias_hh, bias_ih, size.joined * sizeof *bias_hh);
    if (s->cell->apart) {
        pass->layer->kernels->column_sums(apart, rows, size.units, bias_hh + size.joined);
    }
    if (later == 0) {
        gdi_fill(recurrent, size.columns * size.units, 0);
        return;
    }
    weigh(s, (gdi_matrix){.values = gates + batch * size.columns, .stride = size.columns}, hidden,
          recurrent, size.joined, size.units, later);
    if (s->cell->apart) {
        weigh(s, (gdi_matrix){.values = apart + batch * size.units, .stride = size.units}, hidden,
              recurrent + size.joined * size.units, size.units, size.units, later);
    }
}

static void write_input_gradient(const sequence *s)
{
    const gdi_pass *pass = s->pass;
    const sizes size = s->size;
    const bool turned = s->input != pass->input;
    gd_real *result = turned ? pass->scratch + s->at.input : pass->input_gradient;
    gdi_pass_product(
        pass, (gdi_matrix){.values = s->kept + s->at.gates, .stride = size.columns},
        (gdi_matrix){.values = gdi_parameter(pass, GDI_RECURRENT_WEIGHT_IH), .stride = size.inputs},
        result, size.inputs, size.time * pass->batch, size.inputs, size.columns, NULL, false,
        pass->scratch + s->at.product);
    if (turned) {
        turn(result, pass->input_gradient, size.time, pass->batch, size.inputs);
    }
}

void gdi_recurrent_backward(const gdi_cell *cell, const gdi_pass *pass)
{
    const sequence s = begin(cell, pass);
    const size_t step_size = pass->batch * s.size.units;
    gdi_fill(pass->scratch + s.at.hidden_gradient, step_size, 0);
    gdi_fill(pass->scratch + s.at.cell_gradient, step_size, 0);
    for (size_t t = s.size.time; t-- > 0;) {
        const gdi_cell_step step = step_of(&s, t);
        add_output_gradient(&s, t);
        cell->backward(&step);
        if (t > 0) {
            retreat(&s, &step);
        }
    }
    write_gradients(&s);
    if (pass->input_gradient != NULL) {
        write_input_gradient(&s);
    }
}
