/*
 * parallel_update.c: a rule computes each element from the same index alone, so any part of the
 * parameters may be updated by itself. Every part works on scalars of its own, which all come out
 * the same; those of the first part are kept.
 */
#include "optim/parallel_update.h"

#include "math/parallel.h"

#include <stdatomic.h>
#include <string.h>

#define SCALARS_MAXIMUM ((size_t)8)
#define UPDATE_WEIGHT   ((size_t)6) /* memory operations an element, about */

/* Elements updated and looked at together: what belongs to them stays in the cache meanwhile. */
#define PIECE ((size_t)16384)

typedef struct update_task {
    const gdi_kernels *kernels;
    const gd_optimizer_descriptor *rule;
    const gd_optimizer_options *options;
    const gd_update *whole;
    size_t scalar_count;
    double kept[SCALARS_MAXIMUM];
    atomic_bool not_finite;
} update_task;

static void update_piece(update_task *task, size_t first, size_t count)
{
    double scalars[SCALARS_MAXIMUM] = {0};
    size_t bytes = task->scalar_count * sizeof *scalars;
    gd_update part = *task->whole;
    if (bytes > 0) {
        memcpy(scalars, part.scalars, bytes);
    }
    part.parameters += first;
    part.gradients += first;
    part.moments += first;
    part.result += first;
    part.count = count;
    part.scalars = scalars;
    task->rule->update(task->options, &part);
    if (first == 0) {
        memcpy(task->kept, scalars, sizeof scalars);
    }
    if (!task->kernels->all_finite(part.result, count)) {
        atomic_store_explicit(&task->not_finite, true, memory_order_relaxed);
    }
}

static void update_part(void *context, size_t first, size_t count)
{
    for (size_t done = 0; done < count; done += PIECE) {
        update_piece(context, first + done, count - done < PIECE ? count - done : PIECE);
    }
}

bool gdi_parallel_update(gdi_thread_pool *pool, const gdi_kernels *kernels,
                         const gd_optimizer_descriptor *rule, const gd_optimizer_options *options,
                         const gd_update *update, size_t scalar_count)
{
    if (rule->needs_objective || scalar_count > SCALARS_MAXIMUM ||
        (pool == NULL && update->count <= PIECE)) {
        rule->update(options, update);
        return gdi_parallel_all_finite(pool, kernels, update->result, update->count);
    }
    update_task task = {.kernels = kernels,
                        .rule = rule,
                        .options = options,
                        .whole = update,
                        .scalar_count = scalar_count};
    gdi_parallel_ranges(pool, update->count, UPDATE_WEIGHT, update_part, &task);
    if (scalar_count > 0) {
        memcpy(update->scalars, task.kept, scalar_count * sizeof *update->scalars);
    }
    return !atomic_load(&task.not_finite);
}
