/*
 * Every cell of the table of actions: what is asked × what the job is × what is pending.
 */
#include "jobs/state.h"

#include <criterion/criterion.h>

enum {
    Q = STORE_JOB_QUEUED,
    R = STORE_JOB_RUNNING,
    P = STORE_JOB_PAUSED,
    S = STORE_JOB_SUCCEEDED,
    F = STORE_JOB_FAILED,
    C = STORE_JOB_CANCELLED
};

#define NONE   STORE_REQUEST_NONE
#define CANCEL STORE_REQUEST_CANCEL
#define PAUSE  STORE_REQUEST_PAUSE
#define DONE   JOBS_OUTCOME_DONE
#define ASKED  JOBS_OUTCOME_REQUESTED
#define NEVER  JOBS_OUTCOME_IMPOSSIBLE

/* Only running jobs have something pending. */
static const struct {
    jobs_action action;
    int status, requested;
    jobs_outcome outcome;
    int to, pending;   /* of what is possible */
    const char *event; /* NULL: nothing changes */
} cells[] = {
    {JOBS_ACTION_CANCEL, Q, NONE, DONE, C, NONE, "cancelled"},
    {JOBS_ACTION_CANCEL, R, NONE, ASKED, R, CANCEL, "cancel_requested"},
    {JOBS_ACTION_CANCEL, R, CANCEL, ASKED, R, CANCEL, NULL},
    {JOBS_ACTION_CANCEL, R, PAUSE, ASKED, R, CANCEL, "cancel_requested"},
    {JOBS_ACTION_CANCEL, P, NONE, DONE, C, NONE, "cancelled"},
    {JOBS_ACTION_CANCEL, S, NONE, NEVER, S, NONE, NULL},
    {JOBS_ACTION_CANCEL, F, NONE, NEVER, F, NONE, NULL},
    {JOBS_ACTION_CANCEL, C, NONE, DONE, C, NONE, NULL},
    {JOBS_ACTION_PAUSE, Q, NONE, DONE, P, NONE, "paused"},
    {JOBS_ACTION_PAUSE, R, NONE, ASKED, R, PAUSE, "pause_requested"},
    {JOBS_ACTION_PAUSE, R, CANCEL, NEVER, R, CANCEL, NULL},
    {JOBS_ACTION_PAUSE, R, PAUSE, ASKED, R, PAUSE, NULL},
    {JOBS_ACTION_PAUSE, P, NONE, DONE, P, NONE, NULL},
    {JOBS_ACTION_PAUSE, S, NONE, NEVER, S, NONE, NULL},
    {JOBS_ACTION_PAUSE, F, NONE, NEVER, F, NONE, NULL},
    {JOBS_ACTION_PAUSE, C, NONE, NEVER, C, NONE, NULL},
    {JOBS_ACTION_RESUME, Q, NONE, DONE, Q, NONE, NULL},
    {JOBS_ACTION_RESUME, R, NONE, DONE, R, NONE, NULL},
    {JOBS_ACTION_RESUME, R, CANCEL, NEVER, R, CANCEL, NULL},
    {JOBS_ACTION_RESUME, R, PAUSE, DONE, R, NONE, "resumed"},
    {JOBS_ACTION_RESUME, P, NONE, ASKED, Q, NONE, "resumed"},
    {JOBS_ACTION_RESUME, S, NONE, NEVER, S, NONE, NULL},
    {JOBS_ACTION_RESUME, F, NONE, NEVER, F, NONE, NULL},
    {JOBS_ACTION_RESUME, C, NONE, NEVER, C, NONE, NULL},
};

Test(jobs_state, every_cell)
{
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        jobs_transition found = jobs_decide(cells[i].action, (store_job_status)cells[i].status,
                                            (store_request)cells[i].requested);
        cr_expect_eq(found.outcome, cells[i].outcome, "cell %zu", i);
        if (cells[i].event == NULL)
            cr_expect_null(found.event, "cell %zu", i);
        else
            cr_expect_str_eq(found.event, cells[i].event, "cell %zu", i);
        if (cells[i].outcome == NEVER) {
            cr_expect_not_null(found.message, "cell %zu", i);
            continue;
        }
        cr_expect_eq((int)found.status, cells[i].to, "cell %zu", i);
        cr_expect_eq((int)found.requested, cells[i].pending, "cell %zu", i);
        if (found.event != NULL)
            cr_expect_not_null(found.message, "cell %zu", i);
    }
}

Test(jobs_state, repeating_an_action_changes_nothing)
{
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        jobs_transition once = jobs_decide(cells[i].action, (store_job_status)cells[i].status,
                                           (store_request)cells[i].requested);
        if (once.outcome == NEVER)
            continue;
        jobs_transition again = jobs_decide(cells[i].action, once.status, once.requested);
        cr_expect_neq(again.outcome, NEVER, "cell %zu", i);
        cr_expect_null(again.event, "cell %zu", i);
        cr_expect_eq(again.status, once.status, "cell %zu", i);
        cr_expect_eq(again.requested, once.requested, "cell %zu", i);
    }
}

Test(jobs_state, nothing_leaves_an_end)
{
    static const jobs_action actions[] = {JOBS_ACTION_CANCEL, JOBS_ACTION_PAUSE,
                                          JOBS_ACTION_RESUME};
    for (int status = 0; status < STORE_JOB_STATUS_COUNT; status++)
        for (size_t i = 0; i < 3; i++) {
            jobs_transition found = jobs_decide(actions[i], (store_job_status)status, NONE);
            if (store_job_status_is_terminal((store_job_status)status))
                cr_expect_null(found.event);
        }
}

Test(jobs_state, actions_have_names)
{
    cr_expect_str_eq(jobs_action_name(JOBS_ACTION_CANCEL), "cancel");
    cr_expect_str_eq(jobs_action_name(JOBS_ACTION_PAUSE), "pause");
    cr_expect_str_eq(jobs_action_name(JOBS_ACTION_RESUME), "resume");
}
