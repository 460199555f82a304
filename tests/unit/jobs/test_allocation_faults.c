/*
 * Numbered check 37 of docs/reliability.md within one process, so that a sanitizer sees what is leaked
 * or touched: the n-th allocation of our own code fails, for all n, over submit, upload, train and
 * read. Each call either did what it says or tells of memory; nothing else.
 */
#include "unit/jobs/allocation_faults.h"

#include "jobs/ingest.h"
#include "jobs/predictor.h"
#include "unit/jobs/jobs_fixture.h"
#include "json/document.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT     600
#define N_MAXIMUM 20000

/* A training makes 180 allocations, where it is slow as under valgrind a thousand, for its checkpoints
 * go by the clock: there every 7th fails. */
#ifdef TESTS_SHORT
#define TRAINING_STRIDE 7
#else
#define TRAINING_STRIDE 1
#endif

static jobs_fixture fixture;
static char dataset[STORE_ID_SIZE], trained[STORE_ID_SIZE], digest[65];
static char *spec_text; /* parsed without help, so that this is counted too */

static void start(void)
{
    jobs_fixture_start(&fixture);
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_upload(&fixture, "x,y,kind\n1,2,a\n2,3,b\n3,5,a\n4,7,b\n", dataset);
    cr_assert_gt(asprintf(&spec_text,
                          "{\"model\":{\"type\":\"mlp\",\"hidden\":[4]},\"data\":{\"dataset\":"
                          "\"%s\",\"target\":\"y\",\"features\":[\"x\",\"kind\"]},\"training\":"
                          "{\"epochs\":20,\"seed\":7,\"checkpoint_seconds\":0.001},"
                          "\"name\":\"memory\",\"labels\":{\"a\":\"b\"}}",
                          dataset),
                 0);
    char *single = strdup(spec_text);
    for (char *at = single; *at != '\0'; at++)
        *at = *at == '"' ? '\'' : *at;
    jobs_fixture_submit(&fixture, single, trained);
    free(single);
    store_job job = jobs_fixture_await(&fixture, trained, STATES_ENDED, 60);
    cr_assert_eq(job.status, STORE_JOB_SUCCEEDED);
    memcpy(digest, job.digest, sizeof digest);
    store_job_dispose(&job);
}

static void end(void)
{
    free(spec_text);
    jobs_fixture_end(&fixture);
}

TestSuite(jobs_allocation_faults, .init = start, .fini = end);

/* Memory, or one whose own words were lost for lack of it. */
static void expect_memory(gd_status status, const char *what)
{
    cr_expect(status == GD_OUT_OF_MEMORY || status == GD_UNAVAILABLE, "%s: %s", what,
              gd_status_name(status));
}

/* The way of POST /v1/jobs below HTTP; true where the job was stored. */
static bool submit(char id[STORE_ID_SIZE])
{
    json_faults faults = {0};
    gd_error error = {0};
    json_fault fault = {0};
    jobs_submission submission = {0};
    cJSON *document = json_parse(spec_text, strlen(spec_text), &fault);
    if (document == NULL) {
        cr_expect(fault.out_of_memory, "%s", fault.message);
        return false;
    }
    spec_job *spec = spec_read(document, &faults);
    bool stored = false;
    if (spec != NULL && faults.total == 0) {
        gd_status status =
            jobs_prepare(fixture.service, NULL, spec, NULL, &submission, NULL, &faults, &error);
        if (status == GD_OK)
            status = jobs_submit(fixture.service, &submission, NULL, NULL, &error);
        stored = status == GD_OK;
        if (!stored && faults.total == 0)
            expect_memory(status, error.message);
        memcpy(id, submission.id, STORE_ID_SIZE);
    }
    if (faults.total > 0)
        cr_expect(faults.out_of_memory, "%s: %s", faults.entries[0].code, faults.entries[0].detail);
    jobs_submission_dispose(&submission);
    spec_destroy(spec);
    json_faults_dispose(&faults);
    return stored;
}

/* n = 1, 1 + stride, … until the act makes fewer allocations than that. */
static void fail_each(void (*act)(void), int64_t stride)
{
    int64_t n = 1;
    while (n < N_MAXIMUM) {
        allocation_faults_arm(n);
        act();
        if (allocation_faults_disarm() == 0)
            break;
        n += stride;
    }
    cr_log_info("%lld allocations failed one by one", (long long)((n - 1) / stride));
    cr_expect_gt(n, 10);
    cr_expect_lt(n, N_MAXIMUM);
}

static void submit_and_look(void)
{
    char id[STORE_ID_SIZE];
    if (!submit(id))
        return;
    store_job job;
    (void)allocation_faults_disarm();
    cr_expect_eq(store_job_get(fixture.store, id, true, &job, NULL), GD_OK);
    store_job_dispose(&job);
}

