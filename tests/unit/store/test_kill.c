/*
 * A process killed at any moment: every job whose creation was acknowledged is there afterwards, the
 * database is sound, and what ran is queued again.
 */
#include "support/service.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITERS 4
#ifdef TESTS_SHORT /* some seconds a round */
#define ROUNDS 5
#else
#define ROUNDS 20
#endif

static store_fixture fixture;

static void start(void)
{
    store_fixture_start(&fixture);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_kill, .init = start, .fini = end, .timeout = 120);

/* What a writing thread of the child works with. */
typedef struct child_writer {
    pthread_t thread;
    store *store;
    int64_t next; /* job number */
    int output;
} child_writer;

/* Creates jobs, runs some, and reports each acknowledged number over the pipe. */
static void *write_for_ever(void *context)
{
    child_writer *self = context;
    for (;; self->next += WRITERS) {
        if (store_fixture_create(self->store, self->next) != GD_OK ||
            write(self->output, &self->next, sizeof self->next) != (ssize_t)sizeof self->next)
            _exit(3);
        store_claim claim;
        store_job job;
        if (self->next % 8 == 0 &&
            store_job_claim(self->store, "child", 1, &claim, &job, NULL) == GD_OK) {
            store_run_update update = {.checkpoint = "c"};
            store_job_dispose(&job);
            if (store_run_save(self->store, &claim, &update, NULL) != GD_OK)
                _exit(4);
        }
    }
    return NULL;
}

static void run_child(int64_t first, int output)
{
    store *opened = NULL;
    store_options options = store_options_default();
    options.path = fixture.path;
    if (store_open(&opened, &options, NULL) != GD_OK)
        _exit(2);
    child_writer writers[WRITERS];
    for (int64_t i = 0; i < WRITERS; i++) {
        writers[i] = (child_writer){.store = opened, .next = first + i, .output = output};
        if (pthread_create(&writers[i].thread, NULL, write_for_ever, &writers[i]) != 0)
            _exit(5);
    }
    for (;;)
        (void)pause();
}

/* Reads the acknowledged numbers until the writer's end of the pipe is gone. */
static int64_t read_acknowledged(int input, int64_t *numbers, int64_t capacity)
{
    int64_t count = 0;
    while (count < capacity &&
           read(input, &numbers[count], sizeof numbers[count]) == (ssize_t)sizeof numbers[count])
        count++;
    return count;
}

static void must_have_all(const int64_t *numbers, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        char id[STORE_ID_SIZE];
        store_job job;
        store_fixture_id(numbers[i], id);
        gd_status status = store_job_get(fixture.store, id, true, &job, NULL);
        cr_assert_eq(status, GD_OK, "job %lld was acknowledged: %s", (long long)numbers[i],
                     gd_status_name(status));
        cr_assert_not_null(job.spec);
        store_job_dispose(&job);
    }
}

Test(store_kill, acknowledged_jobs_survive_at_any_moment)
{
    static int64_t numbers[200000];
    int64_t count = 0;
    unsigned seed = (unsigned)getpid();
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            (void)close(ends[0]);
            run_child((int64_t)(round + 1) * 1000000, ends[1]);
        }
        (void)close(ends[1]);
        /* Moments from before the opening is done to far into the writing. */
        long milliseconds = (long)(rand_r(&seed) % 150) * (1 + SERVICE_PATIENCE / 2);
        struct timespec moment = {milliseconds / 1000, milliseconds % 1000 * 1000000 + 100000};
        (void)nanosleep(&moment, NULL);
        cr_assert_eq(kill(child, SIGKILL), 0);
        count += read_acknowledged(ends[0], numbers + count, 200000 - count);
        (void)close(ends[0]);
        int status = 0;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "the child ended by itself: %d", status);

        store_fixture_open(&fixture);
        int64_t requeued = 0;
        int64_t failed = 0;
        must(store_recover(fixture.store, "parent", 1, 100, &requeued, &failed, NULL));
        must_have_all(numbers, count);
        int64_t counts[STORE_JOB_STATUS_COUNT];
        must(store_job_counts(fixture.store, counts, NULL));
        cr_assert_eq(counts[STORE_JOB_RUNNING], 0);
        store_fixture_close(&fixture);
        gd_error error = {.status = GD_OK};
        cr_assert_eq(store_check(fixture.path, &error), GD_OK, "%s", error.message);
    }
    cr_assert_gt(count, 100 / SERVICE_PATIENCE, "%lld jobs were acknowledged", (long long)count);
}
