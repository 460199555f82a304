/*
 * test_kills.c: numbered check 28 of docs/reliability.md: SIGKILL at random moments under load
 * (submits that are repeated until answered, uploads, renames, running jobs and their checkpoints, and
 * the start of the program itself). After each kill every 201 is there; at the end every job has ended
 * once, with the bytes of an undisturbed run, and a submit that was repeated made one job.
 *
 * Moments and jobs follow from a seed, which is told. The suite kills 50 times; `make kill` as often as
 * KILLS says, from KILL_SEED.
 */
#include "api/specs.h"
#include "support/client.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS              5
#define CHECKPOINT_SECONDS 0.02
#define ANSWERS_MAXIMUM    20000
#define JOBS_A_LIFE        3
#define UPLOADS_A_LIFE     2

/* Jobs that are killed; index gives steps and seed. */
static const int kind_steps[KINDS] = {3000, 9000, 15000, 21000, 27000};

typedef struct answered {
    char id[64]; /* empty: no answer yet */
    int kind;    /* of a job; -rows of a dataset */
} answered;

typedef struct load {
    service *it;
    atomic_bool stopping;
    const char *target; /* a job that has ended, renamed again and again */
    double written;     /* the last name that got its 200 */
    uint64_t random, upload_random;
    answered jobs[ANSWERS_MAXIMUM];
    int job_count; /* keys used; those without an answer are asked again */
    answered datasets[ANSWERS_MAXIMUM];
    int dataset_count;
} load;

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A reply that never came promises nothing, but asked again under the same key it makes no
 * second job. */
static void submit(load *own, int index)
{
    answered *job = &own->jobs[index];
    const char *key = client_text(own->it, "Idempotency-Key: kill-%d", index);
    const char *spec =
        client_json(own->it, SPEC_SHORT, kind_steps[job->kind], job->kind + 1, CHECKPOINT_SECONDS);
    const reply *got = client_post_text(own->it, "/v1/jobs", key, spec);
    if (got->status == 201)
        (void)snprintf(job->id, sizeof job->id, "%s", reply_text(got, "/id"));
    else
        cr_expect(got->status == 0 || got->status == 503, "%d %s", got->status, got->body);
    client_drop(got);
}

static void *submit_under_fire(void *context)
{
    load *own = context;
    for (int i = 0; i < own->job_count && !atomic_load(&own->stopping); i++)
        if (own->jobs[i].id[0] == '\0')
            submit(own, i);
    for (int i = 0; i < JOBS_A_LIFE && !atomic_load(&own->stopping); i++) {
        if (own->job_count == ANSWERS_MAXIMUM)
            break;
        own->jobs[own->job_count].kind = (int)(draw(&own->random) % KINDS);
        submit(own, own->job_count++);
        service_sleep((double)(draw(&own->random) % 100) * 1e-3);
    }
    return NULL;
}

static void *upload_under_fire(void *context)
{
    load *own = context;
    static char text[40000]; /* one uploader at a time */
    for (int i = 0; i < UPLOADS_A_LIFE && !atomic_load(&own->stopping); i++) {
        int rows = 1 + (int)(draw(&own->upload_random) % 2000);
        size_t length = (size_t)snprintf(text, sizeof text, "x,y\n");
        for (int row = 0; row < rows; row++)
            length += (size_t)snprintf(text + length, sizeof text - length, "%d,%d\n", row,
                                       row * 7 % 100);
        client_request what = {.method = "POST",
                               .path = "/v1/datasets?name=kill",
                               .headers = CLIENT_HEADERS("Content-Type: text/csv"),
                               .body = text,
                               .length = length};
        const reply *got = client_send(own->it, &what);
        if (got->status == 201 && own->dataset_count < ANSWERS_MAXIMUM) {
            answered *dataset = &own->datasets[own->dataset_count++];
            (void)snprintf(dataset->id, sizeof dataset->id, "%s", reply_text(got, "/id"));
            dataset->kind = -rows;
        }
        client_drop(got);
        service_sleep((double)(draw(&own->upload_random) % 100) * 1e-3);
    }
    return NULL;
}

