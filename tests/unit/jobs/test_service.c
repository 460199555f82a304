/*
 * Jobs from submit to end with a real store: results, control, drain and restart, damage, and a disk
 * that is full for a while.
 */
#include "jobs/service.h"

#include "jobs/ingest.h"
#include "support/fault_vfs.h"
#include "unit/jobs/jobs_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TINY                                                                                    \
    "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, 'seed': 1}}, " \
    "'training': {'epochs': 3, 'seed': 7}}"
#ifdef TESTS_SHORT
#define STEPS "10000"
#else
#define STEPS "400000"
#endif
/* About half a second; %s: further members of "training". */
#define SHORT                                                                                     \
    "{'model': {'type': 'mlp', 'hidden': [16], 'dropout': 0.1}, 'data': {'generator': "           \
    "{'type': 'moons', 'samples': 200, 'seed': 1}, 'validation': {'fraction': 0.2, 'seed': 2}}, " \
    "'training': {'steps': " STEPS ", 'batch_size': 16, 'seed': 7, 'record_every': 7%s}}"
#define ENDLESS                                                                                 \
    "{'model': 'softmax', 'data': {'generator': {'type': 'moons', 'samples': 64, 'seed': 1}}, " \
    "'training': {'steps': 10000000000, 'seed': 7}}"

#define LIMIT 120.0

static jobs_fixture fixture;

static void start(void)
{
    jobs_fixture_start(&fixture);
}

static void end(void)
{
    jobs_fixture_end(&fixture);
}

TestSuite(jobs_service, .init = start, .fini = end);

static bool has_event(const char *id, const char *type);

/* Waits for the end and checks how it ended; the digest goes to `digest`. */
static void expect_end(const char *id, store_job_status status, const char *reason, char digest[65])
{
    store_job job = jobs_fixture_await(&fixture, id, STATES_ENDED, LIMIT);
    cr_assert_eq(job.status, status, "%s: %s", store_job_status_name(job.status),
                 job.message != NULL ? job.message : "");
    cr_assert_str_eq(job.reason, reason);
    cr_expect_not_null(job.message);
    cr_expect_gt(job.finished_at, 0);
    cr_expect_eq(job.requested, STORE_REQUEST_NONE);
    cr_expect_null(job.checkpoint, "an ended job needs none");
    if (digest != NULL)
        snprintf(digest, 65, "%s", job.digest != NULL ? job.digest : "");
    store_job_dispose(&job);
    /* The worker tidies up after the row tells the end. */
    double deadline = jobs_monotonic_seconds() + LIMIT;
    while (jobs_live_count(jobs_service_live(fixture.service)) > 0 &&
           jobs_monotonic_seconds() < deadline)
        usleep(1000);
}

/* --- From submit to end ---------------------------------------------------------------------- */

Test(jobs_service, a_job_runs_and_its_results_are_kept, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE], digest[65];
    store_blob parameters = {0}, preparation = {0};
    jobs_fixture_serve(&fixture, 1);
    cr_expect_eq(jobs_service_workers(fixture.service), 1);
    cr_expect_not_null(strstr(jobs_service_environment(fixture.service), "\"kernels\""));
    jobs_fixture_submit(&fixture, TINY, id);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", digest);
    store_job job = jobs_fixture_await(&fixture, id, STATES_ENDED, 1);
    cr_expect_eq(job.progress.step, 6);
    cr_expect_eq(job.progress.epoch, 3);
    cr_expect(job.progress.last_loss.present);
    cr_expect_eq(job.attempt, 1);
    cr_expect_not_null(strstr(job.metrics, "\"rmse\""), "%s", job.metrics);
    cr_expect_gt(job.started_at, 0);
    store_job_dispose(&job);
    cr_assert_eq(store_parameters_read(fixture.store, id, "final", &parameters, NULL), GD_OK);
    cr_expect_eq(parameters.length, 5 * sizeof(gd_real));
    cr_expect_eq(parameters.step, 6);
    cr_expect_str_eq(parameters.digest, digest);
    cr_assert_eq(store_preparation_read(fixture.store, id, &preparation, NULL), GD_OK);
    cr_expect_gt(preparation.length, 0);
    store_blob_dispose(&parameters);
    store_blob_dispose(&preparation);
    cr_expect(has_event(id, "queued"));
    cr_expect(has_event(id, "succeeded"));
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
    cr_expect_gt(fixture.lines, 0);
}

typedef struct event_search {
    const char *type;
    bool found;
} event_search;

