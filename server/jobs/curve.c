/*
 * curve.c: growing, encoding and decoding of curves. Encoded form, little-endian: u8 version, u64
 * points, u64 layers, the bytes of `validated` packed to bits, then for each series u8 form (CONSTANT
 * or VALUES) and one or `points` float64. Decoding checks every size against the bytes there are.
 */
#include "jobs/curve.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    CURVE_VERSION = 2,
    VERSION_WITHOUT_RATIOS = 1, /* of layers */
    FORM_CONSTANT = 0,
    FORM_VALUES = 1
};

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

gd_status jobs_curve_init(jobs_curve *curve, int64_t layer_count, int64_t first_sequence)
{
    memset(curve, 0, sizeof *curve);
    if (layer_count < 0 || layer_count > JOBS_CURVE_MAXIMUM_LAYERS)
        return GD_INVALID_ARGUMENT;
    curve->first_sequence = first_sequence;
    curve->layer_count = layer_count;
    curve->columns = calloc((size_t)series_count(curve), sizeof *curve->columns);
    return curve->columns == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

void jobs_curve_dispose(jobs_curve *curve)
{
    for (int64_t i = 0; curve->columns != NULL && i < series_count(curve); i++)
        free(curve->columns[i]);
    free(curve->columns);
    free(curve->validated);
    memset(curve, 0, sizeof *curve);
}

static gd_status reserve(jobs_curve *curve, int64_t count)
{
    if (count <= curve->capacity)
        return GD_OK;
    if (count > INT64_MAX / 4 / (int64_t)sizeof(double))
        return GD_TOO_LARGE;
    int64_t capacity = curve->capacity < 64 ? 64 : curve->capacity;
    while (capacity < count)
        capacity *= 2;
    for (int64_t i = 0; i < series_count(curve); i++) {
        double *grown = realloc(curve->columns[i], (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return GD_OUT_OF_MEMORY; /* columns grown so far are simply larger than needed */
        curve->columns[i] = grown;
    }
    unsigned char *validated = realloc(curve->validated, (size_t)capacity);
    if (validated == NULL)
        return GD_OUT_OF_MEMORY;
    curve->validated = validated;
    curve->capacity = capacity;
    return GD_OK;
}

gd_status jobs_curve_append(jobs_curve *curve, const gd_point *point)
{
    if (point->sequence != curve->first_sequence + curve->count ||
        point->layer_count != curve->layer_count)
        return GD_INVALID_ARGUMENT;
    gd_status status = reserve(curve, curve->count + 1);
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
        memmove(curve->columns[i], curve->columns[i] + count, kept * sizeof(double));
    if (kept > 0)
        memmove(curve->validated, curve->validated + count, kept);
    curve->first_sequence += count;
    curve->count -= count;
}

/* Bit patterns are compared, so that NaN equals itself and -0 differs from 0. */
static bool is_constant(const double *values, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (memcmp(&values[i], &values[0], sizeof values[0]) != 0)
            return false;
    return true;
}

void jobs_curve_encode(const jobs_curve *curve, int64_t first, int64_t count, gd_buffer *buffer)
{
    gd_buffer_append_u8(buffer, CURVE_VERSION);
    gd_buffer_append_u64(buffer, (uint64_t)count);
    gd_buffer_append_u64(buffer, (uint64_t)curve->layer_count);
    for (int64_t i = 0; i < count; i += 8) {
        unsigned bits = 0;
        for (int64_t j = i; j < count && j < i + 8; j++)
            bits |= (unsigned)(curve->validated[first + j] != 0) << (j - i);
        gd_buffer_append_u8(buffer, (uint8_t)bits);
    }
    for (int64_t series = 0; count > 0 && series < series_count(curve); series++) {
        const double *values = curve->columns[series] + first;
        bool constant = is_constant(values, count);
        gd_buffer_append_u8(buffer, constant ? FORM_CONSTANT : FORM_VALUES);
        for (int64_t i = 0; i < (constant ? 1 : count); i++)
            gd_buffer_append_f64(buffer, values[i]);
    }
}

/* Walks over the columns without taking any: they must use up the bytes to the last. */
static bool is_whole(gd_reader reader, int64_t count, int64_t series)
{
    for (int64_t i = 0; i < count; i += 8)
        (void)gd_reader_u8(&reader);
    for (int64_t i = 0; count > 0 && i < series && reader.status == GD_OK; i++) {
        uint8_t form = gd_reader_u8(&reader);
        if (form != FORM_CONSTANT && form != FORM_VALUES)
            return false;
        for (int64_t j = 0; j < (form == FORM_CONSTANT ? 1 : count); j++)
            (void)gd_reader_f64(&reader);
    }
    return reader.status == GD_OK && gd_reader_remaining(&reader) == 0;
}

/* Of bytes that are whole and hold `held` series, into columns that have room. */
static void decode_columns(jobs_curve *curve, int64_t count, int64_t held, gd_reader *reader)
{
    for (int64_t i = 0; i < count; i += 8) {
        unsigned bits = gd_reader_u8(reader);
        for (int64_t j = i; j < count && j < i + 8; j++)
            curve->validated[curve->count + j] = (bits >> (j - i)) & 1u;
    }
    for (int64_t series = 0; count > 0 && series < held; series++) {
        double *values = curve->columns[series] + curve->count;
        uint8_t form = gd_reader_u8(reader);
        values[0] = gd_reader_f64(reader);
        for (int64_t i = 1; i < count; i++)
            values[i] = form == FORM_CONSTANT ? values[0] : gd_reader_f64(reader);
    }
    for (int64_t series = held; series < series_count(curve); series++)
        for (int64_t i = 0; i < count; i++)
            curve->columns[series][curve->count + i] = GD_NOT_MEASURED;
    curve->count += count;
}

gd_status jobs_curve_decode(jobs_curve *curve, int64_t first_sequence, const void *bytes,
                            size_t length)
{
    gd_reader reader;
    gd_reader_init(&reader, bytes, length);
    uint8_t version = gd_reader_u8(&reader);
    uint64_t count = gd_reader_u64(&reader);
    uint64_t layers = gd_reader_u64(&reader);
    if (reader.status != GD_OK || (version != CURVE_VERSION && version != VERSION_WITHOUT_RATIOS) ||
        count > (uint64_t)STORE_CHUNK_POINTS || layers > (uint64_t)JOBS_CURVE_MAXIMUM_LAYERS)
        return GD_CORRUPT;
    int64_t held = version == VERSION_WITHOUT_RATIOS ? JOBS_SERIES_FIXED + (int64_t)layers
                                                     : jobs_series_count((int64_t)layers);
    if (!is_whole(reader, (int64_t)count, held))
        return GD_CORRUPT;
    bool fits = curve->count == 0 || (curve->layer_count == (int64_t)layers &&
                                      first_sequence == curve->first_sequence + curve->count);
    if (!fits)
        return GD_CORRUPT;
    if (curve->count == 0 && (curve->columns == NULL || curve->layer_count != (int64_t)layers)) {
        jobs_curve_dispose(curve);
        gd_status status = jobs_curve_init(curve, (int64_t)layers, first_sequence);
        if (status != GD_OK)
            return status;
    }
    if (curve->count == 0)
        curve->first_sequence = first_sequence;
    gd_status status = reserve(curve, curve->count + (int64_t)count);
    if (status == GD_OK)
        decode_columns(curve, (int64_t)count, held, &reader);
    return status;
}

gd_status jobs_curve_copy(const jobs_curve *curve, int64_t first, int64_t count, jobs_curve *into)
{
    if (count <= 0)
        return GD_OK;
    if (into->columns == NULL) {
        gd_status status = jobs_curve_init(into, curve->layer_count, curve->first_sequence + first);
        if (status != GD_OK)
            return status;
    }
    if (into->layer_count != curve->layer_count)
        return GD_INVALID_ARGUMENT;
    gd_status status = reserve(into, into->count + count);
    if (status != GD_OK)
        return status;
    for (int64_t i = 0; i < series_count(curve); i++)
        memcpy(into->columns[i] + into->count, curve->columns[i] + first,
               (size_t)count * sizeof(double));
    memcpy(into->validated + into->count, curve->validated + first, (size_t)count);
    into->count += count;
    return GD_OK;
}
