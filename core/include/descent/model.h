/*
 * model.h: a feed-forward network planned once, run many times.
 *
 * A gd_model is a plan: layers, shapes, the place of each parameter in one flat block. It holds no
 * parameters; whoever trains or predicts brings the block [parameter_count] and a workspace. Shapes
 * are of one example ([features], [time, features], or [height, width, channels] channels last); a
 * batch puts its size in front. Flatten goes channel by channel, as PyTorch's does. Parameters have
 * PyTorch's names and shapes: "layers.0.weight" [out, in].
 * Thread rule: a gd_model is immutable after create; a gd_workspace has one owner.
 */
#ifndef DESCENT_MODEL_H
#define DESCENT_MODEL_H

#include <descent/activation.h>
#include <descent/field.h>
#include <descent/formula.h>
#include <descent/random.h>
#include <descent/sparse.h>
#include <descent/status.h>

#define GD_SHAPE_MAXIMUM_RANK   4
#define GD_MODEL_MAXIMUM_LAYERS 256

typedef struct gd_shape {
    int64_t rank;
    int64_t dimensions[GD_SHAPE_MAXIMUM_RANK];
} gd_shape;

/* Product of the dimensions, or -1 where it exceeds what an int64_t or size_t can count. */
int64_t gd_shape_size(const gd_shape *shape);

typedef enum gd_initialiser {
    GD_INITIALISER_PYTORCH, /* weight and bias U(±1/sqrt(fan_in)) */
    GD_INITIALISER_GLOROT_UNIFORM,
    GD_INITIALISER_GLOROT_NORMAL,
    GD_INITIALISER_HE_UNIFORM,
    GD_INITIALISER_HE_NORMAL,
    GD_INITIALISER_LECUN_NORMAL,
    GD_INITIALISER_ORTHOGONAL,
    GD_INITIALISER_NORMAL,  /* N(0, 0.01) */
    GD_INITIALISER_UNIFORM, /* U(±0.05) */
    GD_INITIALISER_ZEROS,
    GD_INITIALISER_COUNT
} gd_initialiser;

/* NULL-terminated names in the order of the enum. All but PYTORCH set biases to zero. */
const char *const *gd_initialiser_names(void);

typedef enum gd_layer_type {
    GD_LAYER_DENSE,
    GD_LAYER_ACTIVATION,
    GD_LAYER_DROPOUT,
    GD_LAYER_FLATTEN,
    GD_LAYER_LAYER_NORM,
    GD_LAYER_EMBEDDING,
    GD_LAYER_MAX_POOL2D,
    GD_LAYER_AVG_POOL2D,
    GD_LAYER_CONV2D,
    GD_LAYER_BATCH_NORM,
    GD_LAYER_RNN,
    GD_LAYER_LSTM,
    GD_LAYER_GRU,
    GD_LAYER_TYPE_COUNT,
    GD_LAYER_FORMULA /* in no list: gd_model_create_formula makes it */
} gd_layer_type;

/* y = x W^T + b, [batch, in] → [batch, units] or the same at each time, then the activation. */
typedef struct gd_dense_options {
    int64_t units; /* GD_AUTOMATIC: as wide as the target needs */
    bool bias;
    int initialiser; /* gd_initialiser */
    int activation;  /* gd_activation */
    double l1, l2;   /* gd_model_add_penalty, as in the other layers that have them */
} gd_dense_options;

typedef struct gd_activation_layer_options {
    int function; /* gd_activation */
} gd_activation_layer_options;

/* Training: each element is zero with probability rate, else divided by 1 - rate. */
typedef struct gd_dropout_options {
    double rate;
} gd_dropout_options;

/* Each row of the last dimension to mean 0 and variance 1, then weight and bias. */
typedef struct gd_layer_norm_options {
    double eps;
} gd_layer_norm_options;

/* [length] of symbols 0 … vocabulary-1 → [length, dimensions]. Another symbol gives NaN. */
typedef struct gd_embedding_options {
    int64_t vocabulary; /* GD_AUTOMATIC: as many as the target has classes */
    int64_t dimensions;
} gd_embedding_options;