static gd_status look_at(void *context, const store_event *event)
{
    event_search *search = context;
    search->found = search->found || strcmp(event->type, search->type) == 0;
    return GD_OK;
}

static bool has_event(const char *id, const char *type)
{
    event_search search = {type, false};
    cr_assert_eq(store_event_list(fixture.store, id, 0, 1000, look_at, &search, NULL), GD_OK);
    return search.found;
}

static gd_status join_chunk(void *context, const store_chunk *chunk)
{
    return jobs_curve_decode(context, chunk->index * STORE_CHUNK_POINTS + 1, chunk->bytes,
                             chunk->length);
}

static jobs_curve stored_curve(const char *id)
{
    jobs_curve curve = {0};
    cr_assert_eq(store_curve_read(fixture.store, id, 0, 0, INT64_MAX, join_chunk, &curve, NULL),
                 GD_OK);
    return curve;
}

Test(jobs_service, the_whole_curve_is_stored, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE], text[1024];
    snprintf(text, sizeof text, SHORT, ", 'checkpoint_seconds': 0.02");
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, text, id);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", NULL);
    store_job job = jobs_fixture_await(&fixture, id, STATES_ENDED, 1);
    jobs_curve curve = stored_curve(id);
    cr_expect_eq(curve.count, job.progress.points);
    cr_expect_eq(curve.first_sequence, 1);
    cr_expect_geq(curve.count, strtoll(STEPS, NULL, 10) / 35);
    for (int64_t i = 1; i < curve.count; i++)
        cr_assert_gt(curve.columns[JOBS_SERIES_STEP][i], curve.columns[JOBS_SERIES_STEP][i - 1]);
    cr_expect_eq(curve.columns[JOBS_SERIES_STEP][curve.count - 1], strtod(STEPS, NULL));
    jobs_curve_dispose(&curve);
    store_job_dispose(&job);
}

Test(jobs_service, more_points_than_fit_between_two_checkpoints, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture,
                        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': "
                        "4, 'seed': 1}}, 'training': {'steps': 200000, 'batch_size': 1, 'seed': 1, "
                        "'record_every': 1, 'checkpoint_seconds': 3600}}",
                        id);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", NULL);
    jobs_curve curve = stored_curve(id);
    cr_expect_eq(curve.count, 200000);
    jobs_curve_dispose(&curve);
}

Test(jobs_service, many_jobs_and_workers, .timeout = LIMIT)
{
    enum {
        JOBS = 20
    };
    char ids[JOBS][STORE_ID_SIZE], first[65], digest[65];
    jobs_fixture_serve(&fixture, 3);
    for (int i = 0; i < JOBS; i++)
        jobs_fixture_submit(&fixture, TINY, ids[i]);
    for (int i = 0; i < JOBS; i++) {
        expect_end(ids[i], STORE_JOB_SUCCEEDED, "completed", i == 0 ? first : digest);
        if (i > 0)
            cr_expect_str_eq(digest, first, "the same seed, the same bytes");
    }
}

Test(jobs_service, without_workers_jobs_wait)
{
    char id[STORE_ID_SIZE];
    jobs_fixture_serve(&fixture, 0);
    jobs_fixture_submit(&fixture, TINY, id);
    usleep(20000);
    store_job job = jobs_fixture_await(&fixture, id, STATE(STORE_JOB_QUEUED), 1);
    store_job_dispose(&job);
}

Test(jobs_service, a_diverging_job_fails_and_keeps_finite_parameters, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    store_blob parameters = {0};
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture,
                        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': "
                        "64, 'seed': 1}}, 'optimizer': {'type': 'sgd', 'learning_rate': 1000}, "
                        "'training': {'epochs': 100, 'seed': 7}}",
                        id);
    expect_end(id, STORE_JOB_FAILED, "diverged", NULL);
    store_job job = jobs_fixture_await(&fixture, id, STATES_ENDED, 1);
    cr_expect_not_null(strstr(job.message, "layers.0"), "%s", job.message);
    store_job_dispose(&job);
    cr_assert_eq(store_parameters_read(fixture.store, id, "final", &parameters, NULL), GD_OK);
    const gd_real *values = parameters.bytes;
    for (size_t i = 0; i < parameters.length / sizeof *values; i++)
        cr_expect(isfinite(values[i]));
    store_blob_dispose(&parameters);
}

/* --- Control --------------------------------------------------------------------------------- */

