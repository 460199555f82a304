/*
 * Idempotency keys: one effect for each, whoever asks how often and at once.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static store_fixture fixture;
static char id_one[STORE_ID_SIZE];

static void start(void)
{
    store_fixture_start(&fixture);
    store_fixture_open(&fixture);
    store_fixture_id(1, id_one);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_idempotency, .init = start, .fini = end);

static store_idempotency key_of(const char *reply)
{
    return (store_idempotency){
        .key = "key", .fingerprint = "aa", .reply = reply, .expires_at = 5000};
}

Test(store_idempotency, a_key_gives_its_reply_again)
{
    store_job_insert insert = store_fixture_insert(id_one);
    store_idempotency key = key_of("first");
    char *reply = NULL;
    cr_assert_eq(store_idempotency_find(fixture.store, "", "key", "aa", &reply, NULL),
                 GD_NOT_FOUND);
    must(store_job_create(fixture.store, &insert, &key, &reply, NULL));
    cr_assert_null(reply);
    must(store_idempotency_find(fixture.store, "", "key", "aa", &reply, NULL));
    cr_assert_str_eq(reply, "first");
    free(reply);
    cr_assert_eq(store_idempotency_find(fixture.store, "", "key", "bb", &reply, NULL), GD_CONFLICT);
    cr_assert_null(reply);

    char id[STORE_ID_SIZE];
    store_fixture_id(2, id);
    insert.id = id;
    key = key_of("second");
    must(store_job_create(fixture.store, &insert, &key, &reply, NULL));
    cr_assert_str_eq(reply, "first");
    free(reply);
    key.fingerprint = "bb";
    cr_assert_eq(store_job_create(fixture.store, &insert, &key, &reply, NULL), GD_CONFLICT);
    store_job job;
    cr_assert_eq(store_job_get(fixture.store, id, false, &job, NULL), GD_NOT_FOUND);
}

Test(store_idempotency, a_failing_creation_leaves_no_key)
{
    must(store_fixture_create(fixture.store, 1));
    store_job_insert insert = store_fixture_insert(id_one);
    store_idempotency key = key_of("reply");
    char *reply = NULL;
    cr_assert_eq(store_job_create(fixture.store, &insert, &key, &reply, NULL), GD_CONFLICT);
    cr_assert_eq(store_idempotency_find(fixture.store, "", "key", "aa", &reply, NULL),
                 GD_NOT_FOUND);
}

Test(store_idempotency, keys_are_swept_when_they_expire)
{
    store_job_insert insert = store_fixture_insert(id_one);
    store_idempotency key = key_of("reply");
    char *reply = NULL;
    must(store_job_create(fixture.store, &insert, &key, &reply, NULL));
    must(store_sweep(fixture.store, 4999, NULL));
    must(store_idempotency_find(fixture.store, "", "key", "aa", &reply, NULL));
    free(reply);
    must(store_sweep(fixture.store, 5000, NULL));
    cr_assert_eq(store_idempotency_find(fixture.store, "", "key", "aa", &reply, NULL),
                 GD_NOT_FOUND);
}

static void create_with_key(int64_t n, int64_t now)
{
    char id[STORE_ID_SIZE];
    store_fixture_id(n, id);
    store_job_insert insert = store_fixture_insert(id);
    insert.created_at = now;
    store_idempotency key = {
        .key = id, .fingerprint = "aa", .reply = "reply", .expires_at = now + 1000};
    must(store_job_create(fixture.store, &insert, &key, NULL, NULL));
}

/* The service may run for years. */
Test(store_idempotency, keys_that_expired_go_as_others_come)
{
    for (int64_t n = 0; n < 100; n++)
        create_with_key(n, 1000 + n);
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM idempotency_keys"), 100);
    for (int64_t n = 100; n < 150; n++)
        create_with_key(n, 2049);
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM idempotency_keys"), 100,
                 "those that still count and those that came");
    cr_assert_eq(store_fixture_number(
                     &fixture, "SELECT count(*) FROM idempotency_keys WHERE expires_at <= 2049"),
                 0);
}

typedef struct submission {
    pthread_t thread;
    int64_t number;
    gd_status status;
    char *reply;
    char id[STORE_ID_SIZE];
} submission;

static void *submit(void *context)
{
    submission *self = context;
    store_fixture_id(self->number, self->id);
    store_job_insert insert = store_fixture_insert(self->id);
    store_idempotency key = key_of(self->id);
    self->status = store_job_create(fixture.store, &insert, &key, &self->reply, NULL);
    return NULL;
}

Test(store_idempotency, one_key_from_a_hundred_threads_makes_one_job)
{
    static submission all[100];
    for (int64_t i = 0; i < 100; i++) {
        all[i].number = i;
        cr_assert_eq(pthread_create(&all[i].thread, NULL, submit, &all[i]), 0);
    }
    int made = 0;
    const char *winner = NULL;
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(pthread_join(all[i].thread, NULL), 0);
        cr_assert_eq(all[i].status, GD_OK);
        made += all[i].reply == NULL ? 1 : 0;
        winner = all[i].reply == NULL ? all[i].id : winner;
    }
    cr_assert_eq(made, 1);
    for (int i = 0; i < 100; i++) {
        cr_assert(all[i].reply == NULL || strcmp(all[i].reply, winner) == 0);
        free(all[i].reply);
    }
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(fixture.store, counts, NULL));
    cr_assert_eq(counts[STORE_JOB_QUEUED], 1);
}
