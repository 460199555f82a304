/*
 * gather.c: copies of rows by their stride (gather.h).
 */
#include "train/gather.h"

#include "base/memory.h"
#include "math/parallel.h"

#include <string.h>

#define SLICE_ROWS    4096
#define SLICE_MINIMUM 16
#define SLICE_BYTES   ((int64_t)64 << 20)
#define STRETCH_BYTES ((int64_t)4 << 20) /* of a file asked for at a time */

static bool is_copied(int64_t rows, bool chosen, int64_t stride, int64_t width)
{
    return rows > 1 && (chosen || stride != width);
}

static bool copies_features(const gd_examples *examples, int64_t rows, bool chosen)
{
    return examples->source != NULL ||
           (examples->sparse == NULL &&
            is_copied(rows, chosen, gdi_feature_stride(examples), examples->feature_width));
}

static bool copies_targets(const gd_examples *examples, int64_t rows, bool chosen)
{
    if (examples->source != NULL) {
        return examples->source->target_span > 0;
    }
    return is_copied(rows, chosen, gdi_target_stride(examples), examples->target_width);
}

int64_t gdi_gatherer_bytes(const gd_examples *examples, int64_t rows, bool chosen)
{
    int64_t width = 0, row = 0, bytes = 0;
    int64_t features = copies_features(examples, rows, chosen) ? examples->feature_width : 0;
    int64_t targets = copies_targets(examples, rows, chosen) ? examples->target_width : 0;
    int64_t listed = examples->sparse != NULL ? (int64_t)sizeof(uint32_t) : 0;
    if (__builtin_add_overflow(features, targets, &width) ||
        __builtin_mul_overflow(width, (int64_t)sizeof(gd_real), &row) ||
        __builtin_add_overflow(row, listed, &row) || __builtin_mul_overflow(rows, row, &bytes)) {
        return -1;
    }
    return bytes;
}

static gd_real *allocate_rows(int64_t rows, int64_t width, bool *failed)
{
    size_t count = 0;
    gd_real *memory = gdi_size_multiply((size_t)rows, (size_t)width, &count)
                          ? gdi_allocate(count, sizeof *memory)
                          : NULL;
    *failed = *failed || memory == NULL;
    return memory;
}

gd_status gdi_gatherer_init(gdi_gatherer *gatherer, const gd_examples *examples, int64_t rows,
                            bool chosen, gd_error *error)
{
    *gatherer = (gdi_gatherer){.examples = *examples};
    bool failed = false;
    if (copies_features(examples, rows, chosen)) {
        gatherer->features = allocate_rows(rows, examples->feature_width, &failed);
    }
    if (copies_targets(examples, rows, chosen)) {
        gatherer->targets = allocate_rows(rows, examples->target_width, &failed);
    }
    if (examples->sparse != NULL) {
        gatherer->sparse_rows = gdi_allocate((size_t)rows, sizeof *gatherer->sparse_rows);
        gatherer->sparse = (gd_sparse_batch){examples->sparse->matrix, gatherer->sparse_rows};
        failed = failed || gatherer->sparse_rows == NULL;
    }
    if (!failed) {
        return GD_OK;
    }
    gdi_gatherer_dispose(gatherer);
    return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a batch of %lld examples",
                   (long long)rows);
}

void gdi_gatherer_dispose(gdi_gatherer *gatherer)
{
    gdi_free(gatherer->features);
    gdi_free(gatherer->targets);
    gdi_free(gatherer->sparse_rows);
    gatherer->features = gatherer->targets = NULL;
    gatherer->sparse_rows = NULL;
}

/* Rows to copy, shared by the threads of a pool. */
typedef struct copying {
    gd_real *rows;
    const gd_real *all;
    size_t width, stride;
    const int64_t *order; /* NULL: from `first` on */
    size_t first;
} copying;

static void copy_range(void *context, size_t begin, size_t count)
{
    const copying *task = context;
    const size_t width = task->width, stride = task->stride;
    if (width == 1 && task->order != NULL) {
        for (size_t i = begin; i < begin + count; i++) {
            task->rows[i] = task->all[(size_t)task->order[i] * stride];
        }
        return;
    }
    for (size_t i = begin; i < begin + count; i++) {
        size_t row = task->order == NULL ? task->first + i : (size_t)task->order[i];
        memcpy(task->rows + i * width, task->all + row * stride, width * sizeof *task->rows);
    }
}

