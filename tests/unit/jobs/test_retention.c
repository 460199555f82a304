/*
 * What has been kept long enough goes, and nothing else. Times are told to the sweep, so no test
 * waits for a clock but the last one, which sees the thread at work.
 */
#include "jobs/retention.h"

#include "jobs/identity.h"
#include "unit/jobs/jobs_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define TABLE "x,y\n1,2\n2,4\n3,6\n4,8\n"
#define HOUR  ((int64_t)3600 * 1000)

static jobs_fixture fixture;

static void start(void)
{
    jobs_fixture_start(&fixture);
}

static void end(void)
{
    jobs_fixture_end(&fixture);
}

TestSuite(jobs_retention, .init = start, .fini = end);

static int64_t jobs, datasets;

static void sweep(int64_t now, int64_t keep_jobs, int64_t keep_datasets)
{
    gd_error error = {0};
    jobs_retention_options options = {.store = fixture.store,
                                      .data_directory = fixture.folder,
                                      .jobs_milliseconds = keep_jobs,
                                      .datasets_milliseconds = keep_datasets};
    cr_assert_eq(jobs_retention_sweep(&options, now, &jobs, &datasets, &error), GD_OK, "%s",
                 error.message);
}

static bool has_dataset(const char *id)
{
    store_dataset dataset;
    bool found = store_dataset_get(fixture.store, id, &dataset, NULL) == GD_OK;
    store_dataset_dispose(&dataset);
    return found;
}

Test(jobs_retention, datasets_go_with_their_files_and_not_before)
{
    char ids[3][STORE_ID_SIZE];
    for (int i = 0; i < 3; i++)
        jobs_fixture_upload(&fixture, TABLE, ids[i]);
    int64_t now = jobs_now();
    sweep(now, 0, HOUR);
    cr_expect_eq(datasets, 0);
    sweep(now + 3 * HOUR, HOUR, 0);
    cr_expect_eq(datasets, 0, "only jobs are limited");
    sweep(now + 3 * HOUR, 0, HOUR);
    cr_expect_eq(datasets, 3);
    cr_expect_eq(jobs, 0);
    cr_expect_eq(jobs_fixture_count(&fixture, "datasets"), 0);
    cr_expect_not(has_dataset(ids[0]));
}

Test(jobs_retention, more_than_a_list_of_them_go)
{
    char id[STORE_ID_SIZE];
    for (int i = 0; i < 230; i++)
        jobs_fixture_upload(&fixture, "x,y\n1,2\n", id);
    sweep(jobs_now() + 3 * HOUR, 0, HOUR);
    cr_expect_eq(datasets, 230);
}

Test(jobs_retention, what_an_unfinished_job_needs_stays)
{
    char used[STORE_ID_SIZE], unused[STORE_ID_SIZE], job[STORE_ID_SIZE], text[256];
    jobs_outcome outcome;
    jobs_fixture_upload(&fixture, TABLE, used);
    jobs_fixture_upload(&fixture, TABLE, unused);
    jobs_fixture_serve(&fixture, 0);
    snprintf(text, sizeof text,
             "{'model': {'type': 'linear'}, 'data': {'dataset': '%s', 'target': 'y'}}", used);
    jobs_fixture_submit(&fixture, text, job);
    sweep(jobs_now() + 9 * HOUR, HOUR, HOUR);
    cr_expect_eq(jobs, 0, "it has not ended");
    cr_expect_eq(datasets, 1);
    cr_expect(has_dataset(used));
    cr_expect_not(has_dataset(unused));
    cr_assert_eq(jobs_fixture_act(&fixture, job, JOBS_ACTION_CANCEL, &outcome), GD_OK);
    store_job row = jobs_fixture_await(&fixture, job, STATES_ENDED, 10);
    int64_t ended = row.finished_at;
    store_job_dispose(&row);
    sweep(ended + HOUR - 1, HOUR, HOUR);
    cr_expect_eq(jobs + datasets, 0, "the age begins with the end of the job");
    sweep(ended + HOUR + 1, 0, HOUR);
    cr_expect_eq(datasets, 1);
    sweep(ended + HOUR + 1, HOUR, HOUR);
    cr_expect_eq(jobs, 1);
}

static void count_told(void *context, int64_t told_jobs, int64_t told_datasets, gd_status status,
                       const gd_error *error)
{
    (void)told_jobs;
    (void)error;
    if (status == GD_OK)
        *(volatile int64_t *)context += told_datasets;
}

Test(jobs_retention, a_thread_does_it_by_itself)
{
    char id[STORE_ID_SIZE];
    volatile int64_t told = 0;
    gd_status status;
    jobs_retention_options options = {.store = fixture.store,
                                      .data_directory = fixture.folder,
                                      .datasets_milliseconds = 1,
                                      .log = count_told,
                                      .log_context = (void *)(uintptr_t)&told};
    jobs_fixture_upload(&fixture, TABLE, id);
    jobs_retention *retention = jobs_retention_start(&options, &status);
    cr_assert_not_null(retention);
    for (int i = 0; i < 1000 && has_dataset(id); i++)
        usleep(10000);
    jobs_retention_stop(retention);
    cr_expect_not(has_dataset(id));
    cr_expect_eq(told, 1);
    options.datasets_milliseconds = 0;
    cr_expect_null(jobs_retention_start(&options, &status), "nothing is limited");
    cr_expect_eq(status, GD_OK);
}
