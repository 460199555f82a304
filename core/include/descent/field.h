/*
 * field.h: options described as data.
 *
 * Each layer, optimizer, schedule, loss and generator is a row in a table and names the members of
 * its options struct here: type, bounds, default, one line of help. Whoever reads options from
 * outside (a JSON validator, a catalogue, documentation) reads these rows; nothing is said twice.
 * Thread rule: immutable data.
 */
#ifndef DESCENT_FIELD_H
#define DESCENT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GD_FIELD_LIST_CAPACITY 64

typedef enum gd_field_type {
    GD_FIELD_NUMBER,  /* double */
    GD_FIELD_COUNT,   /* int64_t */
    GD_FIELD_BOOLEAN, /* bool */
    GD_FIELD_CHOICE,  /* int: an index into `choices` */
    GD_FIELD_NUMBERS, /* gd_number_list of minimum_length … maximum_length elements */
    GD_FIELD_COUNTS   /* gd_count_list, likewise */
} gd_field_type;

#define GD_AUTOMATIC        ((int64_t)-1)
#define GD_AUTOMATIC_NUMBER (-1.0) /* of a NUMBER that has a word and is not below 0 */

typedef struct gd_number_list {
    int64_t length;
    double values[GD_FIELD_LIST_CAPACITY];
} gd_number_list;

typedef struct gd_count_list {
    int64_t length;
    int64_t values[GD_FIELD_LIST_CAPACITY];
} gd_count_list;

typedef struct gd_field {
    const char *name;
    gd_field_type type;
    size_t offset; /* of the member in the options struct of the row's owner */
    double minimum, maximum;
    bool minimum_excluded, maximum_excluded;
    const char *automatic;  /* COUNT, NUMBER: a word allowed beside numbers ("auto", "full"), stored
                               as GD_AUTOMATIC or GD_AUTOMATIC_NUMBER; NULL: none */
    bool required;          /* has no default */
    int64_t minimum_length; /* NUMBERS, COUNTS */
    int64_t maximum_length; /* NUMBERS, COUNTS; a scalar in the input fills all of a fixed length */
    double default_value;   /* NUMBER, COUNT, BOOLEAN (0 or 1), CHOICE (the index) */
    const double *default_list; /* NUMBERS, COUNTS: minimum_length elements; NULL: each is
                                   default_value */
    const char *const *choices; /* CHOICE: NULL-terminated */
    const char *help;
} gd_field;

typedef struct gd_field_table {
    const gd_field *fields;
    size_t count;
} gd_field_table;

/*
 * Writes every default of the table into `options` (members without a row are left alone). A
 * required member becomes zero or an empty list.
 */
void gd_fields_set_defaults(const gd_field_table *table, void *options);

#endif
