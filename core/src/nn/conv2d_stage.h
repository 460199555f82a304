/*
 * conv2d_stage.h: the images of a batch that a convolution has under way, and where what is staged of
 * them lies: their cells and slopes between zeros, as the sweeps of convolution.h read them.
 *
 * Everything lies in the pass's scratch. Thread rule: functions that take a slot write what is that
 * slot's alone, so that threads may take one each.
 */
#ifndef DESCENT_NN_CONV2D_STAGE_H
#define DESCENT_NN_CONV2D_STAGE_H

#include "math/parallel.h"
#include "nn/convolution.h"

/* One pass over the images of a batch. */
typedef struct gdi_conv2d_work {
    const gdi_pass *pass;
    gdi_convolution c;
    const gd_activation_descriptor *activation; /* NULL: none */
    gdi_thread_pool *pool;                      /* NULL: this thread alone */
    size_t slots;                               /* images staged at a time */
    size_t first, images;                       /* those under way */
    bool lists;                                 /* weights are finite */
} gdi_conv2d_work;

/* `products`: how many of the convolution's size the pass takes; few stay on one thread. */
gdi_conv2d_work gdi_conv2d_begin(const gdi_pass *pass, size_t products);

/* Zeros where all slots of `staging` will be staged, from `staged` of the scratch on; those around stay. */
void gdi_conv2d_clear(const gdi_conv2d_work *work, size_t staged, const gdi_staging *staging);

/* Where row `row` of an image staged at `staged` begins, in the middle of zeros. */
gd_real *gdi_conv2d_row(const gdi_staging *staging, gd_real *staged, size_t row);

/* Cells of an image as the sweeps read them: staged by the first where windows reach beyond it. */
void gdi_conv2d_stage_input(const gdi_conv2d_work *work, size_t slot);
const gd_real *gdi_conv2d_cells(const gdi_conv2d_work *work, size_t slot);

/* Slopes of an image's sums, staged: gradients of its outputs times the slope of the activation. */
void gdi_conv2d_stage_slopes(const gdi_conv2d_work *work, size_t slot);
gd_real *gdi_conv2d_slopes(const gdi_conv2d_work *work, size_t slot);

/*
 * Of a joined pool they are taken of its own outputs [rows, columns, filters], fewer, and then listed
 * (convolution_listed.h) or staged where `chosen` says.
 */
void gdi_conv2d_take_pooled_slopes(const gdi_conv2d_work *work, size_t slot);
gd_real *gdi_conv2d_pooled_slopes(const gdi_conv2d_work *work, size_t slot);
const uint32_t *gdi_conv2d_chosen(const gdi_conv2d_work *work, size_t slot);
void gdi_conv2d_stage_pooled_slopes(const gdi_conv2d_work *work, size_t slot);

#endif
