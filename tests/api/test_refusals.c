/*
 * test_refusals.c: bad input, each with the exact status, code and pointer. Nothing of it is stored,
 * and the service answers the next request as if nothing had been.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT    (60.0 * SERVICE_PATIENCE)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NO_ID    "01234567-89ab-7cde-8f01-23456789abcd"

/* A service whose list must be empty at the end. */
static void destroy_unchanged(service *it)
{
    const reply *list = client_get(it, "/v1/jobs");
    ASSERT_STATUS(list, 200);
    cr_expect_eq(reply_count(list, "/jobs"), 0, "something was stored: %s", list->body);
    service_destroy(it);
}

/* --- Texts that are no JSON ---------------------------------------------------------------- */

typedef struct broken {
    const char *what;
    const char *text;
    double offset; /* of the first byte that does not fit */
} broken;

Test(api_refusals, a_body_that_is_no_json_is_400_with_the_byte_offset, .timeout = LIMIT)
{
    static const broken cases[] = {
        {"empty body", "", 0},
        {"blanks", "  ", 2},
        {"truncated", "{\"model\": \"linear\", \"data\"", 26},
        {"truncated in a string", "{\"mod", 5},
        {"trailing text", "{} x", 3},
        {"two values", "{}{}", 2},
        {"trailing comma", "{\"a\": 1,}", 8},
        {"NaN", "{\"a\": NaN}", 6},
        {"Infinity", "{\"a\": -Infinity}", 7},
        {"overflowing number", "{\"a\": 1e999}", 6},
        {"leading zero", "{\"a\": 01}", 7},
        {"duplicate key", "{\"a\": 1, \"a\": 2}", 9},
        {"duplicate key, escaped", "{\"a\": 1, \"\\u0061\": 2}", 9},
        {"NUL escape", "{\"a\": \"\\u0000\"}", 7},
        {"lone surrogate", "{\"a\": \"\\ud800\"}", 7},
        {"bad UTF-8", "{\"a\": \"\xff\"}", 7},
        {"single quotes", "{'a': 1}", 1},
        {"33 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 32},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const reply *got = client_post_text(it, "/v1/jobs", NULL, cases[i].text);
        cr_expect_eq(got->status, 400, "%s: %d %s", cases[i].what, got->status, got->body);
        if (got->status != 400)
            continue;
        reply_expect_problem(got, cases[i].what);
        cr_expect_str_eq(reply_text(got, "/code"), "malformed_json", "%s", cases[i].what);
        cr_expect_eq(reply_number(got, "/offset"), cases[i].offset, "%s: %s", cases[i].what,
                     got->body);
    }
    destroy_unchanged(it);
}

/* --- One fault each ------------------------------------------------------------------------ */

typedef struct faulty {
    const char *what;
    const char *spec;
    const char *pointer, *code;
} faulty;

#define LINEAR(rest)   "{'model': 'linear', 'data': {'generator': 'linear'}" rest "}"
#define DATA(data)     "{'model': 'linear', 'data': {" data "}}"
#define MODEL(model)   "{'model': " model ", 'data': {'generator': 'moons'}}"
#define RATE(value)    LINEAR(", 'optimizer': {'type': 'sgd', 'learning_rate': " value "}")
#define TRAINING(text) LINEAR(", 'training': {" text "}")
#define INLINE(rows)   DATA("'inline': {'columns': ['x', 'y'], 'rows': " rows "}, 'target': 'y'")

static void expect_each(const faulty *cases, size_t count)
{
    service *it = service_start(1);
    for (size_t i = 0; i < count; i++) {
        const char *text = client_json(it, "%s", cases[i].spec);
        const reply *got = client_post_text(it, "/v1/jobs", NULL, text);
        cr_expect_eq(got->status, 422, "%s: %d %.900s", cases[i].what, got->status, got->body);
        if (got->status != 422)
            continue;
        reply_expect_problem(got, cases[i].what);
        const cJSON *fault = reply_at(got, "/errors/0");
        const cJSON *pointer = cJSON_GetObjectItemCaseSensitive(fault, "pointer");
        const cJSON *code = cJSON_GetObjectItemCaseSensitive(fault, "code");
        const cJSON *detail = cJSON_GetObjectItemCaseSensitive(fault, "detail");
        cr_expect(cJSON_IsString(pointer) && strcmp(pointer->valuestring, cases[i].pointer) == 0,
                  "%s: not at %s: %.900s", cases[i].what, cases[i].pointer, got->body);
        cr_expect(cJSON_IsString(code) && strcmp(code->valuestring, cases[i].code) == 0,
                  "%s: not code %s: %.900s", cases[i].what, cases[i].code, got->body);
        cr_expect(cJSON_IsString(detail) && strlen(detail->valuestring) > 10,
                  "%s: no detail: %.900s", cases[i].what, got->body);
        cr_expect_eq(reply_count(got, "/errors"), 1, "%s: more than one fault: %.900s",
                     cases[i].what, got->body);
    }
    destroy_unchanged(it);
}

Test(api_refusals, a_spec_with_one_fault_names_its_code_and_pointer, .timeout = LIMIT)
{
    static const faulty cases[] = {
        {"no object", "[1, 2]", "", "wrong_type"},
        {"no data", "{'model': 'linear'}", "/data", "missing"},
        {"no model", "{'data': {'generator': 'linear'}}", "/model", "missing"},
        {"unknown member", LINEAR(", 'optimiser': 'adam'"), "/optimiser", "unknown_member"},
        {"unknown member inside", RATE("0.1, 'momentun': 0.9"), "/optimizer/momentun",
         "unknown_member"},
        {"unknown optimizer", LINEAR(", 'optimizer': 'adamm'"), "/optimizer", "unknown_value"},
        {"unknown model", MODEL("{'type': 'transformer'}"), "/model/type", "unknown_value"},
        {"wrong type", TRAINING("'epochs': 'ten'"), "/training/epochs", "wrong_type"},
        {"a text for an object", LINEAR(", 'training': 'fast'"), "/training", "wrong_type"},
        {"null for a number", TRAINING("'epochs': null"), "/training/epochs", "wrong_type"},
        {"half an epoch", TRAINING("'epochs': 1.5"), "/training/epochs", "not_an_integer"},
        {"learning rate 0", RATE("0"), "/optimizer/learning_rate", "out_of_range"},
        {"learning rate -1", RATE("-1"), "/optimizer/learning_rate", "out_of_range"},
        {"learning rate 1e300", RATE("1e300"), "/optimizer/learning_rate", "out_of_range"},
        {"10^12 steps", TRAINING("'steps': 1000000000000"), "/training/steps", "out_of_range"},
        {"no epochs", TRAINING("'epochs': 0"), "/training/epochs", "out_of_range"},
        {"epochs and steps", TRAINING("'epochs': 1, 'steps': 1"), "/training/steps", "conflict"},
        {"batch size 0", TRAINING("'batch_size': 0"), "/training/batch_size", "out_of_range"},
        {"negative seed", TRAINING("'seed': -1"), "/training/seed", "out_of_range"},
        {"inexact seed", TRAINING("'seed': 9007199254740993"), "/training/seed", "out_of_range"},
        {"momentum missing", RATE("0.1, 'nesterov': true"), "/optimizer/nesterov",
         "invalid_argument"},
        {"two clips", RATE("0.1, 'clip': {'norm': 1, 'value': 1}"), "/optimizer/clip", "conflict"},
        {"no layers", MODEL("{'type': 'sequential', 'layers': []}"), "/model/layers", "too_short"},
        {"a layer without units", MODEL("{'type': 'sequential', 'layers': [{'type': 'dense'}]}"),
         "/model/layers/0/units", "missing"},
        {"hidden layer of nothing", MODEL("{'type': 'mlp', 'hidden': [16, 0]}"), "/model/hidden/1",
         "out_of_range"},
        {"no hidden layers", MODEL("{'type': 'mlp'}"), "/model/hidden", "missing"},
        {"dropout of all", MODEL("{'type': 'mlp', 'hidden': [4], 'dropout': 1}"), "/model/dropout",
         "out_of_range"},
        {"stop without validation", TRAINING("'stop': {'monitor': 'validation_loss'}"),
         "/training/stop", "conflict"},
        {"a label that is no text", LINEAR(", 'labels': {'a': 1}"), "/labels/a", "wrong_type"},
        {"a pointer with escapes", LINEAR(", 'labels': {'a/b~c': 1}"), "/labels/a~1b~0c",
         "wrong_type"},
    };
    expect_each(cases, COUNT(cases));
}

Test(api_refusals, data_that_do_not_fit_name_row_and_column, .timeout = LIMIT)
{
    static const faulty cases[] = {
        {"two sources", DATA("'generator': 'linear', 'dataset': 'x'"), "/data", "conflict"},
        {"dataset that is not there", DATA("'dataset': '" NO_ID "', 'target': 'y'"),
         "/data/dataset", "not_found"},
        {"dataset that is no id", DATA("'dataset': '../../etc/passwd', 'target': 'y'"),
         "/data/dataset", "not_found"},
        {"target that is no column", DATA("'generator': 'linear', 'target': 'z'"), "/data/target",
         "not_found"},
        {"feature that is no column", DATA("'generator': 'linear', 'features': ['x1', 'q']"),
         "/data/features/1", "not_found"},
        {"no target", DATA("'inline': {'columns': ['x', 'y'], 'rows': [[1, 2], [3, 4]]}"),
         "/data/target", "missing"},
        {"no rows", INLINE("[]"), "/data/inline/rows", "too_short"},
        {"rows of different length", INLINE("[[1, 2], [3], [5, 6]]"), "/data/inline/rows/1",
         "shape_mismatch"},
        {"a row that is none", INLINE("[[1, 2], 3]"), "/data/inline/rows/1", "wrong_type"},
        {"text in a numeric column", INLINE("[[1, 2], ['x', 4], [5, 6]]"), "/data/inline/rows/1/0",
         "invalid_data"},
        {"a cell that is a boolean", INLINE("[[1, 2], [true, 4]]"), "/data/inline/rows/1/0",
         "wrong_type"},
        {"a missing cell", INLINE("[[1, 2], [null, 4], [5, 6]]"), "/data/inline/rows/1/0",
         "invalid_data"},
        {"two columns of one name",
         DATA("'inline': {'columns': ['x', 'x'], 'rows': [[1, 2]]}, 'target': 'x'"),
         "/data/inline/columns/1", "invalid_data"},
        {"3 classes into logistic",
         "{'model': 'logistic', 'data': {'generator': {'type': 'blobs'}}}", "/data/target",
         "out_of_range"},
        {"texts into a regression",
         "{'model': 'linear', 'data': {'inline': {'columns': ['x', 'y'], 'rows': [[1, 'a'], [2, "
         "'b']]}, 'target': 'y'}}",
         "/data/target", "wrong_kind"},
        {"one class",
         "{'model': 'softmax', 'data': {'inline': {'columns': ['x', 'y'], 'rows': "
         "[[1, 'a'], [2, 'a']]}, 'target': 'y'}}",
         "/data/target", "invalid_data"},
        {"a loss of the other task",
         DATA("'generator': 'linear'}, 'loss': 'cross_entropy', "
              "'labels': {"),
         "/loss", "conflict"},
        {"validation of everything",
         DATA("'generator': {'type': 'linear', 'samples': 10}, "
              "'validation': {'last': 10}"),
         "/data/validation", "out_of_range"},
        {"validation fraction 1", DATA("'generator': 'linear', 'validation': {'fraction': 1}"),
         "/data/validation/fraction", "out_of_range"},
        {"last layer of another width",
         "{'model': {'type': 'sequential', 'layers': [{'type': 'dense', 'units': 5}]}, 'data': "
         "{'generator': 'moons'}}",
         "/model/layers/0", "shape_mismatch"},
    };
    expect_each(cases, COUNT(cases));
}

/* Types of the contract that later versions offer. One that the catalogue of this version lists is
 * offered already, and no matter of this test. */
typedef struct later_word {
    const char *list, *name; /* where the catalogue would have it */
    faulty fault;
} later_word;

static bool is_offered(const reply *catalog, const later_word *word)
{
    const cJSON *item, *list = reply_at(catalog, word->list);
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(name) && strcmp(name->valuestring, word->name) == 0)
            return true;
    }
    return false;
}

