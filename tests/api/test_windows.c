/*
 * test_windows.c: series by window, images by shape with labels of their own, and texts: from upload to
 * prediction, and what is refused on the way.
 */
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT  (120.0 * SERVICE_PATIENCE)
#define NO_ID  "01234567-89ab-7cde-8f01-23456789abcd"
#define SERIES "../shared/data/series/airline-passengers.csv"
#define IMAGES "../shared/data/images/t10k-images-idx3-ubyte.gz"
#define LABELS "../shared/data/images/t10k-labels-idx1-ubyte.gz"

static const reply *send_dataset(service *it, const char *query, const char *type,
                                 const char *encoding, const void *bytes, size_t length)
{
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets%s", query),
                           .headers = (const char *const[]){type, encoding, NULL},
                           .body = bytes,
                           .length = length};
    return client_send(it, &what);
}

static const char *upload_bytes(service *it, const char *query, const char *type,
                                const char *encoding, const void *bytes, size_t length)
{
    const reply *made = send_dataset(it, query, type, encoding, bytes, length);
    ASSERT_STATUS(made, 201);
    return reply_text(made, "/id");
}

static const char *upload_text(service *it, const char *text)
{
    return upload_bytes(it, "?name=text", "Content-Type: text/plain; charset=utf-8", NULL, text,
                        strlen(text));
}

/* A file as it is; skips the test where it is missing. */
static const char *upload_file(service *it, const char *path, const char *query, const char *type,
                               const char *encoding)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        service_destroy(it);
        cr_skip_test("%s is missing", path);
    }
    size_t room = (size_t)4 << 20;
    char *bytes = malloc(room);
    cr_assert_not_null(bytes);
    size_t length = fread(bytes, 1, room, file);
    fclose(file);
    const char *id = upload_bytes(it, query, type, encoding, bytes, length);
    free(bytes);
    return id;
}

#define OCTETS "Content-Type: application/octet-stream"
#define GZIP   "Content-Encoding: gzip"

/* --- Series -------------------------------------------------------------------------------- */

Test(api_windows, a_series_is_forecast_from_its_own_past, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_file(it, SERIES, "", "Content-Type: text/csv", NULL);
    const reply *job = client_run(
        it, 30,
        "{'model': {'type': 'mlp', 'hidden': [16]}, 'data': {'dataset': '%s', "
        "'target': 'Passengers', 'window': {'length': 12}, 'validation': {'fraction': 0.25}, "
        "'scaling': 'standardize'}, 'optimizer': {'type': 'adam', 'learning_rate': 0.01}, "
        "'training': {'epochs': 200, 'batch_size': 16, 'seed': 7}}",
        id);
    /* 36 rows held out give 24 windows; a forecast of the month before would be off by 52. */
    cr_expect_lt(reply_number(job, "/metrics/rmse"), 52, "%s", reply_raw(job, "metrics"));
    cr_expect_eq(reply_number(job, "/spec/data/window/length"), 12);
    cr_expect_eq(reply_number(job, "/spec/data/window/horizon"), 1);
    cr_expect_eq(reply_number(job, "/spec/data/window/stride"), 1);
    cr_expect_str_eq(reply_text(job, "/spec/data/features/0"), "Passengers");
    cr_expect_str_eq(reply_text(job, "/model/layers/0/type"), "flatten");
    const char *job_id = reply_text(job, "/id");
    const reply *got =
        client_post(it, client_text(it, "/v1/jobs/%s/predict", job_id),
                    "{'columns': {'Passengers': [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, "
                    "390, 432, 445]}}");
    ASSERT_STATUS(got, 200);
    cr_assert_eq(reply_count(got, "/predictions"), 2);
    cr_expect_eq(reply_number(got, "/window/first_row"), 12);
    cr_expect_float_eq(reply_number(got, "/predictions/0"), 440, 100);
    got = client_post(it, client_text(it, "/v1/jobs/%s/predict", job_id),
                      "{'rows': [[1], [2], [3]]}");
    ASSERT_STATUS(got, 422);
    reply_expect_fault(got, "/rows", "too_short");
    const reply *again =
        client_post_text(it, client_text(it, "/v1/jobs/%s/retry", job_id), NULL, "{}");
    ASSERT_STATUS(again, 201);
    const reply *second = client_wait(it, reply_text(again, "/id"), 30);
    cr_expect_str_eq(reply_text(second, "/digest"), reply_text(job, "/digest"));
    service_destroy(it);
}

