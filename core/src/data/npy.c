/*
 * npy.c: the NPY reader (npy.h). The header is checked against the length of the file to the byte, so
 * that no size it claims is believed. The first pass walks the elements in the order of the file; the
 * second writes rows, from tiles of rows × all columns where the file has column after column.
 */
#include <descent/npy.h>

#include "base/memory.h"
#include "data/cells.h"
#include "data/npy_head.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ELEMENTS_BUFFERED GDI_BUFFER_SIZE((size_t)1 << 15)
#define TILE_ELEMENTS \
    GDI_BUFFER_SIZE((size_t)1 << 20) /* of rows that are turned, but for one row at least */
#define EXACT_MAXIMUM ((int64_t)1 << 53)

typedef struct npy_file {
    int input;
    gdi_npy_head head;
    gd_npy_report report;
    unsigned char *bytes;            /* [ELEMENTS_BUFFERED × element_size] */
    double *values;                  /* [ELEMENTS_BUFFERED] */
    int64_t *places;                 /* [columns] column of the file that a column of a row is */
    gd_column *columns;              /* [columns] */
    char (*names)[GDI_ELEMENT_NAME]; /* [columns] */
    gdi_statistics *statistics;      /* [columns], in the order of the file */
    int64_t *missing;                /* [columns], likewise */
    gdi_cell_fit fit;
} npy_file;

/* Sizes, each product checked. */
static gd_status plan_sizes(npy_file *file, uint64_t length, gd_error *error)
{
    gd_npy_report *report = &file->report;
    report->rank = file->head.rank;
    memcpy(report->dimensions, file->head.dimensions, sizeof report->dimensions);
    report->rows = report->dimensions[0];
    report->columns = 1;
    for (int64_t i = 1; i < report->rank; i++) {
        if (__builtin_mul_overflow(report->columns, report->dimensions[i], &report->columns)) {
            report->columns = INT64_MAX;
            break;
        }
    }
    if (report->columns > GD_FRAME_MAXIMUM_COLUMNS) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "a row of the NPY file has %s%lld elements; at most %lld are taken",
                       report->columns == INT64_MAX ? "more than " : "", (long long)report->columns,
                       (long long)GD_FRAME_MAXIMUM_COLUMNS);
    }
    uint64_t wanted = 0;
    if (__builtin_mul_overflow((uint64_t)report->rows, (uint64_t)report->columns, &wanted) ||
        __builtin_mul_overflow(wanted, (uint64_t)file->head.element_size, &wanted) ||
        __builtin_add_overflow(wanted, (uint64_t)file->head.length, &wanted) || wanted != length) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "the header of the NPY file stands for %lld rows of %lld elements of %zu "
                       "bytes behind %zu bytes of header; the file has %llu bytes in all",
                       (long long)report->rows, (long long)report->columns, file->head.element_size,
                       file->head.length, (unsigned long long)length);
    }
    return GD_OK;
}

static gd_status read_head(npy_file *file, gd_error *error)
{
    struct stat facts;
    if (fstat(file->input, &facts) != 0) {
        return gd_fail(error, GD_IO_ERROR, "", "the file could not be examined");
    }
    uint64_t length = (uint64_t)facts.st_size;
    size_t known = length < GDI_NPY_HEAD_MAXIMUM ? (size_t)length : GDI_NPY_HEAD_MAXIMUM;
    unsigned char *bytes = gdi_allocate(known + 1, 1);
    if (bytes == NULL) {
        return gdi_fail_memory(error);
    }
    gd_status status = gdi_read_at(file->input, bytes, known, 0, error);
    if (status == GD_OK) {
        status = gdi_npy_head_read(&file->head, bytes, known, error);
    }
    gdi_free(bytes);
    return status == GD_OK ? plan_sizes(file, length, error) : status;
}

static void swap_bytes(unsigned char *bytes, size_t count, size_t size)
{
    for (unsigned char *end = bytes + count * size; bytes < end; bytes += size) {
        for (size_t i = 0; i < size / 2; i++) {
            unsigned char kept = bytes[i];
            bytes[i] = bytes[size - 1 - i];
            bytes[size - 1 - i] = kept;
        }
    }
}

#define DECODE(type)                                                        \
    for (size_t i = 0; i < count; i++) {                                    \
        type element;                                                       \
        memcpy(&element, file->bytes + i * sizeof element, sizeof element); \
        file->values[i] = (double)element;                                  \
    }                                                                       \
    break

