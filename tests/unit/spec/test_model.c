/*
 * The model member: shorthands and what they stand for, lists of layers, and every refusal.
 */
#include "unit/spec/spec_support.h"

#include "spec/parts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS(cases) spec_expect_faults(cases, sizeof cases / sizeof cases[0])

Test(spec_model, shorthands_stand_for_layers)
{
    static const char *const plain[] = {"'linear'", "'logistic'", "{'type': 'softmax'}"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, SPEC_WITH_MODEL("%s"), plain[i]);
        spec_job *spec = spec_good(text);
        cr_assert_eq(spec->model.layer_count, 1);
        cr_expect_eq(spec->model.layers[0].type, GD_LAYER_DENSE);
        cr_expect_eq(spec->model.layers[0].of.dense.units, GD_AUTOMATIC);
        cr_expect_eq(spec->model.layers[0].of.dense.activation, GD_ACTIVATION_IDENTITY);
        cr_expect(spec->model.layers[0].of.dense.bias);
        spec_destroy(spec);
    }
}

Test(spec_model, a_net_has_its_hidden_layers_dropout_and_an_output)
{
    spec_job *spec = spec_good(SPEC_WITH_MODEL(
        "{'type': 'mlp', 'hidden': [16, 8], 'activation': 'tanh', 'dropout': 0.5}"));
    const gd_layer_options *layers = spec->model.layers;
    cr_assert_eq(spec->model.layer_count, 5);
    cr_expect_eq(layers[0].of.dense.units, 16);
    cr_expect_eq(layers[0].of.dense.activation, GD_ACTIVATION_TANH);
    cr_expect_eq(layers[1].type, GD_LAYER_DROPOUT);
    cr_expect_eq(layers[1].of.dropout.rate, 0.5);
    cr_expect_eq(layers[2].of.dense.units, 8);
    cr_expect_eq(layers[3].type, GD_LAYER_DROPOUT);
    cr_expect_eq(layers[4].of.dense.units, GD_AUTOMATIC);
    cr_expect_eq(layers[4].of.dense.activation, GD_ACTIVATION_IDENTITY);
    spec_destroy(spec);
    spec = spec_good(SPEC_WITH_MODEL("{'type': 'autoencoder', 'hidden': 2}"));
    cr_expect_eq(spec->model.layer_count, 2);
    cr_expect_eq(spec->model.layers[0].of.dense.units, 2);
    cr_expect_eq(spec->model.layers[0].of.dense.activation, GD_ACTIVATION_RELU);
    spec_destroy(spec);
    spec = spec_good(SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': []}"));
    cr_expect_eq(spec->model.layer_count, 1);
    spec_destroy(spec);
}

Test(spec_model, a_list_of_layers_is_taken_as_it_stands)
{
    spec_job *spec = spec_good(
        SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'dense', 'units': 4, 'init': "
                        "'he_normal', 'bias': false}, 'flatten', {'type': 'activation', "
                        "'function': 'selu'}, {'type': 'dense', 'units': 'auto'}]}"));
    const gd_layer_options *layers = spec->model.layers;
    cr_assert_eq(spec->model.layer_count, 4);
    cr_expect_eq(layers[0].of.dense.initialiser, GD_INITIALISER_HE_NORMAL);
    cr_expect_not(layers[0].of.dense.bias);
    cr_expect_eq(layers[1].type, GD_LAYER_FLATTEN);
    cr_expect_eq(layers[2].of.activation.function, GD_ACTIVATION_SELU);
    cr_expect_eq(layers[3].of.dense.units, GD_AUTOMATIC);
    spec_destroy(spec);
}

Test(spec_model, a_shorthand_may_carry_the_layers_it_stands_for)
{
    /* As a resolved spec does: the width of the output was found meanwhile. */
    spec_job *spec = spec_good(SPEC_WITH_MODEL(
        "{'type': 'mlp', 'hidden': [3], 'activation': 'tanh', 'dropout': 0.5, 'layers': [{'type': "
        "'dense', 'units': 3, 'activation': 'tanh'}, {'type': 'dropout', 'rate': 0.5}, {'type': "
        "'dense', 'units': 7}]}"));
    cr_expect_eq(spec->model.layer_count, 3);
    spec_destroy(spec);
}

