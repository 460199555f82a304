/*
 * run_save.c: checkpoints out and in. A checkpoint and the curve up to it reach the store in one
 * transaction, so both always tell of the same step. A checkpoint that cannot be written costs
 * nothing but time after a crash: training goes on and an event says so.
 */
#include "jobs/identity.h"
#include "jobs/run_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gd_status jobs_attempt_chunks(jobs_attempt *attempt, gd_buffer *bytes, store_chunk **chunks,
                              int64_t *count)
{
    const jobs_curve *curve = jobs_live_curve(attempt->entry);
    *count = (curve->count + STORE_CHUNK_POINTS - 1) / STORE_CHUNK_POINTS;
    store_chunk *made = calloc((size_t)*count + 1, sizeof *made);
    *chunks = made;
    if (made == NULL)
        return GD_OUT_OF_MEMORY;
    for (int64_t i = 0; i < *count; i++) {
        int64_t first = i * STORE_CHUNK_POINTS;
        int64_t points = curve->count - first;
        if (points > STORE_CHUNK_POINTS)
            points = STORE_CHUNK_POINTS;
        size_t before = bytes->length;
        jobs_curve_encode(curve, first, points, bytes);
        const double *steps = curve->columns[JOBS_SERIES_STEP];
        made[i] = (store_chunk){
            .index = (curve->first_sequence - 1 + first) / STORE_CHUNK_POINTS,
            .first_step = (int64_t)steps[first],
            .last_step = (int64_t)steps[first + points - 1],
            .length = bytes->length - before,
        };
    }
    /* Only now the bytes move no more. */
    size_t offset = 0;
    for (int64_t i = 0; bytes->status == GD_OK && i < *count; i++) {
        made[i].bytes = bytes->bytes + offset;
        offset += made[i].length;
    }
    return bytes->status;
}

static gd_status write_state(jobs_attempt *attempt, char name[JOBS_CHECKPOINT_NAME_SIZE],
                             gd_error *error)
{
    gd_buffer state;
    gd_buffer_init(&state, (size_t)attempt->runner->resources.memory_limit * 2 + (1u << 20));
    gd_trainer_save(attempt->trainer, &state);
    gd_status status = state.status;
    if (status != GD_OK) {
        gd_fail(error, status, "", "%s", gd_status_message(status));
    } else {
        jobs_checkpoint_name(attempt->job->id, gd_trainer_progress(attempt->trainer)->step, name);
        status =
            jobs_checkpoint_write(attempt->runner->resources.data_directory, name, &state, error);
    }
    gd_buffer_dispose(&state);
    return status;
}

static gd_status store_save(jobs_attempt *attempt, const char *name)
{
    gd_buffer bytes;
    store_chunk *chunks = NULL;
    int64_t chunk_count = 0;
    store_progress progress = jobs_progress_of(gd_trainer_progress(attempt->trainer));
    gd_buffer_init(&bytes, (size_t)attempt->runner->resources.memory_limit);
    gd_status status = jobs_attempt_chunks(attempt, &bytes, &chunks, &chunk_count);
    if (status == GD_OK) {
        store_run_update update = {.progress = &progress,
                                   .chunks = chunks,
                                   .chunk_count = chunk_count,
                                   .checkpoint = name,
                                   .events = attempt->moments.events,
                                   .event_count = attempt->moments.count};
        status = store_run_save(attempt->runner->resources.store, attempt->claim, &update, NULL);
    }
    gd_buffer_dispose(&bytes);
    free(chunks);
    if (status == GD_OK) {
        jobs_moments_clear(&attempt->moments);
        int64_t points = jobs_live_curve(attempt->entry)->count;
        jobs_live_forget(attempt->entry, points / STORE_CHUNK_POINTS * STORE_CHUNK_POINTS);
    }
    return status;
}

static void tell_failure(jobs_attempt *attempt, const gd_error *error)
{
    if (attempt->checkpoint_failed)
        return;
    attempt->checkpoint_failed = true;
    jobs_logf(attempt->runner, JOBS_LOG_WARNING, attempt->job->id, "no checkpoint: %s",
              error->message);
    store_event event = {.at = jobs_now(),
                         .type = "checkpoint_failed",
                         .message =
                             "A checkpoint could not be written; after a crash the job "
                             "would go on from an earlier one."};
    store_run_update update = {.events = &event, .event_count = 1};
    (void)store_run_save(attempt->runner->resources.store, attempt->claim, &update, NULL);
}

