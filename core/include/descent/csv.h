/*
 * csv.h: comma-separated text (RFC 4180 and what people really write) into a frame file.
 *
 * One pass over a file on disk, memory independent of its size, finds delimiter, header, column
 * kinds, classes and statistics and writes the cells; a second one is made only where a categorical
 * column also holds numbers. Numbers are read exactly, and cells have the smallest of uint8, uint16
 * and float64 that holds all of them exactly. The file may still be growing (`wait`).
 * Accepted: quoted fields with doubled quotes and line breaks, CRLF, LF, a byte order mark, blanks
 * around fields, empty lines at the end. Missing: an empty field, `?`, `NA`, `N/A`, `NaN`, `null`
 * (case ignored). Rows of different length are refused with their line number; so is a column in
 * which nearly all cells (90 % and at least 10) are numbers and a few are not, with the line of the
 * first such cell; so are decimal commas, and numbers beyond the range of a double. Lines are counted
 * from 1 as an editor shows them. Any other column with a text is categorical, and its numbers are
 * texts too. A field has at most 1 MiB, all classes together 256 MiB.
 */
#ifndef DESCENT_CSV_H
#define DESCENT_CSV_H

#include <descent/frame.h>

typedef enum gd_csv_header {
    GD_CSV_HEADER_AUTO,
    GD_CSV_HEADER_YES,
    GD_CSV_HEADER_NO
} gd_csv_header;

/* What a file that is still being written has to say to its reader. */
typedef enum gd_csv_arrival {
    GD_CSV_MORE,     /* it is longer than `offset` by now */
    GD_CSV_COMPLETE, /* it ends there */
    GD_CSV_ABANDONED /* the rest will never come */
} gd_csv_arrival;

/* Called where the file ended at `offset`; returns when it is known how it goes on. */
typedef gd_csv_arrival (*gd_csv_wait)(void *context, int64_t offset);

typedef struct gd_csv_options {
    gd_csv_header header;     /* AUTO: the first row is a header when its fields are non-empty texts
                                 that are no numbers and some column below holds numbers, or when
                                 every field of it is unique and unlike the column below; a file
                                 of one row has none */
    char delimiter;           /* 0: found among , ; tab */
    const char *const *names; /* [name_count] or NULL: then the header's, else column_1 … */
    int64_t name_count;
    gd_csv_wait wait; /* NULL: the file is whole; otherwise it is read as it grows */
    void *wait_context;
} gd_csv_options;

gd_csv_options gd_csv_options_default(void);

#define GD_CSV_IDS 20 /* id-like columns told at most */

typedef struct gd_csv_report {
    int64_t rows, columns;
    char delimiter;
    bool header;
    int64_t repeated_rows;    /* rows equal to an earlier one */
    bool repeated_rows_exact; /* false: an estimate, for there are more than 2^16 different rows */
    int64_t
        ids[GD_CSV_IDS]; /* columns that look like numbers or names given to the rows: growing or
                                 consecutive whole numbers, or as many classes as rows */
    int64_t id_count;
} gd_csv_report;

/* Reads `input` (a seekable descriptor, from its start) and writes a frame file to `output`. */
gd_status gd_csv_to_frame_file(int input, int output, const gd_csv_options *options,
                               gd_csv_report *report, gd_error *error);

#endif
