/*
 * statistics.h: running minimum, maximum, mean and population standard deviation of a column.
 *
 * Welford's method (B. P. Welford, Technometrics 4, 1962) on the distances from the first value, so
 * that a large offset costs no digits: mean = first + mean of distances. Plain data, one owner.
 */
#ifndef DESCENT_DATA_STATISTICS_H
#define DESCENT_DATA_STATISTICS_H

#include <math.h>
#include <stdint.h>

typedef struct gdi_statistics {
    int64_t count;
    double first;
    double mean;    /* of value - first */
    double squares; /* sum of squared distances from the mean */
    double minimum, maximum;
} gdi_statistics;

/* `value` is finite. */
static inline void gdi_statistics_add(gdi_statistics *statistics, double value)
{
    if (statistics->count == 0) {
        statistics->first = value;
        statistics->minimum = value;
        statistics->maximum = value;
    }
    statistics->count++;
    double distance = value - statistics->first;
    double delta = distance - statistics->mean;
    statistics->mean += delta / (double)statistics->count;
    statistics->squares += delta * (distance - statistics->mean);
    statistics->minimum = value < statistics->minimum ? value : statistics->minimum;
    statistics->maximum = value > statistics->maximum ? value : statistics->maximum;
}

/* Adds all values that another one has seen (Chan, Golub and LeVeque 1979). */
static inline void gdi_statistics_merge(gdi_statistics *statistics, const gdi_statistics *other)
{
    if (other->count == 0 || statistics->count == 0) {
        *statistics = other->count == 0 ? *statistics : *other;
        return;
    }
    double count = (double)statistics->count, added = (double)other->count;
    double mean = other->mean + (other->first - statistics->first);
    double delta = mean - statistics->mean;
    statistics->squares += other->squares + delta * delta * (count * added / (count + added));
    statistics->mean += delta * (added / (count + added));
    statistics->count += other->count;
    statistics->minimum =
        other->minimum < statistics->minimum ? other->minimum : statistics->minimum;
    statistics->maximum =
        other->maximum > statistics->maximum ? other->maximum : statistics->maximum;
}

/* NaN without values, or where the values are too far apart for a double. */
static inline double gdi_statistics_mean(const gdi_statistics *statistics)
{
    double mean = statistics->first + statistics->mean;
    return statistics->count > 0 && isfinite(mean) ? mean : (double)NAN;
}

static inline double gdi_statistics_deviation(const gdi_statistics *statistics)
{
    double deviation = sqrt(statistics->squares / (double)statistics->count);
    return statistics->count > 0 && isfinite(deviation) ? deviation : (double)NAN;
}

#endif
