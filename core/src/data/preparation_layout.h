/*
 * preparation_layout.h: what a preparation is inside.
 *
 * Columns own their names and classes, each its own block. offsets[c] is where raw column c begins in
 * a prepared example. A target of a classification lists its training classes; where it was numeric
 * class_numbers has their values, ascending, and classes their decimal forms.
 */
#ifndef DESCENT_DATA_PREPARATION_LAYOUT_H
#define DESCENT_DATA_PREPARATION_LAYOUT_H

#include <descent/preparation.h>

/*
 * prepared = ((raw - first) - center) / divisor. Two steps, because raw - first is exact or nearly so
 * where all values share a large offset, and `center` then needs no digits for that offset.
 */
typedef struct gdi_transform {
    double first, center;
    double divisor; /* > 0 */
    double fill;    /* what a missing cell becomes, prepared */
} gdi_transform;

struct gd_preparation {
    gd_task task;
    gd_scaling scaling;
    gd_missing missing;
    bool symbols;
    int64_t sparse_width; /* 0: the features are columns */
    int64_t column_count;
    gd_column *columns;        /* [column_count] features; statistics of the training rows */
    gdi_transform *transforms; /* [column_count] */
    int64_t *offsets;          /* [column_count + 1] */
    int64_t target_count;
    gd_column *targets;               /* [target_count] */
    gdi_transform *target_transforms; /* [target_count] */
    double *class_numbers;            /* [classes of targets[0]] or NULL */
    unsigned char
        *seen; /* [feature width] 1 for each one-hot cell a training row has set; NULL: all
                            that are cells of classes */
};

/* Rows as an array or, where that is NULL, as a set. */
typedef struct gdi_row_view {
    const int64_t *array;
    const gd_rows *set;
    int64_t count;
} gdi_row_view;

static inline int64_t gdi_row_of(const gdi_row_view *rows, int64_t index)
{
    return rows->array != NULL ? rows->array[index] : gd_row_at(rows->set, index);
}

/* A preparation with empty columns; NULL without memory. */
gd_preparation *gdi_preparation_create(int64_t column_count, int64_t target_count);

/* The same, as the options say that do not depend on rows. */
gd_preparation *gdi_preparation_begin(const gd_preparation_options *options);

/* Refuses options that fit no rows of this frame. */
gd_status gdi_preparation_check(const gd_preparation_options *options, const gd_frame *frame,
                                int64_t row_count, gd_error *error);

/* Fills `offsets` from kinds and class counts. */
void gdi_preparation_place(gd_preparation *preparation);

/* Whether the class of a one-hot column was in a training row. */
static inline bool gdi_preparation_knows(const gd_preparation *preparation, int64_t column,
                                         int64_t class_index)
{
    return preparation->seen == NULL || preparation->symbols ||
           preparation->seen[preparation->offsets[column] + class_index] != 0;
}

/* Column `index` of features and, behind them, targets. */
const gd_column *gdi_preparation_column(const gd_preparation *preparation, int64_t index);

/*
 * [classes of `from`] the classes of a frame's column as those of categorical column `index`; -1 where
 * no training row has it. The caller's to free; NULL without memory.
 */
int64_t *gdi_preparation_translate(const gd_preparation *preparation, int64_t index,
                                   const gd_column *from);

/* Number of values < value. */
int64_t gdi_lower_bound(const double *numbers, int64_t count, double value);

/* Number of `value` among the ascending numbers, or -1. */
int64_t gdi_find_number(const double *numbers, int64_t count, double value);

/* "rows/<row>/<column>" as a failure's path. */
gd_status gdi_fail_cell(gd_error *error, gd_status status, int64_t row, int64_t column,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
