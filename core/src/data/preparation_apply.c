/*
 * preparation_apply.c: prepared numbers from raw rows, and raw values from outputs. See preparation.h.
 *
 * A frame's columns are found by name and its class numbers translated by text, so that another file
 * with other classes or another order of columns is understood or refused, never misread.
 */
#include "data/preparation_layout.h"

#include "base/memory.h"
#include "base/number.h"
#include "data/frame_layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A raw column of the frame that a column of the preparation is read from. */
typedef struct column_source {
    int64_t index;    /* in the frame */
    int64_t *classes; /* [class_count] frame's class → the preparation's, or -1; NULL: numeric */
    int64_t class_count;
} column_source;

static gd_status find_source(column_source *source, const gd_preparation *preparation,
                             int64_t guess, const gd_frame *frame, gd_error *error)
{
    const gd_column *column = gdi_preparation_column(preparation, guess);
    source->index = gdi_frame_find_near(frame, column->name, guess);
    const gd_column *from = gd_frame_column(frame, source->index);
    if (from == NULL) {
        return gd_fail(error, GD_INVALID_DATA, "", "there is no column '%s'", column->name);
    }
    if (from->kind != column->kind && from->missing < frame->row_count) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "column '%s' held %s in training and holds %s here", column->name,
                       column->kind == GD_COLUMN_NUMERIC ? "numbers" : "texts",
                       from->kind == GD_COLUMN_NUMERIC ? "numbers" : "texts");
    }
    if (column->kind == GD_COLUMN_CATEGORICAL) {
        source->class_count = from->class_count;
        source->classes = gdi_preparation_translate(preparation, guess, from);
        return source->classes == NULL ? gdi_fail_memory(error) : GD_OK;
    }
    return GD_OK;
}

/* Scales and stores a number; a value that gd_real cannot hold is refused. */
static bool store(const gdi_transform *transform, double value, gd_real *into)
{
    double prepared = ((value - transform->first) - transform->center) / transform->divisor;
    if (!(fabs(prepared) <= (double)GD_REAL_MAX)) {
        return false;
    }
    *into = (gd_real)prepared;
    return true;
}

/*
 * One feature. `class` is its class in the preparation or -1 (unseen); only for categorical columns.
 * False where the value cannot be used.
 */
static bool store_feature(const gd_preparation *preparation, int64_t column, double cell,
                          int64_t class, gd_real *features)
{
    gd_real *into = features + preparation->offsets[column];
    const gdi_transform *transform = &preparation->transforms[column];
    if (preparation->columns[column].kind == GD_COLUMN_NUMERIC) {
        if (isnan(cell)) {
            *into = (gd_real)transform->fill;
            return fabs(transform->fill) <= (double)GD_REAL_MAX;
        }
        return store(transform, cell, into);
    }
    if (preparation->symbols) {
        *into = (gd_real) class;
        return class >= 0;
    }
    memset(into, 0, (size_t)preparation->columns[column].class_count * sizeof *into);
    if (isnan(cell)) {
        return true;
    }
    if (class >= 0) {
        into[class] = 1;
    }
    return class >= 0;
}

/* True where a categorical cell is one of `count` classes. */
static bool is_class(double cell, int64_t count)
{
    return cell >= 0.0 && cell < (double)count && cell == floor(cell);
}

static gd_status refuse_cell(const gd_frame *frame, int64_t row, const column_source *source,
                             double cell, gd_error *error)
{
    const gd_column *column = gd_frame_column(frame, source->index);
    if (source->classes != NULL && !is_class(cell, source->class_count)) {
        return gdi_fail_cell(error, GD_CORRUPT, row, source->index,
                             "column '%s' holds a class that does not exist", column->name);
    }
    if (source->classes != NULL) {
        return gdi_fail_cell(error, GD_INVALID_DATA, row, source->index,
                             "row %lld (from 0) has '%s' in column '%s', which no training row has",
                             (long long)row, column->classes[(int64_t)cell], column->name);
    }
    return gdi_fail_cell(
        error, GD_INVALID_DATA, row, source->index,
        "row %lld (from 0) has a value in column '%s' that is beyond what " GD_REAL_DTYPE
        " holds; `scaling` may help",
        (long long)row, column->name);
}

