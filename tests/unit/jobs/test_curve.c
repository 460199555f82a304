/*
 * Curves in memory and as bytes: what goes in comes out to the last bit, and damage changes nothing.
 */
#include "jobs/curve.h"

#include "store/store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static gd_point point_at(int64_t sequence, double loss, const double *norms, int64_t layers)
{
    return (gd_point){.sequence = sequence,
                      .step = sequence * 3,
                      .epoch = (double)sequence / 7,
                      .seconds = (double)sequence * 1e-3,
                      .loss = loss,
                      .has_validation_loss = sequence % 5 == 0,
                      .validation_loss = loss + 1,
                      .learning_rate = 0.125,
                      .gradient_norm = -0.0,
                      .update_ratio = 1.0 / (double)sequence,
                      .layer_gradient_norms = norms,
                      .layer_count = layers};
}

/* Points first … first + count - 1, with losses that are not all finite. */
static jobs_curve make(int64_t first, int64_t count, int64_t layers)
{
    jobs_curve curve;
    cr_assert_eq(jobs_curve_init(&curve, layers, first), GD_OK);
    for (int64_t i = first; i < first + count; i++) {
        double norms[4] = {(double)i, 0, NAN, INFINITY};
        double loss = i % 11 == 0   ? NAN
                      : i % 13 == 0 ? INFINITY
                      : i % 17 == 0 ? -INFINITY
                                    : 1.0 / (double)i;
        gd_point point = point_at(i, loss, norms, layers);
        cr_assert_eq(jobs_curve_append(&curve, &point), GD_OK);
    }
    return curve;
}

static bool same(const jobs_curve *a, int64_t from, const jobs_curve *b)
{
    bool equal = a->layer_count == b->layer_count && a->first_sequence + from == b->first_sequence;
    for (int64_t series = 0; equal && series < jobs_series_count(a->layer_count); series++)
        equal = memcmp(a->columns[series] + from, b->columns[series],
                       (size_t)b->count * sizeof(double)) == 0;
    return equal && memcmp(a->validated + from, b->validated, (size_t)b->count) == 0;
}

static gd_buffer encode(const jobs_curve *curve, int64_t first, int64_t count)
{
    gd_buffer bytes;
    gd_buffer_init(&bytes, (size_t)1 << 24);
    jobs_curve_encode(curve, first, count, &bytes);
    cr_assert_eq(bytes.status, GD_OK);
    return bytes;
}

Test(jobs_curve, bytes_come_back_to_the_last_bit)
{
    static const int64_t counts[] = {1, 2, 7, 8, 9, 100, STORE_CHUNK_POINTS};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (int64_t layers = 0; layers <= 4; layers += 2) {
            jobs_curve curve = make(1025, counts[i], layers), back = {0};
            gd_buffer bytes = encode(&curve, 0, curve.count);
            cr_assert_eq(jobs_curve_decode(&back, 1025, bytes.bytes, bytes.length), GD_OK);
            cr_assert_eq(back.count, counts[i]);
            cr_expect(same(&curve, 0, &back));
            gd_buffer_dispose(&bytes);
            jobs_curve_dispose(&curve);
            jobs_curve_dispose(&back);
        }
    }
}

Test(jobs_curve, a_series_that_stays_takes_one_number)
{
    jobs_curve curve = make(1, 1000, 0);
    for (int64_t series = 0; series < JOBS_SERIES_FIXED; series++)
        for (int64_t i = 0; i < 1000; i++)
            curve.columns[series][i] = NAN;
    gd_buffer bytes = encode(&curve, 0, 1000);
    cr_expect_eq(bytes.length, 17 + 125 + JOBS_SERIES_FIXED * 9);
    gd_buffer_dispose(&bytes);
    curve.columns[JOBS_SERIES_LOSS][999] = -NAN;
    bytes = encode(&curve, 0, 1000);
    cr_expect_eq(bytes.length, 17 + 125 + (JOBS_SERIES_FIXED - 1) * 9 + 1 + 8 + 125 + 8);
    gd_buffer_dispose(&bytes);
    jobs_curve_dispose(&curve);
}

