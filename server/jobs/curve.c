/*
 * curve.c: growing and copying of curves (curve.h); their bytes are curve_bytes.c's. A column that is
 * not wanted has no memory: what is not finite in it is noted in `nonfinite`.
 */
#include "jobs/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const series_names[JOBS_SERIES_FIXED] = {
    "step",          "epoch",         "seconds",      "loss", "validation_loss",
    "learning_rate", "gradient_norm", "update_ratio",
};

const char *jobs_series_name(int64_t series)
{
    return series >= 0 && series < JOBS_SERIES_FIXED ? series_names[series] : NULL;
}

int64_t jobs_series_count(int64_t layer_count)
{
    return JOBS_SERIES_FIXED + 2 * layer_count;
}

static int64_t series_count(const jobs_curve *curve)
{
    return jobs_series_count(curve->layer_count);
}

/* The curve is empty; what it is to hold stays. */
static gd_status begin(jobs_curve *curve, int64_t layer_count, int64_t first_sequence)
{
    if (layer_count < 0 || layer_count > JOBS_CURVE_MAXIMUM_LAYERS)
        return GD_INVALID_ARGUMENT;
    curve->first_sequence = first_sequence;
    curve->layer_count = layer_count;
    curve->columns = calloc((size_t)series_count(curve), sizeof *curve->columns);
    return curve->columns == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

gd_status jobs_curve_init(jobs_curve *curve, int64_t layer_count, int64_t first_sequence)
{
    memset(curve, 0, sizeof *curve);
    return begin(curve, layer_count, first_sequence);
}

gd_status jobs_curve_restart(jobs_curve *curve, int64_t layer_count, int64_t first_sequence)
{
    const bool *wanted = curve->wanted;
    int64_t expected = curve->expected;
    jobs_curve_dispose(curve);
    curve->wanted = wanted;
    curve->expected = expected;
    return begin(curve, layer_count, first_sequence);
}

void jobs_curve_dispose(jobs_curve *curve)
{
    for (int64_t i = 0; curve->columns != NULL && i < series_count(curve); i++)
        free(curve->columns[i]);
    free(curve->columns);
    free(curve->validated);
    free(curve->nonfinite);
    memset(curve, 0, sizeof *curve);
}

bool jobs_curve_holds(const jobs_curve *curve, int64_t series)
{
    return curve->wanted == NULL || curve->wanted[series];
}

static bool grow_flags(unsigned char **flags, int64_t capacity)
{
    unsigned char *grown = realloc(*flags, (size_t)capacity);
    if (grown != NULL)
        *flags = grown;
    return grown != NULL;
}

gd_status jobs_curve_reserve(jobs_curve *curve, int64_t count)
{
    if (count <= curve->capacity)
        return GD_OK;
    if (count > INT64_MAX / 4 / (int64_t)sizeof(double))
        return GD_TOO_LARGE;
    int64_t capacity = curve->capacity < 64 ? 64 : curve->capacity;
    while (capacity < count)
        capacity *= 2;
    /* So much at once only where it is known to be needed: the rest is asked for as it comes. */
    if (capacity < curve->expected && curve->expected <= JOBS_CURVE_MAXIMUM_EXPECTED)
        capacity = curve->expected;
    for (int64_t i = 0; i < series_count(curve); i++) {
        if (!jobs_curve_holds(curve, i))
            continue;
        double *grown = realloc(curve->columns[i], (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return GD_OUT_OF_MEMORY; /* columns grown so far are simply larger than needed */
        curve->columns[i] = grown;
    }
    if (!grow_flags(&curve->validated, capacity) ||
        (curve->wanted != NULL && !grow_flags(&curve->nonfinite, capacity)))
        return GD_OUT_OF_MEMORY;
    curve->capacity = capacity;
    return GD_OK;
}

gd_status jobs_curve_append(jobs_curve *curve, const gd_point *point)
{
    if (point->sequence != curve->first_sequence + curve->count ||
        point->layer_count != curve->layer_count)
        return GD_INVALID_ARGUMENT;
    gd_status status = jobs_curve_reserve(curve, curve->count + 1);
    if (status != GD_OK)
        return status;
    int64_t at = curve->count++;
    curve->columns[JOBS_SERIES_STEP][at] = (double)point->step;
    curve->columns[JOBS_SERIES_EPOCH][at] = point->epoch;
    curve->columns[JOBS_SERIES_SECONDS][at] = point->seconds;
    curve->columns[JOBS_SERIES_LOSS][at] = point->loss;
    curve->columns[JOBS_SERIES_VALIDATION_LOSS][at] =
        point->has_validation_loss ? point->validation_loss : 0;
    curve->columns[JOBS_SERIES_LEARNING_RATE][at] = point->learning_rate;
    curve->columns[JOBS_SERIES_GRADIENT_NORM][at] = point->gradient_norm;
    curve->columns[JOBS_SERIES_UPDATE_RATIO][at] = point->update_ratio;
    double **norms = curve->columns + JOBS_SERIES_FIXED, **ratios = norms + curve->layer_count;
    for (int64_t layer = 0; layer < curve->layer_count; layer++) {
        norms[layer][at] = point->layer_gradient_norms[layer];
        ratios[layer][at] = point->layer_update_ratios != NULL ? point->layer_update_ratios[layer]
                                                               : GD_NOT_MEASURED;
    }
    curve->validated[at] = point->has_validation_loss;
    return GD_OK;
}

void jobs_curve_drop(jobs_curve *curve, int64_t count)
{
    if (count <= 0)
        return;
    if (count > curve->count)
        count = curve->count;
    size_t kept = (size_t)(curve->count - count);
    for (int64_t i = 0; kept > 0 && i < series_count(curve); i++)
        if (curve->columns[i] != NULL)
            memmove(curve->columns[i], curve->columns[i] + count, kept * sizeof(double));
    if (kept > 0)
        memmove(curve->validated, curve->validated + count, kept);
    if (kept > 0 && curve->nonfinite != NULL)
        memmove(curve->nonfinite, curve->nonfinite + count, kept);
    curve->first_sequence += count;
    curve->count -= count;
}

/* Of 16 values: whether all are finite. All bits of an exponent are set in those that are not, so
 * that one more carries into the sign. */
static bool are_finite(const double *values)
{
    const uint64_t exponent = UINT64_C(0x7ff) << 52;
    uint64_t bits[16], carried = 0;
    memcpy(bits, values, sizeof bits);
    for (int i = 0; i < 16; i++)
        carried |= (bits[i] & exponent) + (UINT64_C(1) << 52);
    return carried >> 63 == 0;
}

void jobs_curve_flag_nonfinite(const double *values, int64_t count, unsigned char *flags)
{
    for (int64_t first = 0; first < count; first += 16) {
        int64_t last = first + 16;
        if (last <= count && are_finite(values + first))
            continue;
        for (int64_t i = first; i < count && i < last; i++)
            if (!isfinite(values[i]))
                flags[i] = 1;
    }
}

gd_status jobs_curve_copy(const jobs_curve *curve, int64_t first, int64_t count, jobs_curve *into)
{
    if (count <= 0)
        return GD_OK;
    if (into->columns == NULL) {
        gd_status status =
            jobs_curve_restart(into, curve->layer_count, curve->first_sequence + first);
        if (status != GD_OK)
            return status;
    }
    if (into->layer_count != curve->layer_count)
        return GD_INVALID_ARGUMENT;
    gd_status status = jobs_curve_reserve(into, into->count + count);
    if (status != GD_OK)
        return status;
    if (into->wanted != NULL && curve->nonfinite != NULL)
        memcpy(into->nonfinite + into->count, curve->nonfinite + first, (size_t)count);
    else if (into->wanted != NULL)
        memset(into->nonfinite + into->count, 0, (size_t)count);
    for (int64_t i = 0; i < series_count(curve); i++) {
        if (curve->columns[i] == NULL)
            continue;
        if (jobs_curve_holds(into, i))
            memcpy(into->columns[i] + into->count, curve->columns[i] + first,
                   (size_t)count * sizeof(double));
        else
            jobs_curve_flag_nonfinite(curve->columns[i] + first, count,
                                      into->nonfinite + into->count);
    }
    memcpy(into->validated + into->count, curve->validated + first, (size_t)count);
    into->count += count;
    return GD_OK;
}