static gd_status apply_features(const gd_preparation *preparation, const column_source *sources,
                                const gd_frame *frame, int64_t row, const double *cells,
                                gd_real *features, gd_error *error)
{
    for (int64_t i = 0; i < preparation->column_count; i++) {
        const column_source *source = &sources[i];
        double cell = cells[source->index];
        int64_t class = -1;
        if (source->classes != NULL && is_class(cell, source->class_count)) {
            class = source->classes[(int64_t)cell];
        }
        if (!store_feature(preparation, i, cell, class, features)) {
            return refuse_cell(frame, row, source, cell, error);
        }
    }
    return GD_OK;
}

static gd_status apply_targets(const gd_preparation *preparation, const column_source *sources,
                               const gd_frame *frame, int64_t row, const double *cells,
                               gd_real *targets, gd_error *error)
{
    for (int64_t i = 0; i < preparation->target_count; i++) {
        const column_source *source = &sources[i];
        double cell = cells[source->index];
        if (preparation->task == GD_TASK_REGRESSION) {
            if (!store(&preparation->target_transforms[i], cell, &targets[i])) {
                return refuse_cell(frame, row, source, cell, error);
            }
            continue;
        }
        int64_t class = -1;
        if (preparation->class_numbers != NULL) {
            class = gdi_find_number(preparation->class_numbers, preparation->targets[0].class_count,
                                    cell);
        } else if (is_class(cell, source->class_count)) {
            class = source->classes[(int64_t)cell];
        }
        if (class < 0 && source->classes == NULL) {
            char text[GDI_NUMBER_LENGTH];
            gdi_number_print(cell, text);
            return gdi_fail_cell(
                error, GD_INVALID_DATA, row, source->index,
                "row %lld (from 0) has the class %s in column '%s', which no training row has",
                (long long)row, text, preparation->targets[0].name);
        }
        if (class < 0) {
            return refuse_cell(frame, row, source, cell, error);
        }
        targets[i] = (gd_real) class;
    }
    return GD_OK;
}

/*
 * Whether the row is left out; GD_INVALID_DATA where it lacks a value that is neither filled nor a
 * reason to leave it out. Sources: features, then targets.
 */
static gd_status check_missing(const gd_preparation *preparation, const column_source *sources,
                               int64_t source_count, const gd_frame *frame, int64_t row,
                               const double *cells, bool *drop, gd_error *error)
{
    int64_t from = preparation->missing == GD_MISSING_MEAN ? preparation->column_count : 0;
    *drop = false;
    for (int64_t i = from; i < source_count; i++) {
        if (!isnan(cells[sources[i].index])) {
            continue;
        }
        if (preparation->missing == GD_MISSING_DROP) {
            *drop = true;
            return GD_OK;
        }
        return gdi_fail_cell(error, GD_INVALID_DATA, row, sources[i].index,
                             "row %lld (from 0) has no value in column '%s'", (long long)row,
                             gd_frame_column(frame, sources[i].index)->name);
    }
    return GD_OK;
}

static gd_status apply_rows(const gd_preparation *preparation, const column_source *sources,
                            const gd_frame *frame, const gdi_row_view *rows, double *scratch,
                            gd_real *features, gd_real *targets, int64_t *prepared,
                            const gd_watch *watch, gd_error *error)
{
    int64_t width = gd_preparation_feature_width(preparation);
    int64_t target_width = gd_preparation_target_width(preparation);
    int64_t source_count =
        preparation->column_count + (targets != NULL ? preparation->target_count : 0);
    for (int64_t i = 0; i < rows->count; i++) {
        int64_t row = gdi_row_of(rows, i);
        if (row < 0 || row >= frame->row_count) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "rows", "there is no row %lld",
                           (long long)row);
        }
        if (i % GD_WATCH_EVERY == 0 && gd_watch_stops(watch)) {
            return gd_fail(error, GD_INTERRUPTED, "", "%s", gd_status_message(GD_INTERRUPTED));
        }
        const double *cells = gdi_frame_row(frame, row, scratch);
        bool drop = false;
        gd_status status =
            check_missing(preparation, sources, source_count, frame, row, cells, &drop, error);
        if (status == GD_OK && drop) {
            continue;
        }
        gd_real *example =
            preparation->sparse_width > 0 ? NULL : features + (size_t)*prepared * (size_t)width;
        if (status == GD_OK) {
            status = apply_features(preparation, sources, frame, row, cells, example, error);
        }
        if (status == GD_OK && targets != NULL) {
            gd_real *target = targets + (size_t)*prepared * (size_t)target_width;
            if (preparation->task == GD_TASK_RECONSTRUCTION) {
                memcpy(target, example, (size_t)width * sizeof *target);
            } else {
                status = apply_targets(preparation, sources + preparation->column_count, frame, row,
                                       cells, target, error);
            }
        }
        if (status != GD_OK) {
            return status;
        }
        ++*prepared;
    }
    return GD_OK;
}

