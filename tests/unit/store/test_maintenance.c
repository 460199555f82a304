/*
 * Checking and copying a database, with and without a service using it.
 */
#include "store/connection.h"
#include "store/migrate.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static store_fixture fixture;
static char copy[128];

static void start(void)
{
    store_fixture_start(&fixture);
    store_fixture_open(&fixture);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", fixture.folder);
    for (int64_t n = 1; n <= 100; n++)
        must(store_fixture_create(fixture.store, n));
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_maintenance, .init = start, .fini = end);

Test(store_maintenance, check_passes_a_sound_database_and_changes_nothing)
{
    gd_error error = {.status = GD_OK};
    cr_assert_eq(store_check(fixture.path, &error), GD_OK, "%s", error.message);
    store_fixture_close(&fixture);
    size_t before_length = 0;
    size_t after_length = 0;
    unsigned char *before = store_fixture_file(fixture.path, &before_length);
    cr_assert_eq(store_check(fixture.path, &error), GD_OK, "%s", error.message);
    unsigned char *after = store_fixture_file(fixture.path, &after_length);
    cr_assert_eq(before_length, after_length);
    cr_assert_eq(memcmp(before, after, before_length), 0);
    free(before);
    free(after);
    char log[128];
    (void)snprintf(log, sizeof log, "%s-wal", fixture.path);
    cr_assert_neq(access(log, F_OK), 0, "nothing is left beside it");
    cr_assert_eq(store_check(copy, &error), GD_NOT_FOUND);
}

Test(store_maintenance, check_finds_damage)
{
    gd_error error = {.status = GD_OK};
    store_fixture_close(&fixture);
    store_fixture_execute(&fixture, "UPDATE job_counts SET count = 99 WHERE status = 'queued'");
    cr_assert_eq(store_check(fixture.path, &error), GD_CORRUPT);
    cr_assert_not_null(strstr(error.message, "number of jobs"), "%s", error.message);
    store_fixture_execute(&fixture, "UPDATE job_counts SET count = 100 WHERE status = 'queued'");
    must(store_check(fixture.path, &error));
    store_fixture_execute(&fixture,
                          "PRAGMA foreign_keys = OFF; DELETE FROM jobs WHERE sequence = 3");
    cr_assert_eq(store_check(fixture.path, &error), GD_CORRUPT);
    cr_assert_not_null(strstr(error.message, "refer"), "%s", error.message);
}

Test(store_maintenance, check_finds_bytes_overwritten)
{
    store_fixture_close(&fixture);
    size_t length = 0;
    unsigned char *bytes = store_fixture_file(fixture.path, &length);
    int found = 0;
    /* The header of each page but the first, one after the other. */
    for (size_t page = 4096; page + 4096 <= length; page += 4096) {
        FILE *file = fopen(fixture.path, "r+b");
        cr_assert_not_null(file);
        cr_assert_eq(fseek(file, (long)page, SEEK_SET), 0);
        cr_assert_eq(fwrite("\xff\xff\xff\xff\xff\xff\xff\xff", 1, 8, file), 8u);
        cr_assert_eq(fclose(file), 0);
        found += store_check(fixture.path, NULL) == GD_CORRUPT ? 1 : 0;
        file = fopen(fixture.path, "r+b");
        cr_assert_not_null(file);
        cr_assert_eq(fwrite(bytes, 1, length, file), length);
        cr_assert_eq(fclose(file), 0);
    }
    free(bytes);
    cr_assert_eq(found, (int)(length / 4096) - 1);
    must(store_check(fixture.path, NULL));
}

static int64_t jobs_in(const char *path)
{
    store_fixture other = {.store = NULL};
    (void)snprintf(other.path, sizeof other.path, "%s", path);
    store_fixture_open(&other);
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(other.store, counts, NULL));
    store_fixture_close(&other);
    return counts[STORE_JOB_QUEUED];
}

Test(store_maintenance, copy_of_a_closed_database_opens)
{
    store_fixture_close(&fixture);
    gd_error error = {.status = GD_OK};
    cr_assert_eq(store_backup(fixture.path, copy, &error), GD_OK, "%s", error.message);
    must(store_check(copy, &error));
    cr_assert_eq(jobs_in(copy), 100);
    cr_assert_eq(store_backup(fixture.path, copy, &error), GD_CONFLICT);
    char partial[160];
    (void)snprintf(partial, sizeof partial, "%s.partial", copy);
    cr_assert_neq(access(partial, F_OK), 0);
    cr_assert_eq(store_backup(partial, copy, &error), GD_NOT_FOUND);
    cr_assert_eq(store_backup(fixture.path, "/nowhere/copy", &error), GD_NOT_FOUND);
    store_fixture_open(&fixture);
    cr_assert_eq(store_fixture_status(fixture.store, 1), STORE_JOB_QUEUED);
}