Test(api_windows, a_recurrent_model_sees_steps_and_the_horizon_is_kept, .timeout = LIMIT)
{
    service *it = service_start(1);
    /* y is x three rows before. */
    const char *rows = "", *comma = "";
    for (int i = 0; i < 120; i++) {
        rows = client_text(it, "%s%s[%d,%d]", rows, comma, i * 37 % 11, (i + 8) * 37 % 11);
        comma = ",";
    }
    const reply *job = client_run(
        it, 60,
        "{'model': {'type': 'sequential', 'layers': [{'type': 'gru', 'units': 8}, {'type': 'dense', "
        "'units': 'auto'}]}, 'data': {'inline': {'columns': ['x', 'y'], 'rows': [%s]}, 'target': "
        "'y', 'window': {'length': 4, 'horizon': 2}, 'validation': {'last': 20}, 'scaling': "
        "'minmax'}, 'training': {'epochs': 5, 'seed': 1}}",
        rows);
    cr_expect_eq(reply_number(job, "/model/layers/0/output_shape/0"), 8);
    /* The last 20 windows of 4 with a target 2 behind take 25 rows: 95 train, in 90 windows. */
    cr_expect_eq(reply_number(job, "/progress/steps"), 5 * ceil(90.0 / 32));
    const reply *got =
        client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                    "{'rows': [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6]]}");
    ASSERT_STATUS(got, 200);
    cr_expect_eq(reply_count(got, "/predictions"), 2);
    cr_expect_eq(reply_number(got, "/window/first_row"), 5);
    service_destroy(it);
}

#define ROWS_9 "[[1,2],[2,3],[3,4],[4,5],[5,6],[6,7],[7,8],[8,9],[9,10]]"
#define WINDOW(members)                                                                        \
    "{'model': {'type': 'linear'}, 'data': {'inline': {'columns': ['x', 'y'], 'rows': " ROWS_9 \
    "}, 'target': 'y', " members "}, 'training': {'epochs': 1}}"

Test(api_windows, what_does_not_fit_is_told_with_its_pointer, .timeout = LIMIT)
{
    static const struct {
        const char *spec, *pointer, *code;
    } cases[] = {
        {WINDOW("'window': {'length': 9}"), "/data/window/length", "out_of_range"},
        {WINDOW("'window': {'length': 8, 'horizon': 2}"), "/data/window/length", "out_of_range"},
        {WINDOW("'window': {'length': 100000, 'horizon': 100000}"), "/data/window/length",
         "out_of_range"},
        {WINDOW("'window': {'length': 4}, 'validation': {'fraction': 0.3}"), "/data/validation",
         "out_of_range"},
        {WINDOW("'window': {'length': 4}, 'validation': {'last': 2}"), "/data/validation",
         "out_of_range"},
        {WINDOW("'window': {'length': 2}, 'missing': 'drop'"), "/data/missing", "conflict"},
        {WINDOW("'shape': [2, 1]"), "/data/shape", "shape_mismatch"},
        {"{'model': {'type': 'autoencoder', 'hidden': [2]}, 'data': {'generator': 'linear', "
         "'window': {'length': 3}}}",
         "/data/window", "conflict"},
        {"{'model': 'linear', 'data': {'generator': 'linear', 'target': {'dataset': '" NO_ID "'}}}",
         "/data/target/dataset", "not_found"},
        {"{'model': {'type': 'sequential', 'layers': [{'type': 'conv2d', 'filters': 2, 'kernel': 5}, "
         "'flatten', {'type': 'dense', 'units': 'auto'}]}, 'data': {'generator': 'linear', 'shape': "
         "[2, 2, 1]}}",
         "/model/layers/0", "shape_mismatch"},
    };
    service *it = service_start(0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = client_post(it, "/v1/jobs", "%s", cases[i].spec);
        cr_expect_eq(got->status, 422, "%zu: %s", i, got->body);
        cr_expect_not_null(reply_fault(got, cases[i].pointer), "%s not in %s", cases[i].pointer,
                           got->body);
        if (got->status == 422 && reply_fault(got, cases[i].pointer) != NULL)
            reply_expect_fault(got, cases[i].pointer, cases[i].code);
    }
    service_destroy(it);
}

/* --- Images -------------------------------------------------------------------------------- */

