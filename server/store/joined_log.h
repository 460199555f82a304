/*
 * joined_log.h: the write-ahead log of the connection that writes, written in large pieces. The
 * database library writes a page of the log in two calls, and a commit has tens of pages: here what
 * follows on what was written is kept up to 64 KiB, and goes to the file in one call before
 * anything else happens to it: a read, a sync, a cut, a question for its size. A transaction counts
 * only once its commit was synced, and the sync is told what writing failed with, so nobody can see
 * that less was written before.
 *
 * Only for a log whose every commit is synced (synchronous FULL): other connections read the file
 * itself. Thread rule: that of the connection.
 */
#ifndef STORE_JOINED_LOG_H
#define STORE_JOINED_LOG_H

#include <sqlite3.h>
#include <stdbool.h>

/* Stands before the methods of an open file until that is closed. False without memory: the file is
 * as it was. */
bool store_join_log(sqlite3_file *file);

#endif
