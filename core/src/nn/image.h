/*
 * image.h: windows moved over images [height, width, channels], shared by pools and convolutions.
 */
#ifndef DESCENT_NN_IMAGE_H
#define DESCENT_NN_IMAGE_H

#include "nn/layer.h"

#include <string.h>

/* How windows lie on an image; all in cells, [0] along the height, [1] along the width. */
typedef struct gdi_windows {
    size_t image[2], channels;
    size_t window[2], stride[2];
    size_t before[2]; /* rows and columns of zeros put before the image */
    size_t count[2];  /* windows, which is the size of the output */
} gdi_windows;

/* GD_SHAPE_MISMATCH where the layer's input is no image, or smaller than a window without zeros. */
gd_status gdi_windows_check(const gdi_layer *layer, const int64_t *window, bool same,
                            gd_error *error);

/*
 * For a layer that passed the check. `same`: zeros around the image so that count is
 * ceil(image / stride), the odd row or column at the end; else windows lie within the image.
 */
gdi_windows gdi_windows_of(const gdi_layer *layer, const int64_t *window, const int64_t *stride,
                           bool same);

/* pool2d.c: those of a planned pool. */
gdi_windows gdi_pool_windows(const gdi_layer *layer);
/* Whether no cell is in two of them. */
bool gdi_windows_are_apart(const gdi_windows *windows);
/* A row of them as the kernels want it, over images whose rows are `line_step` elements apart. */
gdi_pool_row gdi_pool_row_of(const gdi_windows *windows, size_t line_step);

static inline size_t gdi_windows_count(const gdi_windows *windows)
{
    return windows->count[0] * windows->count[1];
}

static inline size_t gdi_window_size(const gdi_windows *windows)
{
    return windows->window[0] * windows->window[1];
}

/* Runs of at least so many elements are worth a call of memcpy, which has wider copies. */
#define GDI_LONG_RUN ((size_t)64)

/*
 * For runs often too short for a call of memcpy, which compilers make of a plain loop. The last four of
 * at least four elements may be copied twice.
 */
static inline void gdi_copy_run(gd_real *restrict target, const gd_real *restrict source,
                                size_t count)
{
    if (count < 4) {
        for (size_t k = 0; k < count; k++) {
            memcpy(target + k, source + k, sizeof *target);
        }
        return;
    }
    if (count >= GDI_LONG_RUN) {
        memcpy(target, source, count * sizeof *target);
        return;
    }
    for (size_t k = 0; k < count - 4; k += 4) {
        memcpy(target + k, source + k, 4 * sizeof *target);
    }
    memcpy(target + count - 4, source + count - 4, 4 * sizeof *target);
}

#endif
