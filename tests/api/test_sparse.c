/*
 * test_sparse.c: LIBSVM files stay sparse from the upload to the prediction: what they hold is read
 * back, models train on them in memory that follows the non-zeros, and what does not go with sparse
 * rows is told with its pointer.
 */
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT  (120.0 * SERVICE_PATIENCE)
#define OCTETS "Content-Type: application/octet-stream"
#define TINY \
    "# six rows\n1 1:1 3:0.5\n-1 2:1\n1 1:0.75 # more\n-1 2:0.5 3:0.25\n1 1:0.5\n-1 2:0.75\n"

static const reply *upload(service *it, const char *query, const void *bytes, size_t length)
{
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets?format=libsvm%s", query),
                           .headers = CLIENT_HEADERS(OCTETS),
                           .body = bytes,
                           .length = length};
    return client_send(it, &what);
}

static const char *upload_text(service *it, const char *query, const char *text)
{
    const reply *made = upload(it, query, text, strlen(text));
    ASSERT_STATUS(made, 201);
    return reply_text(made, "/id");
}

/* Rows of tests/support/libsvm.awk. */
static char *make_rows(int rows, int features, size_t *length)
{
    char command[200];
    size_t room = (size_t)rows * 700;
    char *text = malloc(room);
    snprintf(command, sizeof command,
             "awk -v rows=%d -v features=%d -v entries=30 -v seed=1 -f tests/support/libsvm.awk",
             rows, features);
    FILE *made = popen(command, "r");
    cr_assert(made != NULL && text != NULL);
    *length = fread(text, 1, room, made);
    cr_assert_eq(pclose(made), 0);
    cr_assert(*length > 0 && *length < room);
    return text;
}

Test(api_sparse, a_file_is_described_and_read_back, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *made = upload(it, "&name=tiny", TINY, strlen(TINY));
    ASSERT_STATUS(made, 201);
    cr_expect_str_eq(reply_text(made, "/format"), "libsvm");
    cr_expect_eq(reply_number(made, "/rows"), 6);
    cr_expect_eq(reply_number(made, "/column_count"), 4);
    cr_expect_eq(reply_number(made, "/shape/1"), 3);
    cr_assert_eq(reply_count(made, "/columns"), 4);
    cr_expect_str_eq(reply_text(made, "/columns/0/name"), "label");
    cr_expect_eq(reply_number(made, "/columns/0/mean"), 0);
    cr_expect_str_eq(reply_text(made, "/columns/3/name"), "3");
    cr_expect_eq(reply_number(made, "/columns/3/mean"), 0.125);
    cr_expect_eq(reply_number(made, "/columns/3/max"), 0.5);
    cr_expect_eq(reply_number(made, "/columns/3/min"), 0);
    const reply *rows =
        client_get(it, "/v1/datasets/%s/rows?offset=3&limit=2", reply_text(made, "/id"));
    ASSERT_STATUS(rows, 200);
    cr_expect_eq(reply_number(rows, "/features"), 3);
    cr_expect_eq(reply_number(rows, "/non_zeros"), 8);
    cr_expect_eq(reply_number(rows, "/rows/1/0"), 1);
    cr_expect_str_eq(reply_raw(rows, "sparse"), "[{\"2\":0.5,\"3\":0.25},{\"1\":0.5}]");
    made = upload(it, "&features=1000000", TINY, strlen(TINY));
    ASSERT_STATUS(made, 201);
    cr_expect_eq(reply_number(made, "/column_count"), 1000001);
    cr_expect_eq(reply_count(made, "/columns"), 1000);
    ASSERT_STATUS(upload(it, "&features=2", TINY, strlen(TINY)), 422);
    ASSERT_STATUS(upload(it, "&features=0", TINY, strlen(TINY)), 400);
    ASSERT_STATUS(upload(it, "&header=yes", TINY, strlen(TINY)), 400);
    service_destroy(it);
}

