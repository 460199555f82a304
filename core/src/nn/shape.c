/*
 * shape.c: shapes of one example, and the failures of a plan that speak of them.
 */
#include "nn/layer.h"

#include <stdio.h>

int64_t gd_shape_size(const gd_shape *shape)
{
    int64_t size = 1;
    if (shape->rank < 0 || shape->rank > GD_SHAPE_MAXIMUM_RANK) {
        return -1;
    }
    for (int64_t i = 0; i < shape->rank; i++) {
        if (shape->dimensions[i] < 0 || __builtin_mul_overflow(size, shape->dimensions[i], &size)) {
            return -1;
        }
    }
    return (uint64_t)size > SIZE_MAX ? -1 : size;
}

int64_t gdi_saturating_product(int64_t a, int64_t b, int64_t c)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product) || __builtin_mul_overflow(product, c, &product)) {
        return INT64_MAX;
    }
    return product;
}

const char *gdi_shape_text(const gd_shape *shape, char *text)
{
    size_t length = 0;
    text[length++] = '[';
    for (int64_t i = 0; i < shape->rank && i < GD_SHAPE_MAXIMUM_RANK; i++) {
        int written = snprintf(text + length, GDI_SHAPE_TEXT - length, "%s%lld", i > 0 ? ", " : "",
                               (long long)shape->dimensions[i]);
        length += written > 0 ? (size_t)written : 0;
    }
    text[length++] = ']';
    text[length] = '\0';
    return text;
}

size_t gdi_shape_rows(const gd_shape *shape)
{
    size_t rows = 1;
    for (int64_t i = 0; i + 1 < shape->rank; i++) {
        rows *= (size_t)shape->dimensions[i];
    }
    return rows;
}

size_t gdi_shape_width(const gd_shape *shape)
{
    return (size_t)shape->dimensions[shape->rank - 1];
}

gd_status gdi_layer_fail(const gdi_layer *layer, gd_error *error, gd_status status,
                         const char *member, const char *format, ...)
{
    char path[sizeof error->path];
    char message[sizeof error->message];
    snprintf(path, sizeof path, "layers/%lld%s%s", (long long)layer->index,
             member[0] == '\0' ? "" : "/", member);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return gd_fail(error, status, path, "layer %lld (%s) %s", (long long)layer->index,
                   layer->descriptor->name, message);
}

gd_status gdi_layer_add_tensor(gdi_layer *layer, const char *name, gd_shape shape, bool trained,
                               gd_error *error)
{
    int64_t count = gd_shape_size(&shape);
    char text[GDI_SHAPE_TEXT];
    if (count < 0 || (uint64_t)count > SIZE_MAX / sizeof(double) / 4) {
        return gdi_layer_fail(layer, error, GD_TOO_LARGE, "", "would have a %s of %s", name,
                              gdi_shape_text(&shape, text));
    }
    layer->tensors[layer->tensor_count++] =
        (gdi_tensor){.name = name, .shape = shape, .count = (size_t)count, .trained = trained};
    return GD_OK;
}

gd_status gdi_layer_add_weight(gdi_layer *layer, const char *name, gd_shape shape, double l1,
                               double l2, gd_error *error)
{
    gd_status status = gdi_layer_add_tensor(layer, name, shape, true, error);
    if (status == GD_OK) {
        layer->tensors[layer->tensor_count - 1].l1 = l1;
        layer->tensors[layer->tensor_count - 1].l2 = l2;
    }
    return status;
}
