/*
 * frame.c: access to a frame, whether built in memory or mapped from a file. See frame.h and
 * frame_layout.h. A frame is complete once a caller sees it and never changes afterwards.
 */
#include <descent/frame.h>

#include "base/memory.h"
#include "data/frame_layout.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

gd_frame *gdi_frame_create(int64_t column_count)
{
    gd_frame *frame = gdi_allocate(1, sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    frame->column_count = column_count;
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

void gd_frame_read_row(const gd_frame *frame, int64_t row, double *cells)
{
    size_t columns = (size_t)frame->column_count;
    memcpy(cells, frame->cells + (size_t)row * columns, columns * sizeof *cells);
}
