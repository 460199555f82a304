/*
 * sparse_file.c: the layout of sparse_file.h, written and opened. Opening checks the prefix and that
 * the parts fill the file to the byte; what stands in them is gd_sparse_check's.
 */
#include "data/sparse_file.h"

#include "base/memory.h"

#include <descent/buffer.h>
#include <descent/libsvm.h>

#include <math.h>
#include <string.h>

#define PREFIX_LENGTH     ((int64_t)128)
#define CHECKSUM_POSITION ((size_t)80)
#define BYTE_ORDER_MARK   0x0102030405060708U
#define FORMAT_VERSION    1U

static const unsigned char magic[8] = {0x89, 'G', 'D', 'S', 'P', 'R', '\r', '\n'};

/* FNV-1a; finds damage, not intent. */
static uint64_t checksum(const unsigned char *bytes)
{
    uint64_t sum = 0xcbf29ce484222325U;
    for (size_t i = 0; i < CHECKSUM_POSITION; i++) {
        sum = (sum ^ bytes[i]) * 0x100000001b3U;
    }
    return sum;
}

static bool add_part(int64_t *end, int64_t count, int64_t size)
{
    int64_t bytes = 0;
    return count >= 0 && !__builtin_mul_overflow(count, size, &bytes) &&
           !__builtin_add_overflow(*end, bytes, end);
}

bool gdi_sparse_place(const gdi_sparse_head *head, gdi_sparse_places *places)
{
    int64_t end = PREFIX_LENGTH;
    places->labels = end;
    if (head->rows < 1 || head->rows >= INT64_MAX || head->width < 1 ||
        head->width > GD_SPARSE_MAXIMUM_WIDTH || !add_part(&end, head->rows, sizeof(double))) {
        return false;
    }
    places->offsets = end;
    if (!add_part(&end, head->rows + 1, sizeof(int64_t))) {
        return false;
    }
    places->values = end;
    if (!add_part(&end, head->non_zeros, head->singles ? sizeof(float) : sizeof(double))) {
        return false;
    }
    places->indices = end;
    if (!add_part(&end, head->non_zeros, sizeof(uint32_t))) {
        return false;
    }
    places->end = end;
    return true;
}

gd_status gdi_sparse_write_head(int descriptor, const gdi_sparse_head *head, gd_error *error)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, (size_t)PREFIX_LENGTH);
    gd_buffer_append(&buffer, magic, sizeof magic);
    gd_buffer_append_u64(&buffer, BYTE_ORDER_MARK);
    gd_buffer_append_u64(&buffer,
                         FORMAT_VERSION |
                             (uint64_t)(head->singles ? GDI_CELL_FLOAT32 : GDI_CELL_FLOAT64) << 32);
    gd_buffer_append_i64(&buffer, head->rows);
    gd_buffer_append_i64(&buffer, head->width);
    gd_buffer_append_i64(&buffer, head->non_zeros);
    gd_buffer_append_f64(&buffer, head->label.minimum);
    gd_buffer_append_f64(&buffer, head->label.maximum);
    gd_buffer_append_f64(&buffer, head->label.mean);
    gd_buffer_append_f64(&buffer, head->label.standard_deviation);
    if (buffer.status == GD_OK) {
        gd_buffer_append_u64(&buffer, checksum(buffer.bytes));
    }
    while (buffer.status == GD_OK && buffer.length < (size_t)PREFIX_LENGTH) {
        gd_buffer_append_u8(&buffer, 0);
    }
    gd_status status =
        buffer.status == GD_OK
            ? gdi_write_at(descriptor, buffer.bytes, buffer.length, 0, error)
            : gd_fail(error, buffer.status, "", "%s", gd_status_message(buffer.status));
    gd_buffer_dispose(&buffer);
    return status;
}

bool gdi_is_sparse_file(const void *map, size_t length)
{
    return length >= sizeof magic && memcmp(map, magic, sizeof magic) == 0;
}

static bool read_head(const void *map, size_t length, gdi_sparse_head *head)
{
    gd_reader reader;
    if (length < (size_t)PREFIX_LENGTH) {
        return false;
    }
    gd_reader_init(&reader, map, (size_t)PREFIX_LENGTH);
    (void)gd_reader_u64(&reader);
    uint64_t mark = gd_reader_u64(&reader);
    uint64_t version = gd_reader_u64(&reader);
    head->rows = gd_reader_i64(&reader);
    head->width = gd_reader_i64(&reader);
    head->non_zeros = gd_reader_i64(&reader);
    head->label = (gd_column){.name = GD_LIBSVM_LABEL, .kind = GD_COLUMN_NUMERIC};
    head->label.minimum = gd_reader_f64(&reader);
    head->label.maximum = gd_reader_f64(&reader);
    head->label.mean = gd_reader_f64(&reader);
    head->label.standard_deviation = gd_reader_f64(&reader);
    uint64_t type = version >> 32;
    head->singles = type == GDI_CELL_FLOAT32;
    return gd_reader_u64(&reader) == checksum(map) && reader.status == GD_OK &&
           mark == BYTE_ORDER_MARK && (version & 0xffffffffU) == FORMAT_VERSION &&
           (type == GDI_CELL_FLOAT32 || type == GDI_CELL_FLOAT64) && !isinf(head->label.minimum) &&
           !isinf(head->label.maximum);
}

gd_status gdi_sparse_open(const void *map, size_t length, gd_frame **frame)
{
    gdi_sparse_head head = {0};
    gdi_sparse_places places;
    if (!read_head(map, length, &head) || !gdi_sparse_place(&head, &places) ||
        (uint64_t)places.end != length) {
        return GD_CORRUPT;
    }
    gd_frame *made = gdi_frame_create(1);
    if (made == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    if (gdi_text_index_add(made->names, GD_LIBSVM_LABEL, strlen(GD_LIBSVM_LABEL), 1) != 0) {
        gd_frame_destroy(made);
        return GD_OUT_OF_MEMORY;
    }
    const unsigned char *bytes = map;
    made->row_count = head.rows;
    made->columns[0] = head.label;
    made->cells = bytes + places.labels;
    made->sparse = (gd_sparse_matrix){
        .row_count = head.rows,
        .width = head.width,
        .non_zeros = head.non_zeros,
        .offsets = (const int64_t *)(const void *)(bytes + places.offsets),
        .indices = (const uint32_t *)(const void *)(bytes + places.indices),
    };
    if (head.singles) {
        made->sparse.singles = (const float *)(const void *)(bytes + places.values);
    } else {
        made->sparse.doubles = (const double *)(const void *)(bytes + places.values);
    }
    *frame = made;
    return GD_OK;
}