/* Each written over the loss of a curve: how many bytes it takes, and that it comes back. */
Test(jobs_curve, series_take_what_is_new_in_them)
{
    enum {
        COUNT = 37,
        BITS = 5
    };
    static const struct {
        const char *what;
        double start, step, other;
        int others; /* the first so many points */
        size_t bytes;
    } shapes[] = {
        {"steps", 7, 3, 0, 0, 16},
        {"steps back", 1e300, -1e299, 0, 0, 16},
        {"thirds, rounded", 1.0 / 3, 1.0 / 3, 0, 0, 16},
        {"one other", GD_NOT_MEASURED, 0, 5, 1, 8 + BITS + 8},
        {"another zero", 0.0, 0, -0.0, 3, 8 + BITS + 3 * 8},
        {"another NaN", NAN, 0, -NAN, 2, 8 + BITS + 2 * 8},
        {"an infinity", INFINITY, 0, -INFINITY, 18, 8 + BITS + 18 * 8},
        {"steps that begin late", 0, 1, 100, 2, COUNT * 8},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        jobs_curve curve = make(1, COUNT, 0), back = {0};
        gd_buffer before = encode(&curve, 0, COUNT);
        double *values = curve.columns[JOBS_SERIES_LOSS];
        for (int at = 0; at < COUNT; at++)
            values[at] = at < shapes[i].others ? shapes[i].other
                                               : shapes[i].start + (double)at * shapes[i].step;
        gd_buffer bytes = encode(&curve, 0, COUNT);
        cr_expect_eq(before.length - (size_t)COUNT * 8, bytes.length - shapes[i].bytes, "%s: %zu",
                     shapes[i].what, bytes.length + (size_t)COUNT * 8 - before.length);
        cr_assert_eq(jobs_curve_decode(&back, 1, bytes.bytes, bytes.length), GD_OK);
        cr_expect(same(&curve, 0, &back), "%s", shapes[i].what);
        jobs_curve_dispose(&curve);
        jobs_curve_dispose(&back);
        gd_buffer_dispose(&bytes);
        gd_buffer_dispose(&before);
    }
}

Test(jobs_curve, chunks_join_to_the_curve_they_were_cut_from)
{
    jobs_curve curve = make(1, 2500, 2), back = {0};
    for (int64_t first = 0; first < 2500; first += STORE_CHUNK_POINTS) {
        int64_t count = 2500 - first < STORE_CHUNK_POINTS ? 2500 - first : STORE_CHUNK_POINTS;
        gd_buffer bytes = encode(&curve, first, count);
        cr_assert_eq(jobs_curve_decode(&back, 1 + first, bytes.bytes, bytes.length), GD_OK);
        gd_buffer_dispose(&bytes);
    }
    cr_assert_eq(back.count, 2500);
    cr_expect(same(&curve, 0, &back));
    jobs_curve_dispose(&curve);
    jobs_curve_dispose(&back);
}

