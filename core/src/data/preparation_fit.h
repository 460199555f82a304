/*
 * preparation_fit.h: what fitting a preparation finds out about a column, for the two files that do it:
 * preparation_fit.c reads the rows, preparation_conclude.c makes the preparation.
 */
#ifndef DESCENT_DATA_PREPARATION_FIT_H
#define DESCENT_DATA_PREPARATION_FIT_H

#include "data/preparation_layout.h"
#include "data/statistics.h"

/* A column while the rows are read. */
typedef struct gdi_fitted_column {
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
} gdi_fitted_column;

/*
 * Fills a preparation with empty columns from `columns` [features, then targets]; takes over the numbers
 * of a classified target. Refuses what no rows can be prepared with.
 */
gd_status gdi_preparation_conclude(gd_preparation *preparation, gdi_fitted_column *columns,
                                   const gd_preparation_options *options, gd_error *error);

#endif
