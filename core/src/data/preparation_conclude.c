/*
 * preparation_conclude.c: from what the training rows have shown to a preparation: columns, classes and
 * transforms. See preparation_fit.h.
 *
 * What a training row does not have, the preparation does not know, or has not seen.
 */
#include "data/preparation_fit.h"

#include "base/memory.h"
#include "base/number.h"
#include "data/frame_layout.h"

#include <math.h>
#include <string.h>

static bool is_listed(const gdi_fitted_column *column, int64_t class_index)
{
    return column->lists_all || column->seen[class_index] != 0;
}

/* Whether at least two classes are in rows that count. */
static bool has_two_classes(const gdi_fitted_column *column, const gd_column *target)
{
    int64_t seen = column->seen == NULL ? target->class_count : 0;
    int64_t classes = column->has_all_numbers ? column->number_count : column->source->class_count;
    for (int64_t i = 0; column->seen != NULL && i < classes; i++) {
        seen += column->seen[i];
    }
    return seen >= 2;
}

/* The class a target has in all rows, where it is one only. */
static const char *only_class(const gdi_fitted_column *column, const gd_column *target)
{
    int64_t found = 0;
    while (column->seen != NULL && found + 1 < target->class_count && column->seen[found] == 0 &&
           target->class_count > 1) {
        found++;
    }
    return target->classes[found];
}

/* Name and, for a categorical column, the classes that were seen, or all. */
static gd_status copy_column(gd_column *column, const gdi_fitted_column *fitted, gd_error *error)
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

static bool is_empty(const gdi_fitted_column *column)
{
    int64_t seen = 0;
    for (int64_t i = 0; i < column->source->class_count; i++) {
        seen += column->seen[i];
    }
    return column->source->kind == GD_COLUMN_CATEGORICAL && seen == 0;
}

static gd_status conclude_features(gd_preparation *preparation, const gdi_fitted_column *columns,
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

static gd_status conclude_targets(gd_preparation *preparation, gdi_fitted_column *columns,
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
static gd_status note_seen(gd_preparation *preparation, const gdi_fitted_column *columns,
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

gd_status gdi_preparation_conclude(gd_preparation *preparation, gdi_fitted_column *columns,
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
