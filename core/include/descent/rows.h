/*
 * rows.h: which rows of a frame are meant, in little memory, and the word to stop that long passes
 * over them listen to.
 *
 * A set of rows is a range, which takes no memory, or an ascending list of 4 bytes a row. Ownership:
 * a set owns its list. Thread rule: plain data, one owner; reading is safe from any number of threads.
 */
#ifndef DESCENT_ROWS_H
#define DESCENT_ROWS_H

#include <descent/status.h>

#include <stdbool.h>
#include <stdint.h>

#define GD_ROWS_LISTED_MAXIMUM \
    ((int64_t)UINT32_MAX) /* rows of a frame of which a list can be made */

typedef struct gd_rows {
    int64_t count;
    int64_t first;  /* rows first … first + count - 1 where there is no list */
    uint32_t *list; /* [count], ascending; NULL: the range */
} gd_rows;

static inline int64_t gd_row_at(const gd_rows *rows, int64_t index)
{
    return rows->list == NULL ? rows->first + index : (int64_t)rows->list[index];
}

static inline gd_rows gd_rows_range(int64_t first, int64_t count)
{
    return (gd_rows){.count = count, .first = first};
}

void gd_rows_dispose(gd_rows *rows);

/*
 * Asked every few thousand rows of a long pass, which ends as GD_INTERRUPTED once the answer is yes.
 * A NULL watch, or one without a function, is never asked.
 */
typedef struct gd_watch {
    bool (*is_stopped)(void *context);
    void *context;
} gd_watch;

#define GD_WATCH_EVERY ((int64_t)4096) /* rows between two questions */

static inline bool gd_watch_stops(const gd_watch *watch)
{
    return watch != NULL && watch->is_stopped != NULL && watch->is_stopped(watch->context);
}

/*
 * Splits 0 … row_count-1 into training and validation rows, both ascending and the caller's to
 * dispose of. By fraction: round(fraction × rows), at least 1 and leaving at least 1, drawn with
 * GD_STREAM_SPLIT of `seed`; GD_TOO_LARGE where so many rows cannot be listed. By last: the last n
 * rows in order, as ranges.
 */
gd_status gd_split_fraction(int64_t row_count, double fraction, uint64_t seed, gd_rows *training,
                            gd_rows *validation, const gd_watch *watch, gd_error *error);
gd_status gd_split_last(int64_t row_count, int64_t last, gd_rows *training, gd_rows *validation,
                        gd_error *error);

/* How many rows the split by fraction sets aside; its faults without its work. */
gd_status gd_split_fraction_count(int64_t row_count, double fraction, int64_t *validation_count,
                                  gd_error *error);

#endif
