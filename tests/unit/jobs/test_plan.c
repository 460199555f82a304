/*
 * Plans: a spec against its data: what is resolved, and a fault with its pointer for each conflict.
 */
#include "jobs/plan.h"

#include "unit/jobs/jobs_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY  ((int64_t)64 << 20)
#define SOME_ID "01980000-0000-7000-8000-000000000000"
#define FLOWERS                                                                            \
    "'inline': {'columns': ['a', 'b', 'kind'], 'rows': [[1, 2, 'x'], [2, 3, 'y'], [3, 5, " \
    "'z'], [4, 1, 'x'], [5, 0, 'y'], [6, 9, 'z']]}"

static jobs_fixture fixture;
static json_faults faults;
static spec_job *spec;
static jobs_plan *plan;

static void start(void)
{
    jobs_fixture_start(&fixture);
}

static void forget(void)
{
    jobs_plan_destroy(plan);
    spec_destroy(spec);
    json_faults_dispose(&faults);
    plan = NULL;
    spec = NULL;
}

static void end(void)
{
    forget();
    jobs_fixture_end(&fixture);
}

TestSuite(jobs_plan, .init = start, .fini = end);

static gd_status make(const char *text, int64_t memory)
{
    gd_error error = {0};
    jobs_resources resources = {fixture.store, fixture.folder, memory, NULL, NULL};
    forget();
    spec = spec_read(jobs_fixture_parse(text), &faults);
    cr_assert_eq(faults.total, 0, "%s: %s", text, faults.total > 0 ? faults.entries[0].detail : "");
    spec_fix_seeds(spec, 5);
    return jobs_plan_create(&plan, spec, &resources, &faults, &error);
}

static void make_good(const char *text)
{
    gd_status status = make(text, MEMORY);
    cr_assert_eq(status, GD_OK, "%s: %s %s", text,
                 faults.total > 0 ? faults.entries[0].pointer : "",
                 faults.total > 0 ? faults.entries[0].detail : gd_status_name(status));
    cr_assert_not_null(plan);
}

