/*
 * csv_schema.c: the first pass over a CSV file. See csv_schema.h; what follows from the counts is in
 * csv_columns.c.
 *
 * The first record is kept aside until it is known whether it is a header, which with AUTO may be at
 * the end of the file. Texts become classes as they come. Numbers do not, for a numeric column would
 * fill the memory with them; where a column turns out to hold both, the texts of its numbers are
 * collected in a pass of their own.
 */
#include "data/csv_schema.h"

#include "base/memory.h"
#include "data/number.h"
#include "data/text.h"

#include <string.h>
#include <strings.h>

/* A class's share of the memory besides its bytes: entry, slots and its place in the list. */
#define CLASS_OVERHEAD 64U

static gd_status fail_memory(gd_error *error)
{
    return gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
}

static void note(gdi_csv_fault *fault, const gdi_csv_field *field)
{
    if (fault->line == 0) {
        fault->line = field->line;
        gdi_text_quote(field->text, field->length, fault->text, sizeof fault->text);
    }
}

/* Adds the field's text to the column's classes; what cannot be one is noted. */
static gd_status add_class(gdi_csv_schema *schema, gdi_csv_column *column,
                           const gdi_csv_field *field, gd_error *error)
{
    if (column->classes == NULL) {
        column->classes = gdi_text_index_create();
    }
    if (column->classes == NULL) {
        return fail_memory(error);
    }
    if (column->too_many_classes ||
        gdi_text_index_find(column->classes, field->text, field->length) >= 0) {
        return GD_OK;
    }
    if (field->length > GD_FRAME_MAXIMUM_NAME || !gdi_text_is_clean(field->text, field->length)) {
        note(&column->unfit, field);
        return GD_OK;
    }
    int64_t number =
        gdi_text_index_add(column->classes, field->text, field->length, GD_FRAME_MAXIMUM_CLASSES);
    if (number == -1) {
        return fail_memory(error);
    }
    column->too_many_classes = number == -2;
    schema->class_bytes += field->length + CLASS_OVERHEAD;
    if (schema->class_bytes > GDI_CSV_MAXIMUM_CLASS_BYTES) {
        return gd_fail(error, GD_TOO_LARGE, "",
                       "line %lld: the classes of all columns need more than %zu MiB; leave out "
                       "columns of free text",
                       (long long)field->line, GDI_CSV_MAXIMUM_CLASS_BYTES >> 20);
    }
    return GD_OK;
}

static bool is_infinity(const char *text, size_t length)
{
    size_t sign = length > 0 && (*text == '-' || *text == '+') ? 1 : 0;
    return (length - sign == 3 && strncasecmp(text + sign, "inf", 3) == 0) ||
           (length - sign == 8 && strncasecmp(text + sign, "infinity", 8) == 0);
}

static gd_status absorb_text(gdi_csv_schema *schema, gdi_csv_column *column,
                             const gdi_csv_field *field, gd_error *error)
{
    note(&column->not_number, field);
    if (gdi_number_has_comma(field->text, field->length)) {
        column->commas++;
        note(&column->comma, field);
    } else {
        column->texts++;
        if (is_infinity(field->text, field->length)) {
            column->infinities++;
            note(&column->non_finite, field);
        }
    }
    return add_class(schema, column, field, error);
}

static inline gd_status absorb(gdi_csv_schema *schema, const gdi_csv_field *field, gd_error *error)
{
    gdi_csv_column *column = &schema->cells[field->column];
    switch (field->kind) {
    case GDI_CSV_NUMBER:
        column->numbers++;
        gdi_statistics_add(&column->statistics, field->value);
        return GD_OK;
    case GDI_CSV_TOO_LARGE:
        column->numbers++;
        note(&column->non_finite, field);
        return GD_OK;
    case GDI_CSV_MISSING:
        column->missing++;
        return GD_OK;
    case GDI_CSV_TEXT:
        break;
    }
    return absorb_text(schema, column, field, error);
}

/* The first record: its fields with their own copies of the texts, cut behind the longest name. */
typedef struct first_record {
    gdi_csv_field *fields;
    int64_t count, capacity;
} first_record;

static void dispose_first(first_record *first)
{
    for (int64_t i = 0; i < first->count; i++) {
        gdi_free((void *)(uintptr_t)first->fields[i].text);
    }
    gdi_free(first->fields);
}

static gd_status keep_field(first_record *first, const gdi_csv_field *field, gd_error *error)
{
    if (first->count == first->capacity) {
        int64_t capacity = first->capacity == 0 ? 16 : first->capacity * 2;
        gdi_csv_field *fields = gdi_allocate((size_t)capacity, sizeof *fields);
        if (fields == NULL) {
            return fail_memory(error);
        }
        if (first->count > 0) {
            memcpy(fields, first->fields, (size_t)first->count * sizeof *fields);
        }
        gdi_free(first->fields);
        first->fields = fields;
        first->capacity = capacity;
    }
    size_t length =
        field->length > GD_FRAME_MAXIMUM_NAME ? GD_FRAME_MAXIMUM_NAME + 1 : field->length;
    char *text = gdi_allocate(1, length + 1);
    if (text == NULL) {
        return fail_memory(error);
    }
    memcpy(text, field->text, length);
    first->fields[first->count] = *field;
    first->fields[first->count].text = text;
    first->fields[first->count].length = length;
    first->count++;
    return GD_OK;
}

static gd_status read_first(gdi_csv_reader *reader, first_record *first, gd_error *error)
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
    return GD_OK;
}

