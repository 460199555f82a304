/*
 * fields.c: one switch over the field types for each of reading, writing and listing; nothing here
 * knows which option it handles.
 */
#include "spec/fields.h"

#include <math.h>
#include <string.h>

size_t spec_count_names(const char *const *names)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    return count;
}

void spec_names_add(spec_names *names, const char *name)
{
    if (names->count < sizeof names->names / sizeof names->names[0])
        names->names[names->count++] = name;
}

void spec_names_add_fields(spec_names *names, const gd_field_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        spec_names_add(names, table->fields[i].name);
}

static json_bounds bounds_of(const gd_field *field)
{
    return (json_bounds){field->minimum, field->maximum, field->minimum_excluded,
                         field->maximum_excluded};
}

static void read_count(const json_reader *object, const gd_field *field, unsigned flags,
                       int64_t *out)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object->value, field->name);
    if (field->automatic != NULL && cJSON_IsString(member)) {
        size_t index;
        if (json_read_choice(object, field->name, flags, &field->automatic, 1, &index) == JSON_READ)
            *out = GD_AUTOMATIC;
        return;
    }
    json_read_count(object, field->name, flags, (int64_t)field->minimum, (int64_t)field->maximum,
                    out);
}

/* A scalar stands for a list of that one value, repeated up to a fixed length. */
static void read_numbers(const json_reader *object, const gd_field *field, unsigned flags,
                         gd_number_list *out)
{
    gd_number_list list = {0};
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object->value, field->name);
    if (cJSON_IsNumber(member)) {
        double value;
        if (json_read_number(object, field->name, flags, bounds_of(field), &value) != JSON_READ)
            return;
        list.length = field->minimum_length > 0 ? field->minimum_length : 1;
        for (int64_t i = 0; i < list.length; i++)
            list.values[i] = value;
        *out = list;
        return;
    }
    json_reader array;
    if (json_read_array(object, field->name, flags, (size_t)field->minimum_length,
                        (size_t)field->maximum_length, &array, NULL) != JSON_READ)
        return;
    bool whole = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, array.value)
    {
        json_reader reader = json_reader_item(&array, item, list.length);
        whole = json_read_number(&reader, NULL, JSON_REQUIRED, bounds_of(field),
                                 &list.values[list.length]) == JSON_READ &&
                whole;
        list.length++;
    }
    if (whole)
        *out = list;
}

static void read_counts(const json_reader *object, const gd_field *field, unsigned flags,
                        gd_count_list *out)
{
    gd_count_list list = {0};
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object->value, field->name);
    int64_t minimum = (int64_t)field->minimum, maximum = (int64_t)field->maximum;
    if (cJSON_IsNumber(member)) {
        int64_t value;
        if (json_read_count(object, field->name, flags, minimum, maximum, &value) != JSON_READ)
            return;
        list.length = field->minimum_length > 0 ? field->minimum_length : 1;
        for (int64_t i = 0; i < list.length; i++)
            list.values[i] = value;
        *out = list;
        return;
    }
    json_reader array;
    if (json_read_array(object, field->name, flags, (size_t)field->minimum_length,
                        (size_t)field->maximum_length, &array, NULL) != JSON_READ)
        return;
    bool whole = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, array.value)
    {
        json_reader reader = json_reader_item(&array, item, list.length);
        whole = json_read_count(&reader, NULL, JSON_REQUIRED, minimum, maximum,
                                &list.values[list.length]) == JSON_READ &&
                whole;
        list.length++;
    }
    if (whole)
        *out = list;
}

/* "0.1" is a number someone put in quotes, not a word. */
static bool is_word(const cJSON *member)
{
    return cJSON_IsString(member) && strspn(member->valuestring, "+-.0123456789") == 0;
}

static void read_number(const json_reader *object, const gd_field *field, unsigned flags,
                        double *out)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object->value, field->name);
    if (field->automatic != NULL && is_word(member)) {
        size_t index;
        if (json_read_choice(object, field->name, flags, &field->automatic, 1, &index) == JSON_READ)
            *out = GD_AUTOMATIC_NUMBER;
        return;
    }
    json_read_number(object, field->name, flags, bounds_of(field), out);
}

static void read_field(const json_reader *object, const gd_field *field, void *member)
{
    unsigned flags = field->required ? JSON_REQUIRED : JSON_OPTIONAL;
    switch (field->type) {
    case GD_FIELD_NUMBER:
        read_number(object, field, flags, member);
        break;
    case GD_FIELD_COUNT:
        read_count(object, field, flags, member);
        break;
    case GD_FIELD_BOOLEAN:
        json_read_boolean(object, field->name, flags, member);
        break;
    case GD_FIELD_CHOICE: {
        size_t index;
        if (json_read_choice(object, field->name, flags, field->choices,
                             spec_count_names(field->choices), &index) == JSON_READ)
            *(int *)member = (int)index;
        break;
    }
    case GD_FIELD_NUMBERS:
        read_numbers(object, field, flags, member);
        break;
    case GD_FIELD_COUNTS:
        read_counts(object, field, flags, member);
        break;
    }
}

