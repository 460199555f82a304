/*
 * csv_pass.c: one pass over a CSV file. See csv_schema.h; what follows from the counts is in
 * csv_columns.c.
 *
 * Cells are gathered in blocks of rows that stay in the cache: a number as itself, a text as its
 * class's number in order of arrival, NaN for a missing cell. A whole block is counted, added to the
 * statistics and written. A column is taken for numbers until a text comes and for texts afterwards;
 * one that has both cannot be had in one pass, as the texts of its numbers are gone. That is seen at
 * the end of the first block mostly, and then the pass begins again at once; at the end of the file
 * otherwise, which costs a second pass.
 *
 * The first record is kept aside until it is known whether it is a header, which with AUTO may be at
 * the end of the file; the first row of cells is left free for it meanwhile.
 */
#include "data/csv_schema.h"

#include "base/memory.h"
#include "base/number.h"
#include "data/text.h"

#include <math.h>
#include <strings.h>

#define BLOCK_CELLS GDI_BUFFER_SIZE((int64_t)1 << 13) /* of a block that has more than one row */

/* A class's share of the memory besides its bytes: entry, slots and its place in the list. */
#define CLASS_OVERHEAD 64U

/* The column's faults; NULL without memory. */
static gdi_csv_faults *faults_of(gdi_csv_column *column)
{
    if (column->faults == NULL) {
        column->faults = gdi_allocate(1, sizeof *column->faults);
    }
    return column->faults;
}

static void note(gdi_csv_fault *fault, const gdi_csv_field *field)
{
    if (fault->line == 0) {
        fault->line = field->line;
        gdi_text_quote(field->text, field->length, fault->text, sizeof fault->text);
    }
}

/* *cell = the class of the field's text, which is added if it is new; what cannot be one is noted. */
static gd_status add_class(gdi_csv_schema *schema, gdi_csv_column *column,
                           const gdi_csv_field *field, double *cell, gd_error *error)
{
    *cell = 0.0;
    if (column->classes == NULL) {
        column->classes = gdi_text_index_create();
    }
    if (column->classes == NULL || faults_of(column) == NULL) {
        return gdi_fail_memory(error);
    }
    int64_t number = gdi_text_index_find(column->classes, field->text, field->length);
    if (number >= 0 || column->too_many_classes) {
        *cell = (double)number;
        return GD_OK;
    }
    if (field->length > GD_FRAME_MAXIMUM_NAME || !gdi_text_is_clean(field->text, field->length)) {
        note(&column->faults->unfit, field);
        return GD_OK;
    }
    number =
        gdi_text_index_add(column->classes, field->text, field->length, GD_FRAME_MAXIMUM_CLASSES);
    if (number == -1) {
        return gdi_fail_memory(error);
    }
    column->too_many_classes = number == -2;
    *cell = (double)number;
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
                             const gdi_csv_field *field, double *cell, gd_error *error)
{
    if (column->classes != NULL && column->commas == 0 && column->infinities == 0) {
        /* Most texts: a class there is already, and none is more than a text. */
        int64_t known = gdi_text_index_find(column->classes, field->text, field->length);
        if (known >= 0) {
            *cell = (double)known;
            column->texts++;
            return GD_OK;
        }
    }
    gd_status status = add_class(schema, column, field, cell, error);
    if (status != GD_OK) {
        return status;
    }
    note(&column->faults->not_number, field);
    if (gdi_number_has_comma(field->text, field->length)) {
        column->commas++;
        note(&column->faults->comma, field);
    } else {
        column->texts++;
        if (is_infinity(field->text, field->length)) {
            column->infinities++;
            note(&column->faults->non_finite, field);
        }
    }
    return GD_OK;
}

static inline gd_status absorb(gdi_csv_schema *schema, const gdi_csv_field *field, double *cell,
                               gd_error *error)
{
    gdi_csv_column *column = &schema->cells[field->column];
    *cell = (double)NAN;
    switch (field->kind) {
    case GDI_CSV_TOO_LARGE:
        if (faults_of(column) == NULL) {
            return gdi_fail_memory(error);
        }
        note(&column->faults->non_finite, field);
        break;
    case GDI_CSV_NUMBER:
        *cell = field->value;
        break;
    case GDI_CSV_MISSING:
        column->missing++;
        return GD_OK;
    case GDI_CSV_TEXT:
        return absorb_text(schema, column, field, cell, error);
    }
    return schema->as_text[field->column] ? add_class(schema, column, field, cell, error) : GD_OK;
}

