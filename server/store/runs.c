/*
 * runs.c: claiming, saving and ending runs. Every write of a run first finds its row by id, state, boot
 * and counter; where there is none the claim is stale and nothing is written.
 */
#include "store/handle.h"
#include "store/job_rows.h"
#include "store/parameters.h"

#include <stdio.h>
#include <string.h>

/* --- Claiming ----------------------------------------------------------------------------- */

typedef struct claiming {
    const char *boot;
    int64_t now;
    store_claim *claim;
    store_job *job;
} claiming;

static gd_status append_started(store_connection *connection, const store_job *job, int64_t now,
                                gd_error *error)
{
    char data[80];
    snprintf(data, sizeof data, "{\"attempt\":%lld,\"step\":%lld}", (long long)job->attempt,
             (long long)job->progress.step);
    store_event event = {
        .at = now, .type = "started", .message = "A worker took the job.", .data = data};
    return store_event_append(connection, job->sequence, &event, error);
}

static gd_status run_claim(store_transaction *transaction, void *context, gd_error *error)
{
    const claiming *what = context;
    store_statement statement = store_statement_open(
        transaction->connection,
        "UPDATE jobs SET status = 'running', boot = ?1, counter = counter + 1,"
        " attempt = max(attempt, 1), started_at = iif(started_at = 0, ?2, started_at),"
        " updated_at = ?2, revision = revision + 1, reason = NULL, message = NULL"
        " WHERE sequence = (SELECT jobs.sequence FROM owners INDEXED BY owners_waiting"
        " CROSS JOIN jobs ON jobs.sequence ="
        " (SELECT first.sequence FROM jobs AS first INDEXED BY jobs_queued"
        " WHERE first.status = 'queued' AND first.owner = owners.owner"
        " ORDER BY first.priority DESC, first.sequence LIMIT 1)"
        " WHERE owners.queued > 0"
        " AND (owners.maximum_running = 0 OR owners.running < owners.maximum_running)"
        " ORDER BY jobs.priority DESC, owners.served, jobs.sequence LIMIT 1)"
        " RETURNING " STORE_JOB_COLUMNS ", counter");
    store_bind_text(&statement, 1, what->boot);
    store_bind_integer(&statement, 2, what->now);
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && !row)
        status = gd_fail(error, GD_NOT_FOUND, "", "no job waits");
    if (status == GD_OK)
        status = store_job_row(&statement, what->job, error);
    if (status == GD_OK)
        what->claim->counter = store_column_integer(&statement, STORE_JOB_COLUMN_COUNT);
    store_statement_close(&statement);
    if (status == GD_OK)
        status = append_started(transaction->connection, what->job, what->now, error);
    if (status == GD_OK)
        status = store_job_row_details(transaction->connection, what->job, error);
    return status;
}

/* After the transaction: a claim is one only where it was committed. */
static gd_status settle_claim(gd_status status, const char *boot, store_claim *claim,
                              store_job *job)
{
    if (status != GD_OK) {
        store_job_dispose(job);
        return status;
    }
    memcpy(claim->job, job->id, sizeof claim->job);
    memcpy(claim->boot, boot, strlen(boot) + 1);
    return GD_OK;
}

gd_status store_job_claim(store *handle, const char *boot, int64_t now, store_claim *claim,
                          store_job *job, gd_error *error)
{
    *job = (store_job){.sequence = 0};
    *claim = (store_claim){.counter = 0};
    if (strlen(boot) > STORE_ID_LENGTH)
        return gd_fail(error, GD_INVALID_ARGUMENT, "boot", "at most %d characters",
                       STORE_ID_LENGTH);
    claiming what = {.boot = boot, .now = now, .claim = claim, .job = job};
    gd_status status = store_writer_run(handle->writer, run_claim, &what, error);
    return settle_claim(status, boot, claim, job);
}

/* --- Saving ------------------------------------------------------------------------------- */

/* What the row said when the run took hold of it. */
typedef struct held_row {
    int64_t sequence;
    store_request requested;
} held_row;