Test(api_windows, digits_are_learnt_from_idx_files, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *images = upload_file(it, IMAGES, "?format=idx&name=digits", OCTETS, GZIP);
    const char *labels = upload_file(it, LABELS, "?format=idx", OCTETS, GZIP);
    const reply *set = client_get(it, "/v1/datasets/%s", images);
    cr_expect_str_eq(reply_text(set, "/format"), "idx");
    cr_expect_eq(reply_number(set, "/rows"), 10000);
    cr_assert_eq(reply_count(set, "/shape"), 3);
    cr_expect_eq(reply_number(set, "/shape/2"), 28);
    cr_expect_eq(reply_count(set, "/columns"), 784);
    const reply *rows = client_get(it, "/v1/datasets/%s/rows?limit=1", labels);
    cr_expect_eq(reply_number(rows, "/rows/0/0"), 7);
    const reply *job = client_run(
        it, 60,
        "{'model': 'softmax', 'data': {'dataset': '%s', 'target': {'dataset': '%s'}, 'scaling': "
        "'minmax', 'validation': {'last': 2000}}, 'optimizer': {'type': 'adam', 'learning_rate': "
        "0.001}, 'training': {'epochs': 2, 'batch_size': 64, 'seed': 1}}",
        images, labels);
    cr_expect_geq(reply_number(job, "/metrics/accuracy"), 0.85);
    cr_expect_eq(reply_number(job, "/spec/data/shape/2"), 1);
    cr_expect_str_eq(reply_text(job, "/spec/data/target/column"), "value");
    cr_expect_str_eq(reply_text(job, "/model/layers/0/type"), "flatten");
    rows = client_get(it, "/v1/datasets/%s/rows?limit=1", images);
    const char *cells = reply_raw(rows, "rows");
    const reply *got = client_post(
        it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")), "{'rows': %s}", cells);
    ASSERT_STATUS(got, 200);
    cr_expect_eq(reply_number(got, "/predictions/0"), 7);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", labels), 204);
    service_destroy(it);
}

/* Six images of 2 × 2 and a label each, the label being whether the first pixel is lit. */
static const unsigned char small_images[] = {0, 0, 8,   3, 0,   0, 0, 6, 0, 0, 0,   2, 0, 0,
                                             0, 2, 255, 0, 3,   0, 0, 9, 0, 0, 250, 1, 0, 0,
                                             5, 0, 8,   0, 251, 0, 0, 0, 0, 0, 0,   0};
static const unsigned char small_labels[] = {0, 0, 8, 1, 0, 0, 0, 6, 1, 0, 1, 0, 1, 0};

Test(api_windows, a_convolution_takes_the_shape_of_the_file, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *images =
        upload_bytes(it, "?format=idx", OCTETS, NULL, small_images, sizeof small_images);
    const char *labels =
        upload_bytes(it, "?format=idx", OCTETS, NULL, small_labels, sizeof small_labels);
    const reply *job = client_run(
        it, 30,
        "{'model': {'type': 'sequential', 'layers': [{'type': 'conv2d', 'filters': 3, 'kernel': 2, "
        "'activation': 'relu'}, {'type': 'flatten'}, {'type': 'dense', 'units': 'auto'}]}, 'data': "
        "{'dataset': '%s', 'target': {'dataset': '%s'}, 'task': 'classification', 'scaling': "
        "'minmax', 'validation': {'dataset': '%s', 'target': {'dataset': '%s', 'column': 'value'}}}, "
        "'optimizer': {'type': 'adam', 'learning_rate': 0.05}, 'training': {'epochs': 60, 'seed': "
        "2}}",
        images, labels, images, labels);
    cr_expect_eq(reply_number(job, "/metrics/accuracy"), 1);
    const reply *got =
        client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                    "{'rows': [[255, 0, 0, 0], [0, 0, 0, 3]]}");
    ASSERT_STATUS(got, 200);
    cr_expect_eq(reply_number(got, "/predictions/0"), 1);
    cr_expect_eq(reply_number(got, "/predictions/1"), 0);
    static const char *const wrong[][2] = {
        {"'target': {'dataset': '%s'}, 'validation': {'dataset': '%s'}", "/data/validation/target"},
        {"'target': {'dataset': '%s', 'column': 'digit'}, 'shape': [%0.0s4]",
         "/data/target/column"},
        {"'target': {'dataset': '%s'}, 'shape': [2, 3%0.0s]", "/data/shape"},
    };
    for (size_t i = 0; i < 3; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        const char *members = client_text(it, wrong[i][0], labels, images);
#pragma GCC diagnostic pop
        got = client_post(it, "/v1/jobs", "{'model': 'softmax', 'data': {'dataset': '%s', %s}}",
                          images, members);
        ASSERT_STATUS(got, 422);
        cr_expect_not_null(reply_fault(got, wrong[i][1]), "%s not in %s", wrong[i][1], got->body);
    }
    const char *fewer = upload_bytes(it, "?format=idx", OCTETS, NULL,
                                     (const unsigned char[]){0, 0, 8, 1, 0, 0, 0, 2, 1, 0}, 10);
    got =
        client_post(it, "/v1/jobs",
                    "{'model': 'softmax', 'data': {'dataset': '%s', 'target': {'dataset': '%s'}}}",
                    images, fewer);
    ASSERT_STATUS(got, 422);
    reply_expect_fault(got, "/data/target/dataset", "shape_mismatch");
    service_destroy(it);
}

