/*
 * test_control.c: cancel, pause and resume in every state; they act within a step, are safe to
 * repeat, keep what was reached, and change nothing of the result.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <string.h>

#define LIMIT  (60.0 * SERVICE_PATIENCE)
#define NO_ID  "01234567-89ab-7cde-8f01-23456789abcd"
#define PROMPT (1.0 * SERVICE_PATIENCE) /* seconds for an action to take effect */
#define STEPS  60000

/* A job that runs, and a service whose one worker it keeps. */
static service *start_busy(const char **id)
{
    service *it = service_start(1);
    *id = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_step(it, *id, 1, 20);
    return it;
}

Test(api_control, cancel_of_a_queued_job_is_immediate, .timeout = LIMIT)
{
    const char *busy;
    service *it = start_busy(&busy);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *job = client_act(it, id, "cancel");
    ASSERT_STATUS(job, 200);
    cr_expect_str_eq(reply_text(job, "/status"), "cancelled");
    cr_expect_str_eq(reply_text(job, "/reason"), "cancelled");
    cr_expect(reply_truth(job, "/terminal"));
    cr_expect(text_is_time(reply_text(job, "/finished_at")));
    ASSERT_STATUS(client_act(it, id, "cancel"), 200);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/parameters", id), 409);
    service_destroy(it);
}

Test(api_control, cancel_of_a_running_job_takes_effect_within_a_step_and_keeps_parameters,
     .timeout = LIMIT)
{
    const char *id;
    service *it = start_busy(&id);
    double start = service_now();
    const reply *asked = client_act(it, id, "cancel");
    ASSERT_STATUS(asked, 202);
    const char *status = reply_text(asked, "/status");
    cr_expect(strcmp(status, "running") == 0 || strcmp(status, "cancelled") == 0, "%s", status);
    if (strcmp(status, "running") == 0)
        cr_expect_str_eq(reply_text(asked, "/requested"), "cancel");
    const reply *job = client_wait(it, id, 5);
    cr_expect_lt(service_now() - start, PROMPT);
    cr_expect_str_eq(reply_text(job, "/status"), "cancelled");
    cr_expect_str_eq(reply_text(job, "/reason"), "cancelled");
    cr_expect(reply_is_null(job, "/requested"));
    cr_expect_geq(reply_number(job, "/progress/step"), 1);
    cr_expect_eq(strlen(reply_text(job, "/digest")), 64);
    const reply *parameters = client_get(it, "/v1/jobs/%s/parameters", id);
    ASSERT_STATUS(parameters, 200);
    cr_expect_eq(reply_count(parameters, "/parameters"), 4);
    ASSERT_STATUS(client_act(it, id, "cancel"), 200);
    ASSERT_STATUS(client_act(it, id, "pause"), 409);
    ASSERT_STATUS(client_act(it, id, "resume"), 409);
    service_destroy(it);
}

Test(api_control, repeated_requests_while_one_is_pending_are_safe, .timeout = LIMIT)
{
    const char *id;
    service *it = start_busy(&id);
    for (int i = 0; i < 20; i++) {
        const reply *got = client_act(it, id, "cancel");
        cr_expect(got->status == 202 || got->status == 200, "%d", got->status);
    }
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    int asked = 0, ended = 0;
    for (int i = 0; i < reply_count(events, "/events"); i++) {
        const char *type = reply_text(events, client_text(it, "/events/%d/type", i));
        asked += strcmp(type, "cancel_requested") == 0;
        ended += strcmp(type, "cancelled") == 0;
    }
    cr_expect_eq(asked, 1, "%s", events->body);
    cr_expect_leq(ended, 1, "%s", events->body);
    service_destroy(it);
}

Test(api_control, an_ended_job_cannot_be_changed, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *before = client_wait(it, id, 20);
    static const char *const actions[] = {"cancel", "pause", "resume"};
    for (size_t i = 0; i < 3; i++) {
        const reply *got = client_act(it, id, actions[i]);
        ASSERT_STATUS(got, 409);
        cr_expect(cJSON_IsString(reply_at(got, "/detail")));
        cr_expect_str_eq(reply_text(got, "/code"), "conflict");
        ASSERT_STATUS(client_act(it, NO_ID, actions[i]), 404);
    }
    const reply *after = client_get(it, "/v1/jobs/%s", id);
    cr_expect_str_eq(after->body, before->body);
    service_destroy(it);
}

