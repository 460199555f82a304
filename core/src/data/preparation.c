/*
 * preparation.c: fitting a preparation on the training rows, and reading it. See preparation.h.
 *
 * One pass over the rows: a row that DROP leaves out counts nowhere, neither in means nor in classes.
 * What a training row does not have, the preparation does not know.
 */
#include "data/preparation_layout.h"

#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A column while the rows are read. */
typedef struct fitted_column {
    int64_t index; /* in the frame */
    const gd_column *source;
    gdi_statistics statistics; /* numeric */
    unsigned char *seen;       /* categorical: [class_count] */
    double *numbers;           /* target of a classification, numeric: distinct, ascending */
    int64_t number_count;
    bool collects_numbers;
    int64_t missing;
} fitted_column;

static gd_status fail_memory(gd_error *error)
{
    return gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
}

gd_status gdi_fail_cell(gd_error *error, gd_status status, int64_t row, int64_t column,
                        const char *format, ...)
{
    char message[sizeof error->message];
    char path[64];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)snprintf(path, sizeof path, "rows/%lld/%lld", (long long)row, (long long)column);
    return gd_fail(error, status, path, "%s", message);
}

gd_preparation *gdi_preparation_create(int64_t column_count, int64_t target_count)
{
    gd_preparation *made = gdi_allocate(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->column_count = column_count;
    made->target_count = target_count;
    made->columns = gdi_allocate((size_t)column_count, sizeof *made->columns);
    made->transforms = gdi_allocate((size_t)column_count, sizeof *made->transforms);
    made->offsets = gdi_allocate((size_t)column_count + 1, sizeof *made->offsets);
    made->targets = gdi_allocate((size_t)target_count, sizeof *made->targets);
    made->target_transforms = gdi_allocate((size_t)target_count, sizeof *made->target_transforms);
    if (made->columns == NULL || made->transforms == NULL || made->offsets == NULL ||
        made->targets == NULL || made->target_transforms == NULL) {
        gd_preparation_destroy(made);
        return NULL;
    }
    return made;
}

static void dispose_columns(gd_column *columns, int64_t count)
{
    for (int64_t i = 0; columns != NULL && i < count; i++) {
        for (int64_t j = 0; j < columns[i].class_count; j++) {
            gdi_free((void *)(uintptr_t)columns[i].classes[j]);
        }
        gdi_free((void *)(uintptr_t)columns[i].classes);
        gdi_free((void *)(uintptr_t)columns[i].name);
    }
    gdi_free(columns);
}

void gd_preparation_destroy(gd_preparation *preparation)
{
    if (preparation == NULL) {
        return;
    }
    dispose_columns(preparation->columns, preparation->column_count);
    dispose_columns(preparation->targets, preparation->target_count);
    gdi_free(preparation->transforms);
    gdi_free(preparation->offsets);
    gdi_free(preparation->target_transforms);
    gdi_free(preparation->class_numbers);
    gdi_free(preparation);
}

void gdi_preparation_place(gd_preparation *preparation)
{
    int64_t offset = 0;
    for (int64_t i = 0; i < preparation->column_count; i++) {
        const gd_column *column = &preparation->columns[i];
        preparation->offsets[i] = offset;
        bool one_hot = column->kind == GD_COLUMN_CATEGORICAL && !preparation->symbols;
        offset += one_hot ? column->class_count : 1;
    }
    preparation->offsets[preparation->column_count] = offset;
}

/* Number of values < value. */
static int64_t lower_bound(const double *numbers, int64_t count, double value)
{
    int64_t low = 0;
    for (int64_t high = count; low < high;) {
        int64_t middle = low + (high - low) / 2;
        if (numbers[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t gdi_find_number(const double *numbers, int64_t count, double value)
{
    int64_t at = lower_bound(numbers, count, value);
    return at < count && numbers[at] == value ? at : -1;
}

static gd_status check_columns(const int64_t *indices, int64_t count, const char *what,
                               const gd_frame *frame, unsigned char *used, gd_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%lld", what, (long long)i);
        const gd_column *column = gd_frame_column(frame, indices[i]);
        if (column == NULL) {
            return gd_fail(error, GD_INVALID_ARGUMENT, path, "there is no column %lld",
                           (long long)indices[i]);
        }
        if (used[indices[i]]) {
            return gd_fail(error, GD_INVALID_ARGUMENT, path, "column '%s' is named twice",
                           column->name);
        }
        used[indices[i]] = 1;
    }
    return GD_OK;
}

static gd_status check_options(const gd_preparation_options *options, const gd_frame *frame,
                               int64_t row_count, gd_error *error)
{
    static const char *const needs[] = {"at least one target", "exactly one target", "no target"};
    bool enough = options->task == GD_TASK_REGRESSION       ? options->target_count > 0
                  : options->task == GD_TASK_CLASSIFICATION ? options->target_count == 1
                                                            : options->target_count == 0;
    if (!enough) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "target", "the task needs %s",
                       needs[options->task]);
    }
    if (options->feature_count < 1) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "features", "there must be a feature");
    }
    if (row_count < 1) {
        return gd_fail(error, GD_INVALID_DATA, "", "there are no training rows");
    }
    for (int64_t i = 0; options->task == GD_TASK_REGRESSION && i < options->target_count; i++) {
        const gd_column *column = gd_frame_column(frame, options->targets[i]);
        if (column != NULL && column->kind == GD_COLUMN_CATEGORICAL) {
            return gd_fail(error, GD_INVALID_DATA, "target",
                           "column '%s' holds texts and a regression needs numbers; the task may "
                           "be classification",
                           column->name);
        }
    }
    unsigned char *used = gdi_allocate((size_t)gd_frame_column_count(frame), 1);
    if (used == NULL) {
        return fail_memory(error);
    }
    gd_status status =
        check_columns(options->features, options->feature_count, "features", frame, used, error);
    if (status == GD_OK) {
        if (options->overlap) {
            memset(used, 0, (size_t)gd_frame_column_count(frame));
        }
        status =
            check_columns(options->targets, options->target_count, "target", frame, used, error);
    }
    gdi_free(used);
    return status;
}

