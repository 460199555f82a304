/*
 * flatten.c: an example of any shape as one row, [batch, …] → [batch, features].
 *
 * The order is PyTorch's, so that the weights behind it can be exchanged with it: images, which are
 * [height, width, channels] here and [channels, height, width] there, come out channel by channel.
 * Everything else, images of one channel included, keeps its memory: a view.
 */
#include "nn/layer.h"

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    (void)error;
    const gd_shape *input = &layer->input;
    layer->output = (gd_shape){.rank = 1, .dimensions = {(int64_t)layer->input_count}};
    bool reorder = input->rank == 3 && gdi_shape_rows(input) > 1 && gdi_shape_width(input) > 1;
    layer->view = reorder ? GDI_VIEW_NEVER : GDI_VIEW_ALWAYS;
    return GD_OK;
}

/* Each of the batch's matrices [rows, columns]. */
static void transpose_each(const gdi_pass *pass, const gd_real *from, gd_real *to, size_t rows,
                           size_t columns)
{
    for (size_t b = 0; b < pass->batch; b++) {
        pass->layer->kernels->transposed(from + b * rows * columns, to + b * rows * columns, rows,
                                         columns);
    }
}

static void forward(const gdi_pass *pass)
{
    const gd_shape *input = &pass->layer->input;
    transpose_each(pass, pass->input, pass->output, gdi_shape_rows(input), gdi_shape_width(input));
}

static void backward(const gdi_pass *pass)
{
    const gd_shape *input = &pass->layer->input;
    if (pass->input_gradient != NULL) {
        transpose_each(pass, pass->output_gradient, pass->input_gradient, gdi_shape_width(input),
                       gdi_shape_rows(input));
    }
}

const gdi_layer_operations gdi_flatten_operations = {
    .plan = plan, .forward = forward, .backward = backward};
