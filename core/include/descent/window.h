/*
 * window.h: examples that are windows over the rows of a series or a text, as views: nothing is
 * copied but the batch.
 *
 * Window i begins at row i · stride and has `length` rows, its features. Its target is `horizon` rows
 * behind its last one; of a sequence model there is a target for each row of the window, `horizon`
 * rows behind it. Pure functions; the rows are borrowed.
 */
#ifndef DESCENT_WINDOW_H
#define DESCENT_WINDOW_H

#include <descent/training.h>

typedef struct gd_window {
    int64_t length, horizon, stride; /* rows, each at least 1 */
} gd_window;

/* Windows that lie in `rows` rows with their targets; 0 where not even one does. */
int64_t gd_window_count(const gd_window *window, int64_t rows);

/*
 * Rows that `count` windows take with their targets, count ≥ 1; INT64_MAX where that cannot be
 * counted.
 */
int64_t gd_window_rows(const gd_window *window, int64_t count);

/*
 * The windows over prepared rows, given as plain examples: features [rows, w], targets [rows, t].
 * They have length · w features and t targets, or length · t for a `sequence` model.
 */
gd_examples gd_window_examples(const gd_window *window, const gd_examples *rows, bool sequence);

#endif
