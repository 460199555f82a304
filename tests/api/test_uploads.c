/*
 * test_uploads.c: files as people have them come in: compressed without a word about it, large ones
 * read while they arrive, the same ones again; and what is worth a warning is told.
 */
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define CSV   "Content-Type: text/csv"

static const reply *upload(service *it, const char *query, const char *type, const void *bytes,
                           size_t length)
{
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets%s", query),
                           .headers = CLIENT_HEADERS(type),
                           .body = bytes,
                           .length = length};
    return client_send(it, &what);
}

static const reply *upload_text(service *it, const char *query, const char *text)
{
    return upload(it, query, CSV, text, strlen(text));
}

/* A gzip member behind what is there. */
static size_t pack(const void *bytes, size_t length, unsigned char *packed, size_t room)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t made = stream.total_out;
    deflateEnd(&stream);
    return made;
}

static void expect_nothing_left(service *it)
{
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 0);
}

/* --- Compressed files ---------------------------------------------------------------------- */

Test(api_uploads, gzip_is_known_by_its_first_bytes, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const struct {
        const char *query, *type, *bytes;
        size_t length;
        int rows;
    } files[] = {
        {"?name=csv", CSV, "a,b\n1,2\n3,4\n", 12, 2},
        {"?name=text", "Content-Type: text/plain", "to be", 5, 5},
        {"?format=idx&name=idx", "Content-Type: application/octet-stream",
         "\0\0\x08\x01\0\0\0\x03xyz", 11, 3},
    };
    unsigned char packed[512];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t length = pack(files[i].bytes, files[i].length, packed, sizeof packed);
        const reply *made = upload(it, files[i].query, files[i].type, packed, length);
        ASSERT_STATUS(made, 201);
        cr_expect_eq(reply_number(made, "/rows"), files[i].rows);
        cr_expect_eq(reply_number(made, "/bytes"), (double)files[i].length);
        const reply *plain =
            upload(it, files[i].query, files[i].type, files[i].bytes, files[i].length);
        cr_expect_str_eq(reply_text(plain, "/id"), reply_text(made, "/id"), "the same bytes");
        for (size_t cut = 2; cut < length; cut++) {
            const reply *got = upload(it, files[i].query, files[i].type, packed, cut);
            cr_assert_eq(got->status, 422, "%zu of %zu: %d", cut, length, got->status);
            client_drop(got);
        }
    }
    /* Several members are one file. */
    size_t first = pack("a,b\n1,", 6, packed, sizeof packed);
    size_t second = pack("2\n3,4\n", 6, packed + first, sizeof packed - first);
    const reply *made = upload(it, "?name=csv", CSV, packed, first + second);
    ASSERT_STATUS(made, 201);
    cr_expect_eq(reply_number(made, "/rows"), 2);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 3);
    service_destroy(it);
}

Test(api_uploads, a_compressed_file_is_measured_decompressed, .timeout = LIMIT)
{
    service *it = service_create(1);
    it->arguments[0] = "--max-upload=1048576";
    service_restart(it);
    enum {
        SIZE = 3 << 20
    };
    char *text = malloc(SIZE);
    unsigned char *packed = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i += 4)
        memcpy(text + i, "1,2\n", 4);
    size_t length = pack(text, SIZE, packed, SIZE);
    const reply *got = upload(it, "", CSV, packed, length);
    cr_expect_eq(got->status, 422, "%d", got->status);
    cr_expect_not_null(strstr(got->body, "decompressed"), "%s", got->body);
    expect_nothing_left(it);
    free(text);
    free(packed);
    service_destroy(it);
}

/* --- Large files --------------------------------------------------------------------------- */

enum {
    ROWS = 200000,
    ROOM = ROWS * 32
};

/* Rows "i,<i/7>,<class>"; row `wrong` has a field too many. */
static size_t write_rows(char *text, int wrong)
{
    static const char *const classes[] = {"red", "green", "blue"};
    size_t length = (size_t)snprintf(text, ROOM, "i,x,colour\n");
    for (int i = 0; i < ROWS; i++)
        length += (size_t)snprintf(text + length, ROOM - length, "%d,%.4f,%s%s\n", i, i / 7.0,
                                   classes[i % 3], i == wrong ? ",9" : "");
    return length;
}

Test(api_uploads, a_large_file_is_read_while_it_arrives, .timeout = LIMIT)
{
    service *it = service_start(1);
    char *text = malloc(ROOM);
    size_t length = write_rows(text, -1);
    cr_assert_gt(length, (size_t)3 << 20);
    const reply *made = upload(it, "", CSV, text, length);
    ASSERT_STATUS(made, 201);
    cr_expect_eq(reply_number(made, "/rows"), (double)ROWS);
    cr_expect_eq(reply_number(made, "/columns/0/max"), (double)ROWS - 1);
    cr_expect_float_eq(reply_number(made, "/columns/0/mean"), (ROWS - 1) / 2.0, 1e-9);
    cr_expect_str_eq(reply_text(made, "/columns/2/classes/0"), "blue");
    const reply *rows =
        client_get(it, "/v1/datasets/%s/rows?offset=%d&limit=5", reply_text(made, "/id"), ROWS - 1);
    cr_expect_eq(reply_count(rows, "/rows"), 1);
    cr_expect_eq(reply_number(rows, "/rows/0/0"), (double)ROWS - 1);
    cr_expect_str_eq(reply_text(rows, "/rows/0/2"), "green");
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", reply_text(made, "/id")), 204);
    static const int wrong[] = {2, ROWS / 2, ROWS - 1};
    for (size_t i = 0; i < 3; i++) {
        char line[32];
        length = write_rows(text, wrong[i]);
        snprintf(line, sizeof line, "line %d", wrong[i] + 2);
        const reply *got = upload(it, "", CSV, text, length);
        cr_expect_eq(got->status, 422, "%d", got->status);
        cr_expect_not_null(strstr(got->body, line), "%s: %s", line, got->body);
        expect_nothing_left(it);
    }
    free(text);
    service_destroy(it);
}

