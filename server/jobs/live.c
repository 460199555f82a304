/*
 * live.c: a short list of entries under one lock; each entry has a lock of its own and lives until
 * its last user has let go of it. The order of locks is list, then entry.
 */
#include "jobs/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct jobs_live_entry {
    struct jobs_live_entry *next;
    char id[STORE_ID_SIZE];
    atomic_int control;
    atomic_bool wanted;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    int users;
    bool ended;
    int64_t told; /* revision of the row that was told last */
    store_progress progress;
    double samples_per_second;
    jobs_curve curve;
    void *parameters; /* last snapshot; valid once snapshot_count > 0 */
    size_t parameter_bytes;
    int64_t snapshot_step;
    int64_t snapshot_count;
    void *preparation;
    size_t preparation_length;
};

struct jobs_live {
    atomic_bool draining;
    atomic_uint_fast64_t tells;
    pthread_mutex_t lock;
    jobs_live_entry *first;
};

jobs_live *jobs_live_create(void)
{
    jobs_live *live = calloc(1, sizeof *live);
    if (live != NULL && pthread_mutex_init(&live->lock, NULL) != 0) {
        free(live);
        return NULL;
    }
    return live;
}

void jobs_live_destroy(jobs_live *live)
{
    if (live == NULL)
        return;
    pthread_mutex_destroy(&live->lock);
    free(live);
}

static void entry_free(jobs_live_entry *entry)
{
    pthread_mutex_destroy(&entry->lock);
    pthread_cond_destroy(&entry->changed);
    jobs_curve_dispose(&entry->curve);
    free(entry->parameters);
    free(entry->preparation);
    free(entry);
}

static void entry_release(jobs_live_entry *entry)
{
    pthread_mutex_lock(&entry->lock);
    int users = --entry->users;
    pthread_mutex_unlock(&entry->lock);
    if (users == 0)
        entry_free(entry);
}

/* The entry with one more user, or NULL. */
static jobs_live_entry *entry_acquire(jobs_live *live, const char *id)
{
    pthread_mutex_lock(&live->lock);
    jobs_live_entry *entry = live->first;
    while (entry != NULL && strcmp(entry->id, id) != 0)
        entry = entry->next;
    if (entry != NULL) {
        pthread_mutex_lock(&entry->lock);
        entry->users++;
        pthread_mutex_unlock(&entry->lock);
    }
    pthread_mutex_unlock(&live->lock);
    return entry;
}

static bool init_locks(jobs_live_entry *entry)
{
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&entry->lock, NULL) != 0)
        return false;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool made = pthread_cond_init(&entry->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!made)
        pthread_mutex_destroy(&entry->lock);
    return made;
}

jobs_live_entry *jobs_live_add(jobs_live *live, const char *id, int64_t revision,
                               const store_progress *progress, jobs_curve *curve,
                               const gd_buffer *preparation, size_t parameter_bytes)
{
    jobs_live_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL || !init_locks(entry)) {
        free(entry);
        return NULL;
    }
    memcpy(entry->id, id, STORE_ID_SIZE);
    entry->users = 1;
    entry->told = revision;
    entry->progress = *progress;
    entry->parameter_bytes = parameter_bytes;
    entry->parameters = calloc(parameter_bytes, 1);
    entry->preparation = malloc(preparation->length);
    if (entry->parameters == NULL || entry->preparation == NULL) {
        entry_free(entry);
        return NULL;
    }
    memcpy(entry->preparation, preparation->bytes, preparation->length);
    entry->preparation_length = preparation->length;
    entry->curve = *curve;
    memset(curve, 0, sizeof *curve);
    pthread_mutex_lock(&live->lock);
    entry->next = live->first;
    live->first = entry;
    pthread_mutex_unlock(&live->lock);
    return entry;
}

void jobs_live_remove(jobs_live *live, jobs_live_entry *entry)
{
    pthread_mutex_lock(&live->lock);
    jobs_live_entry **link = &live->first;
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    pthread_mutex_unlock(&live->lock);
    pthread_mutex_lock(&entry->lock);
    entry->ended = true;
    pthread_cond_broadcast(&entry->changed);
    pthread_mutex_unlock(&entry->lock);
    entry_release(entry);
}

jobs_control jobs_live_control(const jobs_live_entry *entry)
{
    return (jobs_control)atomic_load_explicit(&entry->control, memory_order_relaxed);
}

bool jobs_live_is_wanted(const jobs_live_entry *entry)
{
    return atomic_load_explicit(&entry->wanted, memory_order_relaxed);
}

void jobs_live_publish_parameters(jobs_live_entry *entry, const void *parameters, int64_t step)
{
    pthread_mutex_lock(&entry->lock);
    memcpy(entry->parameters, parameters, entry->parameter_bytes);
    entry->snapshot_step = step;
    entry->snapshot_count++;
    atomic_store(&entry->wanted, false);
    pthread_cond_broadcast(&entry->changed);
    pthread_mutex_unlock(&entry->lock);
}

gd_status jobs_live_publish(jobs_live_entry *entry, const store_progress *progress,
                            double samples_per_second, const gd_point *point)
{
    gd_status status = GD_OK;
    pthread_mutex_lock(&entry->lock);
    entry->progress = *progress;
    entry->samples_per_second = samples_per_second;
    if (point != NULL)
        status = jobs_curve_append(&entry->curve, point);
    pthread_mutex_unlock(&entry->lock);
    return status;
}

jobs_curve *jobs_live_curve(jobs_live_entry *entry)
{
    return &entry->curve;
}

void jobs_live_forget(jobs_live_entry *entry, int64_t count)
{
    pthread_mutex_lock(&entry->lock);
    jobs_curve_drop(&entry->curve, count);
    pthread_mutex_unlock(&entry->lock);
}

