/*
 * frame_file.c: frames in files. The layout is in frame_layout.h.
 *
 * Opening maps the file and checks everything but the cells: no length, count or text is used before
 * it is known to lie inside the file, and the checksum covers all of it. The cells' place is the rest
 * of the file, to the byte. Whoever reads cells checks class numbers where they matter.
 */
#include <descent/buffer.h>

#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/sparse_file.h"
#include "data/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX_LENGTH     64U
#define CHECKSUM_POSITION 48U
#define CELLS_POSITION    56U
#define CELL_ALIGNMENT    64U
#define BYTE_ORDER_MARK   0x0102030405060708U
#define FORMAT_VERSION    1U
/* Bytes of the smallest column: name of one byte with NUL, kind, missing, statistics, class count. */
#define COLUMN_MINIMUM ((8U + 2U) + 1U + 8U + 4U * 8U + 8U)
#define CLASS_MINIMUM  (8U + 1U)

static const unsigned char magic[8] = {0x89, 'G', 'D', 'F', 'R', 'M', '\r', '\n'};

/* FNV-1a over 8 bytes at a time, the last word filled with zeros; finds damage, not intent. */
static uint64_t checksum(const unsigned char *bytes, size_t length, uint64_t sum)
{
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = 0;
        for (size_t j = 0; j < 8 && i + j < length; j++) {
            word |= (uint64_t)bytes[i + j] << (8 * j);
        }
        sum = (sum ^ word) * 0x100000001b3U;
        sum ^= sum >> 32;
    }
    return sum;
}

/* Of the prefix and the schema [length], wherever that stands. */
static uint64_t head_checksum(const unsigned char *prefix, const unsigned char *schema,
                              size_t length)
{
    static const unsigned char blank[8] = {0};
    uint64_t sum = checksum(prefix, CHECKSUM_POSITION, 0xcbf29ce484222325U);
    sum = checksum(blank, sizeof blank, sum);
    sum = checksum(prefix + CHECKSUM_POSITION + 8, PREFIX_LENGTH - CHECKSUM_POSITION - 8, sum);
    return checksum(schema, length, sum);
}

static void append_text(gd_buffer *buffer, const char *text)
{
    size_t size = strlen(text) + 1;
    gd_buffer_append_u64(buffer, size);
    gd_buffer_append(buffer, text, size);
}

static void append_column(gd_buffer *buffer, const gd_column *column)
{
    append_text(buffer, column->name);
    gd_buffer_append_u8(buffer, column->kind == GD_COLUMN_CATEGORICAL ? 1 : 0);
    gd_buffer_append_i64(buffer, column->missing);
    gd_buffer_append_f64(buffer, column->minimum);
    gd_buffer_append_f64(buffer, column->maximum);
    gd_buffer_append_f64(buffer, column->mean);
    gd_buffer_append_f64(buffer, column->standard_deviation);
    gd_buffer_append_i64(buffer, column->class_count);
    for (int64_t i = 0; i < column->class_count; i++) {
        append_text(buffer, column->classes[i]);
    }
}

static void store_u64(unsigned char *bytes, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
}

/* Prefix and schema into an empty buffer; `cells` is 0 where they come right behind. */
static void append_head(gd_buffer *buffer, const gd_column *columns, int64_t column_count,
                        int64_t row_count, gdi_cell_type cell_type, uint64_t cells)
{
    static const unsigned char zeros[PREFIX_LENGTH] = {0};
    gd_buffer_append(buffer, magic, sizeof magic);
    gd_buffer_append_u64(buffer, BYTE_ORDER_MARK);
    gd_buffer_append_u64(buffer, FORMAT_VERSION | (uint64_t)cell_type << 32);
    gd_buffer_append_i64(buffer, row_count);
    gd_buffer_append_i64(buffer, column_count);
    gd_buffer_append(buffer, zeros, PREFIX_LENGTH - 40);
    for (int64_t i = 0; i < column_count; i++) {
        append_column(buffer, &columns[i]);
    }
    if (buffer->status != GD_OK) {
        return;
    }
    unsigned char *prefix = buffer->bytes;
    size_t length = buffer->length - PREFIX_LENGTH;
    store_u64(prefix + 40, length);
    store_u64(prefix + CELLS_POSITION, cells);
    store_u64(prefix + CHECKSUM_POSITION, head_checksum(prefix, prefix + PREFIX_LENGTH, length));
}

