/*
 * test_checks_values.c: numbered checks 16 to 24 and 27 of docs/reliability.md against the real
 * program: bodies that are no JSON or not what JSON should be, numbers at and beyond every edge, and
 * parameters that come back bit for bit. Nothing refused is stored, and the process lives.
 */
#include "api/specs.h"
#include "support/client.h"
#include "support/safetensors.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT    (60.0 * SERVICE_PATIENCE)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const reply *post_bytes(service *it, const void *body, size_t length)
{
    client_request what = {.method = "POST",
                           .path = "/v1/jobs",
                           .headers = CLIENT_HEADERS("Content-Type: application/json"),
                           .body = body,
                           .length = length};
    return client_send(it, &what);
}

static void destroy_without_jobs(service *it)
{
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 0, "something was stored");
    service_destroy(it);
}

/* Each is refused as no JSON, with the place. */
static void expect_malformed(service *it, const char *text)
{
    const reply *got = post_bytes(it, text, strlen(text));
    cr_expect_eq(got->status, 400, "%.80s: %d", text, got->status);
    if (got->status != 400)
        return;
    cr_expect_str_eq(reply_text(got, "/code"), "malformed_json", "%.80s", text);
    cr_expect_leq(reply_number(got, "/offset"), (double)strlen(text));
}

Test(checks, n16_empty_truncated_scalar_and_array_bodies, .timeout = LIMIT)
{
    static const char *const others[] = {"1", "\"linear\"", "null", "true", "[]", "[{}]"};
    service *it = service_start(1);
    const char *whole = client_json(it, SPEC_TINY);
    expect_malformed(it, "");
    for (size_t length = 1; length < strlen(whole); length += 3)
        expect_malformed(it, client_text(it, "%.*s", (int)length, whole));
    for (size_t i = 0; i < COUNT(others); i++) {
        const reply *got = post_bytes(it, others[i], strlen(others[i]));
        cr_expect(got->status == 400 || got->status == 422, "%s: %d", others[i], got->status);
        reply_expect_fault(got, "", "wrong_type");
    }
    destroy_without_jobs(it);
}

