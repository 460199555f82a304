/*
 * target_safetensors.c: bytes choose layers and parameters; the file written of them is taken apart by
 * the tests' own reader and holds every tensor, bit for bit.
 */
#include "fuzz/fuzz.h"

#include "support/safetensors.h"

#include <descent/safetensors.h>

#include <stdlib.h>
#include <string.h>

#define LAYERS_MAXIMUM 8

/* Two bytes a layer: kind and size. */
static int64_t choose_layers(const uint8_t *bytes, size_t length, gd_layer_options *layers)
{
    static const gd_layer_type types[] = {GD_LAYER_DENSE, GD_LAYER_LAYER_NORM, GD_LAYER_BATCH_NORM,
                                          GD_LAYER_DROPOUT, GD_LAYER_ACTIVATION};
    int64_t count = 0;
    for (size_t i = 0; i + 2 <= length && count + 1 < LAYERS_MAXIMUM; i += 2) {
        gd_layer_options *layer = &layers[count++];
        *layer = (gd_layer_options){.type = types[bytes[i] % 5]};
        gd_fields_set_defaults(&gd_layer_descriptor_at(layer->type)->fields, layer);
        if (layer->type == GD_LAYER_DENSE) {
            layer->of.dense.units = bytes[i + 1] % 32 + 1;
            layer->of.dense.bias = bytes[i] < 128;
        }
    }
    gd_layer_options *last = &layers[count++];
    *last = (gd_layer_options){.type = GD_LAYER_DENSE};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, last);
    last->of.dense.units = 2;
    return count;
}

/* Bit patterns of all kinds, NaN and infinities among them. */
static gd_real *choose_parameters(const gd_model *model, const uint8_t *bytes, size_t length)
{
    size_t size = gd_model_parameter_count(model) * sizeof(gd_real);
    gd_real *parameters = malloc(size);
    FUZZ_REQUIRE(parameters != NULL);
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)parameters)[i] = bytes[i % length];
    return parameters;
}

static void expect_tensors(const gd_model *model, const gd_real *parameters,
                           const safetensors_file *file)
{
    FUZZ_REQUIRE(file->count == gd_model_tensor_count(model));
    for (int64_t i = 0; i < file->count; i++) {
        const gd_parameter *tensor = gd_model_tensor(model, i);
        const safetensors_entry *entry = &file->entries[i];
        FUZZ_REQUIRE(strcmp(entry->name, tensor->name) == 0);
        FUZZ_REQUIRE(entry->rank == tensor->shape.rank);
        FUZZ_REQUIRE(memcmp(entry->shape, tensor->shape.dimensions,
                            (size_t)entry->rank * sizeof entry->shape[0]) == 0);
        FUZZ_REQUIRE(entry->length == tensor->count * sizeof(gd_real));
        FUZZ_REQUIRE(memcmp(entry->bytes, parameters + tensor->offset, entry->length) == 0);
    }
}

void fuzz_safetensors(const uint8_t *bytes, size_t length)
{
    gd_layer_options layers[LAYERS_MAXIMUM];
    gd_model *model = NULL;
    if (length == 0)
        return;
    gd_shape input = {1, {bytes[0] % 16 + 1}};
    int64_t count = choose_layers(bytes + 1, length - 1, layers);
    if (gd_model_create(&model, &input, layers, count, 1, 0, NULL) != GD_OK)
        return;
    gd_real *parameters = choose_parameters(model, bytes, length);
    gd_buffer buffer;
    safetensors_file file;
    gd_buffer_init(&buffer, (size_t)1 << 24);
    gd_safetensors_write(model, parameters, &buffer);
    FUZZ_REQUIRE(buffer.status == GD_OK);
    FUZZ_REQUIRE(safetensors_read(&file, buffer.bytes, buffer.length));
    expect_tensors(model, parameters, &file);
    safetensors_dispose(&file);
    gd_buffer_dispose(&buffer);
    free(parameters);
    gd_model_destroy(model);
}
