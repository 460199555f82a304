/*
 * Claiming, saving and ending runs: no job is lost, none is run under two claims, and what
 * a late worker writes changes nothing.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static store_fixture fixture;

static void start(void)
{
    store_fixture_start(&fixture);
    store_fixture_open(&fixture);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_runs, .init = start, .fini = end);

static store_job get(int64_t n)
{
    char id[STORE_ID_SIZE];
    store_job job;
    store_fixture_id(n, id);
    must(store_job_get(fixture.store, id, true, &job, NULL));
    return job;
}

Test(store_runs, claim_takes_the_next_and_starts_the_first_attempt)
{
    store_claim claim;
    store_job job;
    cr_assert_eq(store_job_claim(fixture.store, "boot", 1, &claim, &job, NULL), GD_NOT_FOUND);
    cr_assert_null(job.model);
    for (int64_t n = 1; n <= 3; n++) {
        char id[STORE_ID_SIZE];
        store_fixture_id(n, id);
        store_job_insert insert = store_fixture_insert(id);
        insert.priority = n == 3 ? 9 : 0;
        must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    }
    static const int64_t order[] = {3, 1, 2};
    for (int i = 0; i < 3; i++) {
        must(store_job_claim(fixture.store, "boot", 77, &claim, &job, NULL));
        cr_assert_eq(job.sequence, order[i]);
        cr_assert_eq(job.status, STORE_JOB_RUNNING);
        cr_assert_eq(job.attempt, 1);
        cr_assert_eq(job.started_at, 77);
        cr_assert_not_null(job.spec);
        cr_assert_str_eq(claim.job, job.id);
        cr_assert_str_eq(claim.boot, "boot");
        store_job_dispose(&job);
    }
    cr_assert_eq(store_job_claim(fixture.store, "boot", 1, &claim, &job, NULL), GD_NOT_FOUND);
    cr_assert_eq(store_job_claim(fixture.store, "a boot id of more than thirty-six characters", 1,
                                 &claim, &job, NULL),
                 GD_INVALID_ARGUMENT);
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static bool same_number(store_number a, store_number b)
{
    return a.present == b.present && (!a.present || same(a.value, b.value));
}

static store_number number(double value)
{
    return (store_number){.present = true, .value = value};
}

Test(store_runs, numbers_come_back_as_they_were)
{
    static const double values[] = {0.1,
                                    -0.0,
                                    0.0,
                                    1.0,
                                    NAN,
                                    INFINITY,
                                    -INFINITY,
                                    DBL_MAX,
                                    DBL_MIN,
                                    5e-324,
                                    1.0 + DBL_EPSILON,
                                    -123456789.0,
                                    9007199254740993.0};
    must(store_fixture_create(fixture.store, 1));
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        store_progress progress = {.step = 1,
                                   .steps = INT64_MAX,
                                   .epoch = 3,
                                   .epochs = 4,
                                   .samples = 5,
                                   .seconds = values[i],
                                   .first_loss = number(values[i]),
                                   .last_loss = number(-values[i]),
                                   .best_loss = {.present = false},
                                   .best_loss_step = 6,
                                   .validation_loss = number(values[i]),
                                   .best_validation_loss = number(values[i]),
                                   .best_validation_step = 7,
                                   .points = 8};
        store_run_update update = {.progress = &progress};
        must(store_run_save(fixture.store, &claim, &update, NULL));
        store_job job = get(1);
        const store_progress *read = &job.progress;
        cr_assert_eq(read->step, 1);
        cr_assert_eq(read->steps, INT64_MAX);
        cr_assert_eq(read->epoch, 3);
        cr_assert_eq(read->epochs, 4);
        cr_assert_eq(read->samples, 5);
        cr_assert(same(read->seconds, values[i]), "%a came back as %a", values[i], read->seconds);
        cr_assert(same_number(read->first_loss, progress.first_loss), "%a", values[i]);
        cr_assert(same_number(read->last_loss, progress.last_loss), "%a", values[i]);
        cr_assert(same_number(read->best_loss, progress.best_loss));
        cr_assert_eq(read->best_loss_step, 6);
        cr_assert(same_number(read->validation_loss, progress.validation_loss));
        cr_assert(same_number(read->best_validation_loss, progress.best_validation_loss));
        cr_assert_eq(read->best_validation_step, 7);
        cr_assert_eq(read->points, 8);
        store_job_dispose(&job);
    }
}

Test(store_runs, finish_records_the_result)
{
    must(store_fixture_create(fixture.store, 1));
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    store_event event = {.at = 5, .type = "succeeded", .message = "done"};
    store_run_end finish = {
        .update = {.events = &event, .event_count = 1}, .status = STORE_JOB_RUNNING, .at = 4321};
    cr_assert_eq(store_run_finish(fixture.store, &claim, &finish, NULL), GD_INVALID_ARGUMENT);
    finish.status = STORE_JOB_SUCCEEDED;
    finish.reason = "converged";
    finish.message = "It converged.";
    finish.metrics = "{\"rmse\":1}";
    finish.diagnosis = "[]";
    finish.repairs = "[1]";
    finish.digest = "abc";
    must(store_run_finish(fixture.store, &claim, &finish, NULL));
    store_job job = get(1);
    cr_assert_eq(job.status, STORE_JOB_SUCCEEDED);
    cr_assert_str_eq(job.reason, "converged");
    cr_assert_str_eq(job.message, "It converged.");
    cr_assert_eq(job.finished_at, 4321);
    cr_assert_eq(job.updated_at, 4321);
    cr_assert_str_eq(job.metrics, "{\"rmse\":1}");
    cr_assert_str_eq(job.diagnosis, "[]");
    cr_assert_str_eq(job.repairs, "[1]");
    cr_assert_str_eq(job.digest, "abc");
    cr_assert_not_null(job.spec);
    store_job_dispose(&job);
    cr_assert_eq(store_run_finish(fixture.store, &claim, &finish, NULL), GD_CONFLICT, "once only");
}

Test(store_runs, n32_stale_claims_change_nothing)
{
    must(store_fixture_create(fixture.store, 1));
    store_claim old;
    store_claim current;
    store_fixture_claim(fixture.store, "boot-1", &old);
    int64_t requeued = 0;
    int64_t failed = 0;
    must(store_recover(fixture.store, "boot-2", 9, 3, &requeued, &failed, NULL));
    cr_assert_eq(requeued, 1);
    store_run_update update = {.checkpoint = "late"};
    store_run_end finish = {.status = STORE_JOB_SUCCEEDED, .reason = "late", .at = 1};
    for (int round = 0; round < 2; round++) {
        store_job before = get(1);
        cr_assert_eq(store_run_save(fixture.store, &old, &update, NULL), GD_CONFLICT);
        cr_assert_eq(store_run_finish(fixture.store, &old, &finish, NULL), GD_CONFLICT);
        store_job after = get(1);
        cr_assert_eq(after.revision, before.revision);
        cr_assert_eq(after.status, before.status);
        cr_assert_null(after.checkpoint);
        store_job_dispose(&before);
        store_job_dispose(&after);
        if (round == 0)
            store_fixture_claim(fixture.store, "boot-2", &current);
    }
    /* The same boot with an older counter is as stale. */
    old = current;
    old.counter--;
    cr_assert_eq(store_run_save(fixture.store, &old, &update, NULL), GD_CONFLICT);
    must(store_run_save(fixture.store, &current, &update, NULL));
    store_job job = get(1);
    cr_assert_eq(job.attempt, 2);
    cr_assert_str_eq(job.checkpoint, "late");
    store_job_dispose(&job);
}

