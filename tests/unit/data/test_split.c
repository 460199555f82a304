/*
 * test_split.c: splits are complete, disjoint, ascending and repeatable, at the extremes too.
 */
#include <descent/random.h>
#include <descent/rows.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

typedef struct split {
    gd_rows training, validation;
} split;

static split by_fraction(int64_t rows, double fraction, uint64_t seed)
{
    split made = {0};
    gd_error error = {0};
    cr_assert_eq(
        gd_split_fraction(rows, fraction, seed, &made.training, &made.validation, NULL, &error),
        GD_OK, "%s", error.message);
    return made;
}

static void check(const split *made, int64_t rows, int64_t validating)
{
    cr_assert_eq(made->validation.count, validating);
    cr_assert_eq(made->training.count, rows - validating);
    int64_t t = 0;
    int64_t v = 0;
    for (int64_t row = 0; row < rows; row++) {
        bool trains = t < made->training.count && gd_row_at(&made->training, t) == row;
        bool validates = v < made->validation.count && gd_row_at(&made->validation, v) == row;
        cr_assert(trains != validates, "row %lld", (long long)row);
        t += trains;
        v += validates;
    }
}

static void dispose(split *made)
{
    gd_rows_dispose(&made->training);
    gd_rows_dispose(&made->validation);
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
    size_t size = 300 * sizeof(uint32_t);
    cr_assert_eq(memcmp(first.validation.list, again.validation.list, size), 0);
    cr_assert_neq(memcmp(first.validation.list, other.validation.list, size), 0);
    dispose(&first);
    dispose(&again);
    dispose(&other);
}

Test(data_split, by_last_keeps_the_order)
{
    split made = {0};
    cr_assert_eq(gd_split_last(10, 3, &made.training, &made.validation, NULL), GD_OK);
    check(&made, 10, 3);
    cr_assert_eq(gd_row_at(&made.validation, 0), 7);
    dispose(&made);
    cr_assert_eq(gd_split_last(2, 1, &made.training, &made.validation, NULL), GD_OK);
    check(&made, 2, 1);
    dispose(&made);
}

Test(data_split, refuses_what_leaves_nothing)
{
    split made = {0};
    gd_error error = {0};
    static const double fractions[] = {0.0, 1.0, -0.1, 1.5, NAN, INFINITY};
    for (size_t i = 0; i < sizeof fractions / sizeof fractions[0]; i++) {
        cr_assert_eq(
            gd_split_fraction(10, fractions[i], 1, &made.training, &made.validation, NULL, &error),
            GD_INVALID_ARGUMENT);
        cr_assert_str_eq(error.path, "validation/fraction");
    }
    cr_assert_eq(gd_split_fraction(1, 0.5, 1, &made.training, &made.validation, NULL, &error),
                 GD_INVALID_DATA);
    static const int64_t lasts[] = {0, -1, 10, 11};
    for (size_t i = 0; i < sizeof lasts / sizeof lasts[0]; i++) {
        cr_assert_eq(gd_split_last(10, lasts[i], &made.training, &made.validation, &error),
                     GD_INVALID_ARGUMENT);
    }
    cr_assert_eq(gd_split_last(0, 1, &made.training, &made.validation, &error), GD_INVALID_DATA);
    cr_assert_null(made.training.list);
    cr_assert_null(made.validation.list);
}

/* The rows drawn for a seed are part of what the same seed promises. */
Test(data_split, draws_what_it_always_drew)
{
    int64_t order[40];
    gd_random random;
    for (int64_t i = 0; i < 40; i++) {
        order[i] = i;
    }
    gd_random_seed(&random, 5, GD_STREAM_SPLIT);
    gd_random_shuffle(&random, order, 40);
    split made = by_fraction(40, 0.25, 5);
    for (int64_t i = 0; i < made.validation.count; i++) {
        bool drawn = false;
        for (int j = 0; j < 10; j++) {
            drawn = drawn || order[j] == gd_row_at(&made.validation, i);
        }
        cr_assert(drawn);
    }
    dispose(&made);
}

static bool say_stop(void *context)
{
    (void)context;
    return true;
}

Test(data_split, can_be_stopped_and_counts_without_drawing)
{
    split made = {0};
    int64_t count = 0;
    gd_watch watch = {say_stop, NULL};
    cr_assert_eq(
        gd_split_fraction(10000000, 0.5, 1, &made.training, &made.validation, &watch, NULL),
        GD_INTERRUPTED);
    cr_assert_null(made.training.list);
    cr_assert_eq(gd_split_fraction_count(10000000, 0.25, &count, NULL), GD_OK);
    cr_assert_eq(count, 2500000);
    cr_assert_eq(gd_split_fraction_count(INT64_C(1) << 33, 0.25, &count, NULL), GD_TOO_LARGE);
}
