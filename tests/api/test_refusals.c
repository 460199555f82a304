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

static void expect_problem(const reply *got, const char *what)
{
    char status[16];
    snprintf(status, sizeof status, "%d", got->status);
    cr_expect_str_eq(reply_header_or_empty(got, "Content-Type"), "application/problem+json", "%s",
                     what);
    cr_expect(cJSON_IsString(reply_at(got, "/type")), "%s: no type: %s", what, got->body);
    cr_expect(cJSON_IsString(reply_at(got, "/title")), "%s: no title: %s", what, got->body);
    cr_expect(cJSON_IsString(reply_at(got, "/detail")), "%s: no detail: %s", what, got->body);
    cr_expect(cJSON_IsString(reply_at(got, "/code")), "%s: no code: %s", what, got->body);
    cr_expect_eq(reply_number(got, "/status"), got->status, "%s", what);
    cr_expect_str_eq(reply_text(got, "/request_id"), reply_header_or_empty(got, "X-Request-Id"),
                     "%s", what);
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
        expect_problem(got, cases[i].what);
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
        expect_problem(got, cases[i].what);
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
         "/data/target", "out_of_range"},
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

/* Words of the contract that later versions offer. One that the catalogue of this version lists is
 * offered already, and no matter of this test. */
typedef struct later_word {
    const char *list, *name; /* where the catalogue would have it; NULL: a member of its own */
    faulty fault;
} later_word;

static bool is_offered(const reply *catalog, const later_word *word)
{
    const cJSON *item, *list = word->list != NULL ? reply_at(catalog, word->list) : NULL;
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

Test(api_refusals, words_not_offered_yet_are_refused_as_unsupported, .timeout = LIMIT)
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
        {NULL,
         NULL,
         {"automatic learning rate", RATE("'auto'"), "/optimizer/learning_rate", "unsupported"}},
        {NULL,
         NULL,
         {"shape", DATA("'generator': 'linear', 'shape': [28, 28, 1]"), "/data/shape",
          "unsupported"}},
        {NULL,
         NULL,
         {"window", DATA("'generator': 'linear', 'window': {'length': 8}"), "/data/window",
          "unsupported"}},
        {NULL,
         NULL,
         {"a target of another dataset", DATA("'generator': 'linear', 'target': {'dataset': 'x'}"),
          "/data/target", "unsupported"}},
        {NULL, NULL, {"threads", TRAINING("'threads': 2"), "/training/threads", "unsupported"}},
        {NULL,
         NULL,
         {"on_problem", TRAINING("'on_problem': 'repair'"), "/training/on_problem", "unsupported"}},
        {NULL,
         NULL,
         {"max_repairs", TRAINING("'max_repairs': 3"), "/training/max_repairs", "unsupported"}},
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

/* --- HTTP ---------------------------------------------------------------------------------- */

Test(api_refusals, a_wrong_method_is_405_with_allow, .timeout = LIMIT)
{
    static const struct {
        const char *method, *path, *allowed;
    } cases[] = {
        {"DELETE", "/v1/jobs", "POST"},
        {"PUT", "/v1/jobs/" NO_ID, "PATCH"},
        {"GET", "/v1/jobs/" NO_ID "/cancel", "POST"},
        {"POST", "/v1/jobs/" NO_ID "/curve", "GET"},
        {"PUT", "/v1/datasets", "POST"},
        {"POST", "/v1/catalog", "GET"},
        {"DELETE", "/healthz", "HEAD"},
        {"GET", "/v1/jobs/" NO_ID "/predict", "POST"},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        client_request what = {.method = cases[i].method, .path = cases[i].path};
        const reply *got = client_send(it, &what);
        cr_expect_eq(got->status, 405, "%s %s: %d", cases[i].method, cases[i].path, got->status);
        cr_expect_not_null(strstr(reply_header_or_empty(got, "Allow"), cases[i].allowed),
                           "%s %s: Allow: %s", cases[i].method, cases[i].path,
                           reply_header_or_empty(got, "Allow"));
        expect_problem(got, cases[i].path);
        cr_expect_str_eq(reply_text(got, "/code"), "method_not_allowed");
    }
    destroy_unchanged(it);
}

Test(api_refusals, a_wrong_content_type_is_415, .timeout = LIMIT)
{
    static const char *const types[] = {"Content-Type: text/plain",
                                        "Content-Type: application/x-www-form-urlencoded",
                                        "Content-Type: application/jsonx", NULL};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(types); i++) {
        const char *text = client_json(it, SPEC_TINY);
        client_request what = {.method = "POST",
                               .path = "/v1/jobs",
                               .headers = CLIENT_HEADERS(types[i]),
                               .body = text,
                               .length = strlen(text)};
        const reply *got = client_send(it, &what);
        cr_expect_eq(got->status, 415, "%s: %d", types[i] != NULL ? types[i] : "none", got->status);
        expect_problem(got, "content type");
        cr_expect_str_eq(reply_text(got, "/code"), "unsupported_media_type");
    }
    const char *text = client_json(it, SPEC_TINY);
    client_request what = {.method = "POST",
                           .path = "/v1/jobs?dry_run=true",
                           .headers =
                               CLIENT_HEADERS("Content-Type: Application/JSON; charset=utf-8"),
                           .body = text,
                           .length = strlen(text)};
    ASSERT_STATUS(client_send(it, &what), 200);
    destroy_unchanged(it);
}

