/*
 * Recovery: what becomes of jobs whose process died under them.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>

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

TestSuite(store_recovery, .init = start, .fini = end);

static store_job get(int64_t n)
{
    char id[STORE_ID_SIZE];
    store_job job;
    store_fixture_id(n, id);
    must(store_job_get(fixture.store, id, true, &job, NULL));
    return job;
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

static void recover(const char *boot, int64_t expect_requeued, int64_t expect_failed)
{
    int64_t requeued = -1;
    int64_t failed = -1;
    must(store_recover(fixture.store, boot, 500, 3, &requeued, &failed, NULL));
    cr_assert_eq(requeued, expect_requeued);
    cr_assert_eq(failed, expect_failed);
}

Test(store_recovery, recovery_takes_other_boots_jobs_only)
{
    store_claim claim;
    for (int64_t n = 1; n <= 200; n++)
        must(store_fixture_create(fixture.store, n));
    for (int64_t n = 1; n <= 150; n++)
        store_fixture_claim(fixture.store, "old", &claim);
    store_fixture_claim(fixture.store, "new", &claim);
    recover("new", 150, 0);
    recover("new", 0, 0);
    cr_assert_eq(store_fixture_status(fixture.store, 151), STORE_JOB_RUNNING);
    store_job job = get(1);
    cr_assert_eq(job.status, STORE_JOB_QUEUED);
    cr_assert_eq(job.attempt, 2, "a crash is followed by another attempt");
    store_job_dispose(&job);
    cr_assert_eq(
        store_fixture_number(&fixture, "SELECT count(*) FROM job_events WHERE type = 'recovered'"),
        150);
}

Test(store_recovery, pending_requests_take_effect_on_recovery)
{
    store_claim claim;
    must(store_fixture_create(fixture.store, 1));
    must(store_fixture_create(fixture.store, 2));
    store_fixture_claim(fixture.store, "old", &claim);
    store_fixture_claim(fixture.store, "old", &claim);
    ask(1, STORE_REQUEST_CANCEL);
    ask(2, STORE_REQUEST_PAUSE);
    recover("new", 0, 0);
    store_job job = get(1);
    cr_assert_eq(job.status, STORE_JOB_CANCELLED);
    cr_assert_str_eq(job.reason, "cancelled");
    cr_assert_eq(job.finished_at, 500);
    cr_assert_eq(job.requested, STORE_REQUEST_NONE);
    store_job_dispose(&job);
    job = get(2);
    cr_assert_eq(job.status, STORE_JOB_PAUSED);
    cr_assert_eq(job.requested, STORE_REQUEST_NONE);
    cr_assert_eq(job.finished_at, 0);
    store_job_dispose(&job);
}

Test(store_recovery, three_deaths_without_a_checkpoint_are_a_crash_loop)
{
    must(store_fixture_create(fixture.store, 1));
    store_claim claim;
    store_fixture_claim(fixture.store, "a", &claim);
    recover("b", 1, 0);
    store_fixture_claim(fixture.store, "b", &claim);
    recover("c", 1, 0);
    store_fixture_claim(fixture.store, "c", &claim);
    recover("d", 0, 1);
    store_job job = get(1);
    cr_assert_eq(job.status, STORE_JOB_FAILED);
    cr_assert_str_eq(job.reason, "crash_loop");
    cr_assert_not_null(job.message);
    cr_assert_eq(job.finished_at, 500);
    cr_assert_eq(job.attempt, 3);
    store_job_dispose(&job);
}

Test(store_recovery, a_checkpoint_starts_the_count_of_deaths_anew)
{
    must(store_fixture_create(fixture.store, 1));
    store_claim claim;
    static const char *const boots[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (int i = 0; i < 7; i++) {
        store_fixture_claim(fixture.store, boots[i], &claim);
        store_run_update update = {.checkpoint = i == 2 ? "c" : NULL};
        must(store_run_save(fixture.store, &claim, &update, NULL));
        /* Deaths without progress: 1, 2, then 0 for the attempt that saved, 1, 2, 3. */
        if (i < 5)
            recover(boots[i + 1], 1, 0);
        else {
            recover(boots[i + 1], 0, 1);
            break;
        }
    }
    cr_assert_eq(store_fixture_status(fixture.store, 1), STORE_JOB_FAILED);
}
