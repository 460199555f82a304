/*
 * source.h: what a source is inside, and what the trainer asks of it (descent/source.h).
 */
#ifndef DESCENT_TRAIN_SOURCE_H
#define DESCENT_TRAIN_SOURCE_H

#include <descent/source.h>

#include "data/preparation_layout.h"

#define GDI_SOURCE_TABLE 256 /* values of a byte */

/*
 * Features that are made in one movement: numeric columns side by side in file and example, or one
 * categorical column.
 */
typedef struct gdi_source_run {
    const gd_frame *leaf;
    int64_t column; /* first, in the leaf */
    int64_t count;
    int64_t feature;  /* first raw feature column */
    int64_t place;    /* first element of the example */
    bool gaps;        /* a cell may be missing */
    bool plain;       /* the transform is the identity */
    gd_real *table;   /* [GDI_SOURCE_TABLE] of bytes that share one transform, or NULL */
    int64_t *classes; /* categorical: [classes of the leaf's column] → the preparation's, or -1 */
    int64_t width;    /* of the one-hot part; 0: the class's own number */
} gdi_source_run;

/* A target column. */
typedef struct gdi_source_target {
    const gd_frame *leaf;
    int64_t column;
    int64_t *classes; /* as above, or NULL */
} gdi_source_target;

struct gd_source {
    const gd_preparation *preparation;
    const gd_frame *frame;
    const gd_rows *rows;
    gd_window window;
    bool sequence;
    int64_t count;
    int64_t row_width, row_targets; /* prepared, of a row */
    int64_t span;                   /* rows of an example */
    int64_t target_first;           /* first row of the targets, from the example's first */
    int64_t target_span;            /* rows of targets; 0: the targets are the features */
    gdi_source_run *runs;
    int64_t run_count;
    gdi_source_target *targets;
    double *first, *center, *divisor; /* [raw feature columns] */
    gd_real *fill;
    gd_real *extremes; /* [2, targets of a row]: the least and the largest */
};

/*
 * source_check.c: allocates and fills `extremes`, and finds everything that is wrong with the options'
 * rows; takes those away that DROP leaves out.
 */
gd_status gdi_source_check(gd_source *source, const gd_source_options *options,
                           const gd_watch *watch, gd_error *error);

/*
 * source_read.c. Examples `order`[begin … begin+count-1] or, where it is NULL, first + those, into
 * rows `begin` … of features [_, feature_width] and targets [_, target_width]; targets NULL where they
 * are the features.
 */
void gdi_source_read(const gd_source *source, const int64_t *order, int64_t first, int64_t begin,
                     int64_t count, gd_real *features, gd_real *targets);

/* source_pages.c: word to the system about the file's pages of examples first … first+count-1. They
 * will be wanted soon; they are not wanted any more. */
void gdi_source_expect(const gd_source *source, int64_t first, int64_t count);
void gdi_source_release(const gd_source *source, int64_t first, int64_t count);
/* From now on pages are read as asked for by gdi_source_expect, and no others around them. */
void gdi_source_scatter(const gd_source *source);

#endif
