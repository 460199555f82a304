/*
 * test_restart.c: what a 201 promised holds whatever happens to the process. SIGTERM is quick and the
 * next start goes on; after SIGKILL at any moment every job is there, ends once, and its parameters
 * are byte for byte those of an undisturbed run.
 */
#include "api/specs.h"
#include "support/client.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (170.0 * SERVICE_PATIENCE)
#define STEPS 60000

/* --- SIGTERM ------------------------------------------------------------------------------- */

Test(api_restart, sigterm_is_quick_and_the_next_start_goes_on_to_the_same_bytes, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *calm = client_submit(it, SPEC_SHORT, STEPS, 7, 10.0);
    const reply *undisturbed = client_wait(it, calm, 60);
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = client_submit(it, SPEC_SHORT, STEPS, 7, 10.0);
    double step = 0;
    for (int round = 0; round < 3; round++) {
        const reply *job = client_wait_step(it, ids[0], step + 1000, 20);
        step = reply_number(job, "/progress/step");
        double seconds = service_stop(it);
        cr_expect_lt(seconds, SERVICE_STOP_SECONDS);
        service_restart(it);
        double now = reply_number(client_get(it, "/v1/jobs/%s", ids[0]), "/progress/step");
        cr_expect_geq(now, step, "steps were lost: %g after %g", now, step);
    }
    for (int i = 0; i < 3; i++) {
        const reply *job = client_wait(it, ids[i], 60);
        cr_expect_str_eq(reply_text(job, "/status"), "succeeded", "%.900s", job->body);
        cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
        cr_expect_str_eq(client_exact_curve(it, ids[i]), client_exact_curve(it, calm));
        const reply *events = client_get(it, "/v1/jobs/%s/events", ids[i]);
        cr_expect_eq(client_count_events(events, "succeeded"), 1);
        cr_expect_eq(client_count_events(events, "recovered"), 0, "%s", events->body);
    }
    service_destroy(it);
}

Test(api_restart, sigterm_does_not_wait_for_slow_clients, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_submit(it, SPEC_ENDLESS);
    const char *text = client_text(it,
                                   "POST /v1/datasets HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                                   "text/csv\r\nContent-Length: 1000000\r\n\r\nx,y\n1,",
                                   it->address);
    pid_t process = it->process;
    (void)client_raw(it, text, strlen(text), 0.3);
    cr_expect_eq(it->process, process);
    cr_expect_lt(service_stop(it), SERVICE_STOP_SECONDS);
    service_destroy(it);
}

/* --- SIGKILL ------------------------------------------------------------------------------- */

Test(api_restart, a_killed_job_goes_on_from_its_checkpoint, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *calm = client_submit(it, SPEC_SHORT, STEPS, 7, 0.05);
    const reply *undisturbed = client_wait(it, calm, 60);
    const char *id = client_submit(it, SPEC_SHORT, STEPS, 7, 0.05);
    (void)client_wait_step(it, id, STEPS / 2, 20);
    service_kill(it);
    service_restart(it);
    const reply *job = client_wait(it, id, 60);
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
    cr_expect_eq(reply_number(job, "/attempt"), 2);
    cr_expect_str_eq(client_exact_curve(it, id), client_exact_curve(it, calm));
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    cr_expect_eq(client_count_events(events, "recovered"), 1, "%s", events->body);
    service_destroy(it);
}

/* What is told of the last checkpoint is where it goes on, or further on. */
Test(api_restart, the_last_checkpoint_is_told, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHORT, 100000000, 7, 0.05);
    const char *waits = client_submit(it, SPEC_SHORT, STEPS, 7, 0.05);
    double deadline = service_now() + 20 * SERVICE_PATIENCE;
    const reply *job = client_get(it, "/v1/jobs/%s", id);
    while (reply_is_null(job, "/checkpoint_step") && service_now() < deadline) {
        service_sleep(0.05);
        job = client_get(it, "/v1/jobs/%s", id);
    }
    double step = reply_number(job, "/checkpoint_step");
    cr_expect_leq(step, reply_number(job, "/progress/step"));
    cr_expect(reply_is_null(client_get(it, "/v1/jobs/%s", waits), "/checkpoint_step"));
    service_kill(it);
    service_restart(it);
    (void)client_wait_status(it, id, "running", 20);
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    int last = reply_count(events, "/events") - 1;
    cr_expect_str_eq(reply_text(events, client_text(it, "/events/%d/type", last)), "started");
    cr_expect_geq(reply_number(events, client_text(it, "/events/%d/data/step", last)), step);
    ASSERT_STATUS(client_act(it, id, "cancel"), 202);
    cr_expect(reply_is_null(client_wait(it, id, 20), "/checkpoint_step"));
    service_destroy(it);
}

/* Overwrites the middle of every checkpoint. */
static int damage_checkpoints(const service *it)
{
    char folder[SERVICE_PATH_SIZE + 16];
    int damaged = 0;
    snprintf(folder, sizeof folder, "%s/checkpoints", it->data);
    DIR *directory = opendir(folder);
    cr_assert_not_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char path[SERVICE_PATH_SIZE + 300];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_type == DT_REG ? fopen(path, "r+b") : NULL;
        if (file == NULL)
            continue;
        cr_assert_eq(fseek(file, 500, SEEK_SET), 0);
        fputs("damage", file);
        fclose(file);
        damaged++;
    }
    closedir(directory);
    return damaged;
}

Test(api_restart, a_damaged_checkpoint_costs_time_but_changes_nothing, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *undisturbed = client_wait(it, client_submit(it, SPEC_SHORT, STEPS, 8, 0.05), 60);
    const char *id = client_submit(it, SPEC_SHORT, STEPS, 8, 0.05);
    (void)client_wait_step(it, id, STEPS / 2, 20);
    service_kill(it);
    cr_assert_geq(damage_checkpoints(it), 1, "there was no checkpoint");
    service_restart(it);
    const reply *job = client_wait(it, id, 60);
    cr_expect_str_eq(reply_text(job, "/status"), "succeeded", "%.900s", job->body);
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
    service_destroy(it);
}

Test(api_restart, n31_three_crashes_without_progress_end_a_job, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHORT, 1000000000, 7, 80000.0);
    for (int i = 0; i < 3; i++) {
        (void)client_wait_step(it, id, 1, 20);
        service_kill(it);
        service_restart(it);
    }
    const reply *job = client_wait(it, id, 10);
    cr_expect_str_eq(reply_text(job, "/status"), "failed");
    cr_expect_str_eq(reply_text(job, "/reason"), "crash_loop");
    cr_expect_eq(reply_number(job, "/attempt"), 3);
    const reply *other = client_run(it, 20, SPEC_TINY);
    cr_expect_str_eq(reply_text(other, "/status"), "succeeded");
    service_destroy(it);
}

Test(api_restart, a_cancel_that_was_asked_for_holds_over_a_crash, .timeout = LIMIT)
{
    service *it = service_start(1);
    for (int i = 0; i < 5; i++) {
        const char *id = client_submit(it, SPEC_ENDLESS);
        (void)client_wait_step(it, id, 1, 20);
        const reply *asked = client_act(it, id, "cancel");
        service_kill(it);
        service_restart(it);
        ASSERT_STATUS(asked, 202);
        const reply *job = client_wait(it, id, 10);
        cr_expect_str_eq(reply_text(job, "/status"), "cancelled");
    }
    service_destroy(it);
}
