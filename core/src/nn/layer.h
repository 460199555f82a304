/*
 * layer.h: what a kind of layer must be able to do, and one layer as planned.
 *
 * A kind is one file with a `gdi_layer_operations` and one line in layers.c. Planning fixes shapes and
 * tensors; a pass then calls forward and backward once a layer on memory that is already there.
 * Nothing in forward or backward allocates, fails or keeps state outside what gdi_pass gives it.
 */
#ifndef DESCENT_NN_LAYER_H
#define DESCENT_NN_LAYER_H

#include "base/thread_pool.h"
#include "math/kernels.h"
#include "nn/gradient_use.h"

#include <descent/model.h>
#include <descent/sparse.h>

#define GDI_LAYER_MAXIMUM_TENSORS 8
#define GDI_SHAPE_TEXT            96

/* When a layer's output is its input, so that no call and no memory is needed. */
typedef enum gdi_view {
    GDI_VIEW_NEVER,
    GDI_VIEW_PREDICTING, /* not in training passes: dropout */
    GDI_VIEW_ALWAYS      /* flatten */
} gdi_view;

/*
 * A tensor of a layer. Those with `trained` false are statistics: backward writes their new values
 * where it writes the gradients of the others.
 */
typedef struct gdi_tensor {
    const char *name; /* "weight" */
    gd_shape shape;
    size_t count;
    size_t offset; /* in the flat block; set once all layers are planned */
    bool trained;
    double l1, l2; /* shares of its penalty; 0 unless set after it was added */
} gdi_tensor;

typedef struct gdi_layer {
    /* Set before `plan`. */
    gd_layer_options options;
    const gd_layer_descriptor *descriptor;
    const gdi_kernels *kernels;
    int64_t index;
    gd_shape input;
    size_t input_count; /* elements an example */
    int64_t automatic_units;
    bool input_gradient_wanted; /* a layer before this one has trained tensors */
    /* Set by `plan`: output, tensors, view, step_operations, and options without GD_AUTOMATIC. */
    gd_shape output;
    gdi_tensor tensors[GDI_LAYER_MAXIMUM_TENSORS];
    int64_t tensor_count;
    gdi_view view;
    int64_t step_operations; /* floating-point, forward and backward, an example */
    /* Set after `plan`. */
    size_t output_count;
    bool joins_next; /* one pass makes this layer's output and the next one's, which alone stays */
    bool joined;     /* into the pass of the layer before */
    int64_t
        source; /* layer whose output memory this one reads in training; -1: the model's input */
} gdi_layer;

/* Memory a layer needs for one batch. */
typedef struct gdi_needs {
    size_t saved;   /* bytes kept from forward to backward, its own; training workspaces only */
    size_t scratch; /* elements used within one call, shared by all layers */
} gdi_needs;

/* What one call of forward or backward works on. */
typedef struct gdi_pass {
    const gdi_layer *layer;
    gdi_thread_pool *pool; /* NULL: this thread alone */
    size_t batch;
    bool training;                 /* backward follows */
    const gd_real *parameters;     /* the whole flat block */
    const gd_real *input;          /* [batch, input…]; NULL where it is sparse */
    const gd_sparse_batch *sparse; /* the input of the first layer of a sparse pass, else NULL */
    gd_real *output;               /* [batch, output…]; read-only in backward */
    void *saved;                   /* gdi_needs.saved bytes; NULL in a workspace for predictions */
    gd_real *scratch;              /* 64-byte aligned */
    gd_random *random;             /* forward in training */
    gd_real *output_gradient;      /* backward: [batch, output…], may be overwritten */
    gd_real *input_gradient; /* backward: [batch, input…] to be written, or NULL: not wanted */
    gd_real *gradients;      /* backward: the whole flat block; write, not add */
    gdi_gradient_use *use;   /* backward: of gradients, or NULL */
} gdi_pass;

typedef struct gdi_layer_operations {
    /* Checks the input's shape and fills the layer; failures by gdi_layer_fail. */
    gd_status (*plan)(gdi_layer *layer, gd_error *error);
    /* Adds to zeroed `needs`; false on overflow. NULL: needs nothing. */
    bool (*needs)(const gdi_layer *layer, size_t batch, bool training, gdi_needs *needs);
    /* Draws the tensors' first values in their order. NULL: has no tensors. */
    void (*initialise)(const gdi_layer *layer, gd_real *parameters, gd_random *random);
    void (*forward)(const gdi_pass *pass);
    void (*backward)(const gdi_pass *pass);
    bool gradient_in_place; /* input_gradient may be output_gradient */
    /*
     * Whether a pass over `layer` makes the output of `next` too, output, saved memory and output
     * gradient being those of `next`. NULL: never.
     */
    bool (*joins)(const gdi_layer *layer, const gdi_layer *next);
} gdi_layer_operations;

