/*
 * test_malformed.c: files that are damaged, lie or do not end: each is answered with what is wrong,
 * soon and in little memory, and nothing of it stays on disk. And a disk that is full.
 */
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#define LIMIT  (120.0 * SERVICE_PATIENCE)
#define CSV    "Content-Type: text/csv"
#define OCTETS "Content-Type: application/octet-stream"

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

static void expect_nothing_left(service *it)
{
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 0);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 0);
}

/* --- Every cut ----------------------------------------------------------------------------- */

/* A cut CSV file is one, or is told what is missing; no cut is an error of the service. */
Test(api_malformed, csv_cut_at_every_byte, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char text[] =
        "\xef\xbb\xbf\"a \"\"x\"\"\",b;c,\"d\ne\"\r\n1,?,\"two, 2\"\r\n"
        "-3.5e2,NA,x\xc3\xa9\r\n";
    int made = 0;
    for (size_t length = 0; length < sizeof text; length++) {
        const reply *got = upload(it, "", CSV, text, length);
        cr_assert(got->status == 201 || got->status == 422, "%zu bytes: %d %s", length, got->status,
                  got->body);
        if (got->status == 201) {
            made++;
            ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", reply_text(got, "/id")), 204);
        } else {
            cr_assert_neq(reply_text(got, "/detail")[0], '\0');
        }
        client_drop(got);
    }
    cr_expect_gt(made, 10);
    expect_nothing_left(it);
    service_destroy(it);
}

static const unsigned char idx[] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};

Test(api_malformed, idx_cut_at_every_byte_or_lying, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *whole = upload(it, "?format=idx", OCTETS, idx, sizeof idx);
    ASSERT_STATUS(whole, 201);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", reply_text(whole, "/id")), 204);
    for (size_t length = 0; length < sizeof idx; length++) {
        const reply *got = upload(it, "?format=idx", OCTETS, idx, length);
        cr_assert_eq(got->status, 422, "%zu bytes: %d", length, got->status);
        client_drop(got);
    }
    /* Each byte of the head anything but what it is. */
    for (size_t at = 0; at < 12; at++) {
        unsigned char changed[sizeof idx];
        memcpy(changed, idx, sizeof idx);
        static const unsigned char values[] = {0, 1, 9, 0x0e, 0x7f, 0xff};
        for (size_t i = 0; i < sizeof values; i++) {
            changed[at] = values[i];
            bool same = memcmp(changed, idx, sizeof idx) == 0 || (at == 2 && values[i] == 9);
            const reply *got = upload(it, "?format=idx", OCTETS, changed, sizeof idx);
            if (!same)
                cr_assert_eq(got->status, 422, "byte %zu = %d: %d", at, values[i], got->status);
            else
                (void)client_delete(it, "/v1/datasets/%s", reply_text(got, "/id"));
        }
    }
    expect_nothing_left(it);
    service_destroy(it);
}

/* --- What is wrong, in words ----------------------------------------------------------------- */

Test(api_malformed, csv_faults_are_told_with_their_line, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"a,b\n1,2\n3\n", "line 3 has 1 field where the first row has 2"},
        {"a,b\n1,2\n3,4,5\n", "line 3 has at least 3 fields"},
        {"a,b\n\"x\ny\",1\n2\n", "line 4 has 1 field"},
        {"a,b\n1,\"2\n3,4\n", "line 2: a quote is opened and never closed"},
        {"a,b\n\"1\"x,2\n", "line 2: text follows a closing quote"},
        {"a;b\n1,5;2\n2,5;3\n",
         "line 2, column 'a': '1,5' has a comma; write numbers with a "
         "decimal point"},
        {"a\tb\n1\t2\n3\t4,5\n", "line 3, column 'b': '4,5' has a comma"},
        {"a,b\n1e999,2\n", "line 2, column 'a': '1e999' is beyond the range"},
        {"a,a\n1,2\n", "columns 1 and 2 are both named 'a'"},
        {"a,b\n", "one"},
        {"\n\n", "the file holds no rows"},
        {"a,b\rc,d\r", "a carriage return without a line feed"},
        {"\xff\xfe"
         "a",
         "UTF-16"},
        {"PK\x03\x04zip", "spreadsheet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got =
            upload(it, i == 9 ? "?header=yes" : "", CSV, cases[i].text, strlen(cases[i].text));
        cr_expect_eq(got->status, 422, "%s: %d", cases[i].text, got->status);
        cr_expect_not_null(strstr(reply_text(got, "/detail"), i == 9 ? "no rows" : cases[i].words),
                           "%s: %s", cases[i].text, got->body);
    }
    expect_nothing_left(it);
    service_destroy(it);
}

/* --- What has no end ------------------------------------------------------------------------- */

/* `unit` again and again. */
static char *repeat(const char *unit, size_t times, size_t *length)
{
    size_t size = strlen(unit);
    char *text = malloc(size * times + 1);
    cr_assert_not_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, unit, size);
    *length = size * times;
    text[*length] = '\0';
    return text;
}

Test(api_malformed, ten_million_columns_are_refused_in_little_memory, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *const units[] = {"1,", "x\t", "\"\";", ",", "\"", "1", "a"};
    double idle = service_peak_memory(it), begun = service_now();
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t length = 0;
        char *text = repeat(units[i], 10000000, &length);
        const reply *got = upload(it, "", CSV, text, length);
        cr_expect_eq(got->status, 422, "%s: %d %s", units[i], got->status, got->failure);
        cr_expect(i > 3 || strstr(got->body, "more than 100000 fields") != NULL, "%s: %s", units[i],
                  got->body);
        free(text);
        expect_nothing_left(it);
    }
    cr_expect_lt(service_now() - begun, 60.0 * SERVICE_PATIENCE);
    double allowed = SERVICE_PATIENCE > 1 ? 4e9 : 64e6; /* sanitizers keep what was freed */
    cr_expect_lt(service_peak_memory(it) - idle, allowed, "%.1f MB",
                 (service_peak_memory(it) - idle) / 1e6);
    service_destroy(it);
}

/* --- A full disk ----------------------------------------------------------------------------- */

/*
 * The limit on the length of a file stands for a disk that is full: the service is started with one,
 * SIGXFSZ is ignored as services do, and writes beyond it fail (with EFBIG in place of ENOSPC).
 */
Test(api_malformed, a_full_disk_is_507_and_leaves_nothing, .timeout = LIMIT)
{
    const struct rlimit limit = {4 << 20, 4 << 20};
    struct rlimit before;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit lower = {limit.rlim_cur, before.rlim_max};
    service *it = service_create(1);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &lower), 0);
    service_restart(it);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    size_t length = 0;
    /* The upload itself is too long; then only what is made of it. */
    char *text = repeat("1.5,2.5\n", 1000000, &length);
    const reply *got = upload(it, "", CSV, text, length);
    cr_expect_eq(got->status, 507, "%d %s", got->status, got->body);
    expect_nothing_left(it);
    got = upload(it, "", CSV, text, 3 << 20);
    cr_expect_eq(got->status, 507, "%d %s", got->status, got->body);
    expect_nothing_left(it);
    got = upload(it, "", CSV, text, 1 << 20);
    ASSERT_STATUS(got, 201);
    free(text);
    service_destroy(it);
}
