/*
 * frame_look.c: single questions to one column of a frame, answered by a pass over it (frame.h).
 */
#include <descent/frame.h>

#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/preparation_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* Distinct numbers, ascending, while they are gathered. */
typedef struct number_set {
    double *numbers;
    int64_t count, capacity, maximum;
} number_set;

static gd_status add(number_set *set, double value)
{
    int64_t at = gdi_lower_bound(set->numbers, set->count, value);
    if (at < set->count && set->numbers[at] == value) {
        return GD_OK;
    }
    if (set->count == set->maximum) {
        return GD_TOO_LARGE;
    }
    if (set->count == set->capacity) {
        int64_t capacity = set->capacity == 0 ? FIRST_CAPACITY : 2 * set->capacity;
        double *grown = realloc(set->numbers, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return GD_OUT_OF_MEMORY;
        }
        set->numbers = grown;
        set->capacity = capacity;
    }
    memmove(set->numbers + at + 1, set->numbers + at,
            (size_t)(set->count - at) * sizeof *set->numbers);
    set->numbers[at] = value + 0.0; /* no negative zero */
    set->count++;
    return GD_OK;
}

gd_status gd_frame_numbers(const gd_frame *frame, int64_t column, int64_t maximum, double **numbers,
                           int64_t *count, const gd_watch *watch, gd_error *error)
{
    int64_t index = 0;
    const gd_frame *leaf = gdi_frame_leaf(frame, column, &index);
    number_set set = {.maximum = maximum};
    double scratch = 0, before = NAN;
    gd_status status = GD_OK;
    *numbers = NULL;
    *count = 0;
    for (int64_t row = 0; status == GD_OK && row < frame->row_count; row++) {
        double cell = *gdi_frame_cells(leaf, row, index, 1, &scratch);
        if (row % GD_WATCH_EVERY == 0 && gd_watch_stops(watch)) {
            status = GD_INTERRUPTED;
        } else if (isfinite(cell) && cell != before) {
            status = add(&set, cell);
            before = cell;
        }
    }
    if (status != GD_OK) {
        free(set.numbers);
        return status == GD_TOO_LARGE
                   ? gd_fail(error, status, "", "column '%s' has more than %lld different numbers",
                             gd_frame_column(frame, column)->name, (long long)maximum)
                   : gd_fail(error, status, "", "%s", gd_status_message(status));
    }
    *numbers = set.numbers;
    *count = set.count;
    return GD_OK;
}

int64_t gd_frame_find_missing(const gd_frame *frame, int64_t column)
{
    int64_t index = 0;
    const gd_frame *leaf = gdi_frame_leaf(frame, column, &index);
    double scratch = 0;
    for (int64_t row = 0; row < frame->row_count; row++) {
        if (isnan(*gdi_frame_cells(leaf, row, index, 1, &scratch))) {
            return row;
        }
    }
    return -1;
}
