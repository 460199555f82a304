/*
 * workers.c: claim, run, and wait when there is nothing to claim. A claim that fails for another
 * reason than an empty queue is tried again after a pause; of a row of failures the first is told.
 */
#include "jobs/workers.h"

#include "jobs/identity.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICENESS             5
#define WAIT_MILLISECONDS    1000
#define JOIN_MICROSECONDS    2000
#define FAILURE_MICROSECONDS 100000

struct jobs_workers {
    const jobs_runner *runner;
    char boot[STORE_ID_SIZE];
    atomic_bool stopping;
    pthread_t *threads;
    int64_t count;
};

/* The job, and those claimed with the end of the one before: also of a process that is told to end,
 * which gives the last one back. */
static void run_row(const jobs_runner *runner, jobs_claimed *claimed)
{
    while (claimed->job.sequence != 0) {
        jobs_claimed next;
        jobs_run(runner, claimed, &next);
        store_job_dispose(&claimed->job);
        *claimed = next;
    }
}

static void *work(void *context)
{
    jobs_workers *workers = context;
    store *opened = workers->runner->resources.store;
    uint64_t seen = 0;
    bool told = false;
    (void)pthread_setname_np(pthread_self(), "worker");
    /* On Linux this is the thread's own priority; where it is refused, work goes on without. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    while (!atomic_load(&workers->stopping)) {
        jobs_claimed claimed = {.tells = jobs_live_tells(workers->runner->live)};
        gd_error error = {0};
        gd_status status = store_job_claim(opened, workers->boot, jobs_now(), &claimed.claim,
                                           &claimed.job, &error);
        if (status == GD_OK) {
            told = false;
            run_row(workers->runner, &claimed);
            continue;
        }
        if (status == GD_NOT_FOUND) {
            told = false;
            store_await_queued(opened, &seen, WAIT_MILLISECONDS);
            continue;
        }
        if (!told && !atomic_load(&workers->stopping))
            jobs_logf(workers->runner, JOBS_LOG_ERROR, NULL, "no job could be claimed: %s",
                      error.message);
        told = true;
        usleep(FAILURE_MICROSECONDS);
    }
    return NULL;
}

gd_status jobs_workers_start(jobs_workers **workers, const jobs_runner *runner, const char *boot,
                             int64_t count, gd_error *error)
{
    jobs_workers *made = calloc(1, sizeof *made);
    if (made == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the workers");
    made->runner = runner;
    memcpy(made->boot, boot, STORE_ID_SIZE);
    made->threads = calloc((size_t)count + 1, sizeof *made->threads);
    gd_status status = made->threads == NULL ? GD_OUT_OF_MEMORY : GD_OK;
    while (status == GD_OK && made->count < count) {
        if (pthread_create(&made->threads[made->count], NULL, work, made) == 0)
            made->count++;
        else
            status = GD_UNAVAILABLE;
    }
    if (status != GD_OK) {
        (void)jobs_workers_stop(made, INFINITY);
        return gd_fail(error, status, "", "the worker threads could not be started");
    }
    *workers = made;
    return GD_OK;
}

bool jobs_workers_stop(jobs_workers *workers, double seconds)
{
    if (workers == NULL)
        return true;
    double deadline = jobs_monotonic_seconds() + seconds;
    atomic_store(&workers->stopping, true);
    store_wake(workers->runner->resources.store);
    while (workers->count > 0) {
        /* A job claimed just now may have missed the word: say it until its thread is gone. */
        jobs_live_drain(workers->runner->live);
        if (pthread_tryjoin_np(workers->threads[workers->count - 1], NULL) == 0)
            workers->count--;
        else if (jobs_monotonic_seconds() > deadline)
            return false;
        else
            usleep(JOIN_MICROSECONDS);
    }
    free(workers->threads);
    free(workers);
    return true;
}
