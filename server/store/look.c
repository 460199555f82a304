/*
 * look.c: looking at a database file that is not in use here; see look.h. Where no log lies beside
 * the file it is opened as immutable, which creates nothing and takes no lock; where one does, what
 * was committed is in both and the log must be read too.
 */
#include "store/look.h"

#include "store/migrate.h"
#include "store/path.h"
#include "store/statement.h"

#include <stdlib.h>

static gd_status log_size(const char *path, int64_t *size, gd_error *error)
{
    char *log = store_path_beside(path, "-wal");
    if (log == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a path");
    gd_status status = store_path_size(log, size, error);
    free(log);
    return status;
}

gd_status store_look_integrity(store_connection *connection, gd_error *error)
{
    store_statement statement = store_statement_open(connection, "PRAGMA quick_check(1)");
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK) {
        char *text = row ? store_column_text(&statement, 0) : NULL;
        if (text == NULL || sqlite3_stricmp(text, "ok") != 0)
            status = gd_fail(error, GD_CORRUPT, "", "the database is damaged: %s",
                             text == NULL ? "it could not be checked" : text);
        free(text);
    }
    store_statement_close(&statement);
    return status;
}

/* Without a log all pages are in the file; a last page cut short would be read as zeros. */
static gd_status check_length(store_connection *connection, int64_t size, gd_error *error)
{
    int64_t pages = 0;
    int64_t page_size = 0;
    gd_status status = store_connection_number(connection, "PRAGMA page_count", &pages, error);
    if (status == GD_OK)
        status = store_connection_number(connection, "PRAGMA page_size", &page_size, error);
    if (status == GD_OK && size / page_size < pages)
        status = gd_fail(error, GD_CORRUPT, "", "the file is shorter than it was");
    return status;
}

gd_status store_look(const char *path, int64_t *version, gd_error *error)
{
    int64_t size = 0;
    int64_t log = 0;
    *version = 0;
    gd_status status = store_path_size(path, &size, error);
    if (status == GD_OK)
        status = log_size(path, &log, error);
    if (status != GD_OK)
        return status;
    if (size <= 0 && log > 0) /* opening it would remove the log and what it holds */
        return gd_fail(error, GD_CORRUPT, "", "%s is %s while its log %s-wal is there", path,
                       size < 0 ? "missing" : "empty", path);
    if (size <= 0)
        return GD_OK;

    bool was_closed = log <= 0;
    gd_error cause = {.status = GD_OK};
    store_connection *connection = NULL;
    status = store_connection_open(&connection, path,
                                   was_closed ? STORE_ACCESS_IMMUTABLE : STORE_ACCESS_READ, &cause);
    if (status == GD_OK)
        status = store_schema_verify(connection, store_migrations, store_migration_count, version,
                                     &cause);
    if (status == GD_OK)
        status = was_closed ? check_length(connection, size, &cause)
                            : store_look_integrity(connection, &cause);
    store_connection_close(connection);
    if (status != GD_OK)
        return gd_fail(error, status, "", "%s is refused: %s", path, cause.message);
    return GD_OK;
}

gd_status store_look_open(store_connection **opened, const char *path, gd_error *error)
{
    int64_t size = 0;
    int64_t log = 0;
    *opened = NULL;
    gd_status status = store_path_size(path, &size, error);
    if (status == GD_OK)
        status = log_size(path, &log, error);
    if (status != GD_OK)
        return status;
    if (size < 0)
        return gd_fail(error, GD_NOT_FOUND, "", "there is no file %s", path);
    return store_connection_open(opened, path, log < 0 ? STORE_ACCESS_IMMUTABLE : STORE_ACCESS_READ,
                                 error);
}
