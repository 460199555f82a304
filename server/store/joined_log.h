/*
 * joined_log.h: the write-ahead log of the connection that writes, written in large pieces. The
 * database library writes a page of the log in two calls, and a commit has tens of pages: here what
 * follows on what was written is kept up to 64 KiB, and goes to the file in one call before
 * anything else happens to it: a read, a sync, a cut, a question for its size. A transaction counts
 * only once its commit was synced. Where writing failed, for want of room too, every later write and
 * sync fails with the same until the transaction is rolled back: a statement that happened to be
 * told, of whichever operation, may be undone alone, and the pages lost were of the others.
 *
 * Only for a log whose every commit is synced (synchronous FULL) with nothing written behind the
 * sync: other connections read the file itself. Thread rule: that of the connection.
 */
#ifndef STORE_JOINED_LOG_H
#define STORE_JOINED_LOG_H

#include <sqlite3.h>
#include <stdbool.h>

/* Stands before the methods of an open file until that is closed. False without memory: the file is
 * as it was. */
bool store_join_log(sqlite3_file *file);

/* The transaction under way was rolled back: nothing that was written since its begin is wanted. */
void store_joined_log_forget(sqlite3_file *file);

#endif
