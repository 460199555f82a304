/*
 * libsvm.c: a LIBSVM file into a sparse frame file (libsvm.h). The first pass finds everything that
 * is wrong and counts; then the place of each part of the file is known, and the second writes all
 * parts side by side.
 */
#include <descent/libsvm.h>

#include "base/memory.h"
#include "data/libsvm_reader.h"
#include "data/sparse_file.h"

#include <string.h>

#define STREAM_BYTES GDI_BUFFER_SIZE((size_t)1 << 16)

/* A part of the file on its way to the disk. */
typedef struct part_stream {
    int descriptor;
    int64_t offset;
    size_t held;
    unsigned char *bytes; /* [STREAM_BYTES] */
} part_stream;

enum {
    LABELS,
    OFFSETS,
    VALUES,
    INDICES,
    PARTS
};

static gd_status flush(part_stream *stream, gd_error *error)
{
    gd_status status =
        gdi_write_at(stream->descriptor, stream->bytes, stream->held, stream->offset, error);
    stream->offset += (int64_t)stream->held;
    stream->held = 0;
    return status;
}

static gd_status append(part_stream *stream, const void *bytes, size_t size, gd_error *error)
{
    gd_status status = stream->held + size > STREAM_BYTES ? flush(stream, error) : GD_OK;
    memcpy(stream->bytes + stream->held, bytes, size);
    stream->held += size;
    return status;
}

/* What the file holds; *head is complete but for a width that was given. */
static gd_status count_file(gdi_libsvm_reader *reader, gdi_sparse_head *head)
{
    gdi_statistics labels = {0};
    double label = 0, value = 0;
    int64_t index = 0;
    bool found = false;
    *head = (gdi_sparse_head){.singles = true,
                              .label = {.name = GD_LIBSVM_LABEL, .kind = GD_COLUMN_NUMERIC}};
    gd_status status = gdi_libsvm_next_row(reader, &label, &found);
    while (status == GD_OK && found) {
        gdi_statistics_add(&labels, label);
        head->rows++;
        status = gdi_libsvm_next_entry(reader, &index, &value, &found);
        while (status == GD_OK && found) {
            head->width = index > head->width ? index : head->width;
            head->non_zeros += value != 0.0 ? 1 : 0;
            head->singles = head->singles && (double)(float)value == value;
            status = gdi_libsvm_next_entry(reader, &index, &value, &found);
        }
        if (status == GD_OK) {
            status = gdi_libsvm_next_row(reader, &label, &found);
        }
    }
    if (status == GD_OK && head->rows == 0) {
        status = gd_fail(reader->error, GD_INVALID_DATA, "",
                         "the file has no line with a label: this is no LIBSVM file");
    }
    if (status == GD_OK && head->rows > (int64_t)UINT32_MAX) {
        status = gd_fail(reader->error, GD_INVALID_DATA, "",
                         "the file has more rows than the 4,294,967,295 that are taken");
    }
    if (status == GD_OK && head->width == 0) {
        status = gd_fail(reader->error, GD_INVALID_DATA, "",
                         "no line has an entry index:value: there are no features");
    }
    gdi_column_describe(&head->label, &labels, 0);
    return status;
}

static gd_status write_entry(part_stream *parts, bool singles, int64_t index, double value,
                             gd_error *error)
{
    float single = (float)value;
    uint32_t place = (uint32_t)(index - 1);
    gd_status status = singles ? append(&parts[VALUES], &single, sizeof single, error)
                               : append(&parts[VALUES], &value, sizeof value, error);
    return status == GD_OK ? append(&parts[INDICES], &place, sizeof place, error) : status;
}

static gd_status write_rows(gdi_libsvm_reader *reader, const gdi_sparse_head *head,
                            part_stream *parts)
{
    double label = 0, value = 0;
    int64_t index = 0, written = 0, rows = 0;
    bool found = false;
    gd_error *error = reader->error;
    gd_status status = append(&parts[OFFSETS], &written, sizeof written, error);
    for (;;) {
        if (status == GD_OK) {
            status = gdi_libsvm_next_row(reader, &label, &found);
        }
        if (status != GD_OK || !found) {
            break;
        }
        rows++;
        status = append(&parts[LABELS], &label, sizeof label, error);
        for (found = true; status == GD_OK && found;) {
            status = gdi_libsvm_next_entry(reader, &index, &value, &found);
            if (status == GD_OK && found && value != 0.0) {
                written++;
                status = write_entry(parts, head->singles, index, value, error);
            }
        }
        if (status == GD_OK) {
            status = append(&parts[OFFSETS], &written, sizeof written, error);
        }
    }
    for (int i = 0; status == GD_OK && i < PARTS; i++) {
        status = flush(&parts[i], error);
    }
    if (status == GD_OK && (rows != head->rows || written != head->non_zeros)) {
        status = gd_fail(error, GD_IO_ERROR, "", "the file changed while it was read");
    }
    return status;
}

static gd_status write_file(gdi_libsvm_reader *reader, const gdi_sparse_head *head, int output)
{
    gdi_sparse_places places;
    if (!gdi_sparse_place(head, &places)) {
        return gd_fail(reader->error, GD_TOO_LARGE, "", "the file has more than can be counted");
    }
    part_stream parts[PARTS] = {{.offset = places.labels},
                                {.offset = places.offsets},
                                {.offset = places.values},
                                {.offset = places.indices}};
    unsigned char *memory = gdi_allocate(PARTS, STREAM_BYTES);
    if (memory == NULL) {
        return gdi_fail_memory(reader->error);
    }
    for (size_t i = 0; i < PARTS; i++) {
        parts[i].descriptor = output;
        parts[i].bytes = memory + i * STREAM_BYTES;
    }
    gd_status status = write_rows(reader, head, parts);
    if (status == GD_OK) {
        status = gdi_sparse_write_head(output, head, reader->error);
    }
    gdi_free(memory);
    return status;
}

/* The first pass; a width that is given stands. */
static gd_status examine(int input, const void *bytes, size_t length, int64_t width,
                         gdi_sparse_head *head, gd_libsvm_report *report, gd_error *error)
{
    gdi_libsvm_reader reader;
    if (width < 0 || width > GD_SPARSE_MAXIMUM_WIDTH) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "there are 1 to %lld features",
                       (long long)GD_SPARSE_MAXIMUM_WIDTH);
    }
    gd_status status = gdi_libsvm_begin(&reader, input, bytes, length, width, error);
    if (status == GD_OK) {
        status = count_file(&reader, head);
    }
    gdi_libsvm_dispose(&reader);
    if (status == GD_OK) {
        head->width = width > 0 ? width : head->width;
        if (report != NULL) {
            *report = (gd_libsvm_report){head->rows, head->width, head->non_zeros};
        }
    }
    return status;
}

gd_status gd_libsvm_check(const void *bytes, size_t length, int64_t width, gd_libsvm_report *report,
                          gd_error *error)
{
    gdi_sparse_head head = {0};
    return examine(-1, bytes, length, width, &head, report, error);
}

gd_status gd_libsvm_to_frame_file(int input, int output, int64_t width, gd_libsvm_report *report,
                                  gd_error *error)
{
    gdi_sparse_head head = {0};
    gdi_libsvm_reader reader;
    gd_status status = examine(input, NULL, 0, width, &head, report, error);
    if (status != GD_OK) {
        return status;
    }
    status = gdi_libsvm_begin(&reader, input, NULL, 0, width, error);
    if (status == GD_OK) {
        status = write_file(&reader, &head, output);
    }
    gdi_libsvm_dispose(&reader);
    return status;
}
