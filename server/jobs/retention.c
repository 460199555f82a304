/*
 * retention.c: see retention.h. The ids come in lists of a hundred, oldest first; what cannot be
 * deleted any more (it is gone, or needed again) is passed over.
 */
#include "jobs/retention.h"

#include "jobs/checkpoint.h"
#include "jobs/identity.h"
#include "jobs/ingest.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define IDS_AT_ONCE    100
#define PERIOD_LEAST   1000
#define PERIOD_MOST    ((int64_t)3600 * 1000)
#define PERIOD_DIVISOR 10

struct jobs_retention {
    jobs_retention_options options;
    int64_t period; /* milliseconds */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on the monotonic clock */
    bool is_stopping;
};

static gd_status delete_one(const jobs_retention_options *options, store_expiring what,
                            const char *id, gd_error *error)
{
    char *file = NULL;
    gd_status status = what == STORE_EXPIRING_JOBS
                           ? store_job_delete(options->store, id, &file, error)
                           : store_dataset_delete(options->store, id, &file, error);
    if (status == GD_OK && file != NULL) {
        if (what == STORE_EXPIRING_JOBS)
            jobs_checkpoint_remove(options->data_directory, file);
        else
            jobs_dataset_file_remove(options->data_directory, file);
    }
    free(file);
    return status;
}

static gd_status delete_expired(const jobs_retention_options *options, store_expiring what,
                                int64_t before, int64_t *deleted, gd_error *error)
{
    gd_status status = GD_OK;
    int64_t count = 0, done = 0;
    do {
        char(*ids)[STORE_ID_SIZE] = NULL;
        status = store_expired(options->store, what, before, IDS_AT_ONCE, &ids, &count, error);
        done = 0;
        for (int64_t i = 0; i < count && status == GD_OK; i++) {
            status = delete_one(options, what, ids[i], error);
            if (status == GD_OK)
                done++;
            else if (status == GD_NOT_FOUND || status == GD_CONFLICT)
                status = GD_OK;
        }
        *deleted += done;
        free(ids);
    } while (status == GD_OK && count == IDS_AT_ONCE && done > 0);
    return status;
}

gd_status jobs_retention_sweep(const jobs_retention_options *options, int64_t now, int64_t *jobs,
                               int64_t *datasets, gd_error *error)
{
    gd_status status = GD_OK;
    *jobs = *datasets = 0;
    if (options->jobs_milliseconds > 0)
        status = delete_expired(options, STORE_EXPIRING_JOBS, now - options->jobs_milliseconds,
                                jobs, error);
    if (status == GD_OK && options->datasets_milliseconds > 0)
        status = delete_expired(options, STORE_EXPIRING_DATASETS,
                                now - options->datasets_milliseconds, datasets, error);
    return status;
}

static struct timespec clock_after(int64_t milliseconds)
{
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_sec += (time_t)(milliseconds / 1000);
    moment.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000;
    }
    return moment;
}

static void sweep_and_tell(const jobs_retention_options *options)
{
    int64_t jobs, datasets;
    gd_error error = {0};
    gd_status status = jobs_retention_sweep(options, jobs_now(), &jobs, &datasets, &error);
    if (options->log != NULL && (jobs + datasets > 0 || status != GD_OK))
        options->log(options->log_context, jobs, datasets, status, &error);
}

static void *run(void *argument)
{
    jobs_retention *retention = argument;
    pthread_mutex_lock(&retention->mutex);
    while (!retention->is_stopping) {
        pthread_mutex_unlock(&retention->mutex);
        sweep_and_tell(&retention->options);
        pthread_mutex_lock(&retention->mutex);
        const struct timespec until = clock_after(retention->period);
        while (!retention->is_stopping &&
               pthread_cond_timedwait(&retention->changed, &retention->mutex, &until) == 0)
            continue;
    }
    pthread_mutex_unlock(&retention->mutex);
    return NULL;
}

static bool start_thread(jobs_retention *made)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool begun = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                 pthread_cond_init(&made->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (begun && pthread_mutex_init(&made->mutex, NULL) != 0) {
        pthread_cond_destroy(&made->changed);
        begun = false;
    }
    if (begun && pthread_create(&made->thread, NULL, run, made) != 0) {
        pthread_mutex_destroy(&made->mutex);
        pthread_cond_destroy(&made->changed);
        begun = false;
    }
    return begun;
}

jobs_retention *jobs_retention_start(const jobs_retention_options *options, gd_status *status)
{
    int64_t shortest = options->jobs_milliseconds;
    if (shortest == 0 ||
        (options->datasets_milliseconds > 0 && options->datasets_milliseconds < shortest))
        shortest = options->datasets_milliseconds;
    *status = GD_OK;
    if (shortest == 0)
        return NULL;
    jobs_retention *made = calloc(1, sizeof *made);
    *status = GD_OUT_OF_MEMORY;
    if (made == NULL)
        return NULL;
    made->options = *options;
    made->period = shortest / PERIOD_DIVISOR;
    made->period = made->period < PERIOD_LEAST ? PERIOD_LEAST : made->period;
    made->period = made->period > PERIOD_MOST ? PERIOD_MOST : made->period;
    if (!start_thread(made)) {
        free(made);
        return NULL;
    }
    *status = GD_OK;
    return made;
}

void jobs_retention_stop(jobs_retention *retention)
{
    if (retention == NULL)
        return;
    pthread_mutex_lock(&retention->mutex);
    retention->is_stopping = true;
    pthread_cond_signal(&retention->changed);
    pthread_mutex_unlock(&retention->mutex);
    pthread_join(retention->thread, NULL);
    pthread_mutex_destroy(&retention->mutex);
    pthread_cond_destroy(&retention->changed);
    free(retention);
}
