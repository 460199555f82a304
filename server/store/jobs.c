/*
 * jobs.c: creating, reading, changing and deleting jobs. Every write is an operation of the writer
 * thread; what it gives its caller is released again where the commit fails.
 */
#include "store/handle.h"
#include "store/idempotency.h"
#include "store/job_rows.h"
#include "store/owners.h"
#include "store/parameters.h"

#include <stdlib.h>
#include <string.h>

/* --- Creating ----------------------------------------------------------------------------- */

typedef struct creation {
    const store_job_insert *insert;
    const store_idempotency *idempotency;
    char **existing_reply;
} creation;

static gd_status check_queue(store_connection *connection, int64_t maximum, gd_error *error)
{
    if (maximum <= 0)
        return GD_OK;
    store_statement statement =
        store_statement_open(connection, "SELECT count FROM job_counts WHERE status = 'queued'");
    bool row = false;
    int64_t queued = 0;
    gd_status status = store_statement_integer(&statement, &row, &queued, error);
    if (status == GD_OK && queued >= maximum)
        status = gd_fail(error, GD_UNAVAILABLE, STORE_LIMIT_QUEUE,
                         "%lld jobs wait already: send this one later", (long long)queued);
    return status;
}

static gd_status insert_row(store_connection *connection, const store_job_insert *insert,
                            int64_t *sequence, gd_error *error)
{
    store_statement statement = store_statement_open(
        connection,
        "INSERT INTO jobs (id, name, labels, priority, model, status, retry_of,"
        " created_at, updated_at, optimizer, owner)"
        " VALUES (?1, ?2, coalesce(?3, '{}'), ?4, ?5, 'queued', ?6, ?7, ?7, ?8, coalesce(?9, ''))"
        " RETURNING sequence");
    store_bind_text(&statement, 1, insert->id);
    store_bind_text(&statement, 2, insert->name);
    store_bind_text(&statement, 3, insert->labels);
    store_bind_integer(&statement, 4, insert->priority);
    store_bind_text(&statement, 5, insert->model);
    store_bind_text(&statement, 6, insert->retry_of);
    store_bind_integer(&statement, 7, insert->created_at);
    store_bind_text(&statement, 8, insert->optimizer);
    store_bind_text(&statement, 9, insert->owner);
    bool row = false;
    return store_statement_integer(&statement, &row, sequence, error);
}

static gd_status insert_details(store_connection *connection, int64_t job,
                                const store_job_insert *insert, gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "INSERT INTO job_details (job, spec, summary, environment)"
                             " VALUES (?, ?, ?, ?)");
    store_bind_integer(&statement, 1, job);
    store_bind_text(&statement, 2, insert->spec);
    store_bind_text(&statement, 3, insert->summary);
    store_bind_text(&statement, 4, insert->environment);
    return store_statement_run(&statement, NULL, error);
}

static gd_status ask_labels(store_connection *connection, int64_t job, const char *sql,
                            int64_t *is_object, gd_error *error)
{
    store_statement statement = store_statement_open(connection, sql);
    store_bind_integer(&statement, 1, job);
    bool row = false;
    *is_object = 0;
    return store_statement_integer(&statement, &row, is_object, error);
}

/* A check in the table itself would not do: there only trusted functions may be called. json_valid
 * says no also without memory; json_type then says why. */
static gd_status check_labels(store_connection *connection, int64_t job, gd_error *error)
{
    int64_t is_object = 0;
    gd_status status = ask_labels(connection, job,
                                  "SELECT iif(json_valid(labels), json_type(labels) = 'object', 0)"
                                  " FROM jobs WHERE sequence = ?",
                                  &is_object, error);
    if (status != GD_OK || is_object != 0)
        return status;
    status = ask_labels(connection, job,
                        "SELECT json_type(labels) = 'object' FROM jobs WHERE sequence = ?",
                        &is_object, error);
    if (status == GD_OUT_OF_MEMORY || (status == GD_OK && is_object != 0))
        return status;
    return gd_fail(error, GD_INVALID_ARGUMENT, "labels", "a JSON object is needed");
}

/* Takes the labels apart anew. */
static gd_status write_labels(store_connection *connection, int64_t job, gd_error *error)
{
    gd_status status = check_labels(connection, job, error);
    if (status != GD_OK)
        return status;
    store_statement removal =
        store_statement_open(connection, "DELETE FROM job_labels WHERE job = ?");
    store_bind_integer(&removal, 1, job);
    status = store_statement_run(&removal, NULL, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection,
                             "INSERT OR REPLACE INTO job_labels (key, value, job)"
                             " SELECT label.key, CAST(label.atom AS TEXT), jobs.sequence"
                             " FROM jobs, json_each(jobs.labels) AS label"
                             " WHERE jobs.sequence = ? AND label.atom IS NOT NULL");
    store_bind_integer(&statement, 1, job);
    return store_statement_run(&statement, NULL, error);
}

/* Most jobs have none, and there is nothing to check or to take apart then. */
static bool has_labels(const char *labels)
{
    return labels != NULL && strcmp(labels, "{}") != 0;
}

