/*
 * csv_reader_state.h: what a CSV reader is inside, for the files that make it up: csv_buffer.c (bytes of
 * the file), csv_reader.c (records, any field) and csv_plain.c (numbers and texts without quotes, the
 * most there are).
 */
#ifndef DESCENT_DATA_CSV_READER_STATE_H
#define DESCENT_DATA_CSV_READER_STATE_H

#include "data/csv_reader.h"

#define GDI_CSV_GUARD 64U /* bytes behind the data, all line feeds */

/* Properties of a byte. */
#define GDI_CSV_BLANK        1U /* taken off around fields */
#define GDI_CSV_STOP         2U /* ends an unquoted field */
#define GDI_CSV_NUMBER_START 4U
#define GDI_CSV_DIGIT        8U
#define GDI_CSV_TEXT_START \
    16U /* begins a text that is no number and, but for n and N, not missing */

struct gdi_csv_reader {
    char *buffer; /* [BUFFER_SIZE + GDI_CSV_GUARD] */
    char *next;   /* first byte not taken */
    char *end;    /* behind the data; *end is a line feed */
    bool at_end;  /* of the file */
    char delimiter;
    unsigned char properties[256];
    gdi_csv_source source;
    int64_t offset; /* of `end` in the file */
    int64_t line, record_line;
    int64_t column, column_count; /* of the next field; of the first record */
    int64_t records, empty_lines; /* empty lines passed before this record, one column only */
    int64_t first_empty;
    gd_error failure;
};

static inline bool gdi_csv_has(const gdi_csv_reader *reader, char byte, unsigned property)
{
    return (reader->properties[(unsigned char)byte] & property) != 0;
}

/*
 * Moves what begins at `keep` to the buffer's start and fills the rest. False after a failure and
 * where there is no room: a field longer than allowed.
 */
bool gdi_csv_refill(gdi_csv_reader *reader, char *keep);

/* True for nothing and the words that stand for it. */
bool gdi_csv_is_missing(const char *text, size_t length);

/*
 * A text without quotes that begins at `start` and ends inside the buffer: fills text and length and
 * returns where it stops; NULL where it may be something else, or its end is not there yet.
 */
char *gdi_csv_plain_text(const gdi_csv_reader *reader, char *start, gdi_csv_field *field);

#endif
