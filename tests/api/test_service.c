/*
 * test_service.c: the program around the resources: health, catalogue, headers, command line, what it
 * refuses to start with.
 */
#include "api/specs.h"
#include "support/client.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

Test(api_service, health_and_readiness_are_told, .timeout = LIMIT)
{
    service *it = service_start(1);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    ASSERT_STATUS(client_get(it, "/readyz"), 200);
    ASSERT_STATUS(client_head(it, "/healthz"), 200);
    ASSERT_STATUS(client_head(it, "/readyz"), 200);
    service_destroy(it);
}

Test(api_service, version_tells_program_and_kernels, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *got = client_get(it, "/v1/version");
    ASSERT_STATUS(got, 200);
    cr_expect(cJSON_IsString(reply_at(got, "/version")), "%s", got->body);
    cr_expect_not_null(strstr(got->body, "kernels"), "%s", got->body);
    service_destroy(it);
}

/* The entry of that name in a list of the catalogue. */
static const cJSON *entry(const reply *catalog, const char *list, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, reply_at(catalog, list))
    {
        const cJSON *own = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(own) && strcmp(own->valuestring, name) == 0)
            return item;
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0)
            return item;
    }
    return NULL;
}

Test(api_service, the_catalog_lists_what_is_offered_with_bounds_and_defaults, .timeout = LIMIT)
{
    static const struct {
        const char *list, *names[12];
    } lists[] = {
        {"/models", {"linear", "logistic", "softmax", "mlp", "autoencoder", "sequential"}},
        {"/layers", {"dense", "activation", "dropout", "flatten"}},
        {"/activations", {"relu", "tanh", "sigmoid", "gelu", "selu", "identity"}},
        {"/losses", {"mse", "binary_cross_entropy", "cross_entropy"}},
        {"/optimizers", {"sgd", "adagrad", "rmsprop", "adam", "adamw"}},
        {"/schedules", {"constant", "step", "exponential", "cosine"}},
        {"/initialisers", {"pytorch", "glorot_uniform", "he_normal", "zeros"}},
        {"/generators", {"moons", "circles", "spiral", "xor", "blobs", "linear", "sine"}},
    };
    service *it = service_start(1);
    const reply *catalog = client_get(it, "/v1/catalog");
    ASSERT_STATUS(catalog, 200);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (size_t k = 0; lists[i].names[k] != NULL; k++)
            cr_expect_not_null(entry(catalog, lists[i].list, lists[i].names[k]), "%s has no %s",
                               lists[i].list, lists[i].names[k]);
    const cJSON *fields =
        cJSON_GetObjectItemCaseSensitive(entry(catalog, "/optimizers", "adam"), "fields");
    const cJSON *rate = cJSON_GetArrayItem(fields, 0);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(rate, "name")->valuestring, "learning_rate");
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(rate, "default")->valuedouble, 1e-3);
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(rate, "exclusiveMinimum")->valuedouble, 0);
    service_destroy(it);
}

Test(api_service, every_reply_has_the_security_headers, .timeout = LIMIT)
{
    static const char *const paths[] = {"/healthz", "/v1/jobs", "/v1/catalog", "/nothing",
                                        "/v1/jobs?limit=0"};
    service *it = service_start(1);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const reply *got = client_get(it, "%s", paths[i]);
        cr_expect_str_eq(reply_header_or_empty(got, "X-Content-Type-Options"), "nosniff", "%s",
                         paths[i]);
        cr_expect_str_eq(reply_header_or_empty(got, "Referrer-Policy"), "no-referrer", "%s",
                         paths[i]);
        cr_expect_str_eq(reply_header_or_empty(got, "Cross-Origin-Resource-Policy"), "same-origin",
                         "%s", paths[i]);
        cr_expect_not_null(reply_header(got, "Cache-Control"), "%s", paths[i]);
        cr_expect_not_null(reply_header(got, "X-Request-Id"), "%s", paths[i]);
        cr_expect_not_null(reply_header(got, "Date"), "%s", paths[i]);
    }
    const char *text = client_json(it, SPEC_TINY);
    const reply *foreign = client_post_text(it, "/v1/jobs", "Origin: http://evil.example", text);
    ASSERT_STATUS(foreign, 403);
    const reply *own =
        client_post_text(it, "/v1/jobs", client_text(it, "Origin: http://%s", it->address), text);
    ASSERT_STATUS(own, 201);
    service_destroy(it);
}

