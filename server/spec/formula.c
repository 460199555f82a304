/*
 * formula.c: the members of a model of type "formula": the text, its parameters with starts and bounds,
 * and whether they are scaled. Which of its names are columns only the data can say.
 */
#include "spec/parts.h"
#include "json/nearest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LARGEST 1e300 /* of a start or a bound */

static void read_number(const json_reader *reader, const char *key, unsigned flags, double *number)
{
    json_bounds bounds = {-LARGEST, LARGEST, false, false};
    json_read_number(reader, key, flags, bounds, number);
}

/* A start alone, or an object. */
static void read_parameter(const json_reader *value, gd_formula_parameter *parameter)
{
    if (cJSON_IsNumber(value->value)) {
        read_number(value, NULL, JSON_REQUIRED, &parameter->start);
        return;
    }
    if (!cJSON_IsObject(value->value)) {
        json_faults_add(
            value->faults, &value->path, JSON_CODE_WRONG_TYPE, "{\"type\":[\"number\",\"object\"]}",
            "A parameter is the number it starts at, or {\"start\", \"min\", \"max\"}.");
        return;
    }
    spec_names allowed = {{"start", "min", "max"}, 3};
    spec_refuse_members(value, &allowed, NULL);
    read_number(value, "start", JSON_REQUIRED, &parameter->start);
    read_number(value, "min", JSON_OPTIONAL, &parameter->minimum);
    read_number(value, "max", JSON_OPTIONAL, &parameter->maximum);
}

static int64_t read_parameters(const json_reader *model, gd_formula_parameter *parameters)
{
    json_reader object;
    int64_t count = 0;
    if (json_read_object(model, "parameters", JSON_REQUIRED, &object) != JSON_READ)
        return 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object.value)
    {
        json_reader value = {item, json_path_member(&object.path, item->string), object.faults};
        if (count == GD_FORMULA_MAXIMUM_PARAMETERS) {
            json_faults_add(object.faults, &object.path, JSON_CODE_TOO_LONG, NULL,
                            "A formula has at most %lld parameters.",
                            (long long)GD_FORMULA_MAXIMUM_PARAMETERS);
            break;
        }
        if (strlen(item->string) > GD_FORMULA_MAXIMUM_NAME) {
            json_faults_add(object.faults, &value.path, JSON_CODE_TOO_LONG, NULL,
                            "A parameter's name has at most %zu bytes.", GD_FORMULA_MAXIMUM_NAME);
            continue;
        }
        gd_formula_parameter *parameter = &parameters[count++];
        *parameter = (gd_formula_parameter){.minimum = -INFINITY, .maximum = INFINITY};
        snprintf(parameter->name, sizeof parameter->name, "%s", item->string);
        read_parameter(&value, parameter);
    }
    return count;
}

