/*
 * test_csv_files.c: the real data sets. Expected numbers were computed once outside of this project
 * with exact sums (Python's math.fsum), population standard deviation.
 */
#include "unit/data/frame_support.h"

#include <criterion/criterion.h>
#include <math.h>

typedef struct expected_column {
    int64_t index;
    double minimum, maximum, mean, standard_deviation;
} expected_column;

static void check_columns(const gd_frame *frame, const expected_column *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const gd_column *column = gd_frame_column(frame, expected[i].index);
        cr_assert_eq(column->kind, GD_COLUMN_NUMERIC);
        cr_assert_eq(column->missing, 0);
        cr_assert_eq(column->class_count, 0);
        cr_assert_eq(column->minimum, expected[i].minimum, "column %zu", i);
        cr_assert_eq(column->maximum, expected[i].maximum, "column %zu", i);
        cr_assert_lt(fabs(column->mean - expected[i].mean), 1e-12 * (1.0 + fabs(expected[i].mean)),
                     "column %zu: %.17g", i, column->mean);
        cr_assert_lt(fabs(column->standard_deviation - expected[i].standard_deviation),
                     1e-12 * expected[i].standard_deviation, "column %zu: %.17g", i,
                     column->standard_deviation);
    }
}

#define CHECK(frame, expected) \
    check_columns(frame, expected, sizeof(expected) / sizeof(expected)[0])

Test(data_csv_files, iris)
{
    static const expected_column expected[] = {
        {0, 4.3, 7.9, 5.843333333333334, 0.8253012917851409},
        {1, 2.0, 4.4, 3.0540000000000003, 0.43214658007054346},
        {2, 1.0, 6.9, 3.758666666666666, 1.758529183405521},
        {3, 0.1, 2.5, 1.1986666666666668, 0.7606126185881716}};
    gd_frame *frame = frame_of_file("tabular/iris.csv");
    cr_assert_eq(gd_frame_row_count(frame), 150);
    cr_assert_eq(gd_frame_column_count(frame), 5);
    CHECK(frame, expected);
    const gd_column *species = gd_frame_column(frame, 4);
    cr_assert_eq(species->class_count, 3);
    cr_assert_str_eq(species->classes[0], "Iris-setosa");
    cr_assert_str_eq(species->classes[1], "Iris-versicolor");
    cr_assert_str_eq(class_at(frame, 149, 4), "Iris-virginica");
    gd_frame_destroy(frame);
}

Test(data_csv_files, banknote)
{
    static const expected_column expected[] = {
        {0, -7.0421, 6.8248, 0.43373525706997085, 2.841726405239481},
        {1, -13.7731, 12.9516, 1.9223531206393585, 5.866907488387089},
        {2, -5.2861, 17.9274, 1.3976271172667638, 4.308459093119795},
        {3, -8.5482, 2.4495, -1.1916565200437317, 2.100247322449037},
        {4, 0.0, 1.0, 0.4446064139941691, 0.496922077019541}};
    gd_frame *frame = frame_of_file("tabular/banknote_authentication.csv");
    cr_assert_eq(gd_frame_row_count(frame), 1372);
    cr_assert_eq(gd_frame_column_count(frame), 5);
    CHECK(frame, expected);
    gd_frame_destroy(frame);
}

Test(data_csv_files, diabetes)
{
    static const expected_column expected[] = {
        {0, 0.0, 17.0, 3.8450520833333335, 3.3673836124089958},
        {1, 0.0, 199.0, 120.89453125, 31.95179590820272},
        {2, 0.0, 122.0, 69.10546875, 19.343201628981696},
        {3, 0.0, 99.0, 20.536458333333332, 15.941828626496939},
        {4, 0.0, 846.0, 79.79947916666667, 115.1689492646726},
        {5, 0.0, 67.1, 31.992578124999998, 7.87902573154013},
        {6, 0.078, 2.42, 0.47187630208333337, 0.331112816028629},
        {7, 21.0, 81.0, 33.240885416666664, 11.752572645994181},
        {8, 0.0, 1.0, 0.3489583333333333, 0.47664076087820645}};
    gd_frame *frame = frame_of_file("tabular/pima-indians-diabetes.csv");
    cr_assert_eq(gd_frame_row_count(frame), 768);
    cr_assert_eq(gd_frame_column_count(frame), 9);
    CHECK(frame, expected);
    gd_frame_destroy(frame);
}

Test(data_csv_files, adult)
{
    static const expected_column expected[] = {
        {0, 17.0, 90.0, 38.76745900128985, 13.848761490283028},
        {2, 13492.0, 1490400.0, 189435.6777839199, 105711.66104805132},
        {4, 1.0, 16.0, 10.07290706959032, 2.5674664064876764},
        {10, 0.0, 99999.0, 1081.9051041090843, 7583.70305675063},
        {11, 0.0, 3770.0, 87.89926908666544, 403.09290581616943},
        {12, 1.0, 99.0, 40.392236349118605, 12.478948992893331}};
    static const struct {
        int64_t index, classes, missing;
        const char *first;
    } categorical[] = {
        {1, 8, 963, "Federal-gov"},   {3, 16, 0, "10th"},        {5, 7, 0, "Divorced"},
        {6, 14, 966, "Adm-clerical"}, {7, 6, 0, "Husband"},      {8, 5, 0, "Amer-Indian-Eskimo"},
        {9, 2, 0, "Female"},          {13, 40, 274, "Cambodia"}, {14, 2, 0, "<=50K."}};
    gd_frame *frame = frame_of_file("tabular/adult-test.csv");
    cr_assert_eq(gd_frame_row_count(frame), 16281);
    cr_assert_eq(gd_frame_column_count(frame), 15);
    CHECK(frame, expected);
    for (size_t i = 0; i < sizeof categorical / sizeof categorical[0]; i++) {
        const gd_column *column = gd_frame_column(frame, categorical[i].index);
        cr_assert_eq(column->kind, GD_COLUMN_CATEGORICAL);
        cr_assert_eq(column->class_count, categorical[i].classes);
        cr_assert_eq(column->missing, categorical[i].missing);
        cr_assert_str_eq(column->classes[0], categorical[i].first);
        cr_assert(isnan(column->minimum) && isnan(column->mean));
    }
    cr_assert_str_eq(class_at(frame, 0, 1), "Private");
    cr_assert_eq(cell_at(frame, 0, 2), 226802.0);
    gd_frame_destroy(frame);
}

Test(data_csv_files, airline)
{
    static const expected_column expected[] = {
        {1, 104.0, 622.0, 280.2986111111111, 119.54904153277148}};
    gd_frame *frame = frame_of_file("series/airline-passengers.csv");
    cr_assert_eq(gd_frame_row_count(frame), 144);
    cr_assert_eq(gd_frame_find(frame, "Passengers"), 1);
    cr_assert_eq(gd_frame_column(frame, 0)->class_count, 144);
    CHECK(frame, expected);
    cr_assert_str_eq(class_at(frame, 143, 0), "1960-12");
    gd_frame_destroy(frame);
}
