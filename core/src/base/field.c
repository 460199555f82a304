/*
 * field.c: defaults of options described as data.
 *
 * Members are written through their offset with the type the row's kind stands for (field.h). List
 * elements beyond a list's length are zero, so that equal options are equal bytes.
 */
#include <descent/field.h>

#include <string.h>

static double list_default(const gd_field *field, int64_t index)
{
    return field->default_list != NULL ? field->default_list[index] : field->default_value;
}

static int64_t default_length(const gd_field *field)
{
    if (field->required) {
        return 0;
    }
    return field->minimum_length < GD_FIELD_LIST_CAPACITY ? field->minimum_length
                                                          : GD_FIELD_LIST_CAPACITY;
}

static void set_number_list(const gd_field *field, unsigned char *member)
{
    gd_number_list list = {.length = default_length(field)};
    for (int64_t i = 0; i < list.length; i++) {
        list.values[i] = list_default(field, i);
    }
    memcpy(member, &list, sizeof list);
}

static void set_count_list(const gd_field *field, unsigned char *member)
{
    gd_count_list list = {.length = default_length(field)};
    for (int64_t i = 0; i < list.length; i++) {
        list.values[i] = (int64_t)list_default(field, i);
    }
    memcpy(member, &list, sizeof list);
}

static void set_default(const gd_field *field, unsigned char *member)
{
    double value = field->required ? 0.0 : field->default_value;
    switch (field->type) {
    case GD_FIELD_NUMBER:
        memcpy(member, &value, sizeof value);
        break;
    case GD_FIELD_COUNT: {
        int64_t count = (int64_t)value;
        memcpy(member, &count, sizeof count);
        break;
    }
    case GD_FIELD_BOOLEAN: {
        bool flag = value != 0.0;
        memcpy(member, &flag, sizeof flag);
        break;
    }
    case GD_FIELD_CHOICE: {
        int choice = (int)value;
        memcpy(member, &choice, sizeof choice);
        break;
    }
    case GD_FIELD_NUMBERS:
        set_number_list(field, member);
        break;
    case GD_FIELD_COUNTS:
        set_count_list(field, member);
        break;
    }
}

void gd_fields_set_defaults(const gd_field_table *table, void *options)
{
    unsigned char *base = options;
    for (size_t i = 0; i < table->count; i++) {
        set_default(&table->fields[i], base + table->fields[i].offset);
    }
}
