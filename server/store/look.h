/*
 * look.h: looking at a database file that is not in use here, without changing a byte of it.
 */
#ifndef SERVER_STORE_LOOK_H
#define SERVER_STORE_LOOK_H

#include "store/connection.h"

/*
 * Whether the file at `path` can be used, under the lock: *version is the number of migrations it
 * has had, 0 where it is missing or empty. Refusals as store_schema_verify, and GD_CORRUPT where it
 * is damaged. A database that was not closed in good order is read as a whole.
 */
gd_status store_look(const char *path, int64_t *version, gd_error *error);

/* A connection for reading alone, to a file others may be using. GD_NOT_FOUND without the file. */
gd_status store_look_open(store_connection **opened, const char *path, gd_error *error);

/* Reads every page: order within pages, overlap, and what `also` names. GD_CORRUPT where not sound. */
gd_status store_look_integrity(store_connection *connection, gd_error *error);

#endif
