/*
 * test_predict.c: predictions from raw rows, of jobs that run, rest or have ended; what does not fit
 * is told with its place.
 */
#include "api/specs.h"
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define NO_ID "01234567-89ab-7cde-8f01-23456789abcd"

/* y = 3 + x1 - 2 x2 + 0.5 x3 + 4 x4, learnt exactly; scaled, so that predictions must undo it. */
#define SPEC_PLANE                                                                                 \
    "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 200, 'noise': 0, "    \
    "'seed': 1}, 'scaling': 'standardize'}, 'optimizer': {'type': 'adam', 'learning_rate': 0.05, " \
    "'schedule': {'type': 'cosine'}}, 'training': {'epochs': 300, 'batch_size': 50, 'seed': 7}}"

/* A colour (text), a size with a missing cell, and a price. */
#define SPEC_MIXED                                                                                 \
    "{'model': 'linear', 'data': {'inline': {'columns': ['colour', 'size', 'price'], 'rows': "     \
    "[['red', 1, 10], ['red', 2, 12], ['blue', 1, 20], ['blue', 3, 24], ['green', 2, 32], "        \
    "['green', null, 33]]}, 'target': 'price', 'missing': 'mean'}, 'optimizer': {'type': 'adam', " \
    "'learning_rate': 0.1}, 'training': {'epochs': 3000, 'batch_size': 'full', 'seed': 7}}"

static const reply *predict(service *it, const char *id, const char *json)
{
    return client_post(it, client_text(it, "/v1/jobs/%s/predict", id), "%s", json);
}

Test(api_predict, rows_and_columns_give_the_same_restored_values, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_PLANE), "/id");
    const reply *rows = predict(it, id, "{'rows': [[0, 0, 0, 0], [1, 2, 3, 4], [1, 0, 0, -1]]}");
    ASSERT_STATUS(rows, 200);
    cr_assert_eq(reply_count(rows, "/predictions"), 3);
    static const double expected[] = {3, 3 + 1 - 4 + 1.5 + 16, 3 + 1 - 4};
    for (int i = 0; i < 3; i++)
        cr_expect_float_eq(reply_number(rows, client_text(it, "/predictions/%d", i)), expected[i],
                           5e-3, "row %d: %s", i, rows->body);
    cr_expect_null(reply_at(rows, "/classes"));
    const reply *columns = predict(
        it, id,
        "{'columns': {'x4': [0, 4, -1], 'x3': [0, 3, 0], 'x2': [0, 2, 0], 'x1': [0, 1, 1]}}");
    ASSERT_STATUS(columns, 200);
    cr_expect_str_eq(columns->body, rows->body);
    service_destroy(it);
}

Test(api_predict, a_classifier_gives_classes_and_probabilities, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_SHAPES), "/id");
    const reply *got = predict(it, id, "{'rows': [[1.5, 8.5], [9, 1.5]]}");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_text(got, "/predictions/0"), "tower");
    cr_expect_str_eq(reply_text(got, "/predictions/1"), "bridge");
    cr_assert_eq(reply_count(got, "/classes"), 2);
    cr_expect_str_eq(reply_text(got, "/classes/0"), "bridge");
    cr_expect_str_eq(reply_text(got, "/classes/1"), "tower");
    for (int i = 0; i < 2; i++) {
        double first = reply_number(got, client_text(it, "/probabilities/%d/0", i));
        double second = reply_number(got, client_text(it, "/probabilities/%d/1", i));
        cr_expect_float_eq(first + second, 1, 1e-6);
        cr_expect(i == 0 ? second > 0.5 : first > 0.5, "%s", got->body);
    }
    service_destroy(it);
}

