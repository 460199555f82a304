/*
 * figures.h: what is done with measured numbers: medians of interleaved rounds, ratios, percentiles.
 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stddef.h>

#define FIGURES_ROUNDS 32 /* at most */

/* Figures of one program, one a round; negative: none. */
typedef struct figures {
    double values[FIGURES_ROUNDS];
    size_t count;
} figures;

void figures_add(figures *it, double value);

/* Negative where there is none. The median of two is their mean. */
double figures_median(const figures *it);

/* Median over the rounds of a / b, both of the same round, so that a slow minute strikes both. */
double figures_ratio(const figures *a, const figures *b);

/* Value that `share` of the sorted numbers lie at or below; sorts them. */
double figures_percentile(double *numbers, size_t count, double share);

#endif
