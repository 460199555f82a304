/*
 * test_row_sample.c: repeated rows counted, exactly below the limit and nearly beyond it.
 */
#include "data/row_sample.h"

#include <criterion/criterion.h>
#include <math.h>

static int64_t repeated_of(int64_t rows, int64_t different, bool *exact)
{
    gdi_row_sample sample;
    cr_assert(gdi_row_sample_begin(&sample));
    for (int64_t i = 0; i < rows; i++) {
        double cells[] = {(double)(i % different), 0.25 * (double)(i % different), 7.0};
        cr_assert(gdi_row_sample_add(&sample, cells, 1, 3));
    }
    int64_t repeated = gdi_row_sample_repeated(&sample, exact);
    gdi_row_sample_dispose(&sample);
    return repeated;
}

Test(data_row_sample, counts_exactly_below_the_limit)
{
    bool exact = false;
    cr_assert_eq(repeated_of(1000, 1000, &exact), 0);
    cr_assert(exact);
    cr_assert_eq(repeated_of(1000, 10, &exact), 990);
    cr_assert_eq(repeated_of(200000, 60000, &exact), 140000);
    cr_assert(exact);
}

Test(data_row_sample, estimates_beyond_it)
{
    bool exact = true;
    cr_assert_eq(repeated_of(700000, 700000, &exact), 0);
    cr_assert_not(exact);
    int64_t repeated = repeated_of(1200000, 800000, &exact);
    cr_assert_not(exact);
    cr_assert_lt(fabs((double)repeated - 400000.0), 8000.0, "%lld", (long long)repeated);
}

Test(data_row_sample, takes_zeros_and_missing_cells_for_equal)
{
    gdi_row_sample sample;
    bool exact = false;
    const double rows[][2] = {
        {0.0, 1.0}, {-0.0, 1.0}, {(double)NAN, 2.0}, {-(double)NAN, 2.0}, {1.0, 0.0}};
    cr_assert(gdi_row_sample_begin(&sample));
    cr_assert(gdi_row_sample_add(&sample, rows[0], 5, 2));
    cr_assert_eq(gdi_row_sample_repeated(&sample, &exact), 2);
    gdi_row_sample_dispose(&sample);
}