void spec_read_fields(const json_reader *object, const gd_field_table *table, void *options)
{
    for (size_t i = 0; i < table->count; i++)
        read_field(object, &table->fields[i], (char *)options + table->fields[i].offset);
}

static void write_count(json_writer *writer, const gd_field *field, int64_t value)
{
    if (field->automatic != NULL && value == GD_AUTOMATIC)
        json_writer_string(writer, field->automatic);
    else
        json_writer_int64(writer, value);
}

static void write_number(json_writer *writer, const gd_field *field, double value)
{
    if (field->automatic != NULL && value == GD_AUTOMATIC_NUMBER)
        json_writer_string(writer, field->automatic);
    else
        json_writer_double(writer, value);
}

static void write_value(json_writer *writer, const gd_field *field, const void *member)
{
    switch (field->type) {
    case GD_FIELD_NUMBER:
        write_number(writer, field, *(const double *)member);
        break;
    case GD_FIELD_COUNT:
        write_count(writer, field, *(const int64_t *)member);
        break;
    case GD_FIELD_BOOLEAN:
        json_writer_boolean(writer, *(const bool *)member);
        break;
    case GD_FIELD_CHOICE:
        json_writer_string(writer, field->choices[*(const int *)member]);
        break;
    case GD_FIELD_NUMBERS: {
        const gd_number_list *list = member;
        json_writer_begin_array(writer);
        for (int64_t i = 0; i < list->length; i++)
            json_writer_double(writer, list->values[i]);
        json_writer_end_array(writer);
        break;
    }
    case GD_FIELD_COUNTS: {
        const gd_count_list *list = member;
        json_writer_begin_array(writer);
        for (int64_t i = 0; i < list->length; i++)
            json_writer_int64(writer, list->values[i]);
        json_writer_end_array(writer);
        break;
    }
    }
}

void spec_write_fields(json_writer *writer, const gd_field_table *table, const void *options)
{
    for (size_t i = 0; i < table->count; i++) {
        const gd_field *field = &table->fields[i];
        json_writer_key(writer, field->name);
        write_value(writer, field, (const char *)options + field->offset);
    }
}

static void write_bound(json_writer *writer, const char *word, const char *excluded_word,
                        bool excluded, double bound)
{
    if (!isfinite(bound))
        return;
    json_writer_key(writer, excluded ? excluded_word : word);
    json_writer_double(writer, bound);
}

void spec_write_field_bounds(json_writer *writer, const gd_field *field)
{
    write_bound(writer, "minimum", "exclusiveMinimum", field->minimum_excluded, field->minimum);
    write_bound(writer, "maximum", "exclusiveMaximum", field->maximum_excluded, field->maximum);
}

void spec_write_field_default(json_writer *writer, const gd_field *field)
{
    if (field->required)
        return;
    json_writer_key(writer, "default");
    switch (field->type) {
    case GD_FIELD_NUMBER:
        json_writer_double(writer, field->default_value);
        break;
    case GD_FIELD_COUNT:
        write_count(writer, field, (int64_t)field->default_value);
        break;
    case GD_FIELD_BOOLEAN:
        json_writer_boolean(writer, field->default_value != 0);
        break;
    case GD_FIELD_CHOICE:
        json_writer_string(writer, field->choices[(size_t)field->default_value]);
        break;
    case GD_FIELD_NUMBERS:
    case GD_FIELD_COUNTS:
        json_writer_begin_array(writer);
        for (int64_t i = 0; field->default_list != NULL && i < field->minimum_length; i++)
            json_writer_double(writer, field->default_list[i]);
        json_writer_end_array(writer);
        break;
    }
}

void spec_write_field_rows(json_writer *writer, const gd_field_table *table)
{
    json_writer_begin_array(writer);
    spec_write_field_list(writer, table);
    json_writer_end_array(writer);
}

void spec_write_field_list(json_writer *writer, const gd_field_table *table)
{
    static const char *const type_names[] = {"number", "integer", "boolean",
                                             "string", "numbers", "integers"};
    for (size_t i = 0; i < table->count; i++) {
        const gd_field *field = &table->fields[i];
        bool bounded = field->type != GD_FIELD_BOOLEAN && field->type != GD_FIELD_CHOICE;
        json_writer_begin_object(writer);
        json_writer_key(writer, "name");
        json_writer_string(writer, field->name);
        json_writer_key(writer, "type");
        json_writer_string(writer, type_names[field->type]);
        json_writer_key(writer, "required");
        json_writer_boolean(writer, field->required);
        spec_write_field_default(writer, field);
        if (bounded)
            spec_write_field_bounds(writer, field);
        if (field->automatic != NULL) {
            json_writer_key(writer, "or");
            json_writer_string(writer, field->automatic);
        }
        if (field->type == GD_FIELD_CHOICE) {
            json_writer_key(writer, "choices");
            json_writer_begin_array(writer);
            for (size_t j = 0; field->choices[j] != NULL; j++)
                json_writer_string(writer, field->choices[j]);
            json_writer_end_array(writer);
        }
        json_writer_key(writer, "help");
        json_writer_string(writer, field->help);
        json_writer_end_object(writer);
    }
}
