/*
 * test_field_check.c: what a row allows its member to be, and what it does not.
 */
#include "base/field_check.h"

#include <criterion/criterion.h>
#include <math.h>

typedef struct options {
    double rate;
    int64_t units;
    int choice;
    bool flag;
    gd_number_list betas;
    gd_count_list kernel;
} options;

static const char *const choices[] = {"red", "green", NULL};

static const gd_field rate = {.type = GD_FIELD_NUMBER,
                              .offset = offsetof(options, rate),
                              .minimum_excluded = true,
                              .maximum = 1,
                              .automatic = "auto",
                              .default_value = 0.5};
static const gd_field units = {.type = GD_FIELD_COUNT,
                               .offset = offsetof(options, units),
                               .minimum = 1,
                               .maximum = 9,
                               .default_value = 0};
static const gd_field choice = {
    .type = GD_FIELD_CHOICE, .offset = offsetof(options, choice), .choices = choices};
static const gd_field flag = {.type = GD_FIELD_BOOLEAN, .offset = offsetof(options, flag)};
static const gd_field betas = {.type = GD_FIELD_NUMBERS,
                               .offset = offsetof(options, betas),
                               .maximum = 1,
                               .maximum_excluded = true,
                               .minimum_length = 2,
                               .maximum_length = 2};
static const gd_field kernel = {.type = GD_FIELD_COUNTS,
                                .offset = offsetof(options, kernel),
                                .minimum = 1,
                                .maximum = 5,
                                .minimum_length = 1,
                                .maximum_length = 1000};

static gdi_field_fault fault_of(const gd_field *field, const options *given)
{
    return gdi_field_check(field, given).fault;
}

Test(base_field_check, numbers_lie_within_bounds_or_are_the_word_or_the_default)
{
    options given = {.rate = 1};
    cr_expect_eq(fault_of(&rate, &given), GDI_FIELD_FITS);
    given.rate = GD_AUTOMATIC_NUMBER;
    cr_expect_eq(fault_of(&rate, &given), GDI_FIELD_FITS);
    const double wrong[] = {0, 1.5, -2, INFINITY, NAN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        given.rate = wrong[i];
        const gdi_field_finding found = gdi_field_check(&rate, &given);
        cr_expect_eq(found.fault, GDI_FIELD_OUT_OF_BOUNDS, "%g", wrong[i]);
        cr_expect(found.number == wrong[i] || isnan(wrong[i]));
    }
    gd_field unset = rate;
    unset.default_value = NAN;
    given.rate = NAN;
    cr_expect_eq(fault_of(&unset, &given), GDI_FIELD_FITS);
}

Test(base_field_check, a_default_beyond_the_bounds_is_right_unless_required)
{
    options given = {.units = 0};
    cr_expect_eq(fault_of(&units, &given), GDI_FIELD_FITS);
    gd_field required = units;
    required.required = true;
    cr_expect_eq(fault_of(&required, &given), GDI_FIELD_OUT_OF_BOUNDS);
    given.units = GD_AUTOMATIC; /* it has no word */
    cr_expect_eq(fault_of(&units, &given), GDI_FIELD_OUT_OF_BOUNDS);
    given.units = 9;
    cr_expect_eq(fault_of(&units, &given), GDI_FIELD_FITS);
}

Test(base_field_check, choices_are_those_there_are)
{
    options given = {.choice = 1, .flag = true};
    cr_expect_eq(fault_of(&choice, &given), GDI_FIELD_FITS);
    cr_expect_eq(fault_of(&flag, &given), GDI_FIELD_FITS);
    for (given.choice = -1; given.choice < 3; given.choice += 3) {
        const gdi_field_finding found = gdi_field_check(&choice, &given);
        cr_expect_eq(found.fault, GDI_FIELD_NO_CHOICE);
        cr_expect_eq(found.choice, given.choice);
    }
}

Test(base_field_check, lists_have_their_length_and_each_element_its_bounds)
{
    options given = {.betas = {2, {0, 0.999}}, .kernel = {3, {1, 5, 2}}};
    cr_expect_eq(fault_of(&betas, &given), GDI_FIELD_FITS);
    cr_expect_eq(fault_of(&kernel, &given), GDI_FIELD_FITS);
    given.betas.values[1] = 1;
    given.kernel.values[2] = 0;
    cr_expect_eq(fault_of(&betas, &given), GDI_FIELD_OUT_OF_BOUNDS);
    cr_expect_eq(fault_of(&kernel, &given), GDI_FIELD_OUT_OF_BOUNDS);
    given.betas.length = 3;
    given.kernel.length = GD_FIELD_LIST_CAPACITY + 1;
    cr_expect_eq(gdi_field_check(&betas, &given).length, 3);
    cr_expect_eq(fault_of(&betas, &given), GDI_FIELD_LENGTH);
    cr_expect_eq(fault_of(&kernel, &given), GDI_FIELD_LENGTH);
    cr_expect_eq(gdi_field_maximum_length(&kernel), GD_FIELD_LIST_CAPACITY);
}
