/*
 * writer.c: the writer thread's queue and life; see writer.h. Waiting operations form a list of
 * records on their callers' stacks. What a batch does to the database is in writer_batch.c.
 */
#include "store/writer_batch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* The log is emptied after this long without writes. */
#define IDLE_SECONDS 2

struct store_writer {
    store_writer_options options;
    store_batch_state state; /* of the writer thread alone, but for its atomic members */
    pthread_t thread;
    bool started;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t arrived;
    store_pending *first, **last;
    int64_t waiting;
    bool stopping;
    bool failed;
    gd_error failure;
};

/* Takes so many operations off the queue at most. The mutex is held. */
static store_pending *take_batch(store_writer *writer, int64_t maximum)
{
    store_pending *batch = writer->first;
    store_pending **end = &writer->first;
    for (int64_t taken = 0; taken < maximum && *end != NULL; taken++) {
        end = &(*end)->next;
        writer->waiting--;
    }
    writer->first = *end;
    *end = NULL;
    if (writer->first == NULL)
        writer->last = &writer->first;
    return batch;
}

static store_pending *take_more(void *context, int64_t maximum)
{
    store_writer *writer = context;
    (void)pthread_mutex_lock(&writer->mutex);
    store_pending *more = take_batch(writer, maximum);
    (void)pthread_mutex_unlock(&writer->mutex);
    return more;
}

/* Wakes the owners, whose records may be gone as soon as they are told. */
static void answer(store_pending *batch)
{
    while (batch != NULL) {
        store_pending *next = batch->next;
        (void)sem_post(&batch->answered);
        batch = next;
    }
}

/* Sleeps until there is work or an end; false when the idle time passed. The mutex is held. */
static bool await_work(store_writer *writer)
{
    if (!store_batch_log_is_used(&writer->state)) {
        while (writer->first == NULL && !writer->stopping)
            (void)pthread_cond_wait(&writer->arrived, &writer->mutex);
        return true;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_SECONDS;
    int code = 0;
    while (writer->first == NULL && !writer->stopping && code == 0)
        code = pthread_cond_timedwait(&writer->arrived, &writer->mutex, &until);
    return writer->first != NULL || writer->stopping;
}

/* Makes the failure final and tells those who wait. The mutex is held. */
static void fail_for_good(store_writer *writer, const gd_error *failure)
{
    writer->failed = true;
    writer->failure = *failure;
    for (store_pending *each = writer->first; each != NULL; each = each->next)
        each->status = gd_fail(each->error, GD_UNAVAILABLE, "", "%s", failure->message);
    answer(writer->first);
    writer->first = NULL;
    writer->last = &writer->first;
    writer->waiting = 0;
}

static void *writer_main(void *context)
{
    store_writer *writer = context;
    (void)pthread_setname_np(pthread_self(), "store-writer");
    (void)pthread_mutex_lock(&writer->mutex);
    while (!writer->failed) {
        bool idle = !await_work(writer);
        store_pending *batch = take_batch(writer, STORE_BATCH_CAPACITY);
        if (batch == NULL && writer->stopping)
            break;
        (void)pthread_mutex_unlock(&writer->mutex);

        gd_error failure = {.status = GD_OK};
        bool queued = false;
        gd_status status = GD_OK;
        if (batch != NULL)
            status = store_batch_run(&writer->state, batch, take_more, writer, &queued, &failure);
        if (queued && status == GD_OK && writer->options.on_queued != NULL)
            writer->options.on_queued(writer->options.queued_context);

        if (status != GD_OK) {
            (void)pthread_mutex_lock(&writer->mutex);
            fail_for_good(writer, &failure);
            answer(batch);
            break;
        }
        answer(batch);

        status = store_batch_checkpoint(&writer->state, idle, &failure);

        (void)pthread_mutex_lock(&writer->mutex);
        if (status != GD_OK)
            fail_for_good(writer, &failure);
    }
    bool failed = writer->failed;
    (void)pthread_mutex_unlock(&writer->mutex);
    if (failed && writer->options.on_fatal != NULL)
        writer->options.on_fatal(writer->options.fatal_context, writer->failure.message);
    return NULL;
}

gd_status store_writer_create(store_writer **created, const store_writer_options *options,
                              gd_error *error)
{
    *created = NULL;
    store_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the writer");
    writer->options = *options;
    writer->last = &writer->first;
    store_batch_state_start(&writer->state, options->connection);
    pthread_condattr_t monotonic;
    bool ok = pthread_condattr_init(&monotonic) == 0;
    if (ok) {
        ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
             pthread_cond_init(&writer->arrived, &monotonic) == 0 &&
             pthread_mutex_init(&writer->mutex, NULL) == 0;
        (void)pthread_condattr_destroy(&monotonic);
    }
    if (!ok || pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
        free(writer);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "the writer thread cannot be started");
    }
    writer->started = true;
    *created = writer;
    return GD_OK;
}

/* Puts the record into the queue, or says why not. The mutex is held. */
static gd_status enqueue(store_writer *writer, store_pending *pending, gd_error *error)
{
    if (writer->failed)
        return gd_fail(error, GD_UNAVAILABLE, "", "%s", writer->failure.message);
    if (writer->stopping)
        return gd_fail(error, GD_UNAVAILABLE, "", "the store is closing");
    if (writer->waiting >= writer->options.queue_capacity)
        return gd_fail(error, GD_UNAVAILABLE, "", "too many writes wait");
    *writer->last = pending;
    writer->last = &pending->next;
    writer->waiting++;
    (void)pthread_cond_signal(&writer->arrived);
    return GD_OK;
}

gd_status store_writer_run(store_writer *writer, store_operation operation, void *context,
                           gd_error *error)
{
    store_pending pending = {.operation = operation, .context = context, .error = error};
    if (sem_init(&pending.answered, 0, 0) != 0)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a write");
    (void)pthread_mutex_lock(&writer->mutex);
    gd_status status = enqueue(writer, &pending, error);
    (void)pthread_mutex_unlock(&writer->mutex);
    if (status == GD_OK) {
        while (sem_wait(&pending.answered) != 0) /* a signal came */
            continue;
        status = pending.status;
    }
    (void)sem_destroy(&pending.answered);
    return status;
}

void store_writer_stop(store_writer *writer)
{
    if (writer == NULL || !writer->started)
        return;
    (void)pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    (void)pthread_cond_signal(&writer->arrived);
    (void)pthread_mutex_unlock(&writer->mutex);
    (void)pthread_join(writer->thread, NULL);
    writer->started = false;
}

void store_writer_destroy(store_writer *writer)
{
    if (writer == NULL)
        return;
    store_writer_stop(writer);
    if (!writer->failed)
        store_connection_checkpoint_on_close(writer->options.connection);
    store_connection_close(writer->options.connection);
    (void)pthread_mutex_destroy(&writer->mutex);
    (void)pthread_cond_destroy(&writer->arrived);
    free(writer);
}

int64_t store_writer_commits(const store_writer *writer)
{
    return atomic_load(&writer->state.commits);
}
