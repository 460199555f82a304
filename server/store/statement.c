/*
 * statement.c: one use of a prepared statement; see statement.h.
 */
#include "store/statement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char nan_text[] = "NaN";

store_statement store_statement_open(store_connection *connection, const char *sql)
{
    store_statement statement = {.connection = connection};
    statement.code = store_connection_prepare(connection, sql, &statement.handle, &statement.kept);
    return statement;
}

store_statement store_statement_open_once(store_connection *connection, const char *sql)
{
    store_statement statement = {.connection = connection};
    statement.code =
        sqlite3_prepare_v2(store_connection_database(connection), sql, -1, &statement.handle, NULL);
    return statement;
}

static void keep_failure(store_statement *statement, int code)
{
    if (statement->code == SQLITE_OK)
        statement->code = code;
}

void store_bind_integer(store_statement *statement, int index, int64_t value)
{
    if (statement->code == SQLITE_OK)
        keep_failure(statement, sqlite3_bind_int64(statement->handle, index, value));
}

void store_bind_text(store_statement *statement, int index, const char *text)
{
    if (statement->code != SQLITE_OK)
        return;
    if (text == NULL)
        keep_failure(statement, sqlite3_bind_null(statement->handle, index));
    else
        keep_failure(statement, sqlite3_bind_text64(statement->handle, index, text, strlen(text),
                                                    SQLITE_STATIC, SQLITE_UTF8));
}

void store_bind_bytes(store_statement *statement, int index, const void *bytes, size_t length)
{
    if (statement->code != SQLITE_OK)
        return;
    if (length == 0) /* a NULL pointer would be bound as NULL */
        keep_failure(statement, sqlite3_bind_zeroblob(statement->handle, index, 0));
    else
        keep_failure(statement,
                     sqlite3_bind_blob64(statement->handle, index, bytes, length, SQLITE_STATIC));
}

void store_bind_number(store_statement *statement, int index, store_number number)
{
    if (!number.present)
        store_bind_text(statement, index, NULL);
    else if (isnan(number.value))
        store_bind_text(statement, index, nan_text);
    else if (statement->code == SQLITE_OK)
        keep_failure(statement, sqlite3_bind_double(statement->handle, index, number.value));
}

gd_status store_statement_check(store_statement *statement, gd_error *error)
{
    if (statement->code == SQLITE_OK)
        return GD_OK;
    return store_connection_fail(statement->connection, statement->code, error);
}

gd_status store_statement_next(store_statement *statement, bool *row, gd_error *error)
{
    *row = false;
    if (statement->code == SQLITE_OK) {
        int code = sqlite3_step(statement->handle);
        *row = code == SQLITE_ROW;
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            keep_failure(statement, code);
    }
    return store_statement_check(statement, error);
}

gd_status store_statement_run(store_statement *statement, int64_t *changed, gd_error *error)
{
    bool row = true;
    gd_status status = GD_OK;
    while (status == GD_OK && row)
        status = store_statement_next(statement, &row, error);
    if (changed != NULL)
        *changed = status == GD_OK
                       ? sqlite3_changes64(store_connection_database(statement->connection))
                       : 0;
    store_statement_close(statement);
    return status;
}

gd_status store_statement_integer(store_statement *statement, bool *row, int64_t *value,
                                  gd_error *error)
{
    *value = 0;
    gd_status status = store_statement_next(statement, row, error);
    if (status == GD_OK && *row)
        *value = store_column_integer(statement, 0);
    store_statement_close(statement);
    return status;
}

void store_statement_close(store_statement *statement)
{
    if (statement->handle == NULL)
        return;
    /* One that writes and returns rows is run to its end, so that all of it is done. */
    while (statement->code == SQLITE_OK && sqlite3_stmt_busy(statement->handle) != 0 &&
           sqlite3_stmt_readonly(statement->handle) == 0) {
        int code = sqlite3_step(statement->handle);
        if (code != SQLITE_ROW)
            keep_failure(statement, code == SQLITE_DONE ? SQLITE_OK : code);
    }
    if (statement->kept) {
        (void)sqlite3_reset(statement->handle); /* repeats the failure of the last step */
        (void)sqlite3_clear_bindings(statement->handle);
    } else {
        (void)sqlite3_finalize(statement->handle);
    }
    statement->handle = NULL;
}

int64_t store_column_integer(store_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

store_number store_column_number(store_statement *statement, int column)
{
    switch (sqlite3_column_type(statement->handle, column)) {
    case SQLITE_NULL:
        return (store_number){.present = false};
    case SQLITE_TEXT:
        return (store_number){.present = true, .value = NAN};
    default:
        return (store_number){.present = true,
                              .value = sqlite3_column_double(statement->handle, column)};
    }
}

char *store_column_text(store_statement *statement, int column)
{
    if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(statement->handle, column);
    char *copy = text == NULL ? NULL : strdup(text);
    if (copy == NULL)
        keep_failure(statement, SQLITE_NOMEM);
    return copy;
}

void store_column_fixed(store_statement *statement, int column, char *text, size_t size)
{
    memset(text, 0, size);
    if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
        return;
    const char *value = (const char *)sqlite3_column_text(statement->handle, column);
    if (value == NULL)
        keep_failure(statement, SQLITE_NOMEM);
    else if (strlen(value) >= size)
        keep_failure(statement, SQLITE_CORRUPT);
    else
        memcpy(text, value, strlen(value));
}

const void *store_column_borrowed(store_statement *statement, int column, size_t *length)
{
    *length = 0;
    if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
        return NULL;
    const void *bytes = sqlite3_column_blob(statement->handle, column);
    int size = sqlite3_column_bytes(statement->handle, column);
    if (bytes == NULL && size > 0) {
        keep_failure(statement, SQLITE_NOMEM);
        return NULL;
    }
    *length = (size_t)size;
    return bytes;
}

void *store_column_bytes(store_statement *statement, int column, size_t *length)
{
    const void *bytes = store_column_borrowed(statement, column, length);
    if (statement->code != SQLITE_OK ||
        sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
        return NULL;
    void *copy = malloc(*length > 0 ? *length : 1);
    if (copy == NULL) {
        keep_failure(statement, SQLITE_NOMEM);
        return NULL;
    }
    if (*length > 0)
        memcpy(copy, bytes, *length);
    return copy;
}
