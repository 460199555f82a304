/*
 * The life of one request and its reply, driven by the callbacks of the library below.
 *
 * open (request line read) → access (headers read, then each piece of body, then the end) →
 * completed, exactly once. All callbacks of a connection come from one thread.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/deadline.h"
#include "http/host.h"
#include "http/router.h"
#include "http/server.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>

/* What all exchanges of a server share; only `is_stopping` changes after the start. */
typedef struct http_exchange_shared {
    http_server_options options;
    const http_router *router;
    http_host_rules *hosts;
    http_deadline *deadline;
    atomic_bool is_stopping; /* replies close their connections */
} http_exchange_shared;

/* Callbacks for the library; `shared` is the http_exchange_shared. */
void *http_exchange_open(void *shared, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_exchange_access(void *shared, struct MHD_Connection *connection,
                                     const char *url, const char *method, const char *version,
                                     const char *bytes, size_t *length, void **exchange);
void http_exchange_completed(void *shared, struct MHD_Connection *connection, void **exchange,
                             enum MHD_RequestTerminationCode how);

#endif
