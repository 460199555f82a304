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

#include <descent/loss.h>
#include <descent/real.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct gdi_matrix {
    const gd_real *values;
    size_t stride;
    bool transposed; /* the product sees the transpose of what is stored */
} gdi_matrix;

/* Where the operand of a window product stands: its element (outer, inner), for the first row or
 * column. */
typedef struct gdi_window_operand {
    const gd_real *values;
    size_t outer, inner; /* steps in elements */
} gdi_window_operand;

/*
 * result (group, row) [columns] = Σ over outer, inner of left (group, row, outer, inner) · right
 * (outer, inner) [columns], plus result's old values with `accumulate`, plus bias [columns] where not
 * NULL, then max(0, …) with `rectify`. Groups and rows of left and result lie steps apart that need
 * not be wider than a row: so left may be windows of an image. Rows of `right` are read to the end of
 * a vector: GDI_WINDOW_SLACK elements beyond the last column must be there, whatever they hold.
 */
typedef struct gdi_window_product {
    gdi_window_operand left, right;
    size_t outer, inner; /* counts */
    size_t groups, group_step, rows, row_step, columns;
    gd_real *result;
    size_t result_group_step, result_step;
    const gd_real *bias;
    bool accumulate, rectify;
} gdi_window_product;

/*
 * A product runs over `inner` in blocks of this many, in order: sums of a block start from zero and
 * are added to the result. The size is part of the formula of every element, so it depends on
 * nothing else. A block of a panel stays in the cache next to the core.
 */
#define GDI_PRODUCT_INNER_BLOCK ((size_t)512)

#define GDI_PIECES_BESIDE ((size_t)5)

/*
 * [rows, columns] = left · right, `left` transposed and `right` not, piece by piece, each handed on to
 * `take` while it is near. `beside` are matrices of that shape and of rows `stride` apart that `take`
 * works on, one at least: they are asked for while sums are formed. Pieces cover the result once, in no
 * order. inner ≤ GDI_PRODUCT_INNER_BLOCK.
 */
typedef struct gdi_piece_product {
    gdi_matrix left, right;
    gd_real *result; /* like those beside; NULL: pieces are handed on and no more */
    size_t stride, rows, columns, inner;
    const gd_real *beside[GDI_PIECES_BESIDE];
    size_t beside_count;
    /* piece [rows, columns], its rows piece_stride apart */
    void (*take)(void *context, size_t row, size_t rows, size_t column, size_t columns,
                 const gd_real *piece, size_t piece_stride);
    void *context;
} gdi_piece_product;

/* A row of windows that are pooled. */
typedef struct gdi_pool_row {
    size_t count, step, lines, line_step, cells, channels;
} gdi_pool_row;

/*
 * What a pool left of slopes, for one line of cells of a row of its windows: `values` that are not zero, in
 * order, and the place of each, which counts windows, then cells, then channels. Beyond its last element
 * a list has room for GDI_WINDOW_SLACK more, whatever is written there.
 */
typedef struct gdi_list {
    gd_real *values;
    uint32_t *places;
    uint32_t *ends; /* of each window */
} gdi_list;

/*
 * For each group g of a list, begins[g] … ends[g] - 1: result (line) [run] = Σ in order of value ·
 * source ((place - g · group_places) · place_step, line) [run], from zero and then plus the result's
 * old values with `accumulate`, from these with `continues`. Lines lie steps apart, results of groups
 * group_step, and may overlap, as groups come in order. Lines are read, and written, to the end of a vector.
 */
typedef struct gdi_listed_sums {
    const gd_real *values;
    const uint32_t *places, *begins, *ends;
    size_t groups, group_places;
    const gd_real *source;
    size_t place_step, source_step, lines, run;
    gd_real *result;
    size_t result_step, group_step;
    bool accumulate, continues;
} gdi_listed_sums;

#define GDI_WINDOW_SLACK (64 / sizeof(gd_real))

/* output[i] = f(input[i]); output may be input. */
typedef void gdi_element_function(const gd_real *input, gd_real *output, size_t count);

/* Steps over a linear model with one output, one example each (descent.inc). */
typedef struct gdi_descent {
    const gd_real *features, *targets;
    size_t feature_stride, target_stride;
    const int64_t *order; /* the example of each step; NULL: one after the other */
    size_t steps, known;  /* known: numbers in `order`, those of steps to come included */
    size_t inputs;
    gd_real rate;
    /* gd_loss_descriptor.evaluate */
    double (*loss)(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                   int64_t rows, int64_t width, gd_real *gradient);
    const gd_loss_options *loss_options;
} gdi_descent;

