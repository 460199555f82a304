/*
 * maintenance.c: checking a database, copying it, and the files it refers to. Check and copy work on
 * a path, whether or not a service is using it, and never write to the database.
 */
#include "store/handle.h"
#include "store/look.h"
#include "store/migrate.h"
#include "store/path.h"
#include "store/statement.h"

#include <stdlib.h>
#include <unistd.h>

/* --- Checking ----------------------------------------------------------------------------- */

/* A query that finds a row for everything that should not be, and the migrations after which it can be
 * asked: a copy of before an upgrade is as sound as one of after it. */
typedef struct rule {
    int64_t since, until;
    const char *sql;
    const char *message;
} rule;

static const rule rules[] = {
    {1, INT64_MAX, "SELECT count(*) FROM pragma_foreign_key_check",
     "rows refer to what is not there"},
    {1, INT64_MAX,
     "SELECT count(*) FROM job_counts WHERE count <>"
     " (SELECT count(*) FROM jobs WHERE jobs.status = job_counts.status)",
     "the number of jobs in a state is wrong"},
    {3, INT64_MAX,
     "SELECT (SELECT count(*) FROM owners WHERE queued <>"
     " (SELECT count(*) FROM jobs WHERE jobs.owner = owners.owner AND status = 'queued')"
     " OR running <>"
     " (SELECT count(*) FROM jobs WHERE jobs.owner = owners.owner AND status = 'running')"
     " OR queued + running + paused + succeeded + failed + cancelled <>"
     " (SELECT count(*) FROM jobs WHERE jobs.owner = owners.owner))"
     " + (SELECT count(*) FROM jobs WHERE owner NOT IN (SELECT owner FROM owners))",
     "the number of jobs of an owner is wrong"},
    {3, INT64_MAX,
     "SELECT count(*) FROM owners WHERE bytes <>"
     " (SELECT coalesce(sum(bytes), 0) FROM datasets WHERE datasets.owner = owners.owner)"
     " + (SELECT coalesce(sum(length), 0) FROM parameters"
     " JOIN jobs ON jobs.sequence = parameters.job WHERE jobs.owner = owners.owner)",
     "the stored bytes of an owner are wrong"},
    {1, 5,
     "SELECT count(*) FROM parameters WHERE length <> coalesce("
     " (SELECT sum(length(parts.bytes)) FROM parameter_parts AS parts"
     " WHERE parts.parameters = parameters.id), 0)",
     "parameters are not complete"},
    {6, INT64_MAX,
     "SELECT count(*) FROM parameters WHERE length <> coalesce(length(bytes),"
     " (SELECT sum(length(parts.bytes)) FROM parameter_parts AS parts"
     " WHERE parts.parameters = parameters.id), 0)",
     "parameters are not complete"},
};

static gd_status check_rules(store_connection *connection, int64_t version, gd_error *error)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int64_t found = 0;
        if (version < rules[i].since || version > rules[i].until)
            continue;
        gd_status status = store_connection_number(connection, rules[i].sql, &found, error);
        if (status != GD_OK)
            return status;
        if (found > 0)
            return gd_fail(error, GD_CORRUPT, "", "%s (%lld)", rules[i].message, (long long)found);
    }
    return GD_OK;
}

static gd_status check_connection(store_connection *connection, gd_error *error)
{
    int64_t version = 0;
    /* All of it sees one snapshot. */
    gd_status status = store_connection_execute(connection, "BEGIN", error);
    if (status == GD_OK)
        status = store_schema_verify(connection, store_migrations, store_migration_count, &version,
                                     error);
    if (status == GD_OK && version == 0)
        status = gd_fail(error, GD_CORRUPT, "", "the database is empty");
    if (status == GD_OK)
        status = store_look_integrity(connection, error);
    if (status == GD_OK)
        status = check_rules(connection, version, error);
    return status;
}

gd_status store_check(const char *path, gd_error *error)
{
    char *resolved = NULL;
    store_connection *connection = NULL;
    gd_status status = store_path_resolve(path, &resolved, error);
    if (status == GD_OK)
        status = store_look_open(&connection, resolved, error);
    if (status == GD_OK)
        status = check_connection(connection, error);
    store_connection_close(connection);
    free(resolved);
    return status;
}

/* --- Copying ------------------------------------------------------------------------------ */

/* In one step, under one snapshot: writers go on meanwhile and are not in the copy. */
static gd_status copy_pages(store_connection *source, sqlite3 *target, gd_error *error)
{
    sqlite3_backup *backup =
        sqlite3_backup_init(target, "main", store_connection_database(source), "main");
    int code = SQLITE_OK;
    if (backup != NULL) {
        (void)sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup);
    } else {
        code = sqlite3_extended_errcode(target);
    }
    if (code != SQLITE_OK)
        return gd_fail(error, store_status_of(code), "", "the copy failed: %s",
                       sqlite3_errmsg(target));
    return GD_OK;
}

