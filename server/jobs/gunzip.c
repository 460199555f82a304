/*
 * gunzip.c: the first two bytes are held back until they tell what the file is; from then on bytes go
 * through zlib, or through untouched. See gunzip.h.
 */
#include "jobs/gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INFLATED_BYTES   (64 * 1024)
#define GZIP_WINDOW_BITS (15 + 16) /* zlib: 16 added means a gzip header and trailer */

typedef enum stream_kind {
    KIND_UNKNOWN,
    KIND_PLAIN,
    KIND_GZIP
} stream_kind;

struct jobs_gunzip {
    jobs_gunzip_sink *sink;
    void *context;
    stream_kind kind;
    unsigned char start[2];
    size_t held; /* of start */
    bool is_member_end;
    z_stream inflater;
    unsigned char *inflated;
};

jobs_gunzip *jobs_gunzip_create(jobs_gunzip_sink *sink, void *context)
{
    jobs_gunzip *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->sink = sink;
        made->context = context;
    }
    return made;
}

void jobs_gunzip_destroy(jobs_gunzip *stream)
{
    if (stream == NULL)
        return;
    if (stream->inflated != NULL)
        (void)inflateEnd(&stream->inflater);
    free(stream->inflated);
    free(stream);
}

static gd_status start_inflating(jobs_gunzip *stream, gd_error *error)
{
    stream->inflated = malloc(INFLATED_BYTES);
    if (stream->inflated != NULL && inflateInit2(&stream->inflater, GZIP_WINDOW_BITS) != Z_OK) {
        free(stream->inflated);
        stream->inflated = NULL;
    }
    return stream->inflated != NULL
               ? GD_OK
               : gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to decompress the upload");
}

static gd_status fail_damaged(gd_error *error)
{
    return gd_fail(error, GD_INVALID_DATA, "",
                   "the file begins as gzip does and is damaged, or no gzip");
}

/* One input, at most UINT_MAX bytes. */
static gd_status inflate_bytes(jobs_gunzip *stream, const void *bytes, size_t length,
                               gd_error *error)
{
    z_stream *inflater = &stream->inflater;
    /* zlib declares its input without const unless asked, and never writes to it. */
    inflater->next_in = (Bytef *)bytes;
    inflater->avail_in = (uInt)length;
    bool has_output = false;
    while (inflater->avail_in > 0 || has_output) {
        if (stream->is_member_end) {
            if (inflater->avail_in == 0)
                break;
            if (inflateReset(inflater) != Z_OK)
                return fail_damaged(error);
            stream->is_member_end = false;
        }
        inflater->next_out = stream->inflated;
        inflater->avail_out = INFLATED_BYTES;
        int outcome = inflate(inflater, Z_NO_FLUSH);
        if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
            return fail_damaged(error);
        stream->is_member_end = outcome == Z_STREAM_END;
        /* A full buffer may hide more output of the same input. */
        has_output = inflater->avail_out == 0;
        gd_status status = stream->sink(stream->context, stream->inflated,
                                        INFLATED_BYTES - inflater->avail_out, error);
        if (status != GD_OK)
            return status;
    }
    return GD_OK;
}

static gd_status pass_on(jobs_gunzip *stream, const void *bytes, size_t length, gd_error *error)
{
    if (stream->kind == KIND_PLAIN)
        return length > 0 ? stream->sink(stream->context, bytes, length, error) : GD_OK;
    const char *at = bytes;
    gd_status status = GD_OK;
    while (status == GD_OK && length > 0) {
        size_t step = length < UINT_MAX ? length : UINT_MAX;
        status = inflate_bytes(stream, at, step, error);
        at += step;
        length -= step;
    }
    return status;
}

gd_status jobs_gunzip_add(jobs_gunzip *stream, const void *bytes, size_t length, gd_error *error)
{
    const unsigned char *at = bytes;
    if (stream->kind == KIND_UNKNOWN) {
        while (stream->held < sizeof stream->start && length > 0) {
            stream->start[stream->held++] = *at++;
            length--;
        }
        if (stream->held < sizeof stream->start)
            return GD_OK;
        stream->kind =
            stream->start[0] == 0x1f && stream->start[1] == 0x8b ? KIND_GZIP : KIND_PLAIN;
        gd_status status = stream->kind == KIND_GZIP ? start_inflating(stream, error) : GD_OK;
        if (status == GD_OK)
            status = pass_on(stream, stream->start, sizeof stream->start, error);
        if (status != GD_OK)
            return status;
    }
    return pass_on(stream, at, length, error);
}

gd_status jobs_gunzip_finish(jobs_gunzip *stream, gd_error *error)
{
    if (stream->kind == KIND_GZIP && !stream->is_member_end)
        return gd_fail(error, GD_INVALID_DATA, "", "the gzip file ends too early");
    if (stream->kind == KIND_UNKNOWN && stream->held > 0) {
        stream->kind = KIND_PLAIN;
        return pass_on(stream, stream->start, stream->held, error);
    }
    return GD_OK;
}
