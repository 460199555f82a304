/*
 * preparation_fit.c: fitting a preparation on the training rows. See preparation.h.
 *
 * One pass over the rows: a row that DROP leaves out counts nowhere, neither in means nor in classes.
 * What a training row does not have, the preparation does not know, or has not seen.
 */
#include "data/preparation_layout.h"

#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/number.h"

#include <math.h>
#include <string.h>

/* A column while the rows are read. */
typedef struct fitted_column {
    int64_t index; /* in the frame */
    const gd_column *source;
    gdi_statistics statistics; /* numeric */
    unsigned char *seen;       /* [classes] that a row has: categorical, or numbers given */
    bool lists_all;            /* categorical: all classes are listed, whether seen or not */
    double *numbers;           /* target of a classification, numeric: distinct, ascending */
    int64_t number_count;
    bool collects_numbers;
    bool has_all_numbers; /* they were given; seen then says which a row has */
    int64_t missing;
} fitted_column;

/* Puts a value among the column's distinct numbers. */
static gd_status collect_number(fitted_column *column, double value, gd_error *error)
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

static gd_status fit_cell(fitted_column *column, double cell, int64_t row, gd_error *error)
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

/* The rows that count, of those read so far, where they are asked for: a set that loses some becomes
 * a list. */
typedef struct kept_rows {
    gd_rows *set; /* NULL: not asked for */
    int64_t count;
    uint32_t *list;
} kept_rows;

