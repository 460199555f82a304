/*
 * state.c: the table behind state.h. Each line is one case a person can meet; a job that has ended is
 * never changed again, and an action that is already in force is repeated safely.
 */
#include "jobs/state.h"

#define ANY (-1)

typedef struct rule {
    jobs_action action;
    int status;    /* store_job_status, or ANY */
    int requested; /* store_request, or ANY */
    jobs_transition transition;
} rule;

#define RULE(action, status, requested, ...)     \
    {                                            \
        JOBS_ACTION_##action, status, requested, \
        {                                        \
            __VA_ARGS__                          \
        }                                        \
    }

/* The first line that fits decides. */
static const rule rules[] = {
    RULE(CANCEL, STORE_JOB_QUEUED, ANY, JOBS_OUTCOME_DONE, STORE_JOB_CANCELLED, STORE_REQUEST_NONE,
         "cancelled", "Cancelled before it ran."),
    RULE(CANCEL, STORE_JOB_PAUSED, ANY, JOBS_OUTCOME_DONE, STORE_JOB_CANCELLED, STORE_REQUEST_NONE,
         "cancelled", "Cancelled while it was paused."),
    RULE(CANCEL, STORE_JOB_CANCELLED, ANY, JOBS_OUTCOME_DONE, STORE_JOB_CANCELLED,
         STORE_REQUEST_NONE, NULL, NULL),
    RULE(CANCEL, STORE_JOB_RUNNING, STORE_REQUEST_CANCEL, JOBS_OUTCOME_REQUESTED, STORE_JOB_RUNNING,
         STORE_REQUEST_CANCEL, NULL, NULL),
    RULE(CANCEL, STORE_JOB_RUNNING, ANY, JOBS_OUTCOME_REQUESTED, STORE_JOB_RUNNING,
         STORE_REQUEST_CANCEL, "cancel_requested", "Asked to stop after the step under way."),
    RULE(CANCEL, ANY, ANY, JOBS_OUTCOME_IMPOSSIBLE, STORE_JOB_QUEUED, STORE_REQUEST_NONE, NULL,
         "The job has ended and cannot be cancelled."),

    RULE(PAUSE, STORE_JOB_QUEUED, ANY, JOBS_OUTCOME_DONE, STORE_JOB_PAUSED, STORE_REQUEST_NONE,
         "paused", "Paused while it waited."),
    RULE(PAUSE, STORE_JOB_PAUSED, ANY, JOBS_OUTCOME_DONE, STORE_JOB_PAUSED, STORE_REQUEST_NONE,
         NULL, NULL),
    RULE(PAUSE, STORE_JOB_RUNNING, STORE_REQUEST_PAUSE, JOBS_OUTCOME_REQUESTED, STORE_JOB_RUNNING,
         STORE_REQUEST_PAUSE, NULL, NULL),
    RULE(PAUSE, STORE_JOB_RUNNING, STORE_REQUEST_CANCEL, JOBS_OUTCOME_IMPOSSIBLE, STORE_JOB_RUNNING,
         STORE_REQUEST_CANCEL, NULL, "The job is being cancelled and cannot be paused."),
    RULE(PAUSE, STORE_JOB_RUNNING, ANY, JOBS_OUTCOME_REQUESTED, STORE_JOB_RUNNING,
         STORE_REQUEST_PAUSE, "pause_requested", "Asked to pause after the step under way."),
    RULE(PAUSE, ANY, ANY, JOBS_OUTCOME_IMPOSSIBLE, STORE_JOB_QUEUED, STORE_REQUEST_NONE, NULL,
         "The job has ended and cannot be paused."),

    RULE(RESUME, STORE_JOB_PAUSED, ANY, JOBS_OUTCOME_REQUESTED, STORE_JOB_QUEUED,
         STORE_REQUEST_NONE, "resumed", "Queued again to go on where it stopped."),
    RULE(RESUME, STORE_JOB_QUEUED, ANY, JOBS_OUTCOME_DONE, STORE_JOB_QUEUED, STORE_REQUEST_NONE,
         NULL, NULL),
    RULE(RESUME, STORE_JOB_RUNNING, STORE_REQUEST_PAUSE, JOBS_OUTCOME_DONE, STORE_JOB_RUNNING,
         STORE_REQUEST_NONE, "resumed", "The pause asked for was taken back."),
    RULE(RESUME, STORE_JOB_RUNNING, STORE_REQUEST_CANCEL, JOBS_OUTCOME_IMPOSSIBLE,
         STORE_JOB_RUNNING, STORE_REQUEST_CANCEL, NULL,
         "The job is being cancelled and cannot be resumed."),
    RULE(RESUME, STORE_JOB_RUNNING, ANY, JOBS_OUTCOME_DONE, STORE_JOB_RUNNING, STORE_REQUEST_NONE,
         NULL, NULL),
    RULE(RESUME, ANY, ANY, JOBS_OUTCOME_IMPOSSIBLE, STORE_JOB_QUEUED, STORE_REQUEST_NONE, NULL,
         "The job has ended and cannot be resumed; POST …/retry runs its spec again."),
};

jobs_transition jobs_decide(jobs_action action, store_job_status status, store_request requested)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const rule *candidate = &rules[i];
        if (candidate->action == action &&
            (candidate->status == ANY || candidate->status == (int)status) &&
            (candidate->requested == ANY || candidate->requested == (int)requested))
            return candidate->transition;
    }
    return (jobs_transition){JOBS_OUTCOME_IMPOSSIBLE, status, requested, NULL,
                             "The job's status does not allow it."};
}

const char *jobs_action_name(jobs_action action)
{
    static const char *const names[] = {"cancel", "pause", "resume"};
    return names[action];
}
