/*
 * gunzip.h: a body that may be gzip, told by its first two bytes, as a stream of plain bytes.
 *
 * No format that is taken here begins with gzip's magic, so a file sent as it lies on the disk, as
 * train-images-idx3-ubyte.gz, needs no header that says so. Several members in a row are one file
 * (RFC 1952 section 2.2). Thread rule: one owner.
 */
#ifndef JOBS_GUNZIP_H
#define JOBS_GUNZIP_H

#include <descent/status.h>

#include <stdbool.h>

typedef struct jobs_gunzip jobs_gunzip;

/* Takes the plain bytes; anything but GD_OK ends the stream. */
typedef gd_status jobs_gunzip_sink(void *context, const void *bytes, size_t length,
                                   gd_error *error);

/* NULL without memory. */
jobs_gunzip *jobs_gunzip_create(jobs_gunzip_sink *sink, void *context);
void jobs_gunzip_destroy(jobs_gunzip *stream);

/* The next bytes; GD_INVALID_DATA where they are no gzip after all, else what the sink says. */
gd_status jobs_gunzip_add(jobs_gunzip *stream, const void *bytes, size_t length, gd_error *error);

/* After the last bytes: GD_INVALID_DATA where a gzip member is cut off. */
gd_status jobs_gunzip_finish(jobs_gunzip *stream, gd_error *error);

#endif
