/*
 * parallel.c: where work is cut. Parts are a few more than threads, so that a thread that is held up
 * holds up little.
 */
#include "math/parallel.h"

#include "math/kernels_tables.h"

#include <stdatomic.h>

/* Floating-point operations of a product below which it stays on one thread: some 20 µs. */
#define PRODUCT_MINIMUM ((double)(2 << 20))
/* Plain memory operations of a loop, likewise. */
#define RANGE_MINIMUM    ((size_t)1 << 16)
#define PARTS_A_THREAD   ((size_t)2)
#define COLUMN_MULTIPLE  ((size_t)64) /* whole panels of every instruction set */
#define ROW_MULTIPLE     ((size_t)12) /* whole tiles of the largest */
#define RANGE_MULTIPLE   ((size_t)1024)
#define PIECES_AT_A_TIME ((size_t)64)

size_t gdi_parallel_scratch(void)
{
    const size_t product = gdi_product_scratch(SIZE_MAX, SIZE_MAX, SIZE_MAX);
    const size_t pieces = gdi_piece_scratch(GDI_PRODUCT_INNER_BLOCK);
    return (product > pieces ? product : pieces) * sizeof(gd_real);
}

/* Length of a part, a multiple of `multiple`, so that there are about enough for the threads. */
static size_t part_length(const gdi_thread_pool *pool, size_t count, size_t multiple)
{
    size_t parts = gdi_thread_pool_size(pool) * PARTS_A_THREAD;
    size_t length = (count + parts - 1) / parts;
    return (length + multiple - 1) / multiple * multiple;
}

typedef struct product_task {
    const gdi_kernels *kernels;
    gdi_matrix left, right;
    gd_real *result;
    size_t result_stride, rows, columns, inner;
    const gd_real *bias;
    bool accumulate;
    bool by_columns;
    size_t length; /* rows or columns of a part but the last */
    size_t parts;
} product_task;

static void run_product_part(void *context, size_t part, void *scratch)
{
    const product_task *task = context;
    gdi_matrix left = task->left, right = task->right;
    gd_real *result = task->result;
    const gd_real *bias = task->bias;
    size_t first = part * task->length;
    size_t rows = task->rows, columns = task->columns;
    size_t *extent = task->by_columns ? &columns : &rows;
    *extent = part + 1 == task->parts ? *extent - first : task->length;
    if (task->by_columns) {
        right.values += right.transposed ? first * right.stride : first;
        result += first;
        bias = bias != NULL ? bias + first : NULL;
    } else {
        left.values += left.transposed ? first : first * left.stride;
        result += first * task->result_stride;
    }
    task->kernels->product(left, right, result, task->result_stride, rows, columns, task->inner,
                           bias, task->accumulate, scratch);
}

void gdi_parallel_product(gdi_thread_pool *pool, const gdi_kernels *kernels, gdi_matrix left,
                          gdi_matrix right, gd_real *result, size_t result_stride, size_t rows,
                          size_t columns, size_t inner, const gd_real *bias, bool accumulate,
                          gd_real *scratch)
{
    double operations = 2.0 * (double)rows * (double)columns * (double)inner;
    if (pool == NULL || operations < PRODUCT_MINIMUM) {
        kernels->product(left, right, result, result_stride, rows, columns, inner, bias, accumulate,
                         scratch);
        return;
    }
    /* A cut by columns packs each panel once; one by rows packs all of them in every part. */
    bool by_columns = columns >= gdi_thread_pool_size(pool) * COLUMN_MULTIPLE || columns >= rows;
    product_task task = {
        .kernels = kernels,
        .left = left,
        .right = right,
        .result = result,
        .result_stride = result_stride,
        .rows = rows,
        .columns = columns,
        .inner = inner,
        .bias = bias,
        .accumulate = accumulate,
        .by_columns = by_columns,
        .length = by_columns ? part_length(pool, columns, COLUMN_MULTIPLE)
                             : part_length(pool, rows, ROW_MULTIPLE),
    };
    size_t extent = by_columns ? columns : rows;
    task.parts = (extent + task.length - 1) / task.length;
    /* A single column has sums of another order than several (product.inc): it stays with the
     * others. */
    task.parts -= by_columns && task.parts > 1 && extent % task.length == 1 ? 1 : 0;
    gdi_thread_pool_run(pool, task.parts, run_product_part, &task);
}

typedef struct pieces_task {
    const gdi_kernels *kernels;
    const gdi_piece_product *whole;
    size_t length, parts; /* columns of a part but the last */
} pieces_task;

/* What a part's pieces are of the whole. */
typedef struct pieces_part {
    const gdi_piece_product *whole;
    size_t first;
} pieces_part;

static void take_of_part(void *context, size_t row, size_t rows, size_t column, size_t columns,
                         const gd_real *piece, size_t piece_stride)
{
    const pieces_part *part = context;
    part->whole->take(part->whole->context, row, rows, part->first + column, columns, piece,
                      piece_stride);
}

static void run_pieces_part(void *context, size_t part, void *scratch)
{
    const pieces_task *task = context;
    gdi_piece_product it = *task->whole;
    pieces_part place = {task->whole, part * task->length};
    it.right.values += place.first;
    it.result = it.result != NULL ? it.result + place.first : NULL;
    for (size_t i = 0; i < it.beside_count; i++) {
        it.beside[i] += place.first;
    }
    it.columns = part + 1 == task->parts ? it.columns - place.first : task->length;
    it.take = take_of_part;
    it.context = &place;
    task->kernels->product_in_pieces(&it, scratch);
}

