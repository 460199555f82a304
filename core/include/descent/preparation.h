/*
 * preparation.h: from a frame's rows to the numbers a model sees, and back.
 *
 * Fitted on the training rows only: which columns are features and targets, one-hot columns of the
 * categorical features, scaling, the filling of missing cells, the classes of a classified target.
 * It is stored with the model and applied to raw rows in predictions. Ownership: opaque, the caller
 * destroys it. Thread rule: immutable after fit or load.
 */
#ifndef DESCENT_PREPARATION_H
#define DESCENT_PREPARATION_H

#include <descent/buffer.h>
#include <descent/frame.h>
#include <descent/real.h>
#include <descent/rows.h>
#include <descent/sparse.h>

typedef enum gd_task {
    GD_TASK_REGRESSION,     /* targets are numbers, [rows, targets] */
    GD_TASK_CLASSIFICATION, /* one target column, class index, [rows, 1] */
    GD_TASK_RECONSTRUCTION  /* targets are the prepared features themselves (autoencoder) */
} gd_task;

typedef enum gd_scaling {
    GD_SCALING_NONE,
    GD_SCALING_STANDARDIZE,
    GD_SCALING_MINMAX
} gd_scaling;

typedef enum gd_missing {
    GD_MISSING_ERROR,
    GD_MISSING_DROP,
    GD_MISSING_MEAN
} gd_missing;

typedef struct gd_preparation_options {
    const int64_t *features; /* column indices, [feature_count] */
    int64_t feature_count;
    const int64_t *targets; /* column indices, [target_count]; none for RECONSTRUCTION */
    int64_t target_count;
    gd_task task;
    gd_scaling scaling; /* numeric features, and the targets of a regression; one-hot columns stay
                           0/1. STANDARDIZE: (x - mean) / population standard deviation, a constant
                           column only centred. MINMAX: onto [0, 1] */
    gd_missing missing; /* ERROR: refused, naming row and column; DROP: the row is left out; MEAN:
                           the training mean, for a categorical column all its one-hot cells 0. A
                           missing target cell drops the row under DROP, else is an error: it is
                           never filled */
    bool overlap;       /* a column may be feature and target: the windows of a series */
    bool
        symbols; /* categorical features are the number of their class, one column each, and classes
                     are all a column has, also those no row listed shows: texts */
    bool
        one_scale; /* all numeric features share one mean and deviation, one minimum and maximum: the
                       pixels of images */
    bool all_classes; /* classes, of features and target, are all the frame's column has; those no
                         row listed shows are known and refused where a row has them */
    const double
        *class_numbers; /* with all_classes, where a numeric target is to be classified: its
                                    distinct numbers, ascending (gd_frame_numbers) */
    int64_t class_number_count;
    int64_t
        sparse_width; /* above 0: the features are the frame's sparse ones (sparse.h), so many and
                             as they are; then no column is a feature, and scaling is NONE */
} gd_preparation_options;

typedef struct gd_preparation gd_preparation;

/*
 * Fits on the rows listed in `rows` [row_count] of `frame`. Classes, of features and target, are
 * those these rows have, in order of byte value; a numeric column that is to be classified gives
 * its distinct numbers, ascending. Refused: a column twice or (but for `overlap`) both feature and
 * target, a target with one class or more than GD_FRAME_MAXIMUM_CLASSES, texts as a regression's
 * target, a feature without any value.
 */
gd_status gd_preparation_fit(gd_preparation **preparation, const gd_preparation_options *options,
                             const gd_frame *frame, const int64_t *rows, int64_t row_count,
                             gd_error *error);
void gd_preparation_destroy(gd_preparation *preparation);

/* The same on a set of rows, of which those that DROP leaves out are taken away. */
gd_status gd_preparation_fit_rows(gd_preparation **preparation,
                                  const gd_preparation_options *options, const gd_frame *frame,
                                  gd_rows *rows, const gd_watch *watch, gd_error *error);

/*
 * What fitting with all_classes would make but for the scaling, from the frame's schema alone, in no
 * time: good for widths and names, not for preparing rows. What only the rows show is not found.
 */
gd_status gd_preparation_draft(gd_preparation **preparation, const gd_preparation_options *options,
                               const gd_frame *frame, gd_error *error);

gd_task gd_preparation_task(const gd_preparation *preparation);
/* Numbers a prepared example has: one a numeric feature, one a class of a categorical feature. */
int64_t gd_preparation_feature_width(const gd_preparation *preparation);
/* The same where the features are sparse, else 0. */
int64_t gd_preparation_sparse_width(const gd_preparation *preparation);
int64_t gd_preparation_target_width(const gd_preparation *preparation);
/* Raw feature columns, in the order predictions take them, with names, kinds and classes. */
int64_t gd_preparation_column_count(const gd_preparation *preparation);
const gd_column *gd_preparation_column(const gd_preparation *preparation, int64_t index);
/* Whether a training row has that class of that feature column. */
bool gd_preparation_has_seen(const gd_preparation *preparation, int64_t column,
                             int64_t class_index);
/* Whether categorical features are numbers of classes. */
bool gd_preparation_has_symbols(const gd_preparation *preparation);
int64_t gd_preparation_class_count(const gd_preparation *preparation);
/* Name of a class of the target; numbers are given in their shortest decimal form. */
const char *gd_preparation_class_name(const gd_preparation *preparation, int64_t index);
/* True where the target column held numbers: predictions then give the number, not its name. */
bool gd_preparation_class_is_number(const gd_preparation *preparation);
double gd_preparation_class_number(const gd_preparation *preparation, int64_t index);

/*
 * Prepares the listed rows of a frame whose columns are those of the fit (by name). Rows that DROP
 * leaves out are not counted in *prepared. features [row_count, feature_width], targets
 * [row_count, target_width], or NULL: then the frame need not have the target columns. Sparse features
 * are not written: `features` may be NULL. A class not seen
 * in training and a value beyond gd_real are GD_INVALID_DATA naming row and column; errors about a
 * cell have the path "rows/<row>/<column>", both of the frame and from 0.
 */
gd_status gd_preparation_apply(const gd_preparation *preparation, const gd_frame *frame,
                               const int64_t *rows, int64_t row_count, gd_real *features,
                               gd_real *targets, int64_t *prepared, gd_error *error);

/* The same on a set of rows. */
gd_status gd_preparation_apply_rows(const gd_preparation *preparation, const gd_frame *frame,
                                    const gd_rows *rows, gd_real *features, gd_real *targets,
                                    int64_t *prepared, const gd_watch *watch, gd_error *error);

/*
 * One raw row of feature cells [column_count] (class indices of gd_preparation_column, NaN: missing) →
 * features. A missing cell is filled under MEAN, else refused, under DROP too. Path: "<column>".
 */
gd_status gd_preparation_apply_row(const gd_preparation *preparation, const double *cells,
                                   gd_real *features, gd_error *error);

/* Undoes target scaling (RECONSTRUCTION: feature scaling): outputs [target_width] → values. */
void gd_preparation_restore(const gd_preparation *preparation, const gd_real *outputs,
                            double *values);

void gd_preparation_save(const gd_preparation *preparation, gd_buffer *buffer);
gd_status gd_preparation_load(gd_preparation **preparation, gd_reader *reader, gd_error *error);

#endif
