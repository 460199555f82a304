/*
 * batcher.h: the examples in the order of training, cut into batches.
 *
 * Rows that stand side by side in the caller's memory are used in place; shuffled batches of more
 * than one row are gathered, and so are views and the examples of a source (gather.h). An epoch of
 * a single batch is not shuffled: its order has no effect on the mean. The order of an epoch is a
 * function of the generator's state at its start, so that state and position are all there is to
 * save. Thread rule: one owner.
 */
#ifndef DESCENT_TRAIN_BATCHER_H
#define DESCENT_TRAIN_BATCHER_H

#include <descent/random.h>
#include <descent/training.h>

#include "train/gather.h"
#include "train/order.h"

typedef struct gdi_batch {
    const gd_real *features;       /* [rows, feature_width]; NULL where they are sparse */
    const gd_sparse_batch *sparse; /* then these */
    const gd_real *targets;        /* [rows, target_width]; NULL, as the features, in_place */
    int64_t rows;
    const int64_t *order; /* [rows] example of each row, or NULL: first_row + i */
    int64_t first_row;
} gdi_batch;

typedef struct gdi_batcher {
    gd_examples examples;
    int64_t batch_size; /* at most the examples there are */
    int64_t batches;    /* an epoch */
    int64_t position;   /* batches of this epoch already taken */
    bool shuffled;      /* else as they stand */
    bool in_place;      /* rows are not gathered: a batch has their order alone */
    gdi_order order;
    int64_t expected; /* blocks of the next window the source was told of */
    int64_t window;   /* the one they follow */
    gdi_gatherer gatherer;
    gd_random random;      /* after the shuffles so far */
    gd_random epoch_start; /* before the shuffle of this epoch */
} gdi_batcher;

/* Rows a batch: `batch_size` or all of the examples. */
int64_t gdi_batch_rows(const gd_training_options *options, const gd_examples *examples);
/* Batches an epoch. */
int64_t gdi_batch_count(const gd_training_options *options, const gd_examples *examples);

/* `window` as gd_trainer_setup's shuffle_window. */
gd_status gdi_batcher_init(gdi_batcher *batcher, const gd_examples *examples,
                           const gd_training_options *options, int64_t window, gd_error *error);
void gdi_batcher_dispose(gdi_batcher *batcher);

/* Bytes gdi_batcher_init takes, or -1 on overflow. */
int64_t gdi_batcher_bytes(const gd_examples *examples, const gd_training_options *options,
                          int64_t window);

/* Whether batches are shuffled window by window, so that results depend on the window. */
bool gdi_batcher_is_windowed(const gd_examples *examples, const gd_training_options *options,
                             int64_t window);

/* The batch at the present position. Valid until the next call. */
gdi_batch gdi_batcher_take(gdi_batcher *batcher);

/* Goes on to the next batch; true where that was the last of the epoch. */
bool gdi_batcher_advance(gdi_batcher *batcher);

/* State to save: with `position` it fixes everything that follows. */
gd_random gdi_batcher_state(const gdi_batcher *batcher);
void gdi_batcher_restore(gdi_batcher *batcher, gd_random state, int64_t position);

#endif
