/*
 * metrics.h: what is counted for GET /metrics. The HTTP server's log of requests feeds it; the rest
 * is asked of the service when somebody reads. Counters only grow while the process lives. Any
 * thread; no locks.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    API_METRICS_STATUSES = 600, /* counted by status; 0: the client went away before a reply */
    API_METRICS_BUCKETS = 12    /* of request times, without the last, infinite one */
};

/* All zero to begin with. */
typedef struct api_metrics {
    atomic_int_fast64_t requests[API_METRICS_STATUSES];
    atomic_int_fast64_t buckets[API_METRICS_BUCKETS + 1]; /* each counts its own interval */
    atomic_int_fast64_t microseconds;
    atomic_int_fast64_t reply_bytes;
} api_metrics;

/* One request that has ended, `seconds` after its first line. */
void api_metrics_count(api_metrics *metrics, int status, double seconds, size_t reply_bytes);

#endif
