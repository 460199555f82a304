/*
 * run_finish.c: the end of an attempt: what it is called, how good the model is, and everything that
 * is kept, written in one transaction together with the end itself.
 */
#include "jobs/digest.h"
#include "jobs/identity.h"
#include "jobs/measure.h"
#include "jobs/run_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MICROSECONDS 200000

/* How an end is told: status, reason and event. */
typedef struct ending {
    store_job_status status;
    const char *reason; /* NULL: the job goes on later */
    const char *event;
    char message[512];
} ending;

/* What becomes of several restarts, in place of what became of the last one. */
static void name_best_restart(const gd_progress *progress, int64_t restarts, ending *end)
{
    if (restarts <= 1 || progress->best_restart == 0 || end->status != STORE_JOB_SUCCEEDED)
        return;
    size_t length = strlen(end->message);
    if (progress->reason == GD_STOP_TIME_LIMIT)
        snprintf(end->message + length, sizeof end->message - length,
                 " Of %lld restarts begun number %lld is the best.", (long long)progress->restart,
                 (long long)progress->best_restart);
    else
        snprintf(end->message, sizeof end->message,
                 "Of %lld restarts, %lld steps in all, number %lld is the best; it ended as %s.",
                 (long long)progress->restart, (long long)progress->step,
                 (long long)progress->best_restart, gd_stop_reason_name(progress->reason));
}

static ending name_ending(const jobs_attempt *attempt, jobs_control control,
                          const gd_error *failure)
{
    const gd_progress *progress = gd_trainer_progress(attempt->trainer);
    long long step = (long long)progress->step;
    ending end = {STORE_JOB_SUCCEEDED, gd_stop_reason_name(progress->reason), "succeeded", ""};
    if (failure->status != GD_OK && progress->reason != GD_STOP_DIVERGED) {
        end = (ending){STORE_JOB_FAILED,
                       failure->status == GD_OUT_OF_MEMORY ? "out_of_memory" : "internal_error",
                       "failed", ""};
        snprintf(end.message, sizeof end.message, "The run ended at step %lld: %s.", step,
                 failure->message);
        return end;
    }
    switch (progress->reason) {
    case GD_STOP_COMPLETED:
        snprintf(end.message, sizeof end.message, "All %lld steps were run.", step);
        return end;
    case GD_STOP_CONVERGED:
        snprintf(end.message, sizeof end.message, "Converged after %lld steps.", step);
        return end;
    case GD_STOP_EARLY_STOPPED:
        snprintf(end.message, sizeof end.message,
                 "Stopped after %lld steps: no improvement for %lld epochs.", step,
                 (long long)attempt->spec->training.stop_patience);
        return end;
    case GD_STOP_TIME_LIMIT:
        snprintf(end.message, sizeof end.message,
                 "The time limit of %g s was reached after %lld steps; the parameters reached are "
                 "kept.",
                 attempt->spec->training.max_seconds, step);
        return end;
    case GD_STOP_DIVERGED:
        end.status = STORE_JOB_FAILED;
        end.event = "failed";
        snprintf(end.message, sizeof end.message,
                 "Diverged: %s. The last finite parameters are kept.", failure->message);
        return end;
    case GD_STOP_NONE:
        break;
    }
    if (control == JOBS_CONTROL_CANCEL)
        end = (ending){STORE_JOB_CANCELLED, "cancelled", "cancelled", ""};
    else if (control == JOBS_CONTROL_PAUSE)
        end = (ending){STORE_JOB_PAUSED, NULL, "paused", ""};
    else
        end = (ending){STORE_JOB_QUEUED, NULL, "interrupted", ""};
    snprintf(end.message, sizeof end.message, "%s at step %lld.",
             control == JOBS_CONTROL_CANCEL  ? "Cancelled"
             : control == JOBS_CONTROL_PAUSE ? "Paused"
                                             : "Given back as the service stopped",
             step);
    return end;
}

const void *jobs_attempt_parameters(const jobs_attempt *attempt)
{
    return jobs_plan_is_formula(attempt->plan)
               ? (const void *)gd_trainer_formula_parameters(attempt->trainer)
               : gd_trainer_parameters(attempt->trainer);
}

static const void *best_parameters(const jobs_attempt *attempt, int64_t *step)
{
    return jobs_plan_is_formula(attempt->plan)
               ? (const void *)gd_trainer_formula_best(attempt->trainer, step)
               : gd_trainer_best_parameters(attempt->trainer, step);
}

