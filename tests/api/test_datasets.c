/*
 * test_datasets.c: CSV files come in as a stream, are described, read back, used and deleted; what
 * is wrong with one is told with its line, and nothing of it stays on disk.
 */
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define NO_ID "01234567-89ab-7cde-8f01-23456789abcd"
#define CSV   "Content-Type: text/csv"

static const reply *upload(service *it, const char *query, const char *const *headers,
                           const void *bytes, size_t length, bool chunked)
{
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets%s", query),
                           .headers = headers,
                           .body = bytes,
                           .length = length,
                           .chunked = chunked};
    return client_send(it, &what);
}

static const reply *upload_csv(service *it, const char *query, const char *csv)
{
    return upload(it, query, CLIENT_HEADERS(CSV), csv, strlen(csv), false);
}

#define PLANTS "height,colour,price\n1.5,red,10\n2.5,blue,20\n,red,30\n4.5,?,40\n"

Test(api_datasets, a_csv_is_described_column_by_column, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *made = upload_csv(it, "?name=plants", PLANTS);
    ASSERT_STATUS(made, 201);
    const char *id = reply_text(made, "/id");
    cr_expect(text_is_id(id), "%s", id);
    cr_expect_not_null(strstr(reply_header_or_empty(made, "Location"), id));
    const reply *got = client_get(it, "/v1/datasets/%s", id);
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_text(got, "/name"), "plants");
    cr_expect_str_eq(reply_text(got, "/format"), "csv");
    cr_expect_eq(reply_number(got, "/rows"), 4);
    cr_expect_eq(reply_number(got, "/bytes"), (double)strlen(PLANTS));
    cr_expect_eq(reply_number(got, "/shape/0"), 4);
    cr_expect_eq(reply_number(got, "/shape/1"), 3);
    cr_expect_eq(strlen(reply_text(got, "/sha256")), 64);
    cr_expect(text_is_time(reply_text(got, "/created_at")));
    cr_expect_eq(reply_count(got, "/warnings"), 0);
    cr_assert_eq(reply_count(got, "/columns"), 3);
    cr_expect_str_eq(reply_text(got, "/columns/0/name"), "height");
    cr_expect_str_eq(reply_text(got, "/columns/0/kind"), "numeric");
    cr_expect_eq(reply_number(got, "/columns/0/min"), 1.5);
    cr_expect_eq(reply_number(got, "/columns/0/max"), 4.5);
    cr_expect_float_eq(reply_number(got, "/columns/0/mean"), 8.5 / 3, 1e-12);
    cr_expect_float_eq(reply_number(got, "/columns/0/std"), sqrt(14.0 / 9), 1e-12);
    cr_expect_eq(reply_number(got, "/columns/0/missing"), 1);
    cr_expect_str_eq(reply_text(got, "/columns/1/kind"), "categorical");
    cr_expect_eq(reply_number(got, "/columns/1/missing"), 1);
    cr_assert_eq(reply_count(got, "/columns/1/classes"), 2);
    cr_expect_str_eq(reply_text(got, "/columns/1/classes/0"), "blue");
    cr_expect_str_eq(reply_text(got, "/columns/1/classes/1"), "red");
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 1);
    service_destroy(it);
}

Test(api_datasets, rows_are_read_back_with_offset_and_limit, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_upload(it, "", PLANTS);
    const reply *rows = client_get(it, "/v1/datasets/%s/rows", id);
    ASSERT_STATUS(rows, 200);
    cr_assert_eq(reply_count(rows, "/columns"), 3);
    cr_expect_str_eq(reply_text(rows, "/columns/1"), "colour");
    cr_assert_eq(reply_count(rows, "/rows"), 4);
    cr_expect_eq(reply_number(rows, "/rows/0/0"), 1.5);
    cr_expect_str_eq(reply_text(rows, "/rows/0/1"), "red");
    cr_expect(reply_is_null(rows, "/rows/2/0"));
    cr_expect(reply_is_null(rows, "/rows/3/1"));
    rows = client_get(it, "/v1/datasets/%s/rows?offset=1&limit=2", id);
    cr_assert_eq(reply_count(rows, "/rows"), 2);
    cr_expect_eq(reply_number(rows, "/rows/0/2"), 20);
    rows = client_get(it, "/v1/datasets/%s/rows?offset=100", id);
    ASSERT_STATUS(rows, 200);
    cr_expect_eq(reply_count(rows, "/rows"), 0);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s/rows?offset=-1", id), 400);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s/rows?limit=0", id), 400);
    ASSERT_STATUS(client_get(it, "/v1/datasets/" NO_ID "/rows"), 404);
    service_destroy(it);
}

