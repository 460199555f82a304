/*
 * convolution.h: the products of a convolution, which read images where they stand.
 *
 * A convolution has three: outputs from images, gradients of images from slopes (what comes back, times
 * the activation's slope), gradients of weights from both. The first two are sweeps of windows over
 * cells; a stride in the first becomes phases in the second, each a sweep of its own with the weights
 * that fall on it. Where the outputs of one window do not fill a vector, those of several windows side
 * by side do. What a window may reach beyond an image is staged between zeros, image by image.
 * Thread rule: pure functions on memory of the caller.
 */
#ifndef DESCENT_NN_CONVOLUTION_H
#define DESCENT_NN_CONVOLUTION_H

#include "nn/image.h"

/* Images staged at a time where threads share the work. */
#define GDI_CONVOLUTION_SLOTS ((size_t)16)

/* Rows of cells with zeros around them; all in cells. */
typedef struct gdi_staging {
    size_t size[2];   /* zeros included */
    size_t before[2]; /* zeros above and to the left */
    size_t image[2];  /* what lies between them */
    size_t channels;
} gdi_staging;

/* Windows moved over cells; [0] along the height, [1] along the width. */
typedef struct gdi_sweep {
    size_t window[2];
    size_t count[2];
    size_t first[2], step[2]; /* cells of what is read: where windows begin */
    size_t result_first[2], result_step[2];
    size_t side; /* windows side by side, whose results are one row of columns; divides count[1] */
    size_t in, out; /* channels */
    size_t width;   /* of a row of packed weights */
} gdi_sweep;

/* Sizes of a layer's convolution and where its parts stand in the scratch, in elements. */
typedef struct gdi_convolution {
    gdi_windows windows;
    size_t filters;
    size_t slots;
    gdi_staging input, slopes;
    bool is_staged; /* some windows reach beyond their image */
    gdi_sweep forward;
    size_t turned_side;                 /* `side` of the sweeps for gradients of images */
    size_t bias;                        /* [side × filters] */
    size_t weights;                     /* packed for outputs, [lines, run, width] */
    size_t weight_gradients;            /* likewise */
    size_t turned_weights;              /* packed for gradients of images, phase after phase */
    size_t bias_sums;                   /* [filters] of double */
    size_t staged_input, staged_slopes; /* [slots, …] */
    /* Where a pool is joined: */
    gdi_windows pool;
    size_t outputs;       /* [slots, height, width, filters], before it */
    size_t pooled_slopes; /* [slots, rows, columns, filters], after it */
    /* Where gradients are formed of lists (convolution_listed.h): */
    bool lists;
    size_t listed_lists, listed_begins; /* tables */
    size_t listed_weights;              /* [cells, filters, lines, run] */
    size_t listed_gradients;            /* [lists, lines, run] */
    size_t listed_slots, listed_slot;   /* lists of the images under way, elements of one */
    size_t listed_flags;                /* [slots]: 1 where lists were made of an image */
    size_t end;
} gdi_convolution;

/* False where the scratch overflows. `training`: with what a backward pass needs. */
bool gdi_convolution_describe(const gdi_layer *layer, size_t batch, bool training,
                              gdi_convolution *result);

/* Elements of a window's line with those of its neighbours side by side. */
size_t gdi_sweep_run(const gdi_sweep *sweep);
/* Elements of its packed weights. */
size_t gdi_sweep_weights(const gdi_sweep *sweep);
/* The sweep that makes gradients of the cells of one phase, 0 … stride[0] stride[1] - 1. */
gdi_sweep gdi_convolution_turned_sweep(const gdi_convolution *c, size_t phase_number);

/* Elements of a staged image. */
size_t gdi_staging_elements(const gdi_staging *staging);

/* Weights [filters, channels, height, width] as the sweeps read them, and gradients back. */
void gdi_convolution_pack(const gdi_convolution *c, const gd_real *weight, const gd_real *bias,
                          gd_real *scratch);
void gdi_convolution_pack_turned(const gdi_convolution *c, const gd_real *weight, gd_real *scratch);
void gdi_convolution_clear_gradients(const gdi_convolution *c, gd_real *scratch);
void gdi_convolution_unpack_gradients(const gdi_convolution *c, const gd_real *scratch,
                                      gd_real *gradient);

/* Outputs of the image that stands in `cells`, staged where is_staged. */
void gdi_convolution_outputs(const gdi_convolution *c, const gdi_kernels *kernels,
                             const gd_real *cells, const gd_real *scratch, bool has_bias,
                             bool rectify, gd_real *outputs);
/* Gradient of the image whose slopes are staged. */
void gdi_convolution_image_gradient(const gdi_convolution *c, const gdi_kernels *kernels,
                                    const gd_real *staged_slopes, const gd_real *scratch,
                                    gd_real *gradient);
/* Packed gradients of the weights in that many parts; `cells` as above. Images are added in order. */
size_t gdi_convolution_gradient_parts(const gdi_convolution *c);
void gdi_convolution_weight_gradients(const gdi_convolution *c, const gdi_kernels *kernels,
                                      size_t part, const gd_real *cells,
                                      const gd_real *staged_slopes, bool is_first,
                                      gd_real *scratch);

#endif