Test(api_refusals, a_body_over_the_cap_is_413_before_it_is_sent, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char *const paths[] = {"/v1/jobs", "/v1/jobs/" NO_ID "/predict",
                                        "/v1/jobs/" NO_ID "/retry"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        const char *head = client_text(it,
                                       "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                                       "application/json\r\nContent-Length: 1000000000000\r\n\r\n",
                                       paths[i], it->address);
        const char *got = client_raw(it, head, strlen(head), 5);
        cr_expect_eq(strncmp(got, "HTTP/1.1 413 ", 13), 0, "%s: %.300s", paths[i], got);
        cr_expect_not_null(strstr(got, "\"code\":\"body_too_large\""), "%s: %.900s", paths[i], got);
    }
    size_t length = (size_t)8 << 20;
    char *large = calloc(1, length);
    memset(large, ' ', length);
    client_request what = {.method = "PATCH",
                           .path = "/v1/jobs/" NO_ID,
                           .headers = CLIENT_HEADERS("Content-Type: application/json"),
                           .body = large,
                           .length = length,
                           .chunked = true};
    const reply *got = client_send(it, &what);
    cr_expect(got->status == 413 || got->status == 0, "in chunks: %d %s", got->status, got->body);
    free(large);
    destroy_unchanged(it);
}

Test(api_refusals, unknown_paths_and_ids_are_404, .timeout = LIMIT)
{
    static const char *const paths[] = {"/",
                                        "/v2/jobs",
                                        "/v1",
                                        "/v1/job",
                                        "/v1/jobs/",
                                        "/v1/jobs/" NO_ID,
                                        "/v1/jobs/1",
                                        "/v1/jobs/" NO_ID "/curve",
                                        "/v1/jobs/" NO_ID "/events",
                                        "/v1/jobs/" NO_ID "/parameters",
                                        "/v1/jobs/" NO_ID "/nothing",
                                        "/v1/datasets/" NO_ID,
                                        "/v1/datasets/" NO_ID "/rows"};
    service *it = service_start(1);
    /* The first becomes the dashboard's in a later version. */
    for (size_t i = 1; i < COUNT(paths); i++) {
        const reply *got = client_get(it, "%s", paths[i]);
        cr_expect_eq(got->status, 404, "%s: %d", paths[i], got->status);
        if (got->status == 404)
            expect_problem(got, paths[i]);
    }
    destroy_unchanged(it);
}

Test(api_refusals, requests_that_hide_a_second_one_are_400, .timeout = LIMIT)
{
    static const char *const heads[] = {
        "Content-Length: 2\r\nContent-Length: 30\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: +2\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(heads); i++) {
        const char *text = client_text(it,
                                       "POST /v1/jobs HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                                       "application/json\r\n%s\r\n{}GET /healthz HTTP/1.1\r\nHost: "
                                       "%s\r\n\r\n",
                                       it->address, heads[i], it->address);
        const char *got = client_raw(it, text, strlen(text), 5);
        cr_expect(strncmp(got, "HTTP/1.1 400 ", 13) == 0 || strncmp(got, "HTTP/1.1 501 ", 13) == 0,
                  "%s: %.200s", heads[i], got);
        cr_expect_null(strstr(got + 1, "HTTP/1.1 200"), "a second request ran: %s", got);
    }
    const char *foreign = "GET /v1/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    const char *got = client_raw(it, foreign, strlen(foreign), 5);
    cr_expect_eq(strncmp(got, "HTTP/1.1 400 ", 13), 0, "foreign Host: %.200s", got);
    destroy_unchanged(it);
}
