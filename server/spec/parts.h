/*
 * parts.h: how the files of this folder share the reading and writing of a spec. Private to it.
 * Each spec_read_… is given a reader of the whole document and adds its faults.
 */
#ifndef SPEC_PARTS_H
#define SPEC_PARTS_H

#include "spec/fields.h"
#include "spec/spec.h"

/* Refuses the members of `object` that are not in `names`; those of `later` are known words of the
 * contract that this version does not offer, and are told so. `later` is NULL-terminated or NULL. */
void spec_refuse_members(const json_reader *object, const spec_names *names,
                         const char *const *later);

/* Adds the fault of a gd_error to `at`, whose path is put behind it ("layers/2/units"). */
void spec_add_error(const json_reader *at, const gd_error *error);

/* Reads "type" of an object, or the whole value where it is a text ("adam"); returns whether the
 * type is known. `later`: names of the contract that are not offered yet, NULL-terminated. */
bool spec_read_type(const json_reader *value, const char *const *names, const char *const *later,
                    size_t *type);

/* Adds a fault for each field that a type given by its name alone would need. */
void spec_require_fields(const json_reader *value, const char *type, const gd_field_table *table);

void spec_read_model(const json_reader *document, spec_model *model);
/* The members of a model of type "formula" (formula.c). */
void spec_read_formula(const json_reader *model_reader, bool has_data, spec_model *model);
void spec_write_formula(json_writer *writer, const spec_model *model);
/* The rows of the catalogue that no table of fields has. */
void spec_write_formula_rows(json_writer *writer);
void spec_read_data(const json_reader *document, spec_data *data);
void spec_read_inline(const json_reader *value, gd_frame **frame);
void spec_read_optimizer(const json_reader *document, spec_job *spec);
void spec_read_loss(const json_reader *document, spec_job *spec);
void spec_read_training(const json_reader *document, spec_job *spec);

void spec_write_model(json_writer *writer, const spec_model *model);
void spec_write_data(json_writer *writer, const spec_data *data);
void spec_write_loss(json_writer *writer, const gd_loss_options *loss);
void spec_write_optimizer(json_writer *writer, const spec_job *spec);
void spec_write_training(json_writer *writer, const spec_job *spec);

void spec_names_dispose(spec_name_list *list);

/* The name lists of tables, filled into `names` and NULL-terminated. */
#define SPEC_TABLE_NAMES(names, count, descriptor_at)                               \
    do {                                                                            \
        for (unsigned spec_index = 0; spec_index < (unsigned)(count); spec_index++) \
            (names)[spec_index] = descriptor_at(spec_index)->name;                  \
        (names)[count] = NULL;                                                      \
    } while (0)

/* Fields of a model's shorthand; of its descriptor's the choices are not filled in. */
#define SPEC_MODEL_FIELDS 3 /* the most a descriptor has */
gd_field_table spec_model_fields(spec_model_type type, gd_field storage[SPEC_MODEL_FIELDS]);

extern const char *const spec_layers_later[];

#endif
