/*
 * source_read.c: from cells of a frame's file to the prepared numbers of a batch (source.h).
 *
 * The arithmetic is that of preparation_apply.c, element by element, so that the bytes are the same;
 * it works on several elements at a time where they stand side by side.
 */
#include "train/source.h"

#include "data/frame_layout.h"

#include <math.h>
#include <string.h>

#define PIECE_CELLS      256 /* converted at a time */
#define LANES            4
#define PREFETCH_AHEAD   4   /* examples */
#define PREFETCH_BYTES   512 /* of a row at most */
#define CACHE_LINE_BYTES 64

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef gd_real real_lanes __attribute__((vector_size(LANES * sizeof(gd_real))));

static void convert(const double *cells, int64_t count, gd_real *into)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        lanes cell;
        memcpy(&cell, cells + i, sizeof cell);
        real_lanes prepared = __builtin_convertvector(cell, real_lanes);
        memcpy(into + i, &prepared, sizeof prepared);
    }
    for (; i < count; i++) {
        into[i] = (gd_real)cells[i];
    }
}

static void transform(const double *cells, const double *first, const double *center,
                      const double *divisor, int64_t count, gd_real *into)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        lanes cell, a, b, c;
        memcpy(&cell, cells + i, sizeof cell);
        memcpy(&a, first + i, sizeof a);
        memcpy(&b, center + i, sizeof b);
        memcpy(&c, divisor + i, sizeof c);
        real_lanes prepared = __builtin_convertvector(((cell - a) - b) / c, real_lanes);
        memcpy(into + i, &prepared, sizeof prepared);
    }
    for (; i < count; i++) {
        into[i] = (gd_real)(((cells[i] - first[i]) - center[i]) / divisor[i]);
    }
}

static void read_numbers(const gd_source *source, const gdi_source_run *run, int64_t row,
                         gd_real *into)
{
    double scratch[PIECE_CELLS];
    for (int64_t done = 0; done < run->count; done += PIECE_CELLS) {
        int64_t left = run->count - done, count = left < PIECE_CELLS ? left : PIECE_CELLS;
        int64_t feature = run->feature + done;
        const double *cells = gdi_frame_cells(run->leaf, row, run->column + done, count, scratch);
        if (run->plain) {
            convert(cells, count, into + done);
        } else {
            transform(cells, source->first + feature, source->center + feature,
                      source->divisor + feature, count, into + done);
        }
        for (int64_t i = 0; run->gaps && i < count; i++) {
            into[done + i] = isnan(cells[i]) ? source->fill[feature + i] : into[done + i];
        }
    }
}

static void read_bytes(const gdi_source_run *run, int64_t row, gd_real *into)
{
    const gd_frame *leaf = run->leaf;
    const uint8_t *cells = (const uint8_t *)leaf->cells + (size_t)row * (size_t)leaf->column_count +
                           (size_t)run->column;
    const gd_real *table = run->table;
    int64_t i = 0;
    for (; i + LANES <= run->count; i += LANES) {
        gd_real a = table[cells[i]], b = table[cells[i + 1]], c = table[cells[i + 2]],
                d = table[cells[i + 3]];
        into[i] = a;
        into[i + 1] = b;
        into[i + 2] = c;
        into[i + 3] = d;
    }
    for (; i < run->count; i++) {
        into[i] = table[cells[i]];
    }
}

/* The class of a cell in the preparation; -1 for a missing one. */
static int64_t class_of(const gd_frame *leaf, int64_t row, int64_t column, const int64_t *classes)
{
    double scratch = 0;
    double cell = *gdi_frame_cells(leaf, row, column, 1, &scratch);
    bool is_class = cell >= 0.0 && cell < (double)leaf->columns[column].class_count;
    return is_class ? classes[(int64_t)cell] : -1;
}

static void read_features(const gd_source *source, int64_t row, gd_real *into)
{
    for (int64_t i = 0; i < source->run_count; i++) {
        const gdi_source_run *run = &source->runs[i];
        gd_real *place = into + run->place;
        if (run->table != NULL) {
            read_bytes(run, row, place);
        } else if (run->classes == NULL) {
            read_numbers(source, run, row, place);
        } else {
            int64_t class = class_of(run->leaf, row, run->column, run->classes);
            if (run->width == 0) {
                *place = (gd_real) class;
                continue;
            }
            memset(place, 0, (size_t)run->width * sizeof *place);
            if (class >= 0) {
                place[class] = 1;
            }
        }
    }
}

static void read_targets(const gd_source *source, int64_t row, gd_real *into)
{
    const gd_preparation *preparation = source->preparation;
    for (int64_t i = 0; i < source->row_targets; i++) {
        const gdi_source_target *target = &source->targets[i];
        double scratch = 0;
        if (target->classes != NULL) {
            into[i] = (gd_real)class_of(target->leaf, row, target->column, target->classes);
            continue;
        }
        double cell = *gdi_frame_cells(target->leaf, row, target->column, 1, &scratch);
        if (preparation->class_numbers != NULL) {
            into[i] = (gd_real)gdi_find_number(preparation->class_numbers,
                                               preparation->targets[0].class_count, cell);
        } else {
            const gdi_transform *by = &preparation->target_transforms[i];
            into[i] = (gd_real)(((cell - by->first) - by->center) / by->divisor);
        }
    }
}

static int64_t first_row(const gd_source *source, int64_t example)
{
    return source->window.length > 0 ? source->rows->first + example * source->window.stride
                                     : gd_row_at(source->rows, example);
}

/* Asks for the memory of an example that will be read soon. */
static void prefetch(const gd_source *source, int64_t example)
{
    const gdi_source_run *run = &source->runs[0];
    size_t size = gdi_cell_size(run->leaf->cell_type),
           bytes = (size_t)run->leaf->column_count * size;
    const char *at = (const char *)run->leaf->cells + (size_t)first_row(source, example) * bytes +
                     (size_t)run->column * size;
    bytes = bytes < PREFETCH_BYTES ? bytes : PREFETCH_BYTES;
    for (size_t i = 0; i < bytes; i += CACHE_LINE_BYTES) {
        __builtin_prefetch(at + i);
    }
}

void gdi_source_read(const gd_source *source, const int64_t *order, int64_t first, int64_t begin,
                     int64_t count, gd_real *features, gd_real *targets)
{
    int64_t width = source->span * source->row_width;
    int64_t target_width = source->target_span * source->row_targets;
    for (int64_t i = begin; i < begin + count; i++) {
        if (order != NULL && i + PREFETCH_AHEAD < begin + count) {
            prefetch(source, order[i + PREFETCH_AHEAD]);
        }
        int64_t row = first_row(source, order == NULL ? first + i : order[i]);
        for (int64_t j = 0; j < source->span; j++) {
            read_features(source, row + j, features + i * width + j * source->row_width);
        }
        for (int64_t j = 0; targets != NULL && j < source->target_span; j++) {
            read_targets(source, row + source->target_first + j,
                         targets + i * target_width + j * source->row_targets);
        }
    }
}
