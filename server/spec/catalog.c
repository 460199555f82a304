/*
 * catalog.c: everything that may stand in a spec, from the tables that validate it. Forms and hints
 * are made from this document; a new row in a table appears here by itself.
 */
#include "spec/parts.h"

/* Begins the object of a row. */
static void write_head(json_writer *writer, const char *name, const char *help)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "name");
    json_writer_string(writer, name);
    json_writer_key(writer, "help");
    json_writer_string(writer, help);
}

static void write_row(json_writer *writer, const char *name, const char *help,
                      const gd_field_table *fields)
{
    write_head(writer, name, help);
    if (fields != NULL) {
        json_writer_key(writer, "fields");
        spec_write_field_rows(writer, fields);
    }
    json_writer_end_object(writer);
}

#define WRITE_TABLE(writer, word, count, descriptor_at, text)                     \
    do {                                                                          \
        json_writer_key(writer, word);                                            \
        json_writer_begin_array(writer);                                          \
        for (unsigned row = 0; row < (unsigned)(count); row++)                    \
            write_row(writer, descriptor_at(row)->name, descriptor_at(row)->text, \
                      &descriptor_at(row)->fields);                               \
        json_writer_end_array(writer);                                            \
    } while (0)

static void write_models(json_writer *writer)
{
    json_writer_key(writer, "models");
    json_writer_begin_array(writer);
    for (int i = 0; i < SPEC_MODEL_TYPE_COUNT; i++) {
        gd_field storage[SPEC_MODEL_FIELDS];
        const gd_field_table fields = spec_model_fields((spec_model_type)i, storage);
        const spec_model_descriptor *row = spec_model_descriptor_at((spec_model_type)i);
        write_head(writer, row->name, row->help);
        json_writer_key(writer, "fields");
        json_writer_begin_array(writer);
        if (i == SPEC_MODEL_FORMULA)
            spec_write_formula_rows(writer);
        spec_write_field_list(writer, &fields);
        json_writer_end_array(writer);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void write_names(json_writer *writer, const char *word, const char *const *names)
{
    json_writer_key(writer, word);
    json_writer_begin_array(writer);
    for (size_t i = 0; names[i] != NULL; i++)
        json_writer_string(writer, names[i]);
    json_writer_end_array(writer);
}

static void write_activations(json_writer *writer)
{
    json_writer_key(writer, "activations");
    json_writer_begin_array(writer);
    for (unsigned i = 0; i < GD_ACTIVATION_COUNT; i++) {
        const gd_activation_descriptor *row = gd_activation_descriptor_at((gd_activation)i);
        write_row(writer, row->name, row->formula, NULL);
    }
    json_writer_end_array(writer);
}

static void write_functions(json_writer *writer)
{
    json_writer_key(writer, "functions");
    json_writer_begin_array(writer);
    for (int64_t i = 0; gd_formula_function_at(i) != NULL; i++) {
        const gd_formula_function *row = gd_formula_function_at(i);
        write_head(writer, row->name, row->help);
        json_writer_key(writer, "arguments");
        json_writer_int64(writer, row->arguments);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    write_names(writer, "operators", (const char *const[]){"+", "-", "*", "/", "^", NULL});
    write_names(writer, "constants", (const char *const[]){"pi", "e", NULL});
}

void spec_write_catalog(json_writer *writer)
{
    json_writer_begin_object(writer);
    write_models(writer);
    WRITE_TABLE(writer, "layers", GD_LAYER_TYPE_COUNT, gd_layer_descriptor_at, help);
    write_activations(writer);
    write_functions(writer);
    WRITE_TABLE(writer, "losses", GD_LOSS_TYPE_COUNT, gd_loss_descriptor_at, formula);
    WRITE_TABLE(writer, "optimizers", GD_OPTIMIZER_TYPE_COUNT, gd_optimizer_descriptor_at, help);
    WRITE_TABLE(writer, "schedules", GD_SCHEDULE_TYPE_COUNT, gd_schedule_descriptor_at, formula);
    WRITE_TABLE(writer, "generators", GD_GENERATOR_TYPE_COUNT, gd_generator_descriptor_at, help);
    write_names(writer, "initialisers", gd_initialiser_names());
    /* Of uploads; the names of their query. */
    write_names(writer, "formats",
                (const char *const[]){"csv", "text", "idx", "npy", "libsvm", NULL});
    write_names(writer, "tasks", (const char *const[]){"regression", "classification", NULL});
    write_names(writer, "scalings", spec_scaling_names);
    write_names(writer, "missing", spec_missing_names);
    write_names(writer, "storage", spec_storage_names);
    json_writer_key(writer, "training");
    spec_write_field_rows(writer, gd_training_fields());
    json_writer_key(writer, "stop");
    spec_write_field_rows(writer, gd_stop_fields());
    write_names(writer, "from_job.which", spec_which_names);
    json_writer_end_object(writer);
}
