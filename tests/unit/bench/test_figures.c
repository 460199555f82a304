/*
 * test_figures.c: the arithmetic of the benchmark.
 */
#include "bench/figures.h"

#include <criterion/criterion.h>

Test(bench_figures, medians_pass_over_what_is_missing)
{
    figures it = {0};
    cr_expect_eq(figures_median(&it), -1);
    figures_add(&it, 5);
    figures_add(&it, -1);
    figures_add(&it, 1);
    cr_expect_eq(figures_median(&it), 3);
    figures_add(&it, 100);
    cr_expect_eq(figures_median(&it), 5);
}

Test(bench_figures, ratios_are_those_of_the_same_round)
{
    figures fast = {{2, 20, -1, 6}, 4}, slow = {{1, 10, 5, 2}, 4};
    cr_expect_eq(figures_ratio(&fast, &slow), 2);
    figures none = {{-1, -1, -1, -1}, 4};
    cr_expect_eq(figures_ratio(&fast, &none), -1);
}

Test(bench_figures, percentiles_are_values_that_were_seen)
{
    double numbers[100];
    for (int i = 0; i < 100; i++) {
        numbers[i] = 100 - i;
    }
    cr_expect_eq(figures_percentile(numbers, 100, 0.5), 50);
    cr_expect_eq(figures_percentile(numbers, 100, 0.99), 99);
    cr_expect_eq(figures_percentile(numbers, 100, 1), 100);
    cr_expect_eq(figures_percentile(numbers, 1, 0.99), 1);
}