static gd_status copy_to(store_connection *source, const char *partial, gd_error *error)
{
    sqlite3 *target = NULL;
    int code = sqlite3_open_v2(partial, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    gd_status status = GD_OK;
    if (code != SQLITE_OK)
        status = gd_fail(error, store_status_of(code), "", "%s: %s", partial, sqlite3_errstr(code));
    if (status == GD_OK)
        status = copy_pages(source, target, error);
    code = sqlite3_close(target);
    if (status == GD_OK && code != SQLITE_OK)
        status = gd_fail(error, store_status_of(code), "", "%s: %s", partial, sqlite3_errstr(code));
    if (status == GD_OK)
        status = store_check(partial, error);
    return status;
}

/* Gives the finished copy its name, which must still be free. */
static gd_status publish(const char *partial, const char *path, gd_error *error)
{
    if (link(partial, path) != 0)
        return gd_fail(error, GD_IO_ERROR, "", "%s cannot be created", path);
    if (unlink(partial) != 0)
        return gd_fail(error, GD_IO_ERROR, "", "%s cannot be removed", partial);
    return store_path_sync_folder(path, error);
}

/* A copy must not be found where nobody can tell whether it is whole: it grows under another name. */
static gd_status copy_as(store_connection *source, const char *path, gd_error *error)
{
    int64_t size = 0;
    gd_status status = store_path_size(path, &size, error);
    if (status != GD_OK)
        return status;
    if (size >= 0)
        return gd_fail(error, GD_CONFLICT, "", "%s exists already", path);
    char *partial = store_path_beside(path, ".partial");
    if (partial == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a path");
    (void)unlink(partial);
    status = copy_to(source, partial, error);
    if (status == GD_OK)
        status = publish(partial, path, error);
    if (status != GD_OK)
        (void)unlink(partial);
    free(partial);
    return status;
}

gd_status store_backup(const char *path, const char *copy_path, gd_error *error)
{
    char *resolved = NULL;
    char *copy = NULL;
    store_connection *source = NULL;
    int64_t size = -1;
    gd_status status = store_path_resolve(path, &resolved, error);
    if (status == GD_OK)
        status = store_path_resolve(copy_path, &copy, error);
    if (status == GD_OK)
        status = store_path_size(resolved, &size, error);
    if (status == GD_OK && size < 0)
        status = gd_fail(error, GD_NOT_FOUND, "", "there is no file %s", path);
    if (status == GD_OK) {
        /* With the log's files, so that a service that starts meanwhile is seen; without them where
         * the volume cannot be written to or is full, for then nobody else writes either. */
        status = store_connection_open(&source, resolved, STORE_ACCESS_READ, error);
        int64_t version = 0;
        if (status == GD_OK)
            status = store_connection_number(source, "PRAGMA schema_version", &version, error);
        if (status == GD_IO_ERROR || status == GD_NO_SPACE) {
            store_connection_close(source);
            status = store_look_open(&source, resolved, error);
        }
    }
    if (status == GD_OK)
        status = copy_as(source, copy, error);
    store_connection_close(source);
    free(copy);
    free(resolved);
    return status;
}

/* --- Files -------------------------------------------------------------------------------- */

#define PAGE_FILES 256

typedef struct file_page {
    char *files[PAGE_FILES];
    int64_t count;
    int64_t after; /* the last row seen */
} file_page;

static gd_status read_files(store_connection *connection, const char *sql, file_page *page,
                            gd_error *error)
{
    store_statement statement = store_statement_open(connection, sql);
    store_bind_integer(&statement, 1, page->after);
    store_bind_integer(&statement, 2, PAGE_FILES);
    bool row = true;
    gd_status status = GD_OK;
    page->count = 0;
    while (page->count < PAGE_FILES) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        page->files[page->count++] = store_column_text(&statement, 0);
        page->after = store_column_integer(&statement, 1);
        status = store_statement_check(&statement, error);
        if (status != GD_OK)
            break;
    }
    store_statement_close(&statement);
    return status;
}

static gd_status visit_files(store *handle, const char *sql, store_file_visit visit, void *context,
                             gd_error *error)
{
    file_page page = {.count = PAGE_FILES};
    gd_status status = GD_OK;
    while (status == GD_OK && page.count == PAGE_FILES) {
        store_connection *connection = NULL;
        status = store_readers_take(handle->readers, &connection, error);
        if (status != GD_OK)
            break;
        status = read_files(connection, sql, &page, error);
        store_readers_give(handle->readers, connection);
        for (int64_t i = 0; i < page.count; i++) {
            if (status == GD_OK)
                status = visit(context, page.files[i]);
            free(page.files[i]);
        }
    }
    return status;
}

gd_status store_file_list(store *handle, store_file_visit visit, void *context, gd_error *error)
{
    gd_status status = visit_files(handle,
                                   "SELECT file, sequence FROM datasets WHERE sequence > ?"
                                   " ORDER BY sequence LIMIT ?",
                                   visit, context, error);
    if (status == GD_OK)
        status = visit_files(handle,
                             "SELECT checkpoint, sequence FROM jobs"
                             " WHERE checkpoint IS NOT NULL AND sequence > ?"
                             " AND status IN ('queued', 'running', 'paused')"
                             " ORDER BY sequence LIMIT ?",
                             visit, context, error);
    return status;
}
