/*
 * readers.c: the pool of read-only connections; see readers.h. Free ones form a stack, so that the
 * one used last, whose pages are still in its cache, is used next.
 */
#include "store/readers.h"

#include "store/statement.h"

#include <pthread.h>
#include <stdlib.h>

struct store_readers {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t given;
    int64_t count, free_count;
    store_connection **free; /* [count], the first free_count are free */
};

gd_status store_readers_create(store_readers **created, const char *path, int64_t count,
                               gd_error *error)
{
    *created = NULL;
    if (count < 1 || count > 1024)
        return gd_fail(error, GD_INVALID_ARGUMENT, "reader_count", "from 1 to 1024, not %lld",
                       (long long)count);
    store_readers *readers = calloc(1, sizeof *readers);
    store_connection **slots = calloc((size_t)count, sizeof(store_connection *));
    if (readers == NULL || slots == NULL || pthread_mutex_init(&readers->mutex, NULL) != 0 ||
        pthread_cond_init(&readers->given, NULL) != 0) {
        free(readers);
        free(slots);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for reading connections");
    }
    readers->free = slots;
    gd_status status = GD_OK;
    while (status == GD_OK && readers->count < count) {
        status = store_connection_open(&slots[readers->count], path, STORE_ACCESS_READ, error);
        if (status == GD_OK)
            readers->count++;
    }
    readers->free_count = readers->count;
    if (status != GD_OK) {
        store_readers_destroy(readers);
        return status;
    }
    *created = readers;
    return GD_OK;
}

void store_readers_destroy(store_readers *readers)
{
    if (readers == NULL)
        return;
    for (int64_t i = 0; i < readers->free_count; i++)
        store_connection_close(readers->free[i]);
    (void)pthread_mutex_destroy(&readers->mutex);
    (void)pthread_cond_destroy(&readers->given);
    free(readers->free);
    free(readers);
}

gd_status store_readers_take(store_readers *readers, store_connection **connection, gd_error *error)
{
    (void)pthread_mutex_lock(&readers->mutex);
    while (readers->free_count == 0)
        (void)pthread_cond_wait(&readers->given, &readers->mutex);
    store_connection *taken = readers->free[--readers->free_count];
    (void)pthread_mutex_unlock(&readers->mutex);

    store_statement statement = store_statement_open(taken, "BEGIN");
    gd_status status = store_statement_run(&statement, NULL, error);
    if (status != GD_OK) {
        store_readers_give(readers, taken);
        taken = NULL;
    }
    *connection = taken;
    return status;
}

void store_readers_give(store_readers *readers, store_connection *connection)
{
    if (sqlite3_get_autocommit(store_connection_database(connection)) == 0) {
        store_statement statement = store_statement_open(connection, "ROLLBACK");
        (void)store_statement_run(&statement, NULL, NULL);
    }
    (void)pthread_mutex_lock(&readers->mutex);
    readers->free[readers->free_count++] = connection;
    (void)pthread_cond_signal(&readers->given);
    (void)pthread_mutex_unlock(&readers->mutex);
}
