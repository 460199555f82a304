/*
 * run_private.h: an attempt under way, shared by run.c, run_save.c and run_finish.c.
 */
#ifndef JOBS_RUN_PRIVATE_H
#define JOBS_RUN_PRIVATE_H

#include "jobs/checkpoint.h"
#include "jobs/moments.h"
#include "jobs/run.h"

typedef struct jobs_attempt {
    const jobs_runner *runner;
    const store_claim *claim;
    const store_job *job;
    uint64_t tells;     /* before the claim */
    jobs_claimed *next; /* filled in with the end */
    spec_job *spec;
    jobs_plan *plan;
    gd_trainer *trainer;
    gd_buffer preparation;
    jobs_curve curve; /* until the entry takes it over */
    jobs_live_entry *entry;
    jobs_moments moments;                       /* not yet stored */
    char checkpoint[JOBS_CHECKPOINT_NAME_SIZE]; /* file the store knows of; empty: none */
    double started_at, saved_at;                /* monotonic seconds */
    int64_t samples_before;                     /* seen by earlier attempts */
    bool checkpoint_failed;                     /* told once */
    bool lost;                                  /* the claim is stale or the store is gone */
    store_job_status ended;                     /* as its end was stored */
} jobs_attempt;

/* Current parameters, of a formula in double. */
const void *jobs_attempt_parameters(const jobs_attempt *attempt);

store_progress jobs_progress_of(const gd_progress *progress);

/* Checkpoint file, then progress, curve, moments and its name in one transaction (run_save.c). */
void jobs_attempt_save(jobs_attempt *attempt);
/* Puts trainer and curve where the last checkpoint left them, or at the beginning where there is none
 * to be used. False where the attempt was failed for lack of memory. */
bool jobs_attempt_restore(jobs_attempt *attempt);

/* The chunks of the points held in memory, encoded one after the other in `bytes`; *chunks [count] is
 * the caller's to free and points into it. */
gd_status jobs_attempt_chunks(jobs_attempt *attempt, gd_buffer *bytes, store_chunk **chunks,
                              int64_t *count);

/* Ends an attempt that trained (run_finish.c). `failure` is what gd_trainer_advance said last. */
void jobs_attempt_finish(jobs_attempt *attempt, jobs_control control, const gd_error *failure);
/* Gives back one that was asked to stop while it loaded its data; what was stored before stands. */
void jobs_attempt_leave(jobs_attempt *attempt, jobs_control control);
/* Ends one that could not begin or go on. */
void jobs_attempt_fail(jobs_attempt *attempt, const char *reason, const char *message);

#endif
