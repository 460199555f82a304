/*
 * preparation_fit.c: fitting a preparation on the training rows. See preparation.h; what follows from
 * the rows is preparation_conclude.c's.
 *
 * One pass over the rows: a row that DROP leaves out counts nowhere, neither in means nor in classes.
 */
#include "data/preparation_fit.h"

#include "base/memory.h"
#include "data/frame_layout.h"

#include <math.h>
#include <string.h>

/* Puts a value among the column's distinct numbers. */
static gd_status collect_number(gdi_fitted_column *column, double value, gd_error *error)
{
    int64_t at = gdi_lower_bound(column->numbers, column->number_count, value);
    if (at < column->number_count && column->numbers[at] == value) {
        if (column->has_all_numbers) {
            column->seen[at] = 1;
        }
        return GD_OK;
    }
    if (column->has_all_numbers) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "target",
                       "column '%s' has a number that is not among those given",
                       column->source->name);
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

static gd_status fit_cell(gdi_fitted_column *column, double cell, int64_t row, gd_error *error)
{
    if (isnan(cell)) {
        column->missing++;
        return GD_OK;
    }
    if (column->source->kind == GD_COLUMN_CATEGORICAL) {
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
static int64_t find_missing(const gdi_fitted_column *columns, int64_t from, int64_t to,
                            const double *cells)
{
    for (int64_t i = from; i < to; i++) {
        if (isnan(cells[columns[i].index])) {
            return i;
        }
    }
    return -1;
}

/* The rows that count, of those read so far, where they are asked for: a set that loses some becomes
 * a list. */
typedef struct kept_rows {
    gd_rows *set; /* NULL: not asked for */
    int64_t count;
    uint32_t *list;
} kept_rows;

static void keep_row(kept_rows *kept, int64_t row)
{
    if (kept->list != NULL) {
        kept->list[kept->count] = (uint32_t)row;
    }
    kept->count++;
}

/* The row at `index` of the set is left out, the first of them perhaps. */
static gd_status leave_out_row(kept_rows *kept, int64_t index, gd_error *error)
{
    if (kept->set == NULL || kept->list != NULL) {
        return GD_OK;
    }
    const gd_rows *set = kept->set;
    if (set->list == NULL && set->first + set->count > GD_ROWS_LISTED_MAXIMUM) {
        return gd_fail(error, GD_TOO_LARGE, "missing", "too many rows to leave some out");
    }
    kept->list = set->list;
    if (kept->list == NULL) {
        kept->list = gdi_allocate((size_t)set->count, sizeof *kept->list);
    }
    for (int64_t i = 0; set->list == NULL && kept->list != NULL && i < index; i++) {
        kept->list[i] = (uint32_t)(set->first + i);
    }
    return kept->list == NULL ? gdi_fail_memory(error) : GD_OK;
}

static gd_status fail_missing(const gdi_fitted_column *column, bool target, int64_t row,
                              gd_error *error)
{
    return gdi_fail_cell(error, GD_INVALID_DATA, row, column->index,
                         "row %lld (from 0) has no value in column '%s'; `missing` can be set to "
                         "%s",
                         (long long)row, column->source->name, target ? "drop" : "drop or mean");
}

static gd_status fit_row(gdi_fitted_column *columns, const gd_preparation_options *options,
                         const double *cells, int64_t row, bool *drop, gd_error *error)
{
    int64_t count = options->feature_count + options->target_count;
    int64_t from = options->missing == GD_MISSING_MEAN ? options->feature_count : 0;
    int64_t gap = find_missing(columns, from, count, cells);
    *drop = gap >= 0 && options->missing == GD_MISSING_DROP;
    if (*drop) {
        return GD_OK;
    }
    if (gap >= 0) {
        return fail_missing(&columns[gap], gap >= options->feature_count, row, error);
    }
    gd_status status = GD_OK;
    for (int64_t j = 0; j < count && status == GD_OK; j++) {
        status = fit_cell(&columns[j], cells[columns[j].index], row, error);
    }
    return status;
}

/* Reads the rows. */
static gd_status fit_rows(gdi_fitted_column *columns, const gd_preparation_options *options,
                          const gd_frame *frame, const gdi_row_view *rows, kept_rows *kept,
                          double *scratch, const gd_watch *watch, gd_error *error)
{
    gd_status status = GD_OK;
    for (int64_t i = 0; i < rows->count && status == GD_OK; i++) {
        int64_t row = gdi_row_of(rows, i);
        bool drop = false;
        if (row < 0 || row >= frame->row_count) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "rows", "there is no row %lld",
                           (long long)row);
        }
        if (i % GD_WATCH_EVERY == 0 && gd_watch_stops(watch)) {
            return gd_fail(error, GD_INTERRUPTED, "", "%s", gd_status_message(GD_INTERRUPTED));
        }
        status = fit_row(columns, options, gdi_frame_row(frame, row, scratch), row, &drop, error);
        if (status == GD_OK && drop) {
            status = leave_out_row(kept, i, error);
        } else if (status == GD_OK) {
            keep_row(kept, row);
        }
    }
    if (status == GD_OK && kept->count == 0) {
        return gd_fail(error, GD_INVALID_DATA, "", "every training row lacks a value");
    }
    return status;
}

