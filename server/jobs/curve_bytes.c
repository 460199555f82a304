/*
 * curve_bytes.c: curves as stored bytes. Little-endian: u8 version, u64 points, u64 layers, the
 * bytes of `validated` packed to bits, then for each series u8 form and what that form holds, all
 * of float64:
 *   CONSTANT  the value of every point
 *   VALUES    one value a point
 *   EVEN      the first value and the step between two: value i is first + i * step, rounded twice
 *   FEW       the usual value, a bit a point that is set where it has another one, and those others
 * The first two are all that versions before 3 have. Decoding first walks over the forms, which
 * tells the size of every column, and holds them against the bytes there are; then the wanted
 * columns are copied, and of the others only is noted which points are not finite.
 */
#include "jobs/curve.h"
#include "store/store.h"

#include <endian.h>
#include <math.h>
#include <string.h>

enum {
    CURVE_VERSION = 3,
    VERSION_OF_TWO_FORMS = 2,
    VERSION_WITHOUT_RATIOS = 1, /* of layers */
    FORM_CONSTANT = 0,
    FORM_VALUES = 1,
    FORM_EVEN = 2,
    FORM_FEW = 3
};

/* Values are compared by their bits, so that NaN equals itself and -0 differs from 0. */
static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool is_constant(const double *values, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (bits_of(values[i]) != bits_of(values[0]))
            return false;
    return true;
}

static double even_value(double first, double step, int64_t i)
{
    return first + (double)i * step;
}

static bool is_even(const double *values, int64_t count)
{
    double step = count > 2 ? values[1] - values[0] : NAN;
    if (!isfinite(step))
        return false;
    for (int64_t i = 0; i < count; i++)
        if (bits_of(values[i]) != bits_of(even_value(values[0], step, i)))
            return false;
    return true;
}

/* The value that more than half of them have, where there is one (R. Boyer and J. Moore, 1981). */
static double usual_of(const double *values, int64_t count)
{
    double usual = values[0];
    int64_t votes = 0;
    for (int64_t i = 0; i < count; i++) {
        if (votes == 0)
            usual = values[i];
        votes += bits_of(values[i]) == bits_of(usual) ? 1 : -1;
    }
    return usual;
}

static int64_t count_others(const double *values, int64_t count, double usual)
{
    int64_t others = 0;
    for (int64_t i = 0; i < count; i++)
        others += bits_of(values[i]) != bits_of(usual);
    return others;
}

static size_t packed_bytes(int64_t count)
{
    return ((size_t)count + 7) / 8;
}

static void append_values(gd_buffer *buffer, const double *values, int64_t count)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
    gd_buffer_append(buffer, values, (size_t)count * sizeof *values);
#else
    for (int64_t i = 0; i < count; i++)
        gd_buffer_append_f64(buffer, values[i]);
#endif
}

static void append_few(gd_buffer *buffer, const double *values, int64_t count, double usual)
{
    gd_buffer_append_f64(buffer, usual);
    for (int64_t i = 0; i < count; i += 8) {
        unsigned bits = 0;
        for (int64_t j = i; j < count && j < i + 8; j++)
            bits |= (unsigned)(bits_of(values[j]) != bits_of(usual)) << (j - i);
        gd_buffer_append_u8(buffer, (uint8_t)bits);
    }
    for (int64_t i = 0; i < count; i++)
        if (bits_of(values[i]) != bits_of(usual))
            gd_buffer_append_f64(buffer, values[i]);
}

static void append_series(gd_buffer *buffer, const double *values, int64_t count)
{
    if (is_constant(values, count)) {
        gd_buffer_append_u8(buffer, FORM_CONSTANT);
        append_values(buffer, values, 1);
        return;
    }
    if (is_even(values, count)) {
        gd_buffer_append_u8(buffer, FORM_EVEN);
        gd_buffer_append_f64(buffer, values[0]);
        gd_buffer_append_f64(buffer, values[1] - values[0]);
        return;
    }
    double usual = usual_of(values, count);
    int64_t others = count_others(values, count, usual);
    if (packed_bytes(count) < (size_t)(count - others - 1) * sizeof *values) {
        gd_buffer_append_u8(buffer, FORM_FEW);
        append_few(buffer, values, count, usual);
        return;
    }
    gd_buffer_append_u8(buffer, FORM_VALUES);
    append_values(buffer, values, count);
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
    for (int64_t series = 0; count > 0 && series < jobs_series_count(curve->layer_count); series++)
        append_series(buffer, curve->columns[series] + first, count);
}