/* Elements of the buffer → values. */
static void decode(npy_file *file, size_t count)
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (file->head.element_size > 1 && file->head.big_endian == little) {
        swap_bytes(file->bytes, count, file->head.element_size);
    }
    switch ((int)file->head.kind << 4 | (int)file->head.element_size) {
    case GDI_NPY_SIGNED << 4 | 1:
        DECODE(int8_t);
    case GDI_NPY_SIGNED << 4 | 2:
        DECODE(int16_t);
    case GDI_NPY_SIGNED << 4 | 4:
        DECODE(int32_t);
    case GDI_NPY_SIGNED << 4 | 8:
        DECODE(int64_t);
    case GDI_NPY_UNSIGNED << 4 | 1:
        DECODE(uint8_t);
    case GDI_NPY_UNSIGNED << 4 | 2:
        DECODE(uint16_t);
    case GDI_NPY_UNSIGNED << 4 | 4:
        DECODE(uint32_t);
    case GDI_NPY_UNSIGNED << 4 | 8:
        DECODE(uint64_t);
    case GDI_NPY_FLOAT << 4 | 4:
        DECODE(float);
    default:
        DECODE(double);
    }
}

/* Elements first … first + count - 1 of the file. */
static gd_status read_elements(npy_file *file, int64_t first, size_t count, gd_error *error)
{
    size_t size = file->head.element_size;
    gd_status status = gdi_read_at(file->input, file->bytes, count * size,
                                   file->head.length + (size_t)first * size, error);
    if (status == GD_OK) {
        decode(file, count);
    }
    return status;
}

/* Two rows' distance in the file, and two columns'. */
static int64_t column_stride(const npy_file *file)
{
    return file->head.fortran_order ? file->report.rows : 1;
}

static gd_status add_value(npy_file *file, int64_t row, int64_t column, double value,
                           gd_error *error)
{
    if (isinf(value)) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "row %lld (from 0) of the NPY file has an infinity", (long long)row);
    }
    bool whole = file->head.kind != GDI_NPY_FLOAT && file->head.element_size == 8;
    if (whole && fabs(value) >= (double)EXACT_MAXIMUM) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "row %lld (from 0) of the NPY file has an integer of 2^53 or beyond, which "
                       "a double cannot tell from its neighbours",
                       (long long)row);
    }
    gdi_cell_fit_add(&file->fit, value);
    if (isnan(value)) {
        file->missing[column]++;
    } else {
        gdi_statistics_add(&file->statistics[column], value);
    }
    return GD_OK;
}

static gd_status describe(npy_file *file, gd_error *error)
{
    const gd_npy_report *report = &file->report;
    int64_t elements = report->rows * report->columns, row = 0, column = 0;
    for (int64_t first = 0; first < elements;) {
        int64_t left = elements - first;
        size_t count = left < (int64_t)ELEMENTS_BUFFERED ? (size_t)left : ELEMENTS_BUFFERED;
        gd_status status = read_elements(file, first, count, error);
        for (size_t i = 0; status == GD_OK && i < count; i++) {
            status = add_value(file, row, column, file->values[i], error);
            if (file->head.fortran_order) {
                row = row + 1 == report->rows ? 0 : row + 1;
                column += row == 0 ? 1 : 0;
            } else {
                column = column + 1 == report->columns ? 0 : column + 1;
                row += column == 0 ? 1 : 0;
            }
        }
        if (status != GD_OK) {
            return status;
        }
        first += (int64_t)count;
    }
    return GD_OK;
}

/* Where the elements of a row stand among the columns of the file. */
static void place_columns(npy_file *file)
{
    const gd_npy_report *report = &file->report;
    for (int64_t i = 0; i < report->columns; i++) {
        int64_t rest = i, place = 0, stride = report->columns;
        for (int64_t d = report->rank - 1; file->head.fortran_order && d >= 1; d--) {
            stride /= report->dimensions[d];
            place += rest % report->dimensions[d] * stride;
            rest /= report->dimensions[d];
        }
        file->places[i] = file->head.fortran_order ? place : i;
    }
}

static void name_columns(npy_file *file)
{
    for (int64_t i = 0; i < file->report.columns; i++) {
        gd_column *made = &file->columns[i];
        gdi_name_element(file->names[i], i, file->report.rank == 1);
        made->name = file->names[i];
        made->kind = GD_COLUMN_NUMERIC;
        gdi_column_describe(made, &file->statistics[file->places[i]],
                            file->missing[file->places[i]]);
    }
}