/* Puts a value among the column's distinct numbers. */
static gd_status collect_number(fitted_column *column, double value, gd_error *error)
{
    int64_t at = lower_bound(column->numbers, column->number_count, value);
    if (at < column->number_count && column->numbers[at] == value) {
        return GD_OK;
    }
    if (column->number_count == GD_FRAME_MAXIMUM_CLASSES) {
        return gd_fail(error, GD_INVALID_DATA, "target",
                       "column '%s' has more than %lld different numbers and cannot be classified; "
                       "the task may be regression",
                       column->source->name, (long long)GD_FRAME_MAXIMUM_CLASSES);
    }
    memmove(column->numbers + at + 1, column->numbers + at,
            (size_t)(column->number_count - at) * sizeof *column->numbers);
    column->numbers[at] = value + 0.0; /* no negative zero */
    column->number_count++;
    return GD_OK;
}

static gd_status fit_cell(fitted_column *column, double cell, int64_t row, gd_error *error)
{
    if (isnan(cell)) {
        column->missing++;
        return GD_OK;
    }
    if (column->seen != NULL) {
        if (!(cell >= 0.0 && cell < (double)column->source->class_count) || cell != floor(cell)) {
            return gdi_fail_cell(error, GD_CORRUPT, row, column->index,
                                 "column '%s' holds a class that does not exist",
                                 column->source->name);
        }
        column->seen[(int64_t)cell] = 1;
        return GD_OK;
    }
    if (isinf(cell)) {
        return gdi_fail_cell(error, GD_CORRUPT, row, column->index, "column '%s' holds an infinity",
                             column->source->name);
    }
    if (column->collects_numbers) {
        return collect_number(column, cell, error);
    }
    gdi_statistics_add(&column->statistics, cell);
    return GD_OK;
}

/* First column of the row without a value, or -1. */
static int64_t find_missing(const fitted_column *columns, int64_t from, int64_t to,
                            const double *cells)
{
    for (int64_t i = from; i < to; i++) {
        if (isnan(cells[columns[i].index])) {
            return i;
        }
    }
    return -1;
}

