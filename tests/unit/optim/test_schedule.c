/*
 * test_schedule.c: every schedule against PyTorch's rates, warm-up, units, and plateau's memory.
 */
#include <criterion/criterion.h>

#include "support/golden.h"

#include <descent/schedule.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 60
};

static int64_t find_choice(const gd_field *field, const char *word)
{
    for (int64_t i = 0; field->choices[i] != NULL; i++) {
        if (strcmp(field->choices[i], word) == 0) {
            return i;
        }
    }
    cr_assert_fail("%s has no choice %s", field->name, word);
    return 0;
}

static void read_list(gd_count_list *list, const char *text)
{
    list->length = 0;
    for (char *rest = NULL; *text != '\0'; text = *rest == ',' ? rest + 1 : rest) {
        list->values[list->length++] = strtoll(text, &rest, 10);
    }
}

/* Fills the options from the metas of a case by the names of the rows. */
static void read_options(gd_schedule_options *options, const golden_case *golden)
{
    const gd_field_table *fields = &gd_schedule_descriptor_at(options->type)->fields;
    gd_fields_set_defaults(fields, options);
    for (size_t i = 0; i < fields->count; i++) {
        const gd_field *field = &fields->fields[i];
        const char *text = golden_meta(golden, field->name);
        unsigned char *member = (unsigned char *)options + field->offset;
        if (text == NULL) {
            cr_assert(!field->required, "%s is missing", field->name);
            continue;
        }
        double number = golden_number(golden, field->name, 0);
        int64_t count = (int64_t)number;
        int choice = 0;
        bool flag = golden_flag(golden, field->name);
        switch (field->type) {
        case GD_FIELD_NUMBER:
            memcpy(member, &number, sizeof number);
            break;
        case GD_FIELD_COUNT:
            memcpy(member, &count, sizeof count);
            break;
        case GD_FIELD_BOOLEAN:
            memcpy(member, &flag, sizeof flag);
            break;
        case GD_FIELD_CHOICE:
            choice = (int)find_choice(field, text);
            memcpy(member, &choice, sizeof choice);
            break;
        case GD_FIELD_COUNTS:
            read_list((gd_count_list *)(void *)member, text);
            break;
        case GD_FIELD_NUMBERS:
            break;
        }
    }
}

static gd_schedule_type type_named(const char *name)
{
    for (int type = 0; type < GD_SCHEDULE_TYPE_COUNT; type++) {
        if (strcmp(gd_schedule_descriptor_at((gd_schedule_type)type)->name, name) == 0) {
            return (gd_schedule_type)type;
        }
    }
    return GD_SCHEDULE_TYPE_COUNT;
}

Test(optim_schedule, every_case_of_pytorch_agrees)
{
    golden_error failure;
    golden_file *file = golden_open("schedules.txt", &failure);
    cr_assert_not_null(file, "%s", failure.message);
    for (int64_t i = 0; i < golden_case_count(file); i++) {
        const golden_case *golden = golden_case_at(file, i);
        gd_schedule_options options = {.type = type_named(golden_meta(golden, "schedule"))};
        cr_assert_lt(options.type, GD_SCHEDULE_TYPE_COUNT, "%s", golden_case_name(golden));
        read_options(&options, golden);
        options.unit = GD_SCHEDULE_STEPS;
        const golden_tensor *rates = golden_tensor_find(golden, "rate");
        const golden_tensor *monitored = golden_tensor_find(golden, "monitored");
        cr_assert_eq(rates->count, STEPS);
        gd_schedule_state state =
            gd_schedule_state_start(golden_number(golden, "learning_rate", 0));
        for (int64_t t = 0; t < STEPS; t++) {
            double rate = gd_schedule_rate(&options, state.learning_rate, t, STEPS, 1);
            cr_assert_float_eq(rate, rates->values[t], 1e-9 * rates->values[t] + 1e-15,
                               "%s at %lld: %.17g, not %.17g", golden_case_name(golden),
                               (long long)t, rate, rates->values[t]);
            if (monitored != NULL) {
                gd_schedule_observe(&options, &state, monitored->values[t]);
            }
        }
    }
    golden_close(file);
}

Test(optim_schedule, warm_up_rises_to_the_rate_and_never_gives_zero)
{
    for (int type = 0; type < GD_SCHEDULE_TYPE_COUNT; type++) {
        gd_schedule_options options = {.type = (gd_schedule_type)type};
        const gd_schedule_descriptor *schedule = gd_schedule_descriptor_at(options.type);
        gd_fields_set_defaults(&schedule->fields, &options);
        options.warmup_steps = 4;
        options.step_size = options.t_0 = 10;
        options.gamma = 0.5;
        for (int64_t step = 0; step < 4; step++) {
            cr_assert_float_eq(gd_schedule_rate(&options, 0.8, step, 100, 10),
                               0.2 * (double)(step + 1), 1e-15, "%s", schedule->name);
        }
        if (options.type != GD_SCHEDULE_ONE_CYCLE) {
            cr_assert_float_eq(gd_schedule_rate(&options, 0.8, 4, 100, 10), 0.8, 1e-15, "%s",
                               schedule->name);
        }
    }
}

Test(optim_schedule, cosine_runs_over_the_whole_job_unless_told)
{
    gd_schedule_options options = {.type = GD_SCHEDULE_COSINE};
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_COSINE)->fields, &options);
    options.warmup_steps = 20;
    cr_assert_float_eq(gd_schedule_rate(&options, 1, 20 + 90, 200, 10), 0.5, 1e-12);
    cr_assert_lt(gd_schedule_rate(&options, 1, 199, 200, 10), 1e-3);
    options.t_max = 10;
    cr_assert_float_eq(gd_schedule_rate(&options, 1, 25, 200, 10), 0.5, 1e-12);
}

Test(optim_schedule, step_counts_epochs_unless_told)
{
    gd_schedule_options options = {.type = GD_SCHEDULE_STEP};
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_STEP)->fields, &options);
    options.step_size = 2;
    cr_assert_float_eq(gd_schedule_rate(&options, 1, 19, 100, 10), 1, 0);
    cr_assert_float_eq(gd_schedule_rate(&options, 1, 20, 100, 10), 0.1, 1e-15);
    options.unit = GD_SCHEDULE_STEPS;
    cr_assert_float_eq(gd_schedule_rate(&options, 1, 2, 100, 10), 0.1, 1e-15);
}

Test(optim_schedule, growing_restarts_of_a_very_long_job_end)
{
    gd_schedule_options options = {.type = GD_SCHEDULE_COSINE_RESTARTS, .t_0 = 1, .t_mult = 1};
    options.unit = GD_SCHEDULE_STEPS;
    cr_assert_float_eq(gd_schedule_rate(&options, 1, 99999999999, 100000000000, 10), 1, 1e-12);
    options.t_mult = 1000000;
    options.t_0 = 100000000000;
    cr_assert(isfinite(gd_schedule_rate(&options, 1, 99999999999, 100000000000, 10)));
}

Test(optim_schedule, milestones_must_grow)
{
    gd_schedule_options options = {.type = GD_SCHEDULE_MULTI_STEP};
    options.milestones = (gd_count_list){.length = 3, .values = {5, 9, 9}};
    gd_error error = {0};
    cr_assert_eq(gd_schedule_descriptor_at(options.type)->check(&options, &error),
                 GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "milestones");
}

Test(optim_schedule, names_outside_the_table_are_null)
{
    cr_assert_null(gd_schedule_descriptor_at(GD_SCHEDULE_TYPE_COUNT));
    cr_assert_null(gd_schedule_descriptor_at((gd_schedule_type)-1));
}
