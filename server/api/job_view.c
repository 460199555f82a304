/*
 * job_view.c: rendering of jobs; the names and their order are the contract's.
 */
#include "api/job_view.h"
#include "jobs/checkpoint.h"

#include <stdio.h>
#include <string.h>

#define POLL_RUNNING_MILLISECONDS 500
#define POLL_QUEUED_MILLISECONDS  1000
#define POLL_PAUSED_MILLISECONDS  5000

api_live_view api_look_live(const api_context *context, const store_job *job)
{
    api_live_view view = {.progress = job->progress, .queue_position = -1};
    if (job->status == STORE_JOB_RUNNING)
        view.live = jobs_live_progress(jobs_service_live(context->jobs), job->id, &view.progress,
                                       &view.samples_per_second);
    int64_t position;
    if (job->status == STORE_JOB_QUEUED &&
        store_job_queue_position(jobs_service_store(context->jobs), job, &position, NULL) == GD_OK)
        view.queue_position = position;
    return view;
}

static void write_number(json_writer *writer, const char *key, store_number number)
{
    json_writer_key(writer, key);
    if (number.present)
        json_writer_double(writer, number.value);
    else
        json_writer_null(writer);
}

/* Steps still to do at the present pace, in seconds; null where it cannot be told. */
static void write_remaining(json_writer *writer, const api_live_view *view)
{
    const store_progress *progress = &view->progress;
    json_writer_key(writer, "samples_per_second");
    if (view->live)
        json_writer_double(writer, view->samples_per_second);
    else if (progress->seconds > 0)
        json_writer_double(writer, (double)progress->samples / progress->seconds);
    else
        json_writer_null(writer);
    json_writer_key(writer, "eta_seconds");
    bool known = view->live && progress->step > 0 && view->samples_per_second > 0;
    if (known)
        json_writer_double(writer, (double)(progress->steps - progress->step) *
                                       ((double)progress->samples / (double)progress->step) /
                                       view->samples_per_second);
    else
        json_writer_null(writer);
}

static void write_progress(json_writer *writer, const api_live_view *view)
{
    const store_progress *progress = &view->progress;
    json_writer_key(writer, "progress");
    json_writer_begin_object(writer);
    json_writer_key(writer, "step");
    json_writer_int64(writer, progress->step);
    json_writer_key(writer, "steps");
    json_writer_int64(writer, progress->steps);
    json_writer_key(writer, "epoch");
    json_writer_int64(writer, progress->epoch);
    json_writer_key(writer, "epochs");
    json_writer_int64(writer, progress->epochs);
    json_writer_key(writer, "fraction");
    json_writer_double(writer,
                       progress->steps > 0 ? (double)progress->step / (double)progress->steps : 0);
    json_writer_key(writer, "seconds");
    json_writer_double(writer, progress->seconds);
    write_remaining(writer, view);
    json_writer_end_object(writer);
}

static void write_losses(json_writer *writer, const store_progress *progress)
{
    json_writer_key(writer, "loss");
    if (progress->last_loss.present) {
        json_writer_begin_object(writer);
        write_number(writer, "first", progress->first_loss);
        write_number(writer, "last", progress->last_loss);
        write_number(writer, "best", progress->best_loss);
        json_writer_key(writer, "best_step");
        json_writer_int64(writer, progress->best_loss_step);
        json_writer_end_object(writer);
    } else {
        json_writer_null(writer);
    }
    json_writer_key(writer, "validation");
    if (progress->validation_loss.present) {
        json_writer_begin_object(writer);
        write_number(writer, "loss", progress->validation_loss);
        write_number(writer, "best_loss", progress->best_validation_loss);
        json_writer_key(writer, "best_step");
        json_writer_int64(writer, progress->best_validation_step);
        json_writer_end_object(writer);
    } else {
        json_writer_null(writer);
    }
}

static void write_poll_after(json_writer *writer, const store_job *job)
{
    json_writer_key(writer, "poll_after_ms");
    switch (job->status) {
    case STORE_JOB_RUNNING:
        json_writer_int64(writer, POLL_RUNNING_MILLISECONDS);
        break;
    case STORE_JOB_QUEUED:
        json_writer_int64(writer, POLL_QUEUED_MILLISECONDS);
        break;
    case STORE_JOB_PAUSED:
        json_writer_int64(writer, POLL_PAUSED_MILLISECONDS);
        break;
    default:
        json_writer_null(writer);
    }
}

