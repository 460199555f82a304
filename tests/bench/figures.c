/*
 * figures.c: arithmetic of the benchmark (figures.h).
 */
#include "bench/figures.h"

#include <math.h>
#include <stdlib.h>

void figures_add(figures *it, double value)
{
    if (it->count < FIGURES_ROUNDS) {
        it->values[it->count++] = value;
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *numbers, size_t count)
{
    if (count == 0) {
        return -1;
    }
    qsort(numbers, count, sizeof *numbers, compare);
    return count % 2 == 1 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

double figures_median(const figures *it)
{
    double found[FIGURES_ROUNDS];
    size_t count = 0;
    for (size_t i = 0; i < it->count; i++) {
        if (it->values[i] >= 0) {
            found[count++] = it->values[i];
        }
    }
    return median(found, count);
}

double figures_ratio(const figures *a, const figures *b)
{
    double found[FIGURES_ROUNDS];
    size_t count = 0;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (a->values[i] >= 0 && b->values[i] > 0) {
            found[count++] = a->values[i] / b->values[i];
        }
    }
    return median(found, count);
}

double figures_percentile(double *numbers, size_t count, double share)
{
    if (count == 0) {
        return -1;
    }
    qsort(numbers, count, sizeof *numbers, compare);
    double rank = ceil(share * (double)count);
    size_t index = rank < 1 ? 0 : (size_t)rank - 1;
    return numbers[index < count ? index : count - 1];
}
