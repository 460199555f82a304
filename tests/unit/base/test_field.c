/*
 * test_field.c: defaults written through a table of fields, one of each type.
 */
#include <descent/field.h>

#include <criterion/criterion.h>
#include <string.h>

typedef struct options {
    double rate;
    int64_t units;
    int64_t batch_size;
    bool shuffle;
    int choice;
    double untouched;
    gd_number_list betas;
    gd_count_list kernel;
    gd_count_list stride;
    int64_t needed;
    gd_number_list start;
} options;

static const double betas[] = {0.9, 0.999};
static const double kernel[] = {5, 3};
static const char *const choices[] = {"red", "green", "blue", NULL};

static const gd_field fields[] = {
    {.name = "rate",
     .type = GD_FIELD_NUMBER,
     .offset = offsetof(options, rate),
     .default_value = 1e-3},
    {.name = "units",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(options, units),
     .default_value = 9007199254740992.0},
    {.name = "batch_size",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(options, batch_size),
     .automatic = "auto",
     .default_value = -1},
    {.name = "shuffle",
     .type = GD_FIELD_BOOLEAN,
     .offset = offsetof(options, shuffle),
     .default_value = 1},
    {.name = "choice",
     .type = GD_FIELD_CHOICE,
     .offset = offsetof(options, choice),
     .default_value = 2,
     .choices = choices},
    {.name = "betas",
     .type = GD_FIELD_NUMBERS,
     .offset = offsetof(options, betas),
     .minimum_length = 2,
     .maximum_length = 2,
     .default_list = betas},
    {.name = "kernel",
     .type = GD_FIELD_COUNTS,
     .offset = offsetof(options, kernel),
     .minimum_length = 2,
     .maximum_length = 2,
     .default_list = kernel},
    {.name = "stride",
     .type = GD_FIELD_COUNTS,
     .offset = offsetof(options, stride),
     .minimum_length = 3,
     .maximum_length = 3,
     .default_value = 1},
    {.name = "needed",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(options, needed),
     .required = true,
     .default_value = 7},
    {.name = "start",
     .type = GD_FIELD_NUMBERS,
     .offset = offsetof(options, start),
     .required = true,
     .minimum_length = 1,
     .maximum_length = 64},
};
static const gd_field_table table = {fields, sizeof fields / sizeof fields[0]};

Test(base_field, defaults_reach_every_member)
{
    options values;
    memset(&values, 0xAB, sizeof values);
    values.untouched = 4.5;
    gd_fields_set_defaults(&table, &values);
    cr_assert_eq(values.rate, 1e-3);
    cr_assert_eq(values.units, INT64_C(9007199254740992));
    cr_assert_eq(values.batch_size, GD_AUTOMATIC);
    cr_assert(values.shuffle);
    cr_assert_eq(values.choice, 2);
    cr_assert_eq(values.untouched, 4.5);
    cr_assert_eq(values.betas.length, 2);
    cr_assert_eq(values.betas.values[0], 0.9);
    cr_assert_eq(values.betas.values[1], 0.999);
    cr_assert_eq(values.betas.values[2], 0.0);
    cr_assert_eq(values.betas.values[GD_FIELD_LIST_CAPACITY - 1], 0.0);
    cr_assert_eq(values.kernel.length, 2);
    cr_assert_eq(values.kernel.values[0], 5);
    cr_assert_eq(values.kernel.values[1], 3);
}

Test(base_field, lists_without_default_list_repeat_the_default)
{
    options values;
    gd_fields_set_defaults(&table, &values);
    cr_assert_eq(values.stride.length, 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(values.stride.values[i], 1);
    }
}

Test(base_field, required_members_become_empty)
{
    options values;
    memset(&values, 0xAB, sizeof values);
    gd_fields_set_defaults(&table, &values);
    cr_assert_eq(values.needed, 0);
    cr_assert_eq(values.start.length, 0);
    cr_assert_eq(values.start.values[0], 0.0);
}