/* --- The same file again ------------------------------------------------------------------- */

Test(api_uploads, the_same_bytes_read_the_same_way_are_stored_once, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char text[] = "a,b\n1,2\n3,4\n";
    const reply *first = upload_text(it, "?name=one", text);
    ASSERT_STATUS(first, 201);
    const char *id = reply_text(first, "/id");
    const reply *again = upload_text(it, "?name=one", text);
    ASSERT_STATUS(again, 201);
    cr_expect_str_eq(reply_text(again, "/id"), id);
    cr_expect_str_eq(reply_text(again, "/created_at"), reply_text(first, "/created_at"));
    cr_expect_str_eq(reply_header_or_empty(again, "Location"),
                     reply_header_or_empty(first, "Location"));
    static const char *const others[] = {"?name=two", "?name=one&header=no",
                                         "?name=one&delimiter=,", "?name=one&columns=x,y", ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const reply *other = upload_text(it, others[i], text);
        ASSERT_STATUS(other, 201);
        cr_expect_str_neq(reply_text(other, "/id"), id, "%s", others[i]);
        cr_expect_str_eq(reply_text(other, "/sha256"), reply_text(first, "/sha256"));
    }
    const reply *found = client_get(it, "/v1/datasets?sha256=%s", reply_text(first, "/sha256"));
    cr_expect_eq(reply_count(found, "/datasets"), 6);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets?sha256=%064d", 7), "/datasets"), 0);
    ASSERT_STATUS(client_get(it, "/v1/datasets?sha256=abc"), 400);
    cr_expect_eq(service_count_files(it, "datasets"), 6);
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", id), 204);
    const reply *anew = upload_text(it, "?name=one", text);
    ASSERT_STATUS(anew, 201);
    cr_expect_str_neq(reply_text(anew, "/id"), id);
    service_destroy(it);
}

/* --- Warnings ------------------------------------------------------------------------------ */

static bool has_warning(const reply *dataset, const char *code, const char *word)
{
    const char *at = strstr(dataset->body, code);
    return at != NULL && strstr(at, word) != NULL;
}

Test(api_uploads, warnings_name_what_spoils_a_model, .timeout = LIMIT)
{
    service *it = service_start(1);
    char text[8192] = "id,x,same,small,wide\n";
    for (int i = 0; i < 60; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%d,%d,7,%.4f,%d\n", 100 + i, i * i % 13,
                 (i * 7 % 11) * 0.001, (i * 5 % 17) * 1000);
    }
    const reply *made = upload_text(it, "", text);
    ASSERT_STATUS(made, 201);
    cr_expect(has_warning(made, "constant_column", "same"), "%s", made->body);
    cr_expect(has_warning(made, "id_like_column", "\\\"id\\\""), "%s", made->body);
    cr_expect(has_warning(made, "scales_differ", "\\\"wide\\\""), "%s", made->body);
    cr_expect_null(strstr(made->body, "duplicate_rows"), "%s", made->body);
    made = upload_text(it, "", "a,b\n1,x\n2,y\n1,x\n1,x\n3,z\n");
    ASSERT_STATUS(made, 201);
    cr_expect(has_warning(made, "duplicate_rows", "2 of 5 rows"), "%s", made->body);
    cr_expect_eq(reply_count(made, "/warnings"), 1);
    service_destroy(it);
}

/* --- Many columns, and time ---------------------------------------------------------------- */

Test(api_uploads, of_wide_files_the_first_columns_are_listed, .timeout = LIMIT)
{
    enum {
        WIDE = 3000
    };
    service *it = service_start(1);
    char *text = malloc(WIDE * 16);
    size_t length = 0;
    for (int row = 0; row < 2; row++)
        for (int i = 0; i < WIDE; i++)
            length +=
                (size_t)snprintf(text + length, 16, "%d%c", row + i, i + 1 < WIDE ? ',' : '\n');
    const reply *made = upload(it, "", CSV, text, length);
    free(text);
    ASSERT_STATUS(made, 201);
    cr_expect_eq(reply_number(made, "/column_count"), (double)WIDE);
    cr_expect_eq(reply_number(made, "/shape/1"), (double)WIDE);
    cr_expect_eq(reply_count(made, "/columns"), 1000);
    const reply *rows = client_get(it, "/v1/datasets/%s/rows", reply_text(made, "/id"));
    cr_expect_eq(reply_count(rows, "/columns"), 1000);
    cr_expect_eq(reply_count(rows, "/rows/1"), 1000);
    cr_expect_eq(reply_number(rows, "/rows/1/999"), 1000);
    service_destroy(it);
}

Test(api_uploads, datasets_kept_long_enough_go, .timeout = LIMIT)
{
    service *it = service_create(1);
    it->arguments[0] = "--retain-datasets=1s";
    service_restart(it);
    const char *id = client_upload(it, "", "a,b\n1,2\n3,4\n");
    double begun = service_now();
    while (client_get(it, "/v1/datasets/%s", id)->status == 200 &&
           service_now() < begun + 20 * SERVICE_PATIENCE)
        service_sleep(0.1);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s", id), 404);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    service_destroy(it);
}
