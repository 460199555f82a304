/*
 * pass.c: forward and backward over the planned layers, one call a layer, nothing allocated.
 *
 * The backward pass ends at the first layer that has trained tensors: nobody wants a gradient beyond
 * it. Layers that are views, or joined into the pass before, are passed by.
 */
#include "nn/plan.h"

static gd_real *area(const gd_workspace *workspace, size_t begin)
{
    return (gd_real *)(void *)(workspace->block + begin);
}

static gdi_pass begin_pass(const gd_real *parameters, const gd_workspace *workspace, int64_t batch,
                           bool training)
{
    return (gdi_pass){.pool = workspace->pool,
                      .batch = (size_t)batch,
                      .training = training,
                      .parameters = parameters,
                      .scratch = area(workspace, workspace->scratch)};
}

static void enter_layer(gdi_pass *pass, const gd_workspace *workspace, const gdi_layer *layer)
{
    const gdi_place *place = &workspace->places[layer->index + (layer->joins_next ? 1 : 0)];
    pass->layer = layer;
    pass->output = area(workspace, place->output);
    pass->saved = workspace->training ? workspace->block + place->saved : NULL;
}

static const gd_real *run_forward(const gd_model *model, const gd_real *parameters,
                                  gd_workspace *workspace, const gd_real *input,
                                  const gd_sparse_batch *sparse, int64_t batch, gd_random *dropout)
{
    const bool training = dropout != NULL;
    if (batch < 1 || (uint64_t)batch > workspace->batch || (training && !workspace->training)) {
        return NULL;
    }
    gdi_pass pass = begin_pass(parameters, workspace, batch, training);
    pass.random = dropout;
    pass.input = input;
    pass.sparse = sparse;
    for (int64_t i = 0; i < model->layer_count; i++) {
        const gdi_layer *layer = &model->layers[i];
        if (layer->joined || layer->view == GDI_VIEW_ALWAYS ||
            (layer->view == GDI_VIEW_PREDICTING && !training)) {
            continue;
        }
        enter_layer(&pass, workspace, layer);
        layer->descriptor->operations->forward(&pass);
        pass.input = pass.output;
        pass.sparse = NULL;
    }
    return pass.input;
}

const gd_real *gd_model_forward(const gd_model *model, const gd_real *parameters,
                                gd_workspace *workspace, const gd_real *input, int64_t batch,
                                gd_random *dropout)
{
    return run_forward(model, parameters, workspace, input, NULL, batch, dropout);
}

bool gd_model_takes_sparse(const gd_model *model)
{
    return model->layers[0].options.type == GD_LAYER_DENSE && model->input.rank == 1;
}

const gd_real *gd_model_forward_sparse(const gd_model *model, const gd_real *parameters,
                                       gd_workspace *workspace, const gd_sparse_batch *input,
                                       int64_t batch, gd_random *dropout)
{
    if (!gd_model_takes_sparse(model) || input->matrix->width > model->input.dimensions[0]) {
        return NULL;
    }
    return run_forward(model, parameters, workspace, NULL, input, batch, dropout);
}

/* The memory for a layer's input gradient, given where its output gradient stands. */
static gd_real *input_gradient_area(const gd_workspace *workspace, const gdi_layer *layer,
                                    gd_real *output_gradient)
{
    if (!layer->input_gradient_wanted) {
        return NULL;
    }
    if (layer->descriptor->operations->gradient_in_place) {
        return output_gradient;
    }
    gd_real *first = area(workspace, workspace->gradients[0]);
    return output_gradient == first ? area(workspace, workspace->gradients[1]) : first;
}

static void run_backward(const gd_model *model, const gd_real *parameters, gd_workspace *workspace,
                         const gd_real *input, const gd_sparse_batch *sparse, int64_t batch,
                         gd_real *output_gradient, gd_real *gradients, gdi_gradient_use *use)
{
    gdi_pass pass = begin_pass(parameters, workspace, batch, true);
    pass.gradients = gradients;
    pass.use = use;
    pass.output_gradient = output_gradient;
    for (int64_t i = model->layer_count - 1; i >= 0; i--) {
        const gdi_layer *layer = &model->layers[i];
        if (layer->joined || layer->view == GDI_VIEW_ALWAYS) {
            continue;
        }
        enter_layer(&pass, workspace, layer);
        pass.input =
            layer->source < 0 ? input : area(workspace, workspace->places[layer->source].output);
        pass.sparse = layer->source < 0 ? sparse : NULL;
        pass.input_gradient = input_gradient_area(workspace, layer, pass.output_gradient);
        layer->descriptor->operations->backward(&pass);
        if (!layer->input_gradient_wanted) {
            return;
        }
        pass.output_gradient = pass.input_gradient;
    }
}

void gd_model_backward(const gd_model *model, const gd_real *parameters, gd_workspace *workspace,
                       const gd_real *input, int64_t batch, gd_real *output_gradient,
                       gd_real *gradients)
{
    run_backward(model, parameters, workspace, input, NULL, batch, output_gradient, gradients,
                 NULL);
}

void gdi_model_backward_using(const gd_model *model, const gd_real *parameters,
                              gd_workspace *workspace, const gd_real *input, int64_t batch,
                              gd_real *output_gradient, gd_real *gradients, gdi_gradient_use *use)
{
    run_backward(model, parameters, workspace, input, NULL, batch, output_gradient, gradients, use);
}

/* Passes go from the last tensor to the first. */
size_t gdi_gradient_use_rest(const gdi_gradient_use *use, size_t total, gdi_range *ranges)
{
    size_t count = 0, at = 0;
    for (size_t i = use->taken_count; i > 0; i--) {
        const gdi_range *taken = &use->taken[i - 1];
        if (taken->first > at) {
            ranges[count++] = (gdi_range){at, taken->first - at};
        }
        at = taken->first + taken->count;
    }
    if (at < total) {
        ranges[count++] = (gdi_range){at, total - at};
    }
    return count;
}

void gd_model_backward_sparse(const gd_model *model, const gd_real *parameters,
                              gd_workspace *workspace, const gd_sparse_batch *input, int64_t batch,
                              gd_real *output_gradient, gd_real *gradients)
{
    run_backward(model, parameters, workspace, NULL, input, batch, output_gradient, gradients,
                 NULL);
}
