/*
 * test_formats.c: arrays of NumPy come in as they were saved, are described, read back and trained
 * on; what is wrong with a file is told, and nothing of it stays on disk.
 */
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define LIMIT  (60.0 * SERVICE_PATIENCE)
#define OCTETS "Content-Type: application/octet-stream"
#define GZIP   "Content-Encoding: gzip"

typedef struct file_bytes {
    unsigned char bytes[8192];
    size_t length;
} file_bytes;

static file_bytes npy_of(const char *type, const char *order, const char *shape,
                         const void *elements, size_t length)
{
    file_bytes made = {.length = 10};
    char *text = (char *)made.bytes + 10;
    int size = snprintf(text, 118, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
                        order, shape);
    memcpy(made.bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    memset(text + size, ' ', (size_t)(117 - size));
    text[117] = '\n';
    memcpy(made.bytes + 128, elements, length);
    made.length = 128 + length;
    return made;
}

static const reply *upload(service *it, const char *query, const char *coding, const void *bytes,
                           size_t length)
{
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets%s", query),
                           .headers = coding == NULL ? CLIENT_HEADERS(OCTETS)
                                                     : CLIENT_HEADERS(OCTETS, coding),
                           .body = bytes,
                           .length = length};
    return client_send(it, &what);
}

static void expect_nothing_left(service *it)
{
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 0);
}

/* --- NPY ----------------------------------------------------------------------------------- */

/* Columns 1 2 3 4 and 10 20 30 40. */
static const float turned[] = {1, 2, 3, 4, 10, 20, 30, 40};

Test(api_formats, an_npy_file_is_described_and_read_back, .timeout = LIMIT)
{
    service *it = service_start(1);
    file_bytes file = npy_of("<f4", "True", "(4, 2)", turned, sizeof turned);
    const char *const queries[] = {"?format=npy&name=turned", ""};
    for (int i = 0; i < 2; i++) {
        const reply *made = upload(it, queries[i], NULL, file.bytes, file.length);
        ASSERT_STATUS(made, 201);
        cr_expect_str_eq(reply_text(made, "/format"), "npy");
        cr_expect_eq(reply_number(made, "/rows"), 4);
        cr_expect_eq(reply_number(made, "/shape/1"), 2);
        cr_expect_str_eq(reply_text(made, "/columns/1/name"), "v_1");
        cr_expect_eq(reply_number(made, "/columns/1/mean"), 25);
        cr_expect_eq(reply_number(made, "/columns/0/max"), 4);
        const reply *rows =
            client_get(it, "/v1/datasets/%s/rows?offset=2&limit=1", reply_text(made, "/id"));
        cr_expect_eq(reply_number(rows, "/rows/0/0"), 3);
        cr_expect_eq(reply_number(rows, "/rows/0/1"), 30);
    }
    service_destroy(it);
}

static size_t compress_bytes(const file_bytes *file, unsigned char *packed, size_t room)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)file->bytes,
                       .avail_in = (unsigned)file->length,
                       .next_out = packed,
                       .avail_out = (unsigned)room};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t length = stream.total_out;
    deflateEnd(&stream);
    return length;
}

/* Two classes of images whose left or right half is bright; the targets are a second array. */
Test(api_formats, images_and_targets_of_npy_files_train, .timeout = LIMIT)
{
    service *it = service_start(1);
    unsigned char images[64][2][4], packed[8192];
    int64_t targets[64];
    for (int i = 0; i < 64; i++) {
        targets[i] = i % 2;
        for (int j = 0; j < 8; j++)
            images[i][j / 4][j % 4] = (unsigned char)((j % 4 < 2) == (i % 2 == 0) ? 180 + i : i);
    }
    file_bytes file = npy_of("|u1", "False", "(64, 2, 4)", images, sizeof images);
    size_t length = compress_bytes(&file, packed, sizeof packed);
    const reply *features = upload(it, "?format=npy", GZIP, packed, length);
    ASSERT_STATUS(features, 201);
    cr_expect_eq(reply_count(features, "/shape"), 3);
    cr_expect_eq(reply_count(features, "/warnings"), 0);
    file = npy_of("<i8", "False", "(64,)", targets, sizeof targets);
    const reply *classes = upload(it, "?format=npy", NULL, file.bytes, file.length);
    ASSERT_STATUS(classes, 201);
    const reply *job = client_run(
        it, 30,
        "{'model': {'type': 'softmax'}, 'data': {'dataset': '%s', 'target': {'dataset': '%s'}, "
        "'scaling': 'minmax', 'validation': {'fraction': 0.25}}, 'optimizer': {'type': 'adam', "
        "'learning_rate': 0.05}, 'training': {'epochs': 40, 'batch_size': 8, 'seed': 1}}",
        reply_text(features, "/id"), reply_text(classes, "/id"));
    cr_expect_eq(reply_number(job, "/metrics/accuracy"), 1, "%s", reply_raw(job, "metrics"));
    cr_expect_eq(reply_number(job, "/spec/data/shape/1"), 4);
    service_destroy(it);
}

Test(api_formats, npy_files_that_are_none_leave_nothing, .timeout = LIMIT)
{
    service *it = service_start(1);
    file_bytes file = npy_of("<f4", "False", "(4, 2)", turned, sizeof turned);
    for (size_t length = 1; length < file.length; length++) {
        const reply *got = upload(it, "?format=npy", NULL, file.bytes, length);
        cr_assert_eq(got->status, 422, "%zu bytes: %d %s", length, got->status, got->body);
        cr_assert_neq(reply_text(got, "/detail")[0], '\0');
        client_drop(got);
    }
    const struct {
        file_bytes file;
        const char *query, *word;
    } cases[] = {
        {npy_of("|O", "False", "(4, 2)", turned, sizeof turned), "", "Python objects"},
        {npy_of("<f4", "False", "(5, 2)", turned, sizeof turned), "", "bytes in all"},
        {npy_of("<f4", "False", "(4, 99999999999)", turned, sizeof turned), "", "100000"},
        {npy_of("<f4", "False", "(9223372036854775807, 9)", turned, 32), "", "bytes in all"},
        {npy_of("<f4", "False", "(1, 10000000)", turned, sizeof turned), "", "100000"},
        {npy_of("<f4", "False", "(4, 2)", turned, sizeof turned), "?format=idx", "IDX"},
        {{.bytes = "abc", .length = 3}, "?format=npy", "NUMPY"},
        {{.bytes = "\x1f\x8b\x08 gzip", .length = 8}, "", "gzip"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got =
            upload(it, cases[i].query, NULL, cases[i].file.bytes, cases[i].file.length);
        cr_expect_eq(got->status, 422, "%s: %d %s", cases[i].word, got->status, got->body);
        cr_expect_not_null(strstr(got->body, cases[i].word), "%s: %s", cases[i].word, got->body);
    }
    ASSERT_STATUS(upload(it, "?format=npy&header=yes", NULL, file.bytes, file.length), 400);
    expect_nothing_left(it);
    service_destroy(it);
}
