/*
 * curve.h: the loss curves of a job in memory and as stored bytes.
 *
 * A jobs_curve is columnar: one array of doubles a series, appended point by point. Chunks of
 * STORE_CHUNK_POINTS points are encoded for the store; a series that does not change inside a chunk
 * takes one number there. Values are kept to the last bit, NaN and infinities among them.
 * Thread rule: one owner.
 */
#ifndef JOBS_CURVE_H
#define JOBS_CURVE_H

#include <descent/training.h>

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

typedef struct jobs_curve {
    int64_t first_sequence; /* of the first point held; they follow without gaps */
    int64_t count, capacity;
    int64_t layer_count;
    double **columns;         /* [jobs_series_count][capacity], owned */
    unsigned char *validated; /* [capacity]: whether VALIDATION_LOSS has a value there */
} jobs_curve;

/* "step", "loss", …; NULL for a layer's series, whose name depends on the model. */
const char *jobs_series_name(int64_t series);

/* Of a curve of so many layers with parameters. */
int64_t jobs_series_count(int64_t layer_count);

gd_status jobs_curve_init(jobs_curve *curve, int64_t layer_count, int64_t first_sequence);
void jobs_curve_dispose(jobs_curve *curve);

/* The point's sequence number must be the next one: GD_INVALID_ARGUMENT otherwise. */
gd_status jobs_curve_append(jobs_curve *curve, const gd_point *point);

/* Drops the first `count` points. */
void jobs_curve_drop(jobs_curve *curve, int64_t count);

/* Bytes of points [first, first + count), positions in the curve. */
void jobs_curve_encode(const jobs_curve *curve, int64_t first, int64_t count, gd_buffer *buffer);

/*
 * Appends the points of an encoded chunk whose first sequence number is `first_sequence`. An empty
 * curve takes over the chunk's layer count and position. Damaged bytes: GD_CORRUPT, curve unchanged.
 */
gd_status jobs_curve_decode(jobs_curve *curve, int64_t first_sequence, const void *bytes,
                            size_t length);

/* Copies points [first, first + count) behind `into`. */
gd_status jobs_curve_copy(const jobs_curve *curve, int64_t first, int64_t count, jobs_curve *into);

#endif
