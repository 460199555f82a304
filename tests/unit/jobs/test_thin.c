/*
 * Thinning: what stays always stays, the rest is bounded, and the same question has the same answer.
 */
#include "jobs/thin.h"

#include "store/store.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A noisy falling curve of `count` points, validated every tenth. */
static jobs_curve make(int64_t count, bool validated)
{
    jobs_curve curve;
    uint64_t state = 88172645463325252u;
    cr_assert_eq(jobs_curve_init(&curve, 1, 1), GD_OK);
    for (int64_t i = 1; i <= count; i++) {
        double norm = 1;
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        gd_point point = {.sequence = i,
                          .step = i,
                          .loss = 10.0 / (double)i + (double)(state >> 40) * 1e-8,
                          .has_validation_loss = validated && i % 10 == 0,
                          .validation_loss = 5.0 + fabs((double)i - 700) * 1e-3,
                          .layer_gradient_norms = &norm,
                          .layer_count = 1};
        cr_assert_eq(jobs_curve_append(&curve, &point), GD_OK);
    }
    return curve;
}

static int64_t thin(const jobs_curve *curve, int64_t maximum, bool **keep)
{
    *keep = malloc((size_t)curve->count + 1);
    cr_assert_not_null(*keep);
    memset(*keep, 1, (size_t)curve->count + 1);
    int64_t kept = jobs_curve_thin(curve, maximum, *keep), counted = 0;
    for (int64_t i = 0; i < curve->count; i++)
        counted += (*keep)[i];
    cr_assert_eq(kept, counted);
    return kept;
}

Test(jobs_thin, few_points_and_no_limit_keep_all)
{
    jobs_curve curve = make(100, true);
    bool *keep;
    cr_expect_eq(thin(&curve, 0, &keep), 100);
    free(keep);
    cr_expect_eq(thin(&curve, 100, &keep), 100);
    free(keep);
    cr_expect_eq(thin(&curve, 1000, &keep), 100);
    free(keep);
    jobs_curve_dispose(&curve);
    jobs_curve empty = {0};
    cr_expect_eq(thin(&empty, 5, &keep), 0);
    free(keep);
}

Test(jobs_thin, at_most_as_many_as_asked_for)
{
    static const int64_t limits[] = {7, 10, 33, 100, 999};
    for (int validated = 0; validated < 2; validated++) {
        jobs_curve curve = make(5000, validated != 0);
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
            bool *keep;
            int64_t kept = thin(&curve, limits[i], &keep);
            cr_expect_leq(kept, limits[i]);
            cr_expect_geq(kept, limits[i] / 3, "%lld of %lld", (long long)kept,
                          (long long)limits[i]);
            free(keep);
        }
        jobs_curve_dispose(&curve);
    }
}

Test(jobs_thin, first_last_best_and_extremes_stay)
{
    jobs_curve curve = make(5000, true);
    bool *keep;
    curve.columns[JOBS_SERIES_LOSS][3210] = -1; /* the best */
    curve.columns[JOBS_SERIES_LOSS][1234] = 1000;
    static const int64_t limits[] = {1, 5, 50};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        thin(&curve, limits[i], &keep);
        cr_expect(keep[0]);
        cr_expect(keep[4999]);
        cr_expect(keep[3210]);
        cr_expect(keep[699], "the best validation loss");
        free(keep);
    }
    thin(&curve, 50, &keep);
    cr_expect(keep[1234], "the peak of its bucket");
    free(keep);
    jobs_curve_dispose(&curve);
}

Test(jobs_thin, every_non_finite_point_stays)
{
    jobs_curve curve = make(5000, true);
    bool *keep;
    curve.columns[JOBS_SERIES_LOSS][100] = NAN;
    curve.columns[JOBS_SERIES_LOSS][200] = INFINITY;
    curve.columns[JOBS_SERIES_GRADIENT_NORM][300] = -INFINITY;
    curve.columns[JOBS_SERIES_UPDATE_RATIO][400] = NAN;
    curve.columns[JOBS_SERIES_FIXED][500] = INFINITY;
    curve.columns[JOBS_SERIES_VALIDATION_LOSS][609] = NAN;
    cr_assert(curve.validated[609]);
    thin(&curve, 10, &keep);
    for (int64_t i = 100; i <= 500; i += 100)
        cr_expect(keep[i], "point %lld", (long long)i);
    cr_expect(keep[609]);
    free(keep);
    for (int64_t i = 0; i < 5000; i++)
        curve.columns[JOBS_SERIES_LOSS][i] = NAN;
    cr_expect_eq(thin(&curve, 10, &keep), 5000);
    free(keep);
    jobs_curve_dispose(&curve);
}

Test(jobs_thin, the_same_question_has_the_same_answer)
{
    jobs_curve curve = make(3000, true);
    bool *first, *second;
    thin(&curve, 77, &first);
    thin(&curve, 77, &second);
    cr_expect_eq(memcmp(first, second, 3000), 0);
    free(first);
    free(second);
    jobs_curve_dispose(&curve);
}

/* --- Against the plain way: every series of every point, one question after the other
 * -------------- */

static int64_t plain_extreme(const double *values, const unsigned char *present, int64_t first,
                             int64_t last, double sign)
{
    int64_t found = -1;
    for (int64_t i = first; i < last; i++)
        if ((present == NULL || present[i]) && isfinite(values[i]) &&
            (found < 0 || sign * values[i] < sign * values[found]))
            found = i;
    return found;
}