/* Writes without a pause, so that every kill meets a transaction. */
static void *write_under_fire(void *context)
{
    load *own = context;
    const char *path = client_text(own->it, "/v1/jobs/%s", own->target);
    for (double next = own->written + 1; !atomic_load(&own->stopping); next++) {
        const reply *got = client_patch(own->it, path, "{'name': '%.0f'}", next);
        if (got->status == 200)
            own->written = next;
        client_drop(got);
    }
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
    client_drop(job);
}

/*
 * One life of the process: every third dies while it starts, the others at work. A job whose process
 * dies three times before it could save anything would rightly be given up (crash_loop), so the life
 * after an early death is long enough for a checkpoint on a slow disk.
 */
static void live_and_die(load *own, int round)
{
    static void *(*const parts[])(void *) = {submit_under_fire, upload_under_fire,
                                             write_under_fire};
    pthread_t threads[3];
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
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, parts[i], own), 0);
    service_sleep(life * SERVICE_PATIENCE);
    service_kill(own->it);
    atomic_store(&own->stopping, true);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
}

/* --- Looking at the database from outside -------------------------------------------------- */

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *query = NULL;
    cr_assert_eq(sqlite3_prepare_v2(database, sql, -1, &query, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(database));
    return query;
}

static void expect_rows(sqlite3 *database, const char *sql, const answered *all, int count,
                        int round)
{
    sqlite3_stmt *query = prepare(database, sql);
    for (int i = 0; i < count; i++) {
        if (all[i].id[0] == '\0')
            continue;
        sqlite3_bind_text(query, 1, all[i].id, -1, SQLITE_STATIC);
        cr_expect_eq(sqlite3_step(query), SQLITE_ROW, "%s is gone after kill %d", all[i].id, round);
        sqlite3_reset(query);
    }
    sqlite3_finalize(query);
}

static void expect_whole(sqlite3 *database, int round)
{
    sqlite3_stmt *query = prepare(database, "PRAGMA integrity_check");
    cr_assert_eq(sqlite3_step(query), SQLITE_ROW);
    cr_expect_str_eq((const char *)sqlite3_column_text(query, 0), "ok", "after kill %d", round);
    sqlite3_finalize(query);
    query = prepare(database, "PRAGMA foreign_key_check");
    cr_expect_eq(sqlite3_step(query), SQLITE_DONE, "rows without their parents, kill %d", round);
    sqlite3_finalize(query);
}

/* The process is dead: all that was answered is there, and every page is sound. The program itself
 * reads every page at the next start too. */
static void look(const load *own, int round)
{
    char path[SERVICE_PATH_SIZE];
    sqlite3 *database = NULL;
    service_database_path(own->it, path);
    cr_assert_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    expect_rows(database, "SELECT 1 FROM jobs WHERE id = ?", own->jobs, own->job_count, round);
    expect_rows(database, "SELECT 1 FROM datasets WHERE id = ?", own->datasets, own->dataset_count,
                round);
    expect_whole(database, round);
    sqlite3_close(database);
}

/* --- The end ------------------------------------------------------------------------------- */

/* Jobs of all kinds on a quiet service: what the others must come to. */
static void run_undisturbed(char digests[KINDS][65])
{
    service *it = service_start(2);
    const char *ids[KINDS];
    for (int kind = 0; kind < KINDS; kind++)
        ids[kind] = client_submit(it, SPEC_SHORT, kind_steps[kind], kind + 1, CHECKPOINT_SECONDS);
    for (int kind = 0; kind < KINDS; kind++)
        (void)snprintf(digests[kind], 65, "%s",
                       reply_text(client_wait(it, ids[kind], 60), "/digest"));
    service_destroy(it);
}

/* True for a job that ended well; one that was given up after three deaths is none, and no fault. */
static bool expect_one_end(load *own, const answered *job, char digests[KINDS][65],
                           double *attempts)
{
    const reply *got = client_wait(own->it, job->id, 400);
    const reply *events = client_get(own->it, "/v1/jobs/%s/events?limit=500", job->id);
    bool succeeded = strcmp(reply_text(got, "/status"), "succeeded") == 0;
    *attempts += reply_number(got, "/attempt");
    cr_expect_eq(client_count_events(events, "queued"), 1, "%s", events->body);
    cr_expect_eq(client_count_events(events, "succeeded"), succeeded ? 1 : 0, "%s", events->body);
    cr_expect_eq(client_count_events(events, "failed"), succeeded ? 0 : 1, "%s", events->body);
    if (succeeded) {
        cr_expect_str_eq(reply_text(got, "/digest"), digests[job->kind]);
        cr_expect_eq(reply_number(got, "/progress/step"), kind_steps[job->kind]);
    } else {
        cr_expect_str_eq(reply_text(got, "/reason"), "crash_loop", "%.1200s", got->body);
    }
    client_drop(got);
    client_drop(events);
    return succeeded;
}

