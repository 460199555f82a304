/*
 * fields.h: options of the library read from JSON, written to JSON and listed in the catalogue, all
 * from the same field tables (descent/field.h), so that what is validated, documented and stored
 * cannot differ. Thread rule: pure functions of their arguments.
 */
#ifndef SPEC_FIELDS_H
#define SPEC_FIELDS_H

#include "json/reader.h"
#include "json/writer.h"

#include <descent/field.h>

/* Member names an object may have, gathered from tables and words, for json_refuse_unknown. */
typedef struct spec_names {
    const char *names[96];
    size_t count;
} spec_names;

void spec_names_add(spec_names *names, const char *name);
void spec_names_add_fields(spec_names *names, const gd_field_table *table);

/* Reads every member of `object` that has a row; absent ones keep what `options` holds. Members whose
 * row is `required` must be there. Unknown members are the caller's to refuse. */
void spec_read_fields(const json_reader *object, const gd_field_table *table, void *options);

/* Writes every field as a member of the object under way. */
void spec_write_fields(json_writer *writer, const gd_field_table *table, const void *options);

/* Writes the table as an array of {name, type, default, minimum, …, help}. */
void spec_write_field_rows(json_writer *writer, const gd_field_table *table);
/* The same as items of the array under way. */
void spec_write_field_list(json_writer *writer, const gd_field_table *table);

/* Two groups of members of a row's description, where it has them: the default; minimum and maximum,
 * in the words of JSON Schema. */
void spec_write_field_default(json_writer *writer, const gd_field *field);
void spec_write_field_bounds(json_writer *writer, const gd_field *field);

/* Number of names in a NULL-terminated list. */
size_t spec_count_names(const char *const *names);

#endif
