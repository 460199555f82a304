/*
 * preparation.c: what a preparation is made of and tells about itself, which options can be fitted, and
 * the draft that needs no rows. See preparation.h; fitting is preparation_fit.c's.
 */
#include "data/preparation_layout.h"

#include "base/memory.h"
#include "base/number.h"
#include "data/frame_layout.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

gd_preparation *gdi_preparation_begin(const gd_preparation_options *options)
{
    gd_preparation *made = gdi_preparation_create(options->feature_count, options->target_count);
    if (made != NULL) {
        made->task = options->task;
        made->scaling = options->scaling;
        made->missing = options->missing;
        made->symbols = options->symbols;
        made->sparse_width = options->sparse_width;
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
    gdi_free(preparation->seen);
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

gd_task gd_preparation_task(const gd_preparation *preparation)
{
    return preparation->task;
}

int64_t gd_preparation_feature_width(const gd_preparation *preparation)
{
    return preparation->sparse_width > 0 ? preparation->sparse_width
                                         : preparation->offsets[preparation->column_count];
}

int64_t gd_preparation_sparse_width(const gd_preparation *preparation)
{
    return preparation->sparse_width;
}

int64_t gd_preparation_target_width(const gd_preparation *preparation)
{
    return preparation->task == GD_TASK_RECONSTRUCTION ? gd_preparation_feature_width(preparation)
                                                       : preparation->target_count;
}

int64_t gd_preparation_column_count(const gd_preparation *preparation)
{
    return preparation->column_count;
}

const gd_column *gd_preparation_column(const gd_preparation *preparation, int64_t index)
{
    return index >= 0 && index < preparation->column_count ? &preparation->columns[index] : NULL;
}

bool gd_preparation_has_seen(const gd_preparation *preparation, int64_t column, int64_t class_index)
{
    return class_index >= 0 && class_index < preparation->columns[column].class_count &&
           gdi_preparation_knows(preparation, column, class_index);
}

bool gd_preparation_has_symbols(const gd_preparation *preparation)
{
    return preparation->symbols;
}

int64_t gd_preparation_class_count(const gd_preparation *preparation)
{
    return preparation->task == GD_TASK_CLASSIFICATION ? preparation->targets[0].class_count : 0;
}

const char *gd_preparation_class_name(const gd_preparation *preparation, int64_t index)
{
    return index >= 0 && index < gd_preparation_class_count(preparation)
               ? preparation->targets[0].classes[index]
               : NULL;
}

bool gd_preparation_class_is_number(const gd_preparation *preparation)
{
    return preparation->class_numbers != NULL;
}

double gd_preparation_class_number(const gd_preparation *preparation, int64_t index)
{
    return preparation->class_numbers != NULL && index >= 0 &&
                   index < gd_preparation_class_count(preparation)
               ? preparation->class_numbers[index]
               : (double)NAN;
}

const gd_column *gdi_preparation_column(const gd_preparation *preparation, int64_t index)
{
    return index < preparation->column_count
               ? &preparation->columns[index]
               : &preparation->targets[index - preparation->column_count];
}

/* Both lists of classes are in byte order, so one walk over both translates them. */
int64_t *gdi_preparation_translate(const gd_preparation *preparation, int64_t index,
                                   const gd_column *from)
{
    const gd_column *to = gdi_preparation_column(preparation, index);
    bool feature = index < preparation->column_count;
    int64_t *classes = gdi_allocate((size_t)from->class_count, sizeof *classes);
    int64_t j = 0;
    for (int64_t i = 0; classes != NULL && i < from->class_count; i++) {
        while (j < to->class_count && strcmp(to->classes[j], from->classes[i]) < 0) {
            j++;
        }
        bool equal = j < to->class_count && strcmp(to->classes[j], from->classes[i]) == 0;
        bool known = equal && (!feature || gdi_preparation_knows(preparation, index, j));
        classes[i] = known ? j : -1;
    }
    return classes;
}

int64_t gdi_lower_bound(const double *numbers, int64_t count, double value)
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
    int64_t at = gdi_lower_bound(numbers, count, value);
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

/* What can be told without the frame. */
static gd_status check_options(const gd_preparation_options *options, int64_t row_count,
                               gd_error *error)
{
    static const char *const needs[] = {"at least one target", "exactly one target", "no target"};
    if ((unsigned)options->task > GD_TASK_RECONSTRUCTION ||
        (unsigned)options->scaling > GD_SCALING_MINMAX ||
        (unsigned)options->missing > GD_MISSING_MEAN) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "there is no such task, scaling or way with missing cells");
    }
    bool enough = options->task == GD_TASK_REGRESSION       ? options->target_count > 0
                  : options->task == GD_TASK_CLASSIFICATION ? options->target_count == 1
                                                            : options->target_count == 0;
    if (!enough) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "target", "the task needs %s",
                       needs[options->task]);
    }
    bool sparse = options->sparse_width > 0;
    if (sparse && (options->feature_count > 0 || options->scaling != GD_SCALING_NONE ||
                   options->task == GD_TASK_RECONSTRUCTION)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "scaling",
                       "sparse features are neither joined by columns nor scaled nor given back");
    }
    if (options->sparse_width < 0 || options->sparse_width > GD_SPARSE_MAXIMUM_WIDTH) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "features", "there are no %lld sparse features",
                       (long long)options->sparse_width);
    }
    if (options->feature_count < 1 && !sparse) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "features", "there must be a feature");
    }
    if (row_count < 1) {
        return gd_fail(error, GD_INVALID_DATA, "", "there are no training rows");
    }
    if (options->class_number_count < 0 || options->class_number_count > GD_FRAME_MAXIMUM_CLASSES) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "target", "there are more than %lld classes",
                       (long long)GD_FRAME_MAXIMUM_CLASSES);
    }
    return GD_OK;
}