Test(api_windows, uploads_that_are_no_idx_or_no_text_leave_nothing, .timeout = LIMIT)
{
    service *it = service_start(0);
    const struct {
        const char *query, *type, *bytes;
        size_t length;
        int status;
        const char *word;
    } cases[] = {
        {"?format=idx", OCTETS, (const char *)small_images, 20, 422, "40 bytes"},
        {"?format=idx", OCTETS, "PK\x03\x04", 4, 422, "no IDX"},
        {"?format=npy", OCTETS, "x", 1, 422, "NPY"},
        {"?format=libsvm", OCTETS, "x", 1, 422, "line 1"},
        {"", OCTETS, "x", 1, 422, "format="},
        {"?format=idx", "Content-Type: text/csv", "a\n1\n", 4, 400, "format"},
        {"?format=csv", "Content-Type: text/plain", "a", 1, 400, "format"},
        {"?header=yes", "Content-Type: text/plain", "a", 1, 400, "header"},
        {"", "Content-Type: text/plain", "ab\xff", 3, 422, "byte 2"},
        {"", "Content-Type: text/plain", "", 0, 422, "empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got =
            send_dataset(it, cases[i].query, cases[i].type, NULL, cases[i].bytes, cases[i].length);
        cr_expect_eq(got->status, cases[i].status, "%zu: %d %s", i, got->status, got->body);
        cr_expect_not_null(strstr(got->body, cases[i].word), "%zu: %s", i, got->body);
    }
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    service_destroy(it);
}

/* --- Texts --------------------------------------------------------------------------------- */

/* "abcdefgh" over and over, which a small model learns by heart. */
static const char *repeated(service *it)
{
    char text[8 * 150 + 1];
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = (char)('a' + i % 8);
    text[sizeof text - 1] = '\0';
    return client_text(it, "%s", text);
}

#define TEXT_MODEL(sequences, training)                                                             \
    "{'model': {'type': 'sequential', 'layers': [{'type': 'embedding', 'dimensions': 8}, {'type': " \
    "'gru', 'units': 16, 'return_sequences': " sequences                                            \
    "}, {'type': 'dense', 'units': 'auto'}]}, "                                                     \
    "'data': {'dataset': '%s', 'window': {'length': 16}, 'validation': {'fraction': 0.1}}, "        \
    "'optimizer': {'type': 'adam', 'learning_rate': 0.02}, 'training': {" training                  \
    ", 'batch_size': 16, 'seed': 3}}"

static const reply *write_on(service *it, const char *job, const char *members)
{
    return client_post(it, client_text(it, "/v1/jobs/%s/predict", job), "%s", members);
}

Test(api_windows, a_text_is_learnt_and_written_on, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_text(it, repeated(it));
    const reply *set = client_get(it, "/v1/datasets/%s", id);
    cr_expect_str_eq(reply_text(set, "/format"), "text");
    cr_expect_eq(reply_number(set, "/rows"), 1200);
    cr_expect_str_eq(reply_text(set, "/columns/0/name"), "character");
    cr_expect_eq(reply_count(set, "/columns/0/classes"), 8);
    const reply *rows = client_get(it, "/v1/datasets/%s/rows?offset=9&limit=2", id);
    cr_expect_str_eq(reply_text(rows, "/rows/0/0"), "b");
    const reply *job = client_run(it, 60, TEXT_MODEL("true", "'epochs': 60"), id);
    cr_expect_eq(reply_number(job, "/spec/data/window/stride"), 16);
    cr_expect_eq(reply_number(job, "/spec/model/layers/0/vocabulary"), 8);
    cr_expect_eq(reply_number(job, "/model/layers/2/output_shape/0"), 16);
    cr_expect_gt(reply_number(job, "/metrics/accuracy"), 0.9);
    const char *job_id = reply_text(job, "/id");
    const reply *got = write_on(it, job_id, "{'prompt': 'cdefgh', 'length': 40, 'temperature': 0}");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_text(got, "/text"), "abcdefghabcdefghabcdefghabcdefghabcdefgh");
    cr_expect_not(reply_truth(got, "/prompt_included"));
    /* A seed fixes the text, another changes it. */
    const char *warm = "{'prompt': 'a', 'length': 200, 'temperature': 8, 'seed': 5}";
    got = write_on(it, job_id, warm);
    ASSERT_STATUS(got, 200);
    cr_expect_eq(strlen(reply_text(got, "/text")), 200);
    cr_expect_str_eq(reply_text(write_on(it, job_id, warm), "/text"), reply_text(got, "/text"));
    const reply *other =
        write_on(it, job_id, "{'prompt': 'a', 'length': 200, 'temperature': 8, 'seed': 6}");
    cr_expect_str_neq(reply_text(other, "/text"), reply_text(got, "/text"));
    service_destroy(it);
}