static jobs_outcome act(const char *id, jobs_action action)
{
    jobs_outcome outcome = JOBS_OUTCOME_IMPOSSIBLE;
    gd_status status = jobs_fixture_act(&fixture, id, action, &outcome);
    cr_assert(status == GD_OK || status == GD_CONFLICT, "%s", gd_status_name(status));
    return status == GD_OK ? outcome : JOBS_OUTCOME_IMPOSSIBLE;
}

static void await_status(const char *id, store_job_status status)
{
    store_job job = jobs_fixture_await(&fixture, id, STATE(status), LIMIT);
    store_job_dispose(&job);
}

Test(jobs_service, a_running_job_is_cancelled_and_keeps_what_it_reached, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    store_blob parameters = {0};
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, ENDLESS, id);
    jobs_fixture_await_step(&fixture, id, 100);
    cr_expect_eq(act(id, JOBS_ACTION_CANCEL), JOBS_OUTCOME_REQUESTED);
    expect_end(id, STORE_JOB_CANCELLED, "cancelled", NULL);
    cr_assert_eq(store_parameters_read(fixture.store, id, "final", &parameters, NULL), GD_OK);
    cr_expect_geq(parameters.step, 100);
    store_blob_dispose(&parameters);
    cr_expect_eq(act(id, JOBS_ACTION_CANCEL), JOBS_OUTCOME_DONE);
    cr_expect_eq(act(id, JOBS_ACTION_PAUSE), JOBS_OUTCOME_IMPOSSIBLE);
    cr_expect_eq(act(id, JOBS_ACTION_RESUME), JOBS_OUTCOME_IMPOSSIBLE);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
}

Test(jobs_service, a_paused_job_goes_on_where_it_stopped, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE], undisturbed[STORE_ID_SIZE], digest[65], expected[65], text[1024];
    snprintf(text, sizeof text, SHORT, "");
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, text, undisturbed);
    expect_end(undisturbed, STORE_JOB_SUCCEEDED, "completed", expected);
    jobs_fixture_submit(&fixture, text, id);
    for (int64_t step = 1000; step <= 5000; step += 2000) {
        jobs_fixture_await_step(&fixture, id, step);
        cr_expect_eq(act(id, JOBS_ACTION_PAUSE), JOBS_OUTCOME_REQUESTED);
        await_status(id, STORE_JOB_PAUSED);
        cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 1);
        cr_expect_eq(act(id, JOBS_ACTION_PAUSE), JOBS_OUTCOME_DONE);
        cr_expect_eq(act(id, JOBS_ACTION_RESUME), JOBS_OUTCOME_REQUESTED);
    }
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", digest);
    cr_expect_str_eq(digest, expected, "as if it had never stopped");
    jobs_curve curve = stored_curve(id), whole = stored_curve(undisturbed);
    cr_assert_eq(curve.count, whole.count);
    cr_expect_eq(memcmp(curve.columns[JOBS_SERIES_LOSS], whole.columns[JOBS_SERIES_LOSS],
                        (size_t)curve.count * sizeof(double)),
                 0);
    jobs_curve_dispose(&curve);
    jobs_curve_dispose(&whole);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
}

Test(jobs_service, a_paused_job_is_cancelled_and_its_file_goes, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    int64_t removed, missing;
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, ENDLESS, id);
    jobs_fixture_await_step(&fixture, id, 10);
    cr_expect_eq(act(id, JOBS_ACTION_PAUSE), JOBS_OUTCOME_REQUESTED);
    await_status(id, STORE_JOB_PAUSED);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 1);
    cr_expect_eq(act(id, JOBS_ACTION_CANCEL), JOBS_OUTCOME_DONE);
    expect_end(id, STORE_JOB_CANCELLED, "cancelled", NULL);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
    cr_assert_eq(jobs_sweep_files(fixture.folder, fixture.store, &removed, &missing, NULL), GD_OK);
    cr_expect_eq(missing, 0, "the row does not name what is gone");
}

/* The row alone is told, not the worker. */
static gd_status request_cancel(void *context, const store_job *job, store_job_change *change,
                                gd_error *error)
{
    (void)context, (void)error;
    *change =
        (store_job_change){.write = true, .status = job->status, .requested = STORE_REQUEST_CANCEL};
    return GD_OK;
}

Test(jobs_service, a_job_that_is_cancelled_while_it_pauses_leaves_no_file, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    store_job job;
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, ENDLESS, id);
    jobs_fixture_await_step(&fixture, id, 10);
    cr_assert_eq(store_job_change_status(fixture.store, id, request_cancel, NULL, &job, NULL),
                 GD_OK);
    cr_assert(
        jobs_live_tell(jobs_service_live(fixture.service), id, JOBS_CONTROL_PAUSE, job.revision));
    store_job_dispose(&job);
    expect_end(id, STORE_JOB_CANCELLED, "cancelled", NULL);
    cr_expect(has_event(id, "cancelled"));
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
}