/* Takes "sequence, requested" of the row and closes the statement. */
static gd_status read_held(store_statement *statement, const store_claim *claim, held_row *held,
                           gd_error *error)
{
    bool row = false;
    gd_status status = store_statement_next(statement, &row, error);
    if (status == GD_OK && !row)
        status =
            gd_fail(error, GD_CONFLICT, "", "the claim on job %.64s no longer holds", claim->job);
    if (status == GD_OK) {
        char requested[16];
        store_column_fixed(statement, 1, requested, sizeof requested);
        held->sequence = store_column_integer(statement, 0);
        held->requested = STORE_REQUEST_NONE;
        if (strcmp(requested, "cancel") == 0)
            held->requested = STORE_REQUEST_CANCEL;
        else if (strcmp(requested, "pause") == 0)
            held->requested = STORE_REQUEST_PAUSE;
        status = store_statement_check(statement, error);
    }
    store_statement_close(statement);
    return status;
}

/* A new checkpoint is progress: deaths of the process before it no longer count, nor does that of the
 * attempt that made it, which recovery raises from -1 to 0. */
static gd_status take_hold(store_connection *connection, const store_claim *claim,
                           const char *checkpoint, int64_t at, held_row *held, gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "UPDATE jobs SET checkpoint = coalesce(?4, checkpoint),"
                             " crashes = iif(?4 IS NULL, crashes, -1), updated_at = ?5,"
                             " revision = revision + 1"
                             " WHERE id = ?1 AND status = 'running' AND boot = ?2 AND counter = ?3"
                             " RETURNING sequence, requested");
    store_bind_text(&statement, 1, claim->job);
    store_bind_text(&statement, 2, claim->boot);
    store_bind_integer(&statement, 3, claim->counter);
    store_bind_text(&statement, 4, checkpoint);
    store_bind_integer(&statement, 5, at);
    return read_held(&statement, claim, held, error);
}

/* The row of a claim that holds; it is written by what follows. */
static gd_status find_held(store_connection *connection, const store_claim *claim, held_row *held,
                           gd_error *error)
{
    store_statement statement = store_statement_open(
        connection,
        "SELECT sequence, requested FROM jobs"
        " WHERE id = ?1 AND status = 'running' AND boot = ?2 AND counter = ?3");
    store_bind_text(&statement, 1, claim->job);
    store_bind_text(&statement, 2, claim->boot);
    store_bind_integer(&statement, 3, claim->counter);
    return read_held(&statement, claim, held, error);
}

/* Set by bind_progress. */
#define PROGRESS                                                                                \
    "step = ?9, steps = ?10, epoch = ?11, epochs = ?12, samples = ?13, points = ?14,"           \
    " seconds = ?15, first_loss = ?16, last_loss = ?17, best_loss = ?18, best_loss_step = ?19," \
    " validation_loss = ?20, best_validation_loss = ?21, best_validation_step = ?22"

static void bind_progress(store_statement *statement, const store_progress *progress)
{
    store_bind_integer(statement, 9, progress->step);
    store_bind_integer(statement, 10, progress->steps);
    store_bind_integer(statement, 11, progress->epoch);
    store_bind_integer(statement, 12, progress->epochs);
    store_bind_integer(statement, 13, progress->samples);
    store_bind_integer(statement, 14, progress->points);
    store_bind_number(statement, 15, (store_number){.present = true, .value = progress->seconds});
    store_bind_number(statement, 16, progress->first_loss);
    store_bind_number(statement, 17, progress->last_loss);
    store_bind_number(statement, 18, progress->best_loss);
    store_bind_integer(statement, 19, progress->best_loss_step);
    store_bind_number(statement, 20, progress->validation_loss);
    store_bind_number(statement, 21, progress->best_validation_loss);
    store_bind_integer(statement, 22, progress->best_validation_step);
}

static gd_status write_progress(store_connection *connection, int64_t job,
                                const store_progress *progress, gd_error *error)
{
    store_statement statement =
        store_statement_open(connection, "UPDATE jobs SET " PROGRESS " WHERE sequence = ?1");
    store_bind_integer(&statement, 1, job);
    bind_progress(&statement, progress);
    return store_statement_run(&statement, NULL, error);
}

static gd_status write_chunk(store_connection *connection, int64_t job, const store_chunk *chunk,
                             gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "INSERT INTO curve_chunks (job, chunk, first_step, last_step, bytes)"
                             " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (job, chunk) DO UPDATE SET"
                             " first_step = ?3, last_step = ?4, bytes = ?5");
    store_bind_integer(&statement, 1, job);
    store_bind_integer(&statement, 2, chunk->index);
    store_bind_integer(&statement, 3, chunk->first_step);
    store_bind_integer(&statement, 4, chunk->last_step);
    store_bind_bytes(&statement, 5, chunk->bytes, chunk->length);
    return store_statement_run(&statement, NULL, error);
}

