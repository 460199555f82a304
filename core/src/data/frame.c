/*
 * frame.c: access to a frame, whether built in memory or mapped from a file. See frame.h and
 * frame_layout.h. A frame is complete once a caller sees it and never changes afterwards.
 */
#include <descent/frame.h>

#include "base/memory.h"
#include "data/cells.h"
#include "data/frame_layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

gd_frame *gdi_frame_create(int64_t column_count)
{
    gd_frame *frame = gdi_allocate(1, sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    frame->column_count = column_count;
    frame->cell_type = GDI_CELL_FLOAT64;
    frame->columns = gdi_allocate((size_t)column_count, sizeof *frame->columns);
    frame->names = gdi_text_index_create();
    if (frame->columns == NULL || frame->names == NULL) {
        gd_frame_destroy(frame);
        return NULL;
    }
    return frame;
}

void gd_frame_destroy(gd_frame *frame)
{
    if (frame == NULL) {
        return;
    }
    for (int64_t i = 0; frame->columns != NULL && i < frame->column_count; i++) {
        gdi_free((void *)(uintptr_t)frame->columns[i].classes);
        if (frame->texts != NULL) {
            gdi_text_index_destroy(frame->texts[i]);
        }
    }
    gdi_free(frame->texts);
    gdi_free(frame->columns);
    gdi_text_index_destroy(frame->names);
    gdi_free(frame->owned_cells);
    if (frame->map != NULL) {
        (void)munmap(frame->map, frame->map_length);
    }
    gdi_free(frame);
}

void gdi_column_describe(gd_column *column, const gdi_statistics *statistics, int64_t missing)
{
    bool any = column->kind == GD_COLUMN_NUMERIC && statistics->count > 0;
    column->missing = missing;
    column->minimum = any ? statistics->minimum : (double)NAN;
    column->maximum = any ? statistics->maximum : (double)NAN;
    column->mean = any ? gdi_statistics_mean(statistics) : (double)NAN;
    column->standard_deviation = any ? gdi_statistics_deviation(statistics) : (double)NAN;
}

bool gdi_column_list_classes(gd_column *column, const gdi_text_index *texts)
{
    int64_t count = gdi_text_index_count(texts);
    const char **classes = gdi_allocate((size_t)count, sizeof *classes);
    if (classes == NULL) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        classes[i] = gdi_text_index_text(texts, i);
    }
    column->classes = classes;
    column->class_count = count;
    return true;
}

void gdi_name_element(char name[GDI_ELEMENT_NAME], int64_t index, bool alone)
{
    if (alone) {
        (void)snprintf(name, GDI_ELEMENT_NAME, "value");
    } else {
        (void)snprintf(name, GDI_ELEMENT_NAME, "v_%lld", (long long)index);
    }
}

int64_t gd_frame_row_count(const gd_frame *frame)
{
    return frame->row_count;
}

int64_t gd_frame_column_count(const gd_frame *frame)
{
    return frame->column_count;
}

const gd_column *gd_frame_column(const gd_frame *frame, int64_t index)
{
    return index >= 0 && index < frame->column_count ? &frame->columns[index] : NULL;
}

int64_t gd_frame_find(const gd_frame *frame, const char *name)
{
    return gdi_text_index_find(frame->names, name, strlen(name));
}

int64_t gdi_frame_find_near(const gd_frame *frame, const char *name, int64_t guess)
{
    const gd_column *column = gd_frame_column(frame, guess);
    return column != NULL && strcmp(column->name, name) == 0 ? guess : gd_frame_find(frame, name);
}

size_t gdi_cell_size(gdi_cell_type type)
{
    static const size_t sizes[] = {
        [GDI_CELL_FLOAT64] = sizeof(double),
        [GDI_CELL_UINT8] = sizeof(uint8_t),
        [GDI_CELL_UINT16] = sizeof(uint16_t),
        [GDI_CELL_FLOAT32] = sizeof(float),
    };
    return (size_t)type < sizeof sizes / sizeof sizes[0] ? sizes[type] : 0;
}

