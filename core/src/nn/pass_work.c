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

size_t gdi_weight_gradient_scratch(size_t rows, size_t columns, size_t inner)
{
    const size_t product = gdi_product_scratch(rows, columns, inner);
    const size_t pieces = inner <= GDI_PRODUCT_INNER_BLOCK &&
                                  columns >= GDI_GRADIENT_USE_MINIMUM / (rows > 0 ? rows : 1)
                              ? gdi_piece_scratch(inner)
                              : 0;
    return product > pieces ? product : pieces;
}

/* Whose pieces these are: the tensor's place in the flat block and its width. */
typedef struct tensor_use {
    const gdi_gradient_use *use;
    size_t offset, columns;
} tensor_use;

static void take_of_tensor(void *context, size_t row, size_t rows, size_t column, size_t columns,
                           const gd_real *piece, size_t piece_stride)
{
    const tensor_use *tensor = context;
    const size_t first = tensor->offset + row * tensor->columns + column;
    tensor->use->take(tensor->use->context, first, rows, columns, tensor->columns, piece,
                      piece_stride);
}

static bool is_used(const gdi_pass *pass, const gdi_tensor *tensor, size_t inner)
{
    return pass->use != NULL && pass->use->taken_count < GDI_GRADIENT_USE_MAXIMUM &&
           tensor->trained && tensor->count >= GDI_GRADIENT_USE_MINIMUM && !(tensor->l1 > 0) &&
           !(tensor->l2 > 0) && inner <= GDI_PRODUCT_INNER_BLOCK;
}

void gdi_pass_weight_gradient(const gdi_pass *pass, int64_t tensor, const gd_real *sum_gradient,
                              const gd_real *input, size_t rows, size_t columns, size_t inner,
                              gd_real *scratch)
{
    const gdi_tensor *weight = &pass->layer->tensors[tensor];
    const gdi_matrix left = {.values = sum_gradient, .stride = rows, .transposed = true};
    const gdi_matrix right = {.values = input, .stride = columns};
    gd_real *result = gdi_gradient(pass, tensor);
    if (!is_used(pass, weight, inner) || columns < 2) {
        gdi_pass_product(pass, left, right, result, columns, rows, columns, inner, NULL, false,
                         scratch);
        return;
    }
    gdi_gradient_use *use = pass->use;
    tensor_use place = {use, weight->offset, columns};
    gdi_piece_product product = {
        .left = left,
        .right = right,
        .result = use->keeps ? result : NULL,
        .stride = columns,
        .rows = rows,
        .columns = columns,
        .inner = inner,
        .beside_count = use->beside_count,
        .take = take_of_tensor,
        .context = &place,
    };
    for (size_t i = 0; i < use->beside_count; i++) {
        product.beside[i] = use->beside[i] + weight->offset;
    }
    gdi_parallel_pieces(pass->pool, pass->layer->kernels, &product, scratch);
    use->taken[use->taken_count++] = (gdi_range){weight->offset, weight->count};
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
