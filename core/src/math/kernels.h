/*
 * kernels.h: the loops that run hot, one table of functions for each instruction set.
 *
 * kernels.inc is compiled once for each set (suffix baseline, avx2, avx512) and fills a gdi_kernels;
 * gdi_kernels_best picks by what the processor says. All sets compute the same formulas; results may
 * differ in the last bits between sets, never between calls, alignments or thread counts on one.
 * Matrices are row-major; `stride` is the distance of rows in elements. Thread rule: pure functions.
 */
#ifndef DESCENT_MATH_KERNELS_H
#define DESCENT_MATH_KERNELS_H

#include <descent/real.h>

#include <stdbool.h>

typedef struct gdi_matrix {
    const gd_real *values;
    size_t stride;
    bool transposed; /* the product sees the transpose of what is stored */
} gdi_matrix;

/* output[i] = f(input[i]); output may be input. */
typedef void gdi_element_function(const gd_real *input, gd_real *output, size_t count);

typedef struct gdi_kernels {
    const char *name;
    /*
     * result [rows, columns] = left [rows, inner] · right [inner, columns], plus result's old
     * values with `accumulate`, plus bias [columns] on every row when not NULL.
     * `scratch` has gdi_product_scratch elements, 64-byte aligned.
     */
    void (*product)(gdi_matrix left, gdi_matrix right, gd_real *result, size_t result_stride,
                    size_t rows, size_t columns, size_t inner, const gd_real *bias, bool accumulate,
                    gd_real *scratch);
    /* That product of one row and one column, both [inner] side by side, plus bias. */
    gd_real (*row_product)(const gd_real *row, const gd_real *column, size_t inner, gd_real bias);
    /* That product of one row and one column of one element, [1, 1] · [1, count]. */
    void (*scaled_row)(const gd_real *row, gd_real factor, gd_real *result, size_t count);
    /*
     * `columns` windows side by side, each of `lines` runs of `run` elements, `line_step` apart in the
     * image, one window after the other into `patches`; windows begin `column_step` apart.
     */
    void (*copy_windows)(const gd_real *image, size_t column_step, size_t columns, size_t line_step,
                         size_t lines, size_t run, gd_real *patches);
    /* The transpose: adds the windows to the image they are of. */
    void (*add_windows)(const gd_real *patches, size_t column_step, size_t columns,
                        size_t line_step, size_t lines, size_t run, gd_real *image);
    /* sums[c] = Σ_r matrix[r, c], accumulated in double. */
    void (*column_sums)(const gd_real *matrix, size_t rows, size_t columns, gd_real *sums);
    double (*sum_of_squares)(const gd_real *values, size_t count);
    double (*sum_of_squared_differences)(const gd_real *a, const gd_real *b, size_t count);
    bool (*all_finite)(const gd_real *values, size_t count);
    void (*scale)(gd_real *values, double factor, size_t count);
    void (*clamp)(gd_real *values, double limit, size_t count); /* to ±limit */
    /* Within 2 units in the last place in float32; the C library's in double. */
    gdi_element_function *exponential;
    gdi_element_function *exponential_minus_one;
    gdi_element_function *hyperbolic_tangent;
    gdi_element_function *sigmoid;  /* 1 / (1 + exp(-x)) */
    gdi_element_function *softplus; /* log(1 + exp(x)) */
} gdi_kernels;

/* Elements of scratch a product with at most these sizes needs. */
size_t gdi_product_scratch(size_t rows, size_t columns, size_t inner);

/* The best table this processor runs. */
const gdi_kernels *gdi_kernels_best(void);

/* The table of that name if compiled in and runnable here, else NULL. For tests and the benchmark. */
const gdi_kernels *gdi_kernels_named(const char *name);

#endif