static gd_status apply_view(const gd_preparation *preparation, const gd_frame *frame,
                            const gdi_row_view *rows, gd_real *features, gd_real *targets,
                            int64_t *prepared, const gd_watch *watch, gd_error *error)
{
    *prepared = 0;
    int64_t count = preparation->column_count + (targets != NULL ? preparation->target_count : 0);
    column_source *sources = gdi_allocate((size_t)count, sizeof *sources);
    double *scratch = gdi_allocate((size_t)frame->column_count, sizeof *scratch);
    if (sources == NULL || scratch == NULL) {
        gdi_free(sources);
        gdi_free(scratch);
        return gdi_fail_memory(error);
    }
    gd_status status = GD_OK;
    for (int64_t i = 0; i < count && status == GD_OK; i++) {
        status = find_source(&sources[i], preparation, i, frame, error);
    }
    if (status == GD_OK) {
        status = apply_rows(preparation, sources, frame, rows, scratch, features, targets, prepared,
                            watch, error);
    }
    for (int64_t i = 0; i < count; i++) {
        gdi_free(sources[i].classes);
    }
    gdi_free(sources);
    gdi_free(scratch);
    return status;
}

gd_status gd_preparation_apply(const gd_preparation *preparation, const gd_frame *frame,
                               const int64_t *rows, int64_t row_count, gd_real *features,
                               gd_real *targets, int64_t *prepared, gd_error *error)
{
    static const int64_t none = 0;
    gdi_row_view view = {.array = rows != NULL ? rows : &none, .count = row_count};
    return apply_view(preparation, frame, &view, features, targets, prepared, NULL, error);
}

gd_status gd_preparation_apply_rows(const gd_preparation *preparation, const gd_frame *frame,
                                    const gd_rows *rows, gd_real *features, gd_real *targets,
                                    int64_t *prepared, const gd_watch *watch, gd_error *error)
{
    gdi_row_view view = {.set = rows, .count = rows->count};
    return apply_view(preparation, frame, &view, features, targets, prepared, watch, error);
}

gd_status gd_preparation_apply_row(const gd_preparation *preparation, const double *cells,
                                   gd_real *features, gd_error *error)
{
    for (int64_t i = 0; i < preparation->column_count; i++) {
        const gd_column *column = &preparation->columns[i];
        char path[24];
        (void)snprintf(path, sizeof path, "%lld", (long long)i);
        if (isnan(cells[i]) && preparation->missing != GD_MISSING_MEAN) {
            return gd_fail(error, GD_INVALID_DATA, path, "column '%s' has no value", column->name);
        }
        int64_t class = is_class(cells[i], column->class_count) ? (int64_t)cells[i] : -1;
        if (class >= 0 && !gdi_preparation_knows(preparation, i, class)) {
            return gd_fail(error, GD_INVALID_DATA, path,
                           "column '%s' has '%s', which no training row has", column->name,
                           column->classes[class]);
        }
        if (!store_feature(preparation, i, cells[i], class, features)) {
            return gd_fail(error, GD_INVALID_DATA, path,
                           column->kind == GD_COLUMN_NUMERIC
                               ? "the value of column '%s' is beyond what " GD_REAL_DTYPE " holds"
                               : "column '%s' has a class that no training row has",
                           column->name);
        }
    }
    return GD_OK;
}

static double undo(const gdi_transform *transform, gd_real output)
{
    return ((double)output * transform->divisor + transform->center) + transform->first;
}

void gd_preparation_restore(const gd_preparation *preparation, const gd_real *outputs,
                            double *values)
{
    if (preparation->task != GD_TASK_RECONSTRUCTION) {
        for (int64_t i = 0; i < preparation->target_count; i++) {
            values[i] = undo(&preparation->target_transforms[i], outputs[i]);
        }
        return;
    }
    /* One-hot cells have the identity as their column's transform. */
    for (int64_t i = 0; i < preparation->column_count; i++) {
        for (int64_t j = preparation->offsets[i]; j < preparation->offsets[i + 1]; j++) {
            values[j] = undo(&preparation->transforms[i], outputs[j]);
        }
    }
}
