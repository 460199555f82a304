/*
 * parallel.h: products, loops and sums shared by the threads of a pool.
 *
 * The bytes are the same for any number of threads, one included: products are cut where the kernels
 * give the same bytes either way (product.inc), loops work on each element alone, and long sums are
 * those of fixed pieces added in order. Work too small to be worth waking a thread stays on the
 * caller's. Thread rule: that of the pool, which may be NULL.
 */
#ifndef DESCENT_MATH_PARALLEL_H
#define DESCENT_MATH_PARALLEL_H

#include "base/thread_pool.h"
#include "math/kernels.h"

/* Bytes of scratch a thread of the pool needs for what is done here. */
size_t gdi_parallel_scratch(void);

/* kernels->product; `scratch` as there, for the caller. */
void gdi_parallel_product(gdi_thread_pool *pool, const gdi_kernels *kernels, gdi_matrix left,
                          gdi_matrix right, gd_real *result, size_t result_stride, size_t rows,
                          size_t columns, size_t inner, const gd_real *bias, bool accumulate,
                          gd_real *scratch);

/* kernels->product_in_pieces; `scratch` as there, for the caller. Pieces are taken by any thread. */
void gdi_parallel_pieces(gdi_thread_pool *pool, const gdi_kernels *kernels,
                         const gdi_piece_product *product, gd_real *scratch);

/* Elements first … first+count-1; first is a multiple of 64. */
typedef void gdi_range_work(void *context, size_t first, size_t count);

/*
 * Cuts 0 … count-1 into ranges. Each element must come out the same in any range. `weight` says how
 * many plain memory operations an element costs, about.
 */
void gdi_parallel_ranges(gdi_thread_pool *pool, size_t count, size_t weight, gdi_range_work *work,
                         void *context);

/* The same of rows of `width` elements; a range may begin at any row. */
void gdi_parallel_rows(gdi_thread_pool *pool, size_t rows, size_t width, gdi_range_work *work,
                       void *context);

/*
 * Sums of GDI_SUM_PIECE elements each, added in order: for up to so many elements the kernel's own
 * value. b NULL: Σ a², else Σ (a - b)².
 */
#define GDI_SUM_PIECE ((size_t)1 << 18)
double gdi_parallel_squares(gdi_thread_pool *pool, const gdi_kernels *kernels, const gd_real *a,
                            const gd_real *b, size_t count);

bool gdi_parallel_all_finite(gdi_thread_pool *pool, const gdi_kernels *kernels,
                             const gd_real *values, size_t count);
void gdi_parallel_scale(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *values,
                        double factor, size_t count);
void gdi_parallel_clamp(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *values,
                        double limit, size_t count);

#endif
