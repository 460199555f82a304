/*
 * service.h: the pool of workers and what the outside may do with jobs: submit, change, stop.
 *
 * Each worker thread claims the next queued job, runs it and looks for the next; the queue is the
 * store's. At start, jobs of an earlier process are recovered and stray files removed. At the end,
 * running jobs checkpoint and are given back. Thread rule: safe from any thread.
 */
#ifndef JOBS_SERVICE_H
#define JOBS_SERVICE_H

#include "jobs/run.h"
#include "jobs/state.h"

typedef struct jobs_service jobs_service;

typedef struct jobs_service_options {
    store *store;               /* borrowed, outlives the service */
    const char *data_directory; /* borrowed */
    int64_t workers;            /* 0: none run, jobs stay queued */
    int64_t memory_limit;       /* bytes one job may take */
    int64_t maximum_queued;
    int64_t retain_jobs;     /* milliseconds after a job's end; 0: for ever */
    int64_t retain_datasets; /* milliseconds after upload or last use; 0: for ever */
    jobs_log *log;
    void *log_context;
} jobs_service_options;

jobs_service_options jobs_service_options_default(void);

gd_status jobs_service_create(jobs_service **service, const jobs_service_options *options,
                              gd_error *error);

/*
 * Running jobs stop within a step, checkpoint and are given back; joins the workers. False where a
 * step took longer than `seconds`: the service must then be left as it is and the process end; the
 * next start recovers the job.
 */
bool jobs_service_drain(jobs_service *service, double seconds);
/* After a drain that succeeded. NULL is allowed. */
void jobs_service_destroy(jobs_service *service);

store *jobs_service_store(const jobs_service *service);
jobs_live *jobs_service_live(const jobs_service *service);
const jobs_resources *jobs_service_resources(const jobs_service *service);
int64_t jobs_service_workers(const jobs_service *service);
/* Milliseconds since 1970 UTC. */
int64_t jobs_service_started_at(const jobs_service *service);
/* Jobs that the last stop left running and that were queued again at this start. */
int64_t jobs_service_recovered(const jobs_service *service);
/* {"version", "cpu", "kernels"} */
const char *jobs_service_environment(const jobs_service *service);

/* Who asks for a job. */
typedef struct jobs_requester {
    const char *owner; /* of the job to be */
    bool sees_all;     /* may use every job and dataset, else those of that owner alone */
    store_quota quota;
} jobs_requester;

/* A job ready to be stored, every text owned. */
typedef struct jobs_submission {
    char id[STORE_ID_SIZE];
    char retry_of[STORE_ID_SIZE];
    char owner[STORE_OWNER_SIZE];
    store_quota quota;
    char *name, *labels, *model, *optimizer, *spec, *summary;
    int64_t priority, created_at;
    char datasets[4][STORE_ID_SIZE];
    int64_t dataset_count;
    gd_buffer initial; /* of a warm start (warm_start.h), else empty */
} jobs_submission;

/* Resolves a spec that was read without faults; what does not fit its data is added to `faults`,
 * and the result is then GD_INVALID_ARGUMENT. What the requester (NULL: one who sees all) may not
 * see is not there for the spec. `plan` may be NULL; else it is the caller's to destroy. */
gd_status jobs_prepare(jobs_service *service, const jobs_requester *requester, spec_job *spec,
                       const char *retry_of, jobs_submission *submission, jobs_plan **plan,
                       json_faults *faults, gd_error *error);
void jobs_submission_dispose(jobs_submission *submission);

/* Stores it; see store_job_create for `idempotency` and `existing_reply`. */
gd_status jobs_submit(jobs_service *service, const jobs_submission *submission,
                      const store_idempotency *idempotency, char **existing_reply, gd_error *error);

/* Cancel, pause or resume; *job is the row after. GD_CONFLICT where the status forbids it. */
gd_status jobs_act(jobs_service *service, const char *id, jobs_action action, store_job *job,
                   jobs_outcome *outcome, gd_error *error);

#endif
