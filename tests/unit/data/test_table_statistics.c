/*
 * test_table_statistics.c: statistics by blocks against the plain running ones, and columns of ids.
 */
#include "data/table_statistics.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    ROWS = 4000,
    COLUMNS = 5
};

static double *make_cells(void)
{
    double *cells = malloc(sizeof *cells * ROWS * COLUMNS);
    cr_assert_not_null(cells);
    uint64_t state = 1;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        cells[i] = (double)(state >> 40) / 1000.0;
        switch (i % COLUMNS) {
        case 0:
            cells[i] = i % 3 == 0 ? (double)NAN : cells[i];
            break;
        case 1:
            cells[i] += 1e9;
            break;
        case 2:
            cells[i] = (double)NAN;
            break;
        case 3:
            cells[i] = i < 100 ? (double)NAN : -cells[i];
            break;
        default:
            cells[i] = (i / COLUMNS) % 2 == 0 ? 1.6e308 : -1.6e308;
        }
    }
    return cells;
}

static void check_near(double value, double expected)
{
    if (isnan(expected)) {
        cr_assert(isnan(value));
    } else {
        cr_assert_lt(fabs(value - expected), 1e-12 * (1.0 + fabs(expected)), "%.17g, %.17g", value,
                     expected);
    }
}

Test(data_table_statistics, agrees_with_values_one_by_one)
{
    double *cells = make_cells();
    gdi_statistics plain[COLUMNS] = {{0}};
    gdi_table_statistics table;
    cr_assert(gdi_table_statistics_begin(&table, COLUMNS));
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        if (!isnan(cells[i])) {
            gdi_statistics_add(&plain[i % COLUMNS], cells[i]);
        }
    }
    for (int row = 0, step = 1; row < ROWS; row += step, step = step * 3 % 1000 + 1) {
        step = step < ROWS - row ? step : ROWS - row;
        gdi_table_statistics_add(&table, cells + row * COLUMNS, step);
    }
    for (int i = 0; i < COLUMNS; i++) {
        cr_assert_eq(table.of[i].count, plain[i].count);
        if (plain[i].count > 0) {
            cr_assert_eq(table.of[i].minimum, plain[i].minimum);
            cr_assert_eq(table.of[i].maximum, plain[i].maximum);
        }
        check_near(gdi_statistics_mean(&table.of[i]), gdi_statistics_mean(&plain[i]));
        check_near(gdi_statistics_deviation(&table.of[i]), gdi_statistics_deviation(&plain[i]));
    }
    gdi_table_statistics_dispose(&table);
    free(cells);
}

Test(data_table_statistics, knows_numbers_given_to_rows)
{
    enum {
        MANY = 101
    };
    double cells[MANY][6];
    gdi_table_statistics table;
    cr_assert(gdi_table_statistics_begin(&table, 6));
    for (int i = 0; i < MANY; i++) {
        cells[i][0] = i + 1;                     /* counts */
        cells[i][1] = 1000 + i * 7;              /* grows */
        cells[i][2] = (i * 37) % MANY;           /* all numbers once, in some order */
        cells[i][3] = i + 0.5;                   /* no whole numbers */
        cells[i][4] = i == 50 ? 49 : i;          /* once not growing, one number twice */
        cells[i][5] = i == 60 ? (double)NAN : i; /* one is missing */
    }
    gdi_table_statistics_add(&table, cells[0], 40);
    gdi_table_statistics_add(&table, cells[40], MANY - 40);
    static const bool expected[] = {true, true, true, false, false, false};
    for (int i = 0; i < 6; i++) {
        cr_assert_eq(gdi_table_statistics_is_numbering(&table, i), expected[i], "column %d", i);
    }
    gdi_table_statistics_dispose(&table);
    cr_assert(gdi_table_statistics_begin(&table, 6));
    gdi_table_statistics_add(&table, cells[0], 19);
    cr_assert_not(gdi_table_statistics_is_numbering(&table, 0));
    gdi_table_statistics_dispose(&table);
}
