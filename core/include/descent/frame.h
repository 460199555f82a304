/*
 * frame.h: a table as people have it: named columns, numeric or categorical, and rows.
 *
 * A frame is either built in memory or opened from a frame file, which is mapped and never read
 * whole. Cells are doubles: the number itself, for a categorical column the index of its class, and
 * NaN where the cell is missing. Ownership: a frame owns its columns and names. Thread rule:
 * immutable once built or opened, so any number of threads may read it.
 */
#ifndef DESCENT_FRAME_H
#define DESCENT_FRAME_H

#include <descent/random.h>
#include <descent/rows.h>
#include <descent/status.h>

#include <stdbool.h>

#define GD_FRAME_MAXIMUM_COLUMNS ((int64_t)100000)
#define GD_FRAME_MAXIMUM_CLASSES ((int64_t)10000)
#define GD_FRAME_MAXIMUM_NAME    256 /* bytes of a column's or a class's name */

typedef enum gd_column_kind {
    GD_COLUMN_NUMERIC,
    GD_COLUMN_CATEGORICAL
} gd_column_kind;

typedef struct gd_column {
    const char *name;
    gd_column_kind kind;
    const char *const *classes; /* [class_count], in order of byte value; NULL when numeric */
    int64_t class_count;
    int64_t missing;         /* cells without a value */
    double minimum, maximum; /* of the cells that have one; NaN when there is none, and for
                                        a categorical column */
    double mean,
        standard_deviation; /* population (divided by n), by Welford's method; NaN likewise,
                                        and where the values are too far apart for a double */
} gd_column;

typedef struct gd_frame gd_frame;

void gd_frame_destroy(gd_frame *frame);

int64_t gd_frame_row_count(const gd_frame *frame);
int64_t gd_frame_column_count(const gd_frame *frame);
/* Bytes a row takes in the file, or the memory, it stands in. */
int64_t gd_frame_row_bytes(const gd_frame *frame);
const gd_column *gd_frame_column(const gd_frame *frame, int64_t index);
/* Index of the column of that name, or -1. */
int64_t gd_frame_find(const gd_frame *frame, const char *name);
/* Copies row `row` into `cells` [columns]. */
void gd_frame_read_row(const gd_frame *frame, int64_t row, double *cells);

/*
 * One pass over a column. Its distinct numbers, ascending, newly allocated (free); GD_TOO_LARGE where
 * they are more than `maximum`. The first row without a value, or -1.
 */
gd_status gd_frame_numbers(const gd_frame *frame, int64_t column, int64_t maximum, double **numbers,
                           int64_t *count, const gd_watch *watch, gd_error *error);
int64_t gd_frame_find_missing(const gd_frame *frame, int64_t column);

/*
 * The columns of `frame`, and behind them column `column` of `other`, row by row: targets that come
 * from another file. It is named `name`, or with NULL as it was, or where that is taken "target",
 * "target_2" and so on. Both frames are borrowed and must outlive the joined one. GD_SHAPE_MISMATCH
 * where they have not as many rows.
 */
gd_status gd_frame_join(gd_frame **joined, const gd_frame *frame, const gd_frame *other,
                        int64_t column, const char *name, gd_error *error);

/*
 * Building in memory, cell by cell in row order. A column is numeric when all its cells are numbers,
 * categorical when all are texts; a column that mixes the two is refused with path
 * "rows/<row>/<column>" at the first cell that differs from the column's first value, and so is an
 * infinity; NaN is a missing cell. Texts are at most GD_FRAME_MAXIMUM_NAME bytes of UTF-8. A column
 * without any value is numeric. A refused cell leaves the builder as it was.
 */
typedef struct gd_frame_builder gd_frame_builder;

gd_status gd_frame_builder_create(gd_frame_builder **builder, const char *const *names,
                                  int64_t column_count, gd_error *error);
void gd_frame_builder_destroy(gd_frame_builder *builder);
gd_status gd_frame_builder_number(gd_frame_builder *builder, double value, gd_error *error);
gd_status gd_frame_builder_text(gd_frame_builder *builder, const char *text, gd_error *error);
gd_status gd_frame_builder_missing(gd_frame_builder *builder, gd_error *error);
/* The builder stays the caller's to destroy; cells must fill whole rows. */
gd_status gd_frame_builder_finish(gd_frame_builder *builder, gd_frame **frame, gd_error *error);

/*
 * Frame files: magic, version, schema with statistics, then row-major cells, little-endian and all of
 * one type that holds each exactly: float64 or float32, or uint8 or uint16 where all are whole and
 * none is missing; all sizes checked against the file's length before use: whatever is not a whole
 * file of this version is GD_CORRUPT. The file must not be shortened while it is open.
 * Writing goes to the open descriptor given; making it durable and naming it is the caller's. A
 * joined frame is not written (GD_UNSUPPORTED), nor is a sparse one, which libsvm.h writes and
 * gd_frame_open opens.
 */
gd_status gd_frame_open(gd_frame **frame, const char *path, gd_error *error);
gd_status gd_frame_write(const gd_frame *frame, int descriptor, gd_error *error);

#endif
