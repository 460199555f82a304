/*
 * pass_work.c: the heavy parts of a pass, shared by the threads of its pool.
 */
#include "nn/layer.h"

#include "math/parallel.h"

/* What a function of one element costs, in plain memory operations. */
#define FUNCTION_WEIGHT ((size_t)4)

void gdi_pass_product(const gdi_pass *pass, gdi_matrix left, gdi_matrix right, gd_real *result,
                      size_t result_stride, size_t rows, size_t columns, size_t inner,
                      const gd_real *bias, bool accumulate, gd_real *scratch)
{
    gdi_parallel_product(pass->pool, pass->layer->kernels, left, right, result, result_stride, rows,
                         columns, inner, bias, accumulate, scratch);
}

typedef struct function_task {
    const gd_activation_descriptor *function;
    const gd_real *input, *output;
    gd_real *result;
    const gd_real *output_gradient;
} function_task;

static void apply(void *context, size_t first, size_t count)
{
    const function_task *task = context;
    task->function->forward(task->input + first, task->result + first, count);
}

void gdi_pass_activate(const gdi_pass *pass, const gd_activation_descriptor *function,
                       const gd_real *input, gd_real *output, size_t count)
{
    function_task task = {.function = function, .input = input, .result = output};
    gdi_parallel_ranges(pass->pool, count, FUNCTION_WEIGHT, apply, &task);
}

static void apply_slopes(void *context, size_t first, size_t count)
{
    const function_task *task = context;
    const gd_real *input = task->input == NULL ? NULL : task->input + first;
    task->function->backward(input, task->output + first, task->output_gradient + first,
                             task->result + first, count);
}

void gdi_pass_slopes(const gdi_pass *pass, const gd_activation_descriptor *function,
                     const gd_real *input, const gd_real *output, const gd_real *output_gradient,
                     gd_real *input_gradient, size_t count)
{
    function_task task = {.function = function,
                          .input = input,
                          .output = output,
                          .result = input_gradient,
                          .output_gradient = output_gradient};
    gdi_parallel_ranges(pass->pool, count, FUNCTION_WEIGHT, apply_slopes, &task);
}
