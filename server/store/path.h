/*
 * path.h: names of the database file and of the files beside it. Nothing here opens the database
 * itself: closing a second descriptor of it would drop the locks the database library holds.
 */
#ifndef SERVER_STORE_PATH_H
#define SERVER_STORE_PATH_H

#include <descent/status.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * *resolved (free) is the absolute path without symbolic links, so that two names of one file lead
 * to one lock. The folder must exist (GD_NOT_FOUND); the file need not.
 */
gd_status store_path_resolve(const char *path, char **resolved, gd_error *error);

/* "path" + "suffix" (free); NULL without memory. */
char *store_path_beside(const char *path, const char *suffix);

/* Size in bytes, -1 where there is no such file. GD_INVALID_ARGUMENT where it is not a file. */
gd_status store_path_size(const char *path, int64_t *size, gd_error *error);

/* Makes the entries of the folder that holds `path` durable. */
gd_status store_path_sync_folder(const char *path, gd_error *error);

#endif