/* Reads the rows; *kept is the number of those that count. */
static gd_status fit_rows(fitted_column *columns, const gd_preparation_options *options,
                          const gd_frame *frame, const int64_t *rows, int64_t row_count,
                          double *scratch, int64_t *kept, gd_error *error)
{
    int64_t count = options->feature_count + options->target_count;
    for (int64_t i = 0; i < row_count; i++) {
        if (rows[i] < 0 || rows[i] >= frame->row_count) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "rows", "there is no row %lld",
                           (long long)rows[i]);
        }
        const double *cells = gdi_frame_row(frame, rows[i], scratch);
        int64_t from = options->missing == GD_MISSING_MEAN ? options->feature_count : 0;
        int64_t gap = find_missing(columns, from, count, cells);
        if (gap >= 0 && options->missing == GD_MISSING_DROP) {
            continue;
        }
        if (gap >= 0) {
            return gdi_fail_cell(error, GD_INVALID_DATA, rows[i], columns[gap].index,
                                 "row %lld (from 0) has no value in column '%s'; `missing` can be "
                                 "set to %s",
                                 (long long)rows[i], columns[gap].source->name,
                                 gap < options->feature_count ? "drop or mean" : "drop");
        }
        ++*kept;
        for (int64_t j = 0; j < count; j++) {
            gd_status status = fit_cell(&columns[j], cells[columns[j].index], rows[i], error);
            if (status != GD_OK) {
                return status;
            }
        }
    }
    if (*kept == 0) {
        return gd_fail(error, GD_INVALID_DATA, "", "every training row lacks a value");
    }
    return GD_OK;
}

/* Name and, for a categorical column, the classes that were seen. */
static gd_status copy_column(gd_column *column, const fitted_column *fitted, gd_error *error)
{
    column->kind = fitted->source->kind;
    column->name = gdi_duplicate_text(fitted->source->name);
    int64_t count = fitted->number_count;
    for (int64_t i = 0; fitted->seen != NULL && i < fitted->source->class_count; i++) {
        count += fitted->seen[i];
    }
    gdi_column_describe(column, &fitted->statistics, fitted->missing);
    if (column->name == NULL) {
        return fail_memory(error);
    }
    if (count == 0) {
        return GD_OK;
    }
    const char **classes = gdi_allocate((size_t)count, sizeof *classes);
    if (classes == NULL) {
        return fail_memory(error);
    }
    column->classes = classes;
    for (int64_t i = 0; fitted->seen != NULL && i < fitted->source->class_count; i++) {
        if (fitted->seen[i]) {
            classes[column->class_count] = gdi_duplicate_text(fitted->source->classes[i]);
            if (classes[column->class_count] == NULL) {
                return fail_memory(error);
            }
            column->class_count++;
        }
    }
    for (int64_t i = 0; i < fitted->number_count; i++) {
        char text[GDI_NUMBER_LENGTH];
        gdi_number_print(fitted->numbers[i], text);
        classes[i] = gdi_duplicate_text(text);
        if (classes[i] == NULL) {
            return fail_memory(error);
        }
        column->class_count++;
    }
    return GD_OK;
}

/* `scale` is what the column is scaled by: its own statistics, or those of all features. */
static gd_status fit_transform(gdi_transform *transform, gd_scaling scaling,
                               const gd_column *column, const gdi_statistics *statistics,
                               const gdi_statistics *scale, gd_error *error)
{
    *transform = (gdi_transform){.divisor = 1.0};
    if (column->kind == GD_COLUMN_CATEGORICAL || column->class_count > 0) {
        return GD_OK;
    }
    if (statistics->count == 0) {
        return gd_fail(error, GD_INVALID_DATA, "features",
                       "column '%s' has no value in any training row", column->name);
    }
    double width = 0.0;
    if (scaling == GD_SCALING_STANDARDIZE) {
        transform->first = scale->first;
        transform->center = scale->mean;
        width = sqrt(scale->squares / (double)scale->count);
    } else if (scaling == GD_SCALING_MINMAX) {
        transform->first = scale->minimum;
        width = scale->maximum - scale->minimum;
    }
    /* A NaN must come to the check below. */
    transform->divisor = isnan(width) || width > 0.0 ? width : 1.0;
    transform->fill =
        ((statistics->first - transform->first) + statistics->mean - transform->center) /
        transform->divisor;
    if (!isfinite(transform->divisor) || !isfinite(transform->center) ||
        !isfinite(transform->fill)) {
        return gd_fail(error, GD_INVALID_DATA, "scaling",
                       "the values of column '%s' are too far apart to be scaled", column->name);
    }
    return GD_OK;
}