/* --- Options of CSV ------------------------------------------------------------------------ */

Test(api_datasets, header_delimiter_and_columns_are_as_asked, .timeout = LIMIT)
{
    static const struct {
        const char *query, *csv, *first;
        int rows, columns;
    } cases[] = {
        {"", "a,b\n1,2\n3,4\n", "a", 2, 2},
        {"", "1,2\n3,4\n", "column_1", 2, 2},
        {"?header=auto", "a,b\n1,2\n3,4\n", "a", 2, 2},
        {"?header=yes", "1,2\n3,4\n", "1", 1, 2},
        {"?header=no", "1,2\n3,4\n", "column_1", 2, 2},
        {"?header=no&columns=u,v", "1,2\n3,4\n", "u", 2, 2},
        {"?header=yes&columns=u,v", "a,b\n1,2\n3,4\n", "u", 2, 2},
        {"", "a;b\n1.5;2\n3.5;4\n", "a", 2, 2},
        {"?delimiter=auto", "a\tb\n1\t2\n", "a", 1, 2},
        {"?delimiter=tab", "a\tb\n1\t2\n", "a", 1, 2},
        {"?delimiter=%3B", "a;b\n1;2\n", "a", 1, 2},
        {"?delimiter=;", "a;b\n1;2\n", "a", 1, 2},
        {"?delimiter=,", "a,b\n1,2\n", "a", 1, 2},
        {"",
         "\xef\xbb\xbf"
         "a,b\r\n1,2\r\n3,4\r\n",
         "a", 2, 2},
        {"", "\"a\",\"b \"\"c\"\", d\"\n\"1\",\"2\"\n", "a", 1, 2},
        {"", "a,b\n1,2\n3,4", "a", 2, 2},
        {"", "a,b\n1,2\n\n\n", "a", 1, 2},
        {"", "a, b\n 1, 2\n", "a", 1, 2},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = upload_csv(it, cases[i].query, cases[i].csv);
        cr_expect_eq(got->status, 201, "case %zu: %d %s", i, got->status, got->body);
        if (got->status != 201)
            continue;
        cr_expect_eq(reply_number(got, "/rows"), cases[i].rows, "case %zu: %s", i, got->body);
        cr_expect_eq(reply_count(got, "/columns"), cases[i].columns, "case %zu: %s", i, got->body);
        cr_expect_str_eq(reply_text(got, "/columns/0/name"), cases[i].first, "case %zu", i);
    }
    service_destroy(it);
}

Test(api_datasets, bad_options_are_400_and_leave_nothing, .timeout = LIMIT)
{
    static const char *const queries[] = {"?header=maybe", "?delimiter=x",
                                          "?delimiter=", "?heder=yes", "?format=xml"};
    service *it = service_start(1);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const reply *got = upload_csv(it, queries[i], "a,b\n1,2\n");
        cr_expect_eq(got->status, 400, "%s: %d %s", queries[i], got->status, got->body);
    }
    const reply *few = upload_csv(it, "?columns=a", "1,2\n3,4\n");
    cr_expect(few->status == 400 || few->status == 422, "%d %s", few->status, few->body);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    service_destroy(it);
}

/* --- How the bytes come -------------------------------------------------------------------- */

static size_t pack(const char *text, size_t length, unsigned char *packed, size_t capacity)
{
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)text;
    stream.avail_in = (uInt)length;
    stream.next_out = packed;
    stream.avail_out = (uInt)capacity;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = stream.total_out;
    deflateEnd(&stream);
    return used;
}

