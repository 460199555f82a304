/*
 * Thinning: what stays always stays, the rest is bounded, and the same question has the same answer.
 */
#include "jobs/thin.h"

#include <criterion/criterion.h>
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
