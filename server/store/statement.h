/*
 * statement.h: one use of a prepared statement: open, bind, step, read columns, close. The first
 * failure of any of these is kept in the statement and reported by the next call that returns a
 * status, so that a list of binds needs no checks between. Closing resets, so nothing of a use can
 * be seen by the next one.
 */
#ifndef SERVER_STORE_STATEMENT_H
#define SERVER_STORE_STATEMENT_H

#include "store/connection.h"
#include "store/store.h"

#include <stddef.h>

typedef struct store_statement {
    store_connection *connection;
    sqlite3_stmt *handle;
    int code;  /* first failure, SQLITE_OK before */
    bool kept; /* by the connection, for the next use */
} store_statement;

/* `sql` must be a literal (see store_connection_prepare). */
store_statement store_statement_open(store_connection *connection, const char *sql);

/* For a text made at run time; prepared for this use only. */
store_statement store_statement_open_once(store_connection *connection, const char *sql);

void store_bind_integer(store_statement *statement, int index, int64_t value);
/* NULL binds NULL. Texts and bytes are not copied and must stay until the statement is closed. */
void store_bind_text(store_statement *statement, int index, const char *text);
void store_bind_bytes(store_statement *statement, int index, const void *bytes, size_t length);
/* As a column of type ANY holds it: REAL, 'NaN' or NULL. */
void store_bind_number(store_statement *statement, int index, store_number number);

/* Steps: *row says whether there is a row to read. Close the statement afterwards in any case. */
gd_status store_statement_next(store_statement *statement, bool *row, gd_error *error);

/* Steps to the end, closes, and gives the number of changed rows (`changed` may be NULL). */
gd_status store_statement_run(store_statement *statement, int64_t *changed, gd_error *error);

/* Steps once and closes: *value is column 0 of the row; GD_OK with *row false without one. */
gd_status store_statement_integer(store_statement *statement, bool *row, int64_t *value,
                                  gd_error *error);

/* Reports what column readers could not do (no memory). */
gd_status store_statement_check(store_statement *statement, gd_error *error);

void store_statement_close(store_statement *statement);

int64_t store_column_integer(store_statement *statement, int column);
store_number store_column_number(store_statement *statement, int column);
/* The database's own memory, until the statement's next step; NULL for NULL and for zero bytes. */
const void *store_column_borrowed(store_statement *statement, int column, size_t *length);
/* A copy (free); NULL for NULL. */
char *store_column_text(store_statement *statement, int column);
/* Into a fixed array; empty for NULL; GD_CORRUPT at the next check where it does not fit. */
void store_column_fixed(store_statement *statement, int column, char *text, size_t size);
/* The database's own memory, until the statement's next step; NULL for NULL and for zero bytes. */
const void *store_column_borrowed(store_statement *statement, int column, size_t *length);
/* A copy (free); NULL for NULL, and for zero bytes one that may be freed. */
void *store_column_bytes(store_statement *statement, int column, size_t *length);

#endif
