/*
 * The writer thread: operations share commits, one that fails leaves the others alone, and nobody is
 * answered before the commit.
 */
#include "store/writer.h"

#include "store/handle.h"
#include "store/statement.h"
#include "support/fault_vfs.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define THREADS    64
#define PER_THREAD 50

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

TestSuite(store_writer, .init = start, .fini = end);

typedef struct client {
    pthread_t thread;
    int64_t number;
    int64_t failures;
} client;

static void *insert_many(void *context)
{
    client *self = context;
    for (int64_t i = 0; i < PER_THREAD; i++) {
        int64_t n = self->number * PER_THREAD + i;
        if (store_fixture_create(fixture.store, n) != GD_OK) {
            self->failures++;
            continue;
        }
        /* What was answered is committed: another connection sees it. */
        char id[STORE_ID_SIZE];
        store_job job;
        store_fixture_id(n, id);
        if (store_job_get(fixture.store, id, false, &job, NULL) != GD_OK)
            self->failures++;
        else
            store_job_dispose(&job);
    }
    return NULL;
}

Test(store_writer, groups_commits)
{
    client clients[THREADS];
    int64_t before = store_writer_commits(fixture.store->writer);
    for (int64_t i = 0; i < THREADS; i++) {
        clients[i] = (client){.number = i};
        cr_assert_eq(pthread_create(&clients[i].thread, NULL, insert_many, &clients[i]), 0);
    }
    int64_t failures = 0;
    for (int64_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(clients[i].thread, NULL), 0);
        failures += clients[i].failures;
    }
    int64_t commits = store_writer_commits(fixture.store->writer) - before;
    cr_assert_eq(failures, 0);
    cr_assert_lt(commits, THREADS * PER_THREAD / 4, "%lld commits", (long long)commits);
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(fixture.store, counts, NULL));
    cr_assert_eq(counts[STORE_JOB_QUEUED], THREADS * PER_THREAD);
}

static gd_status insert_key(store_transaction *transaction, const char *key, gd_error *error)
{
    store_statement statement = store_statement_open(
        transaction->connection, "INSERT INTO idempotency_keys VALUES ('', ?, 'f', 'r', 0)");
    store_bind_text(&statement, 1, key);
    return store_statement_run(&statement, NULL, error);
}

/* An operation that lets the test fill the queue behind it. */
typedef struct closed_gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool entered, open;
} closed_gate;

static gd_status wait_at_gate(store_transaction *transaction, void *context, gd_error *error)
{
    closed_gate *gate = context;
    (void)pthread_mutex_lock(&gate->mutex);
    gate->entered = true;
    (void)pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    (void)pthread_mutex_unlock(&gate->mutex);
    return insert_key(transaction, "gate", error);
}

static void *pass_gate(void *context)
{
    (void)store_writer_run(fixture.store->writer, wait_at_gate, context, NULL);
    return NULL;
}

static void close_gate(closed_gate *gate, pthread_t *thread)
{
    *gate = (closed_gate){.entered = false};
    (void)pthread_mutex_init(&gate->mutex, NULL);
    (void)pthread_cond_init(&gate->changed, NULL);
    cr_assert_eq(pthread_create(thread, NULL, pass_gate, gate), 0);
    (void)pthread_mutex_lock(&gate->mutex);
    while (!gate->entered)
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(closed_gate *gate)
{
    (void)pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->mutex);
}

typedef struct writer_call {
    pthread_t thread;
    store_operation operation;
    gd_status status;
    gd_error error;
} writer_call;

static void *make_call(void *context)
{
    writer_call *call = context;
    call->status = store_writer_run(fixture.store->writer, call->operation, NULL, &call->error);
    return NULL;
}

static gd_status insert_good(store_transaction *transaction, void *context, gd_error *error)
{
    (void)context;
    return insert_key(transaction, "good", error);
}

static gd_status insert_then_fail(store_transaction *transaction, void *context, gd_error *error)
{
    (void)context;
    gd_status status = insert_key(transaction, "bad", error);
    return status == GD_OK ? gd_fail(error, GD_CONFLICT, "", "no") : status;
}

static gd_status insert_twice(store_transaction *transaction, void *context, gd_error *error)
{
    (void)context;
    gd_status status = insert_key(transaction, "twice", error);
    return status == GD_OK ? insert_key(transaction, "twice", error) : status;
}

static gd_status do_nothing(store_transaction *transaction, void *context, gd_error *error)
{
    (void)transaction;
    (void)context;
    (void)error;
    return GD_OK;
}

static bool has_key(const char *key)
{
    char *reply = NULL;
    gd_status status = store_idempotency_find(fixture.store, "", key, "f", &reply, NULL);
    free(reply);
    return status == GD_OK;
}

static void await_waiting(closed_gate *gate, writer_call *calls, size_t count)
{
    /* The calls enter the queue while the writer stands at the gate: one transaction. */
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(pthread_create(&calls[i].thread, NULL, make_call, &calls[i]), 0);
    struct timespec pause = {.tv_nsec = 100000000};
    (void)nanosleep(&pause, NULL);
    open_gate(gate);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(pthread_join(calls[i].thread, NULL), 0);
}

