/*
 * table_statistics.h: the statistics of many columns at once, a block of rows at a time.
 *
 * Within a block sums and squared distances are taken in two passes over cells that are in the cache
 * (the corrected two-pass algorithm of Chan, Golub and LeVeque 1983, on the distances from a
 * column's first value); blocks are merged as in statistics.h. NaN is a missing cell and counts
 * nowhere. Thread rule: one owner.
 */
#ifndef DESCENT_DATA_TABLE_STATISTICS_H
#define DESCENT_DATA_TABLE_STATISTICS_H

#include "data/statistics.h"

#include <stdbool.h>
#include <stddef.h>

#define GDI_NUMBERING_ROWS 20 /* fewer tell nothing */

typedef struct gdi_table_statistics {
    int64_t columns, rows;
    gdi_statistics *of; /* [columns] of the present cells */
    double *work;       /* holds the arrays below, [columns] each */
    double *origins, *sums, *squares, *rests, *minima, *maxima, *counts;
    double *fractions; /* [columns] cells that are no whole numbers, of all rows */
    double *falls;     /* [columns] rows whose cell is not above the one before, of all rows */
    double *last;      /* [columns] the row before */
} gdi_table_statistics;

/* False without memory; _dispose is due in every case. */
bool gdi_table_statistics_begin(gdi_table_statistics *table, int64_t columns);
void gdi_table_statistics_dispose(gdi_table_statistics *table);

/* Adds finite or missing cells [rows, columns]. */
void gdi_table_statistics_add(gdi_table_statistics *table, const double *cells, int64_t rows);

/*
 * True where the column looks like numbers given to the rows: 20 rows or more, all cells there, whole
 * and either growing from row to row, or in any order with the range, mean and deviation of
 * consecutive numbers.
 */
bool gdi_table_statistics_is_numbering(const gdi_table_statistics *table, int64_t column);

#endif
