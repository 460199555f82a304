/*
 * csv_delimiter.c: which of comma, semicolon and tab separates the fields of a file.
 *
 * The first records, at most 200 and about 256 KiB, are read with each of the three until one does
 * not have the first one's number of fields. A candidate is consistent when that happens late or not
 * at all and there are two fields at least. Of several consistent ones that one wins whose fields are
 * most often numbers with a point or a comma ("1,5;2,5" is two numbers by semicolon and fragments by
 * comma), then the one with most fields.
 */
#include "base/number.h"
#include "data/csv_schema.h"

#define SAMPLE_RECORDS 200
#define SAMPLE_BYTES   GDI_BUFFER_SIZE((int64_t)1 << 18)

typedef struct candidate {
    char delimiter;
    int64_t fields;   /* of the first record */
    double agreement; /* share of the records tried that have as many */
    double numbers;   /* share of fields */
} candidate;

static gd_status judge(candidate *judged, const gdi_csv_source *source, gd_error *error)
{
    gdi_csv_reader *reader = NULL;
    gd_status status = gdi_csv_reader_create(&reader, source, judged->delimiter, error);
    if (status != GD_OK) {
        return status;
    }
    int64_t records = 0;
    int64_t fields = 0;
    int64_t numbers = 0;
    gdi_csv_field field;
    gdi_csv_event event = GDI_CSV_END;
    while (records < SAMPLE_RECORDS &&
           (records == 0 || gdi_csv_reader_offset(reader) < SAMPLE_BYTES) &&
           (event = gdi_csv_reader_next(reader, &field)) == GDI_CSV_FIELD) {
        records += field.last ? 1 : 0;
        fields++;
        numbers += field.kind == GDI_CSV_NUMBER || (field.kind == GDI_CSV_TEXT &&
                                                    gdi_number_has_comma(field.text, field.length))
                       ? 1
                       : 0;
    }
    judged->fields = gdi_csv_reader_columns(reader);
    int64_t tried = records + (event == GDI_CSV_FAILED ? 1 : 0);
    judged->agreement = tried > 0 && judged->fields > 1 ? (double)records / (double)tried : 0.0;
    if (records == 0 && fields >= GD_FRAME_MAXIMUM_COLUMNS - 1) {
        /* More fields than are taken, and the right delimiter to say so with. */
        judged->fields = fields;
        judged->agreement = 1.0;
    }
    judged->numbers = fields > 0 ? (double)numbers / (double)fields : 0.0;
    if (event == GDI_CSV_FAILED && gdi_csv_reader_failure(reader, NULL) == GD_IO_ERROR) {
        status = gdi_csv_reader_failure(reader, error);
    }
    gdi_csv_reader_destroy(reader);
    return status;
}

static bool is_better(const candidate *left, const candidate *right)
{
    bool left_consistent = left->agreement >= 0.9;
    bool right_consistent = right->agreement >= 0.9;
    if (!left_consistent || !right_consistent) {
        return left->agreement > right->agreement;
    }
    if (left->numbers != right->numbers) {
        return left->numbers > right->numbers;
    }
    return left->fields > right->fields;
}

gd_status gdi_csv_find_delimiter(const gdi_csv_source *source, char *delimiter, gd_error *error)
{
    candidate candidates[] = {{.delimiter = ','}, {.delimiter = ';'}, {.delimiter = '\t'}};
    const candidate *best = &candidates[0];
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        gd_status status = judge(&candidates[i], source, error);
        if (status != GD_OK) {
            return status;
        }
        if (is_better(&candidates[i], best)) {
            best = &candidates[i];
        }
    }
    *delimiter = best->delimiter;
    return GD_OK;
}
