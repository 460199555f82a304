/*
 * idempotency.h: replies kept under a request's key, for the files that write one in the transaction
 * of the effect it stands for.
 */
#ifndef SERVER_STORE_IDEMPOTENCY_H
#define SERVER_STORE_IDEMPOTENCY_H

#include "store/connection.h"
#include "store/store.h"

/* As store_idempotency_find, on a connection in a transaction. */
gd_status store_idempotency_look_up(store_connection *connection, const char *owner,
                                    const char *key, const char *fingerprint, char **reply,
                                    gd_error *error);

/* Writes a new key, and removes a few of those that have expired by `now`. */
gd_status store_idempotency_insert(store_connection *connection,
                                   const store_idempotency *idempotency, int64_t now,
                                   gd_error *error);

#endif
