/*
 * buffer.h: a growable byte buffer with a hard maximum, and the little-endian reader of the same
 * bytes. Checkpoints, preparations and stored curves are written and read with it.
 *
 * The writer is sticky: after a failure every further append does nothing and `status` tells why,
 * so that a caller checks once at the end. The reader never reads past its end: it returns zeros
 * and remembers GD_CORRUPT. Thread rule: one owner.
 */
#ifndef DESCENT_BUFFER_H
#define DESCENT_BUFFER_H

#include <descent/status.h>

#include <stdint.h>

typedef struct gd_buffer {
    unsigned char *bytes; /* owned; freed by gd_buffer_dispose */
    size_t length, capacity, maximum;
    gd_status status;
} gd_buffer;

void gd_buffer_init(gd_buffer *buffer, size_t maximum);
void gd_buffer_dispose(gd_buffer *buffer);
void gd_buffer_append(gd_buffer *buffer, const void *bytes, size_t length);
void gd_buffer_append_u8(gd_buffer *buffer, uint8_t value);
void gd_buffer_append_u64(gd_buffer *buffer, uint64_t value);
void gd_buffer_append_i64(gd_buffer *buffer, int64_t value);
void gd_buffer_append_f64(gd_buffer *buffer, double value);
/* Length (u64) and bytes. */
void gd_buffer_append_text(gd_buffer *buffer, const char *text);

typedef struct gd_reader {
    const unsigned char *bytes; /* borrowed */
    size_t length, position;
    gd_status status;
} gd_reader;

void gd_reader_init(gd_reader *reader, const void *bytes, size_t length);
void gd_reader_read(gd_reader *reader, void *into, size_t length);
uint8_t gd_reader_u8(gd_reader *reader);
uint64_t gd_reader_u64(gd_reader *reader);
int64_t gd_reader_i64(gd_reader *reader);
double gd_reader_f64(gd_reader *reader);
/*
 * A text of at most `maximum` bytes into newly allocated, NUL-terminated memory, the caller's to
 * free(); NULL on failure: GD_CORRUPT when too long, cut off or holding a NUL, GD_OUT_OF_MEMORY.
 */
char *gd_reader_text(gd_reader *reader, size_t maximum);
/* Bytes not read yet. */
size_t gd_reader_remaining(const gd_reader *reader);

#endif
