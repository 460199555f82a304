/*
 * test_split.c: splits are complete, disjoint, ascending and repeatable, at the extremes too.
 */
#include <descent/preparation.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct split {
    int64_t *training, *validation;
    int64_t training_count, validation_count;
} split;

static split by_fraction(int64_t rows, double fraction, uint64_t seed)
{
    split made = {0};
    gd_error error = {0};
    cr_assert_eq(gd_split_fraction(rows, fraction, seed, &made.training, &made.training_count,
                                   &made.validation, &made.validation_count, &error),
                 GD_OK, "%s", error.message);
    return made;
}

static void check(const split *made, int64_t rows, int64_t validating)
{
    cr_assert_eq(made->validation_count, validating);
    cr_assert_eq(made->training_count, rows - validating);
    int64_t t = 0;
    int64_t v = 0;
    for (int64_t row = 0; row < rows; row++) {
        bool trains = t < made->training_count && made->training[t] == row;
        bool validates = v < made->validation_count && made->validation[v] == row;
        cr_assert(trains != validates, "row %lld", (long long)row);
        t += trains;
        v += validates;
    }
}

static void dispose(split *made)
{
    free(made->training);
    free(made->validation);
}

Test(data_split, by_fraction_is_complete_and_disjoint)
{
    static const struct {
        int64_t rows;
        double fraction;
        int64_t validating;
    } cases[] = {{150, 0.2, 30}, {2, 0.5, 1},   {2, 0.999, 1}, {2, 1e-9, 1},
                 {10, 0.96, 9},  {10, 0.01, 1}, {7, 0.5, 4},   {100000, 0.1, 10000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        split made = by_fraction(cases[i].rows, cases[i].fraction, i);
        check(&made, cases[i].rows, cases[i].validating);
        dispose(&made);
    }
}

Test(data_split, by_fraction_depends_on_the_seed_alone)
{
    split first = by_fraction(1000, 0.3, 42);
    split again = by_fraction(1000, 0.3, 42);
    split other = by_fraction(1000, 0.3, 43);
    size_t size = 300 * sizeof(int64_t);
    cr_assert_eq(memcmp(first.validation, again.validation, size), 0);
    cr_assert_neq(memcmp(first.validation, other.validation, size), 0);
    dispose(&first);
    dispose(&again);
    dispose(&other);
}

Test(data_split, by_last_keeps_the_order)
{
    split made = {0};
    cr_assert_eq(gd_split_last(10, 3, &made.training, &made.training_count, &made.validation,
                               &made.validation_count, NULL),
                 GD_OK);
    check(&made, 10, 3);
    cr_assert_eq(made.validation[0], 7);
    dispose(&made);
    cr_assert_eq(gd_split_last(2, 1, &made.training, &made.training_count, &made.validation,
                               &made.validation_count, NULL),
                 GD_OK);
    check(&made, 2, 1);
    dispose(&made);
}

Test(data_split, refuses_what_leaves_nothing)
{
    split made = {0};
    gd_error error = {0};
    static const double fractions[] = {0.0, 1.0, -0.1, 1.5, NAN, INFINITY};
    for (size_t i = 0; i < sizeof fractions / sizeof fractions[0]; i++) {
        cr_assert_eq(gd_split_fraction(10, fractions[i], 1, &made.training, &made.training_count,
                                       &made.validation, &made.validation_count, &error),
                     GD_INVALID_ARGUMENT);
        cr_assert_str_eq(error.path, "validation/fraction");
    }
    cr_assert_eq(gd_split_fraction(1, 0.5, 1, &made.training, &made.training_count,
                                   &made.validation, &made.validation_count, &error),
                 GD_INVALID_DATA);
    static const int64_t lasts[] = {0, -1, 10, 11};
    for (size_t i = 0; i < sizeof lasts / sizeof lasts[0]; i++) {
        cr_assert_eq(gd_split_last(10, lasts[i], &made.training, &made.training_count,
                                   &made.validation, &made.validation_count, &error),
                     GD_INVALID_ARGUMENT);
    }
    cr_assert_eq(gd_split_last(0, 1, &made.training, &made.training_count, &made.validation,
                               &made.validation_count, &error),
                 GD_INVALID_DATA);
    cr_assert_null(made.training);
    cr_assert_null(made.validation);
}