extern const gdi_layer_operations gdi_dense_operations;
extern const gdi_layer_operations gdi_activation_operations;
extern const gdi_layer_operations gdi_dropout_operations;
extern const gdi_layer_operations gdi_flatten_operations;
extern const gdi_layer_operations gdi_layer_norm_operations;
extern const gdi_layer_operations gdi_embedding_operations;
extern const gdi_layer_operations gdi_max_pool2d_operations;
extern const gdi_layer_operations gdi_avg_pool2d_operations;
extern const gdi_layer_operations gdi_conv2d_operations;
extern const gdi_layer_operations gdi_batch_norm_operations;
extern const gdi_layer_operations gdi_rnn_operations;
extern const gdi_layer_operations gdi_lstm_operations;
extern const gdi_layer_operations gdi_gru_operations;
extern const gdi_layer_operations gdi_formula_operations;

/* For `plan`. Member may be "". Path "layers/<index>/<member>", message "layer 2 (dense) …". */
gd_status gdi_layer_fail(const gdi_layer *layer, gd_error *error, gd_status status,
                         const char *member, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* For `plan`: one more tensor. GD_TOO_LARGE where its size overflows. */
gd_status gdi_layer_add_tensor(gdi_layer *layer, const char *name, gd_shape shape, bool trained,
                               gd_error *error);

/* For `plan`: a tensor of weights with its penalty. */
gd_status gdi_layer_add_weight(gdi_layer *layer, const char *name, gd_shape shape, double l1,
                               double l2, gd_error *error);

/* Elements a × b × c of a shape or a count of operations, at most INT64_MAX. */
int64_t gdi_saturating_product(int64_t a, int64_t b, int64_t c);

/* "[28, 28, 1]" into text [GDI_SHAPE_TEXT]; returns text. */
const char *gdi_shape_text(const gd_shape *shape, char *text);

/* The elements of `shape` but for its last dimension: rows a layer of the last dimension sees. */
size_t gdi_shape_rows(const gd_shape *shape);
size_t gdi_shape_width(const gd_shape *shape);

/* Sizes of a dense matrix and of what one output sums over, or one input feeds. */
typedef struct gdi_fans {
    size_t in, out;
} gdi_fans;

/* weight [rows, columns], row-major. */
void gdi_initialise_weight(int initialiser, gd_real *weight, size_t rows, size_t columns,
                           gdi_fans fans, gd_random *random);
void gdi_initialise_bias(int initialiser, gd_real *bias, size_t count, gdi_fans fans,
                         gd_random *random);

/*
 * dense_sparse.c: sums [batch, units] of a dense layer over a sparse input, and the gradient of its
 * weights [units, in], all of it written. To the same bytes for any number of threads.
 */
void gdi_sparse_product(const gdi_pass *pass, const gd_real *weight, const gd_real *bias,
                        gd_real *sums, size_t units, size_t in);
void gdi_sparse_weight_gradient(const gdi_pass *pass, const gd_real *sum_gradient,
                                gd_real *gradient, size_t units, size_t in);

/*
 * pass_work.c: product as gdi_kernels has it, and an activation's forward and backward, over the
 * threads of the pass, to the same bytes for any number of them.
 */
void gdi_pass_product(const gdi_pass *pass, gdi_matrix left, gdi_matrix right, gd_real *result,
                      size_t result_stride, size_t rows, size_t columns, size_t inner,
                      const gd_real *bias, bool accumulate, gd_real *scratch);
/*
 * The gradient of a tensor [rows, columns] = sum_gradientᵀ · input, [inner, rows] and [inner, columns].
 * Handed on to the pass's use where there is one and the tensor is worth it.
 */
void gdi_pass_weight_gradient(const gdi_pass *pass, int64_t tensor, const gd_real *sum_gradient,
                              const gd_real *input, size_t rows, size_t columns, size_t inner,
                              gd_real *scratch);
/* Elements of scratch that needs. */
size_t gdi_weight_gradient_scratch(size_t rows, size_t columns, size_t inner);
void gdi_pass_activate(const gdi_pass *pass, const gd_activation_descriptor *function,
                       const gd_real *input, gd_real *output, size_t count);
void gdi_pass_slopes(const gdi_pass *pass, const gd_activation_descriptor *function,
                     const gd_real *input, const gd_real *output, const gd_real *output_gradient,
                     gd_real *input_gradient, size_t count);

void gdi_fill(gd_real *values, size_t count, gd_real value);

/*
 * For layers with an activation of their own. NULL for identity, which needs no call. A member whose
 * slope cannot be had from its output makes the layer keep what went into it.
 */
const gd_activation_descriptor *gdi_member_activation(int activation);
bool gdi_member_keeps_input(int activation);

/* The arrays behind gd_activation_names and gd_initialiser_names, for constant field tables. */
extern const char *const gdi_activation_name_list[GD_ACTIVATION_COUNT + 1];
extern const char *const gdi_initialiser_name_list[GD_INITIALISER_COUNT + 1];

static inline const gd_real *gdi_parameter(const gdi_pass *pass, int64_t tensor)
{
    return pass->parameters + pass->layer->tensors[tensor].offset;
}

static inline gd_real *gdi_gradient(const gdi_pass *pass, int64_t tensor)
{
    return pass->gradients + pass->layer->tensors[tensor].offset;
}

#endif