Test(api_datasets, gzip_and_chunks_give_the_same_dataset, .timeout = LIMIT)
{
    enum {
        ROWS = 50000,
        CAPACITY = ROWS * 24
    };
    service *it = service_start(1);
    char *text = malloc(CAPACITY);
    unsigned char *packed = malloc(CAPACITY);
    size_t length = (size_t)snprintf(text, CAPACITY, "x,y\n");
    for (int i = 0; i < ROWS; i++)
        length += (size_t)snprintf(text + length, CAPACITY - length, "%d,%.4f\n", i, i * 0.37);
    size_t packed_length = pack(text, length, packed, CAPACITY);
    const char *const plain[] = {CSV, NULL};
    const char *const gzip[] = {CSV, "Content-Encoding: gzip", NULL};
    const reply *first = upload(it, "", plain, text, length, false);
    ASSERT_STATUS(first, 201);
    const reply *others[] = {upload(it, "", plain, text, length, true),
                             upload(it, "", gzip, packed, packed_length, false),
                             upload(it, "", gzip, packed, packed_length, true)};
    cr_expect_eq(reply_number(first, "/rows"), (double)ROWS);
    for (size_t i = 0; i < 3; i++) {
        ASSERT_STATUS(others[i], 201);
        cr_expect_eq(reply_number(others[i], "/rows"), (double)ROWS);
        cr_expect_str_eq(reply_text(others[i], "/sha256"), reply_text(first, "/sha256"));
        cr_expect_eq(reply_number(others[i], "/columns/1/mean"),
                     reply_number(first, "/columns/1/mean"));
    }
    const reply *damaged = upload(it, "", gzip, packed, packed_length - 100, false);
    ASSERT_STATUS(damaged, 400);
    const reply *foreign = upload(it, "", gzip, text, 1000, false);
    ASSERT_STATUS(foreign, 400);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 1, "the same bytes are stored once");
    free(text);
    free(packed);
    service_destroy(it);
}

Test(api_datasets, a_cut_off_upload_leaves_nothing_on_disk, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char *const heads[] = {"Content-Length: 1000000", "Transfer-Encoding: chunked"};
    for (size_t i = 0; i < 2; i++) {
        const char *text = client_text(
            it, "POST /v1/datasets HTTP/1.1\r\nHost: %s\r\n" CSV "\r\n%s\r\n\r\n%sx,y\n1,2\n3,",
            it->address, heads[i], i == 1 ? "1000\r\n" : "");
        (void)client_raw(it, text, strlen(text), 0.1);
    }
    double deadline = service_now() + 5 * SERVICE_PATIENCE;
    while (service_count_files(it, "uploads") > 0 && service_now() < deadline)
        service_sleep(0.01);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 0);
    service_destroy(it);
}

/* The last bytes and the end of the connection in one packet, which the library sees as one event. */
Test(api_datasets, an_upload_whose_end_comes_with_its_last_bytes_leaves_nothing, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *head = client_text(it,
                                   "POST /v1/datasets HTTP/1.1\r\nHost: %s\r\n" CSV
                                   "\r\nContent-Length: 1000000\r\n\r\nx,y\n1,2\n3,",
                                   it->address);
    int socket_made = client_connect(it);
    cr_assert_eq(send(socket_made, head, strlen(head), MSG_MORE), (ssize_t)strlen(head));
    double begun = service_now();
    cr_assert_eq(shutdown(socket_made, SHUT_WR), 0);
    do
        service_sleep(0.01);
    while (service_now() < begun + 5 * SERVICE_PATIENCE &&
           (service_now() < begun + 0.2 || service_count_files(it, "uploads") > 0));
    cr_expect_eq(service_count_files(it, "uploads"), 0, "after %.1f s", service_now() - begun);
    close(socket_made);
    service_destroy(it);
}

