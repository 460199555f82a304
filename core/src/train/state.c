/*
 * state.c: everything that decides the rest of a run, as bytes and back.
 *
 * Layout: magic, fingerprint of the setup, length of the payload, payload, checksum of all before;
 * numbers little-endian, blocks of elements as they stand in memory (the byte order is part of the
 * fingerprint). Loading checks magic, fingerprint, length, checksum and every range first and only
 * then touches the trainer; it takes no memory.
 */
#include "train/fingerprint.h"
#include "train/trainer.h"

#include <string.h>

static const uint64_t magic = UINT64_C(0x3345544154534447); /* "GDSTATE3" */

enum {
    HEADER_BYTES = 24,
    CHECKSUM_BYTES = 8,
    SCALAR_BYTES = 61 * 8 /* what move_scalars moves */
};

/* All of the state that is not a block of numbers. */
typedef struct state_scalars {
    gd_progress progress;
    gd_point point;
    gdi_stopping stopping;
    gdi_restarts restarts;
    double chosen_rate;
    gdi_loss_sum since_point, since_epoch;
    gd_schedule_state schedule;
    gd_random order, dropout;
    int64_t position;
    int64_t validating; /* 0 or 1 */
    int64_t pass_reason;
    int64_t best; /* 0: none, 1: the current parameters, 2: a block of its own */
} state_scalars;

/* One description of the payload for both directions: exactly one of the two is set. */
typedef struct archive {
    gd_buffer *buffer;
    gd_reader *reader;
} archive;

static void move_i64(archive *a, int64_t *value)
{
    if (a->buffer != NULL) {
        gd_buffer_append_i64(a->buffer, *value);
    } else {
        *value = gd_reader_i64(a->reader);
    }
}

static void move_f64(archive *a, double *value)
{
    if (a->buffer != NULL) {
        gd_buffer_append_f64(a->buffer, *value);
    } else {
        *value = gd_reader_f64(a->reader);
    }
}

static void move_bool(archive *a, bool *value)
{
    int64_t number = *value ? 1 : 0;
    move_i64(a, &number);
    *value = number != 0;
}

static void move_random(archive *a, gd_random *random)
{
    for (int i = 0; i < 4; i++) {
        int64_t word = (int64_t)random->state[i];
        move_i64(a, &word);
        random->state[i] = (uint64_t)word;
    }
}

/* One that does not exist becomes -1. */
static void move_reason(archive *a, gd_stop_reason *reason)
{
    int64_t number = (int64_t)*reason;
    move_i64(a, &number);
    bool exists = number >= GD_STOP_NONE && number <= GD_STOP_DIVERGED;
    *reason = exists ? (gd_stop_reason)number : (gd_stop_reason)-1;
}

static void move_progress(archive *a, gd_progress *progress)
{
    move_i64(a, &progress->step);
    move_i64(a, &progress->epoch);
    move_i64(a, &progress->restart);
    move_i64(a, &progress->best_restart);
    move_i64(a, &progress->samples);
    move_f64(a, &progress->seconds);
    move_bool(a, &progress->has_loss);
    move_f64(a, &progress->first_loss);
    move_f64(a, &progress->last_loss);
    move_f64(a, &progress->best_loss);
    move_i64(a, &progress->best_loss_step);
    move_bool(a, &progress->has_validation);
    move_f64(a, &progress->validation_loss);
    move_f64(a, &progress->best_validation_loss);
    move_i64(a, &progress->best_validation_step);
    move_reason(a, &progress->reason);
    move_i64(a, &progress->points);
}

static void move_point(archive *a, gd_point *point)
{
    move_i64(a, &point->step);
    move_f64(a, &point->epoch);
    move_f64(a, &point->loss);
    move_f64(a, &point->learning_rate);
    move_f64(a, &point->gradient_norm);
    move_f64(a, &point->update_ratio);
}

static void move_sum(archive *a, gdi_loss_sum *sum)
{
    move_f64(a, &sum->sum);
    move_i64(a, &sum->rows);
}

static void move_stopping(archive *a, gdi_stopping *stopping)
{
    move_bool(a, &stopping->has_best);
    move_f64(a, &stopping->best);
    move_i64(a, &stopping->best_step);
    move_bool(a, &stopping->has_own);
    move_f64(a, &stopping->own_best);
    move_i64(a, &stopping->own_best_step);
    move_f64(a, &stopping->reference);
    move_i64(a, &stopping->reference_epoch);
    move_bool(a, &stopping->reached_target);
}