static void *pause_and_resume(void *context)
{
    const char *id = context;
    for (int i = 0; i < 40; i++)
        (void)act(id, i % 2 == 0 ? JOBS_ACTION_PAUSE : JOBS_ACTION_RESUME);
    return NULL;
}

Test(jobs_service, the_last_word_counts_however_fast_they_come, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, ENDLESS, id);
    for (int round = 0; round < 5; round++) {
        pthread_t other;
        jobs_fixture_await_step(&fixture, id, 1);
        cr_assert_eq(pthread_create(&other, NULL, pause_and_resume, id), 0);
        (void)pause_and_resume(id);
        cr_assert_eq(pthread_join(other, NULL), 0);
        (void)act(id, JOBS_ACTION_RESUME);
        await_status(id, STORE_JOB_RUNNING);
        usleep(50000);
        store_job job = jobs_fixture_await(&fixture, id,
                                           STATE(STORE_JOB_RUNNING) | STATE(STORE_JOB_QUEUED), 10);
        cr_expect_eq(job.requested, STORE_REQUEST_NONE);
        store_job_dispose(&job);
        (void)act(id, JOBS_ACTION_PAUSE);
        await_status(id, STORE_JOB_PAUSED);
        (void)act(id, JOBS_ACTION_RESUME);
    }
    (void)act(id, JOBS_ACTION_CANCEL);
    expect_end(id, STORE_JOB_CANCELLED, "cancelled", NULL);
}

/* --- Ends of the process ----------------------------------------------------------------------- */

Test(jobs_service, a_drained_job_goes_on_in_the_next_process, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE], other[STORE_ID_SIZE], digest[65], expected[65], text[1024];
    snprintf(text, sizeof text, SHORT, "");
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, text, id);
    jobs_fixture_await_step(&fixture, id, 2000);
    double before = jobs_monotonic_seconds();
    jobs_fixture_drain(&fixture, 60);
    cr_expect_lt(jobs_monotonic_seconds() - before, 8.0);
    await_status(id, STORE_JOB_QUEUED);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 1);
    jobs_fixture_reopen(&fixture);
    jobs_fixture_serve(&fixture, 1);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", digest);
    jobs_fixture_submit(&fixture, text, other);
    expect_end(other, STORE_JOB_SUCCEEDED, "completed", expected);
    cr_expect_str_eq(digest, expected);
}

Test(jobs_service, a_job_of_a_dead_process_is_recovered, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    store_claim claim;
    store_job job;
    jobs_fixture_serve(&fixture, 0);
    jobs_fixture_submit(&fixture, TINY, id);
    jobs_fixture_drain(&fixture, 1);
    cr_assert_eq(store_job_claim(fixture.store, "another boot", 1, &claim, &job, NULL), GD_OK);
    store_job_dispose(&job);
    jobs_fixture_serve(&fixture, 1);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", NULL);
    cr_expect(has_event(id, "recovered"));
}

/* Damages the one checkpoint there is: the job must start over and come to the same end. */
static void resume_with_damage(const char *how)
{
    char id[STORE_ID_SIZE], other[STORE_ID_SIZE], digest[65], expected[65], text[1024], path[400];
    snprintf(text, sizeof text, SHORT, "");
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, text, id);
    jobs_fixture_await_step(&fixture, id, 2000);
    (void)act(id, JOBS_ACTION_PAUSE);
    store_job job = jobs_fixture_await(&fixture, id, STATE(STORE_JOB_PAUSED), LIMIT);
    snprintf(path, sizeof path, "%s/checkpoints/%s", fixture.folder, job.checkpoint);
    store_job_dispose(&job);
    if (strcmp(how, "gone") == 0) {
        cr_assert_eq(unlink(path), 0);
    } else if (strcmp(how, "cut") == 0) {
        cr_assert_eq(truncate(path, 300), 0);
    } else {
        FILE *file = fopen(path, "r+b");
        cr_assert_not_null(file);
        cr_assert_eq(fseek(file, 500, SEEK_SET), 0);
        cr_assert_eq(fputs("damage", file) >= 0, true);
        fclose(file);
    }
    (void)act(id, JOBS_ACTION_RESUME);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", digest);
    cr_expect(has_event(id, "checkpoint_unusable"));
    jobs_fixture_submit(&fixture, text, other);
    expect_end(other, STORE_JOB_SUCCEEDED, "completed", expected);
    cr_expect_str_eq(digest, expected);
    jobs_curve curve = stored_curve(id), whole = stored_curve(other);
    cr_expect_eq(curve.count, whole.count);
    jobs_curve_dispose(&curve);
    jobs_curve_dispose(&whole);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0, "the damaged one is gone too");
}