static gd_status write_curve(store_connection *connection, int64_t job,
                             const store_run_update *update, gd_error *error)
{
    int64_t last = -1;
    gd_status status = GD_OK;
    for (int64_t i = 0; i < update->chunk_count && status == GD_OK; i++) {
        status = write_chunk(connection, job, &update->chunks[i], error);
        if (update->chunks[i].index > last)
            last = update->chunks[i].index;
    }
    if (status != GD_OK || update->chunk_count == 0)
        return status;
    store_statement statement =
        store_statement_open(connection, "DELETE FROM curve_chunks WHERE job = ? AND chunk > ?");
    store_bind_integer(&statement, 1, job);
    store_bind_integer(&statement, 2, last);
    return store_statement_run(&statement, NULL, error);
}

/* All but the progress. */
static gd_status write_update(store_connection *connection, int64_t job,
                              const store_run_update *update, gd_error *error)
{
    gd_status status = write_curve(connection, job, update, error);
    for (int64_t i = 0; i < update->event_count && status == GD_OK; i++)
        status = store_event_append(connection, job, &update->events[i], error);
    return status;
}

typedef struct saving {
    const store_claim *claim;
    const store_run_update *update;
} saving;

static gd_status run_save(store_transaction *transaction, void *context, gd_error *error)
{
    const saving *what = context;
    held_row held;
    gd_status status = take_hold(transaction->connection, what->claim, what->update->checkpoint,
                                 store_now(), &held, error);
    if (status == GD_OK && what->update->progress != NULL)
        status =
            write_progress(transaction->connection, held.sequence, what->update->progress, error);
    if (status == GD_OK)
        status = write_update(transaction->connection, held.sequence, what->update, error);
    return status;
}

gd_status store_run_save(store *handle, const store_claim *claim, const store_run_update *update,
                         gd_error *error)
{
    saving what = {.claim = claim, .update = update};
    return store_writer_run(handle->writer, run_save, &what, error);
}

/* --- Ending ------------------------------------------------------------------------------- */

static gd_status write_results(store_connection *connection, int64_t job, const store_run_end *end,
                               gd_error *error)
{
    if (end->metrics == NULL && end->diagnosis == NULL && end->repairs == NULL)
        return GD_OK;
    store_statement statement = store_statement_open(
        connection,
        "INSERT INTO job_results (job, metrics, diagnosis, repairs)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (job) DO UPDATE SET"
        " metrics = coalesce(?2, metrics),"
        " diagnosis = coalesce(?3, diagnosis), repairs = coalesce(?4, repairs)");
    store_bind_integer(&statement, 1, job);
    store_bind_text(&statement, 2, end->metrics);
    store_bind_text(&statement, 3, end->diagnosis);
    store_bind_text(&statement, 4, end->repairs);
    return store_statement_run(&statement, NULL, error);
}

/*
 * A request that arrived after the worker had decided how to end is not lost: what would be paused or
 * given back is cancelled or paused instead, and what would be paused although the pause was taken
 * back is queued.
 */
static store_job_status status_after(const store_run_end *end, store_request requested)
{
    bool may_go_on = end->status == STORE_JOB_PAUSED || end->status == STORE_JOB_QUEUED;
    if (may_go_on && requested == STORE_REQUEST_CANCEL)
        return STORE_JOB_CANCELLED;
    if (may_go_on && requested == STORE_REQUEST_PAUSE)
        return STORE_JOB_PAUSED;
    if (end->status == STORE_JOB_PAUSED)
        return STORE_JOB_QUEUED;
    return end->status;
}

static const char *overruled_message(store_job_status state)
{
    return state == STORE_JOB_CANCELLED ? "The job was cancelled while it was ending."
           : state == STORE_JOB_PAUSED  ? "The job was paused while it was ending."
                                        : "The pause was taken back while it came into force.";
}

#define ENDING                                                                                  \
    "status = ?2, requested = NULL, boot = NULL, reason = ?3, message = ?4, finished_at = ?5,"  \
    " digest = coalesce(?6, digest), checkpoint = iif(?5 = 0, coalesce(?7, checkpoint), NULL)," \
    " crashes = iif(?7 IS NULL, crashes, -1), updated_at = ?8, revision = revision + 1"

