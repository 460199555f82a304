/*
 * Opening, closing, readiness, the lock and waiting for jobs.
 */
#include "store/store.h"

#include "store/lock.h"
#include "store/path.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static store_fixture fixture;

static void start(void)
{
    store_fixture_start(&fixture);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_store, .init = start, .fini = end);

static gd_status open_again(gd_error *error)
{
    store *second = NULL;
    store_options options = store_options_default();
    options.path = fixture.path;
    gd_status status = store_open(&second, &options, error);
    store_close(second);
    return status;
}

Test(store_store, keeps_what_was_written)
{
    store_fixture_open(&fixture);
    must(store_fixture_create(fixture.store, 7));
    store_fixture_close(&fixture);
    char log[128];
    (void)snprintf(log, sizeof log, "%s-wal", fixture.path);
    cr_assert_neq(access(log, F_OK), 0, "closing leaves no log behind");
    store_fixture_open(&fixture);
    cr_assert_eq(store_fixture_status(fixture.store, 7), STORE_JOB_QUEUED);
}

Test(store_store, refuses_options_that_make_no_sense)
{
    store_options options = store_options_default();
    gd_error error;
    cr_assert_eq(store_open(&fixture.store, &options, &error), GD_INVALID_ARGUMENT);
    options.path = fixture.path;
    options.reader_count = 0;
    cr_assert_eq(store_open(&fixture.store, &options, &error), GD_INVALID_ARGUMENT);
    options = store_options_default();
    options.path = fixture.path;
    options.queue_capacity = 0;
    cr_assert_eq(store_open(&fixture.store, &options, &error), GD_INVALID_ARGUMENT);
    options = store_options_default();
    options.path = "/nowhere/at/all/jobs.db";
    cr_assert_eq(store_open(&fixture.store, &options, &error), GD_NOT_FOUND);
    options.path = "/tmp";
    cr_assert_eq(store_open(&fixture.store, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_null(fixture.store);
}

Test(store_store, second_opening_is_refused)
{
    store_fixture_open(&fixture);
    gd_error error = {.status = GD_OK};
    cr_assert_eq(open_again(&error), GD_CONFLICT);
    cr_assert_not_null(strstr(error.message, "in use by another process"), "%s", error.message);
    must(store_fixture_create(fixture.store, 1));
    store_fixture_close(&fixture);
    must(open_again(&error));
}

Test(store_store, second_process_is_refused_also_by_another_name)
{
    store_fixture_open(&fixture);
    char other[128];
    (void)snprintf(other, sizeof other, "%s/other.db", fixture.folder);
    cr_assert_eq(symlink(fixture.path, other), 0);
    pid_t child = fork();
    if (child == 0) {
        store *second = NULL;
        store_options options = store_options_default();
        options.path = other;
        _exit(store_open(&second, &options, NULL) == GD_CONFLICT ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(store_store, lock_ends_with_its_holder)
{
    store_lock *lock = NULL;
    store_lock *second = NULL;
    must(store_lock_acquire(&lock, fixture.path, NULL));
    cr_assert_eq(store_lock_acquire(&second, fixture.path, NULL), GD_CONFLICT);
    cr_assert_null(second);
    store_lock_release(lock);
    must(store_lock_acquire(&second, fixture.path, NULL));
    store_lock_release(second);
    store_lock_release(NULL);
    cr_assert_eq(store_lock_acquire(&lock, "/nowhere/x", NULL), GD_IO_ERROR);
}

Test(store_store, resolves_names_to_one)
{
    char *resolved = NULL;
    char indirect[128];
    (void)snprintf(indirect, sizeof indirect, "%s/../%s/jobs.db", fixture.folder,
                   strrchr(fixture.folder, '/') + 1);
    must(store_path_resolve(indirect, &resolved, NULL));
    cr_assert_str_eq(resolved, fixture.path);
    free(resolved);
    must(store_path_resolve("jobs.db", &resolved, NULL));
    cr_assert_eq(resolved[0], '/');
    free(resolved);
    cr_assert_eq(store_path_resolve("", &resolved, NULL), GD_INVALID_ARGUMENT);
    cr_assert_eq(store_path_resolve(NULL, &resolved, NULL), GD_INVALID_ARGUMENT);
    int64_t size = 0;
    must(store_path_size(fixture.path, &size, NULL));
    cr_assert_eq(size, -1);
    cr_assert_eq(store_path_size(fixture.folder, &size, NULL), GD_INVALID_ARGUMENT);
    must(store_path_sync_folder(fixture.path, NULL));
    cr_assert_eq(store_path_sync_folder("/nowhere/x", NULL), GD_IO_ERROR);
}

Test(store_store, opens_paths_with_characters_of_a_uri)
{
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/a b%%20?c=1#d.db", fixture.folder);
    store_fixture_open(&fixture);
    must(store_fixture_create(fixture.store, 1));
    store_fixture_close(&fixture);
    store_fixture_open(&fixture);
    cr_assert_eq(store_fixture_status(fixture.store, 1), STORE_JOB_QUEUED);
    store_fixture_close(&fixture);
    must(store_check(fixture.path, NULL));
}

Test(store_store, is_ready_and_leaves_no_trace_of_asking)
{
    store_fixture_open(&fixture);
    gd_error error = {.status = GD_OK};
    must(store_ready(fixture.store, &error));
    must(store_ready(fixture.store, &error));
}

static int64_t elapsed_ms(const struct timespec *since)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)(now.tv_sec - since->tv_sec) * 1000 +
           (int64_t)(now.tv_nsec - since->tv_nsec) / 1000000;
}

static void *create_later(void *context)
{
    struct timespec pause = {.tv_nsec = 50000000};
    (void)nanosleep(&pause, NULL);
    cr_expect_eq(store_fixture_create(context, 3), GD_OK);
    return NULL;
}

static void *wake_later(void *context)
{
    struct timespec pause = {.tv_nsec = 50000000};
    (void)nanosleep(&pause, NULL);
    store_wake(context);
    return NULL;
}

Test(store_store, waiting_ends_with_a_job_a_wake_or_the_time)
{
    store_fixture_open(&fixture);
    uint64_t seen = 0;
    struct timespec since;
    (void)clock_gettime(CLOCK_MONOTONIC, &since);
    store_await_queued(fixture.store, &seen, 60000);
    cr_assert_lt(elapsed_ms(&since), 30000, "the first look finds news");
    store_await_queued(fixture.store, &seen, 30);
    cr_assert_geq(elapsed_ms(&since), 30);

    void *(*const causes[])(void *) = {create_later, wake_later};
    for (size_t i = 0; i < 2; i++) {
        pthread_t thread;
        (void)clock_gettime(CLOCK_MONOTONIC, &since);
        cr_assert_eq(pthread_create(&thread, NULL, causes[i], fixture.store), 0);
        store_await_queued(fixture.store, &seen, 60000);
        cr_assert_lt(elapsed_ms(&since), 30000);
        cr_assert_eq(pthread_join(thread, NULL), 0);
    }
    /* News that came before the wait is not missed. */
    must(store_fixture_create(fixture.store, 4));
    (void)clock_gettime(CLOCK_MONOTONIC, &since);
    store_await_queued(fixture.store, &seen, 60000);
    cr_assert_lt(elapsed_ms(&since), 30000);
}