static bool all_texts(const gdi_csv_first *first)
{
    for (int64_t i = 0; i < first->count; i++) {
        if (first->fields[i].kind != GDI_CSV_TEXT) {
            return false;
        }
    }
    return true;
}

/* A block of rows on its way from text to file. */
typedef struct block {
    double *cells;
    int64_t capacity, used; /* cells; whole rows fit */
    int64_t *until;         /* [columns] the next column, this or a later one, that holds texts */
    bool texts;             /* some column does */
} block;

static bool create_block(block *made, int64_t columns)
{
    int64_t rows = BLOCK_CELLS / columns > 0 ? BLOCK_CELLS / columns : 1;
    *made = (block){.capacity = rows * columns};
    made->cells = gdi_allocate((size_t)made->capacity, sizeof *made->cells);
    made->until = gdi_allocate((size_t)columns, sizeof *made->until);
    return made->cells != NULL && made->until != NULL;
}

static void dispose_block(block *disposed)
{
    gdi_free(disposed->cells);
    gdi_free(disposed->until);
}

/* Which columns are read field by field from now on. */
static void note_text_columns(const gdi_csv_schema *schema, block *rows)
{
    int64_t next = schema->column_count;
    for (int64_t i = schema->column_count; i-- > 0;) {
        next = schema->as_text[i] || schema->cells[i].classes != NULL ? i : next;
        rows->until[i] = next;
    }
    rows->texts = next < schema->column_count;
}

/* Fills the rest of the block; *ended at the end of the file. */
static gd_status read_block(gdi_csv_schema *schema, gdi_csv_reader *reader, block *rows,
                            bool *ended, gd_error *error)
{
    const int64_t columns = schema->column_count;
    int64_t column = 0;
    while (rows->used < rows->capacity) {
        int64_t room = rows->texts ? rows->until[column] - column : rows->capacity - rows->used;
        if (room > 0) {
            int64_t taken = gdi_csv_reader_numbers(reader, rows->cells + rows->used, room);
            rows->used += taken;
            column = rows->texts && column + taken < columns ? column + taken : 0;
            if (taken == room) {
                continue;
            }
        }
        gdi_csv_field field;
        gdi_csv_event event = gdi_csv_reader_next(reader, &field);
        if (event != GDI_CSV_FIELD) {
            *ended = true;
            return event == GDI_CSV_END ? GD_OK : gdi_csv_reader_failure(reader, error);
        }
        gd_status status = absorb(schema, &field, &rows->cells[rows->used], error);
        if (status != GD_OK) {
            return status;
        }
        rows->used++;
        column = field.last ? 0 : field.column + 1;
    }
    return GD_OK;
}

_Static_assert(BLOCK_CELLS < GD_FRAME_MAXIMUM_CLASSES, "a first block has no class too many");

/* Numbers the classes of the first block in their order, which spares the whole file that mostly. */
static gd_status sort_first_block(gdi_csv_schema *schema, block *rows, gd_error *error)
{
    for (int64_t i = 0; i < schema->column_count; i++) {
        gdi_text_index *classes = schema->cells[i].classes;
        if (classes == NULL || (schema->cells[i].numbers > 0 && !schema->as_text[i])) {
            continue;
        }
        int64_t *ranks = gdi_allocate((size_t)gdi_text_index_count(classes), sizeof *ranks);
        if (ranks == NULL) {
            return gdi_fail_memory(error);
        }
        gdi_text_index_sort(classes, ranks);
        bool any = gdi_text_index_count(classes) > 0;
        for (int64_t at = i; any && at < rows->used; at += schema->column_count) {
            if (!isnan(rows->cells[at])) {
                rows->cells[at] = (double)ranks[(int64_t)rows->cells[at]];
            }
        }
        gdi_free(ranks);
    }
    return GD_OK;
}

static void count_numbers(gdi_csv_schema *schema)
{
    for (int64_t i = 0; i < schema->column_count; i++) {
        gdi_csv_column *cells = &schema->cells[i];
        cells->numbers = schema->row_count - cells->missing - cells->texts - cells->commas;
    }
}

