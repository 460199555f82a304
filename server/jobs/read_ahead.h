/*
 * read_ahead.h: a CSV file read by a thread of its own while it still arrives.
 *
 * The thread follows the growing file and waits at its end; so when the last byte is there, most of
 * the reading is done. Few of them run at once: an upload that finds no room is read when it is
 * whole. Thread rule: all calls from the one thread that owns the upload, or one after the other.
 */
#ifndef JOBS_READ_AHEAD_H
#define JOBS_READ_AHEAD_H

#include <descent/csv.h>

#include <stdatomic.h>

#define JOBS_READ_AHEAD_MAXIMUM 4 /* threads at once, counted in *running */

typedef struct jobs_read_ahead jobs_read_ahead;

/*
 * Begins to read `input` into `output`; both stay the caller's, and so do the names in `options`,
 * until the end. NULL where there is no room or no thread.
 */
jobs_read_ahead *jobs_read_ahead_start(int input, int output, const gd_csv_options *options,
                                       atomic_int *running);

/* The file has `bytes` by now. False where the reader has refused it already: finish tells why. */
bool jobs_read_ahead_arrived(jobs_read_ahead *reader, int64_t bytes);

/* The file is whole: waits for the reader and tells what came of it. NULL is not allowed. */
gd_status jobs_read_ahead_finish(jobs_read_ahead *reader, gd_csv_report *report, gd_error *error);

/* No more will come: waits for the thread and frees. Due in every case; NULL is allowed. */
void jobs_read_ahead_destroy(jobs_read_ahead *reader);

#endif
