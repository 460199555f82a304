/*
 * token_file.h: the file of tokens: a heading and a line a token, nothing in it that opens a door.
 *
 * It is not in the database, for there one process alone writes, and tokens are added and revoked while
 * the service runs. It is written under another name, synced and renamed, so a reader sees the old file
 * or the new one. Writers take a lock beside it; readers need none.
 */
#ifndef ACCESS_TOKEN_FILE_H
#define ACCESS_TOKEN_FILE_H

#include "access/token.h"

#include <descent/status.h>

#define ACCESS_TOKENS_MAXIMUM 4096

typedef struct access_token_list {
    access_token *tokens;
    size_t count;
} access_token_list;

void access_token_list_dispose(access_token_list *list);

/* GD_NOT_FOUND where there is no file; GD_CORRUPT names the line that cannot be read;
 * GD_INVALID_ARGUMENT where others than the owner may write to it. */
gd_status access_token_file_read(const char *path, access_token_list *list, gd_error *error);

/* A change made between reading and writing, under the lock: GD_OK with *changed set writes. */
typedef gd_status (*access_token_change)(void *context, access_token_list *list, bool *changed,
                                         gd_error *error);

/* Reads (an absent file is an empty list), changes and writes durably, mode 0600. */
gd_status access_token_file_change(const char *path, access_token_change change, void *context,
                                   gd_error *error);

#endif
