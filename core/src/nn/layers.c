/*
 * layers.c: the one table of layer kinds. A new kind is one file, its enumerator and options in
 * model.h, and a row here.
 */
#include "nn/layer.h"

#define OFFSET(member) offsetof(gd_layer_options, of.member)
#define FIELDS(table)                                                  \
    {                                                                  \
        .fields = (table), .count = sizeof(table) / sizeof((table)[0]) \
    }

#define PENALTY_FIELDS(kind)                                                            \
    {.name = "l1",                                                                      \
     .type = GD_FIELD_NUMBER,                                                           \
     .offset = OFFSET(kind.l1),                                                         \
     .minimum = 0,                                                                      \
     .maximum = 1e6,                                                                    \
     .help = "adds this times the sum of the weights' sizes to the training loss"},     \
    {                                                                                   \
        .name = "l2", .type = GD_FIELD_NUMBER, .offset = OFFSET(kind.l2), .minimum = 0, \
        .maximum = 1e6,                                                                 \
        .help = "adds this times the sum of the weights' squares to the training loss"  \
    }

static const gd_field dense_fields[] = {
    {.name = "units",
     .type = GD_FIELD_COUNT,
     .offset = OFFSET(dense.units),
     .minimum = 1,
     .maximum = 1e7,
     .automatic = "auto",
     .required = true,
     .help = "outputs; \"auto\": as many as the target needs"},
    {.name = "bias",
     .type = GD_FIELD_BOOLEAN,
     .offset = OFFSET(dense.bias),
     .default_value = 1,
     .help = "add a trained constant to each output"},
    {.name = "init",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(dense.initialiser),
     .default_value = GD_INITIALISER_PYTORCH,
     .choices = gdi_initialiser_name_list,
     .help = "how the first weights are drawn"},
    {.name = "activation",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(dense.activation),
     .default_value = GD_ACTIVATION_IDENTITY,
     .choices = gdi_activation_name_list,
     .help = "function applied to each output"},
    PENALTY_FIELDS(dense),
};

static const gd_field activation_fields[] = {
    {.name = "function",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(activation.function),
     .required = true,
     .choices = gdi_activation_name_list,
     .help = "function applied to each element"},
};

static const gd_field dropout_fields[] = {
    {.name = "rate",
     .type = GD_FIELD_NUMBER,
     .offset = OFFSET(dropout.rate),
     .minimum = 0,
     .maximum = 1,
     .maximum_excluded = true,
     .default_value = 0.5,
     .help = "share of the elements set to zero in training"},
};

#define EPS_FIELD(member)                                                               \
    {                                                                                   \
        .name = "eps", .type = GD_FIELD_NUMBER, .offset = OFFSET(member), .minimum = 0, \
        .minimum_excluded = true, .maximum = 1, .default_value = 1e-5,                  \
        .help = "added to the variance"                                                 \
    }

static const gd_field layer_norm_fields[] = {EPS_FIELD(layer_norm.eps)};

static const gd_field batch_norm_fields[] = {
    {.name = "momentum",
     .type = GD_FIELD_NUMBER,
     .offset = OFFSET(batch_norm.momentum),
     .minimum = 0,
     .maximum = 1,
     .default_value = 0.1,
     .help = "weight of a batch in the running statistics"},
    EPS_FIELD(batch_norm.eps),
};

static const gd_field embedding_fields[] = {
    {.name = "dimensions",
     .type = GD_FIELD_COUNT,
     .offset = OFFSET(embedding.dimensions),
     .minimum = 1,
     .maximum = 1e5,
     .required = true,
     .help = "numbers a symbol becomes"},
    {.name = "vocabulary",
     .type = GD_FIELD_COUNT,
     .offset = OFFSET(embedding.vocabulary),
     .minimum = 1,
     .maximum = 1e7,
     .automatic = "auto",
     .default_value = (double)GD_AUTOMATIC,
     .help = "symbols there are; \"auto\": as many as the target has classes"},
};

#define SIDES_FIELD(field_name, member, value, text)                                           \
    {                                                                                          \
        .name = (field_name), .type = GD_FIELD_COUNTS, .offset = OFFSET(member), .minimum = 1, \
        .maximum = 10000, .minimum_length = 2, .maximum_length = 2, .default_value = (value),  \
        .help = (text)                                                                         \
    }

static const gd_field pool2d_fields[] = {
    SIDES_FIELD("size", pool2d.size, 2, "height and width of the window"),
    {.name = "stride",
     .type = GD_FIELD_COUNT,
     .offset = OFFSET(pool2d.stride),
     .minimum = 1,
     .maximum = 10000,
     .automatic = "auto",
     .default_value = (double)GD_AUTOMATIC,
     .help = "cells from window to window; \"auto\": the window's size"},
};

static const char *const padding_names[] = {
    [GD_PADDING_VALID] = "valid", [GD_PADDING_SAME] = "same", NULL};