Test(api_service, connections_are_kept_alive, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *text = client_text(it,
                                   "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\nGET /v1/jobs "
                                   "HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                                   it->address, it->address);
    const char *got = client_raw(it, text, strlen(text), 5);
    const char *second = strstr(got + 1, "HTTP/1.1 200");
    cr_expect_not_null(second, "%s", got);
    service_destroy(it);
}

/* --- Command line -------------------------------------------------------------------------- */

Test(api_service, version_and_help_are_printed, .timeout = LIMIT)
{
    program_run version = SERVICE_PROGRAM("--version");
    cr_expect_eq(version.status, 0);
    cr_expect_eq(strncmp(version.output, "descentd ", 9), 0, "%s", version.output);
    program_run help = SERVICE_PROGRAM("--help");
    cr_expect_eq(help.status, 0);
    static const char *const words[] = {"serve",     "check",     "backup",
                                        "health",    "--listen",  "--data-dir",
                                        "--workers", "--version", "--allow-unauthenticated",
                                        "token add", "--tls-key", "--scopes"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        cr_expect_not_null(strstr(help.output, words[i]), "--help does not tell %s", words[i]);
}

/* A refusal: not 0, one line on the error output that has the word. */
static void expect_refusal(program_run run, const char *word)
{
    cr_expect_neq(run.status, 0);
    cr_expect_lt(run.status, 126, "status %d", run.status);
    cr_expect_not_null(strstr(run.errors, word), "no \"%s\" in: %s", word, run.errors);
    cr_expect_null(strstr(run.output, "listening on"));
}

Test(api_service, wrong_arguments_are_refused, .timeout = LIMIT)
{
    expect_refusal(SERVICE_PROGRAM("serve", "--wrokers", "2"), "--wrokers");
    expect_refusal(SERVICE_PROGRAM("srve"), "srve");
    expect_refusal(SERVICE_PROGRAM("serve", "--workers", "many"), "workers");
    expect_refusal(SERVICE_PROGRAM("serve", "--workers"), "workers");
    expect_refusal(SERVICE_PROGRAM("serve", "--listen", "127.0.0.1:99999"), "listen");
}

Test(api_service, a_bind_beyond_loopback_wants_a_word_of_consent, .timeout = LIMIT)
{
    service *it = service_create(1);
    expect_refusal(SERVICE_PROGRAM("serve", "--listen", "0.0.0.0:0", "--data-dir", it->data),
                   "--allow-unauthenticated");
    expect_refusal(SERVICE_PROGRAM("serve", "--listen", "[::]:0", "--data-dir", it->data),
                   "--allow-unauthenticated");
    service_destroy(it);
}

Test(api_service, check_and_health_tell_by_their_exit_status, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_TINY);
    program_run healthy = SERVICE_PROGRAM("health", "--listen", it->address);
    cr_expect_eq(healthy.status, 0, "%s%s", healthy.output, healthy.errors);
    char *const address = strdup(it->address);
    (void)service_stop(it);
    program_run check = SERVICE_PROGRAM("check", "--data-dir", it->data);
    cr_expect_eq(check.status, 0, "%s%s", check.output, check.errors);
    program_run dead = SERVICE_PROGRAM("health", "--listen", address);
    cr_expect_neq(dead.status, 0);
    free(address);
    service_destroy(it);
}

Test(api_service, a_backup_of_a_running_service_is_a_whole_database, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_TINY), "/id");
    char copy[SERVICE_PATH_SIZE + 16];
    snprintf(copy, sizeof copy, "%s/copy", it->directory);
    program_run backup = SERVICE_PROGRAM("backup", copy, "--data-dir", it->data);
    cr_expect_eq(backup.status, 0, "%s%s", backup.output, backup.errors);
    sqlite3 *database = NULL;
    sqlite3_stmt *query = NULL;
    cr_assert_eq(sqlite3_open_v2(copy, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(database, "SELECT id FROM jobs", -1, &query, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(query), SQLITE_ROW);
    cr_expect_str_eq((const char *)sqlite3_column_text(query, 0), id);
    sqlite3_finalize(query);
    sqlite3_close(database);
    expect_refusal(SERVICE_PROGRAM("backup", copy, "--data-dir", it->data), "exists");
    service_destroy(it);
}

Test(api_service, n33_a_second_process_on_the_same_directory_is_refused, .timeout = LIMIT)
{
    service *it = service_start(1);
    expect_refusal(SERVICE_PROGRAM("serve", "--listen", "127.0.0.1:0", "--data-dir", it->data), "");
    ASSERT_STATUS(client_get(it, "/readyz"), 200);
    (void)client_run(it, 20, SPEC_TINY);
    service_destroy(it);
}

/* --- Databases that are not this version's ------------------------------------------------- */

static void change_database(const service *it, const char *sql)
{
    char path[SERVICE_PATH_SIZE];
    sqlite3 *database = NULL;
    char *message = NULL;
    service_database_path(it, path);
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(database, sql, NULL, NULL, &message), SQLITE_OK, "%s", message);
    cr_assert_eq(sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
                 SQLITE_OK);
    sqlite3_close(database);
}