static char *resolved(void)
{
    json_writer *writer = json_writer_create((size_t)1 << 22);
    spec_write(spec, writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    return text;
}

/* --- What is resolved ------------------------------------------------------------------------ */

Test(jobs_plan, columns_task_loss_and_widths_are_settled)
{
    make_good("{'model': {'type': 'mlp', 'hidden': [4]}, 'data': {" FLOWERS
              ", 'target': 'kind', 'validation': {'last': 3}}}");
    cr_expect_eq(plan->feature_count, 2);
    cr_expect_eq(plan->target_count, 1);
    cr_expect_eq(plan->training_count, 3);
    cr_expect_eq(plan->validation_count, 3);
    cr_expect_eq(spec->data.task, GD_TASK_CLASSIFICATION);
    cr_expect_eq(spec->loss.type, GD_LOSS_CROSS_ENTROPY);
    cr_expect_eq(spec->model.layers[1].of.dense.units, 3, "an output a class");
    cr_expect_eq(gd_model_parameter_count(plan->model), 2 * 4 + 4 + 4 * 3 + 3);
    cr_expect_gt(plan->memory_bytes, 0);
    char *text = resolved();
    cr_expect_not_null(strstr(text, "\"features\":[\"a\",\"b\"]"), "%s", text);
    cr_expect_not_null(strstr(text, "\"task\":\"classification\""), "%s", text);
    cr_expect_not_null(strstr(text, "\"loss\":\"cross_entropy\""), "%s", text);
    cr_expect_not_null(strstr(text, "\"units\":3"), "%s", text);
    /* What was resolved is a spec of its own that resolves to itself. */
    make_good(text);
    char *again = resolved();
    cr_expect_str_eq(again, text);
    free(again);
    free(text);
}

Test(jobs_plan, each_model_settles_task_and_loss)
{
    static const struct {
        const char *text;
        gd_task task;
        gd_loss_type loss;
        int64_t outputs;
    } cases[] = {
        {"{'model': 'linear', 'data': {'generator': 'linear'}}", GD_TASK_REGRESSION, GD_LOSS_MSE,
         1},
        {"{'model': 'logistic', 'data': {'generator': 'moons'}}", GD_TASK_CLASSIFICATION,
         GD_LOSS_BINARY_CROSS_ENTROPY, 1},
        {"{'model': 'softmax', 'data': {'generator': 'blobs'}}", GD_TASK_CLASSIFICATION,
         GD_LOSS_CROSS_ENTROPY, 3},
        {"{'model': 'softmax', 'data': {'generator': 'moons'}}", GD_TASK_CLASSIFICATION,
         GD_LOSS_CROSS_ENTROPY, 2},
        {"{'model': {'type': 'autoencoder', 'hidden': 2}, 'data': {'generator': 'linear'}}",
         GD_TASK_RECONSTRUCTION, GD_LOSS_MSE, 5},
        {"{'model': {'type': 'mlp', 'hidden': 2}, 'data': {'generator': 'sine'}}",
         GD_TASK_REGRESSION, GD_LOSS_MSE, 1},
        {"{'model': {'type': 'mlp', 'hidden': 2}, 'data': {'generator': 'moons'}, 'loss': "
         "'binary_cross_entropy'}",
         GD_TASK_CLASSIFICATION, GD_LOSS_BINARY_CROSS_ENTROPY, 1},
        {"{'model': 'linear', 'data': {'generator': 'linear', 'target': ['y', 'x1']}}",
         GD_TASK_REGRESSION, GD_LOSS_MSE, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_good(cases[i].text);
        cr_expect_eq(spec->data.task, cases[i].task, "case %zu", i);
        cr_expect_eq(spec->loss.type, cases[i].loss, "case %zu", i);
        cr_expect_eq(gd_shape_size(gd_model_output_shape(plan->model)), cases[i].outputs,
                     "case %zu", i);
    }
}

Test(jobs_plan, examples_are_prepared_in_memory)
{
    gd_error error = {0};
    make_good("{'model': 'softmax', 'data': {" FLOWERS
              ", 'target': 'kind', 'scaling': 'standardize', 'validation': {'last': 3}}}");
    cr_assert_eq(jobs_plan_load(plan, NULL, &error), GD_OK, "%s", error.message);
    cr_expect_eq(plan->examples.count, 3);
    cr_expect_eq(plan->validation.count, 3);
    cr_expect_eq(plan->examples.feature_width, 2);
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (double)plan->examples.features[2 * i];
    cr_expect_float_eq(sum, 0, 1e-6, "the training part's mean is 0");
    cr_expect_eq(plan->examples.targets[1], 1);
    make_good("{'model': {'type': 'autoencoder', 'hidden': 1}, 'data': {'generator': 'sine'}}");
    cr_assert_eq(jobs_plan_load(plan, NULL, &error), GD_OK, "%s", error.message);
    cr_expect_eq(plan->examples.targets, plan->examples.features);
}

Test(jobs_plan, a_missing_cell_is_told_with_its_place)
{
    gd_error error = {0};
    gd_status status = make(
        "{'model': 'linear', 'data': {'inline': {'columns': ['x', 'y'], "
        "'rows': [[1, 2], [null, 3], [3, 4]]}, 'target': 'y'}}",
        MEMORY);
    if (status == GD_OK)
        status = jobs_plan_load(plan, NULL, &error);
    else
        error = (gd_error){.message = ""};
    cr_expect_neq(status, GD_OK);
    const char *words = faults.total > 0 ? faults.entries[0].detail : error.message;
    cr_expect_not_null(strstr(words, "x"), "%s", words);
    make_good(
        "{'model': 'linear', 'data': {'inline': {'columns': ['x', 'y'], 'rows': [[1, 2], "
        "[null, 3], [3, 4]]}, 'target': 'y', 'missing': 'drop'}}");
    cr_assert_eq(jobs_plan_load(plan, NULL, &error), GD_OK, "%s", error.message);
    cr_expect_eq(plan->examples.count, 2);
}

Test(jobs_plan, the_summary_names_layers_and_shapes)
{
    make_good("{'model': {'type': 'mlp', 'hidden': [4]}, 'data': {'generator': 'moons'}}");
    json_writer *writer = json_writer_create(65536);
    jobs_plan_write_summary(plan, writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_assert_str_eq(text,
                     "{\"parameters\":22,\"layers\":[{\"name\":\"layers.0\",\"type\":\"dense\","
                     "\"output_shape\":[4],\"parameters\":12},{\"name\":\"layers.1\",\"type\":"
                     "\"dense\",\"output_shape\":[2],\"parameters\":10}]}");
    free(text);
}

Test(jobs_plan, what_an_experienced_eye_sees_is_a_warning)
{
    static const struct {
        const char *text, *code, *pointer;
    } cases[] = {
        {"{'model': 'linear', 'data': {'inline': {'columns': ['x', 'z', 'y'], 'rows': [[1, 1e6, "
         "1], [2, 2e6, 2], [3, 9e6, 4]]}, 'target': 'y'}}",
         "feature_scales", "/data/scaling"},
        {"{'model': 'softmax', 'data': {'generator': 'moons'}}", "no_validation",
         "/data/validation"},
        {"{'model': {'type': 'sequential', 'layers': [{'type': 'dense', 'units': 'auto', "
         "'activation': 'sigmoid'}]}, 'data': {'generator': 'moons'}}",
         "activated_logits", "/model"},
        {"{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 10}}, "
         "'training': {'batch_size': 11}}",
         "batch_size", "/training/batch_size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_good(cases[i].text);
        bool found = false;
        for (int64_t j = 0; j < plan->warning_count; j++)
            found = found || (strcmp(plan->warnings[j].code, cases[i].code) == 0 &&
                              strcmp(plan->warnings[j].pointer, cases[i].pointer) == 0);
        cr_expect(found, "%s", cases[i].code);
    }
    make_good("{'model': 'linear', 'data': {'generator': 'linear'}}");
    cr_expect_eq(plan->warning_count, 0);
}

/* --- What does not fit ----------------------------------------------------------------------- */

static void expect_fault(const char *text, const char *pointer, const char *code, const char *word)
{
    gd_status status = make(text, MEMORY);
    cr_expect_eq(status, GD_INVALID_ARGUMENT, "%s: %s", text, gd_status_name(status));
    cr_expect_null(plan);
    cr_assert_eq(faults.total, 1, "%s: %zu faults", text, faults.total);
    cr_expect_str_eq(faults.entries[0].pointer, pointer, "%s: %s %s", text,
                     faults.entries[0].pointer, faults.entries[0].detail);
    cr_expect_str_eq(faults.entries[0].code, code, "%s: %s %s", text, faults.entries[0].code,
                     faults.entries[0].detail);
    cr_expect_not_null(strstr(faults.entries[0].detail, word), "%s: %s", text,
                       faults.entries[0].detail);
}

Test(jobs_plan, each_conflict_is_a_fault_with_its_pointer)
{
    static const struct {
        const char *text, *pointer, *code, *word;
    } cases[] = {
        {"{'model': 'linear', 'data': {'dataset': '" SOME_ID "', 'target': 'y'}}", "/data/dataset",
         "not_found", "upload"},
        {"{'model': 'linear', 'data': {'generator': 'sine', 'validation': {'dataset': '" SOME_ID
         "'}}}",
         "/data/validation/dataset", "not_found", "upload"},
        {"{'model': 'linear', 'data': {'generator': 'linear', 'target': 'z'}}", "/data/target",
         "not_found", "\"z\""},
        {"{'model': 'linear', 'data': {'generator': 'linear', 'features': ['x1', 'xx2']}}",
         "/data/features/1", "not_found", "did you mean \"x2\""},
        {"{'model': 'linear', 'data': {'generator': 'linear', 'features': ['x1', 'y']}}",
         "/data/features/1", "conflict", "target"},
        {"{'model': 'softmax', 'data': {" FLOWERS "}}", "/data/target", "missing", "kind"},
        {"{'model': 'linear', 'data': {'generator': 'sine', 'target': ['x', 'y']}}",
         "/data/features", "missing", "feature"},
        {"{'model': {'type': 'autoencoder', 'hidden': 1}, 'data': {'generator': 'sine', 'target': "
         "'y'}}",
         "/data/target", "conflict", "leave"},
        {"{'model': 'linear', 'data': {'generator': 'moons'}}", "/data/target", "wrong_kind",
         "softmax"},
        {"{'model': 'linear', 'data': {'generator': 'linear', 'task': 'classification'}}",
         "/data/task", "conflict", "linear"},
        {"{'model': 'softmax', 'data': {'generator': 'moons', 'target': ['class', 'x1']}}",
         "/data/target", "conflict", "one target"},
        {"{'model': 'logistic', 'data': {'generator': 'blobs'}}", "/data/target", "out_of_range",
         "3 classes"},
        {"{'model': 'softmax', 'data': {'generator': 'moons'}, 'loss': 'mse'}", "/loss", "conflict",
         "cross_entropy"},
        {"{'model': 'linear', 'data': {'generator': 'linear'}, 'loss': 'cross_entropy'}", "/loss",
         "conflict", "mse"},
        {"{'model': 'logistic', 'data': {'generator': 'moons'}, 'loss': 'cross_entropy'}", "/loss",
         "conflict", "softmax"},
        {"{'model': 'softmax', 'data': {'generator': 'moons'}, 'loss': 'binary_cross_entropy'}",
         "/loss", "conflict", "logistic"},
        {"{'model': {'type': 'autoencoder', 'hidden': 1}, 'data': {'generator': 'sine'}, 'loss': "
         "'cross_entropy'}",
         "/loss", "conflict", "mse"},
        {"{'model': 'linear', 'data': {'generator': 'linear'}, 'training': {'stop': {}}}",
         "/training/stop", "conflict", "validation"},
        {"{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 10}, "
         "'validation': {'last': 10}}}",
         "/data/validation", "out_of_range", "10"},
        {"{'model': {'type': 'sequential', 'layers': [{'type': 'dense', 'units': 4}]}, 'data': "
         "{'generator': 'linear'}}",
         "/model/layers/0", "shape_mismatch", "auto"},
        {"{'model': {'type': 'sequential', 'layers': ['flatten']}, 'data': {'generator': "
         "'linear'}}",
         "/model", "invalid_argument", "parameters"},
        {"{'model': {'type': 'mlp', 'hidden': [10000, 10000]}, 'data': {'generator': 'linear'}}",
         "/model", "too_large", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_fault(cases[i].text, cases[i].pointer, cases[i].code, cases[i].word);
}

Test(jobs_plan, memory_has_a_limit)
{
    const char *text =
        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': "
        "100000}}}";
    make_good(text);
    int64_t needed = plan->memory_bytes;
    cr_expect_geq(needed, 100000 * 5 * (int64_t)sizeof(gd_real));
    cr_expect_eq(make(text, needed), GD_OK);
    cr_expect_eq(make(text, needed - 1), GD_INVALID_ARGUMENT);
    cr_assert_eq(faults.total, 1);
    cr_expect_str_eq(faults.entries[0].pointer, "/model");
    cr_expect_str_eq(faults.entries[0].code, "too_large");
    cr_expect_not_null(strstr(faults.entries[0].detail, "--job-memory"));
}

Test(jobs_plan, a_dataset_whose_file_is_gone_is_no_unknown_dataset)
{
    char id[STORE_ID_SIZE], text[256], path[160];
    jobs_fixture_upload(&fixture, "x,y\n1,2\n3,4\n5,7\n", id);
    snprintf(text, sizeof text, "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y'}}",
             id);
    make_good(text);
    snprintf(path, sizeof path, "%s/datasets/%s.frame", fixture.folder, id);
    cr_assert_eq(remove(path), 0);
    cr_expect_eq(make(text, MEMORY), GD_IO_ERROR);
    cr_expect_eq(faults.total, 0);
}

Test(jobs_plan, a_dataset_can_be_held_out_whole)
{
    char id[STORE_ID_SIZE], other[STORE_ID_SIZE], text[256];
    jobs_fixture_upload(&fixture, "x,y\n1,2\n3,4\n5,7\n", id);
    jobs_fixture_upload(&fixture, "y,x\n1,2\n3,4\n", other);
    snprintf(text, sizeof text,
             "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': "
             "{'dataset': '%s'}}}",
             id, other);
    make_good(text);
    gd_error error = {0};
    cr_assert_eq(jobs_plan_load(plan, NULL, &error), GD_OK, "%s", error.message);
    cr_expect_eq(plan->examples.count, 3);
    cr_expect_eq(plan->validation.count, 2);
    cr_expect_eq(plan->validation.features[0], 2, "columns are found by name");
    jobs_fixture_upload(&fixture, "y,z\n1,2\n3,4\n", other);
    snprintf(text, sizeof text,
             "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': "
             "{'dataset': '%s'}}}",
             id, other);
    expect_fault(text, "/data/validation/dataset", "not_found", "\"x\"");
    jobs_fixture_upload(&fixture, "x,y\na,2\nb,4\n", other);
    snprintf(text, sizeof text,
             "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': "
             "{'dataset': '%s'}}}",
             id, other);
    expect_fault(text, "/data/validation/dataset", "wrong_kind", "\"x\"");
}
