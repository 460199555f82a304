/*
 * Curves, events, parameters and preparations.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static store_fixture fixture;
static store_claim claim;

static void start(void)
{
    store_fixture_start(&fixture);
    store_fixture_open(&fixture);
    must(store_fixture_create(fixture.store, 1));
    store_fixture_claim(fixture.store, "boot", &claim);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_results, .init = start, .fini = end);

/* Chunk k holds steps 10·k·1024 + 10 … 10·(k + 1)·1024, and its own number as bytes. */
static void save_chunks(int64_t from, int64_t count, size_t length)
{
    unsigned char *bytes = calloc(length, 1);
    cr_assert_not_null(bytes);
    for (int64_t i = from; i < from + count; i++) {
        memset(bytes, (int)(i & 255), length);
        store_chunk chunk = {.index = i,
                             .first_step = 10 * i * STORE_CHUNK_POINTS + 10,
                             .last_step = 10 * (i + 1) * STORE_CHUNK_POINTS,
                             .bytes = bytes,
                             .length = length};
        store_run_update update = {.chunks = &chunk, .chunk_count = 1};
        must(store_run_save(fixture.store, &claim, &update, NULL));
    }
    free(bytes);
}

typedef struct seen_chunks {
    int64_t first, count, stop_after;
    size_t length;
} seen_chunks;

static gd_status see_chunk(void *context, const store_chunk *chunk)
{
    seen_chunks *seen = context;
    if (seen->count == 0)
        seen->first = chunk->index;
    cr_assert_eq(chunk->index, seen->first + seen->count, "in order, none twice");
    cr_assert_eq(chunk->length, seen->length);
    cr_assert_eq(((const unsigned char *)chunk->bytes)[chunk->length - 1], chunk->index & 255);
    seen->count++;
    return seen->count == seen->stop_after ? GD_NON_FINITE : GD_OK;
}

static seen_chunks read_curve(int64_t after, int64_t from, int64_t to, size_t length)
{
    seen_chunks seen = {.first = -1, .length = length};
    must(store_curve_read(fixture.store, claim.job, after, from, to, see_chunk, &seen, NULL));
    return seen;
}

Test(store_results, curves_are_read_by_number_and_step)
{
    save_chunks(0, 5, 100);
    cr_assert_eq(read_curve(0, 0, INT64_MAX, 100).count, 5);
    cr_assert_eq(read_curve(STORE_CHUNK_POINTS - 1, 0, INT64_MAX, 100).first, 0);
    cr_assert_eq(read_curve(STORE_CHUNK_POINTS, 0, INT64_MAX, 100).first, 1);
    cr_assert_eq(read_curve(5 * STORE_CHUNK_POINTS, 0, INT64_MAX, 100).count, 0);
    seen_chunks part = read_curve(0, 20480, 30720, 100);
    cr_assert_eq(part.first, 1);
    cr_assert_eq(part.count, 2);
    cr_assert_eq(read_curve(0, 0, 9, 100).count, 0);
    seen_chunks stopped = {.first = -1, .length = 100, .stop_after = 2};
    cr_assert_eq(
        store_curve_read(fixture.store, claim.job, 0, 0, INT64_MAX, see_chunk, &stopped, NULL),
        GD_NON_FINITE);
    cr_assert_eq(stopped.count, 2);
    cr_assert_eq(
        store_curve_read(fixture.store, "nothing", 0, 0, INT64_MAX, see_chunk, &stopped, NULL),
        GD_NOT_FOUND);
}

Test(store_results, long_curves_come_whole)
{
    save_chunks(0, 300, 64);
    cr_assert_eq(read_curve(0, 0, INT64_MAX, 64).count, 300);
    save_chunks(0, 300, 60000);
    cr_assert_eq(read_curve(0, 0, INT64_MAX, 60000).count, 300);
}