static void expect_datasets(load *own)
{
    for (int i = 0; i < own->dataset_count; i++) {
        const reply *got = client_get(own->it, "/v1/datasets/%s", own->datasets[i].id);
        ASSERT_STATUS(got, 200);
        cr_expect_eq(reply_number(got, "/rows"), -own->datasets[i].kind);
        client_drop(got);
        got = client_get(own->it, "/v1/datasets/%s/rows?offset=0&limit=1", own->datasets[i].id);
        ASSERT_STATUS(got, 200);
        client_drop(got);
    }
}

static int count_in(const load *own, const char *sql)
{
    char path[SERVICE_PATH_SIZE];
    sqlite3 *database = NULL;
    service_database_path(own->it, path);
    cr_assert_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_stmt *query = prepare(database, sql);
    cr_assert_eq(sqlite3_step(query), SQLITE_ROW);
    int count = sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(database);
    return count;
}

static void expect_good_end(load *own, int kills)
{
    char digests[KINDS][65];
    double attempts = 0;
    int given_up = 0;
    run_undisturbed(digests);
    service_restart(own->it);
    expect_written(own);
    for (int i = 0; i < own->job_count; i++)
        if (own->jobs[i].id[0] == '\0')
            submit(own, i);
    for (int i = 0; i < own->job_count; i++)
        given_up += expect_one_end(own, &own->jobs[i], digests, &attempts) ? 0 : 1;
    expect_datasets(own);
    cr_log_info(
        "%d kills: %d jobs, %g attempts, %d given up as crash_loop, %d datasets, %g renames", kills,
        own->job_count, attempts, given_up, own->dataset_count, own->written);
    cr_expect_geq(own->job_count, kills / 2, "only %d jobs were taken", own->job_count);
    cr_expect_gt(attempts, own->job_count, "no kill met a running job");
    cr_expect_leq(given_up, own->job_count / 20, "%d jobs were given up", given_up);
    (void)service_stop(own->it);
    look(own, kills);
    /* The one that is renamed, and one for each key: none by a repetition. */
    cr_expect_eq(count_in(own, "SELECT count(*) FROM jobs"), own->job_count + 1);
    program_run check = SERVICE_PROGRAM("check", "--data-dir", own->it->data);
    cr_expect_eq(check.status, 0, "%s%s", check.output, check.errors);
    cr_expect_eq(service_count_files(own->it, "checkpoints"), 0, "checkpoints of ended jobs");
    cr_expect_eq(service_count_files(own->it, "uploads"), 0, "uploads that were cut off");
    cr_expect_eq(service_count_files(own->it, "datasets"),
                 count_in(own, "SELECT count(*) FROM datasets"), "files without their rows");
}

static void kill_often(int kills, uint64_t seed)
{
    static load own;
    cr_log_info("%d kills from seed %llu", kills, (unsigned long long)seed);
    own = (load){.it = service_start(2), .random = seed, .upload_random = seed ^ 0x5bd1e995u};
    own.target = reply_text(client_run(own.it, 20, SPEC_TINY), "/id");
    ASSERT_STATUS(
        client_patch(own.it, client_text(own.it, "/v1/jobs/%s", own.target), "{'name': '0'}"), 200);
    service_kill(own.it);
    for (int round = 0; round < kills; round++) {
        live_and_die(&own, round);
        look(&own, round);
    }
    expect_good_end(&own, kills);
    service_destroy(own.it);
}

Test(checks, n28_fifty_kills_lose_nothing_and_change_no_byte, .timeout = 170.0 * SERVICE_PATIENCE)
{
    kill_often(50, 20260131);
}

Test(checks, n28_many_kills, .timeout = 14400)
{
    const char *kills = getenv("KILLS"), *seed = getenv("KILL_SEED");
    if (kills == NULL)
        cr_skip_test("KILLS says how many; make kill sets it");
    kill_often((int)strtol(kills, NULL, 10), seed != NULL ? strtoull(seed, NULL, 10) : 1);
}
