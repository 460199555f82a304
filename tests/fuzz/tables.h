/*
 * tables.h: what the targets that read tables share.
 */
#ifndef TESTS_FUZZ_TABLES_H
#define TESTS_FUZZ_TABLES_H

#include "fuzz/fuzz.h"

#include <descent/frame.h>

/* Opens a frame file that was written to a descriptor. */
gd_status fuzz_open_frame(gd_frame **frame, int descriptor);

/* Holds a frame against what frame.h promises of every one: names, classes, statistics, cells. With
 * `trusted`, written by the product just now, the cells fit the columns too. */
void fuzz_expect_frame(const gd_frame *frame, bool trusted);

/* A reader's result: a frame file that opens to `rows` and `columns`, or a failure that says why. */
void fuzz_expect_read(gd_status status, const gd_error *error, int output, int64_t rows,
                      int64_t columns);

/* A small frame of two numeric columns and a categorical one, with missing cells. */
gd_frame *fuzz_small_frame(void);

#endif