static gd_status link_dataset(store_connection *connection, int64_t job, const char *id,
                              gd_error *error)
{
    store_statement find =
        store_statement_open(connection, "SELECT sequence FROM datasets WHERE id = ?");
    store_bind_text(&find, 1, id);
    bool row = false;
    int64_t dataset = 0;
    gd_status status = store_statement_integer(&find, &row, &dataset, error);
    if (status != GD_OK)
        return status;
    if (!row)
        return gd_fail(error, GD_NOT_FOUND, "", "there is no dataset %.64s", id);
    store_statement statement = store_statement_open(
        connection, "INSERT OR IGNORE INTO job_datasets (job, dataset) VALUES (?, ?)");
    store_bind_integer(&statement, 1, job);
    store_bind_integer(&statement, 2, dataset);
    return store_statement_run(&statement, NULL, error);
}

static gd_status run_create(store_transaction *transaction, void *context, gd_error *error)
{
    const creation *what = context;
    const store_job_insert *insert = what->insert;
    store_connection *connection = transaction->connection;
    gd_status status = GD_NOT_FOUND;
    if (what->idempotency != NULL)
        status =
            store_idempotency_look_up(connection, what->idempotency->owner, what->idempotency->key,
                                      what->idempotency->fingerprint, what->existing_reply, error);
    if (status != GD_NOT_FOUND)
        return status;

    int64_t sequence = 0;
    status = check_queue(connection, insert->maximum_queued, error);
    if (status == GD_OK)
        status = store_owner_admit(connection, insert->owner, &insert->quota, 1, 0, error);
    if (status == GD_OK)
        status = insert_row(connection, insert, &sequence, error);
    if (status == GD_OK)
        status = store_owner_limit_running(connection, insert->owner, &insert->quota, error);
    if (status == GD_OK)
        status = insert_details(connection, sequence, insert, error);
    if (status == GD_OK && has_labels(insert->labels))
        status = write_labels(connection, sequence, error);
    for (int64_t i = 0; i < insert->dataset_count && status == GD_OK; i++)
        status = link_dataset(connection, sequence, insert->datasets[i], error);
    if (status == GD_OK && insert->initial != NULL)
        status = store_parameters_write(connection, sequence, insert->initial, error);
    if (status == GD_OK) {
        store_event event = {
            .at = insert->created_at, .type = "queued", .message = "The job waits for a worker."};
        status = store_event_append(connection, sequence, &event, error);
    }
    if (status == GD_OK && what->idempotency != NULL)
        status = store_idempotency_insert(connection, what->idempotency, insert->created_at, error);
    transaction->queued = true;
    return status;
}

gd_status store_job_create(store *handle, const store_job_insert *insert,
                           const store_idempotency *idempotency, char **existing_reply,
                           gd_error *error)
{
    char *reply = NULL;
    creation what = {.insert = insert, .idempotency = idempotency, .existing_reply = &reply};
    gd_status status = store_writer_run(handle->writer, run_create, &what, error);
    if (existing_reply != NULL)
        *existing_reply = NULL;
    if (status == GD_OK && existing_reply != NULL)
        *existing_reply = reply;
    else
        free(reply);
    return status;
}

/* --- Reading ------------------------------------------------------------------------------ */

gd_status store_job_get(store *handle, const char *id, bool details, store_job *job,
                        gd_error *error)
{
    *job = (store_job){.sequence = 0};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = store_job_row_find(connection, id, job, error);
    if (status == GD_OK && details)
        status = store_job_row_details(connection, job, error);
    store_readers_give(handle->readers, connection);
    if (status != GD_OK)
        store_job_dispose(job);
    return status;
}

/* --- Changing ----------------------------------------------------------------------------- */

typedef struct status_change {
    const char *id;
    store_job_decide decide;
    void *context;
    store_job *job;
} status_change;

static gd_status write_change(store_connection *connection, int64_t sequence,
                              const store_job_change *change, store_job *job, gd_error *error)
{
    bool is_terminal = store_job_status_is_terminal(change->status);
    store_statement statement = store_statement_open(
        connection,
        "UPDATE jobs SET status = ?2, requested = ?3, reason = ?4, message = ?5,"
        " finished_at = ?6, updated_at = ?7, revision = revision + 1,"
        " boot = CASE WHEN ?2 = 'running' THEN boot END,"
        " checkpoint = iif(?6 = 0, checkpoint, NULL)"
        " WHERE sequence = ?1 RETURNING " STORE_JOB_COLUMNS);
    store_bind_integer(&statement, 1, sequence);
    store_bind_text(&statement, 2, store_job_status_name(change->status));
    store_bind_text(&statement, 3, store_request_name(change->requested));
    store_bind_text(&statement, 4, change->reason);
    store_bind_text(&statement, 5, change->message);
    store_bind_integer(&statement, 6, is_terminal ? change->finished_at : 0);
    store_bind_integer(&statement, 7, store_now());
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK)
        status = row ? store_job_row(&statement, job, error)
                     : gd_fail(error, GD_NOT_FOUND, "", "the job is gone");
    store_statement_close(&statement);
    return status;
}

