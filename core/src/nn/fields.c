/*
 * fields.c: the bounds of a layer's options, read from its field table, so that a caller that fills
 * the struct by hand is held to the same limits as one that reads a document.
 */
#include "nn/layer.h"

#include <string.h>

static bool number_fits(const gd_field *field, double value)
{
    bool low = field->minimum_excluded ? value > field->minimum : value >= field->minimum;
    bool high = field->maximum_excluded ? value < field->maximum : value <= field->maximum;
    return low && high;
}

static bool count_fits(const gd_field *field, int64_t value)
{
    return (field->automatic && value == GD_AUTOMATIC) || number_fits(field, (double)value);
}

static bool choice_fits(const gd_field *field, int value)
{
    int known = 0;
    while (field->choices[known] != NULL) {
        known++;
    }
    return value >= 0 && value < known;
}

static bool counts_fit(const gd_field *field, const gd_count_list *list)
{
    if (list->length < field->minimum_length || list->length > field->maximum_length) {
        return false;
    }
    for (int64_t i = 0; i < list->length; i++) {
        if (!number_fits(field, (double)list->values[i])) {
            return false;
        }
    }
    return true;
}

static bool numbers_fit(const gd_field *field, const gd_number_list *list)
{
    if (list->length < field->minimum_length || list->length > field->maximum_length) {
        return false;
    }
    for (int64_t i = 0; i < list->length; i++) {
        if (!number_fits(field, list->values[i])) {
            return false;
        }
    }
    return true;
}

static bool field_fits(const gd_field *field, const gd_layer_options *options)
{
    const unsigned char *member = (const unsigned char *)options + field->offset;
    double number;
    int64_t count;
    int choice;
    switch (field->type) {
    case GD_FIELD_NUMBER:
        memcpy(&number, member, sizeof number);
        return number_fits(field, number);
    case GD_FIELD_COUNT:
        memcpy(&count, member, sizeof count);
        return count_fits(field, count);
    case GD_FIELD_CHOICE:
        memcpy(&choice, member, sizeof choice);
        return choice_fits(field, choice);
    case GD_FIELD_COUNTS:
        return counts_fit(field, (const gd_count_list *)(const void *)member);
    case GD_FIELD_NUMBERS:
        return numbers_fit(field, (const gd_number_list *)(const void *)member);
    case GD_FIELD_BOOLEAN:
        break;
    }
    return true;
}

gd_status gdi_check_fields(const gdi_layer *layer, gd_error *error)
{
    const gd_field_table *table = &layer->descriptor->fields;
    for (size_t i = 0; i < table->count; i++) {
        const gd_field *field = &table->fields[i];
        if (field_fits(field, &layer->options)) {
            continue;
        }
        if (field->type == GD_FIELD_CHOICE) {
            return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, field->name,
                                  "has a %s that is none of its names", field->name);
        }
        return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, field->name,
                              "wants %s %s %.10g and %s %.10g", field->name,
                              field->minimum_excluded ? "above" : "at least", field->minimum,
                              field->maximum_excluded ? "below" : "at most", field->maximum);
    }
    return GD_OK;
}
