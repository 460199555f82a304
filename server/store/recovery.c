/*
 * recovery.c: what becomes of jobs whose process died under them. All of it is one transaction, so a
 * second death in the middle of it leaves everything to the next start.
 */
#include "store/handle.h"
#include "store/job_rows.h"

#include <stdio.h>

/* Jobs are taken in pages of so many, in the order of their sequence. */
#define PAGE 64

typedef struct recovery {
    const char *boot;
    int64_t now;
    int64_t maximum_attempts;
    int64_t requeued, failed;
} recovery;

typedef struct orphan_row {
    int64_t sequence;
    int64_t crashes; /* with this one */
    store_request requested;
    bool has_checkpoint;
} orphan_row;

static gd_status read_orphans(store_connection *connection, const char *boot, int64_t after,
                              orphan_row *orphans, int64_t *count, gd_error *error)
{
    store_statement statement = store_statement_open(
        connection,
        "SELECT sequence, crashes + 1, requested IS 'cancel', requested IS 'pause',"
        " checkpoint IS NOT NULL FROM jobs"
        " WHERE status = 'running' AND boot <> ?1 AND sequence > ?2"
        " ORDER BY sequence LIMIT ?3");
    store_bind_text(&statement, 1, boot);
    store_bind_integer(&statement, 2, after);
    store_bind_integer(&statement, 3, PAGE);
    *count = 0;
    bool row = true;
    gd_status status = GD_OK;
    while (*count < PAGE) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        orphan_row *orphan = &orphans[(*count)++];
        orphan->sequence = store_column_integer(&statement, 0);
        orphan->crashes = store_column_integer(&statement, 1);
        orphan->requested = STORE_REQUEST_NONE;
        if (store_column_integer(&statement, 2) != 0)
            orphan->requested = STORE_REQUEST_CANCEL;
        else if (store_column_integer(&statement, 3) != 0)
            orphan->requested = STORE_REQUEST_PAUSE;
        orphan->has_checkpoint = store_column_integer(&statement, 4) != 0;
    }
    store_statement_close(&statement);
    return status;
}

/* What becomes of one, and the words for it. */
typedef struct job_outcome {
    store_job_status state;
    const char *reason;
    const char *event;
    const char *message;
} job_outcome;

static job_outcome decide(const orphan_row *orphan, int64_t maximum_attempts)
{
    if (orphan->requested == STORE_REQUEST_CANCEL)
        return (job_outcome){STORE_JOB_CANCELLED, "cancelled", "cancelled",
                             "The service ended while the job was to be cancelled."};
    if (orphan->requested == STORE_REQUEST_PAUSE)
        return (job_outcome){STORE_JOB_PAUSED, NULL, "paused",
                             "The service ended while the job was to be paused."};
    if (orphan->crashes >= maximum_attempts)
        return (job_outcome){
            STORE_JOB_FAILED, "crash_loop", "failed",
            "The service died again and again under this job, with no checkpoint in "
            "between."};
    return (job_outcome){
        STORE_JOB_QUEUED, NULL, "recovered",
        orphan->has_checkpoint
            ? "The service ended while the job ran; it goes on from its checkpoint."
            : "The service ended while the job ran; it starts from the beginning."};
}

static gd_status settle(store_connection *connection, const orphan_row *orphan,
                        const job_outcome *outcome, int64_t now, gd_error *error)
{
    bool is_terminal = store_job_status_is_terminal(outcome->state);
    store_statement statement = store_statement_open(
        connection,
        "UPDATE jobs SET status = ?2, requested = NULL, boot = NULL, reason = ?3,"
        " message = ?4, finished_at = ?5, crashes = ?6, updated_at = ?7,"
        " attempt = attempt + (?2 = 'queued'),"
        " revision = revision + 1 WHERE sequence = ?1");
    store_bind_integer(&statement, 1, orphan->sequence);
    store_bind_text(&statement, 2, store_job_status_name(outcome->state));
    store_bind_text(&statement, 3, outcome->reason);
    store_bind_text(&statement, 4, is_terminal ? outcome->message : NULL);
    store_bind_integer(&statement, 5, is_terminal ? now : 0);
    store_bind_integer(&statement, 6, orphan->crashes);
    store_bind_integer(&statement, 7, now);
    gd_status status = store_statement_run(&statement, NULL, error);
    if (status != GD_OK)
        return status;
    char data[64];
    (void)snprintf(data, sizeof data, "{\"crashes_without_progress\":%lld}",
                   (long long)orphan->crashes);
    store_event event = {
        .at = now, .type = outcome->event, .message = outcome->message, .data = data};
    return store_event_append(connection, orphan->sequence, &event, error);
}

static gd_status run_recover(store_transaction *transaction, void *context, gd_error *error)
{
    recovery *what = context;
    orphan_row orphans[PAGE];
    int64_t after = 0;
    int64_t count = PAGE;
    gd_status status = GD_OK;
    while (status == GD_OK && count == PAGE) {
        status = read_orphans(transaction->connection, what->boot, after, orphans, &count, error);
        for (int64_t i = 0; i < count && status == GD_OK; i++) {
            job_outcome outcome = decide(&orphans[i], what->maximum_attempts);
            status = settle(transaction->connection, &orphans[i], &outcome, what->now, error);
            what->requeued += outcome.state == STORE_JOB_QUEUED ? 1 : 0;
            what->failed += outcome.state == STORE_JOB_FAILED ? 1 : 0;
            after = orphans[i].sequence;
        }
    }
    transaction->queued = what->requeued > 0;
    return status;
}

gd_status store_recover(store *handle, const char *boot, int64_t now, int64_t maximum_attempts,
                        int64_t *requeued, int64_t *failed, gd_error *error)
{
    recovery what = {.boot = boot, .now = now, .maximum_attempts = maximum_attempts};
    gd_status status = store_writer_run(handle->writer, run_recover, &what, error);
    *requeued = status == GD_OK ? what.requeued : 0;
    *failed = status == GD_OK ? what.failed : 0;
    return status;
}
