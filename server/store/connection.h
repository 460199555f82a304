/*
 * connection.h: one connection to the database, opened the one right way, with its prepared
 * statements. A connection is used by one thread at a time; who holds it sees to that (the writer
 * thread, or the reader that took it from the pool).
 */
#ifndef SERVER_STORE_CONNECTION_H
#define SERVER_STORE_CONNECTION_H

#include <descent/status.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct store_connection store_connection;

typedef enum store_access {
    STORE_ACCESS_WRITE, /* creates the file where it is missing; the only kind that checkpoints */
    STORE_ACCESS_READ,  /* sees other processes' commits; needs the log's files beside it */
    STORE_ACCESS_IMMUTABLE, /* for a file nobody writes: touches nothing beside the file */
    STORE_ACCESS_MEMORY     /* an empty database that is gone on closing; the path is not used */
} store_access;

/* `path` must come from store_path_resolve. */
gd_status store_connection_open(store_connection **opened, const char *path, store_access access,
                                gd_error *error);

/* NULL is fine. Statements must be closed before. */
void store_connection_close(store_connection *connection);

/* Runs statements without parameters and results. */
gd_status store_connection_execute(store_connection *connection, const char *sql, gd_error *error);

/* The first column of the first row as a number, 0 without a row. */
gd_status store_connection_number(store_connection *connection, const char *sql, int64_t *number,
                                  gd_error *error);

sqlite3 *store_connection_database(store_connection *connection);

/* A statement for `sql`, which must be a literal: kept and found again by its address. `*kept` says
 * whether the connection keeps it (reset it) or the caller owns it (finalize it). */
int store_connection_prepare(store_connection *connection, const char *sql,
                             sqlite3_stmt **statement, bool *kept);

/* What an extended result code means to callers of the store. */
gd_status store_status_of(int code);

/*
 * Fills `error` from the code and the connection's last message. A code after which a writing
 * connection cannot be trusted (damage, failed I/O) is remembered.
 */
gd_status store_connection_fail(store_connection *connection, int code, gd_error *error);

/* The first such code, SQLITE_OK while there was none. */
int store_connection_fatal_code(const store_connection *connection);

/* Lets closing move the log into the database and remove it; without, closing leaves the log. */
void store_connection_checkpoint_on_close(store_connection *connection);

#endif