Test(api_control, a_queued_job_is_paused_resumed_and_cancelled_at_once, .timeout = LIMIT)
{
    const char *busy;
    service *it = start_busy(&busy);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *job = client_act(it, id, "pause");
    ASSERT_STATUS(job, 200);
    cr_expect_str_eq(reply_text(job, "/status"), "paused");
    cr_expect(!reply_truth(job, "/terminal"));
    ASSERT_STATUS(client_act(it, id, "pause"), 200);
    job = client_act(it, id, "resume");
    ASSERT_STATUS(job, 202);
    cr_expect_str_eq(reply_text(job, "/status"), "queued");
    ASSERT_STATUS(client_act(it, id, "resume"), 200);
    ASSERT_STATUS(client_act(it, id, "pause"), 200);
    job = client_act(it, id, "cancel");
    ASSERT_STATUS(job, 200);
    cr_expect_str_eq(reply_text(job, "/status"), "cancelled");
    ASSERT_STATUS(client_act(it, id, "resume"), 409);
    service_destroy(it);
}

Test(api_control, a_running_job_is_paused_within_a_step_and_frees_its_worker, .timeout = LIMIT)
{
    const char *id;
    service *it = start_busy(&id);
    ASSERT_STATUS(client_act(it, id, "resume"), 200);
    double start = service_now();
    ASSERT_STATUS(client_act(it, id, "pause"), 202);
    const reply *job = client_wait_status(it, id, "paused", 5);
    cr_expect_lt(service_now() - start, PROMPT);
    cr_expect(reply_is_null(job, "/requested"));
    double step = reply_number(job, "/progress/step");
    cr_expect_geq(step, 1);
    const reply *other = client_run(it, 20, SPEC_TINY);
    cr_expect_str_eq(reply_text(other, "/status"), "succeeded");
    job = client_get(it, "/v1/jobs/%s", id);
    cr_expect_str_eq(reply_text(job, "/status"), "paused");
    cr_expect_eq(reply_number(job, "/progress/step"), step);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/curve", id), 200);
    ASSERT_STATUS(client_act(it, id, "resume"), 202);
    (void)client_wait_step(it, id, step + 1, 20);
    ASSERT_STATUS(client_act(it, id, "cancel"), 202);
    job = client_wait(it, id, 5);
    cr_expect_gt(reply_number(job, "/progress/step"), step);
    service_destroy(it);
}

Test(api_control, a_paused_job_that_is_cancelled_keeps_its_parameters, .timeout = LIMIT)
{
    const char *id;
    service *it = start_busy(&id);
    ASSERT_STATUS(client_act(it, id, "pause"), 202);
    (void)client_wait_status(it, id, "paused", 5);
    const reply *job = client_act(it, id, "cancel");
    ASSERT_STATUS(job, 200);
    cr_expect_str_eq(reply_text(job, "/status"), "cancelled");
    const reply *parameters = client_get(it, "/v1/jobs/%s/parameters", id);
    ASSERT_STATUS(parameters, 200);
    service_destroy(it);
}

/* A job is paused and resumed again and again; nobody can tell from its result. */
static void disturb(service *it, const char *id)
{
    for (int i = 0; i < 6; i++) {
        const reply *asked = client_act(it, id, "pause");
        if (asked->status == 409)
            break; /* it has ended */
        const reply *job;
        do {
            service_sleep(0.002);
            job = client_get(it, "/v1/jobs/%s", id);
        } while (strcmp(reply_text(job, "/status"), "running") == 0);
        if (reply_truth(job, "/terminal"))
            break;
        const reply *resumed = client_act(it, id, "resume");
        cr_expect_eq(resumed->status, 202, "%d %s", resumed->status, resumed->body);
        service_sleep(0.02);
    }
}

