/*
 * job_view.h: a job as the contract shows it, whole or as a light row of a list.
 */
#ifndef API_JOB_VIEW_H
#define API_JOB_VIEW_H

#include "api/reply.h"

#define API_ETAG_SIZE 96

/* Progress as it is now: of a running job from memory, otherwise from the row. */
typedef struct api_live_view {
    bool live;
    store_progress progress;
    double samples_per_second;
    int64_t queue_position; /* -1: not queued */
} api_live_view;

api_live_view api_look_live(const api_context *context, const store_job *job);

/* The whole job, with `details` also spec, diagnosis, … */
void api_write_job(json_writer *writer, const store_job *job, const api_live_view *view,
                   bool details);

/* {"queued": n, …}: how many jobs have each status; counts [STORE_JOB_STATUS_COUNT]. */
/* {"type", "relative", "series": {"step", "learning_rate"} | null}, at most `points` of them. The
 * rates are multiples of what the range test will find where "relative" is true; null: the
 * schedule follows the losses. (schedule.c) */
void api_write_schedule(json_writer *writer, const jobs_plan *plan, int64_t points);

void api_write_counts(json_writer *writer, const int64_t *counts);

/* Entity tag of the job as shown; it changes with the row and with a running job's progress. */
void api_job_etag(const store_job *job, const api_live_view *view, char etag[API_ETAG_SIZE]);

/* Cache-Control for the results of a job: kept once it has ended. The job itself can still be renamed
 * or deleted and is always asked for again. */
void api_respond_result_caching(http_response *response, const store_job *job);

#endif
