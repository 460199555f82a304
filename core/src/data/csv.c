/*
 * csv.c: a CSV file into a frame file. See csv.h.
 *
 * The first pass (csv_schema.c) finds everything the frame file's head needs; this second one writes
 * the cells through one buffer. Both read through the same reader, so what passed the first can only
 * fail here where the file has been changed in between.
 */
#include <descent/csv.h>

#include "base/memory.h"
#include "data/csv_schema.h"
#include "data/frame_layout.h"

#include <math.h>

#define CELLS_BUFFERED ((size_t)1 << 15)

gd_csv_options gd_csv_options_default(void)
{
    return (gd_csv_options){.header = GD_CSV_HEADER_AUTO};
}

static gd_status fail_changed(gd_error *error)
{
    return gd_fail(error, GD_IO_ERROR, "", "the file changed while it was read");
}

/* The cell of a field; false where it is not what the schema says. */
static inline bool cell_of(const gdi_csv_schema *schema, const gdi_csv_field *field, double *cell)
{
    if (field->column >= schema->column_count) {
        return false;
    }
    if (field->kind == GDI_CSV_MISSING) {
        *cell = (double)NAN;
        return true;
    }
    if (schema->columns[field->column].kind == GD_COLUMN_NUMERIC) {
        *cell = field->value;
        return field->kind == GDI_CSV_NUMBER;
    }
    int64_t number =
        gdi_text_index_find(schema->cells[field->column].classes, field->text, field->length);
    *cell = (double)number;
    return number >= 0;
}

static gd_status write_cells(const gdi_csv_schema *schema, gdi_csv_reader *reader, int output,
                             double *cells, gd_error *error)
{
    size_t used = 0;
    int64_t rows = 0;
    bool header = schema->header;
    gdi_csv_field field;
    gdi_csv_event event = GDI_CSV_END;
    while ((event = gdi_csv_reader_next(reader, &field)) == GDI_CSV_FIELD) {
        if (header) {
            header = !field.last;
            continue;
        }
        if (!cell_of(schema, &field, &cells[used])) {
            return fail_changed(error);
        }
        rows += field.last ? 1 : 0;
        if (++used == CELLS_BUFFERED) {
            gd_status status = gdi_write_all(output, cells, used * sizeof *cells, error);
            if (status != GD_OK) {
                return status;
            }
            used = 0;
        }
    }
    if (event == GDI_CSV_FAILED || rows != schema->row_count ||
        gdi_csv_reader_columns(reader) != schema->column_count) {
        return fail_changed(error);
    }
    return gdi_write_all(output, cells, used * sizeof *cells, error);
}

static gd_status write_frame(const gdi_csv_schema *schema, int input, int output, gd_error *error)
{
    gdi_csv_reader *reader = NULL;
    gd_status status = gdi_csv_reader_create(&reader, input, schema->delimiter, error);
    if (status != GD_OK) {
        return status;
    }
    double *cells = gdi_allocate(CELLS_BUFFERED, sizeof *cells);
    if (cells == NULL) {
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
    } else {
        status = gdi_frame_write_head(output, schema->columns, schema->column_count,
                                      schema->row_count, GDI_CELL_FLOAT64, error);
    }
    if (status == GD_OK) {
        status = write_cells(schema, reader, output, cells, error);
    }
    gdi_free(cells);
    gdi_csv_reader_destroy(reader);
    return status;
}

gd_status gd_csv_to_frame_file(int input, int output, const gd_csv_options *options,
                               gd_csv_report *report, gd_error *error)
{
    char delimiter = options->delimiter;
    if (delimiter != '\0' && delimiter != ',' && delimiter != ';' && delimiter != '\t') {
        return gd_fail(error, GD_INVALID_ARGUMENT, "delimiter",
                       "the delimiter is a comma, a semicolon or a tab");
    }
    gdi_csv_schema schema;
    gd_status status = gdi_csv_schema_find(&schema, input, options, error);
    if (status == GD_OK) {
        status = write_frame(&schema, input, output, error);
    }
    if (status == GD_OK && report != NULL) {
        *report = (gd_csv_report){.rows = schema.row_count,
                                  .columns = schema.column_count,
                                  .delimiter = schema.delimiter,
                                  .header = schema.header};
    }
    gdi_csv_schema_dispose(&schema);
    return status;
}
