/*
 * handle.h: what a store handle holds, for the files of this folder. Reading takes a connection from
 * the pool; writing hands an operation to the writer thread.
 */
#ifndef SERVER_STORE_HANDLE_H
#define SERVER_STORE_HANDLE_H

#include "store/lock.h"
#include "store/readers.h"
#include "store/store.h"
#include "store/writer.h"

#include <pthread.h>

struct store {
    char *path;
    store_lock *lock;
    store_writer *writer;
    store_readers *readers;

    pthread_mutex_t mutex; /* guards `queued`: counts the moments at which a job became claimable */
    pthread_cond_t queued_changed;
    uint64_t queued;
};

/* Milliseconds since 1970 UTC. */
int64_t store_now(void);

#endif