Test(api_control, a_paused_and_resumed_job_ends_as_an_undisturbed_one, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *calm = client_submit(it, SPEC_SHORT, STEPS, 7, 10.0);
    const reply *undisturbed = client_wait(it, calm, 60);
    const char *id = client_submit(it, SPEC_SHORT, STEPS, 7, 10.0);
    (void)client_wait_step(it, id, 1, 20);
    disturb(it, id);
    const reply *job = client_wait(it, id, 60);
    cr_expect_str_eq(reply_text(job, "/status"), "succeeded");
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
    cr_expect_str_eq(client_exact_curve(it, id), client_exact_curve(it, calm));
    cr_expect_eq(reply_number(job, "/loss/best"), reply_number(undisturbed, "/loss/best"));
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    cr_expect_not_null(strstr(events->body, "\"paused\""), "it was never paused: %s", events->body);
    service_destroy(it);
}

Test(api_control, a_paused_job_stays_paused_over_a_restart, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *undisturbed = client_wait(it, client_submit(it, SPEC_SHORT, STEPS, 9, 10.0), 60);
    const char *id = client_submit(it, SPEC_SHORT, STEPS, 9, 10.0);
    (void)client_wait_step(it, id, 1, 20);
    ASSERT_STATUS(client_act(it, id, "pause"), 202);
    const reply *job = client_wait_status(it, id, "paused", 5);
    double step = reply_number(job, "/progress/step");
    (void)service_stop(it);
    service_restart(it);
    job = client_get(it, "/v1/jobs/%s", id);
    cr_expect_str_eq(reply_text(job, "/status"), "paused");
    cr_expect_eq(reply_number(job, "/progress/step"), step);
    service_kill(it);
    service_restart(it);
    ASSERT_STATUS(client_act(it, id, "resume"), 202);
    job = client_wait(it, id, 60);
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
    service_destroy(it);
}

Test(api_control, actions_that_race_the_end_leave_one_clear_result, .timeout = LIMIT)
{
    static const char *const actions[] = {"cancel", "pause", "resume"};
    service *it = service_start(2);
    for (int i = 0; i < 30; i++) {
        const char *id = client_submit(it, SPEC_SHORT, 200 + 40 * i, 7, 10.0);
        for (size_t k = 0; k < 3; k++) {
            const reply *got = client_act(it, id, actions[(k + (size_t)i) % 3]);
            cr_expect(got->status == 200 || got->status == 202 || got->status == 409, "%d",
                      got->status);
        }
        (void)client_act(it, id, "cancel");
        const reply *job = client_wait(it, id, 20);
        const char *status = reply_text(job, "/status");
        cr_expect(strcmp(status, "cancelled") == 0 || strcmp(status, "succeeded") == 0, "%s",
                  job->body);
        cr_expect(reply_is_null(job, "/requested"));
    }
    service_destroy(it);
}

/* Steps of some hundredths of a second, points of the curve far apart: hidden units, examples,
 * seconds between checkpoints. */
#define SPEC_SLOW                                                                             \
    "{'model': {'type': 'mlp', 'hidden': [%d, %d]}, 'data': {'generator': {'type': 'moons', " \
    "'samples': %d, 'seed': 1}}, 'training': {'steps': 10000000, 'batch_size': 'full', "      \
    "'record_every': 1000000, 'checkpoint_seconds': %g, 'seed': 7}}"

Test(api_control, the_progress_of_slow_steps_is_shown, .timeout = 2 * LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SLOW, 1024, 1024, 2000, 60.0);
    double start = service_now();
    (void)client_wait_step(it, id, 2, 60);
    double seconds = service_now() - start;
    double step = reply_number(client_get(it, "/v1/jobs/%s", id), "/progress/step");
    cr_expect_lt(step, 100, "step %g is the first shown, after %g s", step, seconds);
    service_destroy(it);
}

/* What is told of the last checkpoint is never ahead of the progress told with it. */
Test(api_control, no_checkpoint_is_ahead_of_the_progress_shown, .timeout = 2 * LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SLOW, 256, 256, 5000, 0.02);
    int told = 0;
    for (double start = service_now(); told < 40 && service_now() - start < 60;) {
        const reply *job = client_get(it, "/v1/jobs/%s", id);
        if (!reply_is_null(job, "/checkpoint_step")) {
            told++;
            cr_expect_leq(reply_number(job, "/checkpoint_step"),
                          reply_number(job, "/progress/step"));
        }
        service_sleep(0.01);
    }
    cr_expect_eq(told, 40);
    service_destroy(it);
}
