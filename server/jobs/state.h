/*
 * state.h: what may become of a job, as one table.
 *
 *     queued ──► running ──► succeeded | failed | cancelled
 *       ▲  └──► paused ◄──┘            (running → paused by way of `requested`)
 *       └─────────┘
 *
 * A person's action on a status gives an outcome; nothing else in the program decides it. Pure
 * functions; the store runs them inside its transaction.
 */
#ifndef JOBS_STATE_H
#define JOBS_STATE_H

#include "store/store.h"

typedef enum jobs_action {
    JOBS_ACTION_CANCEL,
    JOBS_ACTION_PAUSE,
    JOBS_ACTION_RESUME
} jobs_action;

typedef enum jobs_outcome {
    JOBS_OUTCOME_DONE,      /* in force now, or already so: 200 */
    JOBS_OUTCOME_REQUESTED, /* takes effect within a step, or when a worker is free: 202 */
    JOBS_OUTCOME_IMPOSSIBLE /* the status forbids it: 409 */
} jobs_outcome;

/* The row after the action; `event` is NULL where nothing changes. */
typedef struct jobs_transition {
    jobs_outcome outcome;
    store_job_status status;
    store_request requested;
    const char *event;   /* type of the event to record, NULL: nothing changes */
    const char *message; /* the event's sentence; of IMPOSSIBLE why not */
} jobs_transition;

jobs_transition jobs_decide(jobs_action action, store_job_status status, store_request requested);

const char *jobs_action_name(jobs_action action);

#endif