/* The end and the progress up to it: the row is written once. */
static gd_status write_end(store_connection *connection, int64_t job, store_job_status state,
                           const store_run_end *end, gd_error *error)
{
    bool was_overruled = state != end->status;
    const char *reason = end->reason, *message = end->message;
    if (was_overruled) {
        reason = state == STORE_JOB_CANCELLED ? "cancelled" : NULL;
        message = state == STORE_JOB_CANCELLED ? overruled_message(state) : NULL;
    }
    const store_progress *progress = end->update.progress;
    store_statement statement =
        progress != NULL
            ? store_statement_open(connection,
                                   "UPDATE jobs SET " ENDING ", " PROGRESS " WHERE sequence = ?1")
            : store_statement_open(connection, "UPDATE jobs SET " ENDING " WHERE sequence = ?1");
    if (progress != NULL)
        bind_progress(&statement, progress);
    store_bind_integer(&statement, 1, job);
    store_bind_text(&statement, 2, store_job_status_name(state));
    store_bind_text(&statement, 3, reason);
    store_bind_text(&statement, 4, message);
    store_bind_integer(&statement, 5, store_job_status_is_terminal(state) ? end->at : 0);
    store_bind_text(&statement, 6, end->digest);
    store_bind_text(&statement, 7, end->update.checkpoint);
    store_bind_integer(&statement, 8, end->at);
    gd_status status = store_statement_run(&statement, NULL, error);
    if (status == GD_OK && was_overruled) {
        store_event event = {.at = end->at,
                             .type = store_job_status_name(state),
                             .message = overruled_message(state)};
        status = store_event_append(connection, job, &event, error);
    }
    return status;
}

typedef struct ending {
    const store_claim *claim;
    const store_run_end *end;
    claiming *next; /* NULL: none is wanted */
} ending;

/* That none waits is no failure of the end before. */
static gd_status claim_next(store_transaction *transaction, claiming *next, gd_error *error)
{
    gd_error unused = {0};
    gd_status status = run_claim(transaction, next, &unused);
    if (status == GD_OK || status == GD_NOT_FOUND)
        return GD_OK;
    return gd_fail(error, status, unused.path, "%s", unused.message);
}

static gd_status run_finish(store_transaction *transaction, void *context, gd_error *error)
{
    const ending *what = context;
    const store_run_end *end = what->end;
    store_connection *connection = transaction->connection;
    if (end->status == STORE_JOB_RUNNING || (unsigned)end->status >= STORE_JOB_STATUS_COUNT)
        return gd_fail(error, GD_INVALID_ARGUMENT, "status", "a run cannot end as %s",
                       store_job_status_name(end->status));
    held_row held;
    gd_status status = find_held(connection, what->claim, &held, error);
    if (status == GD_OK)
        status = write_update(connection, held.sequence, &end->update, error);
    store_job_status state = end->status;
    if (status == GD_OK) {
        state = status_after(end, held.requested);
        status = write_end(connection, held.sequence, state, end, error);
    }
    if (status == GD_OK)
        status = write_results(connection, held.sequence, end, error);
    for (int64_t i = 0; i < end->parameter_count && status == GD_OK; i++)
        status = store_parameters_write(connection, held.sequence, &end->parameters[i], error);
    if (status == GD_OK && end->preparation != NULL)
        status = store_preparation_write(connection, held.sequence, end->preparation,
                                         end->preparation_length, error);
    transaction->queued = state == STORE_JOB_QUEUED;
    if (end->became != NULL)
        *end->became = state;
    return status == GD_OK && what->next != NULL ? claim_next(transaction, what->next, error)
                                                 : status;
}

gd_status store_run_finish(store *handle, const store_claim *claim, const store_run_end *end,
                           gd_error *error)
{
    ending what = {.claim = claim, .end = end};
    return store_writer_run(handle->writer, run_finish, &what, error);
}

gd_status store_run_finish_and_claim(store *handle, const store_claim *claim,
                                     const store_run_end *end, store_claim *next, store_job *job,
                                     gd_error *error)
{
    *job = (store_job){.sequence = 0};
    *next = (store_claim){.counter = 0};
    claiming claimed = {.boot = claim->boot, .now = end->at, .claim = next, .job = job};
    ending what = {.claim = claim, .end = end, .next = &claimed};
    gd_status status = store_writer_run(handle->writer, run_finish, &what, error);
    return settle_claim(status, claim->boot, next, job);
}
