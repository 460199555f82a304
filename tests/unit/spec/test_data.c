/*
 * The data member: sources, columns, validation, scaling, and every refusal.
 */
#include "unit/spec/spec_support.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ID "01980000-0000-7000-8000-000000000000"

#define FAULTS(cases) spec_expect_faults(cases, sizeof cases / sizeof cases[0])

Test(spec_data, reads_a_dataset_with_all_members)
{
    spec_job *spec = spec_good(SPEC_WITH_DATA(
        "{'dataset': '" ID
        "', 'features': ['a', 'b'], 'target': 'c', 'task': 'classification', "
        "'validation': {'fraction': 0.25, 'seed': 3}, 'scaling': 'minmax', 'missing': 'drop'}"));
    const spec_data *data = &spec->data;
    cr_expect_eq(data->source, SPEC_SOURCE_DATASET);
    cr_expect_str_eq(data->dataset, ID);
    cr_assert_eq(data->features.count, 2);
    cr_expect_str_eq(data->features.names[1], "b");
    cr_assert_eq(data->targets.count, 1);
    cr_expect_str_eq(data->targets.names[0], "c");
    cr_expect(data->has_task);
    cr_expect_eq(data->task, GD_TASK_CLASSIFICATION);
    cr_expect_eq(data->validation.type, SPEC_VALIDATION_FRACTION);
    cr_expect_eq(data->validation.fraction, 0.25);
    cr_expect_eq(data->validation.seed, 3);
    cr_expect_eq(data->scaling, GD_SCALING_MINMAX);
    cr_expect_eq(data->missing, GD_MISSING_DROP);
    spec_destroy(spec);
}

Test(spec_data, several_targets_are_a_list)
{
    spec_job *spec = spec_good(SPEC_WITH_DATA("{'dataset': '" ID "', 'target': ['c', 'd']}"));
    cr_assert_eq(spec->data.targets.count, 2);
    cr_expect_str_eq(spec->data.targets.names[1], "d");
    cr_expect_not(spec->data.has_task);
    spec_destroy(spec);
}

Test(spec_data, a_generator_may_be_its_name_alone)
{
    spec_job *spec = spec_good(SPEC_WITH_DATA("{'generator': 'moons'}"));
    cr_expect_eq(spec->data.source, SPEC_SOURCE_GENERATOR);
    cr_expect_eq(spec->data.generator.type, GD_GENERATOR_MOONS);
    cr_expect_eq(spec->data.generator.samples, 500);
    cr_expect_not(spec->data.generator_has_seed);
    spec_destroy(spec);
    spec = spec_good(
        SPEC_WITH_DATA("{'generator': {'type': 'xor', 'samples': 8, 'noise': 0, 'seed': '77'}}"));
    cr_expect_eq(spec->data.generator.samples, 8);
    cr_expect_eq(spec->data.generator.noise, 0);
    cr_expect_eq(spec->data.generator.seed, 77);
    cr_expect(spec->data.generator_has_seed);
    spec_destroy(spec);
}

Test(spec_data, validation_by_last_rows_or_another_dataset)
{
    spec_job *spec = spec_good(SPEC_WITH_DATA("{'generator': 'sine', 'validation': {'last': 10}}"));
    cr_expect_eq(spec->data.validation.type, SPEC_VALIDATION_LAST);
    cr_expect_eq(spec->data.validation.last, 10);
    spec_destroy(spec);
    spec = spec_good(SPEC_WITH_DATA("{'generator': 'sine', 'validation': {'dataset': '" ID "'}}"));
    cr_expect_eq(spec->data.validation.type, SPEC_VALIDATION_DATASET);
    cr_expect_str_eq(spec->data.validation.dataset, ID);
    spec_destroy(spec);
}

Test(spec_data, windows_shapes_and_targets_from_elsewhere_come_back)
{
    spec_job *spec = spec_good(SPEC_WITH_DATA("{'dataset': '" ID "', 'window': {'length': 12}}"));
    cr_expect_eq(spec->data.window.length, 12);
    cr_expect_eq(spec->data.window.horizon, 1);
    cr_expect_eq(spec->data.window.stride, 0);
    spec_destroy(spec);
    spec = spec_good(SPEC_WITH_DATA("{'dataset': '" ID "', 'shape': [28, 28, 1], 'target': "
                                    "{'dataset': '" ID "', 'column': 'digit'}}"));
    cr_expect_eq(spec->data.shape.rank, 3);
    cr_expect_eq(spec->data.shape.dimensions[1], 28);
    cr_expect_str_eq(spec->data.target_source.dataset, ID);
    cr_expect_str_eq(spec->data.target_source.column, "digit");
    spec_destroy(spec);
    free(spec_round(SPEC_WITH_DATA("{'dataset': '" ID
                                   "', 'target': 'y', 'window': {'length': 5, 'horizon': 2, "
                                   "'stride': 3}}")));
    free(spec_round(SPEC_WITH_DATA("{'dataset': '" ID
                                   "', 'shape': [4, 4], 'target': {'dataset': '" ID
                                   "'}, 'validation': {'dataset': '" ID
                                   "', 'target': {'dataset': '" ID "', 'column': 'c'}}}")));
}