/* Submitted while memory is there, then trained while it is not. */
static void train(void)
{
    char id[STORE_ID_SIZE];
    if (!submit(id))
        return;
    double deadline = jobs_monotonic_seconds() + 60;
    for (bool ended = false; !ended;) {
        store_job job;
        cr_assert_lt(jobs_monotonic_seconds(), deadline, "the job did not end");
        if (store_job_get(fixture.store, id, true, &job, NULL) != GD_OK)
            continue;
        ended = (STATE(job.status) & STATES_ENDED) != 0;
        if (job.status == STORE_JOB_SUCCEEDED)
            cr_expect_str_eq(job.digest, digest);
        store_job_dispose(&job);
    }
}

/* A job is told to pause while memory is there up to the n-th allocation alone; true where that was
 * reached. It may fail for it, also after its checkpoint was kept: no file outlives its job. */
static bool pause_failing(int64_t n)
{
    char id[STORE_ID_SIZE];
    jobs_outcome outcome;
    jobs_fixture_submit(&fixture,
                        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': "
                        "64, 'seed': 1}}, 'training': {'steps': 10000000000, 'seed': 7}}",
                        id);
    jobs_fixture_await_step(&fixture, id, 1);
    double deadline = jobs_monotonic_seconds() + 60;
    allocation_faults_arm(n);
    gd_status status = jobs_fixture_act(&fixture, id, JOBS_ACTION_PAUSE, &outcome);
    if (status != GD_OK)
        expect_memory(status, "pausing");
    while (status == GD_OK && jobs_live_count(jobs_service_live(fixture.service)) > 0) {
        cr_assert_lt(jobs_monotonic_seconds(), deadline, "the job did not stop");
        usleep(1000);
    }
    bool reached = allocation_faults_disarm() > 0;
    /* A conflict where it failed. */
    (void)jobs_fixture_act(&fixture, id, JOBS_ACTION_CANCEL, &outcome);
    store_job job = jobs_fixture_await(&fixture, id, STATES_ENDED, 60);
    store_job_dispose(&job);
    while (jobs_fixture_count(&fixture, "checkpoints") > 0) {
        cr_assert_lt(jobs_monotonic_seconds(), deadline, "a checkpoint is left");
        usleep(1000);
    }
    return reached;
}

static void upload(void)
{
    static const char text[] = "x,y\n1,2\n3,4\n";
    jobs_upload *upload = NULL;
    gd_csv_options options = gd_csv_options_default();
    char id[STORE_ID_SIZE];
    gd_error error = {0};
    gd_status status = jobs_upload_begin(&upload, fixture.folder, &error);
    if (status == GD_OK)
        status = jobs_upload_add(upload, text, sizeof text - 1, &error);
    if (status == GD_OK)
        status =
            jobs_upload_finish(upload, fixture.store, "t", JOBS_UPLOAD_CSV, &options, id, &error);
    if (status != GD_OK)
        expect_memory(status, error.message);
    jobs_upload_destroy(upload);
    cr_expect_eq(jobs_fixture_count(&fixture, "uploads"), 0);
}

static gd_status count_chunk(void *context, const store_chunk *chunk)
{
    (void)chunk;
    ++*(int *)context;
    return GD_OK;
}

static void read_all(void)
{
    store_job job;
    store_blob blob;
    jobs_predictor *predictor = NULL;
    int chunks = 0;
    if (store_job_get(fixture.store, trained, true, &job, NULL) == GD_OK)
        store_job_dispose(&job);
    if (store_parameters_read(fixture.store, trained, "final", &blob, NULL) == GD_OK)
        store_blob_dispose(&blob);
    (void)store_curve_read(fixture.store, trained, 0, 0, INT64_MAX, count_chunk, &chunks, NULL);
    gd_status status = jobs_predictor_open(&predictor, fixture.service, trained, "final", NULL);
    if (status != GD_OK) {
        expect_memory(status, "opening");
        return;
    }
    const double cells[] = {1, 0, 2, 1};
    gd_real *outputs = NULL;
    int64_t count = 0;
    status = jobs_predictor_run(predictor, cells, 2, &outputs, &count, NULL);
    if (status == GD_OK)
        cr_expect_eq(count, 2);
    else
        expect_memory(status, "predicting");
    free(outputs);
    jobs_predictor_destroy(predictor);
}

Test(jobs_allocation_faults, n37_submits, .timeout = LIMIT)
{
    fail_each(submit_and_look, 1);
}

Test(jobs_allocation_faults, n37_uploads, .timeout = LIMIT)
{
    fail_each(upload, 1);
}

Test(jobs_allocation_faults, n37_training, .timeout = LIMIT)
{
    fail_each(train, TRAINING_STRIDE);
}

Test(jobs_allocation_faults, n37_pauses, .timeout = LIMIT)
{
    int64_t n = 1;
    while (n < N_MAXIMUM && pause_failing(n))
        n++;
    cr_log_info("%lld allocations failed one by one", (long long)n - 1);
    cr_expect_gt(n, 10);
    cr_expect_lt(n, N_MAXIMUM);
}

Test(jobs_allocation_faults, n37_reads, .timeout = LIMIT)
{
    fail_each(read_all, 1);
}
