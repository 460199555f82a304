/*
 * live.h: the jobs that run in this process, as readers see them.
 *
 * A worker adds an entry while it runs a job, publishes progress and curve points to it and obeys
 * the control word in it. Readers copy what they need under the entry's lock and never wait for a
 * step, but for a snapshot of the parameters, which the worker makes between two steps.
 * Thread rule: safe from any thread; an entry's worker side has one owner.
 */
#ifndef JOBS_LIVE_H
#define JOBS_LIVE_H

#include "jobs/curve.h"
#include "store/store.h"

typedef struct jobs_live jobs_live;
typedef struct jobs_live_entry jobs_live_entry;

/* What a running job is told; a later word of higher value wins. */
typedef enum jobs_control {
    JOBS_CONTROL_RUN,
    JOBS_CONTROL_PAUSE,
    JOBS_CONTROL_DRAIN, /* the process ends: checkpoint and give the job back */
    JOBS_CONTROL_CANCEL
} jobs_control;

jobs_live *jobs_live_create(void);
void jobs_live_destroy(jobs_live *live);

/* --- Worker's side ------------------------------------------------------------------------- */

/*
 * Takes over `curve`, the points that are not in a full stored chunk, and copies the rest;
 * `preparation` is what predictions need beside the parameters. `revision` is the row's as it was
 * claimed: words of before, meant for an earlier attempt, change nothing. NULL, taking nothing,
 * without memory.
 */
jobs_live_entry *jobs_live_add(jobs_live *live, const char *id, int64_t revision,
                               const store_progress *progress, jobs_curve *curve,
                               const gd_buffer *preparation, size_t parameter_bytes);
/* What the row said at `revision`, read once the entry was there: not counted in jobs_live_tells. */
void jobs_live_begin(jobs_live_entry *entry, jobs_control control, int64_t revision);
/* After this readers find the job in the store alone. */
void jobs_live_remove(jobs_live *live, jobs_live_entry *entry);

/* One relaxed load; called every step. */
jobs_control jobs_live_control(const jobs_live_entry *entry);
/* Whether a reader waits for parameters; called every step. */
bool jobs_live_is_wanted(const jobs_live_entry *entry);
void jobs_live_publish_parameters(jobs_live_entry *entry, const void *parameters, int64_t step);

/* Progress and, where not NULL, one more point of the curve. */
gd_status jobs_live_publish(jobs_live_entry *entry, const store_progress *progress,
                            double samples_per_second, const gd_point *point);

/* The points not yet in a full stored chunk, for the worker alone, which is the only one to change
 * them. */
jobs_curve *jobs_live_curve(jobs_live_entry *entry);
/* Drops the first `count` points of that curve, once they are stored. */
void jobs_live_forget(jobs_live_entry *entry, int64_t count);

/* --- Readers' side ------------------------------------------------------------------------- */

/*
 * Tells a running job what its row says since `revision`; false where it does not run here. PAUSE
 * is taken back by RUN. Words may come in any order: one of an earlier revision than was told
 * already changes nothing, so nobody has to hold a lock from the row to here.
 */
bool jobs_live_tell(jobs_live *live, const char *id, jobs_control control, int64_t revision);
/*
 * How often a job was told something, found or not. Where it is the same before a claim and after the
 * claimed job's entry was added, nobody told that job anything between the two.
 */
uint64_t jobs_live_tells(const jobs_live *live);
void jobs_live_tell_all(jobs_live *live, jobs_control control);

/* From now on nothing waits for better times: the process ends. */
void jobs_live_drain(jobs_live *live);
bool jobs_live_is_draining(const jobs_live *live);

int64_t jobs_live_count(jobs_live *live);

/* False where the job does not run here. */
bool jobs_live_progress(jobs_live *live, const char *id, store_progress *progress,
                        double *samples_per_second);

/* Copies the points held in memory with sequence > after behind `curve`; false as above. */
bool jobs_live_read_curve(jobs_live *live, const char *id, int64_t after, jobs_curve *curve,
                          gd_status *status);

typedef struct jobs_snapshot {
    void *parameters; /* owned */
    size_t bytes;
    int64_t step;
    void *preparation; /* owned */
    size_t preparation_length;
} jobs_snapshot;

/*
 * Parameters between two steps. GD_NOT_FOUND where the job does not run here, GD_UNAVAILABLE where
 * no step ended within `milliseconds` and there was no earlier snapshot.
 */
gd_status jobs_live_snapshot(jobs_live *live, const char *id, int64_t milliseconds,
                             jobs_snapshot *snapshot);
void jobs_snapshot_dispose(jobs_snapshot *snapshot);

#endif
