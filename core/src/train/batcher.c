/*
 * batcher.c: batches in place or gathered (batcher.h). The last batch of an epoch has the rows that
 * are left.
 */
#include "train/batcher.h"

#include "base/memory.h"
#include "math/parallel.h"

#include <string.h>

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

static bool is_gathered(const gd_training_options *options, const gd_examples *examples)
{
    return is_shuffled(options, examples) && gdi_batch_rows(options, examples) > 1;
}

int64_t gdi_batcher_bytes(const gd_examples *examples, const gd_training_options *options)
{
    int64_t order = 0, gathered = 0, width = 0, total = 0;
    if (is_shuffled(options, examples) &&
        __builtin_mul_overflow(examples->count, (int64_t)sizeof(int64_t), &order)) {
        return -1;
    }
    if (is_gathered(options, examples)) {
        int64_t row = 0;
        if (__builtin_add_overflow(examples->feature_width, examples->target_width, &width) ||
            __builtin_mul_overflow(width, (int64_t)sizeof(gd_real), &row) ||
            __builtin_mul_overflow(gdi_batch_rows(options, examples), row, &gathered)) {
            return -1;
        }
    }
    return __builtin_add_overflow(order, gathered, &total) ? -1 : total;
}

static gd_real *allocate_rows(int64_t rows, int64_t width)
{
    size_t count = 0;
    if (!gdi_size_multiply((size_t)rows, (size_t)width, &count)) {
        return NULL;
    }
    return gdi_allocate(count, sizeof(gd_real));
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
    bool failed = false;
    if (is_shuffled(options, examples)) {
        batcher->order = gdi_allocate((size_t)examples->count, sizeof(int64_t));
        failed = batcher->order == NULL;
    }
    if (is_gathered(options, examples)) {
        batcher->features = allocate_rows(rows, examples->feature_width);
        batcher->targets = allocate_rows(rows, examples->target_width);
        failed = failed || batcher->features == NULL || batcher->targets == NULL;
    }
    if (failed) {
        gdi_batcher_dispose(batcher);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a batch of %lld examples",
                       (long long)rows);
    }
    return GD_OK;
}

void gdi_batcher_dispose(gdi_batcher *batcher)
{
    gdi_free(batcher->order);
    gdi_free(batcher->features);
    gdi_free(batcher->targets);
    batcher->order = NULL;
    batcher->features = batcher->targets = NULL;
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

typedef struct gathering {
    gd_real *rows;
    const gd_real *all;
    size_t width;
    const int64_t *order;
} gathering;

static void gather_rows(void *context, size_t first, size_t count)
{
    const gathering *task = context;
    const size_t width = task->width;
    gd_real *rows = task->rows;
    if (width == 1) {
        for (size_t i = first; i < first + count; i++) {
            rows[i] = task->all[task->order[i]];
        }
        return;
    }
    for (size_t i = first; i < first + count; i++) {
        memcpy(rows + i * width, task->all + (size_t)task->order[i] * width, width * sizeof *rows);
    }
}

static void gather(gdi_thread_pool *pool, gd_real *rows, const gd_real *all, size_t width,
                   const int64_t *order, int64_t count)
{
    gathering task = {rows, all, width, order};
    gdi_parallel_rows(pool, (size_t)count, width, gather_rows, &task);
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
    size_t feature_width = (size_t)examples->feature_width;
    size_t target_width = (size_t)examples->target_width;
    if (batcher->features != NULL) {
        gather(batcher->pool, batcher->features, examples->features, feature_width, batch.order,
               batch.rows);
        gather(batcher->pool, batcher->targets, examples->targets, target_width, batch.order,
               batch.rows);
        batch.features = batcher->features;
        batch.targets = batcher->targets;
    } else {
        size_t row = (size_t)(batch.order == NULL ? first : batch.order[0]);
        batch.features = examples->features + row * feature_width;
        batch.targets = examples->targets + row * target_width;
    }
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
