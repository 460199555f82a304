/*
 * idx.c: the IDX reader (idx.h). The header is checked against the length of the file to the byte, so
 * that no size it claims is believed; after that both passes walk the elements through one buffer.
 */
#include <descent/idx.h>

#include "base/memory.h"
#include "data/frame_layout.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ELEMENTS_BUFFERED GDI_BUFFER_SIZE((size_t)1 << 15)

typedef enum idx_type {
    IDX_UBYTE = 0x08,
    IDX_BYTE = 0x09,
    IDX_SHORT = 0x0b,
    IDX_INT = 0x0c,
    IDX_FLOAT = 0x0d,
    IDX_DOUBLE = 0x0e
} idx_type;

typedef struct idx_file {
    int input;
    idx_type type;
    size_t element_size;
    size_t head_length;
    gd_idx_report report;
    int64_t elements;
    unsigned char *bytes;            /* [ELEMENTS_BUFFERED × element_size] */
    double *values;                  /* [ELEMENTS_BUFFERED] */
    gd_column *columns;              /* [columns] */
    char (*names)[GDI_ELEMENT_NAME]; /* [columns] */
    gdi_statistics *statistics;      /* [columns] */
    int64_t *missing;                /* [columns] */
} idx_file;

static size_t size_of_type(unsigned char type)
{
    switch (type) {
    case IDX_UBYTE:
    case IDX_BYTE:
        return 1;
    case IDX_SHORT:
        return 2;
    case IDX_INT:
    case IDX_FLOAT:
        return 4;
    case IDX_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static uint32_t read_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Dimensions and sizes, each product checked. */
static gd_status plan_sizes(idx_file *file, const unsigned char *dimensions, uint64_t length,
                            gd_error *error)
{
    gd_idx_report *report = &file->report;
    int64_t columns = 1;
    for (int64_t i = 0; i < report->rank; i++) {
        report->dimensions[i] = (int64_t)read_u32(dimensions + 4 * i);
        if (report->dimensions[i] == 0) {
            return gd_fail(error, GD_INVALID_DATA, "", "dimension %lld of the IDX file is 0",
                           (long long)i);
        }
        if (i > 0 && __builtin_mul_overflow(columns, report->dimensions[i], &columns)) {
            columns = INT64_MAX;
            break;
        }
    }
    if (columns > GD_FRAME_MAXIMUM_COLUMNS) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "a row of the IDX file has %s%lld elements; at most %lld are taken",
                       columns == INT64_MAX ? "more than " : "", (long long)columns,
                       (long long)GD_FRAME_MAXIMUM_COLUMNS);
    }
    report->rows = report->dimensions[0];
    report->columns = columns;
    file->elements = report->rows * columns; /* below 2^32 · 10^5 */
    uint64_t wanted = (uint64_t)file->elements * file->element_size + file->head_length;
    if (wanted != length) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "the header of the IDX file stands for %llu bytes in all; the file has %llu",
                       (unsigned long long)wanted, (unsigned long long)length);
    }
    return GD_OK;
}

static gd_status read_head(idx_file *file, gd_error *error)
{
    unsigned char head[4 + 4 * GD_IDX_MAXIMUM_RANK];
    struct stat facts;
    if (fstat(file->input, &facts) != 0) {
        return gd_fail(error, GD_IO_ERROR, "", "the file could not be examined");
    }
    uint64_t length = (uint64_t)facts.st_size;
    size_t known = length < sizeof head ? (size_t)length : sizeof head;
    gd_status status = gdi_read_at(file->input, head, known, 0, error);
    if (status != GD_OK) {
        return status;
    }
    if (known < 4 || head[0] != 0 || head[1] != 0 || size_of_type(head[2]) == 0) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "this is no IDX file: it begins with two zero bytes, then 8, 9, 11, 12, 13 "
                       "or 14 for the type of the elements; a compressed file is sent with "
                       "Content-Encoding: gzip");
    }
    file->type = (idx_type)head[2];
    file->element_size = size_of_type(head[2]);
    file->report.rank = head[3];
    if (head[3] < 1 || head[3] > GD_IDX_MAXIMUM_RANK) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "the IDX file has %d dimensions; 1 to %d are taken", head[3],
                       GD_IDX_MAXIMUM_RANK);
    }
    file->head_length = 4 + 4 * (size_t)head[3];
    if (known < file->head_length) {
        return gd_fail(error, GD_INVALID_DATA, "", "the IDX file ends within its header");
    }
    return plan_sizes(file, head + 4, length, error);
}

