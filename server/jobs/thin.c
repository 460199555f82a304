/*
 * thin.c: see thin.h. One pass to find what always stays, one over the buckets.
 */
#include "jobs/thin.h"

#include <math.h>
#include <string.h>

static int64_t count_kept(const bool *keep, int64_t count)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++)
        kept += keep[i];
    return kept;
}

/* Positions of the first of the least and of the first of the greatest finite values among those that
 * are present; -1 where there is none. */
typedef struct extremes {
    int64_t least, greatest;
} extremes;

static extremes find_extremes(const double *values, const unsigned char *present, int64_t first,
                              int64_t last)
{
    extremes found = {-1, -1};
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = first; i < last; i++) {
        double value = values[i];
        if (value < low && value > -INFINITY && (present == NULL || present[i])) {
            low = value;
            found.least = i;
        }
        if (value > high && value < INFINITY && (present == NULL || present[i])) {
            high = value;
            found.greatest = i;
        }
    }
    return found;
}

static void keep_at(bool *keep, int64_t at)
{
    if (at >= 0)
        keep[at] = true;
}

/* Validation losses are 0 where there is none. `keep` is 0 or 1 in every byte. */
static void keep_nonfinite(const jobs_curve *curve, bool *keep)
{
    for (int64_t series = 0; series < jobs_series_count(curve->layer_count); series++)
        if (curve->columns[series] != NULL)
            jobs_curve_flag_nonfinite(curve->columns[series], curve->count, (unsigned char *)keep);
    for (int64_t i = 0; curve->nonfinite != NULL && i < curve->count; i++)
        if (curve->nonfinite[i] != 0)
            keep[i] = true;
}

int64_t jobs_curve_thin(const jobs_curve *curve, int64_t maximum, bool *keep)
{
    int64_t count = curve->count;
    if (count == 0)
        return 0;
    bool all = maximum == 0 || count <= maximum;
    memset(keep, all, (size_t)count * sizeof *keep);
    if (all)
        return count;
    const double *loss = curve->columns[JOBS_SERIES_LOSS];
    const double *validation = curve->columns[JOBS_SERIES_VALIDATION_LOSS];
    int64_t best_validation = find_extremes(validation, curve->validated, 0, count).least;
    bool validated = best_validation >= 0;
    keep[0] = keep[count - 1] = true;
    keep_at(keep, find_extremes(loss, NULL, 0, count).least);
    keep_at(keep, best_validation);
    keep_nonfinite(curve, keep);
    int64_t buckets = (maximum - count_kept(keep, count)) / (validated ? 4 : 2);
    for (int64_t b = 0; b < buckets; b++) {
        /* count · buckets stays far below 2^63: a curve has some 100,000 points. */
        int64_t first = count * b / buckets, last = count * (b + 1) / buckets;
        extremes of_loss = find_extremes(loss, NULL, first, last);
        keep_at(keep, of_loss.least);
        keep_at(keep, of_loss.greatest);
        if (!validated)
            continue;
        extremes of_validation = find_extremes(validation, curve->validated, first, last);
        keep_at(keep, of_validation.least);
        keep_at(keep, of_validation.greatest);
    }
    return count_kept(keep, count);
}