/* Counts and writes the block, which is empty then. */
static gd_status take_block(gdi_csv_schema *schema, gdi_cell_file *file, block *rows,
                            gd_error *error)
{
    int64_t count = rows->used / schema->column_count;
    rows->used = 0;
    gdi_table_statistics_add(&schema->statistics, rows->cells, count);
    if (!gdi_row_sample_add(&schema->sample, rows->cells, count, schema->column_count)) {
        return gdi_fail_memory(error);
    }
    return gdi_cell_file_append(file, rows->cells, count, error);
}

/* All records behind the first, which may be in the block already. */
static gd_status read_rows(gdi_csv_schema *schema, gdi_csv_reader *reader, block *rows,
                           gdi_cell_file *file, bool *mixed, gd_error *error)
{
    gd_status status = GD_OK;
    bool ended = false;
    for (bool first = true; status == GD_OK && !ended; first = false) {
        note_text_columns(schema, rows);
        status = read_block(schema, reader, rows, &ended, error);
        if (status != GD_OK) {
            return status;
        }
        schema->row_count += rows->used / schema->column_count;
        if (first) {
            count_numbers(schema);
            if (!ended && gdi_csv_mark_mixed(schema)) {
                *mixed = true;
                return GD_OK;
            }
            status = sort_first_block(schema, rows, error);
        }
        if (status == GD_OK) {
            status = take_block(schema, file, rows, error);
        }
    }
    return status;
}

/* The first record as a row, which comes into `cells`. */
static gd_status absorb_first(gdi_csv_schema *schema, const gdi_csv_first *first, double *cells,
                              gd_error *error)
{
    gd_status status = GD_OK;
    for (int64_t i = 0; i < first->count && status == GD_OK; i++) {
        status = absorb(schema, &first->fields[i], &cells[i], error);
    }
    return status;
}

/*
 * The rows, with the first record among them where it is known to be one, or where that shows at the
 * end.
 */
static gd_status read_table(gdi_csv_schema *schema, gdi_csv_reader *reader, gdi_csv_first *first,
                            gd_csv_header header, block *rows, gdi_cell_file *file, bool *mixed,
                            bool *kept, gd_error *error)
{
    bool open = header == GD_CSV_HEADER_AUTO && all_texts(first);
    gd_status status = GD_OK;
    schema->header = header == GD_CSV_HEADER_YES;
    *kept = open;
    if (open) {
        status = gdi_cell_file_append(file, rows->cells, 1, error); /* zeros so far */
    } else if (!schema->header) {
        status = absorb_first(schema, first, rows->cells, error);
        rows->used = schema->column_count;
    }
    if (status == GD_OK) {
        status = read_rows(schema, reader, rows, file, mixed, error);
    }
    if (status != GD_OK || *mixed) {
        return status;
    }
    count_numbers(schema);
    schema->header = open ? gdi_csv_decide_header(schema, first->fields) : schema->header;
    if (open && !schema->header) {
        status = absorb_first(schema, first, rows->cells, error);
        if (status == GD_OK &&
            !gdi_row_sample_add(&schema->sample, rows->cells, 1, schema->column_count)) {
            status = gdi_fail_memory(error);
        }
        if (status == GD_OK) {
            status = gdi_cell_file_replace_first(file, rows->cells, error);
        }
        schema->row_count++;
        count_numbers(schema);
    }
    if (status == GD_OK && schema->row_count == 0) {
        return gd_fail(error, GD_INVALID_DATA, "", "the file holds a header and no rows");
    }
    return status;
}

gd_status gdi_csv_pass(gdi_csv_schema *schema, const gdi_csv_source *source, gd_csv_header header,
                       gdi_csv_first *first, gdi_cell_file *file, bool *mixed, bool *kept,
                       gd_error *error)
{
    gdi_csv_reader *reader = NULL;
    block rows = {0};
    *mixed = *kept = false;
    gd_status status = gdi_csv_reader_create(&reader, source, schema->delimiter, error);
    if (status == GD_OK) {
        status = gdi_csv_first_read(first, reader, error);
    }
    if (status == GD_OK) {
        status = gdi_csv_schema_begin(schema, first->count, error);
    }
    if (status == GD_OK && !create_block(&rows, first->count)) {
        status = gdi_fail_memory(error);
    }
    if (status == GD_OK) {
        status = gdi_cell_file_begin(file, file->descriptor, first->count, error);
    }
    if (status == GD_OK) {
        status = read_table(schema, reader, first, header, &rows, file, mixed, kept, error);
    }
    dispose_block(&rows);
    gdi_csv_reader_destroy(reader);
    return status;
}