#define LAYER(layer) MODEL("{'type': 'sequential', 'layers': [" layer "]}")
#define OPTIMIZER(o) LINEAR(", 'optimizer': " o)

Test(api_refusals, types_not_offered_yet_are_refused_as_unsupported, .timeout = LIMIT)
{
    static const later_word words[] = {
        {"/models",
         "formula",
         {"formula",
          "{'model': {'type': 'formula', 'formula': 'a*x', 'parameters': {'a': 1}}, 'data': "
          "{'generator': 'sine'}}",
          "/model/type", "unsupported"}},
        {"/layers",
         "conv2d",
         {"conv2d", LAYER("{'type': 'conv2d', 'filters': 8}"), "/model/layers/0/type",
          "unsupported"}},
        {"/layers", "lstm", {"lstm", LAYER("'lstm'"), "/model/layers/0", "unsupported"}},
        {"/losses", "huber", {"huber", LINEAR(", 'loss': 'huber'"), "/loss", "unsupported"}},
        {"/losses",
         "quantile",
         {"quantile", LINEAR(", 'loss': {'type': 'quantile'}"), "/loss/type", "unsupported"}},
        {"/optimizers",
         "lbfgs",
         {"lbfgs", OPTIMIZER("{'type': 'lbfgs'}"), "/optimizer/type", "unsupported"}},
        {"/optimizers", "lion", {"lion", OPTIMIZER("'lion'"), "/optimizer", "unsupported"}},
        {"/schedules",
         "plateau",
         {"plateau", RATE("0.1, 'schedule': 'plateau'"), "/optimizer/schedule", "unsupported"}},
        {"/schedules",
         "one_cycle",
         {"one_cycle", RATE("0.1, 'schedule': {'type': 'one_cycle'}"), "/optimizer/schedule/type",
          "unsupported"}},
    };
    faulty missing[COUNT(words)];
    size_t count = 0;
    service *it = service_start(1);
    const reply *catalog = client_get(it, "/v1/catalog");
    ASSERT_STATUS(catalog, 200);
    for (size_t i = 0; i < COUNT(words); i++)
        if (!is_offered(catalog, &words[i]))
            missing[count++] = words[i].fault;
    service_destroy(it);
    expect_each(missing, count);
}

