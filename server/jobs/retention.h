/*
 * retention.h: jobs and datasets that have been kept long enough are deleted.
 *
 * A job's age begins with its end, a dataset's with its upload or with the end of the last job that
 * used it. A dataset that an unfinished job needs stays. Each deletion is a small write of its own, so
 * that nobody waits for many. Thread rule: the thread is the retention's own; _sweep may be called
 * from any.
 */
#ifndef JOBS_RETENTION_H
#define JOBS_RETENTION_H

#include "store/store.h"

#include <stdbool.h>

typedef struct jobs_retention_options {
    store *store;               /* borrowed */
    const char *data_directory; /* borrowed */
    int64_t jobs_milliseconds;  /* 0: kept for ever */
    int64_t datasets_milliseconds;
    /* Told after a round that deleted something or failed; may be NULL. */
    void (*log)(void *context, int64_t jobs, int64_t datasets, gd_status status,
                const gd_error *error);
    void *log_context;
} jobs_retention_options;

/* Deletes what is too old at `now` (milliseconds since 1970), jobs before datasets. */
gd_status jobs_retention_sweep(const jobs_retention_options *options, int64_t now, int64_t *jobs,
                               int64_t *datasets, gd_error *error);

typedef struct jobs_retention jobs_retention;

/*
 * A thread that sweeps at once and then every tenth of the shorter time, from a second to an hour.
 * NULL where nothing is limited, or no thread is to be had (then *status is not GD_OK).
 */
jobs_retention *jobs_retention_start(const jobs_retention_options *options, gd_status *status);
/* Waits for a sweep under way. NULL is allowed. */
void jobs_retention_stop(jobs_retention *retention);

#endif