Test(store_writer, what_comes_while_a_transaction_runs_joins_it)
{
    closed_gate gate;
    pthread_t holder;
    writer_call calls[3] = {
        {.operation = insert_then_fail}, {.operation = insert_good}, {.operation = do_nothing}};
    int64_t before = store_writer_commits(fixture.store->writer);
    close_gate(&gate, &holder);
    await_waiting(&gate, calls, 3);
    cr_assert_eq(pthread_join(holder, NULL), 0);
    cr_expect_eq(store_writer_commits(fixture.store->writer), before + 1);
    cr_expect_eq(calls[0].status, GD_CONFLICT);
    cr_expect_eq(calls[1].status, GD_OK);
    cr_expect_eq(calls[2].status, GD_OK);
    cr_expect(has_key("gate"));
    cr_expect(has_key("good"));
    cr_expect_not(has_key("bad"));
}

Test(store_writer, a_failing_operation_leaves_the_others)
{
    closed_gate gate;
    pthread_t holder;
    writer_call calls[4] = {{.operation = insert_then_fail},
                            {.operation = insert_good},
                            {.operation = insert_twice},
                            {.operation = do_nothing}};
    close_gate(&gate, &holder);
    await_waiting(&gate, calls, 4);
    cr_assert_eq(pthread_join(holder, NULL), 0);
    cr_assert_eq(calls[0].status, GD_CONFLICT);
    cr_assert_str_eq(calls[0].error.message, "no");
    cr_assert_eq(calls[1].status, GD_OK);
    cr_assert_eq(calls[2].status, GD_CONFLICT);
    cr_assert_eq(calls[3].status, GD_OK);
    cr_assert(has_key("good"));
    cr_assert_not(has_key("bad"));
    cr_assert_not(has_key("twice"));
}

/* Refused for a key that another one wrote, which then was not kept after all. */
Test(store_writer, whoever_was_in_a_transaction_that_failed_is_told_that)
{
    store_fixture_close(&fixture);
    fault_vfs_install();
    store_fixture_open(&fixture);
    closed_gate gate;
    pthread_t holder;
    writer_call calls[2] = {{.operation = insert_good}, {.operation = insert_good}};
    close_gate(&gate, &holder);
    fault_vfs_arm(FAULT_FULL, 1, true);
    await_waiting(&gate, calls, 2);
    cr_assert_eq(pthread_join(holder, NULL), 0);
    cr_expect_gt(fault_vfs_disarm(), 0);
    for (size_t i = 0; i < 2; i++)
        cr_expect_eq(calls[i].status, GD_NO_SPACE, "%s", gd_status_name(calls[i].status));
    cr_expect_not(has_key("good"));
}

Test(store_writer, refuses_beyond_its_queue)
{
    store_fixture_close(&fixture);
    store_options options = store_options_default();
    options.path = fixture.path;
    options.queue_capacity = 2;
    must(store_open(&fixture.store, &options, NULL));
    closed_gate gate;
    pthread_t holder;
    writer_call calls[5];
    for (size_t i = 0; i < 5; i++)
        calls[i] = (writer_call){.operation = do_nothing};
    close_gate(&gate, &holder);
    await_waiting(&gate, calls, 5);
    cr_assert_eq(pthread_join(holder, NULL), 0);
    int done = 0;
    int refused = 0;
    for (size_t i = 0; i < 5; i++) {
        done += calls[i].status == GD_OK ? 1 : 0;
        refused += calls[i].status == GD_UNAVAILABLE ? 1 : 0;
    }
    cr_assert_eq(done, 2);
    cr_assert_eq(refused, 3);
}

Test(store_writer, stopping_finishes_what_waits_and_refuses_the_rest)
{
    closed_gate gate;
    pthread_t holder;
    writer_call waiting = {.operation = insert_good};
    close_gate(&gate, &holder);
    await_waiting(&gate, &waiting, 1);
    cr_assert_eq(pthread_join(holder, NULL), 0);
    store_writer_stop(fixture.store->writer);
    cr_assert_eq(waiting.status, GD_OK);
    cr_assert(has_key("good"));
    cr_assert_eq(store_fixture_create(fixture.store, 1), GD_UNAVAILABLE);
}

static gd_status insert_large(store_transaction *transaction, void *context, gd_error *error)
{
    (void)context;
    return store_connection_execute(
        transaction->connection,
        "INSERT OR REPLACE INTO preparations SELECT sequence, zeroblob(8000000) FROM jobs", error);
}

static int64_t log_length(void)
{
    char log[128];
    struct stat facts;
    (void)snprintf(log, sizeof log, "%s-wal", fixture.path);
    return stat(log, &facts) == 0 ? (int64_t)facts.st_size : 0;
}

Test(store_writer, n43_empties_the_log_after_a_held_reader_is_gone)
{
    must(store_fixture_create(fixture.store, 1));
    store_connection *reader = NULL;
    int64_t count = 0;
    must(store_readers_take(fixture.store->readers, &reader, NULL));
    must(store_connection_number(reader, "SELECT count(*) FROM jobs", &count, NULL));
    for (int i = 0; i < 4; i++)
        must(store_writer_run(fixture.store->writer, insert_large, NULL, NULL));
    cr_assert_gt(log_length(), 20000000, "the reader holds the log");
    must(store_connection_number(reader, "SELECT count(*) FROM preparations", &count, NULL));
    cr_assert_eq(count, 0, "and sees what it saw");
    store_readers_give(fixture.store->readers, reader);
    for (int i = 0; i < 100 && log_length() > 0; i++) {
        struct timespec pause = {.tv_nsec = 100000000};
        (void)nanosleep(&pause, NULL);
    }
    cr_assert_eq(log_length(), 0);
    cr_assert_eq(store_fixture_status(fixture.store, 1), STORE_JOB_QUEUED);
}