Test(api_sparse, files_that_are_none_leave_nothing, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"\n", "no line"},
        {"1 1:1\n2 5:1 3:1\n", "line 2"},
        {"1 1:1\n1 0:1\n", "count from 1"},
        {"1 1:1\n\n1 2147483648:1\n", "line 3"},
        {"1 qid:1 1:1\n", "qid"},
        {"1,2 1:1\n", "several labels"},
        {"a,b\n1,2\n", "line 1"},
        {"1 1:0x10\n", "no finite number"},
        {"1 1:1 2\n", "index:value"},
        {"\x89HDF", "line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = upload(it, "", cases[i].text, strlen(cases[i].text));
        cr_expect_eq(got->status, 422, "%s: %d %s", cases[i].text, got->status, got->body);
        cr_expect_not_null(strstr(got->body, cases[i].word), "%s: %s", cases[i].word, got->body);
    }
    /* The label of the last row stands cut at every byte. */
    static const char cut[] = "x1 1:0.5 3:1e";
    for (size_t length = 1; length < sizeof cut; length++)
        ASSERT_STATUS(upload(it, "", cut, length), 422);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    service_destroy(it);
}

Test(api_sparse, a_model_predicts_in_either_form, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_text(it, "", TINY);
    const reply *job = client_run(
        it, 30,
        "{'model': {'type': 'logistic'}, 'data': {'dataset': '%s'}, 'optimizer': {'type': 'adam', "
        "'learning_rate': 0.1}, 'training': {'epochs': 100, 'seed': 1}}",
        id);
    cr_expect_eq(reply_number(job, "/metrics/accuracy"), 1);
    cr_expect_str_eq(reply_text(job, "/spec/data/target"), "label");
    const char *path = client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id"));
    const reply *sparse = client_post(it, path, "{'sparse': [{'3': 0.5, '1': 1}, {'2': 1}, {}]}");
    const reply *rows = client_post(it, path, "{'rows': [[1, 0, 0.5], [0, 1, 0], [0, 0, 0]]}");
    ASSERT_STATUS(sparse, 200);
    ASSERT_STATUS(rows, 200);
    cr_expect_eq(reply_number(sparse, "/predictions/0"), 1);
    cr_expect_eq(reply_number(sparse, "/predictions/1"), -1);
    cr_expect_str_eq(sparse->body, rows->body);
    static const struct {
        const char *body, *pointer, *code;
    } cases[] = {
        {"{'sparse': [{'4': 1}]}", "/sparse/0/4", "unknown_feature"},
        {"{'sparse': [{'0': 1}]}", "/sparse/0/0", "unknown_feature"},
        {"{'sparse': [{'01': 1}]}", "/sparse/0/01", "unknown_feature"},
        {"{'sparse': [{'label': 1}]}", "/sparse/0/label", "unknown_feature"},
        {"{'sparse': [{'1': null}]}", "/sparse/0/1", "wrong_type"},
        {"{'sparse': [{'1': 1e300}]}", "/sparse/0/1", "out_of_range"},
        {"{'sparse': [[1, 2, 3]]}", "/sparse/0", "wrong_type"},
        {"{'rows': [[1, 2]]}", "/rows/0", "shape_mismatch"},
        {"{'rows': [{'1': 2}]}", "/rows/0", "wrong_type"},
        {"{'columns': {'1': [2]}}", "", "missing"},
        {"{'rows': [[1, 2, 3]], 'sparse': [{}]}", "", "conflict"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = client_post(it, path, "%s", cases[i].body);
        ASSERT_STATUS(got, 422);
        reply_expect_fault(got, cases[i].pointer, cases[i].code);
    }
    service_destroy(it);
}

Test(api_sparse, what_does_not_go_with_sparse_rows_is_told, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_text(it, "", TINY);
    const char *wide = upload_text(it, "", "1 9:1\n-1 1:1\n");
    const char *dense = client_upload(it, "", "label,x\n1,2\n-1,3\n");
    const struct {
        const char *model, *more, *pointer, *code;
    } cases[] = {
        {"{'type': 'linear'}", ", 'scaling': 'standardize'", "/data/scaling", "conflict"},
        {"{'type': 'linear'}", ", 'scaling': 'minmax'", "/data/scaling", "conflict"},
        {"{'type': 'linear'}", ", 'missing': 'drop'", "/data/missing", "conflict"},
        {"{'type': 'linear'}", ", 'features': ['1']", "/data/features", "conflict"},
        {"{'type': 'linear'}", ", 'shape': [3]", "/data/shape", "conflict"},
        {"{'type': 'linear'}", ", 'window': {'length': 2}", "/data/window", "conflict"},
        {"{'type': 'autoencoder', 'hidden': [2]}", "", "/model/type", "conflict"},
        {"{'type': 'sequential', 'layers': [{'type': 'batch_norm'}, {'type': 'dense', 'units': "
         "'auto'}]}",
         "", "/model/layers/0", "conflict"},
        {"{'type': 'linear'}", ", 'target': '1'", "/data/target", "not_found"},
        {"{'type': 'linear'}", client_text(it, ", 'validation': {'dataset': '%s'}", wide),
         "/data/validation/dataset", "shape_mismatch"},
        {"{'type': 'linear'}", client_text(it, ", 'validation': {'dataset': '%s'}", dense),
         "/data/validation/dataset", "wrong_kind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = client_post(it, "/v1/jobs", "{'model': %s, 'data': {'dataset': '%s'%s}}",
                                       cases[i].model, id, cases[i].more);
        ASSERT_STATUS(got, 422);
        reply_expect_fault(got, cases[i].pointer, cases[i].code);
    }
    const reply *got = client_post(it, "/v1/jobs",
                                   "{'model': 'linear', 'data': {'dataset': '%s', 'target': "
                                   "'label', 'validation': {'dataset': '%s'}}}",
                                   dense, id);
    ASSERT_STATUS(got, 422);
    reply_expect_fault(got, "/data/validation/dataset", "wrong_kind");
    service_destroy(it);
}

/* One after the other: linear, softmax, hidden layers, held-out rows of another file, its own
 * targets. */
Test(api_sparse, models_that_begin_dense_take_sparse_rows, .timeout = LIMIT)
{
    service *it = service_start(2);
    size_t length;
    char *text = make_rows(3000, 2000, &length);
    const reply *made = upload(it, "", text, length);
    ASSERT_STATUS(made, 201);
    const char *id = reply_text(made, "/id");
    const char *narrow = upload_text(it, "", "1 1:1 5:0.5\n-1 3:1\n1 1:0.5\n");
    static const struct {
        const char *model, *path;
        double least;
    } cases[] = {
        {"{'type': 'linear'}", "/metrics/r2", 0.1},
        {"{'type': 'softmax'}", "/metrics/accuracy", 0.7},
        {"{'type': 'mlp', 'hidden': [8], 'dropout': 0.1, 'activation': 'relu'}",
         "/metrics/accuracy", 0.7},
    };
    for (size_t i = 0; i < 3; i++) {
        const reply *job = client_run(
            it, 60,
            "{'model': %s, 'data': {'dataset': '%s', 'validation': {'fraction': 0.2}%s}, "
            "'optimizer': {'type': 'adam', 'learning_rate': 0.01}, 'training': {'epochs': 6, "
            "'batch_size': 32, 'seed': 1}}",
            cases[i].model, id, i == 2 ? ", 'task': 'classification'" : "");
        cr_expect_gt(reply_number(job, cases[i].path), cases[i].least, "%s: %s", cases[i].model,
                     reply_raw(job, "metrics"));
    }
    const reply *job = client_run(it, 60,
                                  "{'model': 'logistic', 'data': {'dataset': '%s', 'validation': "
                                  "{'dataset': '%s'}}, 'training': {'epochs': 1, 'seed': 1}}",
                                  id, narrow);
    cr_expect_str_eq(reply_text(job, "/metrics/part"), "validation");
    const char *targets = client_upload(it, "", "y\n0.5\n0.25\n1\n");
    job = client_run(it, 60,
                     "{'model': 'linear', 'data': {'dataset': '%s', 'target': {'dataset': '%s'}}, "
                     "'training': {'epochs': 3, 'seed': 1}}",
                     narrow, targets);
    cr_expect_eq(reply_number(job, "/model/parameters"), 6);
    free(text);
    service_destroy(it);
}

Test(api_sparse, threads_pause_and_resume_change_no_byte, .timeout = LIMIT)
{
    service *it = service_start(2);
    size_t length;
    char *text = make_rows(2000, 100000, &length);
    const reply *made = upload(it, "", text, length);
    ASSERT_STATUS(made, 201);
    const char *digests[3] = {0};
    for (int i = 0; i < 3; i++) {
        const char *id = client_submit(
            it,
            "{'model': 'logistic', 'data': {'dataset': '%s', 'validation': {'fraction': 0.2}}, "
            "'optimizer': {'type': 'adam'}, 'training': {'epochs': 8, 'batch_size': 32, 'seed': 1, "
            "'threads': %d}}",
            reply_text(made, "/id"), i == 1 ? 3 : 1);
        if (i == 2) {
            (void)client_wait_step(it, id, 20, 60);
            (void)client_act(it, id, "pause");
            service_sleep(0.2);
            (void)client_act(it, id, "resume");
        }
        const reply *job = client_wait(it, id, 60);
        cr_assert_str_eq(reply_text(job, "/status"), "succeeded");
        digests[i] = reply_text(job, "/digest");
    }
    cr_expect_str_eq(digests[0], digests[1]);
    cr_expect_str_eq(digests[0], digests[2]);
    free(text);
    service_destroy(it);
}

/*
 * Peak of resident memory over idle: 12 bytes a non-zero (the mapped file), 64 bytes a parameter (16
 * numbers: blocks, gradient, moments, what is stored) and 24 MiB. Written out the rows would be 80 GB.
 */
Test(api_sparse, a_million_features_train_in_memory_of_the_non_zeros, .timeout = LIMIT)
{
    service *it = service_start(1);
    size_t length;
    double idle = service_peak_memory(it);
    char *text = make_rows(20000, 1000000, &length);
    const reply *made = upload(it, "", text, length);
    ASSERT_STATUS(made, 201);
    free(text);
    const char *id = reply_text(made, "/id");
    cr_expect_eq(reply_number(made, "/shape/1"), 1000000);
    const reply *rows = client_get(it, "/v1/datasets/%s/rows?limit=1", id);
    double non_zeros = reply_number(rows, "/non_zeros");
    const char *spec = client_text(
        it,
        "{'model': 'logistic', 'data': {'dataset': '%s', 'validation': {'fraction': 0.2}}, "
        "'optimizer': {'type': 'adam', 'learning_rate': 0.02}, 'training': {'epochs': 2, "
        "'batch_size': 256, 'seed': 1}}",
        id);
    const reply *tried = client_post(it, "/v1/jobs?dry_run=true", "%s", spec);
    ASSERT_STATUS(tried, 200);
    cr_expect_lt(reply_number(tried, "/memory_bytes"), 40e6);
    cr_expect_lt(reply_number(tried, "/flops_per_epoch"), 20 * non_zeros);
    const reply *job = client_run(it, 100, "%s", spec);
    double used = service_peak_memory(it) - idle;
    double bound = 12 * non_zeros + 64 * 1000001 + (24 << 20);
    cr_expect_gt(reply_number(job, "/metrics/accuracy"), 0.68, "%s", reply_raw(job, "metrics"));
    if (SERVICE_PATIENCE == 1) /* a sanitizer keeps memory of its own */
        cr_expect_lt(used, bound, "%.1f MiB over idle, bound %.1f MiB", used / 1048576,
                     bound / 1048576);
    service_destroy(it);
}
