/*
 * csv.c: a CSV file into a frame file. See csv.h.
 *
 * One pass (csv_pass.c) finds the schema and writes the cells; a second one follows only where a
 * categorical column turned out to hold numbers as well, and reads those columns as texts. Names,
 * kinds and the order of classes (csv_columns.c) are settled behind it, and then the frame file's
 * head is written around the cells.
 */
#include <descent/csv.h>

#include "data/csv_schema.h"

gd_csv_options gd_csv_options_default(void)
{
    return (gd_csv_options){.header = GD_CSV_HEADER_AUTO};
}

/* A pass, and what follows from it. *again where it takes another one. */
static gd_status read_once(gdi_csv_schema *schema, const gdi_csv_source *source,
                           const gd_csv_options *options, gdi_cell_file *file, bool *again,
                           gd_error *error)
{
    gdi_csv_first first = {0};
    bool kept = false;
    gd_status status =
        gdi_csv_pass(schema, source, options->header, &first, file, again, &kept, error);
    bool whole = status == GD_OK && !*again;
    if (whole) {
        status = gdi_csv_name_columns(schema, options, first.fields, error);
    }
    gdi_csv_first_dispose(&first);
    if (whole && status == GD_OK) {
        status = gdi_csv_decide_kinds(schema, error);
    }
    if (whole && status == GD_OK) {
        *again = gdi_csv_mark_mixed(schema);
    }
    if (status == GD_OK && !*again) {
        status = gdi_csv_finish_columns(schema, file, error);
    }
    if (status == GD_OK && !*again) {
        status = gdi_cell_file_finish(file, schema->columns, kept && schema->header ? 1 : 0, error);
    }
    return status;
}

static void report_ids(const gdi_csv_schema *schema, gd_csv_report *report)
{
    for (int64_t i = 0; i < schema->column_count && report->id_count < GD_CSV_IDS; i++) {
        const gd_column *column = &schema->columns[i];
        bool numbering = column->kind == GD_COLUMN_NUMERIC
                             ? gdi_table_statistics_is_numbering(&schema->statistics, i)
                             : column->class_count == schema->row_count &&
                                   schema->row_count >= GDI_NUMBERING_ROWS;
        if (numbering) {
            report->ids[report->id_count++] = i;
        }
    }
}

gd_status gd_csv_to_frame_file(int input, int output, const gd_csv_options *options,
                               gd_csv_report *report, gd_error *error)
{
    char delimiter = options->delimiter;
    if (delimiter != '\0' && delimiter != ',' && delimiter != ';' && delimiter != '\t') {
        return gd_fail(error, GD_INVALID_ARGUMENT, "delimiter",
                       "the delimiter is a comma, a semicolon or a tab");
    }
    const gdi_csv_source source = {input, options->wait, options->wait_context};
    gdi_csv_schema schema = {.delimiter = delimiter};
    gdi_cell_file file = {.descriptor = output};
    gd_status status = GD_OK;
    if (delimiter == '\0') {
        status = gdi_csv_find_delimiter(&source, &schema.delimiter, error);
    }
    bool again = status == GD_OK;
    while (status == GD_OK && again) {
        gdi_csv_schema_reset(&schema);
        gdi_cell_file_dispose(&file);
        status = read_once(&schema, &source, options, &file, &again, error);
    }
    if (status == GD_OK && report != NULL) {
        *report = (gd_csv_report){.rows = schema.row_count,
                                  .columns = schema.column_count,
                                  .delimiter = schema.delimiter,
                                  .header = schema.header};
        report->repeated_rows =
            gdi_row_sample_repeated(&schema.sample, &report->repeated_rows_exact);
        report_ids(&schema, report);
    }
    gdi_cell_file_dispose(&file);
    gdi_csv_schema_dispose(&schema);
    return status;
}
