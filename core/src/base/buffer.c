/*
 * buffer.c: growable byte buffer and bounded reader, little-endian whatever the processor.
 *
 * An append happens whole or not at all: length never exceeds maximum, and after the first failure
 * the bytes before it stay as they are. The reader's position never passes its length.
 */
#include <descent/buffer.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void gd_buffer_init(gd_buffer *buffer, size_t maximum)
{
    *buffer = (gd_buffer){.maximum = maximum, .status = GD_OK};
}

void gd_buffer_dispose(gd_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (gd_buffer){.maximum = buffer->maximum, .status = GD_OK};
}

/* Makes room for `length` more bytes; false, with the status set, where that cannot be. */
static bool reserve(gd_buffer *buffer, size_t length)
{
    if (buffer->status != GD_OK) {
        return false;
    }
    if (length > buffer->maximum - buffer->length) {
        buffer->status = GD_TOO_LARGE;
        return false;
    }
    size_t needed = buffer->length + length;
    if (needed <= buffer->capacity) {
        return true;
    }
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
    while (capacity < needed && capacity <= buffer->maximum / 2) {
        capacity *= 2;
    }
    if (capacity < needed || capacity > buffer->maximum) {
        capacity = buffer->maximum;
    }
    unsigned char *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL) {
        buffer->status = GD_OUT_OF_MEMORY;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void gd_buffer_append(gd_buffer *buffer, const void *bytes, size_t length)
{
    if (length > 0 && reserve(buffer, length)) {
        memcpy(buffer->bytes + buffer->length, bytes, length);
        buffer->length += length;
    }
}

void gd_buffer_append_u8(gd_buffer *buffer, uint8_t value)
{
    gd_buffer_append(buffer, &value, 1);
}

void gd_buffer_append_u64(gd_buffer *buffer, uint64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    gd_buffer_append(buffer, bytes, sizeof bytes);
}

void gd_buffer_append_i64(gd_buffer *buffer, int64_t value)
{
    gd_buffer_append_u64(buffer, (uint64_t)value);
}

void gd_buffer_append_f64(gd_buffer *buffer, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    gd_buffer_append_u64(buffer, bits);
}

void gd_buffer_append_text(gd_buffer *buffer, const char *text)
{
    size_t length = strlen(text);
    if (length > SIZE_MAX - 8) {
        buffer->status = GD_TOO_LARGE;
    } else if (reserve(buffer, length + 8)) {
        gd_buffer_append_u64(buffer, length);
        gd_buffer_append(buffer, text, length);
    }
}

void gd_reader_init(gd_reader *reader, const void *bytes, size_t length)
{
    *reader = (gd_reader){.bytes = bytes, .length = length, .status = GD_OK};
}

void gd_reader_read(gd_reader *reader, void *into, size_t length)
{
    if (reader->status == GD_OK && length > reader->length - reader->position) {
        reader->status = GD_CORRUPT;
    }
    if (length == 0) {
        return;
    }
    if (reader->status != GD_OK) {
        memset(into, 0, length);
        return;
    }
    memcpy(into, reader->bytes + reader->position, length);
    reader->position += length;
}

uint8_t gd_reader_u8(gd_reader *reader)
{
    uint8_t value = 0;
    gd_reader_read(reader, &value, 1);
    return value;
}

uint64_t gd_reader_u64(gd_reader *reader)
{
    unsigned char bytes[8];
    gd_reader_read(reader, bytes, sizeof bytes);
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

int64_t gd_reader_i64(gd_reader *reader)
{
    return (int64_t)gd_reader_u64(reader);
}

double gd_reader_f64(gd_reader *reader)
{
    uint64_t bits = gd_reader_u64(reader);
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

char *gd_reader_text(gd_reader *reader, size_t maximum)
{
    uint64_t length = gd_reader_u64(reader);
    if (reader->status != GD_OK) {
        return NULL;
    }
    const unsigned char *bytes = reader->bytes + reader->position;
    if (length > maximum || length > gd_reader_remaining(reader) ||
        (length > 0 && memchr(bytes, '\0', (size_t)length) != NULL)) {
        reader->status = GD_CORRUPT;
        return NULL;
    }
    char *text = malloc((size_t)length + 1);
    if (text == NULL) {
        reader->status = GD_OUT_OF_MEMORY;
        return NULL;
    }
    gd_reader_read(reader, text, (size_t)length);
    text[length] = '\0';
    return text;
}

size_t gd_reader_remaining(const gd_reader *reader)
{
    return reader->length - reader->position;
}
