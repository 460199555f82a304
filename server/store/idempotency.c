/*
 * idempotency.c: replies kept under a request's key. A key counts until it is swept; it is written
 * in the same transaction as the effect, so there is never the one without the other. Each new key
 * sweeps some that expired, so a service that is never started anew holds no more and more of them.
 */
#include "store/idempotency.h"

#include "store/handle.h"
#include "store/statement.h"

#include <stdlib.h>
#include <string.h>

#define SWEPT_AT_ONCE 4

gd_status store_idempotency_look_up(store_connection *connection, const char *owner,
                                    const char *key, const char *fingerprint, char **reply,
                                    gd_error *error)
{
    *reply = NULL;
    store_statement statement =
        store_statement_open(connection,
                             "SELECT fingerprint = ?2, reply FROM idempotency_keys"
                             " WHERE owner = coalesce(?3, '') AND key = ?1");
    store_bind_text(&statement, 1, key);
    store_bind_text(&statement, 2, fingerprint);
    store_bind_text(&statement, 3, owner);
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && !row) {
        status = gd_fail(error, GD_NOT_FOUND, "", "the idempotency key is new");
    } else if (status == GD_OK && store_column_integer(&statement, 0) == 0) {
        status =
            gd_fail(error, GD_CONFLICT, "", "the idempotency key was used with another request");
    } else if (status == GD_OK) {
        *reply = store_column_text(&statement, 1);
        status = store_statement_check(&statement, error);
    }
    store_statement_close(&statement);
    return status;
}

/* Oldest first. */
static gd_status sweep_some(store_connection *connection, int64_t now, gd_error *error)
{
    store_statement statement = store_statement_open(
        connection,
        "DELETE FROM idempotency_keys WHERE rowid IN"
        " (SELECT rowid FROM idempotency_keys INDEXED BY idempotency_keys_by_expiry"
        " WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)");
    store_bind_integer(&statement, 1, now);
    store_bind_integer(&statement, 2, SWEPT_AT_ONCE);
    return store_statement_run(&statement, NULL, error);
}

gd_status store_idempotency_insert(store_connection *connection,
                                   const store_idempotency *idempotency, int64_t now,
                                   gd_error *error)
{
    gd_status status = sweep_some(connection, now, error);
    if (status != GD_OK)
        return status;
    store_statement statement = store_statement_open(connection,
                                                     "INSERT INTO idempotency_keys"
                                                     " (key, fingerprint, reply, expires_at, owner)"
                                                     " VALUES (?, ?, ?, ?, coalesce(?, ''))");
    store_bind_text(&statement, 1, idempotency->key);
    store_bind_text(&statement, 2, idempotency->fingerprint);
    store_bind_text(&statement, 3, idempotency->reply);
    store_bind_integer(&statement, 4, idempotency->expires_at);
    store_bind_text(&statement, 5, idempotency->owner);
    return store_statement_run(&statement, NULL, error);
}

gd_status store_idempotency_find(store *handle, const char *owner, const char *key,
                                 const char *fingerprint, char **reply, gd_error *error)
{
    *reply = NULL;
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = store_idempotency_look_up(connection, owner, key, fingerprint, reply, error);
    store_readers_give(handle->readers, connection);
    return status;
}

static gd_status run_sweep(store_transaction *transaction, void *context, gd_error *error)
{
    const int64_t *now = context;
    store_statement statement = store_statement_open(
        transaction->connection, "DELETE FROM idempotency_keys WHERE expires_at <= ?");
    store_bind_integer(&statement, 1, *now);
    return store_statement_run(&statement, NULL, error);
}

gd_status store_sweep(store *handle, int64_t now, gd_error *error)
{
    return store_writer_run(handle->writer, run_sweep, &now, error);
}