gd_status gdi_preparation_check(const gd_preparation_options *options, const gd_frame *frame,
                                int64_t row_count, gd_error *error)
{
    gd_status status = check_options(options, row_count, error);
    if (status != GD_OK) {
        return status;
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
        return gdi_fail_memory(error);
    }
    status =
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

/* A column of the draft: all the frame's classes, or the numbers given. */
static gd_status draft_column(gd_column *column, const gd_column *source, const double *numbers,
                              int64_t number_count, gd_error *error)
{
    int64_t count = source->class_count + number_count;
    *column = *source;
    column->classes = NULL;
    column->class_count = 0;
    column->name = gdi_duplicate_text(source->name);
    const char **classes = gdi_allocate((size_t)count, sizeof *classes);
    column->classes = classes;
    bool made = column->name != NULL && classes != NULL;
    for (int64_t i = 0; made && i < count; i++) {
        char text[GDI_NUMBER_LENGTH];
        if (numbers != NULL) {
            gdi_number_print(numbers[i], text);
        }
        classes[i] = gdi_duplicate_text(numbers != NULL ? text : source->classes[i]);
        made = classes[i] != NULL;
        column->class_count += made;
    }
    return made ? GD_OK : gdi_fail_memory(error);
}

static gd_status draft_columns(gd_preparation *made, const gd_preparation_options *options,
                               const gd_frame *frame, gd_error *error)
{
    gd_status status = GD_OK;
    for (int64_t i = 0; i < options->feature_count && status == GD_OK; i++) {
        const gd_column *source = gd_frame_column(frame, options->features[i]);
        made->transforms[i].divisor = 1.0;
        status = draft_column(&made->columns[i], source, NULL, 0, error);
        if (status == GD_OK && source->missing == frame->row_count) {
            status = gd_fail(error, GD_INVALID_DATA, "features", "column '%s' has no value",
                             source->name);
        }
    }
    bool numbers = options->task == GD_TASK_CLASSIFICATION && options->class_numbers != NULL;
    for (int64_t i = 0; i < options->target_count && status == GD_OK; i++) {
        made->target_transforms[i].divisor = 1.0;
        status = draft_column(&made->targets[i], gd_frame_column(frame, options->targets[i]),
                              numbers ? options->class_numbers : NULL,
                              numbers ? options->class_number_count : 0, error);
    }
    if (status == GD_OK && options->task == GD_TASK_CLASSIFICATION &&
        made->targets[0].class_count < 2) {
        return gd_fail(error, GD_INVALID_DATA, "target",
                       "column '%s' is '%s' in every row; there is nothing to tell apart",
                       made->targets[0].name,
                       made->targets[0].class_count == 1 ? made->targets[0].classes[0] : "");
    }
    return status;
}

gd_status gd_preparation_draft(gd_preparation **preparation, const gd_preparation_options *options,
                               const gd_frame *frame, gd_error *error)
{
    *preparation = NULL;
    gd_status status = gdi_preparation_check(options, frame, frame->row_count, error);
    if (status != GD_OK) {
        return status;
    }
    gd_preparation *made = gdi_preparation_begin(options);
    if (made == NULL) {
        return gdi_fail_memory(error);
    }
    status = draft_columns(made, options, frame, error);
    if (status != GD_OK) {
        gd_preparation_destroy(made);
        return status;
    }
    gdi_preparation_place(made);
    *preparation = made;
    return GD_OK;
}
