/*
 * Owners: what they have is counted, what they may have is held, and the queue serves them in turn.
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
    store_fixture_close(&fixture);
    must(store_check(fixture.path, NULL));
    store_fixture_end(&fixture);
}

TestSuite(store_owners, .init = start, .fini = end);

static gd_status submit(int64_t n, const char *owner, int64_t priority, store_quota quota,
                        gd_error *error)
{
    char id[STORE_ID_SIZE];
    store_fixture_id(n, id);
    store_job_insert insert = store_fixture_insert(id);
    insert.owner = owner;
    insert.priority = priority;
    insert.quota = quota;
    return store_job_create(fixture.store, &insert, NULL, NULL, error);
}

static const store_quota no_quota;

/* Claims the next job: the last letter of its owner, '-' where there is none. */
static char next(void)
{
    store_claim claim;
    store_job job;
    gd_status status = store_job_claim(fixture.store, "boot", 2000, &claim, &job, NULL);
    char letter = '-';
    if (status == GD_OK)
        letter = job.owner[0] != '\0' ? job.owner[strlen(job.owner) - 1] : '0';
    else
        cr_assert_eq(status, GD_NOT_FOUND);
    store_job_dispose(&job);
    return letter;
}

static void expect_order(const char *wanted)
{
    char got[64] = "";
    for (size_t i = 0; i < strlen(wanted); i++) {
        got[i] = next();
        got[i + 1] = '\0';
    }
    cr_assert_str_eq(got, wanted);
}

Test(store_owners, one_who_floods_the_queue_takes_turns_with_the_others)
{
    for (int64_t n = 0; n < 50; n++)
        must(submit(n, "a", 0, no_quota, NULL));
    must(submit(100, "b", 0, no_quota, NULL));
    must(submit(101, "b", 0, no_quota, NULL));
    must(submit(102, "c", 0, no_quota, NULL));
    expect_order("abcabaaa");
    must(submit(103, "c", 0, no_quota, NULL));
    expect_order("ca");
}

Test(store_owners, a_higher_priority_goes_before_turns)
{
    for (int64_t n = 0; n < 4; n++)
        must(submit(n, "a", 5, no_quota, NULL));
    must(submit(10, "b", 0, no_quota, NULL));
    must(submit(11, "b", 5, no_quota, NULL));
    must(submit(12, "c", 0, no_quota, NULL));
    expect_order("abaaacb-");
}

Test(store_owners, of_one_owner_the_oldest_of_the_highest_priority_goes_first)
{
    store_claim claim;
    must(submit(1, "a", 0, no_quota, NULL));
    must(submit(2, "a", 3, no_quota, NULL));
    must(submit(3, "a", 3, no_quota, NULL));
    static const int wanted[] = {2, 3, 1};
    for (int i = 0; i < 3; i++) {
        char id[STORE_ID_SIZE];
        store_fixture_id(wanted[i], id);
        store_fixture_claim(fixture.store, "boot", &claim);
        cr_expect_str_eq(claim.job, id);
    }
}

Test(store_owners, no_more_run_at_once_than_the_owner_may)
{
    store_quota two = {.maximum_running = 2};
    for (int64_t n = 0; n < 5; n++)
        must(submit(n, "a", 9, two, NULL));
    must(submit(10, "b", 0, no_quota, NULL));
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    expect_order("ab-");
    store_run_end over = {.status = STORE_JOB_SUCCEEDED, .reason = "completed", .at = 3000};
    must(store_run_finish(fixture.store, &claim, &over, NULL));
    expect_order("a-");
    must(submit(11, "a", 0, no_quota, NULL));
    expect_order("aaa-");
}