/* Without data every name must be a parameter. */
static void refuse_columns(const json_reader *reader, const gd_formula *formula)
{
    const char *names[GD_FORMULA_MAXIMUM_PARAMETERS + 32];
    size_t count = 0;
    for (int64_t i = 0; i < gd_formula_parameter_count(formula); i++)
        names[count++] = gd_formula_parameter_at(formula, i)->name;
    for (int64_t i = 0; gd_formula_function_at(i) != NULL && i < 32; i++)
        names[count++] = gd_formula_function_at(i)->name;
    json_path path = json_path_member(&reader->path, "formula");
    for (int64_t i = 0; i < gd_formula_column_count(formula); i++) {
        const char *column = gd_formula_column(formula, i);
        const char *nearest = json_nearest_name(column, names, count);
        json_faults_add(reader->faults, &path, "not_found", NULL,
                        "\"%s\" is no parameter, and without \"data\" there are no columns%s%s%s",
                        column,
                        nearest != NULL ? "; did you mean \"" : ": list it in \"parameters\".",
                        nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
    }
}

static void compile(const json_reader *reader, bool has_data, const char *text,
                    const gd_formula_parameter *parameters, int64_t count, spec_model *model)
{
    gd_error error = {0};
    if (model->options.scaling == SPEC_FORMULA_AUTO)
        model->options.scaling = has_data ? SPEC_FORMULA_START : SPEC_FORMULA_NONE;
    gd_formula_options options = {text, parameters, count,
                                  model->options.scaling == SPEC_FORMULA_START};
    gd_status status = gd_formula_create(&model->formula, &options, &error);
    if (status == GD_OUT_OF_MEMORY)
        json_faults_add(reader->faults, &reader->path, JSON_CODE_OUT_OF_MEMORY, NULL,
                        "There is not enough memory to compile the formula.");
    else if (status != GD_OK)
        spec_add_error(reader, &error);
    else if (!has_data)
        refuse_columns(reader, model->formula);
}

void spec_read_formula(const json_reader *model_reader, bool has_data, spec_model *model)
{
    gd_formula_parameter parameters[GD_FORMULA_MAXIMUM_PARAMETERS];
    gd_field storage[SPEC_MODEL_FIELDS];
    gd_field_table fields = spec_model_fields(SPEC_MODEL_FORMULA, storage);
    spec_names allowed = {{"type", "formula", "parameters"}, 3};
    const char *text = NULL;
    size_t faults_before = model_reader->faults->total;
    if (!cJSON_IsObject(model_reader->value)) {
        json_faults_add(model_reader->faults, &model_reader->path, JSON_CODE_MISSING, NULL,
                        "\"formula\" needs its text and parameters: write {\"type\": \"formula\", "
                        "\"formula\": \"a*exp(-b*x)\", \"parameters\": {\"a\": 1, \"b\": 0.1}}.");
        return;
    }
    spec_names_add_fields(&allowed, &fields);
    spec_refuse_members(model_reader, &allowed, NULL);
    gd_fields_set_defaults(&fields, &model->options);
    spec_read_fields(model_reader, &fields, &model->options);
    (void)json_read_string(model_reader, "formula", JSON_REQUIRED, 1, GD_FORMULA_MAXIMUM_LENGTH,
                           &text);
    int64_t count = read_parameters(model_reader, parameters);
    if (model_reader->faults->total == faults_before)
        compile(model_reader, has_data, text, parameters, count, model);
}

static void write_bound(json_writer *writer, const char *key, double bound)
{
    if (!isfinite(bound))
        return;
    json_writer_key(writer, key);
    json_writer_double(writer, bound);
}

void spec_write_formula(json_writer *writer, const spec_model *model)
{
    json_writer_key(writer, "formula");
    json_writer_string(writer, gd_formula_text(model->formula));
    json_writer_key(writer, "parameters");
    json_writer_begin_object(writer);
    for (int64_t i = 0; i < gd_formula_parameter_count(model->formula); i++) {
        const gd_formula_parameter *parameter = gd_formula_parameter_at(model->formula, i);
        json_writer_key(writer, parameter->name);
        json_writer_begin_object(writer);
        json_writer_key(writer, "start");
        json_writer_double(writer, parameter->start);
        write_bound(writer, "min", parameter->minimum);
        write_bound(writer, "max", parameter->maximum);
        json_writer_end_object(writer);
    }
    json_writer_end_object(writer);
}

static void write_row(json_writer *writer, const char *name, const char *type, const char *help)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "name");
    json_writer_string(writer, name);
    json_writer_key(writer, "type");
    json_writer_string(writer, type);
    json_writer_key(writer, "required");
    json_writer_boolean(writer, true);
    json_writer_key(writer, "help");
    json_writer_string(writer, help);
    json_writer_end_object(writer);
}

void spec_write_formula_rows(json_writer *writer)
{
    write_row(writer, "formula", "formula",
              "An expression of numbers, parameters, columns of the data and functions.");
    write_row(writer, "parameters", "parameters",
              "An object: of each parameter the number it starts at, or {start, min, max}.");
}
