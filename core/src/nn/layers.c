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
};

const gd_layer_descriptor *gd_layer_descriptor_at(gd_layer_type type)
{
    return (size_t)type < GD_LAYER_TYPE_COUNT ? &descriptors[type] : NULL;
}