const double *gdi_frame_cells(const gd_frame *frame, int64_t row, int64_t column, int64_t count,
                              double *scratch)
{
    size_t first = (size_t)row * (size_t)frame->column_count + (size_t)column;
    if (frame->cell_type == GDI_CELL_FLOAT64) {
        return (const double *)frame->cells + first;
    }
    if (frame->cell_type == GDI_CELL_UINT8) {
        const uint8_t *cells = (const uint8_t *)frame->cells + first;
        for (int64_t i = 0; i < count; i++) {
            scratch[i] = (double)cells[i];
        }
    } else if (frame->cell_type == GDI_CELL_FLOAT32) {
        const float *cells = (const float *)frame->cells + first;
        for (int64_t i = 0; i < count; i++) {
            scratch[i] = (double)cells[i];
        }
    } else {
        const uint16_t *cells = (const uint16_t *)frame->cells + first;
        for (int64_t i = 0; i < count; i++) {
            scratch[i] = (double)cells[i];
        }
    }
    return scratch;
}

const gd_frame *gdi_frame_leaf(const gd_frame *frame, int64_t column, int64_t *index)
{
    while (frame->parts[0] != NULL) {
        bool last = column == frame->column_count - 1;
        column = last ? frame->joined_column : column;
        frame = frame->parts[last ? 1 : 0];
    }
    *index = column;
    return frame;
}

const double *gdi_frame_row(const gd_frame *frame, int64_t row, double *scratch)
{
    if (frame->parts[0] == NULL) {
        return gdi_frame_cells(frame, row, 0, frame->column_count, scratch);
    }
    double last = 0;
    gd_frame_read_row(frame->parts[0], row, scratch);
    scratch[frame->column_count - 1] =
        *gdi_frame_cells(frame->parts[1], row, frame->joined_column, 1, &last);
    return scratch;
}

int64_t gd_frame_row_bytes(const gd_frame *frame)
{
    return frame->parts[0] != NULL
               ? gd_frame_row_bytes(frame->parts[0]) + gd_frame_row_bytes(frame->parts[1])
               : frame->column_count * (int64_t)gdi_cell_size(frame->cell_type);
}

void gd_frame_read_row(const gd_frame *frame, int64_t row, double *cells)
{
    const double *found = gdi_frame_row(frame, row, cells);
    if (found != cells) {
        memcpy(cells, found, (size_t)frame->column_count * sizeof *cells);
    }
}

static int64_t add_name(gdi_text_index *names, const char *name)
{
    return gdi_text_index_add(names, name, strlen(name), GD_FRAME_MAXIMUM_COLUMNS + 1);
}

/* The name where it is free, else "target", "target_2" and so on; NULL without memory. */
static const char *add_free_name(gdi_text_index *names, const char *name)
{
    char numbered[32] = "target";
    const int64_t position = gdi_text_index_count(names);
    int64_t number = add_name(names, name);
    for (long long i = 2; number >= 0 && number != position; i++) {
        number = add_name(names, numbered);
        (void)snprintf(numbered, sizeof numbered, "target_%lld", i);
    }
    return number < 0 ? NULL : gdi_text_index_text(names, number);
}

static bool copy_columns(gd_frame *joined, const gd_frame *frame, const gd_column *column,
                         const char *name)
{
    for (int64_t i = 0; i < joined->column_count; i++) {
        const gd_column *from = i < frame->column_count ? &frame->columns[i] : column;
        gd_column *to = &joined->columns[i];
        *to = *from;
        to->classes = NULL;
        to->class_count = 0;
        to->name = add_free_name(joined->names, from == column ? name : from->name);
        if (to->name == NULL) {
            return false;
        }
        if (from->class_count == 0) {
            continue;
        }
        const char **classes = gdi_allocate((size_t)from->class_count, sizeof *classes);
        if (classes == NULL) {
            return false;
        }
        memcpy(classes, from->classes, (size_t)from->class_count * sizeof *classes);
        to->classes = classes;
        to->class_count = from->class_count;
    }
    return true;
}

gd_status gd_frame_join(gd_frame **joined, const gd_frame *frame, const gd_frame *other,
                        int64_t column, const char *name, gd_error *error)
{
    *joined = NULL;
    if (frame->row_count != other->row_count) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "", "there are %lld rows and %lld targets",
                       (long long)frame->row_count, (long long)other->row_count);
    }
    if (column < 0 || column >= other->column_count || other->parts[0] != NULL) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "there is no column %lld",
                       (long long)column);
    }
    gd_frame *made = gdi_frame_create(frame->column_count + 1);
    if (made == NULL || !copy_columns(made, frame, &other->columns[column],
                                      name != NULL ? name : other->columns[column].name)) {
        gd_frame_destroy(made);
        return gdi_fail_memory(error);
    }
    made->row_count = frame->row_count;
    made->parts[0] = frame;
    made->parts[1] = other;
    made->joined_column = column;
    *joined = made;
    return GD_OK;
}