void jobs_attempt_save(jobs_attempt *attempt)
{
    char name[JOBS_CHECKPOINT_NAME_SIZE];
    const char *directory = attempt->runner->resources.data_directory;
    gd_error error = {0};
    attempt->saved_at = jobs_monotonic_seconds();
    if (write_state(attempt, name, &error) != GD_OK) {
        tell_failure(attempt, &error);
        return;
    }
    gd_status status = store_save(attempt, name);
    if (status == GD_OK) {
        if (attempt->checkpoint[0] != '\0' && strcmp(attempt->checkpoint, name) != 0)
            jobs_checkpoint_remove(directory, attempt->checkpoint);
        memcpy(attempt->checkpoint, name, sizeof name);
    } else {
        /* A store that failed for good may have the row all the same: the file stays for it. */
        if (strcmp(attempt->checkpoint, name) != 0 && status != GD_UNAVAILABLE)
            jobs_checkpoint_remove(directory, name);
        attempt->lost = status == GD_CONFLICT || status == GD_UNAVAILABLE || status == GD_NOT_FOUND;
    }
    attempt->saved_at = jobs_monotonic_seconds();
}

static gd_status take_chunk(void *context, const store_chunk *chunk)
{
    return jobs_curve_decode(context, chunk->index * STORE_CHUNK_POINTS + 1, chunk->bytes,
                             chunk->length);
}

/* The points of the last, partial chunk, which will be written again as it grows. */
static gd_status restore_curve(jobs_attempt *attempt, gd_error *error)
{
    jobs_curve *curve = &attempt->curve;
    int64_t points = gd_trainer_progress(attempt->trainer)->points;
    int64_t whole = points / STORE_CHUNK_POINTS * STORE_CHUNK_POINTS;
    curve->first_sequence = whole + 1;
    gd_status status = GD_OK;
    if (points > whole)
        status = store_curve_read(attempt->runner->resources.store, attempt->job->id, whole, 0,
                                  INT64_MAX, take_chunk, curve, error);
    /* An end that was stored without a checkpoint of its own knows more points: they come again. */
    int64_t known = curve->first_sequence + curve->count - 1;
    if (status == GD_OK && known > points)
        curve->count -= known - points;
    if (status == GD_OK && known < points)
        status = gd_fail(error, GD_CORRUPT, "", "the stored curve does not end at the checkpoint");
    return status;
}

static gd_status restore_state(jobs_attempt *attempt, gd_error *error)
{
    void *bytes = NULL;
    size_t length = 0;
    gd_status status = jobs_checkpoint_read(attempt->runner->resources.data_directory,
                                            attempt->job->checkpoint, &bytes, &length, error);
    if (status == GD_OK) {
        gd_reader reader;
        gd_reader_init(&reader, bytes, length);
        status = gd_trainer_load(attempt->trainer, &reader, error);
    }
    free(bytes);
    return status == GD_OK ? restore_curve(attempt, error) : status;
}

static gd_status start_curve(jobs_attempt *attempt)
{
    int64_t layers;
    gd_trainer_parameter_layers(attempt->trainer, &layers);
    jobs_curve_dispose(&attempt->curve);
    return jobs_curve_init(&attempt->curve, layers, 1);
}

/* A trainer and a curve as before the first step, after a restore that failed half-way. */
static gd_status start_over(jobs_attempt *attempt)
{
    gd_trainer_setup setup = jobs_plan_setup(attempt->plan);
    gd_trainer_destroy(attempt->trainer);
    attempt->trainer = NULL;
    gd_status status = gd_trainer_create(&attempt->trainer, &setup, NULL);
    return status == GD_OK ? start_curve(attempt) : status;
}

static void tell_unusable(jobs_attempt *attempt, const gd_error *error)
{
    jobs_logf(attempt->runner, JOBS_LOG_WARNING, attempt->job->id,
              "checkpoint not used, starting from the seed: %s", error->message);
    store_event event = {.at = jobs_now(),
                         .type = "checkpoint_unusable",
                         .message =
                             "The checkpoint could not be read; the job runs again from its "
                             "seed, to the same result."};
    store_run_update update = {.events = &event, .event_count = 1};
    (void)store_run_save(attempt->runner->resources.store, attempt->claim, &update, NULL);
}

bool jobs_attempt_restore(jobs_attempt *attempt)
{
    gd_error error = {0};
    gd_status status = start_curve(attempt);
    if (status == GD_OK && attempt->job->checkpoint != NULL) {
        if (restore_state(attempt, &error) == GD_OK) {
            snprintf(attempt->checkpoint, sizeof attempt->checkpoint, "%s",
                     attempt->job->checkpoint);
            return true;
        }
        tell_unusable(attempt, &error);
        status = start_over(attempt);
    }
    if (status != GD_OK)
        jobs_attempt_fail(attempt, "out_of_memory", "There was not enough memory to run the job.");
    return status == GD_OK;
}