Test(store_owners, queued_jobs_are_limited_for_each_owner)
{
    store_quota three = {.maximum_queued = 3};
    gd_error error = {0};
    for (int64_t n = 0; n < 3; n++)
        must(submit(n, "a", 0, three, NULL));
    cr_assert_eq(submit(3, "a", 0, three, &error), GD_UNAVAILABLE);
    cr_expect_str_eq(error.path, STORE_LIMIT_OWNER_QUEUE);
    must(submit(4, "b", 0, three, NULL));
    expect_order("a");
    must(submit(5, "a", 0, three, NULL));
    store_owner has;
    must(store_owner_read(fixture.store, "a", &has, NULL));
    cr_expect_eq(has.counts[STORE_JOB_QUEUED], 3);
    cr_expect_eq(has.counts[STORE_JOB_RUNNING], 1);
    must(store_owner_read(fixture.store, "nobody", &has, NULL));
    cr_expect_eq(has.counts[STORE_JOB_QUEUED], 0);
}

static gd_status upload(int64_t n, const char *owner, int64_t bytes, const store_quota *quota,
                        gd_error *error)
{
    char empty[] = "[]", word[] = "csv";
    store_dataset dataset = {.bytes = bytes, .rows = 1, .column_count = 1};
    dataset.format = dataset.sha256 = dataset.file = word;
    dataset.columns = dataset.warnings = empty;
    dataset.created_at = 1;
    store_fixture_id(n, dataset.id);
    snprintf(dataset.owner, sizeof dataset.owner, "%s", owner);
    return store_dataset_create_within(fixture.store, &dataset, quota, error);
}

static int64_t bytes_of(const char *owner)
{
    store_owner has;
    must(store_owner_read(fixture.store, owner, &has, NULL));
    return has.bytes;
}

Test(store_owners, stored_bytes_are_counted_and_limited)
{
    store_quota hundred = {.maximum_bytes = 100};
    gd_error error = {0};
    char id[STORE_ID_SIZE], *file = NULL;
    must(upload(1, "a", 60, &hundred, NULL));
    cr_assert_eq(upload(2, "a", 41, &hundred, &error), GD_NO_SPACE);
    cr_expect_str_eq(error.path, STORE_LIMIT_OWNER_BYTES);
    must(upload(3, "b", 99, &hundred, NULL));
    must(upload(4, "a", 20, &hundred, NULL));
    cr_expect_eq(bytes_of("a"), 80);

    must(submit(10, "a", 0, hundred, NULL));
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim);
    store_parameters parameters = {
        .which = "final", .bytes = "0123456789abcdefghij", .length = 20, .digest = "x"};
    store_run_end over = {.status = STORE_JOB_SUCCEEDED,
                          .reason = "completed",
                          .at = 3000,
                          .parameters = &parameters,
                          .parameter_count = 1};
    must(store_run_finish(fixture.store, &claim, &over, NULL));
    cr_expect_eq(bytes_of("a"), 100);
    cr_expect_eq(submit(11, "a", 0, hundred, &error), GD_NO_SPACE, "nothing more fits");

    char *checkpoint = NULL;
    store_fixture_id(10, id);
    must(store_job_delete(fixture.store, id, &checkpoint, NULL));
    cr_expect_eq(bytes_of("a"), 80);
    store_fixture_id(1, id);
    must(store_dataset_delete(fixture.store, id, &file, NULL));
    free(file);
    cr_expect_eq(bytes_of("a"), 20);
    cr_expect_eq(bytes_of("b"), 99);
    must(submit(11, "a", 0, hundred, NULL));
}

