/*
 * csv_schema.h: what the columns of a CSV file are, and the pass over its text that finds it and
 * writes the cells at the same time.
 *
 * The schema holds finished columns (kind, name, statistics, classes) and, for each categorical one,
 * the index that leads from a text to its class. Its memory grows with columns and classes, not with
 * rows. Thread rule: one owner; immutable once found.
 */
#ifndef DESCENT_DATA_CSV_SCHEMA_H
#define DESCENT_DATA_CSV_SCHEMA_H

#include "data/cell_file.h"
#include "data/csv_reader.h"
#include "data/row_sample.h"
#include "data/table_statistics.h"
#include "data/text_index.h"

#include <descent/csv.h>

#define GDI_CSV_MAXIMUM_CLASS_BYTES ((size_t)256 << 20) /* of all classes of a file */
#define GDI_CSV_FAULT_LENGTH        48

/* The first cell of its sort, for a message. */
typedef struct gdi_csv_fault {
    int64_t line; /* 0: there is none */
    char text[GDI_CSV_FAULT_LENGTH];
} gdi_csv_fault;

typedef struct gdi_csv_faults {
    gdi_csv_fault not_number; /* first text or decimal comma */
    gdi_csv_fault comma;
    gdi_csv_fault non_finite; /* first number beyond a double, or word for infinity */
    gdi_csv_fault unfit;      /* first text that cannot be a class */
} gdi_csv_faults;

typedef struct gdi_csv_column {
    int64_t numbers, texts, commas; /* present cells; commas: numbers with a decimal comma;
                                       numbers are counted when the pass ends */
    int64_t infinities;             /* of the texts: words for infinity */
    int64_t missing;
    gdi_text_index *classes; /* NULL until the first text */
    bool too_many_classes;
    gdi_csv_faults *faults; /* NULL: there are none */
} gdi_csv_column;

typedef struct gdi_csv_schema {
    char delimiter;
    bool header;
    int64_t row_count, column_count;
    gdi_csv_column *cells; /* [column_count] what the pass has seen */
    gd_column *columns;    /* [column_count] what follows from it */
    bool *as_text;         /* [column_count] its numbers are classes too; from an earlier pass */
    gdi_text_index *names;
    size_t class_bytes;
    gdi_table_statistics statistics; /* of the cells; good for numeric columns */
    gdi_row_sample sample;
} gdi_csv_schema;

/* The first record: its fields with copies of their texts, each cut behind the longest name. */
typedef struct gdi_csv_first {
    gdi_csv_field *fields;
    int64_t count, capacity;
    char *texts; /* all of them, each with its NUL */
    size_t length, room;
} gdi_csv_first;

/* The delimiter of the file: , ; or tab. */
gd_status gdi_csv_find_delimiter(const gdi_csv_source *source, char *delimiter, gd_error *error);

/*
 * Reads the file from its start: counts, classes, statistics, and all cells to `file`, classes by
 * their number in the columns' indices. `schema` has its delimiter and, from a pass before, which
 * columns are read as texts, or is otherwise empty. *mixed tells that the pass has been given up
 * early, for a column must be read as texts; it is to be called again then. With *kept, the
 * first row in `file` stands for the first record and is one to leave out where that is a header.
 */
gd_status gdi_csv_pass(gdi_csv_schema *schema, const gdi_csv_source *source, gd_csv_header header,
                       gdi_csv_first *first, gdi_cell_file *file, bool *mixed, bool *kept,
                       gd_error *error);

/* Reads the first record; _dispose is due in every case. */
gd_status gdi_csv_first_read(gdi_csv_first *first, gdi_csv_reader *reader, gd_error *error);
void gdi_csv_first_dispose(gdi_csv_first *first);

/* Columns of which nothing has been seen yet. */
gd_status gdi_csv_schema_begin(gdi_csv_schema *schema, int64_t columns, gd_error *error);

/* Marks the categorical columns that hold numbers too, and were not read as texts; false: none. */
bool gdi_csv_mark_mixed(gdi_csv_schema *schema);

/* Forgets everything but the delimiter and what is read as text. */
void gdi_csv_schema_reset(gdi_csv_schema *schema);
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

/*
 * Sorts and lists classes and numbers the cells in `file` by that order, fills statistics; refuses
 * too many classes and unfit texts.
 */
gd_status gdi_csv_finish_columns(gdi_csv_schema *schema, gdi_cell_file *file, gd_error *error);

#endif