static gd_status fail_writing(gd_error *error)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return gd_fail(error, full ? GD_NO_SPACE : GD_IO_ERROR, "",
                   full ? "the disk is full" : "a frame file could not be written");
}

gd_status gdi_read_at(int descriptor, void *bytes, size_t length, size_t offset, gd_error *error)
{
    unsigned char *next = bytes;
    while (length > 0) {
        ssize_t got = pread(descriptor, next, length, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return gd_fail(error, GD_IO_ERROR, "",
                           got < 0 ? "the file could not be read"
                                   : "the file changed while it was read");
        }
        next += got;
        offset += (size_t)got;
        length -= (size_t)got;
    }
    return GD_OK;
}

gd_status gdi_write_all(int descriptor, const void *bytes, size_t length, gd_error *error)
{
    const unsigned char *next = bytes;
    while (length > 0) {
        ssize_t written = write(descriptor, next, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return fail_writing(error);
        }
        next += written;
        length -= (size_t)written;
    }
    return GD_OK;
}

gd_status gdi_write_at(int descriptor, const void *bytes, size_t length, int64_t offset,
                       gd_error *error)
{
    const unsigned char *next = bytes;
    while (length > 0) {
        ssize_t written = pwrite(descriptor, next, length, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return fail_writing(error);
        }
        next += written;
        offset += written;
        length -= (size_t)written;
    }
    return GD_OK;
}

gd_status gdi_frame_write_around(int descriptor, const gd_column *columns, int64_t column_count,
                                 int64_t row_count, gdi_cell_type cell_type, int64_t cells,
                                 gd_error *error)
{
    gd_buffer head;
    gd_buffer_init(&head, SIZE_MAX / 2);
    append_head(&head, columns, column_count, row_count, cell_type, (uint64_t)cells);
    if (head.status != GD_OK) {
        gd_status failed = head.status;
        gd_buffer_dispose(&head);
        return gd_fail(error, failed, "", "%s", gd_status_message(failed));
    }
    int64_t behind = cells + row_count * column_count * (int64_t)gdi_cell_size(cell_type);
    size_t schema = head.length - PREFIX_LENGTH;
    gd_status status = gdi_write_at(descriptor, head.bytes + PREFIX_LENGTH, schema, behind, error);
    if (status == GD_OK) {
        status = gdi_write_at(descriptor, head.bytes, PREFIX_LENGTH, 0, error);
    }
    if (status == GD_OK && ftruncate(descriptor, (off_t)behind + (off_t)schema) != 0) {
        status = fail_writing(error);
    }
    gd_buffer_dispose(&head);
    return status;
}

gd_status gdi_frame_write_head(int descriptor, const gd_column *columns, int64_t column_count,
                               int64_t row_count, gdi_cell_type cell_type, gd_error *error)
{
    static const unsigned char zeros[CELL_ALIGNMENT] = {0};
    gd_buffer head;
    gd_buffer_init(&head, SIZE_MAX / 2);
    append_head(&head, columns, column_count, row_count, cell_type, 0);
    size_t padding = (CELL_ALIGNMENT - head.length % CELL_ALIGNMENT) % CELL_ALIGNMENT;
    gd_buffer_append(&head, zeros, padding);
    gd_status status = head.status == GD_OK
                           ? gdi_write_all(descriptor, head.bytes, head.length, error)
                           : gd_fail(error, head.status, "", "%s", gd_status_message(head.status));
    gd_buffer_dispose(&head);
    return status;
}

