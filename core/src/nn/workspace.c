/*
 * workspace.c: all memory of the passes over one model, laid out once in a single block.
 *
 * For training each layer has its own output and saved memory, and the backward pass alternates
 * between two areas. For predictions the outputs alternate between two areas. Scratch is shared.
 */
#include "nn/plan.h"

#include "base/memory.h"

#include <string.h>

#define ALIGNMENT ((size_t)64)

/* Takes `count` × `size` bytes off the end of the block; false on overflow. */
static bool take(size_t *end, size_t count, size_t size, size_t *begin)
{
    size_t bytes;
    if (!gdi_size_multiply(count, size, &bytes) || bytes > SIZE_MAX / 4 - ALIGNMENT ||
        *end > SIZE_MAX / 4) {
        return false;
    }
    *begin = *end;
    *end += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return true;
}

static bool take_examples(size_t *end, size_t batch, size_t elements, size_t *begin)
{
    size_t count;
    return gdi_size_multiply(batch, elements, &count) && take(end, count, sizeof(gd_real), begin);
}

static bool is_view(const gdi_layer *layer, bool training)
{
    return layer->view == GDI_VIEW_ALWAYS || (layer->view == GDI_VIEW_PREDICTING && !training);
}

/* Two areas that fit the output of every layer with a call; of gradients too, these are alike. */
static bool take_alternating(const gd_model *model, size_t batch, size_t *end, size_t areas[2])
{
    size_t largest = 0;
    for (int64_t i = 0; i < model->layer_count; i++) {
        size_t count = model->layers[i].joins_next ? 0 : model->layers[i].output_count;
        largest = count > largest ? count : largest;
    }
    return take_examples(end, batch, largest, &areas[0]) &&
           take_examples(end, batch, largest, &areas[1]);
}

/* Fills everything but the block itself. */
static bool lay_out(gd_workspace *workspace)
{
    const gd_model *model = workspace->model;
    const size_t batch = workspace->batch;
    const bool training = workspace->training;
    size_t end = 0, scratch = 0, turn = 0;
    if (!take_alternating(model, batch, &end, workspace->gradients)) {
        return false;
    }
    for (int64_t i = 0; i < model->layer_count; i++) {
        const gdi_layer *layer = &model->layers[i];
        gdi_place *place = &workspace->places[i];
        gdi_needs needs = {0};
        if (is_view(layer, training)) {
            continue;
        }
        if (layer->descriptor->operations->needs != NULL &&
            !layer->descriptor->operations->needs(layer, batch, training, &needs)) {
            return false;
        }
        scratch = needs.scratch > scratch ? needs.scratch : scratch;
        if (layer->joins_next) {
            continue;
        }
        if (!training) {
            place->output = workspace->gradients[turn++ % 2];
        } else if (!take_examples(&end, batch, layer->output_count, &place->output) ||
                   !take(&end, needs.saved, 1, &place->saved)) {
            return false;
        }
    }
    bool fits = take(&end, scratch, sizeof(gd_real), &workspace->scratch);
    workspace->bytes = end;
    return fits;
}

/* Fills a workspace without its block. */
static gd_status describe(gd_workspace *workspace, const gd_model *model, int64_t batch,
                          bool training)
{
    workspace->model = model;
    workspace->batch = (size_t)batch;
    workspace->training = training;
    if (batch < 1) {
        return GD_INVALID_ARGUMENT;
    }
    return (uint64_t)batch <= SIZE_MAX && lay_out(workspace) ? GD_OK : GD_TOO_LARGE;
}

int64_t gd_model_workspace_bytes(const gd_model *model, int64_t batch, bool training)
{
    /* Not from the heap: a size must not depend on whether there is memory. */
    union {
        gd_workspace workspace;
        unsigned char room[sizeof(gd_workspace) + GD_MODEL_MAXIMUM_LAYERS * sizeof(gdi_place)];
    } memory;
    memset(&memory, 0, sizeof memory);
    gd_status status = describe(&memory.workspace, model, batch, training);
    return status == GD_OK ? (int64_t)memory.workspace.bytes : -1;
}

gd_status gd_workspace_create(gd_workspace **workspace, const gd_model *model, int64_t batch,
                              bool training, gd_error *error)
{
    size_t places = (size_t)model->layer_count * sizeof(gdi_place);
    gd_workspace *described = gdi_allocate(1, sizeof *described + places);
    *workspace = NULL;
    if (described == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a workspace");
    }
    gd_status status = describe(described, model, batch, training);
    if (status != GD_OK) {
        gdi_free(described);
        return gd_fail(error, status, "", "a batch of %lld examples cannot be laid out in memory",
                       (long long)batch);
    }
    described->block = gdi_allocate(described->bytes, 1);
    if (described->block == NULL) {
        size_t bytes = described->bytes;
        gdi_free(described);
        return gd_fail(error, GD_OUT_OF_MEMORY, "",
                       "no memory for %zu bytes of work with a batch of %lld", bytes,
                       (long long)batch);
    }
    *workspace = described;
    return GD_OK;
}

void gdi_workspace_use_threads(gd_workspace *workspace, gdi_thread_pool *pool)
{
    workspace->pool = pool;
}

void gd_workspace_destroy(gd_workspace *workspace)
{
    if (workspace != NULL) {
        gdi_free(workspace->block);
        gdi_free(workspace);
    }
}