Test(store_results, the_last_chunk_is_replaced_and_later_ones_go)
{
    save_chunks(0, 5, 100);
    save_chunks(2, 1, 50);
    seen_chunks seen = {.first = -1, .length = 100};
    must(store_curve_read(fixture.store, claim.job, 0, 0, 20480, see_chunk, &seen, NULL));
    cr_assert_eq(seen.count, 2);
    seen = read_curve(2 * STORE_CHUNK_POINTS, 0, INT64_MAX, 50);
    cr_assert_eq(seen.first, 2);
    cr_assert_eq(seen.count, 1);
}

/* --- Events ------------------------------------------------------------------------------- */

typedef struct seen_events {
    int64_t last, count;
    bool data;
} seen_events;

static gd_status see_event(void *context, const store_event *event)
{
    seen_events *seen = context;
    cr_assert_eq(event->sequence, seen->last + 1);
    seen->last = event->sequence;
    seen->count++;
    seen->data = event->data != NULL && strcmp(event->data, "{\"a\":1}") == 0;
    cr_assert_eq(store_fixture_status(fixture.store, 1), STORE_JOB_RUNNING);
    return GD_OK;
}

Test(store_results, events_are_numbered_and_paged)
{
    store_event events[100];
    for (int i = 0; i < 100; i++)
        events[i] = (store_event){.at = i, .type = "note", .message = "m", .data = "{\"a\":1}"};
    store_run_update update = {.events = events, .event_count = 100};
    for (int i = 0; i < 4; i++)
        must(store_run_save(fixture.store, &claim, &update, NULL));
    seen_events seen = {.last = 0};
    must(store_event_list(fixture.store, claim.job, 0, INT64_MAX, see_event, &seen, NULL));
    cr_assert_eq(seen.count, 402, "with queued and started");
    cr_assert(seen.data);
    seen = (seen_events){.last = 390};
    must(store_event_list(fixture.store, claim.job, 390, 5, see_event, &seen, NULL));
    cr_assert_eq(seen.count, 5);
    seen = (seen_events){.last = 0};
    must(store_event_list(fixture.store, claim.job, 0, 256, see_event, &seen, NULL));
    cr_assert_eq(seen.count, 256);
    must(store_event_list(fixture.store, claim.job, 0, 0, see_event, &seen, NULL));
    cr_assert_eq(seen.count, 256);
    cr_assert_eq(store_event_list(fixture.store, "nothing", 0, 5, see_event, &seen, NULL),
                 GD_NOT_FOUND);
}

/* --- Parameters --------------------------------------------------------------------------- */

static void finish_with(const store_parameters *parameters, int64_t count)
{
    store_run_end finish = {.status = STORE_JOB_PAUSED,
                            .at = 5,
                            .parameters = parameters,
                            .parameter_count = count,
                            .preparation = "prep\0aration",
                            .preparation_length = 12};
    must(store_run_finish(fixture.store, &claim, &finish, NULL));
}

Test(store_results, parameters_come_back_bit_for_bit)
{
    static const char digest[] = "0123456789012345678901234567890123456789012345678901234567890123";
    size_t length = ((size_t)9 << 20) + 13; /* three parts, the last one short */
    unsigned char *bytes = malloc(length);
    cr_assert_not_null(bytes);
    uint32_t state = 1;
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(state >> 24);
    }
    const store_parameters both[] = {
        {.which = "final", .step = 7, .bytes = bytes, .length = length, .digest = digest},
        {.which = "best", .step = 3, .bytes = bytes, .length = 0, .digest = digest}};
    finish_with(both, 2);
    store_blob blob;
    must(store_parameters_read(fixture.store, claim.job, "final", &blob, NULL));
    cr_assert_eq(blob.length, length);
    cr_assert_eq(blob.step, 7);
    cr_assert_str_eq(blob.digest, digest);
    cr_assert_eq(memcmp(blob.bytes, bytes, length), 0);
    store_blob_dispose(&blob);
    must(store_parameters_read(fixture.store, claim.job, "best", &blob, NULL));
    cr_assert_eq(blob.length, 0u);
    cr_assert_eq(blob.step, 3);
    store_blob_dispose(&blob);
    gd_error error;
    cr_assert_eq(store_parameters_read(fixture.store, claim.job, "worst", &blob, &error),
                 GD_NOT_FOUND);
    cr_assert_null(blob.bytes);
    cr_assert_eq(store_parameters_read(fixture.store, "nothing", "final", &blob, &error),
                 GD_NOT_FOUND);
    must(store_preparation_read(fixture.store, claim.job, &blob, NULL));
    cr_assert_eq(blob.length, 12u);
    cr_assert_eq(memcmp(blob.bytes, "prep\0aration", 12), 0);
    store_blob_dispose(&blob);
    cr_assert_eq(store_preparation_read(fixture.store, "nothing", &blob, NULL), GD_NOT_FOUND);
    free(bytes);
    must(store_check(fixture.path, &error));
}