/* Members likewise: one that is not offered is refused as unsupported, one that is offered is kept in
 * the resolved spec or refused for its value. None is taken and ignored, none is called unknown. */
Test(api_refusals, members_of_the_contract_are_never_ignored, .timeout = LIMIT)
{
    static const struct {
        const char *word, *spec, *pointer;
    } cases[] = {
        {"\"l2\"", LAYER("{'type': 'dense', 'units': 2, 'l2': 0.1}"), "/model/layers/0/l2"},
        {"\"auto\"", RATE("'auto'"), "/optimizer/learning_rate"},
        {"\"shape\"", DATA("'generator': 'linear', 'shape': [28, 28, 1]"), "/data/shape"},
        {"\"window\"", DATA("'generator': 'linear', 'window': {'length': 8}"), "/data/window"},
        {"\"target\":{", DATA("'generator': 'linear', 'target': {'dataset': 'x'}"), "/data/target"},
        {"\"threads\"", TRAINING("'threads': 2"), "/training/threads"},
        {"\"restarts\"", TRAINING("'restarts': 3"), "/training/restarts"},
        {"\"from_job\"", TRAINING("'from_job': {'job': '" NO_ID "'}"), "/training/from_job"},
        {"\"on_problem\"", TRAINING("'on_problem': 'repair'"), "/training/on_problem"},
        {"\"max_repairs\"", TRAINING("'max_repairs': 3"), "/training/max_repairs"},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const reply *got = client_post(it, "/v1/jobs?dry_run=true", "%s", cases[i].spec);
        if (got->status == 200) {
            cr_expect_not_null(strstr(reply_raw(got, "spec"), cases[i].word), "%s was ignored",
                               cases[i].word);
            continue;
        }
        ASSERT_STATUS(got, 422);
        const char *pointer = reply_text(got, "/errors/0/pointer");
        const char *code = reply_text(got, "/errors/0/code");
        cr_expect_eq(strncmp(pointer, cases[i].pointer, strlen(cases[i].pointer)), 0, "%s: %s",
                     cases[i].word, pointer);
        cr_expect(strcmp(code, "unknown_member") != 0 && strcmp(code, "wrong_type") != 0,
                  "%s: \"%s\" is no honest word: %.900s", cases[i].word, code, got->body);
    }
    destroy_unchanged(it);
}