Test(api_predict, a_logistic_model_gives_both_probabilities_and_numbers_as_classes,
     .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(
        client_run(it, 30,
                   "{'model': 'logistic', 'data': {'inline': {'columns': ['x', 'ill'], 'rows': "
                   "[[-3, 0], [-2, 0], [-1, 0], [1, 1], [2, 1], [3, 1]]}, 'target': 'ill', 'task': "
                   "'classification'}, 'optimizer': {'type': 'adam', 'learning_rate': 0.1}, "
                   "'training': {'epochs': 200, 'batch_size': 'full', 'seed': 7}}"),
        "/id");
    const reply *got = predict(it, id, "{'rows': [[-2.5], [2.5]]}");
    ASSERT_STATUS(got, 200);
    cr_expect_eq(reply_number(got, "/predictions/0"), 0);
    cr_expect_eq(reply_number(got, "/predictions/1"), 1);
    cr_assert_eq(reply_count(got, "/classes"), 2);
    cr_assert_eq(reply_count(got, "/probabilities/0"), 2);
    cr_expect_gt(reply_number(got, "/probabilities/0/0"), 0.9);
    cr_expect_gt(reply_number(got, "/probabilities/1/1"), 0.9);
    service_destroy(it);
}

Test(api_predict, it_works_while_the_job_runs_rests_and_after, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_step(it, id, 1, 20);
    const char *rows = "{'rows': [[0.5, 0.25], [-1, 1]]}";
    for (int i = 0; i < 20; i++)
        ASSERT_STATUS(predict(it, id, rows), 200);
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", id), "/status"), "running");
    ASSERT_STATUS(client_act(it, id, "pause"), 202);
    (void)client_wait_status(it, id, "paused", 5);
    const reply *paused = predict(it, id, rows);
    ASSERT_STATUS(paused, 200);
    ASSERT_STATUS(client_act(it, id, "cancel"), 200);
    const reply *ended = predict(it, id, rows);
    ASSERT_STATUS(ended, 200);
    cr_expect_str_eq(ended->body, paused->body);
    service_kill(it);
    service_restart(it);
    cr_expect_str_eq(predict(it, id, rows)->body, ended->body);
    service_destroy(it);
}

Test(api_predict, best_and_final_may_differ, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_SHORT, 5000, 7, 10.0), "/id");
    ASSERT_STATUS(predict(it, id, "{'rows': [[0, 0]], 'which': 'best'}"), 200);
    ASSERT_STATUS(predict(it, id, "{'rows': [[0, 0]], 'which': 'final'}"), 200);
    const reply *bad = predict(it, id, "{'rows': [[0, 0]], 'which': 'worst'}");
    ASSERT_STATUS(bad, 422);
    reply_expect_fault(bad, "/which", "unknown_value");
    service_destroy(it);
}

Test(api_predict, texts_and_missing_cells_go_through_the_preparation, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_MIXED), "/id");
    const reply *got =
        predict(it, id, "{'rows': [['red', 1], ['blue', 1], ['green', 2], ['red', null]]}");
    ASSERT_STATUS(got, 200);
    cr_expect_float_eq(reply_number(got, "/predictions/0"), 10, 2);
    cr_expect_float_eq(reply_number(got, "/predictions/1"), 20, 2);
    cr_expect_float_eq(reply_number(got, "/predictions/2"), 32, 2);
    /* A missing size counts as the training mean, 1.8. */
    cr_expect_float_eq(reply_number(got, "/predictions/3"), 11.6, 2);
    service_destroy(it);
}

