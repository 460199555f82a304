/*
 * owners.h: what an owner has and may have, for the files that make rows. Both work on a connection
 * that already is in a transaction, so that two requests at once cannot pass a limit together.
 */
#ifndef SERVER_STORE_OWNERS_H
#define SERVER_STORE_OWNERS_H

#include "store/connection.h"
#include "store/store.h"

/* May the owner (NULL: "") have so many queued jobs and bytes more: else GD_UNAVAILABLE or GD_NO_SPACE
 * with the path of the limit. What already is at the limit takes no job either, for a job's parameters
 * are stored too. */
gd_status store_owner_admit(store_connection *connection, const char *owner,
                            const store_quota *quota, int64_t jobs, int64_t bytes, gd_error *error);

/* Keeps the number of jobs that may run at once; after a first row of the owner was made. */
gd_status store_owner_limit_running(store_connection *connection, const char *owner,
                                    const store_quota *quota, gd_error *error);

#endif