static void write_links(json_writer *writer, const store_job *job)
{
    static const char *const parts[] = {"curve", "events", "parameters", "predict"};
    char path[STORE_ID_SIZE + 32];
    json_writer_key(writer, "links");
    json_writer_begin_object(writer);
    snprintf(path, sizeof path, "/v1/jobs/%s", job->id);
    api_write_text(writer, "self", path);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(path, sizeof path, "/v1/jobs/%s/%s", job->id, parts[i]);
        api_write_text(writer, parts[i], path);
    }
    json_writer_end_object(writer);
}

static void write_state(json_writer *writer, const store_job *job, const api_live_view *view)
{
    static const char *const requests[] = {NULL, "cancel", "pause"};
    api_write_text(writer, "id", job->id);
    api_write_text(writer, "owner", job->owner);
    api_write_text(writer, "name", job->name);
    api_write_raw(writer, "labels", job->labels);
    json_writer_key(writer, "priority");
    json_writer_int64(writer, job->priority);
    api_write_text(writer, "status", store_job_status_name(job->status));
    api_write_text(writer, "reason", job->reason);
    api_write_text(writer, "message", job->message);
    json_writer_key(writer, "terminal");
    json_writer_boolean(writer, store_job_status_is_terminal(job->status));
    api_write_text(writer, "requested", requests[job->requested]);
    json_writer_key(writer, "attempt");
    json_writer_int64(writer, job->attempt);
    api_write_text(writer, "retry_of", job->retry_of);
    api_write_time(writer, "created_at", job->created_at);
    api_write_time(writer, "started_at", job->started_at);
    api_write_time(writer, "finished_at", job->finished_at);
    api_write_time(writer, "updated_at", job->updated_at);
    json_writer_key(writer, "queue_position");
    if (view->queue_position >= 0)
        json_writer_int64(writer, view->queue_position);
    else
        json_writer_null(writer);
    write_poll_after(writer, job);
}

/* From where a run that is cut off goes on. */
static void write_checkpoint(json_writer *writer, const store_job *job)
{
    int64_t step = jobs_checkpoint_step(job->checkpoint);
    json_writer_key(writer, "checkpoint_step");
    if (step >= 0)
        json_writer_int64(writer, step);
    else
        json_writer_null(writer);
}

void api_write_job(json_writer *writer, const store_job *job, const api_live_view *view,
                   bool details)
{
    json_writer_begin_object(writer);
    write_state(writer, job, view);
    write_progress(writer, view);
    write_losses(writer, &view->progress);
    api_write_raw(writer, "metrics", job->metrics);
    if (details) {
        api_write_raw(writer, "diagnosis", job->diagnosis != NULL ? job->diagnosis : "[]");
        api_write_raw(writer, "repairs", job->repairs != NULL ? job->repairs : "[]");
        api_write_raw(writer, "model", job->summary);
        write_checkpoint(writer, job);
    } else {
        api_write_text(writer, "model_type", job->model);
        api_write_text(writer, "optimizer_type", job->optimizer);
    }
    api_write_text(writer, "digest", job->digest);
    if (details) {
        api_write_raw(writer, "environment", job->environment);
        api_write_raw(writer, "spec", job->spec);
    }
    write_links(writer, job);
    json_writer_end_object(writer);
}

void api_write_counts(json_writer *writer, const int64_t *counts)
{
    json_writer_begin_object(writer);
    for (int i = 0; i < STORE_JOB_STATUS_COUNT; i++) {
        json_writer_key(writer, store_job_status_name((store_job_status)i));
        json_writer_int64(writer, counts[i]);
    }
    json_writer_end_object(writer);
}

void api_job_etag(const store_job *job, const api_live_view *view, char etag[API_ETAG_SIZE])
{
    if (store_job_status_is_terminal(job->status))
        snprintf(etag, API_ETAG_SIZE, "\"%lld\"", (long long)job->revision);
    else
        snprintf(etag, API_ETAG_SIZE, "W/\"%lld-%lld-%lld-%lld\"", (long long)job->revision,
                 (long long)view->progress.step, (long long)view->progress.points,
                 (long long)view->queue_position);
}

void api_respond_result_caching(http_response *response, const store_job *job)
{
    http_respond_header(response, "Cache-Control",
                        store_job_status_is_terminal(job->status) ? "private, max-age=3600"
                                                                  : "private, no-cache");
}