/* The whole database file, for comparing. */
static char *read_database(const service *it, size_t *length)
{
    char path[SERVICE_PATH_SIZE];
    struct stat status;
    service_database_path(it, path);
    cr_assert_eq(stat(path, &status), 0);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    char *bytes = malloc((size_t)status.st_size);
    *length = fread(bytes, 1, (size_t)status.st_size, file);
    fclose(file);
    return bytes;
}

static void expect_untouched_refusal(const char *sql)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_TINY);
    (void)service_stop(it);
    change_database(it, sql);
    size_t before_length, after_length;
    char *before = read_database(it, &before_length);
    program_run run = SERVICE_PROGRAM("serve", "--listen", "127.0.0.1:0", "--data-dir", it->data);
    expect_refusal(run, "database");
    const char *end = strchr(run.errors, '\n');
    cr_expect(end == NULL || end[1] == '\0', "more than one line: %s", run.errors);
    char *after = read_database(it, &after_length);
    cr_expect(before_length == after_length && memcmp(before, after, before_length) == 0,
              "the database was changed");
    free(before);
    free(after);
    service_destroy(it);
}

Test(api_service, n40_a_newer_database_is_refused_and_left_untouched, .timeout = LIMIT)
{
    expect_untouched_refusal(
        "INSERT INTO schema_migrations (version, name, sha256, applied_at) "
        "VALUES (9999, 'of_tomorrow', 'ab', 1)");
}

Test(api_service, n40_an_altered_database_is_refused_and_left_untouched, .timeout = LIMIT)
{
    expect_untouched_refusal("UPDATE schema_migrations SET sha256 = 'ab' WHERE version = 1");
}

Test(api_service, n40_a_file_that_is_no_database_is_refused, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)service_stop(it);
    char path[SERVICE_PATH_SIZE];
    service_database_path(it, path);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    program_run run = SERVICE_PROGRAM("serve", "--listen", "127.0.0.1:0", "--data-dir", it->data);
    expect_refusal(run, "database");
    service_destroy(it);
}

/* The value of a sample, whose name and labels stand as printed; -1: there is none. */
static double sample(const reply *metrics, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = metrics->body; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtod(line + length + 1, NULL);
    }
    return -1;
}

Test(api_service, metrics_count_what_happened, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *before = client_get(it, "/metrics");
    ASSERT_STATUS(before, 200);
    double commits = sample(before, "descentd_database_commits_total");
    cr_expect_eq(sample(before, "descentd_http_requests_total{code=\"404\"}"), -1);
    cr_expect_eq(sample(before, "descentd_jobs{status=\"succeeded\"}"), 0, "%s", before->body);
    ASSERT_STATUS(client_get(it, "/v1/nothing"), 404);
    ASSERT_STATUS(client_get(it, "/v1/nothing"), 404);
    client_run(it, 20.0 * SERVICE_PATIENCE, SPEC_TINY);
    const reply *after = client_get(it, "/metrics");
    cr_expect_eq(sample(after, "descentd_http_requests_total{code=\"404\"}"), 2, "%s", after->body);
    cr_expect_eq(sample(after, "descentd_http_requests_total{code=\"201\"}"), 1, "%s", after->body);
    cr_expect_eq(sample(after, "descentd_jobs{status=\"succeeded\"}"), 1, "%s", after->body);
    cr_expect_gt(sample(after, "descentd_database_commits_total"), commits, "%s", after->body);
    cr_expect_eq(sample(after, "descentd_http_request_seconds_bucket{le=\"+Inf\"}"),
                 sample(after, "descentd_http_request_seconds_count"), "%s", after->body);
    cr_expect_gt(sample(after, "process_resident_memory_bytes"), 1e6, "%s", after->body);
    cr_expect_eq(sample(after, "descentd_workers"), 1, "%s", after->body);
    service_destroy(it);
}