/* Of a classified target that is numeric. */
static bool start_numbers(gdi_fitted_column *column, const gd_preparation_options *options)
{
    size_t given = (size_t)options->class_number_count;
    column->collects_numbers = true;
    column->numbers = gdi_allocate((size_t)GD_FRAME_MAXIMUM_CLASSES, sizeof *column->numbers);
    if (column->numbers == NULL || options->class_numbers == NULL) {
        return column->numbers != NULL;
    }
    column->has_all_numbers = true;
    column->number_count = options->class_number_count;
    column->seen = gdi_allocate(given, 1);
    memcpy(column->numbers, options->class_numbers, given * sizeof *column->numbers);
    return column->seen != NULL;
}

static gd_status start_columns(gdi_fitted_column *columns, const gd_preparation_options *options,
                               const gd_frame *frame, gd_error *error)
{
    int64_t count = options->feature_count + options->target_count;
    for (int64_t i = 0; i < count; i++) {
        bool target = i >= options->feature_count;
        gdi_fitted_column *column = &columns[i];
        column->index =
            target ? options->targets[i - options->feature_count] : options->features[i];
        column->source = gd_frame_column(frame, column->index);
        if (column->source->kind == GD_COLUMN_CATEGORICAL) {
            column->lists_all = options->all_classes || options->symbols;
            column->seen = gdi_allocate((size_t)column->source->class_count, 1);
            if (column->seen != NULL && options->symbols) {
                memset(column->seen, 1, (size_t)column->source->class_count);
            }
        } else if (target && options->task == GD_TASK_CLASSIFICATION) {
            if (!start_numbers(column, options)) {
                return gdi_fail_memory(error);
            }
        } else {
            continue;
        }
        if (column->seen == NULL && column->numbers == NULL) {
            return gdi_fail_memory(error);
        }
    }
    return GD_OK;
}

/* Everything between options that were checked and a preparation. */
static gd_status fit(gd_preparation *made, gdi_fitted_column *columns,
                     const gd_preparation_options *options, const gd_frame *frame,
                     const gdi_row_view *rows, kept_rows *kept, const gd_watch *watch,
                     gd_error *error)
{
    double *scratch = gdi_allocate((size_t)frame->column_count, sizeof *scratch);
    gd_status status =
        scratch == NULL ? gdi_fail_memory(error) : start_columns(columns, options, frame, error);
    if (status == GD_OK) {
        status = fit_rows(columns, options, frame, rows, kept, scratch, watch, error);
    }
    if (status == GD_OK) {
        status = gdi_preparation_conclude(made, columns, options, error);
    }
    gdi_free(scratch);
    return status;
}

/* Makes what `fit` fills, and disposes of what it leaves. */
static gd_status fit_view(gd_preparation **preparation, const gd_preparation_options *options,
                          const gd_frame *frame, const gdi_row_view *rows, kept_rows *kept,
                          const gd_watch *watch, gd_error *error)
{
    *preparation = NULL;
    gd_status status = gdi_preparation_check(options, frame, rows->count, error);
    if (status != GD_OK) {
        return status;
    }
    int64_t count = options->feature_count + options->target_count;
    gdi_fitted_column *columns = gdi_allocate((size_t)count, sizeof *columns);
    gd_preparation *made = gdi_preparation_begin(options);
    if (columns == NULL || made == NULL) {
        status = gdi_fail_memory(error);
    } else {
        status = fit(made, columns, options, frame, rows, kept, watch, error);
    }
    for (int64_t i = 0; columns != NULL && i < count; i++) {
        gdi_free(columns[i].seen);
        gdi_free(columns[i].numbers);
    }
    gdi_free(columns);
    if (status != GD_OK) {
        gd_preparation_destroy(made);
        return status;
    }
    *preparation = made;
    return GD_OK;
}

gd_status gd_preparation_fit(gd_preparation **preparation, const gd_preparation_options *options,
                             const gd_frame *frame, const int64_t *rows, int64_t row_count,
                             gd_error *error)
{
    static const int64_t none = 0;
    gdi_row_view view = {.array = rows != NULL ? rows : &none, .count = row_count};
    kept_rows kept = {0};
    return fit_view(preparation, options, frame, &view, &kept, NULL, error);
}

gd_status gd_preparation_fit_rows(gd_preparation **preparation,
                                  const gd_preparation_options *options, const gd_frame *frame,
                                  gd_rows *rows, const gd_watch *watch, gd_error *error)
{
    gdi_row_view view = {.set = rows, .count = rows->count};
    kept_rows kept = {.set = rows};
    gd_status status = fit_view(preparation, options, frame, &view, &kept, watch, error);
    if (kept.list != NULL && (status == GD_OK || kept.list == rows->list)) {
        *rows = (gd_rows){.count = kept.count, .list = kept.list};
    } else if (kept.list != NULL) {
        gdi_free(kept.list);
    }
    return status;
}
