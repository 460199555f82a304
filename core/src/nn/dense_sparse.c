/*
 * dense_sparse.c: a dense layer over sparse rows: y = x W^T + b and dW = g^T x from the non-zeros
 * of x.
 *
 * Weights stay [units, in] as everywhere: one unit after the other, so that what is looked up at
 * random is one row of W, which the caches hold (4 MB for a million features), and not all of it.
 * Work is cut by rows going forward and by units and features going back: each sum is one thread's,
 * in one order. Weights as [in, units] would save 0.2 ms of 0.6 going forward and 2 of 5 going back
 * with a million features, 10 units and 256 rows of 30 entries; the step is 24 ms there (sgd), as
 * rule, norm and checks pass over all 10 million weights. Zeroing only what the last batch touched
 * would save less than that.
 */
#include "nn/layer.h"

#include "math/parallel.h"

#include <string.h>

#define LOOKUP_WEIGHT    ((size_t)4) /* of an entry, in plain memory operations */
#define PARTS_A_THREAD   ((size_t)2)
#define FEATURES_MINIMUM ((size_t)1 << 12) /* of a part */
#define WORK_MINIMUM     ((size_t)1 << 16) /* memory operations worth waking threads for */

typedef struct product_task {
    const gd_sparse_batch *input;
    const gd_real *weight, *bias;
    gd_real *sums;
    size_t units, in;
} product_task;

static double dot_singles(const gd_sparse_matrix *matrix, int64_t begin, int64_t end,
                          const gd_real *weight)
{
    double sum = 0;
    for (int64_t at = begin; at < end; at++) {
        sum += (double)weight[matrix->indices[at]] * (double)matrix->singles[at];
    }
    return sum;
}

/* Values as gd_real has them, as in a dense batch. */
static double dot_doubles(const gd_sparse_matrix *matrix, int64_t begin, int64_t end,
                          const gd_real *weight)
{
    double sum = 0;
    for (int64_t at = begin; at < end; at++) {
        sum += (double)weight[matrix->indices[at]] * (double)(gd_real)matrix->doubles[at];
    }
    return sum;
}

static void multiply_rows(void *context, size_t first, size_t count)
{
    const product_task *task = context;
    const gd_sparse_matrix *matrix = task->input->matrix;
    for (size_t unit = 0; unit < task->units; unit++) {
        const gd_real *weight = task->weight + unit * task->in;
        double bias = task->bias == NULL ? 0.0 : (double)task->bias[unit];
        for (size_t i = first; i < first + count; i++) {
            size_t row = task->input->rows[i];
            int64_t begin = matrix->offsets[row], end = matrix->offsets[row + 1];
            double sum = matrix->singles != NULL ? dot_singles(matrix, begin, end, weight)
                                                 : dot_doubles(matrix, begin, end, weight);
            task->sums[i * task->units + unit] = (gd_real)(sum + bias);
        }
    }
}

static size_t count_entries(const gd_sparse_batch *input, size_t batch)
{
    size_t entries = 0;
    for (size_t i = 0; i < batch; i++) {
        size_t row = input->rows[i];
        entries += (size_t)(input->matrix->offsets[row + 1] - input->matrix->offsets[row]);
    }
    return entries;
}

void gdi_sparse_product(const gdi_pass *pass, const gd_real *weight, const gd_real *bias,
                        gd_real *sums, size_t units, size_t in)
{
    product_task task = {pass->sparse, weight, bias, sums, units, in};
    size_t entries = count_entries(pass->sparse, pass->batch);
    gdi_parallel_rows(pass->pool, pass->batch, (entries / pass->batch + 1) * units * LOOKUP_WEIGHT,
                      multiply_rows, &task);
}

typedef struct gradient_task {
    const gd_sparse_batch *input;
    size_t batch;
    const gd_real *sum_gradient;
    gd_real *gradient;
    size_t units, in;
    size_t cuts, length; /* of the features of a unit */
} gradient_task;

/* First entry of the row whose index is at least `index`. */
static int64_t find_entry(const gd_sparse_matrix *matrix, int64_t begin, int64_t end, size_t index)
{
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (matrix->indices[middle] < index) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

static void add_row(const gd_sparse_matrix *matrix, int64_t begin, int64_t end, gd_real slope,
                    gd_real *gradient)
{
    if (matrix->singles != NULL) {
        for (int64_t at = begin; at < end; at++) {
            gradient[matrix->indices[at]] += slope * (gd_real)matrix->singles[at];
        }
        return;
    }
    for (int64_t at = begin; at < end; at++) {
        gradient[matrix->indices[at]] += slope * (gd_real)matrix->doubles[at];
    }
}

/* Features first … first + length - 1 of one unit. */
static void add_part(void *context, size_t part, void *scratch)
{
    const gradient_task *task = context;
    const gd_sparse_matrix *matrix = task->input->matrix;
    size_t unit = part / task->cuts, first = part % task->cuts * task->length;
    (void)scratch;
    if (first >= task->in) {
        return;
    }
    gd_real *gradient = task->gradient + unit * task->in;
    size_t behind = task->in - first < task->length ? task->in : first + task->length;
    memset(gradient + first, 0, (behind - first) * sizeof *gradient);
    for (size_t i = 0; i < task->batch; i++) {
        size_t row = task->input->rows[i];
        int64_t begin = matrix->offsets[row], end = matrix->offsets[row + 1];
        if (task->cuts > 1) {
            begin = find_entry(matrix, begin, end, first);
            end = find_entry(matrix, begin, end, behind);
        }
        add_row(matrix, begin, end, task->sum_gradient[i * task->units + unit], gradient);
    }
}

void gdi_sparse_weight_gradient(const gdi_pass *pass, const gd_real *sum_gradient,
                                gd_real *gradient, size_t units, size_t in)
{
    gradient_task task = {
        .input = pass->sparse,
        .batch = pass->batch,
        .sum_gradient = sum_gradient,
        .gradient = gradient,
        .units = units,
        .in = in,
        .cuts = 1,
        .length = in,
    };
    size_t work = in * units + count_entries(pass->sparse, pass->batch) * units * LOOKUP_WEIGHT;
    gdi_thread_pool *pool = work < WORK_MINIMUM ? NULL : pass->pool;
    size_t parts = gdi_thread_pool_size(pool) * PARTS_A_THREAD;
    if (pool != NULL && units < parts) {
        size_t most = in / FEATURES_MINIMUM + 1;
        task.cuts = (parts + units - 1) / units;
        task.cuts = task.cuts < most ? task.cuts : most;
        task.length = (in + task.cuts - 1) / task.cuts;
    }
    gdi_thread_pool_run(pool, units * task.cuts, add_part, &task);
}