Test(jobs_curve, damaged_bytes_are_refused_and_change_nothing)
{
    jobs_curve curve = make(1, 20, 2), back = make(1, 20, 2), empty = {0};
    jobs_curve next = make(21, 10, 2);
    gd_buffer bytes = encode(&next, 0, 10);
    unsigned char *copy = malloc(bytes.length + 1);
    cr_assert_not_null(copy);
    for (size_t length = 0; length < bytes.length; length++) {
        /* In a block of just that size, so that a sanitizer sees a read beyond it. */
        unsigned char *cut = malloc(length == 0 ? 1 : length);
        cr_assert_not_null(cut);
        memcpy(cut, bytes.bytes, length);
        cr_assert_eq(jobs_curve_decode(&back, 21, cut, length), GD_CORRUPT, "%zu bytes", length);
        cr_assert_eq(jobs_curve_decode(&empty, 21, cut, length), GD_CORRUPT, "%zu bytes", length);
        free(cut);
    }
    memcpy(copy, bytes.bytes, bytes.length);
    copy[bytes.length] = 0;
    cr_expect_eq(jobs_curve_decode(&back, 21, copy, bytes.length + 1), GD_CORRUPT, "trailing");
    static const struct {
        size_t at;
        unsigned char value;
        const char *what;
    } damages[] = {{0, 4, "version"},
                   {0, 2, "forms that the version does not have"},
                   {0, 0, "version 0"},
                   {8, 1, "2^56 points"},
                   {2, 5, "1290 points"},
                   {16, 1, "2^56 layers"},
                   {9, 3, "a third layer"},
                   {9, 1, "one layer"},
                   {19, 4, "form of the first series"}};
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        memcpy(copy, bytes.bytes, bytes.length);
        copy[damages[i].at] = damages[i].value;
        cr_expect_eq(jobs_curve_decode(&back, 21, copy, bytes.length), GD_CORRUPT, "%s",
                     damages[i].what);
    }
    cr_expect_eq(jobs_curve_decode(&back, 22, bytes.bytes, bytes.length), GD_CORRUPT, "a gap");
    cr_expect_eq(jobs_curve_decode(&back, 20, bytes.bytes, bytes.length), GD_CORRUPT, "twice");
    cr_assert_eq(back.count, 20);
    cr_expect(same(&curve, 0, &back));
    cr_expect_eq(empty.count, 0);
    cr_expect_null(empty.columns);
    cr_expect_eq(empty.first_sequence, 0);
    cr_assert_eq(jobs_curve_decode(&back, 21, bytes.bytes, bytes.length), GD_OK);
    cr_expect_eq(back.count, 30);
    free(copy);
    gd_buffer_dispose(&bytes);
    jobs_curve_dispose(&curve);
    jobs_curve_dispose(&back);
    jobs_curve_dispose(&next);
}

/* As versions before 3 wrote it: one value a series that stays, all of any other. */
static gd_buffer encode_before(const jobs_curve *curve, uint8_t version, int64_t series)
{
    gd_buffer bytes;
    gd_buffer_init(&bytes, (size_t)1 << 24);
    gd_buffer_append_u8(&bytes, version);
    gd_buffer_append_u64(&bytes, (uint64_t)curve->count);
    gd_buffer_append_u64(&bytes, (uint64_t)curve->layer_count);
    for (int64_t i = 0; i < curve->count; i += 8) {
        unsigned bits = 0;
        for (int64_t j = i; j < curve->count && j < i + 8; j++)
            bits |= (unsigned)curve->validated[j] << (j - i);
        gd_buffer_append_u8(&bytes, (uint8_t)bits);
    }
    for (int64_t s = 0; s < series; s++) {
        bool stays = s == JOBS_SERIES_LEARNING_RATE;
        gd_buffer_append_u8(&bytes, stays ? 0 : 1);
        for (int64_t i = 0; i < (stays ? 1 : curve->count); i++)
            gd_buffer_append_f64(&bytes, curve->columns[s][i]);
    }
    return bytes;
}

/* In the first the update ratios of layers are missing, which were not kept then. */
Test(jobs_curve, versions_of_before_are_still_read)
{
    for (uint8_t version = 1; version <= 2; version++) {
        jobs_curve curve = make(1, 20, 2), back = {0};
        gd_buffer bytes = encode_before(
            &curve, version, version == 1 ? JOBS_SERIES_FIXED + 2 : JOBS_SERIES_FIXED + 4);
        cr_assert_eq(jobs_curve_decode(&back, 1, bytes.bytes, bytes.length), GD_OK);
        cr_assert_eq(back.count, 20);
        cr_expect(same(&curve, 0, &back), "version %d", version);
        gd_buffer_dispose(&bytes);
        jobs_curve_dispose(&curve);
        jobs_curve_dispose(&back);
    }
}