static gd_status keep_row(kept_rows *kept, int64_t row)
{
    if (kept->list != NULL) {
        kept->list[kept->count] = (uint32_t)row;
    }
    kept->count++;
    return GD_OK;
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

static gd_status fail_missing(const fitted_column *column, bool target, int64_t row,
                              gd_error *error)
{
    return gdi_fail_cell(error, GD_INVALID_DATA, row, column->index,
                         "row %lld (from 0) has no value in column '%s'; `missing` can be set to "
                         "%s",
                         (long long)row, column->source->name, target ? "drop" : "drop or mean");
}

static gd_status fit_row(fitted_column *columns, const gd_preparation_options *options,
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
static gd_status fit_rows(fitted_column *columns, const gd_preparation_options *options,
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
        if (status == GD_OK) {
            status = drop ? leave_out_row(kept, i, error) : keep_row(kept, row);
        }
    }
    if (status == GD_OK && kept->count == 0) {
        return gd_fail(error, GD_INVALID_DATA, "", "every training row lacks a value");
    }
    return status;
}

static bool is_listed(const fitted_column *column, int64_t class_index)
{
    return column->lists_all || column->seen[class_index] != 0;
}

/* Whether at least two classes are in rows that count. */
static bool has_two_classes(const fitted_column *column, const gd_column *target)
{
    int64_t seen = column->seen == NULL ? target->class_count : 0;
    int64_t classes = column->has_all_numbers ? column->number_count : column->source->class_count;
    for (int64_t i = 0; column->seen != NULL && i < classes; i++) {
        seen += column->seen[i];
    }
    return seen >= 2;
}

/* The class a target has in all rows, where it is one only. */
static const char *only_class(const fitted_column *column, const gd_column *target)
{
    int64_t found = 0;
    while (column->seen != NULL && found + 1 < target->class_count && column->seen[found] == 0 &&
           target->class_count > 1) {
        found++;
    }
    return target->classes[found];
}

/* Name and, for a categorical column, the classes that were seen, or all. */
static gd_status copy_column(gd_column *column, const fitted_column *fitted, gd_error *error)
{
    column->kind = fitted->source->kind;
    column->name = gdi_duplicate_text(fitted->source->name);
    int64_t count = fitted->number_count;
    for (int64_t i = 0; i < fitted->source->class_count; i++) {
        count += is_listed(fitted, i);
    }
    gdi_column_describe(column, &fitted->statistics, fitted->missing);
    if (column->name == NULL) {
        return gdi_fail_memory(error);
    }
    if (count == 0) {
        return GD_OK;
    }
    const char **classes = gdi_allocate((size_t)count, sizeof *classes);
    if (classes == NULL) {
        return gdi_fail_memory(error);
    }
    column->classes = classes;
    for (int64_t i = 0; i < fitted->source->class_count; i++) {
        if (is_listed(fitted, i)) {
            classes[column->class_count] = gdi_duplicate_text(fitted->source->classes[i]);
            if (classes[column->class_count] == NULL) {
                return gdi_fail_memory(error);
            }
            column->class_count++;
        }
    }
    for (int64_t i = 0; i < fitted->number_count; i++) {
        char text[GDI_NUMBER_LENGTH];
        gdi_number_print(fitted->numbers[i], text);
        classes[i] = gdi_duplicate_text(text);
        if (classes[i] == NULL) {
            return gdi_fail_memory(error);
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

static bool is_empty(const fitted_column *column)
{
    int64_t seen = 0;
    for (int64_t i = 0; i < column->source->class_count; i++) {
        seen += column->seen[i];
    }
    return column->source->kind == GD_COLUMN_CATEGORICAL && seen == 0;
}

static gd_status conclude_features(gd_preparation *preparation, const fitted_column *columns,
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
        if (status == GD_OK && is_empty(&columns[i])) {
            return gd_fail(error, GD_INVALID_DATA, "features",
                           "column '%s' has no value in any training row", column->name);
        }
        if (status == GD_OK) {
            status = fit_transform(&preparation->transforms[i], options->scaling, column,
                                   &columns[i].statistics,
                                   options->one_scale ? &all : &columns[i].statistics, error);
        }
    }
    return status;
}

static gd_status conclude_targets(gd_preparation *preparation, fitted_column *columns,
                                  const gd_preparation_options *options, gd_error *error)
{
    gd_status status = GD_OK;
    for (int64_t i = 0; i < options->target_count && status == GD_OK; i++) {
        status = copy_column(&preparation->targets[i], &columns[i], error);
        if (status == GD_OK) {
            status = fit_transform(&preparation->target_transforms[i], options->scaling,
                                   &preparation->targets[i], &columns[i].statistics,
                                   &columns[i].statistics, error);
        }
    }
    if (status == GD_OK && options->task == GD_TASK_CLASSIFICATION) {
        preparation->class_numbers = columns[0].numbers;
        columns[0].numbers = NULL;
        if (!has_two_classes(&columns[0], &preparation->targets[0])) {
            return gd_fail(error, GD_INVALID_DATA, "target",
                           "column '%s' is '%s' in every training row; there is nothing to tell "
                           "apart",
                           preparation->targets[0].name,
                           only_class(&columns[0], &preparation->targets[0]));
        }
    }
    return status;
}

/* Which one-hot cells training rows set, where not all of them do. */
static gd_status note_seen(gd_preparation *preparation, const fitted_column *columns,
                           gd_error *error)
{
    bool all = true;
    size_t width = (size_t)gd_preparation_feature_width(preparation);
    unsigned char *seen = gdi_allocate(width, 1);
    if (seen == NULL) {
        return gdi_fail_memory(error);
    }
    memset(seen, 1, width);
    for (int64_t i = 0; i < preparation->column_count; i++) {
        for (int64_t j = 0; columns[i].lists_all && j < preparation->columns[i].class_count; j++) {
            seen[preparation->offsets[i] + j] = columns[i].seen[j];
            all = all && columns[i].seen[j] != 0;
        }
    }
    if (all) {
        gdi_free(seen);
    } else {
        preparation->seen = seen;
    }
    return GD_OK;
}

static gd_status conclude(gd_preparation *preparation, fitted_column *columns,
                          const gd_preparation_options *options, gd_error *error)
{
    gd_status status = conclude_features(preparation, columns, options, error);
    if (status == GD_OK) {
        status = conclude_targets(preparation, columns + options->feature_count, options, error);
    }
    if (status != GD_OK) {
        return status;
    }
    gdi_preparation_place(preparation);
    return options->all_classes && !options->symbols ? note_seen(preparation, columns, error)
                                                     : GD_OK;
}

/* Of a classified target that is numeric. */
static bool start_numbers(fitted_column *column, const gd_preparation_options *options)
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
static gd_status fit(gd_preparation *made, fitted_column *columns,
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
        status = conclude(made, columns, options, error);
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
    fitted_column *columns = gdi_allocate((size_t)count, sizeof *columns);
    gd_preparation *made = gdi_preparation_create(options->feature_count, options->target_count);
    if (columns == NULL || made == NULL) {
        status = gdi_fail_memory(error);
    } else {
        made->task = options->task;
        made->scaling = options->scaling;
        made->missing = options->missing;
        made->symbols = options->symbols;
        made->sparse_width = options->sparse_width;
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