Test(checks, n17_texts_that_lax_readers_take, .timeout = LIMIT)
{
    static const char *const texts[] = {"{\"a\":01}",
                                        "{\"a\":2.e3}",
                                        "{\"a\":-2.}",
                                        "{\"a\":.5}",
                                        "{\"a\":+1}",
                                        "{\"a\":-}",
                                        "{\"a\":1e}",
                                        "{\"a\":0x1}",
                                        "{\"a\":\"\t\"}",
                                        "{\"a\":\"\n\"}",
                                        "{\"a\":\"\\x\"}",
                                        "{\"a\":\"\\u12\"}",
                                        "{\"a\":\"\\uZZZZ\"}",
                                        "\f{}",
                                        "{}\f",
                                        "[1,]",
                                        "[,1]",
                                        "[1,,2]",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{\"a\"}",
                                        "{a:1}",
                                        "{'a':1}",
                                        "{\"a\"::1}",
                                        "[1",
                                        "]",
                                        "{}}",
                                        "{}{}",
                                        "nul",
                                        "NaN",
                                        "Infinity",
                                        "True",
                                        "\xef\xbb\xbf{}",
                                        "{\"a\":\"\\\"}",
                                        "//x\n{}",
                                        "{}/**/",
                                        "[\"a\" \"b\"]",
                                        "{\"a\":1 \"b\":2}",
                                        "\xe2\x81\xa0{}",
                                        "\xc2\xa0{}"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_malformed(it, texts[i]);
    static const char with_nul[] = "{\"model\": \"linear\"}\0";
    const reply *got = post_bytes(it, with_nul, sizeof with_nul);
    cr_expect_eq(got->status, 400);
    destroy_without_jobs(it);
}

/* What the suite accepts and I-JSON (RFC 7493) forbids. */
static bool is_forbidden_by_i_json(const char *name)
{
    static const char *const names[] = {
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
        "y_object_escaped_null_in_key.json", "y_string_null_escape.json"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void post_file(service *it, const char *folder, const char *name, int counts[3])
{
    char path[700];
    static char text[1 << 20];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    const reply *got = post_bytes(it, text, length);
    bool malformed = got->status == 400 && strcmp(reply_text(got, "/code"), "malformed_json") == 0;
    if (name[0] == 'n' || is_forbidden_by_i_json(name))
        cr_expect(malformed, "%s: %d %.200s", name, got->status, got->body);
    else if (name[0] == 'y')
        cr_expect(got->status == 422 || (got->status == 400 && !malformed), "%s: %d %.200s", name,
                  got->status, got->body);
    else
        cr_expect(got->status >= 400 && got->status < 500, "%s: %d", name, got->status);
    counts[name[0] == 'n' ? 0 : name[0] == 'y' ? 1 : 2]++;
    client_drop(got);
}

/* github.com/nst/JSONTestSuite is not part of this tree: JSON_TEST_SUITE names its test_parsing. */
Test(checks, n17_every_file_of_json_test_suite, .timeout = LIMIT)
{
    const char *folder = getenv("JSON_TEST_SUITE");
    DIR *directory = folder != NULL ? opendir(folder) : NULL;
    int counts[3] = {0};
    if (directory == NULL)
        cr_skip_test("JSON_TEST_SUITE names no folder with the files of JSONTestSuite");
    service *it = service_start(1);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (entry->d_name[0] != '.')
            post_file(it, folder, entry->d_name, counts);
    closedir(directory);
    cr_log_info("%d must-fail, %d must-pass, %d free", counts[0], counts[1], counts[2]);
    cr_expect_geq(counts[0], 188);
    cr_expect_geq(counts[1], 95);
    destroy_without_jobs(it);
}

Test(checks, n18_depth_of_a_hundred_thousand, .timeout = LIMIT)
{
    enum {
        DEPTH = 100000
    };
    static char arrays[2 * DEPTH + 1], objects[6 * DEPTH + 1];
    service *it = service_start(1);
    memset(arrays, '[', DEPTH);
    memset(arrays + DEPTH, ']', DEPTH);
    for (int i = 0; i < DEPTH; i++)
        memcpy(objects + (size_t)5 * (size_t)i, "{\"a\":", 5);
    expect_malformed(it, arrays);
    expect_malformed(it, objects);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    destroy_without_jobs(it);
}

Test(checks, n19_duplicate_and_case_twisted_keys, .timeout = LIMIT)
{
    service *it = service_start(1);
    expect_malformed(it, "{\"model\": \"linear\", \"model\": \"mlp\"}");
    expect_malformed(it, "{\"model\": \"linear\", \"m\\u006fdel\": \"mlp\"}");
    expect_malformed(it, "{\"data\": {\"x\": 1, \"x\": 1}}");
    const reply *got =
        client_post(it, "/v1/jobs",
                    "{'Model': 'linear', 'model': 'linear', 'data': {'generator': 'linear'}, "
                    "'TRAINING': {}}");
    cr_expect_eq(got->status, 422, "%d", got->status);
    reply_expect_fault(got, "/Model", "unknown_member");
    reply_expect_fault(got, "/TRAINING", "unknown_member");
    destroy_without_jobs(it);
}

#define WITH_NUMBER(number)                                                                     \
    "{\"model\": \"linear\", \"data\": {\"generator\": \"linear\"}, \"optimizer\": {\"type\": " \
    "\"sgd\", \"learning_rate\": " number "}}"

Test(checks, n20_numbers_beyond_a_double, .timeout = LIMIT)
{
    service *it = service_start(1);
    expect_malformed(it, WITH_NUMBER("1e999"));
    expect_malformed(it, WITH_NUMBER("-1e999"));
    expect_malformed(it, WITH_NUMBER("NaN"));
    expect_malformed(it, WITH_NUMBER("-Infinity"));
    /* Denormal: a number like any other, with an answer in words and not a crash. */
    const reply *got = client_post_text(it, "/v1/jobs?dry_run=true", NULL, WITH_NUMBER("1e-320"));
    cr_expect(got->status == 200 || got->status == 422, "%d %s", got->status, got->body);
    if (got->status == 200)
        cr_expect_eq(reply_number(got, "/spec/optimizer/learning_rate"), 1e-320);
    destroy_without_jobs(it);
}

Test(checks, n21_counts_are_exact_or_refused, .timeout = LIMIT)
{
    static const char *const counts[] = {
        "1.5", "9007199254740993", "9223372036854775808", "-1", "1e30", "\"9223372036854775808\"",
        "true"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(counts); i++) {
        const reply *got = client_post(
            it, "/v1/jobs",
            "{'model': 'linear', 'data': {'generator': 'linear'}, 'training': {'steps': %s}}",
            counts[i]);
        cr_expect_eq(got->status, 422, "%s: %d", counts[i], got->status);
        cr_expect_not_null(reply_fault(got, "/training/steps"), "%s: %s", counts[i], got->body);
    }
    /* A seed of 64 bits comes back digit by digit. */
    const reply *got = client_post(it, "/v1/jobs?dry_run=true",
                                   "{'model': 'linear', 'data': {'generator': 'linear'}, "
                                   "'training': {'seed': '9007199254740993'}}");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_text(got, "/spec/training/seed"), "9007199254740993");
    destroy_without_jobs(it);
}

Test(checks, n22_text_that_is_no_unicode, .timeout = LIMIT)
{
    static const char *const names[] = {"\xff",     "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xe2\x82", "\\ud800",  "\\udc00x",     "\\ud800\\u0041",
                                        "\\u0000",  "a\\u0000b"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(names); i++)
        expect_malformed(it, client_text(it,
                                         "{\"name\": \"%s\", \"model\": \"linear\", \"data\": "
                                         "{\"generator\": \"linear\"}}",
                                         names[i]));
    destroy_without_jobs(it);
}

Test(checks, n23_an_unknown_field_is_named, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *got = client_post(it, "/v1/jobs",
                                   "{'model': {'type': 'mlp', 'hiden': [4]}, 'data': {'generator': "
                                   "{'type': 'moons', 'sample': 3}}, 'trainig': {}}");
    cr_expect_eq(got->status, 422, "%d", got->status);
    reply_expect_fault(got, "/model/hiden", "unknown_member");
    reply_expect_fault(got, "/data/generator/sample", "unknown_member");
    reply_expect_fault(got, "/trainig", "unknown_member");
    cr_expect_not_null(strstr(got->body, "hidden"), "no hint: %s", got->body);
    destroy_without_jobs(it);
}

typedef struct unfit {
    const char *spec, *pointer;
} unfit;

#define GENERATED "'data': {'generator': 'linear'}"

Test(checks, n24_values_out_of_range_before_any_allocation, .timeout = LIMIT)
{
    static const unfit cases[] = {
        {"{'model': 'linear', " GENERATED ", 'optimizer': {'type': 'sgd', 'learning_rate': 0}}",
         "/optimizer/learning_rate"},
        {"{'model': 'linear', " GENERATED ", 'optimizer': {'type': 'sgd', 'learning_rate': -1}}",
         "/optimizer/learning_rate"},
        {"{'model': 'linear', " GENERATED ", 'optimizer': {'type': 'sgd', 'learning_rate': 1e300}}",
         "/optimizer/learning_rate"},
        {"{'model': 'linear', " GENERATED ", 'training': {'steps': 0}}", "/training/steps"},
        {"{'model': 'linear', " GENERATED ", 'training': {'steps': 1000000000000}}",
         "/training/steps"},
        {"{'model': {'type': 'mlp', 'hidden': [1000000000, 1000000000]}, " GENERATED "}", NULL},
        {"{'model': {'type': 'mlp', 'hidden': [1000000, 1000000]}, " GENERATED "}", NULL},
        {"{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': "
         "1000000000000}}}",
         "/data/generator/samples"},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        double start = service_now();
        const reply *got = client_post(it, "/v1/jobs", "%s", cases[i].spec);
        cr_expect_eq(got->status, 422, "%s: %d %s", cases[i].spec, got->status, got->body);
        if (cases[i].pointer != NULL)
            cr_expect_not_null(reply_fault(got, cases[i].pointer), "%s", got->body);
        cr_expect_lt(service_now() - start, 2.0 * SERVICE_PATIENCE, "%s", cases[i].spec);
    }
    destroy_without_jobs(it);
}

/* --- Parameters ---------------------------------------------------------------------------- */

/* The raw blob in the database. */
static void *stored_blob(const service *it, const char *id, size_t *length)
{
    char path[SERVICE_PATH_SIZE];
    sqlite3 *database = NULL;
    sqlite3_stmt *query = NULL;
    service_database_path(it, path);
    cr_assert_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    const char *sql =
        "SELECT coalesce(parameters.bytes, part.bytes) FROM jobs "
        "JOIN parameters ON parameters.job = jobs.sequence "
        "LEFT JOIN parameter_parts AS part ON part.parameters = parameters.id AND part.part = 0 "
        "WHERE jobs.id = ? AND parameters.which = 'final'";
    cr_assert_eq(sqlite3_prepare_v2(database, sql, -1, &query, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(database));
    sqlite3_bind_text(query, 1, id, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(query), SQLITE_ROW);
    *length = (size_t)sqlite3_column_bytes(query, 0);
    void *bytes = malloc(*length);
    cr_assert_not_null(bytes);
    memcpy(bytes, sqlite3_column_blob(query, 0), *length);
    sqlite3_finalize(query);
    sqlite3_close(database);
    return bytes;
}

Test(checks, n27_parameters_over_http_are_those_stored_bit_for_bit, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(it, 60, SPEC_SHORT, 500, 3, 10.0);
    const char *id = reply_text(job, "/id");
    const reply *text = client_get(it, "/v1/jobs/%s/parameters", id);
    const reply *binary = client_get(it, "/v1/jobs/%s/parameters?format=safetensors", id);
    safetensors_file file;
    ASSERT_STATUS(text, 200);
    ASSERT_STATUS(binary, 200);
    cr_assert(safetensors_read(&file, (const unsigned char *)binary->body, binary->length));
    cr_assert_eq(file.count, reply_count(text, "/parameters"));
    size_t blob_length = 0, at = 0;
    char *blob = stored_blob(it, id, &blob_length);
    for (int i = 0; i < file.count; i++) {
        const safetensors_entry *entry = &file.entries[i];
        const cJSON *values = reply_at(text, client_text(it, "/parameters/%d/values", i));
        cr_assert_eq((size_t)cJSON_GetArraySize(values) * 4, entry->length);
        const cJSON *value;
        size_t element = 0;
        cJSON_ArrayForEach(value, values)
        {
            float number = (float)value->valuedouble;
            cr_expect_eq(memcmp(entry->bytes + 4 * element++, &number, 4), 0, "%s", entry->name);
        }
        cr_assert_leq(at + entry->length, blob_length);
        cr_expect_eq(memcmp(blob + at, entry->bytes, entry->length), 0, "%s", entry->name);
        at += entry->length;
    }
    cr_expect_eq(at, blob_length);
    free(blob);
    safetensors_dispose(&file);
    service_destroy(it);
}
