/*
 * The whole document: top-level members, labels, seeds, and that what is written reads back the same.
 */
#include "unit/spec/spec_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS(cases) spec_expect_faults(cases, sizeof cases / sizeof cases[0])

Test(spec, resolved_documents_read_back_as_the_same_text)
{
    static const char *const texts[] = {
        SPEC_WITH("'name': 'a'"),
        "{'name': 'iris', 'labels': {'team': 'plants', 'x': ''}, 'priority': -3, 'model': {'type': "
        "'mlp', 'hidden': [16, 8], 'activation': 'tanh', 'dropout': 0.25}, 'data': {'dataset': "
        "'01980000-0000-7000-8000-000000000000', 'target': 'species', 'features': ['a', 'b'], "
        "'validation': {'fraction': 0.2}, 'scaling': 'standardize', 'missing': 'mean'}, 'loss': "
        "'cross_entropy', 'optimizer': {'type': 'adam', 'learning_rate': 0.01, 'schedule': {'type':"
        " 'cosine', 'warmup_steps': 20}, 'clip': {'norm': 1.0}}, 'training': {'epochs': 60, "
        "'batch_size': 16, 'seed': '18446744073709551615', 'stop': {'monitor': 'validation_loss', "
        "'patience': 10, 'min_delta': 1e-4}}}",
        SPEC_WITH("'training': {'steps': 100, 'batch_size': 'full', 'target_loss': -1.5}"),
        SPEC_WITH("'training': {'stop': {'monitor': 'loss'}, 'checkpoint_seconds': 0.5}"),
        SPEC_WITH("'optimizer': {'type': 'sgd', 'momentum': 0.9, 'nesterov': true}"),
        SPEC_WITH("'optimizer': {'type': 'adamw', 'clip': {'value': 0.5}}"),
        SPEC_WITH("'optimizer': 'rmsprop', 'loss': {'type': 'mse'}"),
        SPEC_WITH_DATA("{'inline': {'columns': ['x', 'y'], 'rows': [[1, 2.5], [null, -1e-300]]}, "
                       "'target': ['y'], 'validation': {'last': 1}}"),
        SPEC_WITH_DATA("{'generator': {'type': 'sine', 'samples': 50, 'noise': 0, 'seed': 3}, "
                       "'task': 'regression', 'scaling': 'minmax'}"),
        SPEC_WITH_MODEL("{'type': 'sequential', 'layers': [{'type': 'dense', 'units': 4, "
                        "'activation': 'relu'}, {'type': 'dropout', 'rate': 0.1}, {'type': "
                        "'dense', 'units': 'auto', 'bias': false}]}"),
        SPEC_WITH_MODEL("{'type': 'autoencoder', 'hidden': 3}"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(spec_round(texts[i]));
}

Test(spec, every_default_stands_in_the_resolved_document)
{
    char *text = spec_round("{'model': 'linear', 'data': {'generator': 'linear'}}");
    cr_expect_str_eq(spec_word_at(text, "/model/type"), "linear");
    cr_expect_str_eq(spec_word_at(text, "/model/layers/0/type"), "dense");
    cr_expect_str_eq(spec_word_at(text, "/data/scaling"), "none");
    cr_expect_str_eq(spec_word_at(text, "/data/missing"), "error");
    cr_expect_eq(spec_number_at(text, "/data/generator/samples"), 500);
    cr_expect_eq(spec_number_at(text, "/data/generator/seed"), 1234);
    cr_expect_str_eq(spec_word_at(text, "/optimizer/type"), "adam");
    cr_expect_eq(spec_number_at(text, "/optimizer/learning_rate"), 0.001);
    cr_expect_str_eq(spec_word_at(text, "/optimizer/schedule/type"), "constant");
    cr_expect_eq(spec_number_at(text, "/training/seed"), 1234);
    cr_expect_eq(spec_number_at(text, "/training/batch_size"), 32);
    cr_expect_gt(spec_number_at(text, "/training/epochs"), 0);
    cr_expect_gt(spec_number_at(text, "/training/checkpoint_seconds"), 0);
    cr_expect_eq(spec_number_at(text, "/priority"), 0);
    cr_expect_not(spec_is_at(text, "/training/steps"));
    cr_expect_not(spec_is_at(text, "/training/stop"));
    cr_expect_not(spec_is_at(text, "/training/target_loss"));
    cr_expect_not(spec_is_at(text, "/optimizer/clip"));
    cr_expect_not(spec_is_at(text, "/data/validation"));
    cr_expect_not(spec_is_at(text, "/name"));
    free(text);
}

Test(spec, large_seeds_keep_every_digit)
{
    char *text = spec_round(SPEC_WITH("'training': {'seed': '9007199254740993'}"));
    cr_expect_str_eq(spec_word_at(text, "/training/seed"), "9007199254740993");
    free(text);
    text = spec_round(SPEC_WITH("'training': {'seed': 9007199254740991}"));
    cr_expect_eq(spec_number_at(text, "/training/seed"), 9007199254740991.0);
    free(text);
}

Test(spec, open_seeds_follow_the_training_seed)
{
    spec_job *spec = spec_good(
        "{'model': 'linear', 'data': {'generator': 'linear', 'validation': "
        "{'fraction': 0.5}}, 'training': {'seed': 11}}");
    spec_fix_seeds(spec, 5);
    cr_expect_eq(spec->training.seed, 11);
    cr_expect_eq(spec->data.generator.seed, 11);
    cr_expect_eq(spec->data.validation.seed, 11);
    spec_destroy(spec);
    spec = spec_good(
        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'seed': 1}, "
        "'validation': {'fraction': 0.5, 'seed': 2}}}");
    spec_fix_seeds(spec, 5);
    cr_expect_eq(spec->training.seed, 5);
    cr_expect_eq(spec->data.generator.seed, 1);
    cr_expect_eq(spec->data.validation.seed, 2);
    spec_destroy(spec);
}

Test(spec, refuses_documents_and_top_level_members)
{
    static const spec_fault_case cases[] = {
        {"[]", "", "wrong_type", "object"},
        {"3", "", "wrong_type", "object"},
        {"{" SPEC_DATA "}", "/model", "missing", "model"},
        {"{" SPEC_MODEL "}", "/data", "missing", "data"},
        {SPEC_WITH("'optimiser': 'adam'"), "/optimiser", "unknown_member", "optimizer"},
        {SPEC_WITH("'name': 5"), "/name", "wrong_type", "name"},
        {SPEC_WITH("'priority': 1001"), "/priority", "out_of_range", "1000"},
        {SPEC_WITH("'priority': 0.5"), "/priority", "not_an_integer", NULL},
        {SPEC_WITH("'priority': '1'"), "/priority", "wrong_type", "quotes"},
        {SPEC_WITH("'labels': []"), "/labels", "wrong_type", NULL},
        {SPEC_WITH("'labels': {'a': 1}"), "/labels/a", "wrong_type", NULL},
        {SPEC_WITH("'labels': {'a:b': 'x'}"), "/labels/a:b", "out_of_range", "colon"},
        {SPEC_WITH("'labels': {'': 'x'}"), "/labels/", "out_of_range", NULL},
        {SPEC_WITH("'labels': {'a/b~c': 1}"), "/labels/a~1b~0c", "wrong_type", NULL},
        {SPEC_WITH("'training': []"), "/training", "wrong_type", NULL},
    };
    FAULTS(cases);
}

Test(spec, refuses_names_and_labels_that_are_too_long_or_too_many)
{
    char text[8192], key[128];
    memset(key, 'k', 101);
    key[101] = '\0';
    snprintf(text, sizeof text, SPEC_WITH("'labels': {'%s': 'x'}"), key);
    char pointer[160];
    snprintf(pointer, sizeof pointer, "/labels/%s", key);
    const spec_fault_case long_key = {text, pointer, "out_of_range", NULL};
    spec_expect_faults(&long_key, 1);
    snprintf(text, sizeof text, SPEC_WITH("'labels': {'a': '%s'}"), key);
    const spec_fault_case long_value = {text, "/labels/a", "too_long", NULL};
    spec_expect_faults(&long_value, 1);
    snprintf(text, sizeof text, SPEC_WITH("'name': '%s%s'"), key, key);
    const spec_fault_case long_name = {text, "/name", "too_long", "shorten"};
    spec_expect_faults(&long_name, 1);
    size_t used =
        (size_t)snprintf(text, sizeof text, "{" SPEC_MODEL ", " SPEC_DATA ", 'labels': {");
    for (int i = 0; i < SPEC_MAXIMUM_LABELS + 1; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s'k%d': 'v'",
                                 i == 0 ? "" : ", ", i);
    snprintf(text + used, sizeof text - used, "}}");
    const spec_fault_case many = {text, "/labels", "too_long", "32"};
    spec_expect_faults(&many, 1);
}

Test(spec, tells_every_fault_at_once)
{
    json_faults faults = {0};
    cJSON *document = cJSON_Parse(
        "{\"name\": 1, \"model\": {\"type\": \"mlp\", \"hidden\": [0, 4, -1], \"activation\": "
        "\"rellu\"}, \"data\": {\"generator\": {\"type\": \"moons\", \"samples\": 1}, \"scaling\": "
        "\"standardise\"}, \"optimizer\": {\"type\": \"adam\", \"learning_rate\": -1, "
        "\"clip\": {}}, \"training\": {\"epochs\": 0, \"batch_size\": \"all\"}, \"loss\": 3}");
    spec_job *spec = spec_read(document, &faults);
    cr_assert_not_null(spec);
    cr_expect(spec_has_fault(&faults, "/name", "wrong_type"));
    cr_expect(spec_has_fault(&faults, "/model/hidden/0", "out_of_range"));
    cr_expect(spec_has_fault(&faults, "/model/hidden/2", "out_of_range"));
    cr_expect(spec_has_fault(&faults, "/model/activation", "unknown_value"));
    cr_expect(spec_has_fault(&faults, "/data/generator/samples", "out_of_range"));
    cr_expect(spec_has_fault(&faults, "/data/scaling", "unknown_value"));
    cr_expect(spec_has_fault(&faults, "/optimizer/learning_rate", "out_of_range"));
    cr_expect(spec_has_fault(&faults, "/optimizer/clip", "missing"));
    cr_expect(spec_has_fault(&faults, "/training/epochs", "out_of_range"));
    cr_expect(spec_has_fault(&faults, "/training/batch_size", "unknown_value"));
    cr_expect(spec_has_fault(&faults, "/loss", "wrong_type"));
    cr_expect_eq(faults.total, 11);
    for (size_t i = 0; i < faults.count; i++)
        cr_expect_gt(strlen(faults.entries[i].detail), 20, "%s", faults.entries[i].detail);
    spec_destroy(spec);
    json_faults_dispose(&faults);
}

Test(spec, destroying_nothing_is_fine)
{
    spec_destroy(NULL);
}