static void move_scalars(archive *a, state_scalars *s)
{
    move_progress(a, &s->progress);
    move_point(a, &s->point);
    move_stopping(a, &s->stopping);
    move_i64(a, &s->restarts.first_step);
    move_i64(a, &s->restarts.first_epoch);
    move_random(a, &s->restarts.random);
    move_reason(a, &s->restarts.best_reason);
    move_reason(a, &s->restarts.sound_reason);
    move_f64(a, &s->chosen_rate);
    move_sum(a, &s->since_point);
    move_sum(a, &s->since_epoch);
    move_f64(a, &s->schedule.learning_rate);
    move_f64(a, &s->schedule.best);
    move_i64(a, &s->schedule.bad_epochs);
    move_i64(a, &s->schedule.cooldown_left);
    move_random(a, &s->order);
    move_random(a, &s->dropout);
    move_i64(a, &s->position);
    move_i64(a, &s->validating);
    move_i64(a, &s->pass_reason);
    move_i64(a, &s->best);
}

static void move_bytes(archive *a, void *values, size_t bytes)
{
    if (a->buffer != NULL) {
        gd_buffer_append(a->buffer, values, bytes);
    } else {
        gd_reader_read(a->reader, values, bytes);
    }
}

static void move_blocks(archive *a, gd_trainer *trainer, int64_t best)
{
    size_t block = trainer->parameter_count * sizeof(gd_real);
    move_bytes(a, gdi_parameters(trainer), block);
    if (best == 2) {
        move_bytes(a, trainer->blocks[trainer->best], block);
    }
    for (int64_t i = 0; i < trainer->moment_count; i++) {
        move_bytes(a, trainer->moments + (size_t)i * trainer->moment_stride,
                   trainer->trained_count * sizeof(gd_real));
    }
    for (int64_t i = 0; i < trainer->scalar_count; i++) {
        move_f64(a, &trainer->scalars[i]);
    }
    for (int64_t i = 0; i < trainer->layer_count; i++) {
        move_f64(a, &trainer->layer_norms[i]);
        move_f64(a, &trainer->layer_ratios[i]);
    }
}

static size_t block_bytes(const gd_trainer *trainer, int64_t best)
{
    size_t reals = trainer->parameter_count * (best == 2 ? 2 : 1) +
                   (size_t)trainer->moment_count * trainer->trained_count;
    return reals * sizeof(gd_real) +
           (size_t)(trainer->scalar_count + 2 * trainer->layer_count) * sizeof(double);
}

static state_scalars collect(const gd_trainer *trainer)
{
    state_scalars s = {
        .progress = trainer->progress,
        .point = trainer->point,
        .stopping = trainer->stopping,
        .restarts = trainer->restarts,
        .chosen_rate = trainer->range_test.chosen,
        .since_point = trainer->since_point,
        .since_epoch = trainer->since_epoch,
        .schedule = trainer->schedule,
        .order = gdi_batcher_state(&trainer->batcher),
        .dropout = trainer->dropout,
        .position = trainer->batcher.position,
        .validating = trainer->validating ? 1 : 0,
        .pass_reason = (int64_t)trainer->pass_reason,
        .best = trainer->best < 0                   ? 0
                : trainer->best == trainer->current ? 1
                                                    : 2,
    };
    if (trainer->range_test.running) { /* it will begin anew, and so does all that it uses */
        s.position = 0;
        gd_random_seed(&s.order, trainer->setup.training.seed, GD_STREAM_SHUFFLE);
        gd_random_seed(&s.dropout, trainer->setup.training.seed, GD_STREAM_DROPOUT);
    }
    if (!gdi_is_finished(trainer)) {
        s.progress.seconds = gdi_seconds(trainer);
    }
    return s;
}

void gdi_state_save(const gd_trainer *trainer, gd_buffer *buffer)
{
    size_t start = buffer->length;
    state_scalars s = collect(trainer);
    gd_buffer_append_u64(buffer, magic);
    gd_buffer_append_u64(buffer, gdi_fingerprint(&trainer->setup));
    gd_buffer_append_u64(buffer, SCALAR_BYTES + block_bytes(trainer, s.best));
    archive a = {.buffer = buffer};
    move_scalars(&a, &s);
    /* Writing changes nothing; the trainer is only not const for the other direction. */
    gd_trainer view = *trainer;
    move_blocks(&a, &view, s.best);
    if (buffer->status == GD_OK) {
        gd_buffer_append_u64(buffer, gdi_checksum(buffer->bytes + start, buffer->length - start));
    }
}

/* A number that is counted on from, without an overflow in any run. */
static bool is_count(int64_t value)
{
    return value >= 0 && value <= INT64_MAX / 2;
}

static bool are_counts(const state_scalars *s)
{
    const int64_t counts[] = {
        s->progress.step,          s->progress.epoch,          s->progress.samples,
        s->progress.points,        s->restarts.first_step,     s->restarts.first_epoch,
        s->since_point.rows,       s->since_epoch.rows,        s->schedule.bad_epochs,
        s->schedule.cooldown_left, s->stopping.best_step,      s->stopping.own_best_step,
        s->progress.best_restart,  s->stopping.reference_epoch};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (!is_count(counts[i])) {
            return false;
        }
    }
    return true;
}