static gd_status run_change(store_transaction *transaction, void *context, gd_error *error)
{
    const status_change *what = context;
    gd_status status = store_job_row_find(transaction->connection, what->id, what->job, error);
    if (status != GD_OK)
        return status;
    store_job_change change = {.status = what->job->status, .requested = what->job->requested};
    status = what->decide(what->context, what->job, &change, error);
    if (status != GD_OK || !change.write)
        return status;
    store_job_status before = what->job->status;
    if (change.status == STORE_JOB_RUNNING && before != STORE_JOB_RUNNING)
        return gd_fail(error, GD_INVALID_ARGUMENT, "status", "only a claim sets a job running");
    /* The record stays until the new one is there: `change` may point into it. */
    store_job after = {.sequence = 0};
    int64_t sequence = what->job->sequence;
    status = write_change(transaction->connection, sequence, &change, &after, error);
    if (status != GD_OK)
        return status;
    if (change.event != NULL)
        status = store_event_append(transaction->connection, sequence, change.event, error);
    store_job_dispose(what->job);
    *what->job = after;
    transaction->queued = change.status == STORE_JOB_QUEUED && before != STORE_JOB_QUEUED;
    return status;
}

gd_status store_job_change_status(store *handle, const char *id, store_job_decide decide,
                                  void *context, store_job *job, gd_error *error)
{
    *job = (store_job){.sequence = 0};
    status_change what = {.id = id, .decide = decide, .context = context, .job = job};
    gd_status status = store_writer_run(handle->writer, run_change, &what, error);
    if (status != GD_OK)
        store_job_dispose(job);
    return status;
}

typedef struct job_update {
    const char *id;
    const store_job_patch *patch;
    store_job *job;
} job_update;

static gd_status run_update(store_transaction *transaction, void *context, gd_error *error)
{
    const job_update *what = context;
    const store_job_patch *patch = what->patch;
    gd_status status = store_job_row_find(transaction->connection, what->id, what->job, error);
    if (status != GD_OK)
        return status;
    if (patch->if_revision != 0 && patch->if_revision != what->job->revision)
        return gd_fail(error, GD_CONFLICT, "", "the job has revision %lld, not %lld",
                       (long long)what->job->revision, (long long)patch->if_revision);
    store_statement statement = store_statement_open(
        transaction->connection,
        "UPDATE jobs SET name = CASE WHEN ?2 IS NULL THEN name ELSE nullif(?2, '') END,"
        " labels = coalesce(?3, labels), priority = iif(?4, ?5, priority), updated_at = ?6,"
        " revision = revision + 1 WHERE sequence = ?1");
    store_bind_integer(&statement, 1, what->job->sequence);
    store_bind_text(&statement, 2, patch->name);
    store_bind_text(&statement, 3, patch->labels);
    store_bind_integer(&statement, 4, patch->has_priority ? 1 : 0);
    store_bind_integer(&statement, 5, patch->priority);
    store_bind_integer(&statement, 6, store_now());
    status = store_statement_run(&statement, NULL, error);
    if (status == GD_OK && patch->labels != NULL)
        status = write_labels(transaction->connection, what->job->sequence, error);
    store_job_dispose(what->job);
    if (status == GD_OK)
        status = store_job_row_find(transaction->connection, what->id, what->job, error);
    return status;
}

gd_status store_job_update(store *handle, const char *id, const store_job_patch *patch,
                           store_job *job, gd_error *error)
{
    *job = (store_job){.sequence = 0};
    job_update what = {.id = id, .patch = patch, .job = job};
    gd_status status = store_writer_run(handle->writer, run_update, &what, error);
    if (status != GD_OK)
        store_job_dispose(job);
    return status;
}

/* --- Deleting ----------------------------------------------------------------------------- */

typedef struct deletion {
    const char *id;
    char *checkpoint;
} deletion;

static gd_status run_delete(store_transaction *transaction, void *context, gd_error *error)
{
    deletion *what = context;
    store_job job;
    gd_status status = store_job_row_find(transaction->connection, what->id, &job, error);
    if (status != GD_OK)
        return status;
    if (job.status == STORE_JOB_RUNNING || job.status == STORE_JOB_PAUSED) {
        status = gd_fail(error, GD_CONFLICT, "", "the job is %s: cancel it first",
                         store_job_status_name(job.status));
    } else {
        /* What belongs to it goes with it: every child table cascades. */
        store_statement statement =
            store_statement_open(transaction->connection, "DELETE FROM jobs WHERE sequence = ?");
        store_bind_integer(&statement, 1, job.sequence);
        status = store_statement_run(&statement, NULL, error);
    }
    if (status == GD_OK) {
        what->checkpoint = job.checkpoint;
        job.checkpoint = NULL;
    }
    store_job_dispose(&job);
    return status;
}

gd_status store_job_delete(store *handle, const char *id, char **checkpoint, gd_error *error)
{
    *checkpoint = NULL;
    deletion what = {.id = id};
    gd_status status = store_writer_run(handle->writer, run_delete, &what, error);
    if (status == GD_OK)
        *checkpoint = what.checkpoint;
    else
        free(what.checkpoint);
    return status;
}
