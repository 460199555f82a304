/*
 * workers.h: the threads that run jobs. They take work from the store, so their number is free; they
 * run at a lower scheduling priority than the threads that answer requests.
 */
#ifndef JOBS_WORKERS_H
#define JOBS_WORKERS_H

#include "jobs/run.h"

typedef struct jobs_workers jobs_workers;

/* Starts `count` threads; the runner is borrowed and outlives them. */
gd_status jobs_workers_start(jobs_workers **workers, const jobs_runner *runner, const char *boot,
                             int64_t count, gd_error *error);

/*
 * No further claim; running jobs are told to checkpoint; waits for the threads, at most `seconds`.
 * False where one is in the middle of a longer step: it goes on, nothing was freed, and the process
 * may only end at once. NULL is allowed.
 */
bool jobs_workers_stop(jobs_workers *workers, double seconds);

#endif
