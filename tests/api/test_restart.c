/*
 * test_restart.c: what a 201 promised holds whatever happens to the process. SIGTERM is quick and the
 * next start goes on; after SIGKILL at any moment every job is there, ends once, and its parameters
 * are byte for byte those of an undisturbed run.
 */
#include "api/specs.h"
#include "support/client.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (170.0 * SERVICE_PATIENCE)
#define STEPS 60000

/* Jobs that are killed; index gives steps and seed. */
#define KINDS 5
static const int kind_steps[KINDS] = {3000, 9000, 15000, 21000, 27000};
#define CHECKPOINT_SECONDS 0.02

static const char *submit_kind(service *it, int kind)
{
    return client_submit(it, SPEC_SHORT, kind_steps[kind], kind + 1, CHECKPOINT_SECONDS);
}

static int count_events(const reply *events, const char *type)
{
    int found = 0;
    for (int i = 0; i < reply_count(events, "/events"); i++)
        found +=
            strcmp(reply_text(events, client_text(events->owner, "/events/%d/type", i)), type) == 0;
    return found;
}

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
        cr_expect_eq(count_events(events, "succeeded"), 1);
        cr_expect_eq(count_events(events, "recovered"), 0, "%s", events->body);
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
    cr_expect_eq(count_events(events, "recovered"), 1, "%s", events->body);
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

/* --- Fifty kills --------------------------------------------------------------------------- */

#define ROUNDS       50
#define JOBS_MAXIMUM 400

typedef struct load {
    service *it;
    pthread_t submitter, writer;
    atomic_bool stopping;
    const char *target; /* a job that has ended, renamed again and again */
    double written;     /* the last name that got its 200 */
    uint64_t random;
    const char *ids[JOBS_MAXIMUM];
    int kinds[JOBS_MAXIMUM];
    int count;
} load;

/* splitmix64: moments and kinds are the same in every run of the test. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Submits until told to stop, at most three jobs a round; a reply that never came promises nothing. */
static void *submit_under_fire(void *context)
{
    load *own = context;
    for (int i = 0; i < 3 && own->count < JOBS_MAXIMUM && !atomic_load(&own->stopping); i++) {
        int kind = (int)(draw(&own->random) % KINDS);
        const reply *got = client_post(own->it, "/v1/jobs", SPEC_SHORT, kind_steps[kind], kind + 1,
                                       CHECKPOINT_SECONDS);
        if (got->status == 201) {
            own->ids[own->count] = reply_text(got, "/id");
            own->kinds[own->count++] = kind;
        }
        service_sleep((double)(draw(&own->random) % 100) * 1e-3);
    }
    return NULL;
}

/* Writes without a pause, so that every kill meets a transaction. */
static void *write_under_fire(void *context)
{
    load *own = context;
    const char *path = client_text(own->it, "/v1/jobs/%s", own->target);
    for (double next = own->written + 1; !atomic_load(&own->stopping); next++)
        if (client_patch(own->it, path, "{'name': '%.0f'}", next)->status == 200)
            own->written = next;
    return NULL;
}

/* The name is the last that was acknowledged, or the one whose 200 was cut off. */
static void expect_written(load *own)
{
    const reply *job = client_get(own->it, "/v1/jobs/%s", own->target);
    double name = strtod(reply_text(job, "/name"), NULL);
    cr_expect(name == own->written || name == own->written + 1,
              "the name is %g where %g was acknowledged", name, own->written);
    own->written = name;
}

/*
 * One life of the process: every third dies while it starts, the others at work. A job whose process
 * dies three times before it could save anything would rightly be given up (crash_loop), so the life
 * after an early death is long enough for a checkpoint on a slow disk.
 */
static void live_and_die(load *own, int round)
{
    service_launch(own->it);
    if (round % 3 == 0) {
        service_sleep((double)(draw(&own->random) % 30000) * 1e-6);
        service_kill(own->it);
        return;
    }
    service_await_ready(own->it);
    expect_written(own);
    double life = 0.1 + (double)(draw(&own->random) % 200000) * 1e-6;
    if (round % 3 == 1)
        life += 0.2;
    atomic_store(&own->stopping, false);
    cr_assert_eq(pthread_create(&own->submitter, NULL, submit_under_fire, own), 0);
    cr_assert_eq(pthread_create(&own->writer, NULL, write_under_fire, own), 0);
    service_sleep(life * SERVICE_PATIENCE);
    service_kill(own->it);
    atomic_store(&own->stopping, true);
    pthread_join(own->submitter, NULL);
    pthread_join(own->writer, NULL);
}

