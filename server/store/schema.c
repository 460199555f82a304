/*
 * schema.c: looking at a database before it is used; see store_schema_verify in migrate.h. Nothing
 * here writes. The tables are compared with those an empty database gets from the same migrations,
 * so a change made by hand is seen although the recorded checksums are right.
 */
#include "store/migrate.h"
#include "store/statement.h"

#include <stdlib.h>
#include <string.h>

/* One of the recorded migrations against the one that is embedded. */
static gd_status verify_record(store_statement *statement, const store_migration *migrations,
                               size_t count, int64_t expected, gd_error *error)
{
    int64_t version = store_column_integer(statement, 0);
    if (version > (int64_t)count)
        return gd_fail(error, GD_UNSUPPORTED, "",
                       "the database has migration %lld, this program knows %lld: it was used by a "
                       "newer version",
                       (long long)version, (long long)count);
    if (version != expected)
        return gd_fail(error, GD_CORRUPT, "", "the record of migration %lld is missing",
                       (long long)expected);
    char *sha256 = store_column_text(statement, 1);
    gd_status status = store_statement_check(statement, error);
    if (status == GD_OK && (sha256 == NULL || strcmp(sha256, migrations[version - 1].sha256) != 0))
        status = gd_fail(error, GD_CORRUPT, "",
                         "migration %lld (%s) of the database has another checksum than this "
                         "program's",
                         (long long)version, migrations[version - 1].name);
    free(sha256);
    return status;
}

static gd_status verify_records(store_connection *connection, const store_migration *migrations,
                                size_t count, int64_t *version, gd_error *error)
{
    /* The highest first, so that a newer database is called that. */
    int64_t highest = 0;
    gd_status status = store_connection_number(
        connection, "SELECT max(version) FROM schema_migrations", &highest, error);
    if (status != GD_OK)
        return status;
    store_statement statement = store_statement_open(connection,
                                                     "SELECT version, sha256 FROM schema_migrations"
                                                     " WHERE version > ? ORDER BY version");
    store_bind_integer(&statement, 1, highest > (int64_t)count ? (int64_t)count : 0);
    bool row = true;
    while (status == GD_OK) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        status = verify_record(&statement, migrations, count, *version + 1, error);
        *version += 1;
    }
    store_statement_close(&statement);
    return status;
}

static const char schema_sql[] =
    "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema"
    " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name";

/* Walks both lists side by side; the first difference is named. */
static gd_status compare_schemas(store_connection *found, store_connection *wanted, gd_error *error)
{
    store_statement left = store_statement_open(found, schema_sql);
    store_statement right = store_statement_open(wanted, schema_sql);
    bool more = true;
    gd_status status = GD_OK;
    while (status == GD_OK && more) {
        bool left_row = false;
        bool right_row = false;
        status = store_statement_next(&left, &left_row, error);
        if (status == GD_OK)
            status = store_statement_next(&right, &right_row, error);
        more = left_row || right_row;
        if (status != GD_OK || !more)
            break;
        char *names[2] = {left_row ? store_column_text(&left, 0) : NULL,
                          right_row ? store_column_text(&right, 0) : NULL};
        char *texts[2] = {left_row ? store_column_text(&left, 1) : NULL,
                          right_row ? store_column_text(&right, 1) : NULL};
        if (names[0] == NULL || names[1] == NULL || texts[0] == NULL || texts[1] == NULL ||
            strcmp(names[0], names[1]) != 0 || strcmp(texts[0], texts[1]) != 0)
            status =
                gd_fail(error, GD_CORRUPT, "", "the database was altered: %s",
                        names[0] != NULL ? names[0] : (names[1] != NULL ? names[1] : "its tables"));
        for (int i = 0; i < 2; i++) {
            free(names[i]);
            free(texts[i]);
        }
    }
    store_statement_close(&left);
    store_statement_close(&right);
    return status;
}

static gd_status verify_tables(store_connection *connection, const store_migration *migrations,
                               int64_t version, gd_error *error)
{
    store_connection *wanted = NULL;
    gd_status status = store_connection_open(&wanted, "", STORE_ACCESS_MEMORY, error);
    if (status == GD_OK)
        status = store_schema_migrate(wanted, migrations, (size_t)version, 0, error);
    if (status == GD_OK)
        status = compare_schemas(connection, wanted, error);
    store_connection_close(wanted);
    return status;
}

gd_status store_schema_verify(store_connection *connection, const store_migration *migrations,
                              size_t count, int64_t *version, gd_error *error)
{
    *version = 0;
    int64_t application = 0;
    int64_t tables = 0;
    gd_status status =
        store_connection_number(connection, "PRAGMA application_id", &application, error);
    if (status == GD_OK)
        status = store_connection_number(connection, "SELECT count(*) FROM sqlite_schema", &tables,
                                         error);
    if (status != GD_OK)
        return status;
    if (application == 0 && tables == 0)
        return GD_OK;
    if (application != STORE_APPLICATION_ID)
        return gd_fail(error, GD_UNSUPPORTED, "", "the database belongs to another program");
    status = verify_records(connection, migrations, count, version, error);
    if (status == GD_OK && *version == 0)
        status = gd_fail(error, GD_CORRUPT, "", "the database has no record of its migrations");
    if (status == GD_OK)
        status = verify_tables(connection, migrations, *version, error);
    return status;
}