static gd_status absorb_first(gdi_csv_schema *schema, const first_record *first, gd_error *error)
{
    schema->row_count++;
    gd_status status = GD_OK;
    for (int64_t i = 0; i < first->count && status == GD_OK; i++) {
        status = absorb(schema, &first->fields[i], error);
    }
    return status;
}

static gd_status absorb_rest(gdi_csv_schema *schema, gdi_csv_reader *reader, gd_error *error)
{
    gdi_csv_field field;
    gdi_csv_event event = GDI_CSV_END;
    while ((event = gdi_csv_reader_next(reader, &field)) == GDI_CSV_FIELD) {
        gd_status status = absorb(schema, &field, error);
        if (status != GD_OK) {
            return status;
        }
        schema->row_count += field.last ? 1 : 0;
    }
    return event == GDI_CSV_FAILED ? gdi_csv_reader_failure(reader, error) : GD_OK;
}

static bool all_texts(const first_record *first)
{
    for (int64_t i = 0; i < first->count; i++) {
        if (first->fields[i].kind != GDI_CSV_TEXT) {
            return false;
        }
    }
    return true;
}

/* The whole pass over all records; the first stays in `first`. */
static gd_status read_records(gdi_csv_schema *schema, gdi_csv_reader *reader, first_record *first,
                              gd_csv_header header, gd_error *error)
{
    gd_status status = read_first(reader, first, error);
    if (status != GD_OK) {
        return status;
    }
    schema->column_count = first->count;
    schema->cells = gdi_allocate((size_t)first->count, sizeof *schema->cells);
    schema->columns = gdi_allocate((size_t)first->count, sizeof *schema->columns);
    schema->names = gdi_text_index_create();
    if (schema->cells == NULL || schema->columns == NULL || schema->names == NULL) {
        return fail_memory(error);
    }
    bool open = header == GD_CSV_HEADER_AUTO && all_texts(first);
    schema->header = header == GD_CSV_HEADER_YES;
    if (!open && !schema->header) {
        status = absorb_first(schema, first, error);
    }
    if (status == GD_OK) {
        status = absorb_rest(schema, reader, error);
    }
    if (status == GD_OK && open) {
        schema->header = gdi_csv_decide_header(schema, first->fields);
        status = schema->header ? GD_OK : absorb_first(schema, first, error);
    }
    if (status == GD_OK && schema->row_count == 0) {
        return gd_fail(error, GD_INVALID_DATA, "", "the file holds a header and no rows");
    }
    return status;
}

/* Collects the texts of the numbers in categorical columns; nothing to do where there are none. */
static gd_status collect_numbers(gdi_csv_schema *schema, int descriptor, gd_error *error)
{
    bool needed = false;
    for (int64_t i = 0; i < schema->column_count; i++) {
        needed = needed ||
                 (schema->columns[i].kind == GD_COLUMN_CATEGORICAL && schema->cells[i].numbers > 0);
    }
    if (!needed) {
        return GD_OK;
    }
    gdi_csv_reader *reader = NULL;
    gd_status status = gdi_csv_reader_create(&reader, descriptor, schema->delimiter, error);
    if (status != GD_OK) {
        return status;
    }
    bool header = schema->header;
    gdi_csv_field field;
    gdi_csv_event event = GDI_CSV_END;
    while (status == GD_OK && (event = gdi_csv_reader_next(reader, &field)) == GDI_CSV_FIELD) {
        if (!header && field.column < schema->column_count && field.kind != GDI_CSV_MISSING &&
            schema->columns[field.column].kind == GD_COLUMN_CATEGORICAL) {
            status = add_class(schema, &schema->cells[field.column], &field, error);
        }
        header = header && !field.last;
    }
    if (status == GD_OK && event == GDI_CSV_FAILED) {
        status = gdi_csv_reader_failure(reader, error);
    }
    gdi_csv_reader_destroy(reader);
    return status;
}

gd_status gdi_csv_schema_find(gdi_csv_schema *schema, int descriptor, const gd_csv_options *options,
                              gd_error *error)
{
    *schema = (gdi_csv_schema){.delimiter = options->delimiter};
    gd_status status = GD_OK;
    if (schema->delimiter == '\0') {
        status = gdi_csv_find_delimiter(descriptor, &schema->delimiter, error);
    }
    gdi_csv_reader *reader = NULL;
    if (status == GD_OK) {
        status = gdi_csv_reader_create(&reader, descriptor, schema->delimiter, error);
    }
    first_record first = {0};
    if (status == GD_OK) {
        status = read_records(schema, reader, &first, options->header, error);
    }
    gdi_csv_reader_destroy(reader);
    if (status == GD_OK) {
        status = gdi_csv_name_columns(schema, options, first.fields, error);
    }
    dispose_first(&first);
    if (status == GD_OK) {
        status = gdi_csv_decide_kinds(schema, error);
    }
    if (status == GD_OK) {
        status = collect_numbers(schema, descriptor, error);
    }
    if (status == GD_OK) {
        status = gdi_csv_finish_columns(schema, error);
    }
    return status;
}

void gdi_csv_schema_dispose(gdi_csv_schema *schema)
{
    for (int64_t i = 0; i < schema->column_count; i++) {
        if (schema->cells != NULL) {
            gdi_text_index_destroy(schema->cells[i].classes);
        }
        if (schema->columns != NULL) {
            gdi_free((void *)(uintptr_t)schema->columns[i].classes);
        }
    }
    gdi_free(schema->cells);
    gdi_free(schema->columns);
    gdi_text_index_destroy(schema->names);
    *schema = (gdi_csv_schema){0};
}