static double element_at(const idx_file *file, size_t index)
{
    const unsigned char *at = file->bytes + index * file->element_size;
    uint64_t bits = 0;
    for (size_t i = 0; i < file->element_size; i++) {
        bits = bits << 8 | at[i];
    }
    switch (file->type) {
    case IDX_UBYTE:
        return (double)bits;
    case IDX_BYTE:
        return (double)(int8_t)bits;
    case IDX_SHORT:
        return (double)(int16_t)bits;
    case IDX_INT:
        return (double)(int32_t)bits;
    case IDX_FLOAT: {
        uint32_t word = (uint32_t)bits;
        float value;
        memcpy(&value, &word, sizeof value);
        return (double)value;
    }
    case IDX_DOUBLE:
        break;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The next elements from `first` on, at most a buffer; *count is 0 at the end. */
static gd_status read_block(idx_file *file, int64_t first, size_t *count, gd_error *error)
{
    int64_t left = file->elements - first;
    *count = left < (int64_t)ELEMENTS_BUFFERED ? (size_t)left : ELEMENTS_BUFFERED;
    gd_status status = gdi_read_at(file->input, file->bytes, *count * file->element_size,
                                   file->head_length + (size_t)first * file->element_size, error);
    for (size_t i = 0; status == GD_OK && i < *count; i++) {
        file->values[i] = element_at(file, i);
    }
    return status;
}

static gd_status describe(idx_file *file, gd_error *error)
{
    int64_t column = 0;
    size_t count = 0;
    for (int64_t first = 0; first < file->elements; first += (int64_t)count) {
        gd_status status = read_block(file, first, &count, error);
        if (status != GD_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            double value = file->values[i];
            if (isinf(value)) {
                return gd_fail(error, GD_INVALID_DATA, "",
                               "row %lld of the IDX file has an infinity",
                               (long long)((first + (int64_t)i) / file->report.columns));
            }
            if (isnan(value)) {
                file->missing[column]++;
            } else {
                gdi_statistics_add(&file->statistics[column], value);
            }
            column = column + 1 == file->report.columns ? 0 : column + 1;
        }
    }
    for (int64_t i = 0; i < file->report.columns; i++) {
        gd_column *made = &file->columns[i];
        gdi_name_element(file->names[i], i, file->report.rank == 1);
        made->name = file->names[i];
        made->kind = GD_COLUMN_NUMERIC;
        gdi_column_describe(made, &file->statistics[i], file->missing[i]);
    }
    return GD_OK;
}

static gd_status write_cells(idx_file *file, int output, gd_error *error)
{
    bool bytes = file->type == IDX_UBYTE;
    gd_status status =
        gdi_frame_write_head(output, file->columns, file->report.columns, file->report.rows,
                             bytes ? GDI_CELL_UINT8 : GDI_CELL_FLOAT64, error);
    size_t count = 0;
    for (int64_t first = 0; status == GD_OK && first < file->elements; first += (int64_t)count) {
        status = read_block(file, first, &count, error);
        if (status == GD_OK) {
            status = bytes
                         ? gdi_write_all(output, file->bytes, count, error)
                         : gdi_write_all(output, file->values, count * sizeof *file->values, error);
        }
    }
    return status;
}

static bool allocate(idx_file *file)
{
    size_t columns = (size_t)file->report.columns;
    file->bytes = gdi_allocate(ELEMENTS_BUFFERED, file->element_size);
    file->values = gdi_allocate(ELEMENTS_BUFFERED, sizeof *file->values);
    file->columns = gdi_allocate(columns, sizeof *file->columns);
    file->names = gdi_allocate(columns, sizeof *file->names);
    file->statistics = gdi_allocate(columns, sizeof *file->statistics);
    file->missing = gdi_allocate(columns, sizeof *file->missing);
    return file->bytes != NULL && file->values != NULL && file->columns != NULL &&
           file->names != NULL && file->statistics != NULL && file->missing != NULL;
}

gd_status gd_idx_to_frame_file(int input, int output, gd_idx_report *report, gd_error *error)
{
    idx_file file = {.input = input};
    gd_status status = read_head(&file, error);
    if (status != GD_OK) {
        return status;
    }
    status = allocate(&file) ? describe(&file, error) : gdi_fail_memory(error);
    if (status == GD_OK) {
        status = write_cells(&file, output, error);
    }
    if (status == GD_OK && report != NULL) {
        *report = file.report;
    }
    gdi_free(file.bytes);
    gdi_free(file.values);
    gdi_free(file.columns);
    gdi_free(file.names);
    gdi_free(file.statistics);
    gdi_free(file.missing);
    return status;
}
