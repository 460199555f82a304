/*
 * writer_batch.h: what the writer thread does to the database with the operations it took: one
 * transaction, and the checkpoints between. Everything here runs on that thread.
 */
#ifndef SERVER_STORE_WRITER_BATCH_H
#define SERVER_STORE_WRITER_BATCH_H

#include "store/writer.h"

#include <semaphore.h>
#include <stdatomic.h>

/* Operations in a transaction at most. */
#define STORE_BATCH_CAPACITY ((int64_t)256)

/* One waiting operation; lives on its caller's stack. */
typedef struct store_pending {
    struct store_pending *next;
    store_operation operation;
    void *context;
    gd_error *error;  /* may be NULL */
    gd_status status; /* read after `answered` alone */
    sem_t answered;
} store_pending;

typedef struct store_batch_state {
    store_connection *connection;
    int64_t log_pages;     /* in the log after the last commit */
    int64_t checkpoint_at; /* pages of log at which to checkpoint next */
    int64_t patient_at;    /* pages of log from which on readers may be waited for */
    _Atomic int64_t commits;
} store_batch_state;

/* Sets `state` up and has the connection count its commits in it; `state` must not move. */
void store_batch_state_start(store_batch_state *state, store_connection *connection);

/* Operations that came meanwhile, at most so many; NULL: none. */
typedef store_pending *store_batch_source(void *context, int64_t maximum);

/*
 * Runs the operations, and before it commits those that came meanwhile, which are appended to the
 * list: a commit costs more than an operation. Every record's status says what became of it.
 * *queued: one that was committed set `queued`. Anything but GD_OK, described in `failure`, means
 * that the connection is not to be used again.
 */
gd_status store_batch_run(store_batch_state *state, store_pending *batch, store_batch_source *more,
                          void *context, bool *queued, gd_error *failure);

/* Checkpoints where it is due, or where `idle` and the log is not empty. Fails as _run does. */
gd_status store_batch_checkpoint(store_batch_state *state, bool idle, gd_error *failure);

bool store_batch_log_is_used(const store_batch_state *state);

#endif
