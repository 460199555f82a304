/*
 * columns.h: the columns of a frame as the API describes them. Pure functions; any thread.
 */
#ifndef JOBS_COLUMNS_H
#define JOBS_COLUMNS_H

#include <descent/frame.h>

/* Columns a frame has for its readers: of sparse features one each, behind the label. */
int64_t jobs_count_columns(const gd_frame *frame);

/* A JSON array of the first 1,000 columns, for the caller to free; NULL without memory. */
char *jobs_describe_columns(const gd_frame *frame);

#endif
