/*
 * Creating, reading, changing and deleting jobs.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
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

TestSuite(store_jobs, .init = start, .fini = end);

static char id_one[STORE_ID_SIZE];

static store_job_insert first(void)
{
    store_fixture_id(1, id_one);
    return store_fixture_insert(id_one);
}

static int count_events(const char *id, char *types, size_t size);

Test(store_jobs, keep_what_they_start_from)
{
    store_job_insert insert = first();
    store_parameters initial = {.which = "initial", .bytes = "abc", .length = 3, .digest = "d"};
    insert.initial = &initial;
    must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    store_blob blob;
    must(store_parameters_read(fixture.store, id_one, "initial", &blob, NULL));
    cr_assert_eq(blob.length, 3u);
    cr_assert_eq(memcmp(blob.bytes, "abc", 3), 0);
    store_blob_dispose(&blob);
}

Test(store_jobs, come_back_as_they_were)
{
    store_job_insert insert = first();
    insert.name = "größer <b>";
    insert.priority = -5;
    insert.retry_of = "00000000-0000-4000-8000-0000000000ff";
    must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    store_job job;
    must(store_job_get(fixture.store, id_one, true, &job, NULL));
    cr_assert_str_eq(job.id, id_one);
    cr_assert_eq(job.sequence, 1);
    cr_assert_str_eq(job.name, "größer <b>");
    cr_assert_str_eq(job.labels, "{\"team\":\"red\"}");
    cr_assert_eq(job.priority, -5);
    cr_assert_str_eq(job.model, "linear");
    cr_assert_eq(job.status, STORE_JOB_QUEUED);
    cr_assert_eq(job.requested, STORE_REQUEST_NONE);
    cr_assert_null(job.reason);
    cr_assert_null(job.message);
    cr_assert_eq(job.attempt, 0);
    cr_assert_str_eq(job.retry_of, insert.retry_of);
    cr_assert_eq(job.created_at, 1000);
    cr_assert_eq(job.updated_at, 1000);
    cr_assert_eq(job.started_at, 0);
    cr_assert_eq(job.finished_at, 0);
    cr_assert_eq(job.revision, 1);
    cr_assert_null(job.checkpoint);
    cr_assert_null(job.digest);
    cr_assert_eq(job.progress.step, 0);
    cr_assert_not(job.progress.first_loss.present);
    cr_assert_str_eq(job.spec, insert.spec);
    cr_assert_str_eq(job.summary, insert.summary);
    cr_assert_str_eq(job.environment, insert.environment);
    cr_assert_null(job.metrics);
    cr_assert_null(job.diagnosis);
    cr_assert_null(job.repairs);
    store_job_dispose(&job);
    must(store_job_get(fixture.store, id_one, false, &job, NULL));
    cr_assert_null(job.spec);
    store_job_dispose(&job);
    char types[64];
    cr_assert_eq(count_events(id_one, types, sizeof types), 1);
    cr_assert_str_eq(types, "queued ");
}

typedef struct event_log {
    char *types;
    size_t size;
    int count;
} event_log;

static gd_status note_event(void *context, const store_event *event)
{
    event_log *log = context;
    log->count++;
    cr_assert_eq(event->sequence, log->count);
    size_t length = strlen(log->types);
    (void)snprintf(log->types + length, log->size - length, "%s ", event->type);
    return GD_OK;
}

static int count_events(const char *id, char *types, size_t size)
{
    event_log log = {.types = types, .size = size};
    types[0] = '\0';
    must(store_event_list(fixture.store, id, 0, 1000, note_event, &log, NULL));
    return log.count;
}

Test(store_jobs, unknown_and_double_ids_are_told)
{
    store_job job;
    gd_error error;
    cr_assert_eq(store_job_get(fixture.store, "nothing", true, &job, &error), GD_NOT_FOUND);
    cr_assert_null(job.name);
    must(store_fixture_create(fixture.store, 1));
    cr_assert_eq(store_fixture_create(fixture.store, 1), GD_CONFLICT);
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(fixture.store, counts, NULL));
    cr_assert_eq(counts[STORE_JOB_QUEUED], 1);
}

Test(store_jobs, labels_must_be_an_object)
{
    static const char *const bad[] = {"[1]", "\"x\"", "{", "", "{\"a\":1}x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        store_job_insert insert = first();
        insert.labels = bad[i];
        cr_assert_eq(store_job_create(fixture.store, &insert, NULL, NULL, NULL),
                     GD_INVALID_ARGUMENT, "%s", bad[i]);
    }
    store_job_insert insert = first();
    insert.labels = NULL;
    must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    store_job job;
    must(store_job_get(fixture.store, id_one, false, &job, NULL));
    cr_assert_str_eq(job.labels, "{}");
    store_job_dispose(&job);
}

Test(store_jobs, queue_has_a_limit)
{
    store_job_insert insert = first();
    insert.maximum_queued = 2;
    must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    must(store_fixture_create(fixture.store, 2));
    char id[STORE_ID_SIZE];
    store_fixture_id(3, id);
    insert.id = id;
    cr_assert_eq(store_job_create(fixture.store, &insert, NULL, NULL, NULL), GD_UNAVAILABLE);
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
}

Test(store_jobs, need_datasets_that_exist)
{
    store_job_insert insert = first();
    const char *datasets[] = {"gone"};
    insert.datasets = datasets;
    insert.dataset_count = 1;
    gd_error error;
    cr_assert_eq(store_job_create(fixture.store, &insert, NULL, NULL, &error), GD_NOT_FOUND);
    cr_assert_not_null(strstr(error.message, "gone"));
    store_job job;
    cr_assert_eq(store_job_get(fixture.store, id_one, false, &job, NULL), GD_NOT_FOUND,
                 "nothing of it is left");
}

/* --- Changing ----------------------------------------------------------------------------- */

