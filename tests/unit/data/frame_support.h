/*
 * frame_support.h: frames from CSV text, from real files and back, without files on disk.
 */
#ifndef TESTS_UNIT_DATA_FRAME_SUPPORT_H
#define TESTS_UNIT_DATA_FRAME_SUPPORT_H

#include <descent/csv.h>
#include <descent/frame.h>

/* An anonymous file in memory that holds these bytes. */
int memory_file(const void *bytes, size_t length);

/* All bytes of a descriptor's file; the caller frees. */
unsigned char *read_all(int descriptor, size_t *length);

/* Opens a frame from a descriptor that has no name. */
gd_status open_frame(gd_frame **frame, int descriptor, gd_error *error);

/* CSV bytes into a frame; `frame` may be NULL, `options` NULL stands for the defaults. */
gd_status read_csv(const char *text, size_t length, const gd_csv_options *options,
                   gd_csv_report *report, gd_frame **frame, gd_error *error);

/* A frame from CSV text that must be good. */
gd_frame *frame_of(const char *text);

/* A frame from a file below the shared data; skips the test, saying so, where it is missing. */
gd_frame *frame_of_file(const char *name);

/* The status of CSV text that must be refused, its message in `error`. */
gd_status refused(const char *text, gd_error *error);

double cell_at(const gd_frame *frame, int64_t row, int64_t column);

/* The text of a categorical cell. */
const char *class_at(const gd_frame *frame, int64_t row, int64_t column);

#endif