Test(jobs_curve, any_byte_may_be_any_other_without_harm)
{
    jobs_curve next = make(1, 9, 1);
    gd_buffer bytes = encode(&next, 0, 9);
    for (size_t at = 0; at < bytes.length; at++) {
        unsigned char kept = bytes.bytes[at];
        for (int value = 0; value < 256; value += 15) {
            jobs_curve back = {0};
            bytes.bytes[at] = (unsigned char)value;
            gd_status status = jobs_curve_decode(&back, 1, bytes.bytes, bytes.length);
            cr_assert(status == GD_OK || status == GD_CORRUPT);
            jobs_curve_dispose(&back);
        }
        bytes.bytes[at] = kept;
    }
    gd_buffer_dispose(&bytes);
    jobs_curve_dispose(&next);
}

Test(jobs_curve, points_must_follow_each_other)
{
    jobs_curve curve = make(5, 3, 1);
    double norms[1] = {1};
    gd_point point = point_at(9, 1, norms, 1);
    cr_expect_eq(jobs_curve_append(&curve, &point), GD_INVALID_ARGUMENT, "a gap");
    point.sequence = 7;
    cr_expect_eq(jobs_curve_append(&curve, &point), GD_INVALID_ARGUMENT, "again");
    point = point_at(8, 1, norms, 0);
    cr_expect_eq(jobs_curve_append(&curve, &point), GD_INVALID_ARGUMENT, "other layers");
    cr_expect_eq(curve.count, 3);
    jobs_curve_dispose(&curve);
    cr_expect_eq(jobs_curve_init(&curve, -1, 1), GD_INVALID_ARGUMENT);
    cr_expect_eq(jobs_curve_init(&curve, JOBS_CURVE_MAXIMUM_LAYERS + 1, 1), GD_INVALID_ARGUMENT);
    jobs_curve_dispose(&curve);
}

Test(jobs_curve, points_are_dropped_from_the_front)
{
    jobs_curve curve = make(1, 50, 1), whole = make(1, 50, 1);
    jobs_curve_drop(&curve, 0);
    jobs_curve_drop(&curve, -3);
    cr_expect_eq(curve.count, 50);
    jobs_curve_drop(&curve, 20);
    cr_expect_eq(curve.count, 30);
    cr_expect_eq(curve.first_sequence, 21);
    cr_expect(same(&whole, 20, &curve));
    double norms[1] = {1};
    gd_point point = point_at(51, 1, norms, 1);
    cr_expect_eq(jobs_curve_append(&curve, &point), GD_OK);
    jobs_curve_drop(&curve, 1000);
    cr_expect_eq(curve.count, 0);
    cr_expect_eq(curve.first_sequence, 52);
    jobs_curve_dispose(&curve);
    jobs_curve_dispose(&whole);
}

Test(jobs_curve, parts_are_copied)
{
    jobs_curve curve = make(1, 50, 2), into = {0};
    cr_assert_eq(jobs_curve_copy(&curve, 10, 0, &into), GD_OK);
    cr_expect_null(into.columns);
    cr_assert_eq(jobs_curve_copy(&curve, 10, 15, &into), GD_OK);
    cr_assert_eq(jobs_curve_copy(&curve, 25, 25, &into), GD_OK);
    cr_assert_eq(into.count, 40);
    cr_expect(same(&curve, 10, &into));
    jobs_curve other = make(51, 5, 1);
    cr_expect_eq(jobs_curve_copy(&other, 0, 5, &into), GD_INVALID_ARGUMENT);
    jobs_curve_dispose(&curve);
    jobs_curve_dispose(&into);
    jobs_curve_dispose(&other);
}

Test(jobs_curve, fixed_series_have_names)
{
    cr_expect_str_eq(jobs_series_name(JOBS_SERIES_STEP), "step");
    cr_expect_str_eq(jobs_series_name(JOBS_SERIES_UPDATE_RATIO), "update_ratio");
    cr_expect_null(jobs_series_name(JOBS_SERIES_FIXED));
    cr_expect_null(jobs_series_name(-1));
}