/* A linear model of few classes, and examples of a batch (classes.inc). */
typedef struct gdi_class_rows {
    const gd_real *features, *targets; /* targets: a class each */
    size_t feature_stride, target_stride;
    const int64_t *order;          /* the example of each row; NULL: one after the other */
    size_t rows, inputs, classes;  /* at most GDI_CLASS_ROWS, GDI_CLASS_INPUTS, GDI_CLASSES */
    const gd_real *weights, *bias; /* [classes, inputs], [classes] or NULL */
    gd_real *weight_gradient, *bias_gradient; /* likewise */
} gdi_class_rows;

/* Inputs and classes are two at least: a product of one column has sums of another order. */
#define GDI_CLASS_ROWS   ((size_t)512)
#define GDI_CLASS_INPUTS ((size_t)64)
#define GDI_CLASSES      ((size_t)5)

typedef struct gdi_kernels {
    const char *name;
    size_t lanes; /* elements of a vector */
    /*
     * result [rows, columns] = left [rows, inner] · right [inner, columns], plus result's old
     * values with `accumulate`, plus bias [columns] on every row when not NULL.
     * `scratch` has gdi_product_scratch elements, 64-byte aligned.
     */
    void (*product)(gdi_matrix left, gdi_matrix right, gd_real *result, size_t result_stride,
                    size_t rows, size_t columns, size_t inner, const gd_real *bias, bool accumulate,
                    gd_real *scratch);
    /* `scratch` has gdi_piece_scratch elements, 64-byte aligned; the bytes are those of `product`. */
    void (*product_in_pieces)(const gdi_piece_product *product, gd_real *scratch);
    /* That product of one row and one column, both [inner] side by side, plus bias. */
    gd_real (*row_product)(const gd_real *row, const gd_real *column, size_t inner, gd_real bias);
    /* That product of one row and one column of one element, [1, 1] · [1, count]. */
    void (*scaled_row)(const gd_real *row, gd_real factor, gd_real *result, size_t count);
    /*
     * weights [inputs] and bias, NULL for none, after the steps; each loss is added to both sums.
     * False, and nothing done, where there are too many inputs.
     */
    bool (*descend)(const gdi_descent *descent, gd_real *weights, gd_real *bias, double *sums);
    void (*window_product)(const gdi_window_product *product);
    /*
     * The largest of each window of `lines` × `cells` cells of `channels` elements, channel by channel,
     * for `count` windows `step` elements apart; lines are line_step apart. The first of equal values
     * stays, and a NaN. chosen [count, channels], where not NULL: which cell of the window it was.
     */
    void (*largest_of_windows)(const gdi_pool_row *row, const gd_real *image, gd_real *output,
                               uint32_t *chosen);
    /*
     * Its transpose: adds slopes [count, channels] to the cells that were chosen; without `accumulate`
     * writes slopes there and zeros to the windows' other cells.
     */
    void (*spread_to_largest)(const gdi_pool_row *row, const gd_real *slopes,
                              const uint32_t *chosen, bool accumulate, gd_real *image);
    /* Lists the slopes of one line of cells of a row of windows; returns how many there are. */
    size_t (*list_chosen)(const gdi_pool_row *row, const gd_real *slopes, const uint32_t *chosen,
                          size_t line, const gdi_list *list);
    void (*listed_sums)(const gdi_listed_sums *sums);
    /* to [columns, rows] = transpose of from [rows, columns]; they may not overlap. */
    void (*transposed)(const gd_real *from, gd_real *to, size_t rows, size_t columns);
    /* sums[c] = Σ_r matrix[r, c], accumulated in double. */
    void (*column_sums)(const gd_real *matrix, size_t rows, size_t columns, gd_real *sums);
    /* sums[c] += Σ_r matrix[r, c] */
    void (*add_column_sums)(const gd_real *matrix, size_t rows, size_t columns, double *sums);
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
    /* Cross-entropy, mean over the rows, and its gradient; NaN where a class does not exist. */
    double (*class_gradient)(const gdi_class_rows *rows);
} gdi_kernels;

/* Elements of scratch a product with at most these sizes needs. */
size_t gdi_product_scratch(size_t rows, size_t columns, size_t inner);

/* Of a product in pieces with so long sums. */
size_t gdi_piece_scratch(size_t inner);

/* The best table this processor runs. */
const gdi_kernels *gdi_kernels_best(void);

/* The table of that name if compiled in and runnable here, else NULL. For tests and the benchmark. */
const gdi_kernels *gdi_kernels_named(const char *name);

#endif
