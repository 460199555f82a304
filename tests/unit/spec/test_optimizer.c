/*
 * Loss, optimizer, schedule and clipping: from the library's tables, and every refusal.
 */
#include "unit/spec/spec_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIMIZER(inner) SPEC_WITH("'optimizer': " inner)
#define LOSS(inner)      SPEC_WITH("'loss': " inner)
#define FAULTS(cases)    spec_expect_faults(cases, sizeof cases / sizeof cases[0])

static bool needs_a_member(const gd_field_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->fields[i].required)
            return true;
    return false;
}

Test(spec_optimizer, every_name_of_the_table_stands_for_its_defaults)
{
    for (int i = 0; i < GD_OPTIMIZER_TYPE_COUNT; i++) {
        const gd_optimizer_descriptor *row = gd_optimizer_descriptor_at((gd_optimizer_type)i);
        char text[256];
        if (needs_a_member(&row->fields))
            continue;
        snprintf(text, sizeof text, OPTIMIZER("'%s'"), row->name);
        spec_job *spec = spec_good(text);
        cr_expect_eq((int)spec->optimizer.type, i);
        gd_optimizer_options defaults = {.type = (gd_optimizer_type)i};
        gd_fields_set_defaults(&row->fields, &defaults);
        cr_expect_eq(spec->optimizer.learning_rate, defaults.learning_rate, "%s", row->name);
        spec_destroy(spec);
        free(spec_round(text));
    }
}

Test(spec_optimizer, every_loss_and_schedule_of_the_tables_round_trips)
{
    char text[256];
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        const gd_loss_descriptor *row = gd_loss_descriptor_at((gd_loss_type)i);
        if (needs_a_member(&row->fields))
            continue;
        snprintf(text, sizeof text, LOSS("'%s'"), row->name);
        spec_job *spec = spec_good(text);
        cr_expect(spec->has_loss);
        cr_expect_eq((int)spec->loss.type, i);
        spec_destroy(spec);
        free(spec_round(text));
    }
    for (int i = 0; i < GD_SCHEDULE_TYPE_COUNT; i++) {
        const gd_schedule_descriptor *row = gd_schedule_descriptor_at((gd_schedule_type)i);
        if (needs_a_member(&row->fields))
            continue;
        snprintf(text, sizeof text, OPTIMIZER("{'type': 'sgd', 'schedule': '%s'}"), row->name);
        char *written = spec_round(text);
        cr_expect_str_eq(spec_word_at(written, "/optimizer/schedule/type"), row->name);
        free(written);
    }
}

Test(spec_optimizer, members_are_read)
{
    spec_job *spec = spec_good(OPTIMIZER(
        "{'type': 'adamw', 'learning_rate': 0.5, 'weight_decay': 0.25, 'schedule': {'type': "
        "'constant', 'warmup_steps': 7}, 'clip': {'norm': 2}}"));
    cr_expect_eq(spec->optimizer.type, GD_OPTIMIZER_ADAMW);
    cr_expect_eq(spec->optimizer.learning_rate, 0.5);
    cr_expect_eq(spec->optimizer.of.adam.weight_decay, 0.25);
    cr_expect_eq(spec->schedule.warmup_steps, 7);
    cr_expect_eq(spec->training.clip, GD_CLIP_NORM);
    cr_expect_eq(spec->training.clip_limit, 2);
    spec_destroy(spec);
    spec = spec_good(OPTIMIZER("{'type': 'sgd', 'clip': {'value': 0.5}}"));
    cr_expect_eq(spec->training.clip, GD_CLIP_VALUE);
    cr_expect_eq(spec->training.clip_limit, 0.5);
    spec_destroy(spec);
    spec = spec_good(SPEC_WITH("'name': 'without'"));
    cr_expect_eq(spec->optimizer.type, GD_OPTIMIZER_ADAM);
    cr_expect_eq(spec->schedule.type, GD_SCHEDULE_CONSTANT);
    cr_expect_eq(spec->training.clip, GD_CLIP_NONE);
    cr_expect_not(spec->has_loss);
    spec_destroy(spec);
}

Test(spec_optimizer, refusals_name_member_and_remedy)
{
    static const spec_fault_case cases[] = {
        {OPTIMIZER("5"), "/optimizer", "wrong_type", "type"},
        {OPTIMIZER("'adm'"), "/optimizer", "unknown_value", "did you mean \"adam\""},
        {OPTIMIZER("{'learning_rate': 0.1}"), "/optimizer/type", "missing", NULL},
        {OPTIMIZER("{'type': 'adam', 'learning_rate': 0}"), "/optimizer/learning_rate",
         "out_of_range", "above 0"},
        {OPTIMIZER("{'type': 'adam', 'learning_rate': -1}"), "/optimizer/learning_rate",
         "out_of_range", NULL},
        {OPTIMIZER("{'type': 'adam', 'learning_rate': 1e300}"), "/optimizer/learning_rate",
         "out_of_range", NULL},
        {OPTIMIZER("{'type': 'adam', 'learning_rate': '0.1'}"), "/optimizer/learning_rate",
         "wrong_type", "without quotes"},
        {OPTIMIZER("{'type': 'adam', 'learning_rate': null}"), "/optimizer/learning_rate",
         "wrong_type", "leave it out"},
        {OPTIMIZER("{'type': 'adam', 'momentum': 0.9}"), "/optimizer/momentum", "unknown_member",
         NULL},
        {OPTIMIZER("{'type': 'sgd', 'nesterov': 1}"), "/optimizer/nesterov", "wrong_type", NULL},
        {OPTIMIZER("{'type': 'sgd', 'nesterov': true}"), "/optimizer/nesterov", "invalid_argument",
         "momentum"},
        {OPTIMIZER("{'type': 'adam', 'schedule': 'cosin'}"), "/optimizer/schedule", "unknown_value",
         "cosine"},
        {OPTIMIZER("{'type': 'adam', 'schedule': {}}"), "/optimizer/schedule/type", "missing",
         NULL},
        {OPTIMIZER("{'type': 'adam', 'schedule': 3}"), "/optimizer/schedule", "wrong_type", NULL},
        {OPTIMIZER("{'type': 'adam', 'schedule': {'type': 'constant', 'warmup_steps': -1}}"),
         "/optimizer/schedule/warmup_steps", "out_of_range", NULL},
        {OPTIMIZER("{'type': 'adam', 'schedule': {'type': 'constant', 'gamma': 1}}"),
         "/optimizer/schedule/gamma", "unknown_member", NULL},
        {OPTIMIZER("{'type': 'adam', 'clip': 1}"), "/optimizer/clip", "wrong_type", NULL},
        {OPTIMIZER("{'type': 'adam', 'clip': {}}"), "/optimizer/clip", "missing", "norm"},
        {OPTIMIZER("{'type': 'adam', 'clip': {'norm': 1, 'value': 1}}"), "/optimizer/clip",
         "conflict", "exactly one"},
        {OPTIMIZER("{'type': 'adam', 'clip': {'norm': 0}}"), "/optimizer/clip/norm", "out_of_range",
         NULL},
        {OPTIMIZER("{'type': 'adam', 'clip': {'value': 'x'}}"), "/optimizer/clip/value",
         "wrong_type", NULL},
        {LOSS("'mean'"), "/loss", "unknown_value", NULL},
        {LOSS("{}"), "/loss/type", "missing", NULL},
        {LOSS("{'type': 'mse', 'delta': 1}"), "/loss/delta", "unknown_member", NULL},
        {LOSS("true"), "/loss", "wrong_type", NULL},
    };
    FAULTS(cases);
}
