/*
 * csv.h: comma-separated text (RFC 4180 and what people really write) into a frame file.
 *
 * Two passes over a file on disk, memory independent of its size: the first finds delimiter, header,
 * column kinds, classes and statistics, the second writes the cells. Numbers are read exactly.
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

typedef struct gd_csv_options {
    gd_csv_header header;     /* AUTO: the first row is a header when its fields are non-empty texts
                                 that are no numbers and some column below holds numbers, or when
                                 every field of it is unique and unlike the column below; a file
                                 of one row has none */
    char delimiter;           /* 0: found among , ; tab */
    const char *const *names; /* [name_count] or NULL: then the header's, else column_1 … */
    int64_t name_count;
} gd_csv_options;

gd_csv_options gd_csv_options_default(void);

typedef struct gd_csv_report {
    int64_t rows, columns;
    char delimiter;
    bool header;
} gd_csv_report;

/* Reads `input` (a seekable descriptor, from its start) and writes a frame file to `output`. */
gd_status gd_csv_to_frame_file(int input, int output, const gd_csv_options *options,
                               gd_csv_report *report, gd_error *error);

#endif