/* RUN takes back a PAUSE and nothing else; otherwise the higher word stands. */
static void tell(jobs_live_entry *entry, jobs_control control)
{
    int present = atomic_load(&entry->control);
    for (;;) {
        bool changes =
            control == JOBS_CONTROL_RUN ? present == JOBS_CONTROL_PAUSE : (int)control > present;
        if (!changes || atomic_compare_exchange_weak(&entry->control, &present, (int)control))
            return;
    }
}

void jobs_live_begin(jobs_live_entry *entry, jobs_control control, int64_t revision)
{
    pthread_mutex_lock(&entry->lock);
    if (revision > entry->told) {
        entry->told = revision;
        tell(entry, control);
    }
    pthread_mutex_unlock(&entry->lock);
}

uint64_t jobs_live_tells(const jobs_live *live)
{
    return atomic_load(&live->tells);
}

bool jobs_live_tell(jobs_live *live, const char *id, jobs_control control, int64_t revision)
{
    /* Before the look: whoever adds the entry after it then sees that something was told. */
    atomic_fetch_add(&live->tells, 1);
    jobs_live_entry *entry = entry_acquire(live, id);
    if (entry == NULL)
        return false;
    jobs_live_begin(entry, control, revision);
    entry_release(entry);
    return true;
}

void jobs_live_tell_all(jobs_live *live, jobs_control control)
{
    pthread_mutex_lock(&live->lock);
    for (jobs_live_entry *entry = live->first; entry != NULL; entry = entry->next)
        tell(entry, control);
    pthread_mutex_unlock(&live->lock);
}

void jobs_live_drain(jobs_live *live)
{
    atomic_store(&live->draining, true);
    jobs_live_tell_all(live, JOBS_CONTROL_DRAIN);
}

bool jobs_live_is_draining(const jobs_live *live)
{
    return atomic_load(&live->draining);
}

int64_t jobs_live_count(jobs_live *live)
{
    int64_t count = 0;
    pthread_mutex_lock(&live->lock);
    for (const jobs_live_entry *entry = live->first; entry != NULL; entry = entry->next)
        count++;
    pthread_mutex_unlock(&live->lock);
    return count;
}

bool jobs_live_progress(jobs_live *live, const char *id, store_progress *progress,
                        double *samples_per_second)
{
    jobs_live_entry *entry = entry_acquire(live, id);
    if (entry == NULL)
        return false;
    pthread_mutex_lock(&entry->lock);
    *progress = entry->progress;
    *samples_per_second = entry->samples_per_second;
    pthread_mutex_unlock(&entry->lock);
    entry_release(entry);
    return true;
}

bool jobs_live_read_curve(jobs_live *live, const char *id, int64_t after, jobs_curve *curve,
                          gd_status *status)
{
    jobs_live_entry *entry = entry_acquire(live, id);
    *status = GD_OK;
    if (entry == NULL)
        return false;
    pthread_mutex_lock(&entry->lock);
    int64_t first = after + 1 - entry->curve.first_sequence;
    if (first < 0)
        first = 0;
    *status = jobs_curve_copy(&entry->curve, first, entry->curve.count - first, curve);
    pthread_mutex_unlock(&entry->lock);
    entry_release(entry);
    return true;
}

static void deadline_in(int64_t milliseconds, struct timespec *deadline)
{
    clock_gettime(CLOCK_MONOTONIC, deadline);
    deadline->tv_sec += milliseconds / 1000;
    deadline->tv_nsec += (milliseconds % 1000) * 1000000;
    if (deadline->tv_nsec >= 1000000000) {
        deadline->tv_nsec -= 1000000000;
        deadline->tv_sec++;
    }
}

/* With the entry's lock held. */
static gd_status copy_snapshot(const jobs_live_entry *entry, jobs_snapshot *snapshot)
{
    snapshot->bytes = entry->parameter_bytes;
    snapshot->step = entry->snapshot_step;
    snapshot->preparation_length = entry->preparation_length;
    snapshot->parameters = malloc(entry->parameter_bytes);
    snapshot->preparation = malloc(entry->preparation_length + 1);
    if (snapshot->parameters == NULL || snapshot->preparation == NULL) {
        jobs_snapshot_dispose(snapshot);
        return GD_OUT_OF_MEMORY;
    }
    memcpy(snapshot->parameters, entry->parameters, entry->parameter_bytes);
    memcpy(snapshot->preparation, entry->preparation, entry->preparation_length);
    return GD_OK;
}

gd_status jobs_live_snapshot(jobs_live *live, const char *id, int64_t milliseconds,
                             jobs_snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    jobs_live_entry *entry = entry_acquire(live, id);
    if (entry == NULL)
        return GD_NOT_FOUND;
    struct timespec deadline;
    deadline_in(milliseconds, &deadline);
    pthread_mutex_lock(&entry->lock);
    int64_t before = entry->snapshot_count;
    atomic_store(&entry->wanted, true);
    int waited = 0;
    while (entry->snapshot_count == before && !entry->ended && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&entry->changed, &entry->lock, &deadline);
    gd_status status = entry->ended                ? GD_NOT_FOUND
                       : entry->snapshot_count > 0 ? copy_snapshot(entry, snapshot)
                                                   : GD_UNAVAILABLE;
    pthread_mutex_unlock(&entry->lock);
    entry_release(entry);
    return status;
}

void jobs_snapshot_dispose(jobs_snapshot *snapshot)
{
    free(snapshot->parameters);
    free(snapshot->preparation);
    memset(snapshot, 0, sizeof *snapshot);
}
