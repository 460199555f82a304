/*
 * table_statistics.c: loops over the columns of a row inside, so that the compiler makes vectors of
 * them. See table_statistics.h.
 */
#include "data/table_statistics.h"

#include "base/memory.h"

#include <string.h>

#define ARRAYS 10
/* Added and taken away again, it leaves a number of less than 2^51 whole. */
#define WHOLE_SHIFT 0x1.8p52

bool gdi_table_statistics_begin(gdi_table_statistics *table, int64_t columns)
{
    size_t count = (size_t)columns;
    *table = (gdi_table_statistics){.columns = columns};
    table->of = gdi_allocate(count, sizeof *table->of);
    table->work = gdi_allocate(count, ARRAYS * sizeof *table->work);
    if (table->of == NULL || table->work == NULL) {
        return false;
    }
    double **arrays[ARRAYS] = {&table->origins, &table->sums,   &table->squares, &table->rests,
                               &table->minima,  &table->maxima, &table->counts,  &table->fractions,
                               &table->falls,   &table->last};
    for (size_t i = 0; i < ARRAYS; i++) {
        *arrays[i] = table->work + i * count;
    }
    for (size_t i = 0; i < count; i++) {
        table->last[i] = -(double)INFINITY;
    }
    return true;
}

void gdi_table_statistics_dispose(gdi_table_statistics *table)
{
    gdi_free(table->of);
    gdi_free(table->work);
    *table = (gdi_table_statistics){0};
}

/* Where distances are counted from: the column's first value, or the first in this block. */
static void find_origins(gdi_table_statistics *table, const double *cells, int64_t rows)
{
    for (int64_t i = 0; i < table->columns; i++) {
        table->origins[i] = table->of[i].first;
        for (int64_t row = 0; table->of[i].count == 0 && row < rows; row++) {
            double cell = cells[row * table->columns + i];
            if (!isnan(cell)) {
                table->origins[i] = cell;
                break;
            }
        }
        table->sums[i] = table->squares[i] = table->rests[i] = table->counts[i] = 0.0;
        table->minima[i] = (double)INFINITY;
        table->maxima[i] = -(double)INFINITY;
    }
}

static void add_row(gdi_table_statistics *table, const double *restrict row)
{
    double *restrict sums = table->sums, *restrict minima = table->minima;
    double *restrict maxima = table->maxima, *restrict counts = table->counts;
    const double *restrict origins = table->origins;
    for (int64_t i = 0; i < table->columns; i++) {
        double cell = row[i];
        double distance = cell - origins[i];
        sums[i] += cell == cell ? distance : 0.0;
        counts[i] += cell == cell ? 1.0 : 0.0;
        minima[i] = cell < minima[i] ? cell : minima[i];
        maxima[i] = cell > maxima[i] ? cell : maxima[i];
    }
}

static void add_shape(gdi_table_statistics *table, const double *restrict before,
                      const double *restrict row)
{
    double *restrict fractions = table->fractions, *restrict falls = table->falls;
    for (int64_t i = 0; i < table->columns; i++) {
        double whole = (row[i] + WHOLE_SHIFT) - WHOLE_SHIFT;
        fractions[i] += whole == row[i] ? 0.0 : 1.0;
        falls[i] += row[i] > before[i] ? 0.0 : 1.0;
    }
}

/* After the sums have become means: squared distances from them, and what they add up to. */
static void add_squares(gdi_table_statistics *table, const double *restrict row)
{
    double *restrict squares = table->squares, *restrict rests = table->rests;
    const double *restrict means = table->sums, *restrict origins = table->origins;
    for (int64_t i = 0; i < table->columns; i++) {
        double distance = row[i] == row[i] ? (row[i] - origins[i]) - means[i] : 0.0;
        squares[i] += distance * distance;
        rests[i] += distance;
    }
}

/* Adds the block's part of a column; where sums of it are beyond a double, value by value. */
static void merge(gdi_table_statistics *table, int64_t column, const double *cells, int64_t rows)
{
    double count = table->counts[column];
    gdi_statistics block = {.count = (int64_t)count,
                            .first = table->origins[column],
                            .mean = table->sums[column],
                            .squares = table->squares[column],
                            .minimum = table->minima[column],
                            .maximum = table->maxima[column]};
    if (count == 0.0) {
        return;
    }
    block.squares -= table->rests[column] * table->rests[column] / count;
    block.squares = block.squares > 0.0 ? block.squares : 0.0;
    if (isfinite(table->squares[column]) && isfinite(block.mean)) {
        gdi_statistics_merge(&table->of[column], &block);
        return;
    }
    for (int64_t row = 0; row < rows; row++) {
        double cell = cells[row * table->columns + column];
        if (!isnan(cell)) {
            gdi_statistics_add(&table->of[column], cell);
        }
    }
}

void gdi_table_statistics_add(gdi_table_statistics *table, const double *cells, int64_t rows)
{
    size_t columns = (size_t)table->columns;
    if (rows == 0) {
        return;
    }
    find_origins(table, cells, rows);
    for (int64_t row = 0; row < rows; row++) {
        const double *at = cells + (size_t)row * columns;
        add_row(table, at);
        add_shape(table, row == 0 ? table->last : at - columns, at);
    }
    memcpy(table->last, cells + (size_t)(rows - 1) * columns, columns * sizeof *cells);
    for (size_t i = 0; i < columns; i++) {
        table->sums[i] = table->counts[i] > 0.0 ? table->sums[i] / table->counts[i] : 0.0;
    }
    for (int64_t row = 0; row < rows; row++) {
        add_squares(table, cells + (size_t)row * columns);
    }
    table->rows += rows;
    for (int64_t i = 0; i < table->columns; i++) {
        merge(table, i, cells, rows);
    }
}

bool gdi_table_statistics_is_numbering(const gdi_table_statistics *table, int64_t column)
{
    const gdi_statistics *of = &table->of[column];
    double rows = (double)table->rows;
    if (table->rows < GDI_NUMBERING_ROWS || of->count != table->rows ||
        table->fractions[column] > 0.0) {
        return false;
    }
    double mean = gdi_statistics_mean(of);
    double deviation = gdi_statistics_deviation(of);
    double middle = of->minimum / 2.0 + of->maximum / 2.0;
    bool consecutive = of->maximum - of->minimum == rows - 1.0 &&
                       fabs(mean - middle) <= 1e-9 * rows &&
                       fabs(deviation - sqrt((rows * rows - 1.0) / 12.0)) <= 1e-9 * rows;
    return table->falls[column] == 0.0 || consecutive;
}