gd_status gd_frame_write(const gd_frame *frame, int descriptor, gd_error *error)
{
    if (frame->parts[0] != NULL || frame->sparse.offsets != NULL) {
        return gd_fail(error, GD_UNSUPPORTED, "", "a joined or sparse frame is not written");
    }
    gd_status status = gdi_frame_write_head(descriptor, frame->columns, frame->column_count,
                                            frame->row_count, frame->cell_type, error);
    if (status == GD_OK) {
        size_t cells = (size_t)frame->row_count * (size_t)frame->column_count;
        status =
            gdi_write_all(descriptor, frame->cells, cells * gdi_cell_size(frame->cell_type), error);
    }
    return status;
}

/* A text as append_text wrote it, in place; NULL where it is not one. `least` bytes of text. */
static const char *read_text(gd_reader *reader, size_t least)
{
    uint64_t size = gd_reader_u64(reader);
    if (reader->status != GD_OK || size > gd_reader_remaining(reader) || size < least + 1 ||
        size > GD_FRAME_MAXIMUM_NAME + 1) {
        return NULL;
    }
    const char *text = (const char *)reader->bytes + reader->position;
    reader->position += (size_t)size;
    return strnlen(text, (size_t)size) == size - 1 && gdi_text_is_clean(text, (size_t)size - 1)
               ? text
               : NULL;
}