static gd_status request(void *context, const store_job *job, store_job_change *change,
                         gd_error *error)
{
    (void)error;
    change->write = true;
    change->status = job->status;
    change->requested = *(const store_request *)context;
    return GD_OK;
}

static void ask(int64_t n, store_request requested)
{
    char id[STORE_ID_SIZE];
    store_job job;
    store_fixture_id(n, id);
    must(store_job_change_status(fixture.store, id, request, &requested, &job, NULL));
    store_job_dispose(&job);
}

Test(store_runs, paused_and_given_back_jobs_go_on)
{
    must(store_fixture_create(fixture.store, 1));
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    store_run_end give_back = {.update = {.checkpoint = "c1"}, .status = STORE_JOB_QUEUED, .at = 8};
    must(store_run_finish(fixture.store, &claim, &give_back, NULL));
    store_job job = get(1);
    cr_assert_eq(job.status, STORE_JOB_QUEUED);
    cr_assert_eq(job.finished_at, 0);
    cr_assert_null(job.reason);
    cr_assert_str_eq(job.checkpoint, "c1");
    store_job_dispose(&job);
    store_fixture_claim(fixture.store, "boot", &claim);
    ask(1, STORE_REQUEST_PAUSE);
    store_run_end pause = {.status = STORE_JOB_PAUSED, .at = 9};
    must(store_run_finish(fixture.store, &claim, &pause, NULL));
    job = get(1);
    cr_assert_eq(job.status, STORE_JOB_PAUSED);
    cr_assert_str_eq(job.checkpoint, "c1", "kept");
    cr_assert_eq(job.attempt, 1, "an orderly end of a run uses no attempt up");
    store_job_dispose(&job);
    cr_assert_eq(store_job_claim(fixture.store, "boot", 1, &claim, &job, NULL), GD_NOT_FOUND);
}