/* A disk may be full, or memory short, for a while only. */
static bool may_pass(gd_status status)
{
    return status == GD_NO_SPACE || status == GD_OUT_OF_MEMORY;
}

/* The end and the claim of the next job at once; none is claimed by a process that ends. */
static gd_status finish_and_claim(const jobs_attempt *attempt, const store_run_end *end)
{
    jobs_claimed *next = attempt->next;
    if (jobs_live_is_draining(attempt->runner->live))
        return GD_UNAVAILABLE;
    next->tells = jobs_live_tells(attempt->runner->live);
    return store_run_finish_and_claim(attempt->runner->resources.store, attempt->claim, end,
                                      &next->claim, &next->job, NULL);
}

/* Tells the store, as often as it takes until room is made: a job whose end nobody wrote down would
 * stay "running" with nobody running it. */
static gd_status finish_patiently(const jobs_attempt *attempt, const store_run_end *end,
                                  gd_error *error)
{
    bool told = false;
    /* What failed with the claim may be well without it; the reason is told then. */
    if (finish_and_claim(attempt, end) == GD_OK)
        return GD_OK;
    for (;;) {
        *error = (gd_error){0};
        gd_status status =
            store_run_finish(attempt->runner->resources.store, attempt->claim, end, error);
        if (!may_pass(status) || jobs_live_is_draining(attempt->runner->live))
            return status;
        if (!told)
            jobs_logf(attempt->runner, JOBS_LOG_ERROR, attempt->job->id,
                      "the end cannot be stored yet and is tried again: %s", error->message);
        told = true;
        usleep(RETRY_MICROSECONDS);
    }
}

/* Whether the claim is gone, or the store with it; then the job is left to recovery. */
static bool is_lost(gd_status status)
{
    return status == GD_CONFLICT || status == GD_UNAVAILABLE || status == GD_NOT_FOUND ||
           may_pass(status);
}

/* What the row of an ended job no longer names: the last one saved, and the one it began with where
 * that could not be used. A job may end that was to be paused: it was cancelled meanwhile. */
static void remove_checkpoints(const jobs_attempt *attempt)
{
    const char *directory = attempt->runner->resources.data_directory;
    if (attempt->checkpoint[0] != '\0')
        jobs_checkpoint_remove(directory, attempt->checkpoint);
    if (attempt->job->checkpoint != NULL)
        jobs_checkpoint_remove(directory, attempt->job->checkpoint);
}

static void settle_end(const jobs_attempt *attempt, const store_run_end *end)
{
    jobs_logf(attempt->runner, JOBS_LOG_INFO, attempt->job->id, "%s%s%s",
              store_job_status_name(attempt->ended), end->reason != NULL ? ": " : "",
              end->reason != NULL ? end->reason : "");
    if (store_job_status_is_terminal(attempt->ended))
        remove_checkpoints(attempt);
}

/* The bare end, where something in the whole one is not to the store's taste. */
static gd_status finish_bare(jobs_attempt *attempt, int64_t at, gd_error *error)
{
    char message[512];
    snprintf(message, sizeof message, "The results could not be stored: %s.", error->message);
    store_event event = {.at = at, .type = "failed", .message = message};
    store_run_end end = {.update = {.events = &event, .event_count = 1},
                         .status = STORE_JOB_FAILED,
                         .reason = "internal_error",
                         .message = message,
                         .at = at,
                         .became = &attempt->ended};
    jobs_logf(attempt->runner, JOBS_LOG_ERROR, attempt->job->id, "%s", message);
    gd_status status = finish_patiently(attempt, &end, error);
    if (status == GD_OK)
        settle_end(attempt, &end);
    return status;
}

static void give_up_claim(jobs_attempt *attempt, const store_run_end *end)
{
    gd_error error = {0};
    gd_status status = finish_patiently(attempt, end, &error);
    if (status == GD_OK) {
        settle_end(attempt, end);
        return;
    }
    if (!is_lost(status))
        status = finish_bare(attempt, end->at, &error);
    if (status == GD_OK)
        return;
    attempt->lost = true;
    jobs_logf(attempt->runner, JOBS_LOG_ERROR, attempt->job->id, "the end was not stored: %s",
              error.message[0] != '\0' ? error.message : gd_status_message(status));
}

