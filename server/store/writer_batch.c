/*
 * writer_batch.c: one transaction for many operations, and checkpoints; see writer_batch.h. An
 * operation that fails is rolled back to its savepoint and leaves the others alone; what takes the
 * whole transaction down is told to everybody in it.
 */
#include "store/writer_batch.h"

/* Pages of log at which a checkpoint is tried, and at which it may wait for readers (64 MiB). Where one
 * stays in the way all the same it is waited for again when the log is twice as long, for nobody is
 * served meanwhile. */
#define CHECKPOINT_PAGES       4000
#define CHECKPOINT_PATIENT     16384
#define CHECKPOINT_PATIENCE_MS 200
#define BUSY_MS                5000

static void start_anew(store_batch_state *state)
{
    state->checkpoint_at = CHECKPOINT_PAGES;
    state->patient_at = CHECKPOINT_PATIENT;
}

static int count_commit(void *context, sqlite3 *database, const char *name, int pages)
{
    (void)database;
    (void)name;
    store_batch_state *state = context;
    if (pages < state->log_pages) /* the log began anew */
        start_anew(state);
    state->log_pages = pages;
    atomic_fetch_add(&state->commits, 1);
    return SQLITE_OK;
}

void store_batch_state_start(store_batch_state *state, store_connection *connection)
{
    state->connection = connection;
    state->log_pages = 0;
    start_anew(state);
    atomic_init(&state->commits, 0);
    (void)sqlite3_wal_hook(store_connection_database(connection), count_commit, state);
}

bool store_batch_log_is_used(const store_batch_state *state)
{
    return state->log_pages > 0;
}

static int execute(store_batch_state *state, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    bool kept = false;
    int code = store_connection_prepare(state->connection, sql, &statement, &kept);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
            code = SQLITE_OK;
    }
    if (kept)
        (void)sqlite3_reset(statement);
    else
        (void)sqlite3_finalize(statement);
    return code;
}

static bool is_in_transaction(const store_batch_state *state)
{
    return sqlite3_get_autocommit(store_connection_database(state->connection)) == 0;
}

/* Tells failure to all: who was refused may have been so for what another one wrote that is undone. */
static void fail_all(store_pending *batch, const gd_error *failure)
{
    for (store_pending *each = batch; each != NULL; each = each->next)
        each->status = gd_fail(each->error, failure->status, "", "%s", failure->message);
}

/*
 * Ends a transaction that cannot be committed. GD_OK when the connection is clean again and the cause
 * was no fatal one.
 */
static gd_status abandon(store_batch_state *state, gd_error *failure)
{
    int code = is_in_transaction(state) ? execute(state, "ROLLBACK") : SQLITE_OK;
    if (store_connection_fatal_code(state->connection) != SQLITE_OK)
        return failure->status;
    if (code != SQLITE_OK && is_in_transaction(state))
        return store_connection_fail(state->connection, code, failure);
    if (failure->status == GD_NO_SPACE) /* room in the log comes from moving it into the database */
        state->checkpoint_at = 0;
    return GD_OK;
}

/*
 * One operation, within a savepoint where it shares the transaction. Anything but GD_OK, described in
 * `failure`: the transaction is lost.
 */
static gd_status run_one(store_batch_state *state, store_pending *pending, bool alone, bool *queued,
                         gd_error *failure)
{
    store_transaction transaction = {.connection = state->connection};
    int code = alone ? SQLITE_OK : execute(state, "SAVEPOINT operation");
    if (code != SQLITE_OK)
        return store_connection_fail(state->connection, code, failure);

    gd_error unused = {.status = GD_OK};
    gd_error *error = pending->error != NULL ? pending->error : &unused;
    pending->status = pending->operation(&transaction, pending->context, error);
    if (!is_in_transaction(state) || store_connection_fatal_code(state->connection) != SQLITE_OK) {
        if (pending->status == GD_OK)
            return gd_fail(failure, GD_IO_ERROR, "", "the transaction ended before its time");
        return gd_fail(failure, pending->status, "", "%s", error->message);
    }
    if (pending->status != GD_OK) {
        code = execute(state, alone ? "ROLLBACK" : "ROLLBACK TO operation");
        if (code != SQLITE_OK)
            return store_connection_fail(state->connection, code, failure);
    }
    code = alone ? SQLITE_OK : execute(state, "RELEASE operation");
    if (code != SQLITE_OK)
        return store_connection_fail(state->connection, code, failure);
    if (pending->status == GD_OK && transaction.queued)
        *queued = true;
    return GD_OK;
}

