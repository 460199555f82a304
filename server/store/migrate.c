/*
 * migrate.c: applying migrations; see migrate.h. A migration and its record are one transaction, so
 * a process that dies between them leaves the database as it was before.
 */
#include "store/migrate.h"

#include "store/handle.h"
#include "store/statement.h"

#include <stdio.h>

static gd_status record(store_connection *connection, const store_migration *migration,
                        gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "INSERT INTO schema_migrations"
                             " (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)");
    store_bind_integer(&statement, 1, migration->version);
    store_bind_text(&statement, 2, migration->name);
    store_bind_text(&statement, 3, migration->sha256);
    store_bind_integer(&statement, 4, store_now());
    return store_statement_run(&statement, NULL, error);
}

static gd_status apply(store_connection *connection, const store_migration *migration,
                       gd_error *error)
{
    char header[96];
    (void)snprintf(header, sizeof header, "PRAGMA application_id = %d; PRAGMA user_version = %lld;",
                   STORE_APPLICATION_ID, (long long)migration->version);
    gd_status status = store_connection_execute(connection, "BEGIN IMMEDIATE", error);
    if (status != GD_OK)
        return status;
    status = store_connection_execute(connection, migration->sql, error);
    if (status == GD_OK)
        status = record(connection, migration, error);
    if (status == GD_OK)
        status = store_connection_execute(connection, header, error);
    if (status == GD_OK)
        status = store_connection_execute(connection, "COMMIT", error);
    if (status != GD_OK && sqlite3_get_autocommit(store_connection_database(connection)) == 0)
        (void)store_connection_execute(connection, "ROLLBACK", NULL);
    return status;
}

gd_status store_schema_migrate(store_connection *connection, const store_migration *migrations,
                               size_t count, int64_t version, gd_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (migrations[i].version <= version)
            continue;
        gd_error cause = {.status = GD_OK};
        gd_status status = apply(connection, &migrations[i], &cause);
        if (status != GD_OK)
            return gd_fail(error, status, "", "migration %lld (%s): %s",
                           (long long)migrations[i].version, migrations[i].name, cause.message);
    }
    return GD_OK;
}