Test(api_windows, a_model_of_the_next_character_alone_works_too, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_text(it, repeated(it));
    const reply *job = client_run(it, 60, TEXT_MODEL("false", "'epochs': 3"), id);
    cr_expect_eq(reply_number(job, "/spec/data/window/stride"), 1);
    cr_expect_eq(reply_number(job, "/model/layers/2/output_shape/0"), 8);
    cr_expect_gt(reply_number(job, "/metrics/accuracy"), 0.9);
    const reply *got = write_on(it, reply_text(job, "/id"),
                                "{'prompt': 'abcdefghabcdefghabcdefgh', 'length': 16, "
                                "'temperature': 0}");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_text(got, "/text"), "abcdefghabcdefgh");
    service_destroy(it);
}

Test(api_windows, prompts_that_cannot_be_read_are_refused, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_text(it, repeated(it));
    const reply *job = client_run(it, 60, TEXT_MODEL("true", "'steps': 3"), id);
    const char *job_id = reply_text(job, "/id");
    static const struct {
        const char *body, *pointer, *code;
    } cases[] = {
        {"{'prompt': 'abz'}", "/prompt", "unknown_class"},
        {"{'prompt': 'ab\xc3\xa9'}", "/prompt", "unknown_class"},
        {"{'prompt': ''}", "/prompt", "too_short"},
        {"{}", "/prompt", "missing"},
        {"{'prompt': 'a', 'length': 0}", "/length", "out_of_range"},
        {"{'prompt': 'a', 'length': 100000}", "/length", "out_of_range"},
        {"{'prompt': 'a', 'temperature': -1}", "/temperature", "out_of_range"},
        {"{'prompt': 'a', 'rows': [[1]]}", "/rows", "unknown_member"},
        {"{'prompt': 'a', 'which': 'worst'}", "/which", "unknown_value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = write_on(it, job_id, cases[i].body);
        cr_expect_eq(got->status, 422, "%s: %s", cases[i].body, got->body);
        if (got->status == 422)
            reply_expect_fault(got, cases[i].pointer, cases[i].code);
    }
    const reply *got = write_on(it, job_id, "{'prompt': 'abz'}");
    cr_expect_not_null(strstr(got->body, "Character 2 "), "%s", got->body);
    static const char *const specs[][2] = {
        {"'softmax'", "/model"},
        {"{'type': 'sequential', 'layers': [{'type': 'dense', 'units': 'auto'}]}",
         "/model/layers/0"},
        {"{'type': 'sequential', 'layers': [{'type': 'embedding', 'dimensions': 2, 'vocabulary': 7}, "
         "{'type': 'dense', 'units': 'auto'}]}",
         "/model/layers/0/vocabulary"},
    };
    for (size_t i = 0; i < 3; i++) {
        got = client_post(it, "/v1/jobs", "{'model': %s, 'data': {'dataset': '%s'}}", specs[i][0],
                          id);
        cr_expect_eq(got->status, 422, "%s: %s", specs[i][0], got->body);
        cr_expect_not_null(reply_fault(got, specs[i][1]), "%s not in %s", specs[i][1], got->body);
    }
    got = client_post(it, "/v1/jobs", TEXT_MODEL("true", "'steps': 3"), upload_text(it, "aaaa"));
    ASSERT_STATUS(got, 422);
    reply_expect_fault(got, "/data/window/length", "out_of_range");
    service_destroy(it);
}
