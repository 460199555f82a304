/*
 * The catalogue is JSON and names every row of every table.
 */
#include "spec/spec.h"
#include "json/document.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static cJSON *catalog;

static void read_catalog(void)
{
    json_writer *writer = json_writer_create((size_t)1 << 22);
    spec_write_catalog(writer);
    size_t length;
    char *text = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    json_fault fault;
    catalog = json_parse(text, length, &fault);
    cr_assert_not_null(catalog, "byte %zu: %s", fault.offset, fault.message);
    free(text);
}

static void forget_catalog(void)
{
    cJSON_Delete(catalog);
}

TestSuite(spec_catalog, .init = read_catalog, .fini = forget_catalog);

/* The row of that name in a list of the catalogue. */
static const cJSON *row(const char *list, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(catalog, list))
    {
        const cJSON *word =
            cJSON_IsString(item) ? item : cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(word) && strcmp(word->valuestring, name) == 0)
            return item;
    }
    cr_assert_fail("%s has no %s", list, name);
    return NULL;
}

static void check_row(const char *list, const char *name, const gd_field_table *fields)
{
    const cJSON *found = row(list, name);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(found, "fields");
    cr_expect_eq(cJSON_GetArraySize(rows), (int)fields->count, "%s %s", list, name);
    const cJSON *help = cJSON_GetObjectItemCaseSensitive(found, "help");
    cr_expect(cJSON_IsString(help) && help->valuestring[0] != '\0', "%s %s", list, name);
    const cJSON *field;
    cJSON_ArrayForEach(field, rows)
    {
        const cJSON *words = cJSON_GetObjectItemCaseSensitive(field, "help");
        cr_expect(cJSON_IsString(words) && words->valuestring[0] != '\0', "%s %s", list, name);
    }
}

Test(spec_catalog, names_every_row_of_every_table)
{
    for (int i = 0; i < SPEC_MODEL_TYPE_COUNT; i++)
        row("models", spec_model_names[i]);
    for (int i = 0; i < GD_LAYER_TYPE_COUNT; i++)
        check_row("layers", gd_layer_descriptor_at((gd_layer_type)i)->name,
                  &gd_layer_descriptor_at((gd_layer_type)i)->fields);
    for (int i = 0; i < GD_ACTIVATION_COUNT; i++)
        row("activations", gd_activation_descriptor_at((gd_activation)i)->name);
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++)
        check_row("losses", gd_loss_descriptor_at((gd_loss_type)i)->name,
                  &gd_loss_descriptor_at((gd_loss_type)i)->fields);
    for (int i = 0; i < GD_OPTIMIZER_TYPE_COUNT; i++)
        check_row("optimizers", gd_optimizer_descriptor_at((gd_optimizer_type)i)->name,
                  &gd_optimizer_descriptor_at((gd_optimizer_type)i)->fields);
    for (int i = 0; i < GD_SCHEDULE_TYPE_COUNT; i++)
        check_row("schedules", gd_schedule_descriptor_at((gd_schedule_type)i)->name,
                  &gd_schedule_descriptor_at((gd_schedule_type)i)->fields);
    for (int i = 0; i < GD_GENERATOR_TYPE_COUNT; i++)
        check_row("generators", gd_generator_descriptor_at((gd_generator_type)i)->name,
                  &gd_generator_descriptor_at((gd_generator_type)i)->fields);
    for (size_t i = 0; gd_initialiser_names()[i] != NULL; i++)
        row("initialisers", gd_initialiser_names()[i]);
    for (size_t i = 0; i < gd_training_fields()->count; i++)
        row("training", gd_training_fields()->fields[i].name);
    for (size_t i = 0; i < gd_stop_fields()->count; i++)
        row("stop", gd_stop_fields()->fields[i].name);
    row("tasks", "classification");
    row("scalings", "standardize");
    row("missing", "drop");
}

Test(spec_catalog, the_activation_of_a_net_lists_its_choices)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(row("models", "mlp"), "fields"), *field;
    int found = 0;
    cJSON_ArrayForEach(field, fields)
    {
        if (strcmp(cJSON_GetObjectItemCaseSensitive(field, "name")->valuestring, "activation") != 0)
            continue;
        found = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(field, "choices"));
    }
    cr_expect_eq(found, GD_ACTIVATION_COUNT);
}