Test(api_datasets, a_kill_during_an_upload_leaves_nothing_after_the_next_start, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *text = client_text(it,
                                   "POST /v1/datasets HTTP/1.1\r\nHost: %s\r\n" CSV
                                   "\r\nContent-Length: 1000000\r\n\r\nx,y\n1,2\n3,",
                                   it->address);
    (void)client_raw(it, text, strlen(text), 0.2);
    service_kill(it);
    service_restart(it);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    service_destroy(it);
}

Test(api_datasets, a_large_file_is_never_whole_in_memory, .timeout = LIMIT)
{
    enum {
        ROWS = 2000000,
        CAPACITY = ROWS * 24
    };
    service *it = service_start(1);
    char *text = malloc(CAPACITY);
    cr_assert_not_null(text);
    size_t length = (size_t)snprintf(text, CAPACITY, "x,y\n");
    for (int i = 0; i < ROWS; i++)
        length += (size_t)snprintf(text + length, CAPACITY - length, "%d,%.6f\n", i, i * 0.37);
    double before = service_peak_memory(it);
    const reply *made = upload(it, "", CLIENT_HEADERS(CSV), text, length, true);
    ASSERT_STATUS(made, 201);
    cr_expect_eq(reply_number(made, "/rows"), (double)ROWS);
    if (SERVICE_PATIENCE == 1) /* sanitizers keep freed memory */
        cr_expect_lt(service_peak_memory(it) - before, (double)length / 2,
                     "%zu bytes were uploaded", length);
    free(text);
    service_destroy(it);
}

/* --- What is refused ----------------------------------------------------------------------- */

Test(api_datasets, a_bad_file_is_422_with_its_line, .timeout = LIMIT)
{
    static const struct {
        const char *what, *csv, *word;
    } cases[] = {
        {"ragged", "a,b\n1,2\n3\n5,6\n", "line 3"},
        {"too many fields", "a,b\n1,2\n3,4,5\n", "line 3"},
        {"text among numbers",
         "a,b\n1,2\n3,4\n5,6\n7,8\n9,x\n1,2\n3,4\n5,6\n7,8\n9,1\n1,2\n3,4\n5,6\n7,8\n9,1\n1,2\n"
         "3,4\n5,6\n7,8\n9,1\n1,2\n3,4\n5,6\n7,8\n9,1\n",
         "line 6"},
        {"open quote", "a,b\n1,\"2\n3,4\n", "quote"},
        {"two columns of one name", "a,a\n1,2\n", "a"},
        {"empty", "", ""},
        {"a header alone", "a,b\n", ""},
        {"bad UTF-8", "a,b\n1,\xff\n", "UTF-8"},
        {"a spreadsheet",
         "PK\x03\x04"
         "abcdefgh",
         "CSV"},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* "header=yes" where the first row cannot tell by itself. */
        const reply *got = upload_csv(it, i == 6 ? "?header=yes" : "", cases[i].csv);
        cr_expect_eq(got->status, 422, "%s: %d %s", cases[i].what, got->status, got->body);
        if (got->status != 422)
            continue;
        const char *detail = reply_text(got, "/detail");
        cr_expect_not_null(strstr(detail, cases[i].word), "%s: %s", cases[i].what, detail);
        cr_expect_null(strstr(got->body, "/tmp/"), "a path of the machine: %s", got->body);
    }
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 0);
    service_destroy(it);
}

Test(api_datasets, other_types_are_refused_with_an_honest_word, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char *const types[] = {"Content-Type: application/json",
                                        "Content-Type: image/png"};
    for (size_t i = 0; i < 2; i++) {
        const reply *got = upload(it, "", CLIENT_HEADERS(types[i]), "a,b\n1,2\n", 8, false);
        cr_expect_eq(got->status, 415, "%s: %d %s", types[i], got->status, got->body);
    }
    static const char *const formats[] = {"?format=idx", "?format=npy", "?format=libsvm"};
    for (size_t i = 0; i < 3; i++) {
        const reply *got =
            upload(it, formats[i], CLIENT_HEADERS("Content-Type: application/octet-stream"), "abc",
                   3, false);
        cr_expect(got->status == 415 || got->status == 422 || got->status == 400, "%s: %d %s",
                  formats[i], got->status, got->body);
    }
    service_destroy(it);
}

