/*
 * batcher.c: batches in place or gathered (batcher.h). The last batch of an epoch has the rows that
 * are left.
 */
#include "train/batcher.h"

#include "base/memory.h"

int64_t gdi_batch_rows(const gd_training_options *options, const gd_examples *examples)
{
    bool all = options->batch_size == GD_AUTOMATIC || options->batch_size > examples->count;
    return all ? examples->count : options->batch_size;
}

int64_t gdi_batch_count(const gd_training_options *options, const gd_examples *examples)
{
    int64_t rows = gdi_batch_rows(options, examples);
    return examples->count / rows + (examples->count % rows != 0 ? 1 : 0);
}

static bool is_shuffled(const gd_training_options *options, const gd_examples *examples)
{
    return options->shuffle && gdi_batch_rows(options, examples) < examples->count;
}

int64_t gdi_batcher_bytes(const gd_examples *examples, const gd_training_options *options)
{
    bool shuffled = is_shuffled(options, examples);
    int64_t order = 0, total = 0;
    if (shuffled && __builtin_mul_overflow(examples->count, (int64_t)sizeof(int64_t), &order)) {
        return -1;
    }
    int64_t gathered = gdi_gatherer_bytes(examples, gdi_batch_rows(options, examples), shuffled);
    return gathered < 0 || __builtin_add_overflow(order, gathered, &total) ? -1 : total;
}

gd_status gdi_batcher_init(gdi_batcher *batcher, const gd_examples *examples,
                           const gd_training_options *options, gd_error *error)
{
    int64_t rows = gdi_batch_rows(options, examples);
    *batcher = (gdi_batcher){
        .examples = *examples,
        .batch_size = rows,
        .batches = gdi_batch_count(options, examples),
    };
    gd_random_seed(&batcher->random, options->seed, GD_STREAM_SHUFFLE);
    batcher->epoch_start = batcher->random;
    bool shuffled = is_shuffled(options, examples);
    gd_status status = gdi_gatherer_init(&batcher->gatherer, examples, rows, shuffled, error);
    if (status == GD_OK && shuffled) {
        batcher->order = gdi_allocate((size_t)examples->count, sizeof(int64_t));
        if (batcher->order == NULL) {
            status =
                gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the order of %lld examples",
                        (long long)examples->count);
        }
    }
    if (status != GD_OK) {
        gdi_batcher_dispose(batcher);
    }
    return status;
}

void gdi_batcher_dispose(gdi_batcher *batcher)
{
    gdi_free(batcher->order);
    batcher->order = NULL;
    gdi_gatherer_dispose(&batcher->gatherer);
}

static void shuffle_epoch(gdi_batcher *batcher)
{
    batcher->epoch_start = batcher->random;
    if (batcher->order == NULL) {
        return;
    }
    for (int64_t i = 0; i < batcher->examples.count; i++) {
        batcher->order[i] = i;
    }
    gd_random_shuffle(&batcher->random, batcher->order, batcher->examples.count);
}

gdi_batch gdi_batcher_take(gdi_batcher *batcher)
{
    const gd_examples *examples = &batcher->examples;
    if (batcher->position == 0) {
        shuffle_epoch(batcher);
    }
    int64_t first = batcher->position * batcher->batch_size;
    int64_t left = examples->count - first;
    gdi_batch batch = {
        .rows = left < batcher->batch_size ? left : batcher->batch_size,
        .order = batcher->order == NULL ? NULL : batcher->order + first,
        .first_row = first,
    };
    gdi_gather(&batcher->gatherer, batch.order, first, batch.rows, &batch.features, &batch.targets);
    batch.sparse = examples->sparse != NULL ? &batcher->gatherer.sparse : NULL;
    return batch;
}

bool gdi_batcher_advance(gdi_batcher *batcher)
{
    batcher->position++;
    if (batcher->position < batcher->batches) {
        return false;
    }
    batcher->position = 0;
    return true;
}

gd_random gdi_batcher_state(const gdi_batcher *batcher)
{
    return batcher->position == 0 ? batcher->random : batcher->epoch_start;
}

void gdi_batcher_restore(gdi_batcher *batcher, gd_random state, int64_t position)
{
    batcher->random = state;
    batcher->position = position;
    if (position > 0) {
        shuffle_epoch(batcher);
    }
}
