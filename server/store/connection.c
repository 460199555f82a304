/*
 * connection.c: opening with the settings every connection needs, the meaning of result codes, and
 * the prepared statements of a connection. Nothing outside this file names a setting, so there is one
 * place that decides how durable a commit is: write-ahead log, synchronous FULL.
 */
#include "store/connection.h"

#include "store/joined_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_CAPACITY 96

typedef struct kept_statement {
    const char *sql;
    sqlite3_stmt *handle;
} kept_statement;

struct store_connection {
    sqlite3 *database;
    kept_statement kept[STATEMENT_CAPACITY];
    int kept_count;
    int fatal_code;
};

static const char settings_of_all[] =
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;";

static const char settings_of_reader[] = "PRAGMA query_only = ON;";

/* The log is kept at 64 MiB between uses; checkpoints are the writer thread's own business. Deleted
 * rows are overwritten where that costs no extra write. */
static const char settings_of_writer[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA secure_delete = FAST;"
    "PRAGMA cache_size = -4096;";

typedef struct code_meaning {
    int code; /* extended code, or primary where the low byte decides */
    gd_status status;
} code_meaning;

/* Searched in order: extended codes first. */
static const code_meaning code_meanings[] = {
    {SQLITE_OK, GD_OK},
    {SQLITE_DONE, GD_OK},
    {SQLITE_ROW, GD_OK},
    {SQLITE_IOERR_NOMEM, GD_OUT_OF_MEMORY},
    {SQLITE_IOERR_SHMMAP, GD_OUT_OF_MEMORY},
    {SQLITE_IOERR_SHMSIZE, GD_NO_SPACE},
    {SQLITE_CONSTRAINT_UNIQUE, GD_CONFLICT},
    {SQLITE_CONSTRAINT_PRIMARYKEY, GD_CONFLICT},
    {SQLITE_CONSTRAINT_FOREIGNKEY, GD_CONFLICT},
    {SQLITE_CONSTRAINT, GD_INVALID_ARGUMENT},
    {SQLITE_MISMATCH, GD_INVALID_ARGUMENT},
    {SQLITE_TOOBIG, GD_TOO_LARGE},
    {SQLITE_NOMEM, GD_OUT_OF_MEMORY},
    {SQLITE_FULL, GD_NO_SPACE},
    {SQLITE_BUSY, GD_UNAVAILABLE},
    {SQLITE_LOCKED, GD_UNAVAILABLE},
    {SQLITE_PROTOCOL, GD_UNAVAILABLE},
    {SQLITE_INTERRUPT, GD_UNAVAILABLE},
    {SQLITE_IOERR, GD_IO_ERROR},
    {SQLITE_READONLY, GD_IO_ERROR},
    {SQLITE_CANTOPEN, GD_IO_ERROR},
    {SQLITE_PERM, GD_IO_ERROR},
    {SQLITE_AUTH, GD_IO_ERROR},
    {SQLITE_NOLFS, GD_TOO_LARGE},
};

gd_status store_status_of(int code)
{
    for (size_t i = 0; i < sizeof code_meanings / sizeof code_meanings[0]; i++) {
        int known = code_meanings[i].code;
        if (code == known || (known < 256 && (code & 0xff) == known))
            return code_meanings[i].status;
    }
    /* SQLITE_CORRUPT and NOTADB, and whatever only a wrong schema can bring about. */
    return GD_CORRUPT;
}

/* The index of the log is made anew at every start: that it cannot grow says nothing of what lasts. */
static bool is_fatal(int code)
{
    if (code == SQLITE_IOERR_NOMEM || code == SQLITE_IOERR_SHMMAP || code == SQLITE_IOERR_SHMSIZE)
        return false;
    int primary = code & 0xff;
    return primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

gd_status store_connection_fail(store_connection *connection, int code, gd_error *error)
{
    const char *detail = sqlite3_errstr(code);
    if (sqlite3_extended_errcode(connection->database) == code)
        detail = sqlite3_errmsg(connection->database);
    if (connection->fatal_code == SQLITE_OK && is_fatal(code))
        connection->fatal_code = code;
    return gd_fail(error, store_status_of(code), "", "database: %s (%d)", detail, code);
}

int store_connection_fatal_code(const store_connection *connection)
{
    return connection->fatal_code;
}

void store_connection_checkpoint_on_close(store_connection *connection)
{
    (void)sqlite3_db_config(connection->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

/* "file:" + the path with the characters of a URI's syntax escaped + "?immutable=1" (free). */
static char *immutable_uri(const char *path)
{
    static const char digits[] = "0123456789abcdef";
    static const char tail[] = "?immutable=1";
    char *uri = malloc(5 + 3 * strlen(path) + sizeof tail);
    if (uri == NULL)
        return NULL;
    memcpy(uri, "file:", 5);
    size_t at = 5;
    for (const char *c = path; *c != '\0'; c++) {
        if (strchr("%?#", *c) != NULL) {
            uri[at++] = '%';
            uri[at++] = digits[((unsigned char)*c) >> 4];
            uri[at++] = digits[((unsigned char)*c) & 15];
        } else {
            uri[at++] = *c;
        }
    }
    memcpy(uri + at, tail, sizeof tail);
    return uri;
}

static int open_database(sqlite3 **database, const char *path, store_access access)
{
    switch (access) {
    case STORE_ACCESS_WRITE:
        return sqlite3_open_v2(
            path, database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    case STORE_ACCESS_READ:
        return sqlite3_open_v2(path, database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    case STORE_ACCESS_IMMUTABLE: {
        char *uri = immutable_uri(path);
        if (uri == NULL)
            return SQLITE_NOMEM;
        int code = sqlite3_open_v2(
            uri, database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
        free(uri);
        return code;
    }
    case STORE_ACCESS_MEMORY:
        break;
    }
    return sqlite3_open_v2(":memory:", database,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY |
                               SQLITE_OPEN_NOMUTEX,
                           NULL);
}

static gd_status use_write_ahead_log(store_connection *connection, gd_error *error)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(connection->database, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    bool is_wal = false;
    if (code == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);
        is_wal = mode != NULL && strcmp(mode, "wal") == 0;
    }
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_ROW)
        return store_connection_fail(connection, code, error);
    if (!is_wal)
        return gd_fail(error, GD_UNSUPPORTED, "",
                       "the file system of the database does not offer a write-ahead log");
    return GD_OK;
}

static void forget_log(void *file)
{
    store_joined_log_forget(file);
}

/* Whether a commit ends with the sync of its log. Of a disk that may spoil what lies beside the bytes
 * it writes, the log is filled up to a whole sector behind that. */
static bool is_synced_last(sqlite3 *database)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file);
    return code == SQLITE_OK && file != NULL && file->pMethods != NULL &&
           (file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
}

/* The log is a file of its own once the database was read. Without memory it is written page by
 * page. */
static gd_status join_log(store_connection *connection, gd_error *error)
{
    int64_t objects;
    sqlite3_file *file = NULL;
    gd_status status =
        store_connection_number(connection, "SELECT count(*) FROM sqlite_schema", &objects, error);
    if (status != GD_OK)
        return status;
    int code = sqlite3_file_control(connection->database, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                    (void *)&file);
    if (code != SQLITE_OK)
        return store_connection_fail(connection, code, error);
    if (file != NULL && file->pMethods != NULL && is_synced_last(connection->database) &&
        store_join_log(file))
        (void)sqlite3_rollback_hook(connection->database, forget_log, file);
    return GD_OK;
}

static gd_status configure(store_connection *connection, store_access access, gd_error *error)
{
    sqlite3 *database = connection->database;
    (void)sqlite3_extended_result_codes(database, 1);
    (void)sqlite3_busy_timeout(database, 5000);
    int code = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    /* Only the writer moves the log into the database, when it ends as at any other time. */
    if (code == SQLITE_OK)
        code = sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code != SQLITE_OK)
        return store_connection_fail(connection, code, error);

    gd_status status = store_connection_execute(connection, settings_of_all, error);
    if (status == GD_OK && access == STORE_ACCESS_WRITE) {
        status = use_write_ahead_log(connection, error);
        if (status == GD_OK)
            status = store_connection_execute(connection, settings_of_writer, error);
        if (status == GD_OK)
            status = join_log(connection, error);
    } else if (status == GD_OK && access != STORE_ACCESS_MEMORY) {
        status = store_connection_execute(connection, settings_of_reader, error);
    }
    return status;
}

gd_status store_connection_open(store_connection **opened, const char *path, store_access access,
                                gd_error *error)
{
    *opened = NULL;
    store_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a connection");
    int code = open_database(&connection->database, path, access);
    gd_status status = GD_OK;
    if (code != SQLITE_OK)
        status = gd_fail(error, store_status_of(code), "", "%s: %s", path, sqlite3_errstr(code));
    if (status == GD_OK)
        status = configure(connection, access, error);
    if (status != GD_OK) {
        store_connection_close(connection);
        return status;
    }
    *opened = connection;
    return GD_OK;
}

void store_connection_close(store_connection *connection)
{
    if (connection == NULL)
        return;
    for (int i = 0; i < connection->kept_count; i++)
        (void)sqlite3_finalize(connection->kept[i].handle);
    (void)sqlite3_close_v2(connection->database);
    free(connection);
}

gd_status store_connection_execute(store_connection *connection, const char *sql, gd_error *error)
{
    int code = sqlite3_exec(connection->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? GD_OK : store_connection_fail(connection, code, error);
}

gd_status store_connection_number(store_connection *connection, const char *sql, int64_t *number,
                                  gd_error *error)
{
    sqlite3_stmt *statement = NULL;
    *number = 0;
    int code = sqlite3_prepare_v2(connection->database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    gd_status status = GD_OK;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = store_connection_fail(connection, code, error);
    (void)sqlite3_finalize(statement);
    return status;
}

sqlite3 *store_connection_database(store_connection *connection)
{
    return connection->database;
}

int store_connection_prepare(store_connection *connection, const char *sql,
                             sqlite3_stmt **statement, bool *kept)
{
    *statement = NULL;
    *kept = false;
    for (int i = 0; i < connection->kept_count; i++) {
        /* One in use already (a visit within a visit) is left alone and made anew. */
        if (connection->kept[i].sql == sql && !sqlite3_stmt_busy(connection->kept[i].handle)) {
            *statement = connection->kept[i].handle;
            *kept = true;
            return SQLITE_OK;
        }
    }
    int code = sqlite3_prepare_v3(connection->database, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  statement, NULL);
    if (code == SQLITE_OK && connection->kept_count < STATEMENT_CAPACITY) {
        connection->kept[connection->kept_count++] =
            (kept_statement){.sql = sql, .handle = *statement};
        *kept = true;
    }
    return code;
}