/* max_pool2d and avg_pool2d: windows within the image. */
typedef struct gd_pool2d_options {
    gd_count_list size; /* two: height, width */
    int64_t stride;     /* GD_AUTOMATIC: the size */
} gd_pool2d_options;

typedef enum gd_padding {
    GD_PADDING_VALID, /* windows within the image */
    GD_PADDING_SAME   /* zeros around it: output ceil(image / stride), odd ones at the end */
} gd_padding;

/* [height, width, channels] → [rows, columns, filters], then the activation. */
typedef struct gd_conv2d_options {
    int64_t filters;
    gd_count_list kernel, stride; /* two each: height, width */
    int padding;                  /* gd_padding */
    bool bias;
    int initialiser; /* gd_initialiser */
    int activation;  /* gd_activation */
    double l1, l2;
} gd_conv2d_options;

/* Each channel to mean 0 and variance 1 over batch and positions, then weight and bias. */
typedef struct gd_batch_norm_options {
    double momentum; /* weight of the new value in the running statistics */
    double eps;
} gd_batch_norm_options;

/*
 * rnn (tanh), lstm, gru: [time, features] → [units] of the last step, or [time, units] of all. As
 * torch.nn.RNN, LSTM and GRU with one layer and batch_first, names and gate order included. Initialiser
 * pytorch: all U(±1/sqrt(units)); others as Keras: they draw weight_ih, weight_hh is orthogonal, biases
 * 0, but 1 in lstm's bias_ih of the forget gate.
 */
typedef struct gd_recurrent_options {
    int64_t units;
    bool return_sequences;
    int initialiser; /* gd_initialiser */
    double l1, l2;
} gd_recurrent_options;

/* The whole of a model: [columns] → [1]. */
typedef struct gd_formula_layer_options {
    const gd_formula *formula; /* borrowed */
} gd_formula_layer_options;

typedef struct gd_layer_options {
    gd_layer_type type;
    union {
        gd_dense_options dense;
        gd_activation_layer_options activation;
        gd_dropout_options dropout;
        gd_layer_norm_options layer_norm;
        gd_embedding_options embedding;
        gd_pool2d_options pool2d;
        gd_conv2d_options conv2d;
        gd_batch_norm_options batch_norm;
        gd_recurrent_options recurrent; /* rnn, lstm, gru */
        gd_formula_layer_options formula;
    } of;
} gd_layer_options;

struct gdi_layer_operations;

typedef struct gd_layer_descriptor {
    const char *name;
    const char *help;
    gd_field_table fields; /* offsets are in gd_layer_options */
    const struct gdi_layer_operations *operations;
} gd_layer_descriptor;

const gd_layer_descriptor *gd_layer_descriptor_at(gd_layer_type type);

/* One named tensor in the flat block. */
typedef struct gd_parameter {
    char name[48]; /* "layers.0.weight" */
    int64_t layer;
    gd_shape shape;
    size_t offset; /* first element */
    size_t count;
    bool trained; /* false: running statistics, which no optimizer touches */
} gd_parameter;

typedef struct gd_model gd_model;
typedef struct gd_workspace gd_workspace;

/*
 * Plans `layers` [layer_count] for examples of shape `input`. `automatic_units` replaces
 * GD_AUTOMATIC. A layer that does not fit is GD_SHAPE_MISMATCH with path "layers/<i>/…" and what
 * came and what it wants. GD_TOO_LARGE beyond `maximum_parameters` (0: no limit of the caller's).
 * GD_INVALID_ARGUMENT for options out of bounds and where no layer has parameters.
 */
gd_status gd_model_create(gd_model **model, const gd_shape *input, const gd_layer_options *layers,
                          int64_t layer_count, int64_t automatic_units, int64_t maximum_parameters,
                          gd_error *error);
void gd_model_destroy(gd_model *model);

/*
 * A model that is a formula, which it borrows and which must outlive it. Its tensors are the formula's
 * parameters, in their order and by their names, of shape []. A block of them, for forward and backward
 * here, has each divided by |start| where the formula is scaled; a trainer takes and gives them as they
 * are, in double (training.h).
 */
