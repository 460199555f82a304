/*
 * load.h: what the load tests share: clients that keep their connections, and looks at the program from
 * outside (memory, descriptors, processor time). Everything that goes wrong is a Criterion assertion.
 */
#ifndef TESTS_SUPPORT_LOAD_H
#define TESTS_SUPPORT_LOAD_H

#include "support/client.h"

/* A connection of one thread's own. */
typedef struct load_client {
    void *curl;
    char base[96];
    char *body; /* of the last reply, with a NUL */
    size_t length, capacity;
    int status;     /* 0: no reply */
    double seconds; /* that the last request took */
    char etag[128];
} load_client;

void load_client_open(load_client *client, const service *it);
void load_client_close(load_client *client);

/* method "GET", "POST" (JSON, or text/csv where `body` does not begin with a brace) or "DELETE";
 * `etag` goes into If-None-Match (NULL: none). The status; 0 where there was no reply. */
int load_ask(load_client *client, const char *method, const char *path, const char *body,
             const char *etag);

/* The first UUID in the last reply; false where there is none. */
bool load_first_id(const load_client *client, char id[37]);

/* Of the running program. */
int64_t load_resident_kilobytes(const service *it);
int load_descriptors(const service *it);
double load_processor_seconds(const service *it);
int64_t load_log_bytes(const service *it);

/* Value of a whole number in the environment, or `otherwise`. */
int64_t load_setting(const char *name, int64_t otherwise);

/* The value below which the share p of the sorted-in-place values lies. */
double load_percentile(double *values, size_t count, double p);

/* Least-squares slope of values over times. */
double load_slope(const double *times, const double *values, size_t count);

/* Connects to the program; -1 where it cannot be. */
int load_connect(const service *it);

#endif
