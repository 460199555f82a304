/*
 * csv_schema.h: what the columns of a CSV file are: the first of two passes.
 *
 * The schema holds finished columns (kind, name, statistics, classes) and, for each categorical one,
 * the index that leads from a text to its class. Its memory grows with columns and classes, not with
 * rows. Thread rule: one owner; immutable once found.
 */
#ifndef DESCENT_DATA_CSV_SCHEMA_H
#define DESCENT_DATA_CSV_SCHEMA_H

#include "data/csv_reader.h"
#include "data/statistics.h"
#include "data/text_index.h"

#include <descent/csv.h>

#define GDI_CSV_MAXIMUM_CLASS_BYTES ((size_t)256 << 20) /* of all classes of a file */
#define GDI_CSV_FAULT_LENGTH        48

/* The first cell of its sort, for a message. */
typedef struct gdi_csv_fault {
    int64_t line; /* 0: there is none */
    char text[GDI_CSV_FAULT_LENGTH];
} gdi_csv_fault;

typedef struct gdi_csv_column {
    int64_t numbers, texts, commas; /* present cells; commas: numbers with a decimal comma */
    int64_t infinities;             /* of the texts: words for infinity */
    int64_t missing;
    gdi_statistics statistics; /* of the numbers */
    gdi_text_index *classes;   /* NULL until the first text */
    bool too_many_classes;
    gdi_csv_fault not_number; /* first text or decimal comma */
    gdi_csv_fault comma;
    gdi_csv_fault non_finite; /* first number beyond a double, or word for infinity */
    gdi_csv_fault unfit;      /* first text that cannot be a class */
} gdi_csv_column;

typedef struct gdi_csv_schema {
    char delimiter;
    bool header;
    int64_t row_count, column_count;
    gdi_csv_column *cells; /* [column_count] what the pass has seen */
    gd_column *columns;    /* [column_count] what follows from it */
    gdi_text_index *names;
    size_t class_bytes;
} gdi_csv_schema;

/* The delimiter of the file: , ; or tab. */
gd_status gdi_csv_find_delimiter(int descriptor, char *delimiter, gd_error *error);

/* Reads the file once, twice where a categorical column also holds numbers. */
gd_status gdi_csv_schema_find(gdi_csv_schema *schema, int descriptor, const gd_csv_options *options,
                              gd_error *error);
void gdi_csv_schema_dispose(gdi_csv_schema *schema);

/*
 * AUTO: whether the first record, [column_count] texts none of which is a number or missing, is a
 * header, judged by the records below it, which alone have been seen so far.
 */
bool gdi_csv_decide_header(const gdi_csv_schema *schema, const gdi_csv_field *first);

/* Fills the columns' names: the options', else the header's `first`, else column_1 and on. */
gd_status gdi_csv_name_columns(gdi_csv_schema *schema, const gd_csv_options *options,
                               const gdi_csv_field *first, gd_error *error);

/* Decides the columns' kinds and refuses what can be neither. Names are there already. */
gd_status gdi_csv_decide_kinds(gdi_csv_schema *schema, gd_error *error);

/* Sorts and lists classes, fills statistics; refuses too many classes and unfit texts. */
gd_status gdi_csv_finish_columns(gdi_csv_schema *schema, gd_error *error);

#endif
