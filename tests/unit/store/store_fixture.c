/*
 * store_fixture.c: a store in a folder of its own; see store_fixture.h.
 */
#include "unit/store/store_fixture.h"

#include "support/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void store_fixture_start(store_fixture *fixture)
{
    *fixture = (store_fixture){.store = NULL};
    folder_create(fixture->folder, sizeof fixture->folder, "store-test");
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/jobs.db", fixture->folder);
}

void store_fixture_open(store_fixture *fixture)
{
    store_options options = store_options_default();
    options.path = fixture->path;
    options.reader_count = 4;
    gd_error error = {.status = GD_OK};
    gd_status status = store_open(&fixture->store, &options, &error);
    cr_assert_eq(status, GD_OK, "%s: %s", gd_status_name(status), error.message);
}

void store_fixture_close(store_fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

void store_fixture_end(store_fixture *fixture)
{
    store_fixture_close(fixture);
    DIR *folder = opendir(fixture->folder);
    cr_assert_not_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    (void)closedir(folder);
    cr_assert_eq(rmdir(fixture->folder), 0);
}

void store_fixture_id(int64_t n, char id[STORE_ID_SIZE])
{
    (void)snprintf(id, STORE_ID_SIZE, "00000000-0000-4000-8000-%012llx",
                   (unsigned long long)n & 0xffffffffffffULL);
}

store_job_insert store_fixture_insert(const char *id)
{
    return (store_job_insert){.id = id,
                              .name = "a job",
                              .labels = "{\"team\":\"red\"}",
                              .model = "linear",
                              .spec = "{\"model\":{\"type\":\"linear\"}}",
                              .summary = "{\"parameters\":2}",
                              .environment = "{\"version\":\"1\"}",
                              .created_at = 1000};
}

gd_status store_fixture_create(store *handle, int64_t n)
{
    char id[STORE_ID_SIZE];
    store_fixture_id(n, id);
    store_job_insert insert = store_fixture_insert(id);
    return store_job_create(handle, &insert, NULL, NULL, NULL);
}

void store_fixture_claim(store *handle, const char *boot, store_claim *claim)
{
    store_job job;
    must(store_job_claim(handle, boot, 2000, claim, &job, NULL));
    store_job_dispose(&job);
}

store_job_status store_fixture_status(store *handle, int64_t n)
{
    char id[STORE_ID_SIZE];
    store_fixture_id(n, id);
    store_job job;
    must(store_job_get(handle, id, false, &job, NULL));
    store_job_status status = job.status;
    store_job_dispose(&job);
    return status;
}

sqlite3 *store_fixture_sql(const store_fixture *fixture)
{
    sqlite3 *database = NULL;
    cr_assert_eq(sqlite3_open(fixture->path, &database), SQLITE_OK);
    return database;
}

void store_fixture_execute(const store_fixture *fixture, const char *sql)
{
    sqlite3 *database = store_fixture_sql(fixture);
    char *message = NULL;
    int code = sqlite3_exec(database, sql, NULL, NULL, &message);
    cr_assert_eq(code, SQLITE_OK, "%s: %s", sql, message);
    cr_assert_eq(sqlite3_close(database), SQLITE_OK);
}

int64_t store_fixture_number(const store_fixture *fixture, const char *sql)
{
    sqlite3 *database = store_fixture_sql(fixture);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    cr_assert_eq(code, SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(database));
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    cr_assert_eq(sqlite3_close(database), SQLITE_OK);
    return number;
}

unsigned char *store_fixture_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    *length = 0;
    if (file == NULL)
        return NULL;
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    cr_assert_geq(size, 0);
    rewind(file);
    unsigned char *bytes = malloc((size_t)size + 1);
    cr_assert_not_null(bytes);
    *length = fread(bytes, 1, (size_t)size, file);
    cr_assert_eq(*length, (size_t)size);
    (void)fclose(file);
    return bytes;
}
