/*
 * registry.h: who may come in: the tokens as the running service knows them.
 *
 * The file is looked at (one stat) with each question and read anew when it is another one, so a
 * token is good or gone with the next request. Without a file the service is open to all. Once a
 * file was seen it never is again in this process: a file that vanished or cannot be read lets
 * nobody more in (the tokens read last stay good where it is damaged, none is where it is gone).
 * Any thread.
 */
#ifndef ACCESS_REGISTRY_H
#define ACCESS_REGISTRY_H

#include "access/token.h"

#include <descent/status.h>

typedef struct access_registry access_registry;

/* Who asks. */
typedef struct access_identity {
    char token[ACCESS_NAME_SIZE]; /* "" where the service is open */
    char owner[ACCESS_NAME_SIZE];
    unsigned scopes;
    bool sees_all; /* admin, or the service is open */
    int64_t maximum_queued, maximum_running, maximum_bytes;
} access_identity;

/* Told of a file that can no longer be read, and that it can be again. `text` is one line. */
typedef void access_report(void *context, bool failed, const char *text);

/* Reads the file at `path` if there is one. GD_CORRUPT and the like where it is there and no good. */
gd_status access_registry_open(access_registry **opened, const char *path, access_report *report,
                               void *report_context, gd_error *error);
void access_registry_close(access_registry *registry);

/* True if requests need a token. */
bool access_registry_is_closed(access_registry *registry);

/*
 * Who bears this Authorization header (NULL: none). False: nobody who may come in. Where the service is
 * open everybody may, whatever they send.
 */
bool access_registry_identify(access_registry *registry, const char *authorization,
                              access_identity *identity);

#endif