static void list_rows(const gdi_gatherer *gatherer, const int64_t *order, int64_t first,
                      int64_t count)
{
    const gd_sparse_rows *rows = gatherer->examples.sparse;
    for (int64_t i = 0; i < count; i++) {
        int64_t example = order == NULL ? first + i : order[i];
        gatherer->sparse_rows[i] =
            rows->list != NULL ? rows->list[example] : (uint32_t)(rows->first + example);
    }
}

/* Rows to prepare, likewise. */
typedef struct preparing {
    const gdi_gatherer *gatherer;
    const int64_t *order;
    int64_t first;
} preparing;

static void prepare_range(void *context, size_t begin, size_t count)
{
    const preparing *task = context;
    const gdi_gatherer *gatherer = task->gatherer;
    gdi_source_read(gatherer->examples.source, task->order, task->first, (int64_t)begin,
                    (int64_t)count, gatherer->features, gatherer->targets);
}

/* Keeps a source that is read in order some pages ahead, and lets go of those behind. */
static void follow(gdi_gatherer *gatherer, int64_t first, int64_t count)
{
    const gd_examples *examples = &gatherer->examples;
    int64_t stretch = STRETCH_BYTES / (gd_source_example_bytes(examples->source) + 1) + 1;
    if (first < gatherer->behind || first > gatherer->ahead) {
        gatherer->ahead = gatherer->behind = first;
    }
    if (first + count + stretch / 2 > gatherer->ahead) {
        int64_t left = examples->count - gatherer->ahead;
        gdi_source_expect(examples->source, gatherer->ahead, left < stretch ? left : stretch);
        gatherer->ahead += left < stretch ? left : stretch;
    }
    if (first - gatherer->behind > stretch) {
        gdi_source_release(examples->source, gatherer->behind, first - gatherer->behind);
        gatherer->behind = first;
    }
}

static void prepare(gdi_gatherer *gatherer, const int64_t *order, int64_t first, int64_t count,
                    const gd_real **features, const gd_real **targets)
{
    const gd_examples *examples = &gatherer->examples;
    preparing task = {gatherer, order, first};
    if (order == NULL) {
        follow(gatherer, first, count);
    }
    gdi_parallel_rows(gatherer->pool, (size_t)count,
                      (size_t)(examples->feature_width + examples->target_width), prepare_range,
                      &task);
    *features = gatherer->features;
    *targets = gatherer->targets != NULL ? gatherer->targets : gatherer->features;
}

void gdi_gather(gdi_gatherer *gatherer, const int64_t *order, int64_t first, int64_t count,
                const gd_real **features, const gd_real **targets)
{
    const gd_examples *examples = &gatherer->examples;
    if (examples->source != NULL) {
        prepare(gatherer, order, first, count, features, targets);
        return;
    }
    size_t feature_stride = (size_t)gdi_feature_stride(examples);
    size_t target_stride = (size_t)gdi_target_stride(examples);
    size_t row = (size_t)(order == NULL ? first : order[0]);
    *features = examples->sparse == NULL ? examples->features + row * feature_stride : NULL;
    *targets = examples->targets + row * target_stride;
    if (examples->sparse != NULL) {
        list_rows(gatherer, order, first, count);
    }
    if (gatherer->features != NULL) {
        copying task = {gatherer->features,
                        examples->features,
                        (size_t)examples->feature_width,
                        feature_stride,
                        order,
                        (size_t)first};
        gdi_parallel_rows(gatherer->pool, (size_t)count, task.width, copy_range, &task);
        *features = gatherer->features;
    }
    if (gatherer->targets != NULL) {
        copying task = {gatherer->targets,
                        examples->targets,
                        (size_t)examples->target_width,
                        target_stride,
                        order,
                        (size_t)first};
        gdi_parallel_rows(gatherer->pool, (size_t)count, task.width, copy_range, &task);
        *targets = gatherer->targets;
    }
}

int64_t gdi_slice_rows(const gd_model *model, int64_t count)
{
    int64_t rows = SLICE_ROWS;
    while (rows > SLICE_MINIMUM) {
        int64_t bytes = gd_model_workspace_bytes(model, rows, false);
        if (bytes >= 0 && bytes <= SLICE_BYTES) {
            break;
        }
        rows /= 2;
    }
    return count < rows ? count : rows;
}
