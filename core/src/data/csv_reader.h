/*
 * csv_reader.h: CSV text, field by field, with fixed memory.
 *
 * The reader gives rectangular records only: a record whose number of fields differs from the first
 * one's is an error with its line. Empty lines before the first and after the last record are passed
 * over; between records they are missing cells where there is one column, else an error. Lines count
 * from 1 and are those of the file, so a line break inside quotes counts. Thread rule: one owner.
 */
#ifndef DESCENT_DATA_CSV_READER_H
#define DESCENT_DATA_CSV_READER_H

#include <descent/csv.h>

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>

#define GDI_CSV_MAXIMUM_FIELD GDI_BUFFER_SIZE((size_t)1 << 20) /* bytes of one field */

typedef enum gdi_csv_event {
    GDI_CSV_FIELD, /* *field is filled */
    GDI_CSV_END,   /* no more records */
    GDI_CSV_FAILED /* gdi_csv_reader_failure says why */
} gdi_csv_event;

typedef enum gdi_csv_kind {
    GDI_CSV_MISSING,
    GDI_CSV_NUMBER,    /* finite */
    GDI_CSV_TOO_LARGE, /* a number beyond the range of a double */
    GDI_CSV_TEXT
} gdi_csv_kind;

typedef struct gdi_csv_field {
    const char *text; /* without quotes and the blanks around; valid until the next call; no NUL */
    size_t length;
    gdi_csv_kind kind;
    bool last;      /* of its record */
    double value;   /* NUMBER; NaN otherwise */
    int64_t line;   /* where it begins */
    int64_t column; /* from 0 */
} gdi_csv_field;

/* Where the text comes from: a file that is whole, or still grows. */
typedef struct gdi_csv_source {
    int descriptor;
    gd_csv_wait wait; /* NULL: the file is whole */
    void *wait_context;
} gdi_csv_source;

typedef struct gdi_csv_reader gdi_csv_reader;

/* Reads from byte 0 of the descriptor, whose own position is left alone. */
gd_status gdi_csv_reader_create(gdi_csv_reader **reader, const gdi_csv_source *source,
                                char delimiter, gd_error *error);
void gdi_csv_reader_destroy(gdi_csv_reader *reader);

gdi_csv_event gdi_csv_reader_next(gdi_csv_reader *reader, gdi_csv_field *field);

/*
 * Takes plain numbers, one after the other and over the ends of records, to cells [room] until
 * something else comes or what was read of the file ends; returns how many. What follows is had by
 * gdi_csv_reader_next. None before the first record has been read.
 */
int64_t gdi_csv_reader_numbers(gdi_csv_reader *reader, double *cells, int64_t room);

/* Copies the failure after GDI_CSV_FAILED and returns its status. */
gd_status gdi_csv_reader_failure(const gdi_csv_reader *reader, gd_error *error);

/* Fields of a record; 0 before the first record has been read to its end. */
int64_t gdi_csv_reader_columns(const gdi_csv_reader *reader);

/* Bytes taken so far. */
int64_t gdi_csv_reader_offset(const gdi_csv_reader *reader);

#endif
