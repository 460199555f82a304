/*
 * schema.c: what may stand in a spec as JSON Schema (2020-12), for the published interface. Bounds,
 * defaults and words come from the tables that validate, so a document this schema takes is one the
 * reader takes, but for what only the data can say. The part "data" is no table; it stands in
 * api/openapi.json.
 */
#include "spec/parts.h"

#include <stdio.h>

static void write_text(json_writer *writer, const char *key, const char *text)
{
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_enum(json_writer *writer, const char *const *names)
{
    json_writer_key(writer, "enum");
    json_writer_begin_array(writer);
    for (size_t i = 0; names[i] != NULL; i++)
        json_writer_string(writer, names[i]);
    json_writer_end_array(writer);
}

static void write_scalar(json_writer *writer, const gd_field *field)
{
    bool whole = field->type == GD_FIELD_COUNT || field->type == GD_FIELD_COUNTS;
    json_writer_begin_object(writer);
    write_text(writer, "type", whole ? "integer" : "number");
    spec_write_field_bounds(writer, field);
    json_writer_end_object(writer);
}

/* Either one number, which fills a list, or the list. */
static void write_list(json_writer *writer, const gd_field *field)
{
    json_writer_begin_object(writer);
    write_text(writer, "type", "array");
    json_writer_key(writer, "items");
    write_scalar(writer, field);
    json_writer_key(writer, "minItems");
    json_writer_int64(writer, field->minimum_length);
    json_writer_key(writer, "maxItems");
    json_writer_int64(writer, field->maximum_length);
    json_writer_end_object(writer);
}

static void write_alternatives(json_writer *writer, const gd_field *field)
{
    bool list = field->type == GD_FIELD_NUMBERS || field->type == GD_FIELD_COUNTS;
    json_writer_key(writer, "oneOf");
    json_writer_begin_array(writer);
    write_scalar(writer, field);
    if (list)
        write_list(writer, field);
    if (field->automatic != NULL) {
        json_writer_begin_object(writer);
        write_text(writer, "const", field->automatic);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void write_field(json_writer *writer, const gd_field *field)
{
    json_writer_key(writer, field->name);
    json_writer_begin_object(writer);
    switch (field->type) {
    case GD_FIELD_BOOLEAN:
        write_text(writer, "type", "boolean");
        break;
    case GD_FIELD_CHOICE:
        write_text(writer, "type", "string");
        write_enum(writer, field->choices);
        break;
    case GD_FIELD_NUMBER:
    case GD_FIELD_COUNT:
    case GD_FIELD_NUMBERS:
    case GD_FIELD_COUNTS:
        write_alternatives(writer, field);
        break;
    }
    spec_write_field_default(writer, field);
    write_text(writer, "description", field->help);
    json_writer_end_object(writer);
}

static void write_reference(json_writer *writer, const char *key, const char *schema)
{
    char path[128];
    snprintf(path, sizeof path, "#/components/schemas/%s", schema);
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    write_text(writer, "$ref", path);
    json_writer_end_object(writer);
}

/* A member beside those of the table, by the name of its schema. */
typedef struct member {
    const char *name, *schema;
} member;

/* An object that a table describes. `type`: its constant member "type", or NULL; `more`: members
   beside the fields, ended by a NULL name; the first `more_required` of them are required. */
typedef struct object_row {
    const char *type, *help;
    gd_field_table fields;
    const member *more;
    int more_required;
} object_row;

static void write_properties(json_writer *writer, const object_row *row)
{
    json_writer_key(writer, "properties");
    json_writer_begin_object(writer);
    if (row->type != NULL) {
        json_writer_key(writer, "type");
        json_writer_begin_object(writer);
        write_text(writer, "const", row->type);
        json_writer_end_object(writer);
    }
    for (size_t i = 0; i < row->fields.count; i++)
        write_field(writer, &row->fields.fields[i]);
    for (const member *more = row->more; more != NULL && more->name != NULL; more++)
        write_reference(writer, more->name, more->schema);
    json_writer_end_object(writer);
}

static void write_object(json_writer *writer, const object_row *row)
{
    json_writer_begin_object(writer);
    write_text(writer, "type", "object");
    if (row->help != NULL)
        write_text(writer, "description", row->help);
    write_properties(writer, row);
    json_writer_key(writer, "required");
    json_writer_begin_array(writer);
    if (row->type != NULL)
        json_writer_string(writer, "type");
    for (size_t i = 0; i < row->fields.count; i++)
        if (row->fields.fields[i].required)
            json_writer_string(writer, row->fields.fields[i].name);
    for (int i = 0; i < row->more_required; i++)
        json_writer_string(writer, row->more[i].name);
    json_writer_end_array(writer);
    json_writer_key(writer, "additionalProperties");
    json_writer_boolean(writer, false);
    json_writer_end_object(writer);
}

static bool may_be_a_word(const object_row *row)
{
    bool required = row->more_required > 0;
    for (size_t i = 0; i < row->fields.count; i++)
        required = required || row->fields.fields[i].required;
    return !required;
}

/* One of several types: its name alone where nothing else is required, or an object. */
static void write_types(json_writer *writer, const char *schema, const object_row *rows,
                        size_t count)
{
    json_writer_key(writer, schema);
    json_writer_begin_object(writer);
    json_writer_key(writer, "oneOf");
    json_writer_begin_array(writer);
    json_writer_begin_object(writer);
    json_writer_key(writer, "enum");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count; i++)
        if (may_be_a_word(&rows[i]))
            json_writer_string(writer, rows[i].type);
    json_writer_end_array(writer);
    json_writer_end_object(writer);
    for (size_t i = 0; i < count; i++)
        write_object(writer, &rows[i]);
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

#define WRITE_TABLE(writer, schema, count, descriptor_at, text, more)                          \
    do {                                                                                       \
        object_row table_rows[count];                                                          \
        for (unsigned row = 0; row < (unsigned)(count); row++)                                 \
            table_rows[row] = (object_row){descriptor_at(row)->name, descriptor_at(row)->text, \
                                           descriptor_at(row)->fields, more, 0};               \
        write_types(writer, schema, table_rows, (size_t)(count));                              \
    } while (0)

static void write_models(json_writer *writer)
{
    static const member layers[] = {{"layers", "Layers"}, {NULL, NULL}};
    static const member formula[] = {
        {"formula", "Formula"}, {"parameters", "FormulaParameters"}, {NULL, NULL}};
    gd_field storage[SPEC_MODEL_TYPE_COUNT][SPEC_MODEL_FIELDS];
    object_row rows[SPEC_MODEL_TYPE_COUNT];
    for (int i = 0; i < SPEC_MODEL_TYPE_COUNT; i++) {
        const spec_model_descriptor *model = spec_model_descriptor_at((spec_model_type)i);
        bool of_formula = i == SPEC_MODEL_FORMULA;
        rows[i] = (object_row){model->name, model->help,
                               spec_model_fields((spec_model_type)i, storage[i]),
                               of_formula ? formula : layers,
                               of_formula                   ? 2
                               : i == SPEC_MODEL_SEQUENTIAL ? 1
                                                            : 0};
    }
    write_types(writer, "Model", rows, SPEC_MODEL_TYPE_COUNT);
}

void spec_write_schemas(json_writer *writer)
{
    static const member optimizer[] = {{"schedule", "Schedule"}, {"clip", "Clip"}, {NULL, NULL}};
    static const member seed[] = {{"seed", "Seed"}, {NULL, NULL}};
    static const member training[] = {{"seed", "Seed"},
                                      {"stop", "Stop"},
                                      {"from_job", "FromJob"},
                                      {"checkpoint_seconds", "CheckpointSeconds"},
                                      {NULL, NULL}};
    write_models(writer);
    WRITE_TABLE(writer, "Layer", GD_LAYER_TYPE_COUNT, gd_layer_descriptor_at, help, NULL);
    WRITE_TABLE(writer, "Loss", GD_LOSS_TYPE_COUNT, gd_loss_descriptor_at, formula, NULL);
    WRITE_TABLE(writer, "Optimizer", GD_OPTIMIZER_TYPE_COUNT, gd_optimizer_descriptor_at, help,
                optimizer);
    WRITE_TABLE(writer, "Schedule", GD_SCHEDULE_TYPE_COUNT, gd_schedule_descriptor_at, formula,
                NULL);
    WRITE_TABLE(writer, "Generator", GD_GENERATOR_TYPE_COUNT, gd_generator_descriptor_at, help,
                seed);
    json_writer_key(writer, "Training");
    write_object(writer, &(object_row){NULL, NULL, *gd_training_fields(), training, 0});
    json_writer_key(writer, "Stop");
    write_object(writer, &(object_row){NULL, NULL, *gd_stop_fields(), NULL, 0});
}
