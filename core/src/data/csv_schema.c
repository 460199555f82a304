/*
 * csv_schema.c: making and forgetting a schema, and the first record, which is kept until it is known
 * whether it is a header. See csv_schema.h.
 */
#include "data/csv_schema.h"

#include "base/memory.h"

#include <string.h>

void gdi_csv_first_dispose(gdi_csv_first *first)
{
    gdi_free(first->texts);
    gdi_free(first->fields);
    *first = (gdi_csv_first){0};
}

/* A larger block in place of `*block`, whose `used` bytes it begins with; false without memory. */
static bool grow(void **block, size_t used, size_t size)
{
    void *grown = gdi_allocate(1, size);
    if (grown == NULL) {
        return false;
    }
    if (used > 0) {
        memcpy(grown, *block, used);
    }
    gdi_free(*block);
    *block = grown;
    return true;
}

static gd_status keep_field(gdi_csv_first *first, const gdi_csv_field *field, gd_error *error)
{
    size_t length =
        field->length > GD_FRAME_MAXIMUM_NAME ? GD_FRAME_MAXIMUM_NAME + 1 : field->length;
    if (first->count == first->capacity) {
        int64_t capacity = first->capacity == 0 ? 16 : first->capacity * 2;
        void *fields = first->fields;
        if (!grow(&fields, (size_t)first->count * sizeof *field,
                  (size_t)capacity * sizeof *field)) {
            return gdi_fail_memory(error);
        }
        first->fields = fields;
        first->capacity = capacity;
    }
    if (first->room - first->length <= length) {
        size_t room = 2 * (first->length + length + 1);
        void *texts = first->texts;
        if (!grow(&texts, first->length, room)) {
            return gdi_fail_memory(error);
        }
        first->texts = texts;
        first->room = room;
    }
    memcpy(first->texts + first->length, field->text, length);
    first->texts[first->length + length] = '\0';
    first->fields[first->count] = *field;
    first->fields[first->count].length = length;
    first->length += length + 1;
    first->count++;
    return GD_OK;
}

gd_status gdi_csv_first_read(gdi_csv_first *first, gdi_csv_reader *reader, gd_error *error)
{
    gdi_csv_field field = {0};
    while (!field.last) {
        gdi_csv_event event = gdi_csv_reader_next(reader, &field);
        if (event == GDI_CSV_END) {
            return gd_fail(error, GD_INVALID_DATA, "", "the file holds no rows");
        }
        if (event == GDI_CSV_FAILED) {
            return gdi_csv_reader_failure(reader, error);
        }
        gd_status status = keep_field(first, &field, error);
        if (status != GD_OK) {
            return status;
        }
    }
    /* The texts stay where they are from now on. */
    const char *text = first->texts;
    for (int64_t i = 0; i < first->count; i++) {
        first->fields[i].text = text;
        text += first->fields[i].length + 1;
    }
    return GD_OK;
}

gd_status gdi_csv_schema_begin(gdi_csv_schema *schema, int64_t count, gd_error *error)
{
    schema->column_count = count;
    schema->cells = gdi_allocate((size_t)count, sizeof *schema->cells);
    schema->columns = gdi_allocate((size_t)count, sizeof *schema->columns);
    schema->names = gdi_text_index_create();
    if (schema->as_text == NULL) {
        schema->as_text = gdi_allocate((size_t)count, sizeof *schema->as_text);
    }
    return schema->cells != NULL && schema->columns != NULL && schema->names != NULL &&
                   schema->as_text != NULL &&
                   gdi_table_statistics_begin(&schema->statistics, count) &&
                   gdi_row_sample_begin(&schema->sample)
               ? GD_OK
               : gdi_fail_memory(error);
}

void gdi_csv_schema_reset(gdi_csv_schema *schema)
{
    for (int64_t i = 0; i < schema->column_count; i++) {
        if (schema->cells != NULL) {
            gdi_text_index_destroy(schema->cells[i].classes);
            gdi_free(schema->cells[i].faults);
        }
        if (schema->columns != NULL) {
            gdi_free((void *)(uintptr_t)schema->columns[i].classes);
        }
    }
    gdi_free(schema->cells);
    gdi_free(schema->columns);
    gdi_text_index_destroy(schema->names);
    gdi_table_statistics_dispose(&schema->statistics);
    gdi_row_sample_dispose(&schema->sample);
    *schema = (gdi_csv_schema){.delimiter = schema->delimiter, .as_text = schema->as_text};
}

void gdi_csv_schema_dispose(gdi_csv_schema *schema)
{
    gdi_csv_schema_reset(schema);
    gdi_free(schema->as_text);
    schema->as_text = NULL;
}
