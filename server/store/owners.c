/*
 * owners.c: one row an owner, kept by triggers of the database; here it is read and compared with what
 * the owner may have.
 */
#include "store/owners.h"

#include "store/handle.h"
#include "store/statement.h"

static gd_status read_owner(store_connection *connection, const char *owner, store_owner *read,
                            gd_error *error)
{
    *read = (store_owner){.bytes = 0};
    store_statement statement =
        store_statement_open(connection,
                             "SELECT queued, running, paused, succeeded, failed, cancelled, bytes"
                             " FROM owners WHERE owner = coalesce(?, '')");
    store_bind_text(&statement, 1, owner);
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && row) {
        for (int i = 0; i < STORE_JOB_STATUS_COUNT; i++)
            read->counts[i] = store_column_integer(&statement, i);
        read->bytes = store_column_integer(&statement, STORE_JOB_STATUS_COUNT);
    }
    store_statement_close(&statement);
    return status;
}

gd_status store_owner_admit(store_connection *connection, const char *owner,
                            const store_quota *quota, int64_t jobs, int64_t bytes, gd_error *error)
{
    store_owner has;
    if (quota->maximum_queued <= 0 && quota->maximum_bytes <= 0)
        return GD_OK;
    gd_status status = read_owner(connection, owner, &has, error);
    if (status != GD_OK)
        return status;
    if (quota->maximum_queued > 0 && jobs > quota->maximum_queued - has.counts[STORE_JOB_QUEUED])
        return gd_fail(error, GD_UNAVAILABLE, STORE_LIMIT_OWNER_QUEUE,
                       "%lld of your jobs wait already, and that is as many as may: send this one "
                       "later",
                       (long long)has.counts[STORE_JOB_QUEUED]);
    if (quota->maximum_bytes > 0 &&
        (has.bytes >= quota->maximum_bytes || bytes > quota->maximum_bytes - has.bytes))
        return gd_fail(error, GD_NO_SPACE, STORE_LIMIT_OWNER_BYTES,
                       "%lld of the %lld bytes you may store are taken: delete datasets or jobs",
                       (long long)has.bytes, (long long)quota->maximum_bytes);
    return GD_OK;
}

gd_status store_owner_limit_running(store_connection *connection, const char *owner,
                                    const store_quota *quota, gd_error *error)
{
    store_statement statement = store_statement_open(connection,
                                                     "UPDATE owners SET maximum_running = ?2"
                                                     " WHERE owner = coalesce(?1, '')"
                                                     " AND maximum_running <> ?2");
    store_bind_text(&statement, 1, owner);
    store_bind_integer(&statement, 2, quota->maximum_running > 0 ? quota->maximum_running : 0);
    return store_statement_run(&statement, NULL, error);
}

gd_status store_owner_read(store *handle, const char *owner, store_owner *read, gd_error *error)
{
    *read = (store_owner){.bytes = 0};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = read_owner(connection, owner, read, error);
    store_readers_give(handle->readers, connection);
    return status;
}

/* `sql` is one of two literals: the statement is kept by its address. */
static gd_status find_owner(store *handle, const char *sql, const char *id,
                            char owner[STORE_OWNER_SIZE], gd_error *error)
{
    owner[0] = '\0';
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    store_statement statement = store_statement_open(connection, sql);
    store_bind_text(&statement, 1, id);
    bool row = false;
    status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && !row)
        status = gd_fail(error, GD_NOT_FOUND, "", "nothing has this id");
    if (status == GD_OK) {
        store_column_fixed(&statement, 0, owner, STORE_OWNER_SIZE);
        status = store_statement_check(&statement, error);
    }
    store_statement_close(&statement);
    store_readers_give(handle->readers, connection);
    return status;
}

gd_status store_job_owner(store *handle, const char *id, char owner[STORE_OWNER_SIZE],
                          gd_error *error)
{
    return find_owner(handle, "SELECT owner FROM jobs WHERE id = ?", id, owner, error);
}

gd_status store_dataset_owner(store *handle, const char *id, char owner[STORE_OWNER_SIZE],
                              gd_error *error)
{
    return find_owner(handle, "SELECT owner FROM datasets WHERE id = ?", id, owner, error);
}
