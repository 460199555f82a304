/*
 * service.h: the service without its sockets, for targets that answer whole requests: a store in a
 * folder of its own with a dataset, a job that has ended and one that waits, and the routes.
 *
 * It is made with the first call in a process and lives to its end; what targets ask of it leaves it
 * as it was.
 */
#ifndef TESTS_FUZZ_SERVICE_H
#define TESTS_FUZZ_SERVICE_H

#include "fuzz/fuzz.h"

#include "api/api.h"
#include "http/host.h"

typedef struct fuzz_service {
    char folder[64];
    store *store;
    jobs_service *jobs; /* without workers */
    api_context api;
    http_router *router;
    http_server_options options;
    http_host_rules *hosts;
    char dataset[STORE_ID_SIZE], ended[STORE_ID_SIZE], waiting[STORE_ID_SIZE];
} fuzz_service;

const fuzz_service *fuzz_service_get(void);

#endif