static bool is_consistent(const gd_trainer *trainer, const state_scalars *s)
{
    const gd_progress *progress = &s->progress;
    const gdi_restarts *restarts = &s->restarts;
    if (!are_counts(s)) {
        return false;
    }
    int64_t batches = trainer->batcher.batches;
    int64_t own_step = progress->step - restarts->first_step;
    int64_t own_epoch = progress->epoch - restarts->first_epoch;
    bool fits = progress->restart >= 1 && progress->restart <= trainer->setup.training.restarts &&
                progress->best_restart <= progress->restart && own_step >= 0 && own_epoch >= 0 &&
                (int)restarts->best_reason >= GD_STOP_NONE &&
                (int)restarts->sound_reason >= GD_STOP_NONE && s->chosen_rate >= 0 &&
                (progress->step == 0 || !gdi_is_rate_automatic(trainer) || s->chosen_rate > 0);
    return fits && progress->step <= trainer->progress.steps && s->position >= 0 &&
           s->position < batches && own_epoch == own_step / batches &&
           s->position == own_step % batches && (int)progress->reason >= GD_STOP_NONE &&
           (s->validating == 0 || (s->validating == 1 && trainer->setup.validation.count > 0)) &&
           s->pass_reason >= GD_STOP_NONE && s->pass_reason <= GD_STOP_DIVERGED && s->best >= 0 &&
           s->best <= 2;
}

static void apply(gd_trainer *trainer, const state_scalars *s)
{
    int64_t steps = trainer->progress.steps, epochs = trainer->progress.epochs;
    trainer->progress = s->progress;
    trainer->progress.steps = steps;
    trainer->progress.epochs = epochs;
    trainer->point = s->point;
    trainer->point.layer_gradient_norms = trainer->layer_norms;
    trainer->point.layer_update_ratios = trainer->layer_ratios;
    trainer->point.layer_count = trainer->layer_count;
    trainer->point_ready = false;
    trainer->stopping = s->stopping;
    trainer->restarts = s->restarts;
    trainer->restarts.ended_ready = false;
    trainer->since_point = s->since_point;
    trainer->since_epoch = s->since_epoch;
    trainer->schedule = s->schedule;
    trainer->dropout = s->dropout;
    gdi_batcher_restore(&trainer->batcher, s->order, s->position);
    trainer->validating = s->validating != 0;
    trainer->validation_row = 0;
    trainer->validation_sum = 0;
    trainer->pass_reason = (gd_stop_reason)s->pass_reason;
    trainer->current = 0;
    trainer->best = (int)s->best - 1;
    trainer->range_test.chosen = s->chosen_rate;
    gdi_range_test_begin(trainer);
    trainer->seconds_before = s->progress.seconds;
    trainer->clock_started = false;
}

gd_status gdi_state_load(gd_trainer *trainer, gd_reader *reader, gd_error *error)
{
    const unsigned char *bytes = reader->bytes + reader->position;
    size_t remaining = gd_reader_remaining(reader);
    uint64_t found = gd_reader_u64(reader);
    uint64_t fingerprint = gd_reader_u64(reader);
    uint64_t length = gd_reader_u64(reader);
    if (reader->status != GD_OK || found != magic) {
        return gd_fail(error, GD_CORRUPT, "", "this is no state of a training");
    }
    if (fingerprint != gdi_fingerprint(&trainer->setup)) {
        return gd_fail(error, GD_CORRUPT, "", "the state belongs to another setup");
    }
    uint64_t most = SCALAR_BYTES + block_bytes(trainer, 2);
    if (length > most || remaining - HEADER_BYTES < CHECKSUM_BYTES ||
        length > remaining - HEADER_BYTES - CHECKSUM_BYTES) {
        return gd_fail(error, GD_CORRUPT, "", "the state is cut off or has a wrong length");
    }
    gd_reader ending;
    gd_reader_init(&ending, bytes + HEADER_BYTES + length, CHECKSUM_BYTES);
    if (gd_reader_u64(&ending) != gdi_checksum(bytes, HEADER_BYTES + (size_t)length)) {
        return gd_fail(error, GD_CORRUPT, "", "the state's checksum is wrong");
    }
    state_scalars s = {0};
    archive a = {.reader = reader};
    move_scalars(&a, &s);
    if (reader->status != GD_OK || !is_consistent(trainer, &s) ||
        length != SCALAR_BYTES + block_bytes(trainer, s.best)) {
        return gd_fail(error, GD_CORRUPT, "", "the state contradicts itself");
    }
    apply(trainer, &s);
    move_blocks(&a, trainer, s.best);
    gd_reader_u64(reader);
    return reader->status;
}