void gdi_parallel_pieces(gdi_thread_pool *pool, const gdi_kernels *kernels,
                         const gdi_piece_product *product, gd_real *scratch)
{
    if (pool == NULL) {
        kernels->product_in_pieces(product, scratch);
        return;
    }
    pieces_task task = {.kernels = kernels, .whole = product};
    task.length = part_length(pool, product->columns, COLUMN_MULTIPLE);
    task.parts = (product->columns + task.length - 1) / task.length;
    gdi_thread_pool_run(pool, task.parts, run_pieces_part, &task);
}

typedef struct range_task {
    gdi_range_work *work;
    void *context;
    size_t count, length;
} range_task;

static void run_range(void *context, size_t part, void *scratch)
{
    const range_task *task = context;
    size_t first = part * task->length;
    size_t left = task->count - first;
    (void)scratch;
    task->work(task->context, first, left < task->length ? left : task->length);
}

static void cut(gdi_thread_pool *pool, size_t count, size_t weight, size_t multiple,
                gdi_range_work *work, void *context)
{
    if (pool == NULL || weight == 0 || count < RANGE_MINIMUM / weight || count <= multiple) {
        work(context, 0, count);
        return;
    }
    range_task task = {work, context, count, part_length(pool, count, multiple)};
    gdi_thread_pool_run(pool, (count + task.length - 1) / task.length, run_range, &task);
}

void gdi_parallel_ranges(gdi_thread_pool *pool, size_t count, size_t weight, gdi_range_work *work,
                         void *context)
{
    cut(pool, count, weight, RANGE_MULTIPLE, work, context);
}

void gdi_parallel_rows(gdi_thread_pool *pool, size_t rows, size_t width, gdi_range_work *work,
                       void *context)
{
    cut(pool, rows, width, 1, work, context);
}

typedef struct squares_task {
    const gdi_kernels *kernels;
    const gd_real *a, *b;
    size_t count;
    double sums[PIECES_AT_A_TIME];
} squares_task;

static double squares(const gdi_kernels *kernels, const gd_real *a, const gd_real *b, size_t count)
{
    return b == NULL ? kernels->sum_of_squares(a, count)
                     : kernels->sum_of_squared_differences(a, b, count);
}

static void run_piece(void *context, size_t part, void *scratch)
{
    squares_task *task = context;
    size_t first = part * GDI_SUM_PIECE, left = task->count - first;
    (void)scratch;
    task->sums[part] =
        squares(task->kernels, task->a + first, task->b == NULL ? NULL : task->b + first,
                left < GDI_SUM_PIECE ? left : GDI_SUM_PIECE);
}

double gdi_parallel_squares(gdi_thread_pool *pool, const gdi_kernels *kernels, const gd_real *a,
                            const gd_real *b, size_t count)
{
    double sum = 0;
    if (count <= GDI_SUM_PIECE) {
        return squares(kernels, a, b, count);
    }
    for (size_t first = 0; first < count; first += PIECES_AT_A_TIME * GDI_SUM_PIECE) {
        squares_task task = {.kernels = kernels, .a = a + first, .count = count - first};
        task.b = b == NULL ? NULL : b + first;
        if (task.count > PIECES_AT_A_TIME * GDI_SUM_PIECE) {
            task.count = PIECES_AT_A_TIME * GDI_SUM_PIECE;
        }
        size_t pieces = (task.count + GDI_SUM_PIECE - 1) / GDI_SUM_PIECE;
        gdi_thread_pool_run(pool, pieces, run_piece, &task);
        for (size_t i = 0; i < pieces; i++) {
            sum += task.sums[i];
        }
    }
    return sum;
}

typedef struct values_task {
    const gdi_kernels *kernels;
    gd_real *values;
    const gd_real *looked_at;
    double number;
    atomic_bool not_finite;
} values_task;

static void look(void *context, size_t first, size_t count)
{
    values_task *task = context;
    if (!task->kernels->all_finite(task->looked_at + first, count)) {
        atomic_store_explicit(&task->not_finite, true, memory_order_relaxed);
    }
}

bool gdi_parallel_all_finite(gdi_thread_pool *pool, const gdi_kernels *kernels,
                             const gd_real *values, size_t count)
{
    values_task task = {.kernels = kernels, .looked_at = values};
    gdi_parallel_ranges(pool, count, 1, look, &task);
    return !atomic_load(&task.not_finite);
}

static void scale(void *context, size_t first, size_t count)
{
    const values_task *task = context;
    task->kernels->scale(task->values + first, task->number, count);
}

void gdi_parallel_scale(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *values,
                        double factor, size_t count)
{
    values_task task = {.kernels = kernels, .values = values, .number = factor};
    gdi_parallel_ranges(pool, count, 1, scale, &task);
}

static void clamp(void *context, size_t first, size_t count)
{
    const values_task *task = context;
    task->kernels->clamp(task->values + first, task->number, count);
}

void gdi_parallel_clamp(gdi_thread_pool *pool, const gdi_kernels *kernels, gd_real *values,
                        double limit, size_t count)
{
    values_task task = {.kernels = kernels, .values = values, .number = limit};
    gdi_parallel_ranges(pool, count, 1, clamp, &task);
}