Test(spec_data, refusals_name_member_and_remedy)
{
    static const spec_fault_case cases[] = {
        {SPEC_WITH_DATA("[]"), "/data", "wrong_type", NULL},
        {SPEC_WITH_DATA("{}"), "/data", "missing", "dataset"},
        {SPEC_WITH_DATA("{'dataset': '" ID "', 'generator': 'moons'}"), "/data", "conflict",
         "exactly one"},
        {SPEC_WITH_DATA("{'dataset': 5}"), "/data/dataset", "wrong_type", NULL},
        {SPEC_WITH_DATA("{'dataset': ''}"), "/data/dataset", "too_short", NULL},
        {SPEC_WITH_DATA("{'dataset': '" ID "0'}"), "/data/dataset", "too_long", NULL},
        {SPEC_WITH_DATA("{'dataset': 'ééééééééééééééééééééééééééééééééééé'}"), "/data/dataset",
         "too_long", "UUID"},
        {SPEC_WITH_DATA("{'generator': 'moon'}"), "/data/generator", "unknown_value", "moons"},
        {SPEC_WITH_DATA("{'generator': {}}"), "/data/generator/type", "missing", NULL},
        {SPEC_WITH_DATA("{'generator': {'type': 'moons', 'sample': 3}}"), "/data/generator/sample",
         "unknown_member", "samples"},
        {SPEC_WITH_DATA("{'generator': {'type': 'moons', 'noise': -1}}"), "/data/generator/noise",
         "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': {'type': 'moons', 'samples': 1000000000}}"),
         "/data/generator/samples", "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': {'type': 'moons', 'seed': -1}}"), "/data/generator/seed",
         "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': {'type': 'moons', 'seed': 1e300}}"), "/data/generator/seed",
         "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'features': 'x1', 'target': []}"), "/data/target",
         "too_short", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'features': ['x1', 'x1']}"), "/data/features/1",
         "duplicate", "x1"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'features': ['x1', 3]}"), "/data/features/1",
         "wrong_type", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'features': ['']}"), "/data/features/0",
         "too_short", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'target': 3}"), "/data/target", "wrong_type", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'task': 'clustering'}"), "/data/task",
         "unknown_value", "regression"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'task': 'reconstruction'}"), "/data/task",
         "unknown_value", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': 0.2}"), "/data/validation",
         "wrong_type", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {}}"), "/data/validation", "missing",
         "fraction"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {'fraction': 0.5, 'last': 1}}"),
         "/data/validation", "conflict", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {'fraction': 0}}"),
         "/data/validation/fraction", "out_of_range", "above 0"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {'fraction': 1}}"),
         "/data/validation/fraction", "out_of_range", "below 1"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {'last': 0}}"),
         "/data/validation/last", "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {'last': 5, 'seed': 1}}"),
         "/data/validation/seed", "conflict", "fraction"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'validation': {'fraction': 0.5, 'shuffle': true}}"),
         "/data/validation/shuffle", "unknown_member", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'scaling': 'standardise'}"), "/data/scaling",
         "unknown_value", "did you mean \"standardize\""},
        {SPEC_WITH_DATA("{'generator': 'moons', 'missing': 'zero'}"), "/data/missing",
         "unknown_value", "drop"},
        {SPEC_WITH_DATA("{'generator': 'moons', 'rows': 3}"), "/data/rows", "unknown_member", NULL},
    };
    FAULTS(cases);
}

Test(spec_data, refusals_of_windows_shapes_and_targets_from_elsewhere)
{
    static const spec_fault_case cases[] = {
        {SPEC_WITH_DATA("{'generator': 'moons', 'target': {}}"), "/data/target/dataset", "missing",
         NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'target': {'dataset': '" ID "', 'row': 1}}"),
         "/data/target/row", "unknown_member", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'target': {'dataset': '" ID "', 'column': 3}}"),
         "/data/target/column", "wrong_type", NULL},
        {SPEC_WITH_DATA(
             "{'generator': 'moons', 'validation': {'last': 3, 'target': {'dataset': '" ID "'}}}"),
         "/data/validation/target", "conflict", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'window': 8}"), "/data/window", "wrong_type", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'window': {}}"), "/data/window/length", "missing",
         NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'window': {'length': 0}}"), "/data/window/length",
         "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'window': {'length': 8, 'horizon': 0}}"),
         "/data/window/horizon", "out_of_range", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'window': {'length': 8, 'stride': 1.5}}"),
         "/data/window/stride", "not_an_integer", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'window': {'length': 8, 'step': 2}}"),
         "/data/window/step", "unknown_member", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'shape': []}"), "/data/shape", "too_short", NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'shape': [2, 2, 2, 2]}"), "/data/shape", "too_long",
         NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'shape': [2, 0]}"), "/data/shape/1", "out_of_range",
         NULL},
        {SPEC_WITH_DATA("{'generator': 'moons', 'shape': [2], 'window': {'length': 2}}"),
         "/data/shape", "conflict", "window"},
    };
    FAULTS(cases);
}
