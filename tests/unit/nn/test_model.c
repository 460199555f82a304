/*
 * test_model.c: shapes, counts, names and places of a planned model, and what a plan refuses.
 */
#include "support/network.h"

#include <criterion/criterion.h>

#include <string.h>

static gd_status plan(gd_shape input, const gd_layer_options *layers, int64_t count,
                      int64_t maximum, gd_error *error)
{
    gd_model *model;
    gd_status status = gd_model_create(&model, &input, layers, count, 0, maximum, error);
    gd_model_destroy(model);
    return status;
}

Test(nn_model, names_shapes_and_places)
{
    const gd_layer_options layers[] = {network_dense(16, GD_ACTIVATION_TANH), network_dropout(0.5),
                                       network_dense(3, GD_ACTIVATION_IDENTITY)};
    const gd_shape input = SHAPE(4);
    gd_model *model;
    gd_error error;
    cr_assert_eq(gd_model_create(&model, &input, layers, 3, 0, 0, &error), GD_OK);
    const struct {
        const char *name;
        int64_t layer, rank, rows, columns;
        size_t offset, count;
    } want[] = {{"layers.0.weight", 0, 2, 16, 4, 0, 64},
                {"layers.0.bias", 0, 1, 16, 0, 64, 16},
                {"layers.2.weight", 2, 2, 3, 16, 80, 48},
                {"layers.2.bias", 2, 1, 3, 0, 128, 3}};
    cr_assert_eq(gd_model_tensor_count(model), 4);
    for (int64_t i = 0; i < 4; i++) {
        const gd_parameter *tensor = gd_model_tensor(model, i);
        cr_expect_str_eq(tensor->name, want[i].name);
        cr_expect_eq(tensor->layer, want[i].layer);
        cr_expect_eq(tensor->shape.rank, want[i].rank);
        cr_expect_eq(tensor->shape.dimensions[0], want[i].rows);
        cr_expect_eq(tensor->shape.dimensions[1], want[i].columns);
        cr_expect_eq(tensor->offset, want[i].offset);
        cr_expect_eq(tensor->count, want[i].count);
        cr_expect(tensor->trained);
    }
    cr_expect_eq(gd_model_parameter_count(model), 131);
    cr_expect_eq(gd_model_trained_count(model), 131);
    cr_expect_eq(gd_model_layer_count(model), 3);
    cr_expect_eq(gd_model_layer_parameters(model, 0), 80);
    cr_expect_eq(gd_model_layer_parameters(model, 1), 0);
    cr_expect_eq(gd_model_layer_parameters(model, 2), 51);
    cr_expect_eq(gd_model_layer_shape(model, 1)->dimensions[0], 16);
    cr_expect_eq(gd_model_output_shape(model)->dimensions[0], 3);
    cr_expect_eq(gd_model_input_shape(model)->dimensions[0], 4);
    /* 2 × 2 × 64 for the first layer, whose input gradient nobody wants; 2 × 16; 3 × 2 × 48. */
    cr_expect_eq(gd_model_operations(model), 256 + 32 + 288);
    gd_model_destroy(model);
}

Test(nn_model, refuses_bad_arguments)
{
    const gd_layer_options layer = network_dense(3, GD_ACTIVATION_RELU);
    const gd_layer_options zero = network_dense(0, GD_ACTIVATION_RELU);
    const gd_layer_options many = network_dense(10000001, GD_ACTIVATION_RELU);
    const gd_layer_options unknown = network_dense(3, GD_ACTIVATION_COUNT);
    const gd_layer_options other = {.type = GD_LAYER_TYPE_COUNT};
    gd_error error;
    cr_expect_eq(plan(SHAPE(4), &layer, 0, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_eq(plan(SHAPE(4), &layer, GD_MODEL_MAXIMUM_LAYERS + 1, 0, &error),
                 GD_INVALID_ARGUMENT);
    cr_expect_eq(plan(SHAPE(0), &layer, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_eq(plan(SHAPE(4, -1), &layer, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_eq(plan(SHAPE(1, 1, 1, 1), &layer, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_eq(plan(SHAPE(4), &other, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_eq(plan(SHAPE(4), &zero, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.message, "layer 0 (dense) wants units at least 1 and at most 10000000");
    cr_expect_eq(plan(SHAPE(4), &many, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/units");
    cr_expect_eq(plan(SHAPE(4), &unknown, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers/0/activation");
}

Test(nn_model, refuses_a_model_without_parameters)
{
    const gd_layer_options layers[] = {network_layer(GD_LAYER_FLATTEN),
                                       network_activation(GD_ACTIVATION_RELU)};
    gd_error error;
    cr_expect_eq(plan(SHAPE(4), layers, 2, 0, &error), GD_INVALID_ARGUMENT);
    cr_expect_str_eq(error.path, "layers");
}

Test(nn_model, refuses_sizes_beyond_counting)
{
    const gd_layer_options wide = network_dense(10000000, GD_ACTIVATION_RELU);
    const gd_layer_options pair[] = {wide, wide};
    gd_error error;
    cr_expect_eq(plan(SHAPE(INT64_MAX, 2), &wide, 1, 0, &error), GD_TOO_LARGE);
    cr_expect_eq(plan(SHAPE(INT64_MAX / 4), &wide, 1, 0, &error), GD_TOO_LARGE);
    cr_expect_str_eq(error.path, "layers/0");
    cr_expect_eq(plan(SHAPE(INT64_MAX / 8, 4), &wide, 1, 0, &error), GD_TOO_LARGE);
    cr_expect_eq(plan(SHAPE(4), pair, 2, 1000000, &error), GD_TOO_LARGE);
    cr_expect_str_eq(error.path, "layers");
}

Test(nn_model, holds_the_caller_s_limit_exactly)
{
    const gd_layer_options layer = network_dense(3, GD_ACTIVATION_RELU);
    gd_error error;
    cr_expect_eq(plan(SHAPE(4), &layer, 1, 15, &error), GD_OK);
    cr_expect_eq(plan(SHAPE(4), &layer, 1, 14, &error), GD_TOO_LARGE);
    cr_expect_str_eq(error.message, "the model has 15 parameters, at most 14 are allowed");
}

Test(nn_model, every_layer_kind_has_a_row)
{
    cr_expect_null(gd_layer_descriptor_at(GD_LAYER_TYPE_COUNT));
    for (int i = 0; i < GD_LAYER_TYPE_COUNT; i++) {
        const gd_layer_descriptor *layer = gd_layer_descriptor_at((gd_layer_type)i);
        cr_assert(layer->name != NULL && layer->help != NULL && layer->operations != NULL);
        for (size_t f = 0; f < layer->fields.count; f++) {
            const gd_field *field = &layer->fields.fields[f];
            cr_expect(field->name != NULL && field->help != NULL, "%s", layer->name);
            cr_expect(field->offset < sizeof(gd_layer_options), "%s", layer->name);
        }
    }
}

Test(nn_model, shape_size_counts_or_refuses)
{
    const gd_shape fits = SHAPE(3, 4, 5), empty = {.rank = 0};
    const gd_shape large = SHAPE(INT64_MAX, 2), negative = SHAPE(3, -4);
    cr_expect_eq(gd_shape_size(&fits), 60);
    cr_expect_eq(gd_shape_size(&empty), 1);
    cr_expect_eq(gd_shape_size(&large), -1);
    cr_expect_eq(gd_shape_size(&negative), -1);
}