/* A chunk that is whole: where its columns are follows from the forms. */
typedef struct chunk_view {
    uint8_t version;
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

/* Bytes behind the bits of FEW; false where bits are set that stand for no point. */
static bool measure_few(const unsigned char *packed, int64_t count, size_t *bytes)
{
    size_t others = 0;
    for (size_t i = 0; i < packed_bytes(count); i++)
        others += (size_t)__builtin_popcount(packed[i]);
    *bytes = others * sizeof(double);
    return count % 8 == 0 || packed[count / 8] >> (count % 8) == 0;
}

/* Of a series behind its form; 0 where there is no such form, or less than it takes. */
static size_t stored_bytes(const chunk_view *view, unsigned char form, const unsigned char *stored,
                           size_t left)
{
    size_t size = 0, others = 0, bits = sizeof(double) + packed_bytes(view->count);
    if (form == FORM_CONSTANT)
        size = sizeof(double);
    else if (form == FORM_VALUES)
        size = (size_t)view->count * sizeof(double);
    else if (form == FORM_EVEN && view->version > VERSION_OF_TWO_FORMS)
        size = 2 * sizeof(double);
    else if (form == FORM_FEW && view->version > VERSION_OF_TWO_FORMS && bits <= left &&
             measure_few(stored + sizeof(double), view->count, &others))
        size = bits + others;
    return size <= left ? size : 0;
}

/* False where the bytes are no chunk, or not used up to the last. */
static bool view_chunk(const void *bytes, size_t length, chunk_view *view)
{
    gd_reader reader;
    gd_reader_init(&reader, bytes, length);
    uint8_t version = gd_reader_u8(&reader);
    uint64_t count = gd_reader_u64(&reader);
    uint64_t layers = gd_reader_u64(&reader);
    if (reader.status != GD_OK || version < VERSION_WITHOUT_RATIOS || version > CURVE_VERSION ||
        count > (uint64_t)STORE_CHUNK_POINTS || layers > (uint64_t)JOBS_CURVE_MAXIMUM_LAYERS)
        return false;
    *view = (chunk_view){.version = version, .count = (int64_t)count, .layers = (int64_t)layers};
    view->series = version == VERSION_WITHOUT_RATIOS ? JOBS_SERIES_FIXED + view->layers
                                                     : jobs_series_count(view->layers);
    view->validated = reader.bytes + reader.position;
    size_t left = gd_reader_remaining(&reader), packed = packed_bytes(view->count);
    if (packed > left)
        return false;
    view->columns = view->validated + packed;
    left -= packed;
    const unsigned char *at = view->columns;
    for (int64_t i = 0; count > 0 && i < view->series; i++) {
        size_t size = left > 0 ? stored_bytes(view, *at, at + 1, left - 1) : 0;
        if (size == 0)
            return false;
        at += 1 + size;
        left -= 1 + size;
    }
    return left == 0;
}

static void take_validated(const chunk_view *view, unsigned char *validated)
{
    for (int64_t i = 0; i < view->count; i++)
        validated[i] = (unsigned char)((view->validated[i / 8] >> (i % 8)) & 1);
}

static double value_at(const unsigned char *values, int64_t at)
{
    uint64_t bits = bits_at(values, at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void take_few(const chunk_view *view, const unsigned char *stored, double *values)
{
    const unsigned char *packed = stored + sizeof(double);
    const unsigned char *others = packed + packed_bytes(view->count);
    double usual = value_at(stored, 0);
    int64_t taken = 0;
    for (int64_t i = 0; i < view->count; i++) {
        bool is_other = (packed[i / 8] >> (i % 8)) & 1;
        values[i] = is_other ? value_at(others, taken) : usual;
        taken += is_other;
    }
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
    if (form == FORM_FEW) {
        take_few(view, stored, values);
    } else if (form == FORM_EVEN) {
        for (int64_t i = 0; i < view->count; i++)
            values[i] = even_value(value_at(stored, 0), value_at(stored, 1), i);
    } else {
        for (int64_t i = 0; i < view->count; i++)
            values[i] = value_at(stored, form == FORM_CONSTANT ? 0 : i);
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
        at += 1 + stored_bytes(view, *at, at + 1, SIZE_MAX);
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
