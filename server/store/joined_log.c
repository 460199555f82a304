/*
 * joined_log.c: see joined_log.h. The methods that a file points to are the first member here, which is
 * how a call finds what it belongs to; those that are not of interest are the file's own.
 */
#include "store/joined_log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The largest page there may be: the library's own files are written in nothing larger, and
 * refuse 128 KiB. */
#define CAPACITY 65536

typedef struct joined_log {
    sqlite3_io_methods methods; /* what the file points to */
    const sqlite3_io_methods *own;
    sqlite3_int64 start; /* where the bytes held belong, or those that were lost */
    int held;
    int lost; /* what writing them failed with; SQLITE_OK: nothing is lost */
    unsigned char bytes[CAPACITY];
} joined_log;

static joined_log *log_of(const sqlite3_file *file)
{
    return (joined_log *)(void *)(uintptr_t)file->pMethods;
}

/* Fails, once bytes were lost, until the transaction they belong to is forgotten. */
static int write_held(sqlite3_file *file)
{
    joined_log *log = log_of(file);
    int count = log->held;
    log->held = 0;
    if (count > 0)
        log->lost = log->own->xWrite(file, log->bytes, count, log->start);
    return log->lost;
}

static int joined_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    joined_log *log = log_of(file);
    if (log->held == 0 || offset != log->start + log->held || count > CAPACITY - log->held) {
        int code = write_held(file);
        if (code != SQLITE_OK)
            return code;
        log->start = offset;
        if (count > CAPACITY)
            return log->lost = log->own->xWrite(file, bytes, count, offset);
    }
    memcpy(log->bytes + log->held, bytes, (size_t)count);
    log->held += count;
    return SQLITE_OK;
}

/* What lies before all that was lost is read also then, for rolling back may need it. */
static int joined_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    const joined_log *log = log_of(file);
    int code = write_held(file);
    if (code != SQLITE_OK && offset + count > log->start)
        return code;
    return log->own->xRead(file, bytes, count, offset);
}

static int joined_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = write_held(file);
    return code != SQLITE_OK ? code : log_of(file)->own->xTruncate(file, size);
}

static int joined_sync(sqlite3_file *file, int flags)
{
    int code = write_held(file);
    return code != SQLITE_OK ? code : log_of(file)->own->xSync(file, flags);
}

static int joined_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = write_held(file);
    return code != SQLITE_OK ? code : log_of(file)->own->xFileSize(file, size);
}

/* What is still held was never synced, so no commit needs it. */
static int joined_close(sqlite3_file *file)
{
    joined_log *log = log_of(file);
    file->pMethods = log->own;
    free(log);
    return file->pMethods->xClose(file);
}

bool store_join_log(sqlite3_file *file)
{
    joined_log *log = malloc(sizeof *log);
    if (log == NULL)
        return false;
    log->own = file->pMethods;
    log->methods = *file->pMethods;
    log->methods.xClose = joined_close;
    log->methods.xRead = joined_read;
    log->methods.xWrite = joined_write;
    log->methods.xTruncate = joined_truncate;
    log->methods.xSync = joined_sync;
    log->methods.xFileSize = joined_size;
    log->held = 0;
    log->start = 0;
    log->lost = SQLITE_OK;
    file->pMethods = &log->methods;
    return true;
}

void store_joined_log_forget(sqlite3_file *file)
{
    joined_log *log = log_of(file);
    log->held = 0;
    log->lost = SQLITE_OK;
}
