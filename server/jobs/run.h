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

void jobs_run(const jobs_runner *runner, const store_claim *claim, const store_job *job);

#endif