Test(spec_model, a_shorthand_with_other_layers_is_refused)
{
    static const spec_fault_case cases[] = {
        {SPEC_WITH_MODEL("{'type': 'linear', 'layers': [{'type': 'dense', 'units': 2}, {'type': "
                         "'dense', 'units': 1}]}"),
         "/model/layers", "conflict", "sequential"},
        {SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': [3], 'layers': [{'type': 'dense', 'units': 4, "
                         "'activation': 'relu'}, {'type': 'dense', 'units': 'auto'}]}"),
         "/model/layers", "conflict", NULL},
        {SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': [3], 'layers': [{'type': 'dense', 'units': 3, "
                         "'activation': 'tanh'}, {'type': 'dense', 'units': 'auto'}]}"),
         "/model/layers", "conflict", NULL},
        {SPEC_WITH_MODEL("{'type': 'linear', 'layers': [{'type': 'dense', 'units': 1, 'bias': "
                         "false}]}"),
         "/model/layers", "conflict", NULL},
    };
    FAULTS(cases);
}

Test(spec_model, refusals_name_member_and_remedy)
{
    static const spec_fault_case cases[] = {
        {SPEC_WITH_MODEL("5"), "/model", "wrong_type", "object"},
        {SPEC_WITH_MODEL("null"), "/model", "wrong_type", NULL},
        {SPEC_WITH_MODEL("{}"), "/model/type", "missing", "linear"},
        {SPEC_WITH_MODEL("'liner'"), "/model", "unknown_value", "did you mean \"linear\""},
        {SPEC_WITH_MODEL("{'type': 'Linear'}"), "/model/type", "unknown_value", "linear"},
        {SPEC_WITH_MODEL("{'type': 1}"), "/model/type", "wrong_type", NULL},
        {SPEC_WITH_MODEL("{'type': 'linear', 'hidden': [1]}"), "/model/hidden", "unknown_member",
         NULL},
        {SPEC_WITH_MODEL("{'type': 'mlp'}"), "/model/hidden", "missing", NULL},
        {SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': 'x'}"), "/model/hidden", "wrong_type", NULL},
        {SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': [2.5]}"), "/model/hidden/0", "not_an_integer",
         NULL},
        {SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': [4, 100000000]}"), "/model/hidden/1",
         "out_of_range", "10000000"},
        {SPEC_WITH_MODEL("{'type': 'mlp', 'hidden': [4], 'dropout': 1}"), "/model/dropout",
         "out_of_range", "below 1"},
        {SPEC_WITH_MODEL("{'type': 'autoencoder', 'hidden': [4], 'dropout': 0.1}"),
         "/model/dropout", "unknown_member", NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential'}"), "/model/layers", "missing", NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': []}"), "/model/layers", "too_short",
         NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': {}}"), "/model/layers", "wrong_type",
         NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [7]}"), "/model/layers/0", "wrong_type",
         NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'dense'}]}"),
         "/model/layers/0/units", "missing", NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'dense', 'units': 0}]}"),
         "/model/layers/0/units", "out_of_range", NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'dense', 'units': 'all'}]}"),
         "/model/layers/0/units", "unknown_value", "auto"},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'dense', 'units': 1, "
                         "'activation': 'swish'}]}"),
         "/model/layers/0/activation", "unknown_value", NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': ['flatten', {'type': 'dropout', 'rate': "
                         "1}]}"),
         "/model/layers/1/rate", "out_of_range", NULL},
        {SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'flatten', 'rate': 1}]}"),
         "/model/layers/0/rate", "unknown_member", NULL},
    };
    FAULTS(cases);
}

static bool is_offered(const char *name)
{
    for (int i = 0; i < GD_LAYER_TYPE_COUNT; i++)
        if (strcmp(gd_layer_descriptor_at((gd_layer_type)i)->name, name) == 0)
            return true;
    return false;
}

Test(spec_model, words_of_the_contract_that_are_not_offered_are_told_so)
{
    for (size_t i = 0; spec_layers_later[i] != NULL; i++) {
        char text[256];
        if (is_offered(spec_layers_later[i]))
            continue;
        snprintf(text, sizeof text,
                 SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': '%s'}]}"),
                 spec_layers_later[i]);
        const spec_fault_case wanted = {text, "/model/layers/0/type", "unsupported",
                                        spec_layers_later[i]};
        spec_expect_faults(&wanted, 1);
    }
}

Test(spec_model, refuses_more_layers_than_a_model_may_have)
{
    size_t size = 16384, used = 0;
    char *text = malloc(size);
    cr_assert_not_null(text);
    used += (size_t)snprintf(text, size,
                             "{" SPEC_DATA
                             ", 'model': {'type': 'sequential', "
                             "'layers': ['flatten'");
    for (int i = 0; i < GD_MODEL_MAXIMUM_LAYERS; i++)
        used += (size_t)snprintf(text + used, size - used, ", 'flatten'");
    snprintf(text + used, size - used, "]}}");
    const spec_fault_case wanted = {text, "/model/layers", "too_long", NULL};
    spec_expect_faults(&wanted, 1);
    free(text);
}
