/*
 * dropout.c: inverted dropout. In training each element is zero with probability `rate`, else divided
 * by 1 - rate; predictions pass through untouched.
 *
 * Random numbers come from the pass's own stream, one 64-bit draw for two elements, so that the rate
 * holds to 2^-32. The mask is kept in the workspace, a byte an element.
 */
#include "nn/layer.h"

#include "base/memory.h"

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    (void)error;
    layer->output = layer->input;
    layer->view = layer->options.of.dropout.rate > 0 ? GDI_VIEW_PREDICTING : GDI_VIEW_ALWAYS;
    layer->step_operations = gdi_saturating_product((int64_t)layer->input_count, 2, 1);
    return GD_OK;
}

static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *wanted)
{
    return !training || gdi_size_multiply(batch, layer->input_count, &wanted->saved);
}

static void draw_mask(gd_random *random, double rate, unsigned char *mask, size_t count)
{
    const uint64_t threshold = (uint64_t)(rate * 4294967296.0);
    for (size_t i = 0; i < count; i += 2) {
        uint64_t bits = gd_random_bits(random);
        mask[i] = (bits >> 32) >= threshold;
        if (i + 1 < count) {
            mask[i + 1] = (bits & UINT32_MAX) >= threshold;
        }
    }
}

static void apply_mask(const unsigned char *mask, double rate, const gd_real *from, gd_real *to,
                       size_t count)
{
    const gd_real scale = (gd_real)(1.0 / (1.0 - rate));
    for (size_t i = 0; i < count; i++) {
        to[i] = mask[i] ? from[i] * scale : 0;
    }
}

static void forward(const gdi_pass *pass)
{
    const double rate = pass->layer->options.of.dropout.rate;
    const size_t count = pass->batch * pass->layer->input_count;
    unsigned char *mask = pass->saved;
    draw_mask(pass->random, rate, mask, count);
    apply_mask(mask, rate, pass->input, pass->output, count);
}

static void backward(const gdi_pass *pass)
{
    if (pass->input_gradient != NULL) {
        apply_mask(pass->saved, pass->layer->options.of.dropout.rate, pass->output_gradient,
                   pass->input_gradient, pass->batch * pass->layer->input_count);
    }
}

const gdi_layer_operations gdi_dropout_operations = {.plan = plan,
                                                     .needs = needs,
                                                     .forward = forward,
                                                     .backward = backward,
                                                     .gradient_in_place = true};