static void expect_whole_database(const service *it)
{
    char path[SERVICE_PATH_SIZE];
    sqlite3 *database = NULL;
    sqlite3_stmt *query = NULL;
    service_database_path(it, path);
    cr_assert_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(database, "PRAGMA integrity_check", -1, &query, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(query), SQLITE_ROW);
    cr_expect_str_eq((const char *)sqlite3_column_text(query, 0), "ok");
    sqlite3_finalize(query);
    cr_assert_eq(sqlite3_prepare_v2(database, "PRAGMA foreign_key_check", -1, &query, NULL),
                 SQLITE_OK);
    cr_expect_eq(sqlite3_step(query), SQLITE_DONE, "rows without their parents");
    sqlite3_finalize(query);
    sqlite3_close(database);
}

/* Jobs of all kinds on a quiet service: what the others must come to. */
static void run_undisturbed(char digests[KINDS][65])
{
    service *it = service_start(2);
    const char *ids[KINDS];
    for (int kind = 0; kind < KINDS; kind++)
        ids[kind] = submit_kind(it, kind);
    for (int kind = 0; kind < KINDS; kind++)
        snprintf(digests[kind], 65, "%s", reply_text(client_wait(it, ids[kind], 60), "/digest"));
    service_destroy(it);
}

Test(api_restart, fifty_kills_lose_no_job_and_change_no_byte, .timeout = LIMIT)
{
    static load own;
    char digests[KINDS][65];
    run_undisturbed(digests);
    own.it = service_start(2);
    own.random = 20260131;
    own.target = reply_text(client_run(own.it, 20, SPEC_TINY), "/id");
    ASSERT_STATUS(
        client_patch(own.it, client_text(own.it, "/v1/jobs/%s", own.target), "{'name': '0'}"), 200);
    service_kill(own.it);
    for (int round = 0; round < ROUNDS; round++)
        live_and_die(&own, round);
    service_restart(own.it);
    expect_written(&own);
    double attempts = 0;
    for (int i = 0; i < own.count; i++) {
        const reply *job = client_wait(own.it, own.ids[i], 100);
        cr_expect_str_eq(reply_text(job, "/status"), "succeeded", "%.1200s", job->body);
        if (strcmp(reply_text(job, "/status"), "succeeded") != 0)
            continue;
        cr_expect_str_eq(reply_text(job, "/digest"), digests[own.kinds[i]]);
        cr_expect_eq(reply_number(job, "/progress/step"), kind_steps[own.kinds[i]]);
        attempts += reply_number(job, "/attempt");
        const reply *events = client_get(own.it, "/v1/jobs/%s/events?limit=500", own.ids[i]);
        cr_expect_eq(count_events(events, "succeeded"), 1, "%s", events->body);
        cr_expect_eq(count_events(events, "failed"), 0, "%s", events->body);
        cr_expect_eq(count_events(events, "queued"), 1, "%s", events->body);
    }
    cr_log_info("%d jobs, %g attempts, %d kills, %g other writes", own.count, attempts, ROUNDS,
                own.written);
    cr_expect_geq(own.count, 30, "only %d jobs were taken", own.count);
    cr_expect_gt(attempts, own.count, "no kill met a running job");
    /* Jobs whose 201 was cut off may be there too; they also end. */
    double deadline = service_now() + 60 * SERVICE_PATIENCE;
    while (reply_count(client_get(own.it, "/v1/jobs?status=queued,running"), "/jobs") > 0 &&
           service_now() < deadline)
        service_sleep(0.05);
    (void)service_stop(own.it);
    expect_whole_database(own.it);
    program_run check = SERVICE_PROGRAM("check", "--data-dir", own.it->data);
    cr_expect_eq(check.status, 0, "%s%s", check.output, check.errors);
    cr_expect_eq(service_count_files(own.it, "checkpoints"), 0, "checkpoints of ended jobs");
    service_destroy(own.it);
}
