/*
 * job_rows.h: a job's row as a record, and the small writes that several files share. All of these
 * work on a connection that already is in a transaction.
 */
#ifndef SERVER_STORE_JOB_ROWS_H
#define SERVER_STORE_JOB_ROWS_H

#include "store/statement.h"

/* The columns store_job_row reads, in its order; for SELECT and RETURNING. */
#define STORE_JOB_COLUMNS                                                                       \
    "id, sequence, name, labels, priority, model, status, requested, reason, message, attempt," \
    " retry_of, created_at, started_at, finished_at, updated_at, revision, checkpoint, digest," \
    " step, steps, epoch, epochs, samples, seconds, first_loss, last_loss, best_loss,"          \
    " best_loss_step, validation_loss, best_validation_loss, best_validation_step, points,"     \
    " optimizer, owner"

#define STORE_JOB_COLUMN_COUNT 35

/* The record of the present row (dispose); nothing is left to dispose of on failure. */
gd_status store_job_row(store_statement *statement, store_job *job, gd_error *error);

/* GD_NOT_FOUND where there is none. */
gd_status store_job_row_find(store_connection *connection, const char *id, store_job *job,
                             gd_error *error);

/* Reads the long texts of a job into its record. */
gd_status store_job_row_details(store_connection *connection, store_job *job, gd_error *error);

/* The sequence of a job: GD_NOT_FOUND where there is none. */
gd_status store_job_sequence(store_connection *connection, const char *id, int64_t *sequence,
                             gd_error *error);

/* Writes the event with the job's next number. */
gd_status store_event_append(store_connection *connection, int64_t job, const store_event *event,
                             gd_error *error);

/* NULL for STORE_REQUEST_NONE. */
const char *store_request_name(store_request requested);

#endif
