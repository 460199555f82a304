/*
 * csv_columns.c: what follows from the cells a pass has seen: header or not, names, kinds, classes.
 *
 * A column whose present cells are all numbers is numeric. Where some are and some are not, it is
 * categorical, unless nearly all are numbers: then the others are taken for mistakes and the first is
 * named, for a silent class "12,5" or "n.a." would spoil a model. The rules are those of csv.h.
 */
#include "data/csv_schema.h"

#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/text.h"

#include <stdio.h>
#include <string.h>

#define NAME_LENGTH_SHOWN 72U /* of a column's name in a message */

static bool nearly_all_numbers(int64_t numbers, int64_t present)
{
    return numbers > 0 && numbers >= present - present / 10;
}

bool gdi_csv_decide_header(const gdi_csv_schema *schema, const gdi_csv_field *first)
{
    if (schema->row_count == 0) {
        return false;
    }
    bool unlike = true;
    for (int64_t i = 0; i < schema->column_count; i++) {
        const gdi_csv_column *cells = &schema->cells[i];
        int64_t numbers = cells->numbers + cells->commas;
        if (nearly_all_numbers(numbers, numbers + cells->texts)) {
            return true;
        }
        if (cells->classes != NULL &&
            gdi_text_index_find(cells->classes, first[i].text, first[i].length) >= 0) {
            unlike = false;
        }
    }
    gdi_text_index *fields = unlike ? gdi_text_index_create() : NULL;
    for (int64_t i = 0; fields != NULL && unlike && i < schema->column_count; i++) {
        unlike = gdi_text_index_add(fields, first[i].text, first[i].length, i + 1) == i;
    }
    unlike = unlike && fields != NULL;
    gdi_text_index_destroy(fields);
    return unlike;
}

static gd_status add_name(gdi_csv_schema *schema, int64_t index, const char *name, size_t length,
                          const char *path, gd_error *error)
{
    char shown[NAME_LENGTH_SHOWN];
    gdi_text_quote(name, length, shown, sizeof shown);
    if (length == 0 || length > GD_FRAME_MAXIMUM_NAME || !gdi_text_is_clean(name, length)) {
        return gd_fail(error, GD_INVALID_DATA, path,
                       "the name of column %lld, '%s', is not 1 to %d bytes of UTF-8 without "
                       "control characters",
                       (long long)index + 1, shown, GD_FRAME_MAXIMUM_NAME);
    }
    int64_t number = gdi_text_index_add(schema->names, name, length, GD_FRAME_MAXIMUM_COLUMNS);
    if (number == -1) {
        return gdi_fail_memory(error);
    }
    if (number != index) {
        return gd_fail(error, GD_INVALID_DATA, path,
                       "columns %lld and %lld are both named '%s'; rename one, or give names with "
                       "`columns`",
                       (long long)number + 1, (long long)index + 1, shown);
    }
    schema->columns[index].name = gdi_text_index_text(schema->names, index);
    return GD_OK;
}

gd_status gdi_csv_name_columns(gdi_csv_schema *schema, const gd_csv_options *options,
                               const gdi_csv_field *first, gd_error *error)
{
    bool given = options->names != NULL && options->name_count > 0;
    if (given && options->name_count != schema->column_count) {
        return gd_fail(error, GD_INVALID_DATA, "columns", "%lld names are given for %lld columns",
                       (long long)options->name_count, (long long)schema->column_count);
    }
    gd_status status = GD_OK;
    for (int64_t i = 0; i < schema->column_count && status == GD_OK; i++) {
        char made[32];
        int length = snprintf(made, sizeof made, "column_%lld", (long long)i + 1);
        if (given) {
            status =
                add_name(schema, i, options->names[i], strlen(options->names[i]), "columns", error);
        } else if (schema->header && first[i].length > 0) {
            status = add_name(schema, i, first[i].text, first[i].length, "", error);
        } else {
            status = add_name(schema, i, made, (size_t)length, "", error);
        }
    }
    return status;
}

/* A refusal that shows line, column and text of a cell. */
static gd_status refuse(const gdi_csv_schema *schema, int64_t index, const gdi_csv_fault *fault,
                        const char *what, gd_error *error)
{
    char name[NAME_LENGTH_SHOWN];
    const char *whole = schema->columns[index].name;
    gdi_text_quote(whole, strlen(whole), name, sizeof name);
    return gd_fail(error, GD_INVALID_DATA, "", "line %lld, column '%s': '%s' %s",
                   (long long)fault->line, name, fault->text, what);
}