typedef struct wish {
    gd_status status;
    bool write;
    store_job_status to;
    store_request requested;
    const char *reason;
    const store_event *event;
    store_job_status seen;
} wish;

static gd_status decide(void *context, const store_job *job, store_job_change *change,
                        gd_error *error)
{
    wish *wanted = context;
    wanted->seen = job->status;
    if (wanted->status != GD_OK)
        return gd_fail(error, wanted->status, "", "not now");
    change->write = wanted->write;
    change->status = wanted->to;
    change->requested = wanted->requested;
    change->reason = wanted->reason;
    change->message = job->name; /* of the record itself: must still be there when written */
    change->finished_at = 9000;
    change->event = wanted->event;
    return GD_OK;
}

Test(store_jobs, change_as_decided)
{
    must(store_fixture_create(fixture.store, 1));
    (void)first();
    store_job job;
    store_event event = {.at = 5, .type = "cancelled", .message = "m", .data = "{}"};
    wish wanted = {.status = GD_CONFLICT};
    gd_error error;
    cr_assert_eq(store_job_change_status(fixture.store, id_one, decide, &wanted, &job, &error),
                 GD_CONFLICT);
    cr_assert_str_eq(error.message, "not now");
    wanted = (wish){.status = GD_OK, .write = false, .to = STORE_JOB_FAILED};
    must(store_job_change_status(fixture.store, id_one, decide, &wanted, &job, NULL));
    cr_assert_eq(job.status, STORE_JOB_QUEUED);
    cr_assert_eq(job.revision, 1);
    store_job_dispose(&job);

    wanted = (wish){.write = true, .to = STORE_JOB_RUNNING};
    cr_assert_eq(store_job_change_status(fixture.store, id_one, decide, &wanted, &job, NULL),
                 GD_INVALID_ARGUMENT, "only a claim does that");
    wanted =
        (wish){.write = true, .to = STORE_JOB_CANCELLED, .reason = "cancelled", .event = &event};
    must(store_job_change_status(fixture.store, id_one, decide, &wanted, &job, NULL));
    cr_assert_eq(wanted.seen, STORE_JOB_QUEUED);
    cr_assert_eq(job.status, STORE_JOB_CANCELLED);
    cr_assert_str_eq(job.reason, "cancelled");
    cr_assert_str_eq(job.message, "a job");
    cr_assert_eq(job.finished_at, 9000);
    cr_assert_eq(job.revision, 2);
    cr_assert_gt(job.updated_at, 1000);
    store_job_dispose(&job);
    char types[64];
    cr_assert_eq(count_events(id_one, types, sizeof types), 2);
    cr_assert_str_eq(types, "queued cancelled ");
    cr_assert_eq(store_job_change_status(fixture.store, "nothing", decide, &wanted, &job, NULL),
                 GD_NOT_FOUND);
}

Test(store_jobs, request_on_a_running_job_keeps_the_claim)
{
    must(store_fixture_create(fixture.store, 1));
    (void)first();
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    store_job job;
    wish wanted = {.write = true, .to = STORE_JOB_RUNNING, .requested = STORE_REQUEST_CANCEL};
    must(store_job_change_status(fixture.store, id_one, decide, &wanted, &job, NULL));
    cr_assert_eq(job.requested, STORE_REQUEST_CANCEL);
    cr_assert_eq(job.finished_at, 0);
    store_job_dispose(&job);
    store_run_update update = {.checkpoint = "c"};
    must(store_run_save(fixture.store, &claim, &update, NULL));
    wanted = (wish){.write = true, .to = STORE_JOB_PAUSED};
    must(store_job_change_status(fixture.store, id_one, decide, &wanted, &job, NULL));
    store_job_dispose(&job);
    cr_assert_eq(store_run_save(fixture.store, &claim, &update, NULL), GD_CONFLICT);
}