static atomic_bool stop_writing;

static void *keep_writing(void *context)
{
    int64_t *written = context;
    while (!atomic_load(&stop_writing)) {
        if (store_fixture_create(fixture.store, 1000 + *written) == GD_OK)
            *written += 1;
    }
    return NULL;
}

Test(store_maintenance, copies_while_jobs_are_written_are_whole)
{
    int64_t written = 0;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, keep_writing, &written), 0);
    for (int round = 0; round < 5; round++) {
        char path[160];
        gd_error error = {.status = GD_OK};
        (void)snprintf(path, sizeof path, "%s.%d", copy, round);
        cr_expect_eq(store_backup(fixture.path, path, &error), GD_OK, "%s", error.message);
        cr_expect_geq(jobs_in(path), 100);
    }
    atomic_store(&stop_writing, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(fixture.store, counts, NULL));
    cr_assert_eq(counts[STORE_JOB_QUEUED], 100 + written);
}

/* --- Databases of former versions --------------------------------------------------------- */

/* Jobs 0 to 5, one in each state, each with parameters of three bytes. */
static const char rows_of_before[] =
    "WITH states (number, status) AS (VALUES (0, 'queued'), (1, 'running'), (2, 'paused'),"
    " (3, 'succeeded'), (4, 'failed'), (5, 'cancelled'))"
    " INSERT INTO jobs (sequence, id, labels, priority, model, status, boot, created_at,"
    " updated_at) SELECT number + 1, printf('00000000-0000-4000-8000-%012x', number), '{}', 0,"
    " 'mlp', status, iif(status = 'running', 'former', NULL), 1, 1 FROM states;"
    "INSERT INTO job_details (job, spec, metrics) SELECT sequence, '{}', '{\"rmse\":1}' FROM jobs;"
    "INSERT INTO parameters (id, job, which, step, length, digest)"
    " SELECT sequence + 10, sequence, 'final', 7, 3, 'd' FROM jobs;"
    "INSERT INTO parameter_parts (parameters, part, bytes)"
    " SELECT sequence + 10, 0, CAST('abc' AS BLOB) FROM jobs;";

static void make_former(int64_t version)
{
    store_connection *connection = NULL;
    gd_error error = {.status = GD_OK};
    store_fixture_end(&fixture);
    store_fixture_start(&fixture);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", fixture.folder);
    must(store_connection_open(&connection, fixture.path, STORE_ACCESS_WRITE, &error));
    must(store_schema_migrate(connection, store_migrations, (size_t)version, 0, &error));
    cr_assert_eq(store_connection_execute(connection, rows_of_before, &error), GD_OK, "%s",
                 error.message);
    store_connection_close(connection);
}

static void expect_rows_of_before(void)
{
    static const store_job_status states[] = {STORE_JOB_QUEUED, STORE_JOB_RUNNING,
                                              STORE_JOB_PAUSED, STORE_JOB_SUCCEEDED,
                                              STORE_JOB_FAILED, STORE_JOB_CANCELLED};
    for (int64_t i = 0; i < 6; i++) {
        char id[STORE_ID_SIZE];
        store_job job;
        store_blob blob;
        store_fixture_id(i, id);
        must(store_job_get(fixture.store, id, true, &job, NULL));
        cr_expect_eq(job.status, states[i]);
        cr_expect_str_eq(job.metrics, "{\"rmse\":1}");
        must(store_parameters_read(fixture.store, id, "final", &blob, NULL));
        cr_expect(blob.length == 3 && memcmp(blob.bytes, "abc", 3) == 0 && blob.step == 7);
        store_blob_dispose(&blob);
        store_job_dispose(&job);
    }
}

Test(store_maintenance, databases_of_former_versions_are_sound)
{
    for (int64_t version = 1; version <= (int64_t)store_migration_count; version++) {
        gd_error error = {.status = GD_OK};
        make_former(version);
        cr_expect_eq(store_check(fixture.path, &error), GD_OK, "version %lld: %s",
                     (long long)version, error.message);
        cr_expect_eq(store_backup(fixture.path, copy, &error), GD_OK, "version %lld: %s",
                     (long long)version, error.message);
        store_fixture_open(&fixture);
        expect_rows_of_before();
        store_fixture_close(&fixture);
        cr_expect_eq(store_check(fixture.path, &error), GD_OK, "upgraded from %lld: %s",
                     (long long)version, error.message);
        cr_expect_eq(store_check(copy, &error), GD_OK, "%s", error.message);
        store_fixture_execute(&fixture, "UPDATE parameters SET length = 4 WHERE job = 4");
        cr_expect_eq(store_check(fixture.path, &error), GD_CORRUPT, "parameters of before");
    }
}