gd_status gd_model_create_formula(gd_model **model, const gd_formula *formula, gd_error *error);
/* NULL where the model is none. */
const gd_formula *gd_model_formula(const gd_model *model);
/* Bytes of one parameter as a trainer gives it: a double's of a formula, else a gd_real's. */
size_t gd_model_element_bytes(const gd_model *model);

int64_t gd_model_layer_count(const gd_model *model);
/* Options as planned: without GD_AUTOMATIC. Indices must be in range here and below. */
const gd_layer_options *gd_model_layer(const gd_model *model, int64_t index);
const gd_shape *gd_model_input_shape(const gd_model *model);
const gd_shape *gd_model_layer_shape(const gd_model *model, int64_t index); /* its output */
const gd_shape *gd_model_output_shape(const gd_model *model);
int64_t gd_model_layer_parameters(const gd_model *model, int64_t index); /* trained ones */
/* Elements in the flat block. The first `trained_count` are the optimizer's, the rest statistics. */
size_t gd_model_parameter_count(const gd_model *model);
size_t gd_model_trained_count(const gd_model *model);
int64_t gd_model_tensor_count(const gd_model *model);
const gd_parameter *gd_model_tensor(const gd_model *model, int64_t index);
/* Floating-point operations of one training step an example (forward and backward). */
int64_t gd_model_operations(const gd_model *model);
/* Bytes of a workspace for `batch` examples, or -1 on overflow. */
int64_t gd_model_workspace_bytes(const gd_model *model, int64_t batch, bool training);

/* Draws initial values in tensor order, so that a seed fixes them. */
void gd_model_initialise(const gd_model *model, gd_real *parameters, gd_random *random);

/* Scratch memory for at most `batch` examples; with `training` also for the backward pass. */
gd_status gd_workspace_create(gd_workspace **workspace, const gd_model *model, int64_t batch,
                              bool training, gd_error *error);
void gd_workspace_destroy(gd_workspace *workspace);

/*
 * Forward pass. input [batch, input…]; the result points into the workspace: [batch, output…],
 * valid until its next use. With `dropout` not NULL the pass is a training pass, drawing from it,
 * and needs a training workspace. NULL where the workspace does not fit pass or batch.
 */
const gd_real *gd_model_forward(const gd_model *model, const gd_real *parameters,
                                gd_workspace *workspace, const gd_real *input, int64_t batch,
                                gd_random *dropout);

/*
 * Backward pass after a training forward pass of the same input and batch: writes (not adds)
 * gradients [parameter_count]. output_gradient [batch, output…] is overwritten. Past trained_count
 * stand no gradients but the new values of the running statistics, to be copied to the parameters.
 */
void gd_model_backward(const gd_model *model, const gd_real *parameters, gd_workspace *workspace,
                       const gd_real *input, int64_t batch, gd_real *output_gradient,
                       gd_real *gradients);

/*
 * The same of sparse rows, where the first layer is a dense one that sees [features]: its sums
 * visit the non-zeros alone, and so does its weights' gradient, but for writing the zeros. Sums of
 * a row are taken in double in the order of the indices, gradients in the order of the rows. The
 * matrix may be narrower than the model, as if zeros followed. forward gives NULL for another model
 * or a wider matrix.
 */
bool gd_model_takes_sparse(const gd_model *model);
const gd_real *gd_model_forward_sparse(const gd_model *model, const gd_real *parameters,
                                       gd_workspace *workspace, const gd_sparse_batch *input,
                                       int64_t batch, gd_random *dropout);
void gd_model_backward_sparse(const gd_model *model, const gd_real *parameters,
                              gd_workspace *workspace, const gd_sparse_batch *input, int64_t batch,
                              gd_real *output_gradient, gd_real *gradients);

/*
 * The penalty of the layers' options: the sum over weights, not biases, of l1 |w| + l2 w², as a Keras
 * kernel_regularizer (of recurrent layers both weights count). Adds its gradient, l1 sign(w) + 2 l2 w
 * with sign(0) = 0, to `gradients` [parameter_count]. 0 where no layer has one. A training loss
 * includes it, a validation loss does not.
 */
double gd_model_add_penalty(const gd_model *model, const gd_real *parameters, gd_real *gradients);

#endif
