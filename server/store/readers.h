/*
 * readers.h: a pool of read-only connections. Who takes one has a snapshot of its own, which no
 * writer waits for and which waits for no writer; it must be given back before bytes go elsewhere,
 * for the log cannot be emptied past an open snapshot.
 */
#ifndef SERVER_STORE_READERS_H
#define SERVER_STORE_READERS_H

#include "store/connection.h"

typedef struct store_readers store_readers;

/* `path` from store_path_resolve; the database must exist. */
gd_status store_readers_create(store_readers **created, const char *path, int64_t count,
                               gd_error *error);

/* All connections must have been given back. NULL is fine. */
void store_readers_destroy(store_readers *readers);

/* Waits for a free connection and begins a read transaction on it. */
gd_status store_readers_take(store_readers *readers, store_connection **connection,
                             gd_error *error);

/* Ends the transaction. Every statement on it must be closed. */
void store_readers_give(store_readers *readers, store_connection *connection);

#endif