static gd_status resume(void *context, const store_job *job, store_job_change *change,
                        gd_error *error)
{
    (void)context;
    (void)job;
    (void)error;
    change->write = true;
    change->status = STORE_JOB_QUEUED;
    return GD_OK;
}

Test(store_results, parameters_of_a_name_are_replaced)
{
    const store_parameters old = {.which = "final", .step = 1, .bytes = "old bytes", .length = 9};
    const store_parameters new = {.which = "final", .step = 2, .bytes = "new", .length = 3};
    finish_with(&old, 1);
    store_job job;
    must(store_job_change_status(fixture.store, claim.job, resume, NULL, &job, NULL));
    store_job_dispose(&job);
    store_fixture_claim(fixture.store, "boot", &claim);
    finish_with(&new, 1);
    store_blob blob;
    must(store_parameters_read(fixture.store, claim.job, "final", &blob, NULL));
    cr_assert_eq(blob.length, 3u);
    cr_assert_eq(blob.step, 2);
    cr_assert_eq(memcmp(blob.bytes, "new", 3), 0);
    store_blob_dispose(&blob);
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM parameter_parts"), 0);
}

/* Few bytes stand in their row, more of them in parts; none are bytes too. */
Test(store_results, parameters_of_any_length_come_back)
{
    static unsigned char bytes[5000000];
    static const size_t lengths[] = {0, 1, 1023, 1024, 1025, 4194304, 4194305, sizeof bytes};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 >> 3);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const store_parameters given = {.which = "final", .bytes = bytes, .length = lengths[i]};
        finish_with(&given, 1);
        store_blob blob;
        must(store_parameters_read(fixture.store, claim.job, "final", &blob, NULL));
        cr_assert_eq(blob.length, lengths[i]);
        cr_assert_eq(memcmp(blob.bytes, bytes, lengths[i]), 0, "%zu bytes", lengths[i]);
        store_blob_dispose(&blob);
        cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM parameter_parts"),
                     lengths[i] <= 1024     ? 0
                     : lengths[i] > 4194304 ? 2
                                            : 1);
        cr_assert_eq(store_fixture_number(&fixture, "SELECT sum(bytes) FROM owners"),
                     (int64_t)lengths[i]);
        store_job job;
        must(store_job_change_status(fixture.store, claim.job, resume, NULL, &job, NULL));
        store_job_dispose(&job);
        store_fixture_claim(fixture.store, "boot", &claim);
    }
    gd_error error = {.status = GD_OK};
    must(store_check(fixture.path, &error));
}

/* Of a job that ended before results had a table of their own. */
Test(store_results, results_of_before_stay)
{
    const store_parameters none = {.which = "final", .bytes = "", .length = 0};
    finish_with(&none, 1);
    store_fixture_execute(&fixture,
                          "UPDATE job_details SET metrics = '{\"a\":1}', repairs = 'old'");
    store_fixture_execute(&fixture,
                          "INSERT OR REPLACE INTO job_results (job, diagnosis, repairs)"
                          " SELECT sequence, 'new', 'newer' FROM jobs");
    store_job job;
    must(store_job_get(fixture.store, claim.job, true, &job, NULL));
    cr_expect_str_eq(job.metrics, "{\"a\":1}");
    cr_expect_str_eq(job.diagnosis, "new");
    cr_expect_str_eq(job.repairs, "newer");
    store_job_dispose(&job);
}
