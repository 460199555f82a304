/*
 * read_ahead.c: one thread and the number of bytes that are there, under a mutex. See read_ahead.h.
 */
#include "jobs/read_ahead.h"

#include <pthread.h>
#include <stdlib.h>

#define BYTES_AT_ONCE ((int64_t)1 << 18)

struct jobs_read_ahead {
    int input, output;
    gd_csv_options options;
    atomic_int *running;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int64_t arrived, wanted; /* bytes of the file; as many are worth waking up for */
    bool is_whole, is_abandoned, is_joined;
    atomic_bool has_failed;
    gd_status status;
    gd_error error;
    gd_csv_report report;
};

static gd_csv_arrival wait_for_more(void *context, int64_t offset)
{
    jobs_read_ahead *reader = context;
    pthread_mutex_lock(&reader->mutex);
    reader->wanted = offset + BYTES_AT_ONCE;
    while (reader->arrived < reader->wanted && !reader->is_whole && !reader->is_abandoned)
        pthread_cond_wait(&reader->changed, &reader->mutex);
    gd_csv_arrival arrival = reader->is_abandoned       ? GD_CSV_ABANDONED
                             : reader->arrived > offset ? GD_CSV_MORE
                                                        : GD_CSV_COMPLETE;
    pthread_mutex_unlock(&reader->mutex);
    return arrival;
}

static void *run(void *argument)
{
    jobs_read_ahead *reader = argument;
    reader->status = gd_csv_to_frame_file(reader->input, reader->output, &reader->options,
                                          &reader->report, &reader->error);
    atomic_store(&reader->has_failed, reader->status != GD_OK);
    return NULL;
}

jobs_read_ahead *jobs_read_ahead_start(int input, int output, const gd_csv_options *options,
                                       atomic_int *running)
{
    if (atomic_fetch_add(running, 1) >= JOBS_READ_AHEAD_MAXIMUM) {
        atomic_fetch_sub(running, 1);
        return NULL;
    }
    jobs_read_ahead *made = calloc(1, sizeof *made);
    if (made == NULL) {
        atomic_fetch_sub(running, 1);
        return NULL;
    }
    made->input = input;
    made->output = output;
    made->options = *options;
    made->options.wait = wait_for_more;
    made->options.wait_context = made;
    made->running = running;
    atomic_init(&made->has_failed, false);
    bool begun = pthread_mutex_init(&made->mutex, NULL) == 0;
    if (begun && pthread_cond_init(&made->changed, NULL) != 0) {
        pthread_mutex_destroy(&made->mutex);
        begun = false;
    }
    if (begun && pthread_create(&made->thread, NULL, run, made) != 0) {
        pthread_cond_destroy(&made->changed);
        pthread_mutex_destroy(&made->mutex);
        begun = false;
    }
    if (begun)
        return made;
    atomic_fetch_sub(running, 1);
    free(made);
    return NULL;
}

bool jobs_read_ahead_arrived(jobs_read_ahead *reader, int64_t bytes)
{
    pthread_mutex_lock(&reader->mutex);
    reader->arrived = bytes;
    if (bytes >= reader->wanted)
        pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->mutex);
    return !atomic_load(&reader->has_failed);
}

static void end(jobs_read_ahead *reader, bool *why)
{
    if (reader->is_joined)
        return;
    pthread_mutex_lock(&reader->mutex);
    *why = true;
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->mutex);
    pthread_join(reader->thread, NULL);
    reader->is_joined = true;
    atomic_fetch_sub(reader->running, 1);
}

gd_status jobs_read_ahead_finish(jobs_read_ahead *reader, gd_csv_report *report, gd_error *error)
{
    end(reader, &reader->is_whole);
    *report = reader->report;
    return reader->status == GD_OK
               ? GD_OK
               : gd_fail(error, reader->status, reader->error.path, "%s", reader->error.message);
}

void jobs_read_ahead_destroy(jobs_read_ahead *reader)
{
    if (reader == NULL)
        return;
    end(reader, &reader->is_abandoned);
    pthread_cond_destroy(&reader->changed);
    pthread_mutex_destroy(&reader->mutex);
    free(reader);
}