Test(api_refusals, all_faults_of_a_document_come_at_once_with_hints, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *got = client_post(
        it, "/v1/jobs",
        "{'nam': 'x', 'model': {'type': 'mlp', 'hidden': [16, -4], 'activation': 'rely'}, 'data': "
        "{'inline': {'columns': ['x', 'y'], 'rows': [[1], [1, 2, 3], [1, {}]]}, 'target': 'y'}, "
        "'optimizer': {'type': 'adam', 'learnig_rate': 0.1, 'eps': -1}, 'training': {'epochs': 0, "
        "'batch_size': 'all', 'seed': 1.5}}");
    ASSERT_STATUS(got, 422);
    reply_expect_fault(got, "/nam", "unknown_member");
    reply_expect_fault(got, "/model/hidden/1", "out_of_range");
    reply_expect_fault(got, "/model/activation", "unknown_value");
    reply_expect_fault(got, "/data/inline/rows/0", "shape_mismatch");
    reply_expect_fault(got, "/data/inline/rows/1", "shape_mismatch");
    reply_expect_fault(got, "/data/inline/rows/2/1", "wrong_type");
    reply_expect_fault(got, "/optimizer/learnig_rate", "unknown_member");
    reply_expect_fault(got, "/optimizer/eps", "out_of_range");
    reply_expect_fault(got, "/training/epochs", "out_of_range");
    reply_expect_fault(got, "/training/batch_size", "unknown_value");
    reply_expect_fault(got, "/training/seed", "not_an_integer");
    cr_expect_eq(reply_count(got, "/errors"), 11, "%s", got->body);
    const cJSON *detail =
        cJSON_GetObjectItemCaseSensitive(reply_fault(got, "/optimizer/learnig_rate"), "detail");
    cr_expect_not_null(strstr(detail->valuestring, "learning_rate"), "no hint: %s",
                       detail->valuestring);
    const cJSON *allowed =
        cJSON_GetObjectItemCaseSensitive(reply_fault(got, "/training/epochs"), "allowed");
    cr_expect_eq(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(allowed, "minimum")), 1);
    destroy_unchanged(it);
}

Test(api_refusals, a_thousand_faults_are_counted_not_listed, .timeout = LIMIT)
{
    service *it = service_start(1);
    static char text[40000];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"model\":\"linear\"");
    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ",\"wrong_%d\":%d", i, i);
    snprintf(text + used, sizeof text - used, "}");
    const reply *got = client_post_text(it, "/v1/jobs", NULL, text);
    ASSERT_STATUS(got, 422);
    cr_expect_leq(reply_count(got, "/errors"), 101);
    cr_expect_not_null(strstr(got->body, "more_faults"));
    destroy_unchanged(it);
}
