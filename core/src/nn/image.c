/*
 * image.c: where windows lie on an image (image.h).
 */
#include "nn/image.h"

gd_status gdi_windows_check(const gdi_layer *layer, const int64_t *window, bool same,
                            gd_error *error)
{
    const gd_shape *input = &layer->input;
    char got[GDI_SHAPE_TEXT];
    if (input->rank != 3) {
        return gdi_layer_fail(layer, error, GD_SHAPE_MISMATCH, "",
                              "wants images [height, width, channels], got %s",
                              gdi_shape_text(input, got));
    }
    if (!same && (window[0] > input->dimensions[0] || window[1] > input->dimensions[1])) {
        return gdi_layer_fail(layer, error, GD_SHAPE_MISMATCH, "",
                              "wants images of at least [%lld, %lld, channels], got %s",
                              (long long)window[0], (long long)window[1],
                              gdi_shape_text(input, got));
    }
    return GD_OK;
}

gdi_windows gdi_windows_of(const gdi_layer *layer, const int64_t *window, const int64_t *stride,
                           bool same)
{
    gdi_windows result = {.channels = (size_t)layer->input.dimensions[2]};
    for (int d = 0; d < 2; d++) {
        const int64_t size = layer->input.dimensions[d];
        int64_t count = (size - window[d]) / stride[d] + 1, zeros = 0;
        if (same) {
            count = (size - 1) / stride[d] + 1;
            zeros = (count - 1) * stride[d] + window[d] - size;
        }
        result.image[d] = (size_t)size;
        result.window[d] = (size_t)window[d];
        result.stride[d] = (size_t)stride[d];
        result.before[d] = zeros > 0 ? (size_t)zeros / 2 : 0;
        result.count[d] = (size_t)count;
    }
    return result;
}