Test(jobs_service, a_damaged_checkpoint_costs_time_alone, .timeout = LIMIT)
{
    resume_with_damage("bytes");
}

Test(jobs_service, a_cut_checkpoint_costs_time_alone, .timeout = LIMIT)
{
    resume_with_damage("cut");
}

Test(jobs_service, a_lost_checkpoint_costs_time_alone, .timeout = LIMIT)
{
    resume_with_damage("gone");
}

Test(jobs_service, a_dataset_that_is_gone_fails_the_job, .timeout = LIMIT)
{
    char dataset[STORE_ID_SIZE], id[STORE_ID_SIZE], text[512], path[160];
    jobs_fixture_upload(&fixture, "x,y\n1,2\n3,4\n5,7\n", dataset);
    jobs_fixture_serve(&fixture, 0);
    snprintf(text, sizeof text,
             "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'validation': "
             "{'dataset': '%s'}}}",
             dataset, dataset);
    jobs_fixture_submit(&fixture, text, id);
    jobs_fixture_drain(&fixture, 1);
    snprintf(path, sizeof path, "%s/datasets/%s.frame", fixture.folder, dataset);
    cr_assert_eq(unlink(path), 0);
    jobs_fixture_serve(&fixture, 1);
    expect_end(id, STORE_JOB_FAILED, "io_error", NULL);
}

Test(jobs_service, checkpoints_that_cannot_be_written_do_not_stop_a_job, .timeout = LIMIT)
{
    char id[STORE_ID_SIZE], text[1024], path[128], moved[128];
    snprintf(text, sizeof text, SHORT, ", 'checkpoint_seconds': 0");
    snprintf(path, sizeof path, "%s/checkpoints", fixture.folder);
    snprintf(moved, sizeof moved, "%s/elsewhere", fixture.folder);
    jobs_fixture_serve(&fixture, 1);
    cr_assert_eq(rename(path, moved), 0);
    jobs_fixture_submit(&fixture, text, id);
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", NULL);
    cr_expect(has_event(id, "checkpoint_failed"));
    cr_assert_eq(rename(moved, path), 0);
}

/* --- A full disk ------------------------------------------------------------------------------- */

static void start_with_faults(void)
{
    fault_vfs_install();
    jobs_fixture_start(&fixture);
}

Test(jobs_service, an_end_waits_until_there_is_room_for_it, .init = start_with_faults,
     .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture,
                        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': "
                        "64, 'seed': 1}}, 'training': {'steps': 300000, 'seed': 7, "
                        "'checkpoint_seconds': 3600}}",
                        id);
    jobs_fixture_await_step(&fixture, id, 1);
    fault_vfs_arm(FAULT_FULL, 1, true);
    store_progress progress = {.step = 0};
    double pace, deadline = jobs_monotonic_seconds() + LIMIT;
    while (progress.step < 300000 && jobs_monotonic_seconds() < deadline)
        cr_assert(jobs_live_progress(jobs_service_live(fixture.service), id, &progress, &pace));
    usleep(500000);
    await_status(id, STORE_JOB_RUNNING);
    cr_expect_gt(fault_vfs_disarm(), 0, "the end was tried");
    expect_end(id, STORE_JOB_SUCCEEDED, "completed", NULL);
}

Test(jobs_service, a_full_disk_does_not_hold_up_a_drain, .init = start_with_faults,
     .timeout = LIMIT)
{
    char id[STORE_ID_SIZE];
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_submit(&fixture, ENDLESS, id);
    jobs_fixture_await_step(&fixture, id, 10);
    fault_vfs_arm(FAULT_FULL, 1, true);
    double before = jobs_monotonic_seconds();
    jobs_fixture_drain(&fixture, 60);
    cr_expect_lt(jobs_monotonic_seconds() - before, 8.0);
    (void)fault_vfs_disarm();
    jobs_fixture_reopen(&fixture);
    jobs_fixture_serve(&fixture, 1);
    jobs_fixture_await_step(&fixture, id, 10);
    (void)act(id, JOBS_ACTION_CANCEL);
    expect_end(id, STORE_JOB_CANCELLED, "cancelled", NULL);
}