static gd_status conclude(gd_preparation *preparation, fitted_column *columns,
                          const gd_preparation_options *options, gd_error *error)
{
    gd_status status = GD_OK;
    gdi_statistics all = {0};
    for (int64_t i = 0; options->one_scale && i < options->feature_count; i++) {
        gdi_statistics_merge(&all, &columns[i].statistics);
    }
    for (int64_t i = 0; i < options->feature_count && status == GD_OK; i++) {
        gd_column *column = &preparation->columns[i];
        status = copy_column(column, &columns[i], error);
        if (status == GD_OK && column->kind == GD_COLUMN_CATEGORICAL && column->class_count == 0) {
            return gd_fail(error, GD_INVALID_DATA, "features",
                           "column '%s' has no value in any training row", column->name);
        }
        if (status == GD_OK) {
            status = fit_transform(&preparation->transforms[i], options->scaling, column,
                                   &columns[i].statistics,
                                   options->one_scale ? &all : &columns[i].statistics, error);
        }
    }
    for (int64_t i = 0; i < options->target_count && status == GD_OK; i++) {
        fitted_column *fitted = &columns[options->feature_count + i];
        status = copy_column(&preparation->targets[i], fitted, error);
        if (status == GD_OK) {
            status = fit_transform(&preparation->target_transforms[i], options->scaling,
                                   &preparation->targets[i], &fitted->statistics,
                                   &fitted->statistics, error);
        }
    }
    if (status == GD_OK && options->task == GD_TASK_CLASSIFICATION) {
        preparation->class_numbers = columns[options->feature_count].numbers;
        columns[options->feature_count].numbers = NULL;
        if (preparation->targets[0].class_count < 2) {
            return gd_fail(error, GD_INVALID_DATA, "target",
                           "column '%s' is '%s' in every training row; there is nothing to tell "
                           "apart",
                           preparation->targets[0].name, preparation->targets[0].classes[0]);
        }
    }
    gdi_preparation_place(preparation);
    return status;
}

static gd_status start_columns(fitted_column *columns, const gd_preparation_options *options,
                               const gd_frame *frame, gd_error *error)
{
    int64_t count = options->feature_count + options->target_count;
    for (int64_t i = 0; i < count; i++) {
        bool target = i >= options->feature_count;
        fitted_column *column = &columns[i];
        column->index =
            target ? options->targets[i - options->feature_count] : options->features[i];
        column->source = gd_frame_column(frame, column->index);
        if (column->source->kind == GD_COLUMN_CATEGORICAL) {
            column->seen = gdi_allocate((size_t)column->source->class_count, 1);
            if (column->seen != NULL && options->symbols) {
                memset(column->seen, 1, (size_t)column->source->class_count);
            }
        } else if (target && options->task == GD_TASK_CLASSIFICATION) {
            column->collects_numbers = true;
            column->numbers =
                gdi_allocate((size_t)GD_FRAME_MAXIMUM_CLASSES, sizeof *column->numbers);
        } else {
            continue;
        }
        if (column->seen == NULL && column->numbers == NULL) {
            return fail_memory(error);
        }
    }
    return GD_OK;
}

gd_status gd_preparation_fit(gd_preparation **preparation, const gd_preparation_options *options,
                             const gd_frame *frame, const int64_t *rows, int64_t row_count,
                             gd_error *error)
{
    *preparation = NULL;
    gd_status status = check_options(options, frame, row_count, error);
    if (status != GD_OK) {
        return status;
    }
    int64_t count = options->feature_count + options->target_count;
    fitted_column *columns = gdi_allocate((size_t)count, sizeof *columns);
    gd_preparation *made = gdi_preparation_create(options->feature_count, options->target_count);
    double *scratch = gdi_allocate((size_t)frame->column_count, sizeof *scratch);
    if (columns == NULL || made == NULL || scratch == NULL) {
        gdi_free(columns);
        gdi_free(scratch);
        gd_preparation_destroy(made);
        return fail_memory(error);
    }
    made->task = options->task;
    made->scaling = options->scaling;
    made->missing = options->missing;
    made->symbols = options->symbols;
    int64_t kept = 0;
    status = start_columns(columns, options, frame, error);
    if (status == GD_OK) {
        status = fit_rows(columns, options, frame, rows, row_count, scratch, &kept, error);
    }
    if (status == GD_OK) {
        status = conclude(made, columns, options, error);
    }
    for (int64_t i = 0; i < count; i++) {
        gdi_free(columns[i].seen);
        gdi_free(columns[i].numbers);
    }
    gdi_free(columns);
    gdi_free(scratch);
    if (status != GD_OK) {
        gd_preparation_destroy(made);
        return status;
    }
    *preparation = made;
    return GD_OK;
}
