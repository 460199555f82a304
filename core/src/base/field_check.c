/*
 * field_check.c: the bounds of rows (field_check.h). Comparisons are written so that a NaN is out of
 * every bounds.
 */
#include "base/field_check.h"

#include <math.h>
#include <string.h>

static const gdi_field_finding fits = {.fault = GDI_FIELD_FITS};

static gdi_field_finding check_bounds(const gd_field *field, double value)
{
    bool above = field->minimum_excluded ? value > field->minimum : value >= field->minimum;
    bool below = field->maximum_excluded ? value < field->maximum : value <= field->maximum;
    return above && below ? fits
                          : (gdi_field_finding){.fault = GDI_FIELD_OUT_OF_BOUNDS, .number = value};
}

static gdi_field_finding check_number(const gd_field *field, double value, double automatic)
{
    bool is_word = field->automatic != NULL && value == automatic;
    bool is_default = !field->required && (value == field->default_value ||
                                           (isnan(value) && isnan(field->default_value)));
    return is_word || is_default ? fits : check_bounds(field, value);
}

int64_t gdi_field_maximum_length(const gd_field *field)
{
    return field->maximum_length < GD_FIELD_LIST_CAPACITY ? field->maximum_length
                                                          : GD_FIELD_LIST_CAPACITY;
}

static gdi_field_finding check_list(const gd_field *field, const unsigned char *member)
{
    gd_number_list numbers;
    gd_count_list counts;
    memcpy(&numbers, member, sizeof numbers);
    memcpy(&counts, member, sizeof counts);
    bool of_counts = field->type == GD_FIELD_COUNTS;
    int64_t length = of_counts ? counts.length : numbers.length;
    if (length < field->minimum_length || length > gdi_field_maximum_length(field)) {
        return (gdi_field_finding){.fault = GDI_FIELD_LENGTH, .length = length};
    }
    gdi_field_finding found = fits;
    for (int64_t i = 0; found.fault == GDI_FIELD_FITS && i < length; i++) {
        found = check_bounds(field, of_counts ? (double)counts.values[i] : numbers.values[i]);
    }
    return found;
}

static gdi_field_finding check_choice(const gd_field *field, int choice)
{
    for (int i = 0; field->choices[i] != NULL; i++) {
        if (i == choice) {
            return fits;
        }
    }
    return (gdi_field_finding){.fault = GDI_FIELD_NO_CHOICE, .choice = choice};
}

gdi_field_finding gdi_field_check(const gd_field *field, const void *options)
{
    const unsigned char *member = (const unsigned char *)options + field->offset;
    double number = 0;
    int64_t count = 0;
    int choice = 0;
    switch (field->type) {
    case GD_FIELD_NUMBER:
        memcpy(&number, member, sizeof number);
        return check_number(field, number, GD_AUTOMATIC_NUMBER);
    case GD_FIELD_COUNT:
        memcpy(&count, member, sizeof count);
        return check_number(field, (double)count, (double)GD_AUTOMATIC);
    case GD_FIELD_CHOICE:
        memcpy(&choice, member, sizeof choice);
        return check_choice(field, choice);
    case GD_FIELD_NUMBERS:
    case GD_FIELD_COUNTS:
        return check_list(field, member);
    case GD_FIELD_BOOLEAN:
        break;
    }
    return fits;
}
