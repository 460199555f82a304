/*
 * api.h: the HTTP contract, one file a resource, over the jobs service and the store. A handler
 * reads and checks its request, calls one thing below, and renders. Handlers run on the threads of
 * the HTTP server, several at once; the context is immutable but for its flags.
 */
#ifndef API_API_H
#define API_API_H

#include "access/registry.h"
#include "api/metrics.h"
#include "http/router.h"
#include "jobs/service.h"

#include <stdatomic.h>

/* A client made, changed or removed something; `job` is its id or NULL. */
typedef void api_log(void *context, const http_request *request, const char *job, const char *text);

typedef struct api_context {
    jobs_service *jobs;
    access_registry *access;             /* NULL: open to all */
    struct api_job_cache *job_cache;     /* NULL: none */
    struct api_reply_cache *reply_cache; /* NULL: none */
    const char *data_directory;
    api_log *log; /* may be NULL */
    void *log_context;
    uint64_t maximum_upload; /* bytes of a dataset's file; 0: any number */
    atomic_int reading;      /* uploads read while they arrive */
    atomic_bool draining;    /* answers 503 to everything that would write */
    atomic_bool failed;      /* the store failed for good */
    api_metrics metrics;
} api_context;

/* The table of routes; handlers are given an api_context. */
extern const http_route api_routes[];
extern const size_t api_route_count;

/* Name of the token that came with a request, "" without one. */
const char *api_client_name(const http_request *request);

/* For http_router_options.before: who asks, whether they may, whether what they ask for is theirs;
 * refuses writes while draining. */
http_filter api_before;

#endif
