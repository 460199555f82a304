/*
 * run.h: one attempt at one job, from claim to end: plan, train, publish, checkpoint, finish.
 *
 * Whatever happens, the job's row says the truth afterwards: it ended, was paused, was given back,
 * or still belongs to this boot and will be recovered by the next. Thread rule: each worker thread
 * runs one job at a time; the runner is shared and read-only.
 */
#ifndef JOBS_RUN_H
#define JOBS_RUN_H

#include "jobs/live.h"
#include "jobs/plan.h"

typedef enum jobs_log_level {
    JOBS_LOG_INFO,
    JOBS_LOG_WARNING,
    JOBS_LOG_ERROR
} jobs_log_level;

/* One line without a line end; `job` is an id or NULL. Any thread. */
typedef void jobs_log(void *context, jobs_log_level level, const char *job, const char *text);

typedef struct jobs_runner {
    jobs_resources resources;
    jobs_live *live;
    jobs_log *log;
    void *log_context;
} jobs_runner;

void jobs_logf(const jobs_runner *runner, jobs_log_level level, const char *job, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* Seconds of a clock that never goes back. */
double jobs_monotonic_seconds(void);

/* A job that was claimed. */
typedef struct jobs_claimed {
    store_claim claim;
    store_job job;  /* with details; sequence 0: there is none */
    uint64_t tells; /* jobs_live_tells before the claim */
} jobs_claimed;

/* Runs it to its end. With the end the next job is claimed where one waits: *next, which the caller
 * disposes of, is to be run then. */
void jobs_run(const jobs_runner *runner, const jobs_claimed *claimed, jobs_claimed *next);

#endif