static const gd_field conv2d_fields[] = {
    {.name = "filters",
     .type = GD_FIELD_COUNT,
     .offset = OFFSET(conv2d.filters),
     .minimum = 1,
     .maximum = 1e6,
     .required = true,
     .help = "channels of the output"},
    SIDES_FIELD("kernel", conv2d.kernel, 3, "height and width of the window"),
    SIDES_FIELD("stride", conv2d.stride, 1, "cells from window to window, down and across"),
    {.name = "padding",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(conv2d.padding),
     .default_value = GD_PADDING_VALID,
     .choices = padding_names,
     .help = "\"same\": zeros around the image, so that stride 1 keeps its size"},
    {.name = "bias",
     .type = GD_FIELD_BOOLEAN,
     .offset = OFFSET(conv2d.bias),
     .default_value = 1,
     .help = "add a trained constant to each channel"},
    {.name = "init",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(conv2d.initialiser),
     .default_value = GD_INITIALISER_PYTORCH,
     .choices = gdi_initialiser_name_list,
     .help = "how the first weights are drawn"},
    {.name = "activation",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(conv2d.activation),
     .default_value = GD_ACTIVATION_IDENTITY,
     .choices = gdi_activation_name_list,
     .help = "function applied to each output"},
    PENALTY_FIELDS(conv2d),
};

static const gd_field recurrent_fields[] = {
    {.name = "units",
     .type = GD_FIELD_COUNT,
     .offset = OFFSET(recurrent.units),
     .minimum = 1,
     .maximum = 1e6,
     .required = true,
     .help = "numbers in the hidden state"},
    {.name = "return_sequences",
     .type = GD_FIELD_BOOLEAN,
     .offset = OFFSET(recurrent.return_sequences),
     .default_value = 0,
     .help = "give the hidden state of every step, not of the last alone"},
    {.name = "init",
     .type = GD_FIELD_CHOICE,
     .offset = OFFSET(recurrent.initialiser),
     .default_value = GD_INITIALISER_PYTORCH,
     .choices = gdi_initialiser_name_list,
     .help = "how the first weights are drawn; recurrent ones are orthogonal but for \"pytorch\""},
    PENALTY_FIELDS(recurrent),
};

static const gd_layer_descriptor descriptors[GD_LAYER_TYPE_COUNT] = {
    [GD_LAYER_DENSE] = {.name = "dense",
                        .help = "y = x W^T + b over the last dimension, then the activation",
                        .fields = FIELDS(dense_fields),
                        .operations = &gdi_dense_operations},
    [GD_LAYER_ACTIVATION] = {.name = "activation",
                             .help = "a function of each element",
                             .fields = FIELDS(activation_fields),
                             .operations = &gdi_activation_operations},
    [GD_LAYER_DROPOUT] = {.name = "dropout",
                          .help = "in training sets elements to zero at random and scales the rest",
                          .fields = FIELDS(dropout_fields),
                          .operations = &gdi_dropout_operations},
    [GD_LAYER_FLATTEN] = {.name = "flatten",
                          .help = "all elements in one row; of an image channel by channel",
                          .fields = {.fields = NULL, .count = 0},
                          .operations = &gdi_flatten_operations},
    [GD_LAYER_LAYER_NORM] = {.name = "layer_norm",
                             .help = "the last dimension to mean 0 and variance 1, then scaled",
                             .fields = FIELDS(layer_norm_fields),
                             .operations = &gdi_layer_norm_operations},
    [GD_LAYER_EMBEDDING] = {.name = "embedding",
                            .help = "a trained row of numbers for each symbol",
                            .fields = FIELDS(embedding_fields),
                            .operations = &gdi_embedding_operations},
    [GD_LAYER_MAX_POOL2D] = {.name = "max_pool2d",
                             .help = "the largest of each window, channel by channel",
                             .fields = FIELDS(pool2d_fields),
                             .operations = &gdi_max_pool2d_operations},
    [GD_LAYER_AVG_POOL2D] = {.name = "avg_pool2d",
                             .help = "the mean of each window, channel by channel",
                             .fields = FIELDS(pool2d_fields),
                             .operations = &gdi_avg_pool2d_operations},
    [GD_LAYER_CONV2D] = {.name = "conv2d",
                         .help = "trained filters moved over an image, then the activation",
                         .fields = FIELDS(conv2d_fields),
                         .operations = &gdi_conv2d_operations},
    [GD_LAYER_BATCH_NORM] = {.name = "batch_norm",
                             .help = "each channel to mean 0 and variance 1 over the batch, then "
                                     "scaled",
                             .fields = FIELDS(batch_norm_fields),
                             .operations = &gdi_batch_norm_operations},
    [GD_LAYER_RNN] = {.name = "rnn",
                      .help = "a state carried along the sequence by tanh",
                      .fields = FIELDS(recurrent_fields),
                      .operations = &gdi_rnn_operations},
    [GD_LAYER_LSTM] = {.name = "lstm",
                       .help = "long short-term memory: a cell with input, forget and output gates",
                       .fields = FIELDS(recurrent_fields),
                       .operations = &gdi_lstm_operations},
    [GD_LAYER_GRU] = {.name = "gru",
                      .help = "gated recurrent unit: a state with reset and update gates",
                      .fields = FIELDS(recurrent_fields),
                      .operations = &gdi_gru_operations},
};

static const gd_layer_descriptor formula = {
    .name = "formula", .help = "a formula of the columns", .operations = &gdi_formula_operations};

const gd_layer_descriptor *gd_layer_descriptor_at(gd_layer_type type)
{
    if (type == GD_LAYER_FORMULA) {
        return &formula;
    }
    return (size_t)type < GD_LAYER_TYPE_COUNT ? &descriptors[type] : NULL;
}
