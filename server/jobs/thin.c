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

static bool is_nonfinite(const jobs_curve *curve, int64_t at)
{
    for (int64_t series = 0; series < jobs_series_count(curve->layer_count); series++)
        if (!isfinite(curve->columns[series][at])) /* 0 where there is no validation loss */
            return true;
    return false;
}

/* The first of the least values among positions that have one; -1 where none has. */
static int64_t find_extreme(const double *values, const unsigned char *present, int64_t first,
                            int64_t last, double sign)
{
    int64_t found = -1;
    for (int64_t i = first; i < last; i++)
        if ((present == NULL || present[i]) && isfinite(values[i]) &&
            (found < 0 || sign * values[i] < sign * values[found]))
            found = i;
    return found;
}

static void keep_at(bool *keep, int64_t at)
{
    if (at >= 0)
        keep[at] = true;
}

static void keep_always(const jobs_curve *curve, bool *keep)
{
    const double *loss = curve->columns[JOBS_SERIES_LOSS];
    const double *validation = curve->columns[JOBS_SERIES_VALIDATION_LOSS];
    keep[0] = keep[curve->count - 1] = true;
    keep_at(keep, find_extreme(loss, NULL, 0, curve->count, 1));
    keep_at(keep, find_extreme(validation, curve->validated, 0, curve->count, 1));
    for (int64_t i = 0; i < curve->count; i++)
        if (is_nonfinite(curve, i))
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
    keep_always(curve, keep);
    const double *loss = curve->columns[JOBS_SERIES_LOSS];
    const double *validation = curve->columns[JOBS_SERIES_VALIDATION_LOSS];
    bool validated = find_extreme(validation, curve->validated, 0, count, 1) >= 0;
    int64_t buckets = (maximum - count_kept(keep, count)) / (validated ? 4 : 2);
    for (int64_t b = 0; b < buckets; b++) {
        /* count · buckets stays far below 2^63: a curve has some 100,000 points. */
        int64_t first = count * b / buckets, last = count * (b + 1) / buckets;
        keep_at(keep, find_extreme(loss, NULL, first, last, 1));
        keep_at(keep, find_extreme(loss, NULL, first, last, -1));
        keep_at(keep, find_extreme(validation, curve->validated, first, last, 1));
        keep_at(keep, find_extreme(validation, curve->validated, first, last, -1));
    }
    return count_kept(keep, count);
}