void jobs_attempt_fail(jobs_attempt *attempt, const char *reason, const char *message)
{
    int64_t now = jobs_now();
    store_event event = {.at = now, .type = "failed", .message = message};
    store_run_end end = {
        .update = {.progress = &attempt->job->progress, .events = &event, .event_count = 1},
        .status = STORE_JOB_FAILED,
        .reason = reason,
        .message = message,
        .at = now,
        .became = &attempt->ended,
    };
    give_up_claim(attempt, &end);
}

void jobs_attempt_leave(jobs_attempt *attempt, jobs_control control)
{
    int64_t now = jobs_now();
    bool cancelled = control == JOBS_CONTROL_CANCEL, paused = control == JOBS_CONTROL_PAUSE;
    const char *message = cancelled ? "Cancelled while the data were loaded."
                          : paused  ? "Paused while the data were loaded."
                                    : "Given back as the service stopped, while the data were "
                                      "loaded.";
    store_event event = {.at = now,
                         .type = cancelled ? "cancelled"
                                 : paused  ? "paused"
                                           : "interrupted",
                         .message = message};
    store_run_end end = {
        .update = {.events = &event, .event_count = 1},
        .status = cancelled ? STORE_JOB_CANCELLED
                  : paused  ? STORE_JOB_PAUSED
                            : STORE_JOB_QUEUED,
        .reason = cancelled ? "cancelled" : NULL,
        .message = cancelled ? message : NULL,
        .at = now,
        .became = &attempt->ended,
    };
    give_up_claim(attempt, &end);
}

static void finish_in_store(jobs_attempt *attempt, const ending *end, const store_chunk *chunks,
                            int64_t chunk_count)
{
    const gd_progress *progress = gd_trainer_progress(attempt->trainer);
    store_progress stored = jobs_progress_of(progress);
    size_t length = jobs_plan_parameter_bytes(attempt->plan);
    char digests[2][JOBS_DIGEST_SIZE];
    store_parameters parameters[2];
    int64_t parameter_count = 1, best_step;
    const void *values = jobs_attempt_parameters(attempt);
    jobs_digest_of(values, length, digests[0]);
    parameters[0] = (store_parameters){"final", progress->step, values, length, digests[0]};
    const void *best = best_parameters(attempt, &best_step);
    if (best != NULL) {
        jobs_digest_of(best, length, digests[1]);
        parameters[parameter_count++] =
            (store_parameters){"best", best_step, best, length, digests[1]};
    }
    char *metrics = end->reason != NULL ? jobs_write_metrics(attempt->plan, values, best) : NULL;
    int64_t now = jobs_now();
    store_event event = {.at = now, .type = end->event, .message = end->message};
    jobs_moments *moments = &attempt->moments;
    /* Of a job that goes on the moments since its checkpoint come again. */
    if (end->reason == NULL)
        jobs_moments_clear(moments);
    bool listed = jobs_moments_add(moments, end->event, end->message, NULL);
    store_run_end row = {
        .update = {.progress = &stored,
                   .chunks = chunks,
                   .chunk_count = chunk_count,
                   .events = listed ? moments->events : &event,
                   .event_count = listed ? moments->count : 1},
        .status = end->status,
        .reason = end->reason,
        .message = end->reason != NULL ? end->message : NULL,
        .at = now,
        .metrics = metrics,
        .digest = end->reason != NULL ? digests[0] : NULL,
        .parameters = parameters,
        .parameter_count = parameter_count,
        .preparation = attempt->preparation.bytes,
        .preparation_length = attempt->preparation.length,
        .became = &attempt->ended,
    };
    give_up_claim(attempt, &row);
    free(metrics);
}

void jobs_attempt_finish(jobs_attempt *attempt, jobs_control control, const gd_error *failure)
{
    ending end = name_ending(attempt, control, failure);
    name_best_restart(gd_trainer_progress(attempt->trainer), attempt->spec->training.restarts,
                      &end);
    /* A job that goes on later needs its state; without one it would start over, to the same end. */
    if (end.reason == NULL) {
        jobs_attempt_save(attempt);
        if (attempt->lost)
            return;
    }
    gd_buffer bytes;
    store_chunk *chunks = NULL;
    int64_t chunk_count = 0;
    gd_buffer_init(&bytes, (size_t)attempt->runner->resources.memory_limit);
    gd_status status = jobs_attempt_chunks(attempt, &bytes, &chunks, &chunk_count);
    if (status == GD_OK)
        finish_in_store(attempt, &end, chunks, chunk_count);
    else
        jobs_attempt_fail(attempt, "out_of_memory",
                          "There was not enough memory to keep the loss curve.");
    gd_buffer_dispose(&bytes);
    free(chunks);
}