Test(store_jobs, update_changes_what_is_given)
{
    must(store_fixture_create(fixture.store, 1));
    (void)first();
    store_job job;
    store_job_patch patch = {.if_revision = 7};
    cr_assert_eq(store_job_update(fixture.store, id_one, &patch, &job, NULL), GD_CONFLICT);
    cr_assert_null(job.name);
    patch = (store_job_patch){.if_revision = 1, .has_priority = true, .priority = 3};
    must(store_job_update(fixture.store, id_one, &patch, &job, NULL));
    cr_assert_eq(job.priority, 3);
    cr_assert_eq(job.revision, 2);
    cr_assert_str_eq(job.name, "a job");
    store_job_dispose(&job);
    patch = (store_job_patch){.name = "", .labels = "{\"team\":\"blue\",\"n\":7,\"x\":null}"};
    must(store_job_update(fixture.store, id_one, &patch, &job, NULL));
    cr_assert_null(job.name);
    cr_assert_str_eq(job.labels, patch.labels);
    cr_assert_eq(job.priority, 3);
    store_job_dispose(&job);
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM job_labels"), 2);
    cr_assert_eq(store_fixture_number(
                     &fixture, "SELECT count(*) FROM job_labels WHERE key = 'n' AND value = '7'"),
                 1);
    patch = (store_job_patch){.labels = "no"};
    cr_assert_eq(store_job_update(fixture.store, id_one, &patch, &job, NULL), GD_INVALID_ARGUMENT);
    cr_assert_eq(store_job_update(fixture.store, "nothing", &patch, &job, NULL), GD_NOT_FOUND);
}

/* --- Deleting ----------------------------------------------------------------------------- */

Test(store_jobs, deleting_takes_all_that_belongs_to_them)
{
    must(store_fixture_create(fixture.store, 1));
    (void)first();
    store_claim claim;
    char *checkpoint = NULL;
    store_fixture_claim(fixture.store, "boot", &claim);
    cr_assert_eq(store_job_delete(fixture.store, id_one, &checkpoint, NULL), GD_CONFLICT);
    store_chunk chunk = {.index = 0, .first_step = 1, .last_step = 2, .bytes = "abc", .length = 3};
    store_parameters parameters = {
        .which = "final", .bytes = "12345678", .length = 8, .digest = "d"};
    store_run_end finish = {.update = {.chunks = &chunk, .chunk_count = 1, .checkpoint = "file"},
                            .status = STORE_JOB_SUCCEEDED,
                            .metrics = "{}",
                            .reason = "completed",
                            .at = 9,
                            .parameters = &parameters,
                            .parameter_count = 1,
                            .preparation = "p",
                            .preparation_length = 1};
    must(store_run_finish(fixture.store, &claim, &finish, NULL));
    must(store_job_delete(fixture.store, id_one, &checkpoint, NULL));
    cr_assert_null(checkpoint, "a job that has ended has none");
    cr_assert_eq(store_job_delete(fixture.store, id_one, &checkpoint, NULL), GD_NOT_FOUND);
    static const char *const tables[] = {
        "jobs",       "job_details",     "job_labels",   "job_events", "curve_chunks",
        "parameters", "parameter_parts", "preparations", "job_results"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        cr_assert_eq(store_fixture_number(&fixture, sql), 0, "%s", tables[i]);
    }
    cr_assert_eq(store_fixture_number(&fixture, "SELECT sum(count) FROM job_counts"), 0);
}

Test(store_jobs, deleting_tells_the_checkpoint_to_remove)
{
    must(store_fixture_create(fixture.store, 1));
    (void)first();
    store_claim claim;
    char *checkpoint = NULL;
    store_fixture_claim(fixture.store, "boot", &claim);
    store_run_end give_back = {
        .update = {.checkpoint = "file"}, .status = STORE_JOB_QUEUED, .at = 9};
    must(store_run_finish(fixture.store, &claim, &give_back, NULL));
    must(store_job_delete(fixture.store, id_one, &checkpoint, NULL));
    cr_assert_str_eq(checkpoint, "file");
    free(checkpoint);
}

Test(store_jobs, deleting_follows_the_state)
{
    static const struct {
        store_job_status status;
        gd_status expected;
    } cases[] = {{STORE_JOB_PAUSED, GD_CONFLICT},
                 {STORE_JOB_QUEUED, GD_OK},
                 {STORE_JOB_SUCCEEDED, GD_OK},
                 {STORE_JOB_FAILED, GD_OK},
                 {STORE_JOB_CANCELLED, GD_OK}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t n = 100 + (int64_t)i;
        char id[STORE_ID_SIZE];
        store_fixture_id(n, id);
        must(store_fixture_create(fixture.store, n));
        store_job job;
        wish wanted = {.write = true, .to = cases[i].status};
        must(store_job_change_status(fixture.store, id, decide, &wanted, &job, NULL));
        store_job_dispose(&job);
        char *checkpoint = NULL;
        cr_assert_eq(store_job_delete(fixture.store, id, &checkpoint, NULL), cases[i].expected);
        cr_assert_null(checkpoint);
    }
}

Test(store_jobs, status_words_are_fixed)
{
    cr_assert_str_eq(store_job_status_name(STORE_JOB_SUCCEEDED), "succeeded");
    cr_assert_str_eq(store_job_status_name(STORE_JOB_STATUS_COUNT), "unknown");
    cr_assert(store_job_status_is_terminal(STORE_JOB_FAILED));
    cr_assert_not(store_job_status_is_terminal(STORE_JOB_PAUSED));
}
