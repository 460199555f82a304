/*
 * fused.c: an update in two parts: what the backward pass takes along, and the rest after it.
 */
#include "train/fused.h"

#include "optim/parallel_update.h"

/* The update of the parameters from `first` on. */
static gd_update part_of(const gdi_fused *fused, size_t first, size_t count)
{
    gd_update part = fused->update;
    part.parameters += first;
    part.gradients += first;
    part.moments += first;
    part.result += first;
    part.count = count;
    return part;
}

static void take(void *context, size_t first, size_t rows, size_t count, size_t row_step,
                 const gd_real *piece, size_t piece_step)
{
    gdi_fused *fused = context;
    gd_update part = part_of(fused, first, count);
    part.gradients = piece;
    fused->rule->update_rows(fused->options, &part, rows, row_step, piece_step);
    bool finite = true;
    for (size_t row = 0; row < rows; row++) {
        finite = fused->kernels->all_finite(part.result + row * row_step, count) && finite;
    }
    if (!finite) {
        atomic_store_explicit(&fused->not_finite, true, memory_order_relaxed);
    }
}

void gdi_fused_begin(gdi_fused *fused, const gdi_kernels *kernels,
                     const gd_optimizer_descriptor *rule, const gd_optimizer_options *options,
                     const gd_update *update, int64_t moment_count, bool kept)
{
    fused->update = *update;
    fused->kernels = kernels;
    fused->rule = rule;
    fused->options = options;
    atomic_init(&fused->not_finite, false);
    fused->use = (gdi_gradient_use){.take = take, .context = fused, .keeps = kept};
    size_t count = 0;
    fused->use.beside[count++] = update->parameters;
    fused->use.beside[count++] = update->result;
    for (int64_t i = 0; i < moment_count && count < GDI_PIECES_BESIDE; i++) {
        fused->use.beside[count++] = update->moments + (size_t)i * update->stride;
    }
    fused->use.beside_count = count;
}

bool gdi_fused_has_gradient(const gdi_fused *fused)
{
    return fused->use.keeps || fused->use.taken_count == 0;
}

bool gdi_fused_is_finite(const gdi_fused *fused, gdi_thread_pool *pool)
{
    gdi_range rest[GDI_GRADIENT_USE_MAXIMUM + 1];
    const size_t ranges = gdi_gradient_use_rest(&fused->use, fused->update.count, rest);
    bool finite = !atomic_load(&fused->not_finite);
    for (size_t i = 0; i < ranges && finite; i++) {
        finite = gdi_parallel_all_finite(pool, fused->kernels,
                                         fused->update.gradients + rest[i].first, rest[i].count);
    }
    return finite;
}

bool gdi_fused_finish(const gdi_fused *fused, gdi_thread_pool *pool)
{
    gdi_range rest[GDI_GRADIENT_USE_MAXIMUM + 1];
    const size_t ranges = gdi_gradient_use_rest(&fused->use, fused->update.count, rest);
    bool finite = !atomic_load(&fused->not_finite);
    for (size_t i = 0; i < ranges; i++) {
        const gd_update part = part_of(fused, rest[i].first, rest[i].count);
        finite = gdi_parallel_update(pool, fused->kernels, fused->rule, fused->options, &part, 0) &&
                 finite;
    }
    return finite;
}