/* --- Lists, jobs, deletion ----------------------------------------------------------------- */

Test(api_datasets, the_list_is_newest_first_with_cursors, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] = client_upload(it, client_text(it, "?name=d%d", i), "a,b\n1,2\n3,5\n");
    const reply *first = client_get(it, "/v1/datasets?limit=3");
    ASSERT_STATUS(first, 200);
    cr_assert_eq(reply_count(first, "/datasets"), 3);
    cr_expect_str_eq(reply_text(first, "/datasets/0/id"), ids[4]);
    cr_expect_str_eq(reply_text(first, "/datasets/2/id"), ids[2]);
    cr_expect_not_null(strstr(reply_header_or_empty(first, "Link"), "rel=\"next\""));
    (void)client_upload(it, "", "a,b\n1,2\n3,4\n");
    const reply *second =
        client_get(it, "/v1/datasets?limit=3&cursor=%s", reply_text(first, "/next_cursor"));
    cr_assert_eq(reply_count(second, "/datasets"), 2);
    cr_expect_str_eq(reply_text(second, "/datasets/0/id"), ids[1]);
    cr_expect_str_eq(reply_text(second, "/datasets/1/id"), ids[0]);
    cr_expect(reply_is_null(second, "/next_cursor"));
    ASSERT_STATUS(client_get(it, "/v1/datasets?cursor=zzz"), 400);
    ASSERT_STATUS(client_get(it, "/v1/datasets?limit=0"), 400);
    service_destroy(it);
}

Test(api_datasets, delete_is_409_while_a_job_needs_it, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_upload(it, "", "x,y\n1,2\n2,4\n3,6\n4,8\n");
    const char *held = client_upload(it, "?name=held", "x,y\n1,2\n2,4\n3,6\n4,8\n");
    const char *free_one = client_upload(it, "", "x,y\n1,2\n");
    const char *id =
        client_submit(it,
                      "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': "
                      "{'dataset': '%s'}}, 'training': {'steps': 10000000000}}",
                      busy, held);
    (void)client_wait_status(it, id, "running", 20);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", busy), 409);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", held), 409);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", free_one), 204);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s", free_one), 404);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", free_one), 404);
    ASSERT_STATUS(client_act(it, id, "cancel"), 202);
    (void)client_wait(it, id, 20);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", busy), 204);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", held), 204);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    /* The job keeps what it learnt, but cannot be run again. */
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/parameters", id), 200);
    const reply *retry = client_act(it, id, "retry");
    ASSERT_STATUS(retry, 422);
    reply_expect_fault(retry, "/data/dataset", "not_found");
    service_destroy(it);
}

Test(api_datasets, a_job_learns_from_a_dataset_and_another_validates, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *training = client_upload(it, "", "x,y\n1,3\n2,5\n3,7\n4,9\n5,11\n");
    const char *validation = client_upload(it, "", "y,x\n13,6\n15,7\n");
    const reply *job = client_run(
        it, 30,
        "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': {'dataset': "
        "'%s'}}, 'optimizer': {'type': 'adam', 'learning_rate': 0.05}, 'training': {'epochs': "
        "3000, 'batch_size': 'full', 'seed': 7}}",
        training, validation);
    cr_expect_lt(reply_number(job, "/metrics/rmse"), 0.1, "%s", job->body);
    cr_expect_str_eq(reply_text(job, "/spec/data/features/0"), "x");
    const reply *missing = client_post(
        it, "/v1/jobs",
        "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': {'dataset': "
        "'%s'}}}",
        training, client_upload(it, "", "a,y\n1,2\n"));
    ASSERT_STATUS(missing, 422);
    service_destroy(it);
}

Test(api_datasets, datasets_outlive_a_crash, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_upload(it, "", PLANTS);
    const reply *before = client_get(it, "/v1/datasets/%s/rows", id);
    service_kill(it);
    service_restart(it);
    cr_expect_str_eq(client_get(it, "/v1/datasets/%s/rows", id)->body, before->body);
    service_destroy(it);
}
