/*
 * curve.h: the loss curves of a job in memory and as stored bytes.
 *
 * A jobs_curve is columnar: one array of doubles a series, appended point by point. Chunks of
 * STORE_CHUNK_POINTS points are encoded for the store; a series that stays, or goes on evenly,
 * takes one or two numbers there, and one that mostly stays little more. Values are kept to the
 * last bit, NaN and infinities among them. A reader that needs a few series alone names them, and
 * the others cost neither memory nor copying. Thread rule: one owner.
 */
#ifndef JOBS_CURVE_H
#define JOBS_CURVE_H

#include <descent/training.h>

#include <stdbool.h>

typedef enum jobs_series {
    JOBS_SERIES_STEP,
    JOBS_SERIES_EPOCH,
    JOBS_SERIES_SECONDS,
    JOBS_SERIES_LOSS,
    JOBS_SERIES_VALIDATION_LOSS,
    JOBS_SERIES_LEARNING_RATE,
    JOBS_SERIES_GRADIENT_NORM,
    JOBS_SERIES_UPDATE_RATIO,
    JOBS_SERIES_FIXED /* gradient norms of the parameter layers follow, then their update ratios */
} jobs_series;

#define JOBS_CURVE_MAXIMUM_LAYERS ((int64_t)GD_MODEL_MAXIMUM_LAYERS)
#define JOBS_CURVE_MAXIMUM_SERIES (JOBS_SERIES_FIXED + 2 * GD_MODEL_MAXIMUM_LAYERS)
/* Points for which memory is taken before they are there. */
#define JOBS_CURVE_MAXIMUM_EXPECTED ((int64_t)1 << 20)

typedef struct jobs_curve {
    int64_t first_sequence; /* of the first point held; they follow without gaps */
    int64_t count, capacity;
    int64_t layer_count;
    double **columns;         /* [jobs_series_count][capacity], owned; NULL: not wanted */
    unsigned char *validated; /* [capacity]: whether VALIDATION_LOSS has a value there */
    /* [capacity]: whether a series that is not wanted is not finite there; NULL: all are wanted. */
    unsigned char *nonfinite;
    /* Set by a reader before the first point: the series to hold, borrowed
     * [JOBS_CURVE_MAXIMUM_SERIES], NULL: all; and how many points will come, 0: not known. */
    const bool *wanted;
    int64_t expected;
} jobs_curve;

/* "step", "loss", …; NULL for a layer's series, whose name depends on the model. */
const char *jobs_series_name(int64_t series);

/* Of a curve of so many layers with parameters. */
int64_t jobs_series_count(int64_t layer_count);

gd_status jobs_curve_init(jobs_curve *curve, int64_t layer_count, int64_t first_sequence);
void jobs_curve_dispose(jobs_curve *curve);

/* Empties it; what it is to hold stays as it was set. */
gd_status jobs_curve_restart(jobs_curve *curve, int64_t layer_count, int64_t first_sequence);

/* Whether it has a column for the series. */
bool jobs_curve_holds(const jobs_curve *curve, int64_t series);

/* Room for `count` points in all; where there is none the points held stay. */
gd_status jobs_curve_reserve(jobs_curve *curve, int64_t count);

/* Sets flags[i] to 1 where values[i] is not finite, and leaves the others. */
void jobs_curve_flag_nonfinite(const double *values, int64_t count, unsigned char *flags);

/* Of a curve that holds all series. The point's sequence number must be the next one:
 * GD_INVALID_ARGUMENT otherwise. */
gd_status jobs_curve_append(jobs_curve *curve, const gd_point *point);

/* Drops the first `count` points. */
void jobs_curve_drop(jobs_curve *curve, int64_t count);

/* Bytes of points [first, first + count), positions in the curve, which holds all series. */
void jobs_curve_encode(const jobs_curve *curve, int64_t first, int64_t count, gd_buffer *buffer);

/*
 * Appends the points of an encoded chunk whose first sequence number is `first_sequence`. An empty
 * curve takes over the chunk's layer count and position. Damaged bytes: GD_CORRUPT, curve unchanged.
 */
gd_status jobs_curve_decode(jobs_curve *curve, int64_t first_sequence, const void *bytes,
                            size_t length);

/* Copies points [first, first + count) behind `into`: what that one wants of what this one holds. */
gd_status jobs_curve_copy(const jobs_curve *curve, int64_t first, int64_t count, jobs_curve *into);

#endif
