/*
 * safetensors.c: the file as safetensors.h lays it out. Tensors stand in the order of the model's list
 * and without gaps; statistics are among them, as in a PyTorch state_dict.
 */
#include <descent/safetensors.h>

#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the format is little-endian and values are appended as they stand");

#define HEADER_PER_TENSOR ((size_t)256) /* name ≤ 47, four dimensions, two offsets of 20 digits */

static void append_words(gd_buffer *buffer, const char *text)
{
    gd_buffer_append(buffer, text, strlen(text));
}

static void append_count(gd_buffer *buffer, const char *before, uint64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    append_words(buffer, before);
    append_words(buffer, digits);
}

/* `begin` is the tensor's first byte after the header. */
static void append_entry(gd_buffer *header, const gd_parameter *tensor, size_t element,
                         uint64_t begin)
{
    append_words(header, ",\"");
    append_words(header, tensor->name);
    append_words(header,
                 element == sizeof(double) ? "\":{\"dtype\":\"F64\"" : "\":{\"dtype\":\"F32\"");
    append_words(header, ",\"shape\":[");
    for (int64_t d = 0; d < tensor->shape.rank; d++) {
        append_count(header, d > 0 ? "," : "", (uint64_t)tensor->shape.dimensions[d]);
    }
    append_count(header, "],\"data_offsets\":[", begin);
    append_count(header, ",", begin + tensor->count * element);
    append_words(header, "]}");
}

static void build_header(const gd_model *model, gd_buffer *header)
{
    uint64_t begin = 0;
    size_t element = gd_model_element_bytes(model);
    append_words(header, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (int64_t i = 0; i < gd_model_tensor_count(model); i++) {
        const gd_parameter *tensor = gd_model_tensor(model, i);
        append_entry(header, tensor, element, begin);
        begin += tensor->count * element;
    }
    append_words(header, "}");
    static const char blanks[] = "        ";
    gd_buffer_append(header, blanks, (8 - header->length % 8) % 8);
}

void gd_safetensors_write(const gd_model *model, const void *parameters, gd_buffer *buffer)
{
    const unsigned char *bytes = parameters;
    size_t element = gd_model_element_bytes(model);
    gd_buffer header;
    gd_buffer_init(&header, 64 + (size_t)gd_model_tensor_count(model) * HEADER_PER_TENSOR);
    build_header(model, &header);
    if (header.status != GD_OK) {
        buffer->status = buffer->status == GD_OK ? header.status : buffer->status;
    }
    gd_buffer_append_u64(buffer, header.length);
    gd_buffer_append(buffer, header.bytes, header.length);
    gd_buffer_dispose(&header);
    for (int64_t i = 0; i < gd_model_tensor_count(model); i++) {
        const gd_parameter *tensor = gd_model_tensor(model, i);
        gd_buffer_append(buffer, bytes + tensor->offset * element, tensor->count * element);
    }
}
