/*
 * writer.h: the one thread that writes and checkpoints. Callers hand it operations and sleep; it
 * runs all that wait, and what comes meanwhile, in one transaction, where each can be undone alone,
 * and wakes them after COMMIT. So a call that returns GD_OK is durable, and many calls share one
 * sync of the disk.
 *
 * A failed write or sync is final: what the disk holds is then unknown and asking again would only
 * hide it. A full disk is not: the transaction is rolled back, all in it are told so, also who was
 * refused before, and the next one may succeed.
 */
#ifndef SERVER_STORE_WRITER_H
#define SERVER_STORE_WRITER_H

#include "store/connection.h"

typedef struct store_writer store_writer;

/* What an operation works in. */
typedef struct store_transaction {
    store_connection *connection;
    bool queued; /* set it: a job may be claimed now that could not before */
} store_transaction;

/*
 * Runs on the writer thread with the caller asleep. What it wrote is undone where it returns another
 * status than GD_OK. Memory it hands to the caller must be released by the caller when the whole
 * call fails, for the commit comes later. It must not call the store.
 */
typedef gd_status (*store_operation)(store_transaction *transaction, void *context,
                                     gd_error *error);

typedef struct store_writer_options {
    store_connection *connection; /* taken over, by store_writer_create's success */
    int64_t queue_capacity;
    void (*on_fatal)(void *context, const char *message);
    void *fatal_context;
    void (*on_queued)(void *context); /* after a commit that made a job claimable */
    void *queued_context;
} store_writer_options;

gd_status store_writer_create(store_writer **created, const store_writer_options *options,
                              gd_error *error);

/* Returns after the commit that holds the operation's effect, or with the reason there is none. */
gd_status store_writer_run(store_writer *writer, store_operation operation, void *context,
                           gd_error *error);

/* Refuses new operations, finishes those that wait and ends the thread. */
void store_writer_stop(store_writer *writer);

/* After _stop, and after every reader is closed: empties the log and closes. NULL is fine. */
void store_writer_destroy(store_writer *writer);

/* Transactions committed so far that wrote something. Any thread. */
int64_t store_writer_commits(const store_writer *writer);

#endif
