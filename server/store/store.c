/*
 * store.c: opening and closing, readiness, and waiting for jobs. Opening first looks at the file
 * through a connection that cannot write, under the lock, so that what is refused stays as it is.
 */
#include "store/store.h"

#include "store/handle.h"
#include "store/look.h"
#include "store/migrate.h"
#include "store/path.h"
#include "store/statement.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

int64_t store_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

store_options store_options_default(void)
{
    return (store_options){.path = NULL, .reader_count = 8, .queue_capacity = 4096};
}

static void note_queued(void *context)
{
    store *handle = context;
    (void)pthread_mutex_lock(&handle->mutex);
    handle->queued++;
    (void)pthread_cond_broadcast(&handle->queued_changed);
    (void)pthread_mutex_unlock(&handle->mutex);
}

static gd_status start_writer(store *handle, const store_options *options, int64_t version,
                              gd_error *error)
{
    store_connection *connection = NULL;
    gd_status status = store_connection_open(&connection, handle->path, STORE_ACCESS_WRITE, error);
    if (status == GD_OK)
        status = store_schema_migrate(connection, store_migrations, store_migration_count, version,
                                      error);
    if (status == GD_OK) {
        store_writer_options writer = {.connection = connection,
                                       .queue_capacity = options->queue_capacity,
                                       .on_fatal = options->on_fatal,
                                       .fatal_context = options->fatal_context,
                                       .on_queued = note_queued,
                                       .queued_context = handle};
        status = store_writer_create(&handle->writer, &writer, error);
    }
    if (status != GD_OK)
        store_connection_close(connection);
    return status;
}

static bool start_waiting(store *handle)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&handle->queued_changed, &monotonic) == 0 &&
              pthread_mutex_init(&handle->mutex, NULL) == 0;
    (void)pthread_condattr_destroy(&monotonic);
    handle->queued = 1; /* so that the first look of everybody finds news */
    return ok;
}

/* Before the database library's first use in the process, later it is refused and changes nothing: no
 * lock around every allocation for counts that nobody reads. */
static void configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

gd_status store_open(store **opened, const store_options *options, gd_error *error)
{
    *opened = NULL;
    configure_library();
    if (options->queue_capacity < 1)
        return gd_fail(error, GD_INVALID_ARGUMENT, "queue_capacity", "at least 1, not %lld",
                       (long long)options->queue_capacity);
    store *handle = calloc(1, sizeof *handle);
    if (handle == NULL || !start_waiting(handle)) {
        free(handle);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the store");
    }
    gd_status status = store_path_resolve(options->path, &handle->path, error);
    int64_t version = 0;
    if (status == GD_OK)
        status = store_lock_acquire(&handle->lock, handle->path, error);
    if (status == GD_OK)
        status = store_look(handle->path, &version, error);
    if (status == GD_OK)
        status = start_writer(handle, options, version, error);
    if (status == GD_OK)
        status = store_readers_create(&handle->readers, handle->path, options->reader_count, error);
    if (status != GD_OK) {
        store_close(handle);
        return status;
    }
    *opened = handle;
    return GD_OK;
}

void store_close(store *handle)
{
    if (handle == NULL)
        return;
    /* Readers before the writing connection: the last one to close empties the log. */
    store_writer_stop(handle->writer);
    store_readers_destroy(handle->readers);
    store_writer_destroy(handle->writer);
    store_lock_release(handle->lock);
    (void)pthread_mutex_destroy(&handle->mutex);
    (void)pthread_cond_destroy(&handle->queued_changed);
    free(handle->path);
    free(handle);
}

/*
 * Puts a row where it disturbs nobody and takes it away again, and commits that: only a real commit
 * shows that there is room and that the disk still syncs.
 */
static gd_status try_write(store_transaction *transaction, void *context, gd_error *error)
{
    (void)context;
    store_statement insertion =
        store_statement_open(transaction->connection,
                             "INSERT OR REPLACE INTO idempotency_keys VALUES ('', '', '', '', 0)");
    gd_status status = store_statement_run(&insertion, NULL, error);
    if (status != GD_OK)
        return status;
    store_statement removal = store_statement_open(
        transaction->connection, "DELETE FROM idempotency_keys WHERE owner = '' AND key = ''");
    return store_statement_run(&removal, NULL, error);
}

gd_status store_ready(store *handle, gd_error *error)
{
    return store_writer_run(handle->writer, try_write, NULL, error);
}

void store_await_queued(store *handle, uint64_t *seen, int64_t milliseconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(milliseconds / 1000);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&handle->mutex);
    int code = 0;
    while (handle->queued == *seen && code == 0)
        code = pthread_cond_timedwait(&handle->queued_changed, &handle->mutex, &until);
    *seen = handle->queued;
    (void)pthread_mutex_unlock(&handle->mutex);
}

void store_wake(store *handle)
{
    note_queued(handle);
}

int64_t store_commits(const store *handle)
{
    return store_writer_commits(handle->writer);
}

static int64_t file_bytes(const store *handle, const char *ending)
{
    char path[PATH_MAX];
    struct stat status;
    int length = snprintf(path, sizeof path, "%s%s", handle->path, ending);
    bool known = length > 0 && (size_t)length < sizeof path && stat(path, &status) == 0;
    return known ? (int64_t)status.st_size : 0;
}

int64_t store_log_bytes(const store *handle)
{
    return file_bytes(handle, "-wal");
}

int64_t store_bytes(const store *handle)
{
    return file_bytes(handle, "") + store_log_bytes(handle);
}
