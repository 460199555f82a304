/*
 * cell_file.c: narrow cells until one does not fit. See cell_file.h.
 *
 * Widening goes from the last cell to the first: a cell's new place is never before its old one, so
 * nothing is overwritten that is still to be read. Renumbering goes over the file through the same
 * buffers; memory does not depend on the number of rows.
 */
#include "data/cell_file.h"

#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define CELLS_START    64
#define CELLS_BUFFERED GDI_BUFFER_SIZE((size_t)1 << 14)

gd_status gdi_cell_file_begin(gdi_cell_file *file, int descriptor, int64_t columns, gd_error *error)
{
    *file = (gdi_cell_file){.descriptor = descriptor, .type = GDI_CELL_UINT8, .columns = columns};
    file->bytes = gdi_allocate(CELLS_BUFFERED, sizeof(double));
    file->cells = gdi_allocate(CELLS_BUFFERED, sizeof *file->cells);
    return file->bytes != NULL && file->cells != NULL ? GD_OK : gdi_fail_memory(error);
}

void gdi_cell_file_dispose(gdi_cell_file *file)
{
    gdi_free(file->bytes);
    gdi_free(file->cells);
    file->bytes = NULL;
    file->cells = NULL;
}

static inline bool same_bits(double left, double right)
{
    return memcmp(&left, &right, sizeof left) == 0;
}

/* Cells as uint8; false where one does not fit. Minus zero does not: its sign would be lost. */
static bool narrow_to_uint8(uint8_t *bytes, const double *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = cells[i] >= 0.0 && cells[i] <= (double)UINT8_MAX ? (uint8_t)cells[i] : 0;
        if (!same_bits((double)bytes[i], cells[i])) {
            return false;
        }
    }
    return true;
}

static bool narrow_to_uint16(uint16_t *words, const double *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        words[i] = cells[i] >= 0.0 && cells[i] <= (double)UINT16_MAX ? (uint16_t)cells[i] : 0;
        if (!same_bits((double)words[i], cells[i])) {
            return false;
        }
    }
    return true;
}

/* `count` cells in the file's type at file->bytes, or float64 cells where they are; NULL: too wide. */
static const void *narrow(gdi_cell_file *file, const double *cells, size_t count)
{
    if (file->type == GDI_CELL_FLOAT64) {
        return cells;
    }
    bool fits = file->type == GDI_CELL_UINT8
                    ? narrow_to_uint8(file->bytes, cells, count)
                    : narrow_to_uint16((uint16_t *)(void *)file->bytes, cells, count);
    return fits ? file->bytes : NULL;
}

static int64_t place(gdi_cell_type type, int64_t cell)
{
    return CELLS_START + cell * (int64_t)gdi_cell_size(type);
}

/* `count` cells from `first` on, as doubles, into file->cells. */
static gd_status read_cells(gdi_cell_file *file, int64_t first, size_t count, gd_error *error)
{
    size_t length = count * gdi_cell_size(file->type);
    unsigned char *into =
        file->type == GDI_CELL_FLOAT64 ? (unsigned char *)file->cells : file->bytes;
    int64_t offset = place(file->type, first);
    for (size_t done = 0; done < length;) {
        ssize_t got =
            pread(file->descriptor, into + done, length - done, (off_t)offset + (off_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return gd_fail(error, GD_IO_ERROR, "", "a frame file could not be read back");
        }
        done += (size_t)got;
    }
    const uint16_t *words = (const uint16_t *)(const void *)file->bytes;
    for (size_t i = 0; file->type != GDI_CELL_FLOAT64 && i < count; i++) {
        file->cells[i] = file->type == GDI_CELL_UINT8 ? (double)file->bytes[i] : (double)words[i];
    }
    return GD_OK;
}

/* Makes all that is written of the next wider type. */
static gd_status widen(gdi_cell_file *file, gd_error *error)
{
    gdi_cell_type wider = file->type == GDI_CELL_UINT8 ? GDI_CELL_UINT16 : GDI_CELL_FLOAT64;
    gdi_cell_type old = file->type;
    int64_t left = file->written;
    while (left > 0) {
        size_t count = left < (int64_t)CELLS_BUFFERED ? (size_t)left : CELLS_BUFFERED;
        left -= (int64_t)count;
        gd_status status = read_cells(file, left, count, error);
        if (status != GD_OK) {
            return status;
        }
        file->type = wider;
        const void *bytes = narrow(file, file->cells, count);
        status = gdi_write_at(file->descriptor, bytes, count * gdi_cell_size(wider),
                              place(wider, left), error);
        file->type = old;
        if (status != GD_OK) {
            return status;
        }
    }
    file->type = wider;
    return GD_OK;
}

/* Writes cells over or behind what is there, which is widened first where it must be. */
static gd_status write_cells(gdi_cell_file *file, int64_t first, const double *cells, size_t count,
                             gd_error *error)
{
    const void *bytes = NULL;
    while ((bytes = narrow(file, cells, count)) == NULL) {
        gd_status status = widen(file, error);
        if (status != GD_OK) {
            return status;
        }
    }
    return gdi_write_at(file->descriptor, bytes, count * gdi_cell_size(file->type),
                        place(file->type, first), error);
}

gd_status gdi_cell_file_append(gdi_cell_file *file, const double *cells, int64_t rows,
                               gd_error *error)
{
    size_t left = (size_t)rows * (size_t)file->columns;
    while (left > 0) {
        size_t count = left < CELLS_BUFFERED ? left : CELLS_BUFFERED;
        gd_status status = write_cells(file, file->written, cells, count, error);
        if (status != GD_OK) {
            return status;
        }
        file->written += (int64_t)count;
        cells += count;
        left -= count;
    }
    return GD_OK;
}

gd_status gdi_cell_file_replace_first(gdi_cell_file *file, const double *cells, gd_error *error)
{
    for (size_t done = 0; done < (size_t)file->columns;) {
        size_t left = (size_t)file->columns - done;
        size_t count = left < CELLS_BUFFERED ? left : CELLS_BUFFERED;
        gd_status status = write_cells(file, (int64_t)done, cells + done, count, error);
        if (status != GD_OK) {
            return status;
        }
        done += count;
    }
    return GD_OK;
}

gd_status gdi_cell_file_renumber(gdi_cell_file *file, int64_t *const *ranks, gd_error *error)
{
    int64_t column = 0;
    for (int64_t first = 0; first < file->written; first += (int64_t)CELLS_BUFFERED) {
        int64_t left = file->written - first;
        size_t count = left < (int64_t)CELLS_BUFFERED ? (size_t)left : CELLS_BUFFERED;
        gd_status status = read_cells(file, first, count, error);
        for (size_t i = 0; status == GD_OK && i < count; i++) {
            if (ranks[column] != NULL && !isnan(file->cells[i])) {
                file->cells[i] = (double)ranks[column][(int64_t)file->cells[i]];
            }
            column = column + 1 == file->columns ? 0 : column + 1;
        }
        if (status == GD_OK) {
            status = write_cells(file, first, file->cells, count, error);
        }
        if (status != GD_OK) {
            return status;
        }
    }
    return GD_OK;
}

gd_status gdi_cell_file_finish(gdi_cell_file *file, const gd_column *columns, int64_t first,
                               gd_error *error)
{
    return gdi_frame_write_around(file->descriptor, columns, file->columns,
                                  file->written / file->columns - first, file->type,
                                  place(file->type, first * file->columns), error);
}