static void plain_keep(bool *keep, const double *values, const unsigned char *present,
                       int64_t first, int64_t last)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        int64_t at = plain_extreme(values, present, first, last, sign);
        if (at >= 0)
            keep[at] = true;
    }
}

static void plain_thin(const jobs_curve *curve, int64_t maximum, bool *keep)
{
    const double *loss = curve->columns[JOBS_SERIES_LOSS];
    const double *validation = curve->columns[JOBS_SERIES_VALIDATION_LOSS];
    int64_t count = curve->count, kept = 0;
    memset(keep, maximum == 0 || count <= maximum, (size_t)count);
    if (maximum == 0 || count <= maximum)
        return;
    int64_t best = plain_extreme(loss, NULL, 0, count, 1);
    int64_t best_validation = plain_extreme(validation, curve->validated, 0, count, 1);
    keep[0] = keep[count - 1] = true;
    if (best >= 0)
        keep[best] = true;
    if (best_validation >= 0)
        keep[best_validation] = true;
    for (int64_t i = 0; i < count; i++)
        for (int64_t series = 0; series < jobs_series_count(curve->layer_count); series++)
            keep[i] = keep[i] || !isfinite(curve->columns[series][i]);
    for (int64_t i = 0; i < count; i++)
        kept += keep[i];
    int64_t buckets = (maximum - kept) / (best_validation >= 0 ? 4 : 2);
    for (int64_t b = 0; b < buckets; b++) {
        int64_t first = count * b / buckets, last = count * (b + 1) / buckets;
        plain_keep(keep, loss, NULL, first, last);
        plain_keep(keep, validation, curve->validated, first, last);
    }
}

/* Values that are equal, not finite, or both zeros, so that ties and signs are met. */
static void roughen(jobs_curve *curve, int64_t kind)
{
    double *loss = curve->columns[JOBS_SERIES_LOSS];
    double *norms = curve->columns[JOBS_SERIES_FIXED];
    for (int64_t i = 0; i < curve->count; i++) {
        if (kind >= 1)
            loss[i] = floor(loss[i] * 4) / 4 - 1;
        if (kind >= 1 && i % 50 == 7)
            loss[i] = i % 100 == 7 ? 0.0 : -0.0;
        if (kind >= 2 && i % 701 == 3)
            loss[i] = i % 2 == 0 ? (double)NAN : (double)-INFINITY;
        if (kind >= 2 && i % 977 == 5)
            norms[i] = INFINITY;
        if (kind == 3)
            loss[i] = i % 3 == 0 ? DBL_MAX : -DBL_MAX;
    }
}

/* As the chunks of a stored curve, of which only some series are taken. */
static jobs_curve reread(const jobs_curve *curve, const bool *wanted)
{
    jobs_curve read = {.wanted = wanted, .expected = curve->count};
    for (int64_t first = 0; first < curve->count; first += STORE_CHUNK_POINTS) {
        gd_buffer bytes;
        int64_t left = curve->count - first;
        gd_buffer_init(&bytes, (size_t)1 << 24);
        jobs_curve_encode(curve, first, left < STORE_CHUNK_POINTS ? left : STORE_CHUNK_POINTS,
                          &bytes);
        cr_assert_eq(jobs_curve_decode(&read, 1 + first, bytes.bytes, bytes.length), GD_OK);
        gd_buffer_dispose(&bytes);
    }
    cr_assert_eq(read.count, curve->count);
    return read;
}

Test(jobs_thin, few_series_read_give_the_points_of_the_plain_way)
{
    static const int64_t counts[] = {1, 2, 15, 16, 17, 1000, 1024, 1025, 5000, 20000};
    static const int64_t limits[] = {0, 1, 3, 10, 100, 1000};
    bool wanted[JOBS_CURVE_MAXIMUM_SERIES] = {
        [JOBS_SERIES_LOSS] = true, [JOBS_SERIES_VALIDATION_LOSS] = true};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (int64_t kind = 0; kind < 8; kind++) {
            jobs_curve curve = make(counts[c], kind >= 4);
            roughen(&curve, kind % 4);
            jobs_curve few = reread(&curve, wanted), all = reread(&curve, NULL), copy;
            cr_assert_null(few.columns[JOBS_SERIES_STEP]);
            copy = (jobs_curve){.wanted = wanted};
            cr_assert_eq(jobs_curve_copy(&curve, 0, curve.count, &copy), GD_OK);
            for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
                bool *plain = calloc((size_t)curve.count + 1, 1), *keep;
                cr_assert_not_null(plain);
                plain_thin(&curve, limits[i], plain);
                const jobs_curve *reads[] = {&few, &all, &copy, &curve};
                for (size_t r = 0; r < 4; r++) {
                    thin(reads[r], limits[i], &keep);
                    cr_assert_eq(memcmp(plain, keep, (size_t)curve.count), 0,
                                 "%lld points, kind %lld, limit %lld, read %zu",
                                 (long long)counts[c], (long long)kind, (long long)limits[i], r);
                    free(keep);
                }
                free(plain);
            }
            jobs_curve_dispose(&few);
            jobs_curve_dispose(&all);
            jobs_curve_dispose(&copy);
            jobs_curve_dispose(&curve);
        }
    }
}