Test(store_owners, lists_and_keys_are_each_owners_own)
{
    must(submit(1, "a", 0, no_quota, NULL));
    must(submit(2, "b", 0, no_quota, NULL));
    must(submit(3, "a", 0, no_quota, NULL));
    store_job_filter filter = {.owner = "a", .limit = 10};
    store_job *jobs = NULL;
    int64_t count = 0, next;
    must(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL));
    cr_assert_eq(count, 2);
    cr_expect_str_eq(jobs[0].owner, "a");
    store_jobs_dispose(jobs, count);
    char id[STORE_ID_SIZE], owner[STORE_OWNER_SIZE], *reply = NULL;
    store_fixture_id(2, id);
    must(store_job_owner(fixture.store, id, owner, NULL));
    cr_expect_str_eq(owner, "b");
    store_fixture_id(9, id);
    cr_expect_eq(store_job_owner(fixture.store, id, owner, NULL), GD_NOT_FOUND);

    store_idempotency key = {
        .key = "k", .fingerprint = "f", .reply = "r", .expires_at = 5000, .owner = "a"};
    store_job_insert insert = store_fixture_insert(id);
    insert.owner = "a";
    must(store_job_create(fixture.store, &insert, &key, NULL, NULL));
    must(store_idempotency_find(fixture.store, "a", "k", "f", &reply, NULL));
    free(reply);
    cr_expect_eq(store_idempotency_find(fixture.store, "b", "k", "f", &reply, NULL), GD_NOT_FOUND);
    cr_expect_eq(store_idempotency_find(fixture.store, "b", "k", "other", &reply, NULL),
                 GD_NOT_FOUND);
}

Test(store_owners, the_place_in_the_queue_counts_turns)
{
    for (int64_t n = 0; n < 20; n++)
        must(submit(n, "a", 0, no_quota, NULL));
    must(submit(50, "b", 0, no_quota, NULL));
    char id[STORE_ID_SIZE];
    store_job job;
    int64_t position = -1;
    store_fixture_id(50, id);
    must(store_job_get(fixture.store, id, false, &job, NULL));
    must(store_job_queue_position(fixture.store, &job, &position, NULL));
    cr_expect_eq(position, 1);
    store_job_dispose(&job);
    store_fixture_id(5, id);
    must(store_job_get(fixture.store, id, false, &job, NULL));
    must(store_job_queue_position(fixture.store, &job, &position, NULL));
    cr_expect_eq(position, 6, "five of its own and one of the other");
    store_job_dispose(&job);
}

Test(store_owners, the_place_is_counted_up_to_a_thousand)
{
    char id[STORE_ID_SIZE];
    store_job job;
    int64_t position = -1;
    for (int64_t n = 0; n < STORE_POSITION_MAXIMUM + 5; n++)
        must(submit(n, n % 2 == 0 ? "a" : "b", n == 3 ? 5 : 0, no_quota, NULL));
    static const int64_t numbers[] = {0, 2, 900, STORE_POSITION_MAXIMUM + 4};
    static const int64_t wanted[] = {1, 2, 900, STORE_POSITION_MAXIMUM};
    for (int i = 0; i < 4; i++) {
        store_fixture_id(numbers[i], id);
        must(store_job_get(fixture.store, id, false, &job, NULL));
        must(store_job_queue_position(fixture.store, &job, &position, NULL));
        /* Either owner may be served first, and the one of high priority counts apart. */
        cr_expect(position == wanted[i] ||
                      (i > 0 && position > wanted[i] && position <= wanted[i] + 2) ||
                      (i == 0 && position == 2),
                  "%d: %lld", (int)numbers[i], (long long)position);
        store_job_dispose(&job);
    }
}

Test(store_owners, a_count_that_is_wrong_is_found)
{
    gd_error error = {0};
    must(submit(1, "a", 0, no_quota, NULL));
    store_fixture_close(&fixture);
    store_fixture_execute(&fixture, "UPDATE owners SET queued = 7 WHERE owner = 'a'");
    cr_expect_eq(store_check(fixture.path, &error), GD_CORRUPT);
    cr_expect_not_null(strstr(error.message, "owner"), "%s", error.message);
    store_fixture_execute(&fixture, "UPDATE owners SET queued = 1, bytes = 3 WHERE owner = 'a'");
    cr_expect_eq(store_check(fixture.path, &error), GD_CORRUPT);
    store_fixture_execute(&fixture, "UPDATE owners SET bytes = 0 WHERE owner = 'a'");
    must(store_check(fixture.path, &error));
}