static gd_status decide_kind(gdi_csv_schema *schema, int64_t index, gd_error *error)
{
    static const gdi_csv_faults none = {0};
    const gdi_csv_column *cells = &schema->cells[index];
    const gdi_csv_faults *faults = cells->faults != NULL ? cells->faults : &none;
    int64_t numbers = cells->numbers + cells->commas;
    int64_t present = numbers + cells->texts;
    bool numeric = cells->texts == 0 || (numbers >= 10 && nearly_all_numbers(numbers, present));
    if (numeric && faults->not_number.line > 0) {
        bool comma = faults->not_number.line == faults->comma.line;
        return refuse(schema, index, &faults->not_number,
                      comma ? "has a comma; write numbers with a decimal point and without "
                              "thousands separators"
                            : "is not a number as nearly all others are; correct it, or for a "
                              "missing value leave the cell empty or write NA or ?",
                      error);
    }
    if (faults->non_finite.line > 0 &&
        (numeric || (cells->texts == cells->infinities && numbers > 0))) {
        return refuse(schema, index, &faults->non_finite,
                      "is beyond the range of a number; for a missing value leave the cell empty "
                      "or write NA or ?",
                      error);
    }
    schema->columns[index].kind = numeric ? GD_COLUMN_NUMERIC : GD_COLUMN_CATEGORICAL;
    return GD_OK;
}

gd_status gdi_csv_decide_kinds(gdi_csv_schema *schema, gd_error *error)
{
    gd_status status = GD_OK;
    for (int64_t i = 0; i < schema->column_count && status == GD_OK; i++) {
        status = decide_kind(schema, i, error);
    }
    return status;
}

bool gdi_csv_mark_mixed(gdi_csv_schema *schema)
{
    bool any = false;
    for (int64_t i = 0; i < schema->column_count; i++) {
        const gdi_csv_column *cells = &schema->cells[i];
        bool mixed = cells->texts > 0 && cells->numbers > 0 && !schema->as_text[i];
        schema->as_text[i] = schema->as_text[i] || mixed;
        any = any || mixed;
    }
    return any;
}

/* ranks[index] tells how to number the cells of a column anew, where they are not right already. */
static gd_status sort_classes(gdi_csv_schema *schema, int64_t index, int64_t **ranks,
                              gd_error *error)
{
    gdi_text_index *classes = schema->cells[index].classes;
    int64_t count = gdi_text_index_count(classes);
    int64_t *made = gdi_allocate((size_t)count, sizeof *made);
    if (made == NULL) {
        return gdi_fail_memory(error);
    }
    gdi_text_index_sort(classes, made);
    bool same = true;
    for (int64_t i = 0; i < count && same; i++) {
        same = made[i] == i;
    }
    ranks[index] = same ? NULL : made;
    if (same) {
        gdi_free(made);
    }
    return gdi_column_list_classes(&schema->columns[index], classes) ? GD_OK
                                                                     : gdi_fail_memory(error);
}

static gd_status finish_column(gdi_csv_schema *schema, int64_t index, int64_t **ranks,
                               gd_error *error)
{
    gdi_csv_column *cells = &schema->cells[index];
    gd_column *column = &schema->columns[index];
    gdi_column_describe(column, &schema->statistics.of[index], cells->missing);
    if (column->kind == GD_COLUMN_NUMERIC) {
        return GD_OK;
    }
    if (cells->faults->unfit.line > 0) {
        return refuse(schema, index, &cells->faults->unfit,
                      "cannot be a class: at most 256 bytes of UTF-8 without control characters; "
                      "leave the column out, or save the file as UTF-8",
                      error);
    }
    if (cells->too_many_classes) {
        char name[NAME_LENGTH_SHOWN];
        gdi_text_quote(column->name, strlen(column->name), name, sizeof name);
        return gd_fail(error, GD_INVALID_DATA, "",
                       "column '%s' has more than %lld different texts; leave it out of the file, "
                       "or group them",
                       name, (long long)GD_FRAME_MAXIMUM_CLASSES);
    }
    return sort_classes(schema, index, ranks, error);
}

gd_status gdi_csv_finish_columns(gdi_csv_schema *schema, gdi_cell_file *file, gd_error *error)
{
    int64_t **ranks = gdi_allocate((size_t)schema->column_count, sizeof *ranks);
    gd_status status = ranks != NULL ? GD_OK : gdi_fail_memory(error);
    bool any = false;
    for (int64_t i = 0; status == GD_OK && i < schema->column_count; i++) {
        status = finish_column(schema, i, ranks, error);
        any = any || ranks[i] != NULL;
    }
    if (status == GD_OK && any) {
        status = gdi_cell_file_renumber(file, ranks, error);
    }
    for (int64_t i = 0; ranks != NULL && i < schema->column_count; i++) {
        gdi_free(ranks[i]);
    }
    gdi_free(ranks);
    return status;
}