static gd_status commit(store_batch_state *state, gd_error *failure)
{
    int code = execute(state, "COMMIT");
    if (code == SQLITE_OK)
        return GD_OK;
    gd_status status = store_connection_fail(state->connection, code, failure);
    if (status == GD_NO_SPACE || status == GD_OUT_OF_MEMORY)
        return status;
    /* Whatever else a commit fails with, it is not known what the disk holds. */
    return gd_fail(failure, GD_IO_ERROR, "", "a commit failed: %s",
                   sqlite3_errmsg(store_connection_database(state->connection)));
}

/* Runs the operations of a list, and takes from *left as many as they are. */
static gd_status run_list(store_batch_state *state, store_pending *list, bool alone, int64_t *left,
                          bool *queued, gd_error *failure)
{
    gd_status status = GD_OK;
    for (store_pending *each = list; each != NULL && status == GD_OK; each = each->next, --*left)
        status = run_one(state, each, alone, queued, failure);
    return status;
}

static store_pending *last_of(store_pending *list)
{
    while (list->next != NULL)
        list = list->next;
    return list;
}

gd_status store_batch_run(store_batch_state *state, store_pending *batch, store_batch_source *more,
                          void *context, bool *queued, gd_error *failure)
{
    *queued = false;
    int code = execute(state, "BEGIN IMMEDIATE");
    if (code != SQLITE_OK) {
        (void)store_connection_fail(state->connection, code, failure);
        fail_all(batch, failure);
        return abandon(state, failure);
    }
    int64_t left = STORE_BATCH_CAPACITY;
    gd_status status = run_list(state, batch, batch->next == NULL, &left, queued, failure);
    /* One that ran alone and failed has ended the transaction; then there is none to join. */
    for (store_pending *last = last_of(batch); status == GD_OK && is_in_transaction(state);) {
        last->next = left > 0 ? more(context, left) : NULL;
        if (last->next == NULL)
            break;
        status = run_list(state, last->next, false, &left, queued, failure);
        last = last_of(last);
    }
    bool is_final = false;
    if (status == GD_OK && is_in_transaction(state)) {
        status = commit(state, failure);
        is_final = status == GD_IO_ERROR;
    }
    if (status == GD_OK)
        return GD_OK;
    *queued = false;
    fail_all(batch, failure);
    status = abandon(state, failure);
    return is_final ? GD_IO_ERROR : status;
}

gd_status store_batch_checkpoint(store_batch_state *state, bool idle, gd_error *failure)
{
    if (!(idle && state->log_pages > 0) && state->log_pages < state->checkpoint_at)
        return GD_OK;
    sqlite3 *database = store_connection_database(state->connection);
    int mode = SQLITE_CHECKPOINT_PASSIVE;
    int patience = 0;
    if (idle) {
        mode = SQLITE_CHECKPOINT_TRUNCATE;
    } else if (state->log_pages >= state->patient_at) {
        mode = SQLITE_CHECKPOINT_RESTART;
        patience = CHECKPOINT_PATIENCE_MS;
    }
    (void)sqlite3_busy_timeout(database, patience);
    int code = sqlite3_wal_checkpoint_v2(database, "main", mode, NULL, NULL);
    (void)sqlite3_busy_timeout(database, BUSY_MS);
    if (code == SQLITE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE)
        state->log_pages = 0;
    /* The log begins anew with the next commit, or, where a reader is in the way or there is no room,
     * grows on: once more when it has grown by as much again. */
    state->checkpoint_at = state->log_pages + CHECKPOINT_PAGES;
    if (code == SQLITE_BUSY && patience > 0)
        state->patient_at = 2 * state->log_pages;
    if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return GD_OK;
    gd_status status = store_connection_fail(state->connection, code, failure);
    return store_connection_fatal_code(state->connection) != SQLITE_OK ? status : GD_OK;
}
