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

bool gdi_batcher_is_windowed(const gd_examples *examples, const gd_training_options *options,
                             int64_t window)
{
    return is_shuffled(options, examples) && window > 0 && examples->count > window;
}

int64_t gdi_batcher_bytes(const gd_examples *examples, const gd_training_options *options,
                          int64_t window)
{
    bool shuffled = is_shuffled(options, examples);
    int64_t rows = gdi_batch_rows(options, examples), total = 0;
    int64_t order = shuffled ? gdi_order_bytes(examples->count, window, rows) : 0;
    int64_t gathered = gdi_gatherer_bytes(examples, rows, shuffled);
    return order < 0 || gathered < 0 || __builtin_add_overflow(order, gathered, &total) ? -1
                                                                                        : total;
}

gd_status gdi_batcher_init(gdi_batcher *batcher, const gd_examples *examples,
                           const gd_training_options *options, int64_t window, gd_error *error)
{
    int64_t rows = gdi_batch_rows(options, examples);
    *batcher = (gdi_batcher){
        .examples = *examples,
        .batch_size = rows,
        .batches = gdi_batch_count(options, examples),
        .shuffled = is_shuffled(options, examples),
        .window = -1,
    };
    gd_random_seed(&batcher->random, options->seed, GD_STREAM_SHUFFLE);
    batcher->epoch_start = batcher->random;
    gd_status status =
        gdi_gatherer_init(&batcher->gatherer, examples, rows, batcher->shuffled, error);
    if (status == GD_OK && batcher->shuffled) {
        status = gdi_order_init(&batcher->order, examples->count, window, rows, error);
    }
    if (status == GD_OK && examples->source != NULL && gdi_order_is_windowed(&batcher->order)) {
        gdi_source_scatter(examples->source);
    }
    if (status != GD_OK) {
        gdi_batcher_dispose(batcher);
    }
    return status;
}

void gdi_batcher_dispose(gdi_batcher *batcher)
{
    gdi_order_dispose(&batcher->order);
    gdi_gatherer_dispose(&batcher->gatherer);
}

static void shuffle_epoch(gdi_batcher *batcher)
{
    batcher->epoch_start = batcher->random;
    batcher->window = -1;
    if (batcher->shuffled) {
        gdi_order_start(&batcher->order, &batcher->random);
    }
}

static void tell_source(const gdi_batcher *batcher, int64_t window,
                        void (*tell)(const gd_source *, int64_t, int64_t), int64_t from, int64_t to)
{
    const gdi_order *order = &batcher->order;
    const int64_t *list = NULL;
    int64_t count = gdi_order_blocks(order, window, &list);
    for (int64_t i = from; i < to && i < count; i++) {
        int64_t first = list[i] * order->block, left = order->count - first;
        tell(batcher->examples.source, first, left < order->block ? left : order->block);
    }
}

/*
 * Of a source, tells which pages it may forget and which come next: the blocks of the next window are
 * asked for little by little while this one trains, so that reading and computing overlap.
 */
static void read_ahead(gdi_batcher *batcher, int64_t first, int64_t rows)
{
    const gdi_order *order = &batcher->order;
    if (!gdi_order_is_windowed(order)) {
        return;
    }
    int64_t window = gdi_order_window_of(order, first + rows - 1);
    if (window != batcher->window) {
        if (batcher->window >= 0) {
            tell_source(batcher, batcher->window, gdi_source_release, 0, order->block_count);
        }
        /* Once more all of it: what had no room to stay is read in one piece and not page by page. */
        tell_source(batcher, window, gdi_source_expect, 0, order->block_count);
        batcher->window = window;
        batcher->expected = 0;
    }
    int64_t start = gdi_order_window_start(order, window);
    int64_t length = gdi_order_window_start(order, window + 1) - start;
    int64_t blocks = order->window / order->block;
    int64_t due = (blocks * (first + rows - start) + length - 1) / length;
    tell_source(batcher, window + 1, gdi_source_expect, batcher->expected, due);
    batcher->expected = due > batcher->expected ? due : batcher->expected;
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
        .first_row = first,
    };
    if (batcher->shuffled) {
        if (examples->source != NULL) {
            read_ahead(batcher, first, batch.rows);
        }
        batch.order = gdi_order_take(&batcher->order, first, batch.rows);
    }
    if (batcher->in_place) {
        return batch;
    }
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