Test(store_runs, requests_that_come_while_a_run_ends_are_not_lost)
{
    static const struct {
        store_request asked;
        store_job_status ended, expected;
    } cases[] = {{STORE_REQUEST_CANCEL, STORE_JOB_PAUSED, STORE_JOB_CANCELLED},
                 {STORE_REQUEST_CANCEL, STORE_JOB_QUEUED, STORE_JOB_CANCELLED},
                 {STORE_REQUEST_PAUSE, STORE_JOB_QUEUED, STORE_JOB_PAUSED},
                 {STORE_REQUEST_PAUSE, STORE_JOB_PAUSED, STORE_JOB_PAUSED},
                 {STORE_REQUEST_CANCEL, STORE_JOB_SUCCEEDED, STORE_JOB_SUCCEEDED},
                 {STORE_REQUEST_NONE, STORE_JOB_PAUSED, STORE_JOB_QUEUED}};
    for (int64_t i = 0; i < (int64_t)(sizeof cases / sizeof cases[0]); i++) {
        must(store_fixture_create(fixture.store, i));
        store_claim claim;
        store_fixture_claim(fixture.store, "boot", &claim);
        ask(i, cases[i].asked);
        store_run_end finish = {.status = cases[i].ended, .at = 5};
        must(store_run_finish(fixture.store, &claim, &finish, NULL));
        store_job job = get(i);
        cr_assert_eq(job.status, cases[i].expected, "case %lld", (long long)i);
        cr_assert_eq(job.requested, STORE_REQUEST_NONE);
        if (job.status == STORE_JOB_CANCELLED)
            cr_assert_str_eq(job.reason, "cancelled");
        store_job_dispose(&job);
    }
}

Test(store_runs, an_end_takes_the_next_job_with_it)
{
    store_claim claim, next;
    store_job job;
    for (int64_t n = 1; n <= 2; n++)
        must(store_fixture_create(fixture.store, n));
    store_fixture_claim(fixture.store, "boot", &claim);
    store_run_end finish = {.status = STORE_JOB_SUCCEEDED, .reason = "completed", .at = 7};
    must(store_run_finish_and_claim(fixture.store, &claim, &finish, &next, &job, NULL));
    cr_assert_neq(job.sequence, 0);
    cr_expect_str_eq(next.job, job.id);
    cr_expect_str_eq(next.boot, "boot");
    cr_expect_eq(job.status, STORE_JOB_RUNNING);
    cr_expect_eq(job.started_at, 7);
    cr_expect_not_null(job.spec);
    store_job_dispose(&job);
    cr_expect_eq(store_fixture_status(fixture.store, 1), STORE_JOB_SUCCEEDED);
    cr_expect_eq(store_fixture_status(fixture.store, 2), STORE_JOB_RUNNING);
    store_claim none;
    cr_assert_eq(store_run_finish_and_claim(fixture.store, &claim, &finish, &none, &job, NULL),
                 GD_CONFLICT, "once only");
    cr_expect_eq(job.sequence, 0);
    must(store_run_finish_and_claim(fixture.store, &next, &finish, &none, &job, NULL));
    cr_expect_eq(job.sequence, 0, "none waits");
    cr_expect_eq(store_fixture_status(fixture.store, 2), STORE_JOB_SUCCEEDED);
}

Test(store_runs, an_end_that_is_stale_claims_nothing)
{
    store_claim claim, next;
    store_job job;
    for (int64_t n = 1; n <= 2; n++)
        must(store_fixture_create(fixture.store, n));
    store_fixture_claim(fixture.store, "boot", &claim);
    claim.counter++;
    store_run_end finish = {.status = STORE_JOB_SUCCEEDED, .reason = "completed", .at = 7};
    cr_assert_eq(store_run_finish_and_claim(fixture.store, &claim, &finish, &next, &job, NULL),
                 GD_CONFLICT);
    cr_expect_eq(store_fixture_status(fixture.store, 1), STORE_JOB_RUNNING);
    cr_expect_eq(store_fixture_status(fixture.store, 2), STORE_JOB_QUEUED);
}

/* --- Many workers ------------------------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    int64_t done;
} worker;

static void *work(void *context)
{
    worker *self = context;
    store_claim claim;
    store_job job;
    while (store_job_claim(fixture.store, "boot", 1, &claim, &job, NULL) == GD_OK) {
        store_run_end finish = {.status = STORE_JOB_SUCCEEDED, .reason = "completed", .at = 2};
        if (job.attempt == 1 && store_run_finish(fixture.store, &claim, &finish, NULL) == GD_OK)
            self->done++;
        store_job_dispose(&job);
    }
    return NULL;
}

Test(store_runs, many_workers_do_each_job_once)
{
    for (int64_t n = 1; n <= 200; n++)
        must(store_fixture_create(fixture.store, n));
    worker workers[16] = {{.done = 0}};
    for (int i = 0; i < 16; i++)
        cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    int64_t done = 0;
    for (int i = 0; i < 16; i++) {
        cr_assert_eq(pthread_join(workers[i].thread, NULL), 0);
        done += workers[i].done;
    }
    cr_assert_eq(done, 200);
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(fixture.store, counts, NULL));
    cr_assert_eq(counts[STORE_JOB_SUCCEEDED], 200);
}