/* GD_CORRUPT where classes are not distinct texts in order. */
static gd_status read_classes(gd_reader *reader, gd_column *column)
{
    const char **classes = gdi_allocate((size_t)column->class_count, sizeof *classes);
    if (classes == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    column->classes = classes;
    for (int64_t i = 0; i < column->class_count; i++) {
        classes[i] = read_text(reader, 0);
        if (classes[i] == NULL || (i > 0 && strcmp(classes[i - 1], classes[i]) >= 0)) {
            return GD_CORRUPT;
        }
    }
    return GD_OK;
}

static gd_status read_column(gd_reader *reader, gd_frame *frame, int64_t index)
{
    gd_column *column = &frame->columns[index];
    column->name = read_text(reader, 1);
    if (column->name == NULL) {
        return GD_CORRUPT;
    }
    int64_t number = gdi_text_index_add(frame->names, column->name, strlen(column->name),
                                        GD_FRAME_MAXIMUM_COLUMNS);
    if (number != index) {
        return number == -1 ? GD_OUT_OF_MEMORY : GD_CORRUPT;
    }
    uint8_t kind = gd_reader_u8(reader);
    column->kind = kind == 1 ? GD_COLUMN_CATEGORICAL : GD_COLUMN_NUMERIC;
    column->missing = gd_reader_i64(reader);
    column->minimum = gd_reader_f64(reader);
    column->maximum = gd_reader_f64(reader);
    column->mean = gd_reader_f64(reader);
    column->standard_deviation = gd_reader_f64(reader);
    column->class_count = gd_reader_i64(reader);
    if (reader->status != GD_OK || kind > 1 || column->missing < 0 ||
        column->missing > frame->row_count || isinf(column->minimum) || isinf(column->maximum) ||
        isinf(column->mean) || isinf(column->standard_deviation) ||
        column->minimum > column->maximum || column->standard_deviation < 0.0 ||
        column->class_count < 0 || column->class_count > GD_FRAME_MAXIMUM_CLASSES ||
        (size_t)column->class_count > gd_reader_remaining(reader) / CLASS_MINIMUM ||
        (kind == 0 && column->class_count > 0)) {
        column->class_count = 0;
        return GD_CORRUPT;
    }
    return kind == 1 ? read_classes(reader, column) : GD_OK;
}

/* Checks prefix and schema of the mapped file and fills the frame. */
static gd_status read_frame(const void *map, size_t length, gd_frame **result)
{
    gd_reader reader;
    gd_reader_init(&reader, map, length);
    unsigned char start[8];
    gd_reader_read(&reader, start, sizeof start);
    uint64_t mark = gd_reader_u64(&reader);
    uint64_t version = gd_reader_u64(&reader);
    uint64_t rows = gd_reader_u64(&reader);
    uint64_t columns = gd_reader_u64(&reader);
    uint64_t schema = gd_reader_u64(&reader);
    uint64_t sum = gd_reader_u64(&reader);
    uint64_t placed = gd_reader_u64(&reader);
    size_t cell_size = version >> 32 < 256 ? gdi_cell_size((gdi_cell_type)(version >> 32)) : 0;
    if (reader.status != GD_OK || memcmp(start, magic, sizeof magic) != 0 ||
        mark != BYTE_ORDER_MARK || (version & 0xffffffffU) != FORMAT_VERSION || cell_size == 0 ||
        columns == 0 || columns > (uint64_t)GD_FRAME_MAXIMUM_COLUMNS ||
        schema > length - PREFIX_LENGTH || columns > schema / COLUMN_MINIMUM) {
        return GD_CORRUPT;
    }
    size_t row_size = (size_t)columns * cell_size;
    size_t head = PREFIX_LENGTH + (size_t)schema;
    size_t cells = placed != 0 ? (size_t)placed
                               : (head + CELL_ALIGNMENT - 1) / CELL_ALIGNMENT * CELL_ALIGNMENT;
    /* Where the cells come first, the schema is what stands behind them. */
    size_t ends = placed != 0 ? length - (size_t)schema : length;
    if (cells < PREFIX_LENGTH || cells % cell_size != 0 || cells > ends ||
        rows != (ends - cells) / row_size || (ends - cells) % row_size != 0) {
        return GD_CORRUPT;
    }
    size_t described = placed != 0 ? ends : PREFIX_LENGTH;
    if (sum != head_checksum(map, (const unsigned char *)map + described, (size_t)schema)) {
        return GD_CORRUPT;
    }
    gd_frame *frame = gdi_frame_create((int64_t)columns);
    if (frame == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    frame->row_count = (int64_t)rows;
    frame->cell_type = (gdi_cell_type)(version >> 32);
    frame->cells = (const unsigned char *)map + cells;
    reader.position = described;
    reader.length = described + (size_t)schema;
    gd_status status = GD_OK;
    for (int64_t i = 0; i < frame->column_count && status == GD_OK; i++) {
        status = read_column(&reader, frame, i);
    }
    if (status == GD_OK && gd_reader_remaining(&reader) != 0) {
        status = GD_CORRUPT;
    }
    if (status != GD_OK) {
        gd_frame_destroy(frame);
        return status;
    }
    *result = frame;
    return GD_OK;
}

static gd_status open_descriptor(gd_frame **frame, int descriptor, gd_error *error)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    return gd_fail(error, GD_UNSUPPORTED, "", "frame files need a little-endian processor");
#endif
    struct stat facts;
    if (fstat(descriptor, &facts) != 0) {
        return gd_fail(error, GD_IO_ERROR, "", "the frame file could not be examined");
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size < (off_t)PREFIX_LENGTH) {
        return gd_fail(error, GD_CORRUPT, "", "the frame file is too short or no file");
    }
    size_t length = (size_t)facts.st_size;
    void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, descriptor, 0);
    if (map == MAP_FAILED) {
        return gd_fail(error, errno == ENOMEM ? GD_OUT_OF_MEMORY : GD_IO_ERROR, "",
                       "the frame file could not be mapped");
    }
    gd_status status = gdi_is_sparse_file(map, length) ? gdi_sparse_open(map, length, frame)
                                                       : read_frame(map, length, frame);
    if (status != GD_OK) {
        (void)munmap(map, length);
        return gd_fail(error, status, "", "%s",
                       status == GD_CORRUPT ? "the frame file is damaged or of another version"
                                            : gd_status_message(status));
    }
    (*frame)->map = map;
    (*frame)->map_length = length;
    return GD_OK;
}

gd_status gd_frame_open(gd_frame **frame, const char *path, gd_error *error)
{
    *frame = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return gd_fail(error, errno == ENOENT ? GD_NOT_FOUND : GD_IO_ERROR, "",
                       "the frame file could not be opened");
    }
    gd_status status = open_descriptor(frame, descriptor, error);
    (void)close(descriptor);
    return status;
}
