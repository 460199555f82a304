/*
 * conv2d_stage.c: images of a pass and what is staged of them (conv2d_stage.h).
 */
#include "nn/conv2d_stage.h"

#include "base/memory.h"

/* Operations of a pass below which it stays on one thread. */
#define PARALLEL_MINIMUM ((double)(2 << 20))

gdi_conv2d_work gdi_conv2d_begin(const gdi_pass *pass, size_t products)
{
    const gdi_layer *layer = pass->layer;
    gdi_conv2d_work made = {
        .pass = pass, .activation = gdi_member_activation(layer->options.of.conv2d.activation)};
    gdi_convolution_describe(layer, pass->batch, pass->training, &made.c);
    const double operations = 2.0 * (double)(products * pass->batch * layer->output_count) *
                              (double)(gdi_window_size(&made.c.windows) * made.c.windows.channels);
    made.pool = operations < PARALLEL_MINIMUM ? NULL : pass->pool;
    made.slots = made.pool == NULL ? 1 : made.c.slots;
    return made;
}

void gdi_conv2d_clear(const gdi_conv2d_work *work, size_t staged, const gdi_staging *staging)
{
    gdi_fill(work->pass->scratch + staged, work->slots * gdi_staging_elements(staging), 0);
}

gd_real *gdi_conv2d_row(const gdi_staging *staging, gd_real *staged, size_t row)
{
    return staged +
           ((staging->before[0] + row) * staging->size[1] + staging->before[1]) * staging->channels;
}

const gd_real *gdi_conv2d_cells(const gdi_conv2d_work *work, size_t slot)
{
    const gdi_convolution *c = &work->c;
    const size_t size = work->pass->layer->input_count;
    return c->is_staged
               ? work->pass->scratch + c->staged_input + slot * gdi_staging_elements(&c->input)
               : work->pass->input + (work->first + slot) * size;
}

void gdi_conv2d_stage_input(const gdi_conv2d_work *work, size_t slot)
{
    const gdi_convolution *c = &work->c;
    const size_t row = c->windows.image[1] * c->windows.channels;
    const gd_real *image =
        work->pass->input + (work->first + slot) * work->pass->layer->input_count;
    gd_real *staged =
        work->pass->scratch + c->staged_input + slot * gdi_staging_elements(&c->input);
    for (size_t y = 0; c->is_staged && y < c->input.image[0]; y++) {
        gdi_copy_run(gdi_conv2d_row(&c->input, staged, y), image + y * row,
                     c->input.image[1] * c->windows.channels);
    }
}

gd_real *gdi_conv2d_slopes(const gdi_conv2d_work *work, size_t slot)
{
    return work->pass->scratch + work->c.staged_slopes +
           slot * gdi_staging_elements(&work->c.slopes);
}

gd_real *gdi_conv2d_pooled_slopes(const gdi_conv2d_work *work, size_t slot)
{
    return work->pass->scratch + work->c.pooled_slopes + slot * work->pass->layer[1].output_count;
}

/* target = output_gradient times the slope of the activation, of elements from `at` on. */
static void take_slopes(const gdi_conv2d_work *work, size_t at, size_t count, gd_real *target)
{
    const gdi_pass *pass = work->pass;
    const bool keeps_input = gdi_member_keeps_input(pass->layer->options.of.conv2d.activation);
    if (work->activation == NULL) {
        gdi_copy_run(target, pass->output_gradient + at, count);
    } else {
        work->activation->backward(keeps_input ? (const gd_real *)pass->saved + at : NULL,
                                   pass->output + at, pass->output_gradient + at, target, count);
    }
}

void gdi_conv2d_take_pooled_slopes(const gdi_conv2d_work *work, size_t slot)
{
    const size_t size = work->pass->layer[1].output_count;
    take_slopes(work, (work->first + slot) * size, size, gdi_conv2d_pooled_slopes(work, slot));
}

const uint32_t *gdi_conv2d_chosen(const gdi_conv2d_work *work, size_t slot)
{
    const gdi_pass *pass = work->pass;
    return (const uint32_t *)pass->saved + (work->first + slot) * pass->layer[1].output_count;
}

void gdi_conv2d_stage_pooled_slopes(const gdi_conv2d_work *work, size_t slot)
{
    const gdi_convolution *c = &work->c;
    const size_t row = c->pool.count[1] * c->filters;
    const gdi_pool_row windows = gdi_pool_row_of(&c->pool, c->slopes.size[1] * c->slopes.channels);
    const uint32_t *chosen = gdi_conv2d_chosen(work, slot);
    const gd_real *slopes = gdi_conv2d_pooled_slopes(work, slot);
    for (size_t y = 0; y < c->pool.count[0]; y++) {
        work->pass->layer->kernels->spread_to_largest(
            &windows, slopes + y * row, chosen + y * row, false,
            gdi_conv2d_row(&c->slopes, gdi_conv2d_slopes(work, slot), y * c->pool.stride[0]));
    }
}

void gdi_conv2d_stage_slopes(const gdi_conv2d_work *work, size_t slot)
{
    const gdi_convolution *c = &work->c;
    const size_t row = c->windows.count[1] * c->filters;
    const size_t image = (work->first + slot) * work->pass->layer->output_count;
    for (size_t y = 0; y < c->windows.count[0]; y++) {
        take_slopes(work, image + y * row, row,
                    gdi_conv2d_row(&c->slopes, gdi_conv2d_slopes(work, slot), y));
    }
}