Test(api_predict, what_does_not_fit_is_told_with_its_place, .timeout = LIMIT)
{
    static const struct {
        const char *body, *pointer, *code, *word;
    } cases[] = {
        {"{'rows': [['red', 1], ['purple', 2]]}", "/rows/1/0", "unknown_class", "purple"},
        {"{'rows': [['red', 1], ['red']]}", "/rows/1", "shape_mismatch", "2"},
        {"{'rows': [['red', 1, 2]]}", "/rows/0", "shape_mismatch", "2"},
        {"{'rows': [['red', 'big']]}", "/rows/0/1", "wrong_type", "size"},
        {"{'rows': [[1, 1]]}", "/rows/0/0", "wrong_type", "colour"},
        {"{'rows': [['red', true]]}", "/rows/0/1", "wrong_type", "size"},
        {"{'rows': [7]}", "/rows/0", "wrong_type", ""},
        {"{'rows': 7}", "/rows", "wrong_type", ""},
        {"{'columns': {'colour': ['red']}}", "/columns/size", "missing", "size"},
        {"{'columns': {'colour': ['red'], 'size': [1], 'seize': [2]}}", "/columns/seize",
         "unknown_member", "size"},
        {"{'columns': {'colour': ['red'], 'size': [1, 2]}}", "/columns/size", "shape_mismatch", ""},
        {"{'rows': [['red', 1]], 'row': []}", "/row", "unknown_member", "rows"},
    };
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_MIXED), "/id");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = predict(it, id, cases[i].body);
        cr_expect_eq(got->status, 422, "%s: %d %.300s", cases[i].body, got->status, got->body);
        const cJSON *fault = reply_fault(got, cases[i].pointer);
        cr_expect_not_null(fault, "%s: no fault at %s: %.600s", cases[i].body, cases[i].pointer,
                           got->body);
        if (fault == NULL)
            continue;
        const char *code = cJSON_GetObjectItemCaseSensitive(fault, "code")->valuestring;
        cr_expect_str_eq(code, cases[i].code, "%s: %s", cases[i].body, code);
        const char *detail = cJSON_GetObjectItemCaseSensitive(fault, "detail")->valuestring;
        cr_expect_not_null(strstr(detail, cases[i].word), "%s: %s", cases[i].body, detail);
    }
    ASSERT_STATUS(predict(it, id, "{}"), 422);
    ASSERT_STATUS(predict(it, id, "{'rows': [['red', 1]], 'columns': {}}"), 422);
    ASSERT_STATUS(predict(it, id, "{'rows'"), 400);
    service_destroy(it);
}

Test(api_predict, missing_cells_are_refused_where_the_job_refused_them, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_SHAPES), "/id");
    const reply *got = predict(it, id, "{'rows': [[1, 2], [1, null]]}");
    ASSERT_STATUS(got, 422);
    cr_expect_not_null(reply_fault(got, "/rows/1/1"), "%s", got->body);
    service_destroy(it);
}

Test(api_predict, before_there_are_parameters_it_is_409, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    const char *id = client_submit(it, SPEC_TINY);
    ASSERT_STATUS(predict(it, id, "{'rows': [[0, 0, 0, 0]]}"), 409);
    ASSERT_STATUS(predict(it, NO_ID, "{'rows': [[0]]}"), 404);
    service_destroy(it);
}

Test(api_predict, an_autoencoder_gives_its_features_back, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(
        client_run(it, 30,
                   "{'model': {'type': 'autoencoder', 'hidden': [2]}, 'data': {'generator': "
                   "{'type': 'blobs', 'samples': 100, 'seed': 1}, 'features': ['x1', 'x2'], "
                   "'scaling': 'standardize'}, 'optimizer': {'type': 'adam', 'learning_rate': "
                   "0.02}, 'training': {'epochs': 5, 'seed': 7}}"),
        "/id");
    const reply *got = predict(it, id, "{'rows': [[1, -1], [0, 2]]}");
    ASSERT_STATUS(got, 200);
    cr_expect_eq(reply_count(got, "/predictions"), 2);
    cr_expect_eq(reply_count(got, "/predictions/0"), 2);
    service_destroy(it);
}

Test(api_predict, many_rows_are_answered_in_order, .timeout = LIMIT)
{
    enum {
        ROWS = 5000
    };
    static char body[ROWS * 32];
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_PLANE), "/id");
    size_t used = (size_t)snprintf(body, sizeof body, "{\"rows\":[");
    for (int i = 0; i < ROWS; i++)
        used += (size_t)snprintf(body + used, sizeof body - used, "%s[%g,0,0,0]", i == 0 ? "" : ",",
                                 i * 1e-3);
    snprintf(body + used, sizeof body - used, "]}");
    const reply *got = client_post_text(it, client_text(it, "/v1/jobs/%s/predict", id), NULL, body);
    ASSERT_STATUS(got, 200);
    cr_assert_eq(reply_count(got, "/predictions"), ROWS);
    const cJSON *value;
    int row = 0;
    cJSON_ArrayForEach(value, reply_at(got, "/predictions"))
    {
        cr_expect_float_eq(value->valuedouble, 3 + row * 1e-3, 0.01, "row %d", row);
        row++;
    }
    service_destroy(it);
}
