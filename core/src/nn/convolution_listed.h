/*
 * convolution_listed.h: gradients of a convolution whose outputs a pool has thinned out: of each of the
 * pool's windows one output has a slope at most, and only those are multiplied.
 *
 * Where that pays (gdi_convolution.lists) the slopes of an image are listed: row by row for the gradient
 * of the image, to which each adds its filter's weights, and filter by filter for the gradients of
 * the weights, to which each adds its window's cells. Sums run in the order of the plain products and
 * leave out zeros alone, so they have the same bytes where all factors are finite; an image where they are
 * not takes the plain way. Thread rule: pure functions on memory of the caller, slot by slot.
 */
#ifndef DESCENT_NN_CONVOLUTION_LISTED_H
#define DESCENT_NN_CONVOLUTION_LISTED_H

#include "nn/convolution.h"

/* Whether lists are less work than plain products, with the input's gradient or without. */
bool gdi_listed_pays(const gdi_convolution *c, size_t lanes, bool input_gradient_wanted);

/* In elements. */
typedef struct gdi_listed_sizes {
    size_t slot, table, gradients, weights;
} gdi_listed_sizes;

/* False where one overflows. */
bool gdi_listed_sizes_of(const gdi_convolution *c, gdi_listed_sizes *sizes);

/* Before the first image of a pass: tables, weights [filters, channels, height, width], zeros. */
void gdi_listed_begin(const gdi_convolution *c, const gd_real *weight, bool input_gradient_wanted,
                      gd_real *scratch);
/*
 * Lists the slopes [rows, columns, filters] of image `slot`, all finite, and the cells they belong to.
 * `gradient` [height, width, channels], where not NULL, becomes the image's gradient.
 */
void gdi_listed_take(const gdi_convolution *c, const gdi_kernels *kernels, const gd_real *slopes,
                     const uint32_t *chosen, size_t slot, gd_real *scratch, gd_real *gradient);
/* Parts in which the weights' lists go. */
size_t gdi_listed_parts(const gdi_convolution *c);
/* Adds image `slot`, staged in `cells`, to the gradients of the weights of a part of the lists. */
void gdi_listed_add(const gdi_convolution *c, const gdi_kernels *kernels, size_t part,
                    const gd_real *cells, size_t slot, gd_real *scratch);
/* After the last image: adds to gradient [filters, channels, height, width]. */
void gdi_listed_end(const gdi_convolution *c, const gd_real *scratch, gd_real *gradient);

#endif