static gd_status write_in_order(npy_file *file, gdi_cell_type type, int output, gd_error *error)
{
    int64_t elements = file->report.rows * file->report.columns;
    gd_status status = GD_OK;
    for (int64_t first = 0; status == GD_OK && first < elements;) {
        int64_t left = elements - first;
        size_t count = left < (int64_t)ELEMENTS_BUFFERED ? (size_t)left : ELEMENTS_BUFFERED;
        status = read_elements(file, first, count, error);
        if (status == GD_OK) {
            gdi_cells_store(type, file->values, count, file->values);
            status = gdi_write_all(output, file->values, count * gdi_cell_size(type), error);
        }
        first += (int64_t)count;
    }
    return status;
}

/* Rows first … first + rows - 1 into `tile` [rows, columns]. */
static gd_status read_tile(npy_file *file, int64_t first, size_t rows, double *tile,
                           gd_error *error)
{
    size_t columns = (size_t)file->report.columns;
    for (size_t column = 0; column < columns; column++) {
        int64_t start = file->places[column] * column_stride(file) + first;
        for (size_t done = 0, count = 0; done < rows; done += count) {
            count = rows - done < ELEMENTS_BUFFERED ? rows - done : ELEMENTS_BUFFERED;
            gd_status status = read_elements(file, start + (int64_t)done, count, error);
            if (status != GD_OK) {
                return status;
            }
            for (size_t i = 0; i < count; i++) {
                tile[(done + i) * columns + column] = file->values[i];
            }
        }
    }
    return GD_OK;
}

static gd_status write_turned(npy_file *file, gdi_cell_type type, int output, gd_error *error)
{
    size_t columns = (size_t)file->report.columns;
    size_t rows = TILE_ELEMENTS / columns;
    double *tile = gdi_allocate(rows * columns, sizeof *tile);
    gd_status status = tile == NULL ? gdi_fail_memory(error) : GD_OK;
    for (int64_t first = 0; status == GD_OK && first < file->report.rows;) {
        int64_t left = file->report.rows - first;
        size_t count = left < (int64_t)rows ? (size_t)left : rows;
        status = read_tile(file, first, count, tile, error);
        if (status == GD_OK) {
            gdi_cells_store(type, tile, count * columns, tile);
            status = gdi_write_all(output, tile, count * columns * gdi_cell_size(type), error);
        }
        first += (int64_t)count;
    }
    gdi_free(tile);
    return status;
}

static gd_status write_frame(npy_file *file, int output, gd_error *error)
{
    gdi_cell_type type = gdi_cell_fit_type(&file->fit);
    place_columns(file);
    name_columns(file);
    gd_status status = gdi_frame_write_head(output, file->columns, file->report.columns,
                                            file->report.rows, type, error);
    if (status != GD_OK) {
        return status;
    }
    return file->head.fortran_order && file->report.columns > 1
               ? write_turned(file, type, output, error)
               : write_in_order(file, type, output, error);
}

static bool allocate(npy_file *file)
{
    size_t columns = (size_t)file->report.columns;
    file->bytes = gdi_allocate(ELEMENTS_BUFFERED, file->head.element_size);
    file->values = gdi_allocate(ELEMENTS_BUFFERED, sizeof *file->values);
    file->places = gdi_allocate(columns, sizeof *file->places);
    file->columns = gdi_allocate(columns, sizeof *file->columns);
    file->names = gdi_allocate(columns, sizeof *file->names);
    file->statistics = gdi_allocate(columns, sizeof *file->statistics);
    file->missing = gdi_allocate(columns, sizeof *file->missing);
    return file->bytes != NULL && file->values != NULL && file->places != NULL &&
           file->columns != NULL && file->names != NULL && file->statistics != NULL &&
           file->missing != NULL;
}

gd_status gd_npy_to_frame_file(int input, int output, gd_npy_report *report, gd_error *error)
{
    npy_file file = {.input = input};
    gd_status status = read_head(&file, error);
    if (status != GD_OK) {
        return status;
    }
    status = allocate(&file) ? describe(&file, error) : gdi_fail_memory(error);
    if (status == GD_OK) {
        status = write_frame(&file, output, error);
    }
    if (status == GD_OK && report != NULL) {
        *report = file.report;
    }
    gdi_free(file.bytes);
    gdi_free(file.values);
    gdi_free(file.places);
    gdi_free(file.columns);
    gdi_free(file.names);
    gdi_free(file.statistics);
    gdi_free(file.missing);
    return status;
}
