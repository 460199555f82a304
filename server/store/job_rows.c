/*
 * job_rows.c: a job's row as a record; see job_rows.h. The words for states stand here once.
 */
#include "store/job_rows.h"

#include <stdlib.h>
#include <string.h>

static const char *const status_names[STORE_JOB_STATUS_COUNT] = {
    [STORE_JOB_QUEUED] = "queued", [STORE_JOB_RUNNING] = "running",
    [STORE_JOB_PAUSED] = "paused", [STORE_JOB_SUCCEEDED] = "succeeded",
    [STORE_JOB_FAILED] = "failed", [STORE_JOB_CANCELLED] = "cancelled",
};

static const char *const request_names[] = {
    [STORE_REQUEST_NONE] = NULL,
    [STORE_REQUEST_CANCEL] = "cancel",
    [STORE_REQUEST_PAUSE] = "pause",
};

const char *store_job_status_name(store_job_status status)
{
    return (unsigned)status < STORE_JOB_STATUS_COUNT ? status_names[status] : "unknown";
}

bool store_job_status_is_terminal(store_job_status status)
{
    return status == STORE_JOB_SUCCEEDED || status == STORE_JOB_FAILED ||
           status == STORE_JOB_CANCELLED;
}

const char *store_request_name(store_request requested)
{
    return (unsigned)requested <= STORE_REQUEST_PAUSE ? request_names[requested] : NULL;
}

void store_job_dispose(store_job *job)
{
    char *const texts[] = {job->name,    job->optimizer,  job->labels,     job->model,
                           job->reason,  job->message,    job->checkpoint, job->digest,
                           job->spec,    job->metrics,    job->diagnosis,  job->repairs,
                           job->summary, job->environment};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    *job = (store_job){.sequence = 0};
}

static bool read_status(store_statement *statement, int column, store_job_status *status)
{
    char name[16];
    store_column_fixed(statement, column, name, sizeof name);
    for (int i = 0; i < STORE_JOB_STATUS_COUNT; i++) {
        if (strcmp(name, status_names[i]) == 0) {
            *status = (store_job_status)i;
            return true;
        }
    }
    return false;
}

static store_request read_request(store_statement *statement, int column)
{
    char name[16];
    store_column_fixed(statement, column, name, sizeof name);
    for (int i = STORE_REQUEST_CANCEL; i <= STORE_REQUEST_PAUSE; i++) {
        if (strcmp(name, request_names[i]) == 0)
            return (store_request)i;
    }
    return STORE_REQUEST_NONE;
}

static void read_progress(store_statement *statement, int column, store_progress *progress)
{
    int64_t *const counts[] = {&progress->step, &progress->steps, &progress->epoch,
                               &progress->epochs, &progress->samples};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = store_column_integer(statement, column++);
    progress->seconds = store_column_number(statement, column++).value;
    progress->first_loss = store_column_number(statement, column++);
    progress->last_loss = store_column_number(statement, column++);
    progress->best_loss = store_column_number(statement, column++);
    progress->best_loss_step = store_column_integer(statement, column++);
    progress->validation_loss = store_column_number(statement, column++);
    progress->best_validation_loss = store_column_number(statement, column++);
    progress->best_validation_step = store_column_integer(statement, column++);
    progress->points = store_column_integer(statement, column);
}

gd_status store_job_row(store_statement *statement, store_job *job, gd_error *error)
{
    *job = (store_job){.sequence = 0};
    int column = 0;
    store_column_fixed(statement, column++, job->id, sizeof job->id);
    job->sequence = store_column_integer(statement, column++);
    job->name = store_column_text(statement, column++);
    job->labels = store_column_text(statement, column++);
    job->priority = store_column_integer(statement, column++);
    job->model = store_column_text(statement, column++);
    bool known = read_status(statement, column++, &job->status);
    job->requested = read_request(statement, column++);
    job->reason = store_column_text(statement, column++);
    job->message = store_column_text(statement, column++);
    job->attempt = store_column_integer(statement, column++);
    store_column_fixed(statement, column++, job->retry_of, sizeof job->retry_of);
    job->created_at = store_column_integer(statement, column++);
    job->started_at = store_column_integer(statement, column++);
    job->finished_at = store_column_integer(statement, column++);
    job->updated_at = store_column_integer(statement, column++);
    job->revision = store_column_integer(statement, column++);
    job->checkpoint = store_column_text(statement, column++);
    job->digest = store_column_text(statement, column++);
    read_progress(statement, column, &job->progress);
    job->optimizer = store_column_text(statement, STORE_JOB_COLUMN_COUNT - 2);
    store_column_fixed(statement, STORE_JOB_COLUMN_COUNT - 1, job->owner, sizeof job->owner);

    gd_status status = store_statement_check(statement, error);
    if (status == GD_OK && !known)
        status = gd_fail(error, GD_CORRUPT, "", "the stored status of job %s is unknown", job->id);
    if (status != GD_OK)
        store_job_dispose(job);
    return status;
}

gd_status store_job_row_find(store_connection *connection, const char *id, store_job *job,
                             gd_error *error)
{
    store_statement statement =
        store_statement_open(connection, "SELECT " STORE_JOB_COLUMNS " FROM jobs WHERE id = ?");
    store_bind_text(&statement, 1, id);
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK)
        status = row ? store_job_row(&statement, job, error)
                     : gd_fail(error, GD_NOT_FOUND, "", "there is no job %.64s", id);
    store_statement_close(&statement);
    return status;
}

gd_status store_job_row_details(store_connection *connection, store_job *job, gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "SELECT spec, coalesce(results.metrics, details.metrics),"
                             " coalesce(results.diagnosis, details.diagnosis),"
                             " coalesce(results.repairs, details.repairs), summary, environment"
                             " FROM job_details AS details"
                             " LEFT JOIN job_results AS results ON results.job = details.job"
                             " WHERE details.job = ?");
    store_bind_integer(&statement, 1, job->sequence);
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && row) {
        job->spec = store_column_text(&statement, 0);
        job->metrics = store_column_text(&statement, 1);
        job->diagnosis = store_column_text(&statement, 2);
        job->repairs = store_column_text(&statement, 3);
        job->summary = store_column_text(&statement, 4);
        job->environment = store_column_text(&statement, 5);
        status = store_statement_check(&statement, error);
    }
    store_statement_close(&statement);
    return status;
}

gd_status store_job_sequence(store_connection *connection, const char *id, int64_t *sequence,
                             gd_error *error)
{
    store_statement statement =
        store_statement_open(connection, "SELECT sequence FROM jobs WHERE id = ?");
    store_bind_text(&statement, 1, id);
    bool row = false;
    gd_status status = store_statement_integer(&statement, &row, sequence, error);
    if (status == GD_OK && !row)
        status = gd_fail(error, GD_NOT_FOUND, "", "there is no job %.64s", id);
    return status;
}

gd_status store_event_append(store_connection *connection, int64_t job, const store_event *event,
                             gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "INSERT INTO job_events (job, sequence, at, type, message, data)"
                             " VALUES (?1, 1 + (SELECT coalesce(max(sequence), 0) FROM job_events"
                             " WHERE job = ?1), ?2, ?3, ?4, ?5)");
    store_bind_integer(&statement, 1, job);
    store_bind_integer(&statement, 2, event->at);
    store_bind_text(&statement, 3, event->type);
    store_bind_text(&statement, 4, event->message == NULL ? "" : event->message);
    store_bind_text(&statement, 5, event->data);
    return store_statement_run(&statement, NULL, error);
}
