/*
 * curve_bytes.c: curves as stored bytes. Little-endian: u8 version, u64 points, u64 layers, the bytes of
 * `validated` packed to bits, then for each series u8 form (CONSTANT or VALUES) and one or `points`
 * float64. Decoding first walks over the forms, which tells the size of every column, and holds them
 * against the bytes there are; then the wanted columns are copied, and of the others only is noted
 * which points are not finite.
 */
#include "jobs/curve.h"
#include "store/store.h"

#include <endian.h>
#include <string.h>

enum {
    CURVE_VERSION = 2,
    VERSION_WITHOUT_RATIOS = 1, /* of layers */
    FORM_CONSTANT = 0,
    FORM_VALUES = 1
};

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
    for (int64_t series = 0; count > 0 && series < jobs_series_count(curve->layer_count);
         series++) {
        const double *values = curve->columns[series] + first;
        bool constant = is_constant(values, count);
        gd_buffer_append_u8(buffer, constant ? FORM_CONSTANT : FORM_VALUES);
        for (int64_t i = 0; i < (constant ? 1 : count); i++)
            gd_buffer_append_f64(buffer, values[i]);
    }
}

/* A chunk that is whole: where its columns are follows from the forms. */
typedef struct chunk_view {
    int64_t count, layers;
    int64_t series;                 /* held */
    const unsigned char *validated; /* bits */
    const unsigned char *columns;   /* form and values of the first series */
} chunk_view;

static uint64_t bits_at(const unsigned char *values, int64_t at)
{
    uint64_t bits;
    memcpy(&bits, values + (size_t)at * sizeof bits, sizeof bits);
    return le64toh(bits);
}

static int64_t values_of(unsigned char form, int64_t count)
{
    return form == FORM_CONSTANT ? 1 : count;
}

/* False where the bytes are no chunk, or not used up to the last. */
static bool view_chunk(const void *bytes, size_t length, chunk_view *view)
{
    gd_reader reader;
    gd_reader_init(&reader, bytes, length);
    uint8_t version = gd_reader_u8(&reader);
    uint64_t count = gd_reader_u64(&reader);
    uint64_t layers = gd_reader_u64(&reader);
    if (reader.status != GD_OK || (version != CURVE_VERSION && version != VERSION_WITHOUT_RATIOS) ||
        count > (uint64_t)STORE_CHUNK_POINTS || layers > (uint64_t)JOBS_CURVE_MAXIMUM_LAYERS)
        return false;
    *view = (chunk_view){.count = (int64_t)count, .layers = (int64_t)layers};
    view->series = version == VERSION_WITHOUT_RATIOS ? JOBS_SERIES_FIXED + view->layers
                                                     : jobs_series_count(view->layers);
    view->validated = reader.bytes + reader.position;
    size_t left = gd_reader_remaining(&reader), packed = ((size_t)count + 7) / 8;
    if (packed > left)
        return false;
    view->columns = view->validated + packed;
    left -= packed;
    const unsigned char *at = view->columns;
    for (int64_t i = 0; count > 0 && i < view->series; i++) {
        if (left == 0 || (*at != FORM_CONSTANT && *at != FORM_VALUES))
            return false;
        size_t size = 1 + (size_t)values_of(*at, view->count) * sizeof(double);
        if (size > left)
            return false;
        at += size;
        left -= size;
    }
    return left == 0;
}

static void take_validated(const chunk_view *view, unsigned char *validated)
{
    for (int64_t i = 0; i < view->count; i++)
        validated[i] = (unsigned char)((view->validated[i / 8] >> (i % 8)) & 1);
}

static void take_values(const chunk_view *view, unsigned char form, const unsigned char *stored,
                        double *values)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
    if (form == FORM_VALUES) {
        memcpy(values, stored, (size_t)view->count * sizeof *values);
        return;
    }
#endif
    for (int64_t i = 0; i < view->count; i++) {
        uint64_t bits = bits_at(stored, form == FORM_CONSTANT ? 0 : i);
        memcpy(&values[i], &bits, sizeof bits);
    }
}

static void take_nonfinite(const chunk_view *view, unsigned char form, const unsigned char *stored,
                           unsigned char *nonfinite)
{
    double values[STORE_CHUNK_POINTS];
    take_values(view, form, stored, values);
    jobs_curve_flag_nonfinite(values, view->count, nonfinite);
}

/* Into columns that have room. */
static void take_columns(jobs_curve *curve, const chunk_view *view)
{
    const unsigned char *at = view->columns;
    take_validated(view, curve->validated + curve->count);
    if (curve->nonfinite != NULL)
        memset(curve->nonfinite + curve->count, 0, (size_t)view->count);
    for (int64_t series = 0; series < view->series; series++) {
        if (jobs_curve_holds(curve, series))
            take_values(view, *at, at + 1, curve->columns[series] + curve->count);
        else
            take_nonfinite(view, *at, at + 1, curve->nonfinite + curve->count);
        at += 1 + (size_t)values_of(*at, view->count) * sizeof(double);
    }
    for (int64_t series = view->series; series < jobs_series_count(curve->layer_count); series++)
        for (int64_t i = 0; jobs_curve_holds(curve, series) && i < view->count; i++)
            curve->columns[series][curve->count + i] = GD_NOT_MEASURED;
    curve->count += view->count;
}

gd_status jobs_curve_decode(jobs_curve *curve, int64_t first_sequence, const void *bytes,
                            size_t length)
{
    chunk_view view;
    if (!view_chunk(bytes, length, &view))
        return GD_CORRUPT;
    bool fits = curve->count == 0 || (curve->layer_count == view.layers &&
                                      first_sequence == curve->first_sequence + curve->count);
    if (!fits)
        return GD_CORRUPT;
    if (curve->count == 0 && (curve->columns == NULL || curve->layer_count != view.layers)) {
        gd_status status = jobs_curve_restart(curve, view.layers, first_sequence);
        if (status != GD_OK)
            return status;
    }
    if (curve->count == 0)
        curve->first_sequence = first_sequence;
    gd_status status = jobs_curve_reserve(curve, curve->count + view.count);
    if (status == GD_OK && view.count > 0) /* else there may be no columns yet */
        take_columns(curve, &view);
    return status;
}
