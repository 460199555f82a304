/*
 * target_gunzip.c: any bytes as an upload that may be gzip. The first byte chooses the size of the
 * pieces it comes in, which changes nothing: the same bytes come out, or it is refused. What does not
 * begin as gzip comes out as it went in; what does and is taken, zlib reads to the same bytes.
 */
#include "fuzz/fuzz.h"

#include "jobs/gunzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MOST ((size_t)1 << 17) /* of plain bytes; the sink refuses more, as an upload's does */

typedef struct plain {
    uint8_t *bytes;
    size_t length;
} plain;

static gd_status take(void *context, const void *bytes, size_t length, gd_error *error)
{
    plain *into = context;
    if (length > MOST - into->length)
        return gd_fail(error, GD_TOO_LARGE, "", "too large");
    if (length > 0)
        memcpy(into->bytes + into->length, bytes, length);
    into->length += length;
    return GD_OK;
}

static gd_status read_in_pieces(plain *into, const uint8_t *bytes, size_t length, size_t piece)
{
    gd_error error = {0};
    gd_status status = GD_OK;
    jobs_gunzip *stream = jobs_gunzip_create(take, into);
    *into = (plain){malloc(MOST), 0};
    FUZZ_REQUIRE(stream != NULL && into->bytes != NULL);
    for (size_t at = 0; status == GD_OK && at < length; at += piece) {
        size_t step = length - at < piece ? length - at : piece;
        status = jobs_gunzip_add(stream, bytes + at, step, &error);
    }
    if (status == GD_OK)
        status = jobs_gunzip_finish(stream, &error);
    FUZZ_REQUIRE(status == GD_OK || error.message[0] != '\0');
    jobs_gunzip_destroy(stream);
    return status;
}

/* The members of a whole file, one after the other, by zlib alone. */
static void expect_inflated(const plain *got, const uint8_t *bytes, size_t length)
{
    size_t used = 0;
    uint8_t *expected = malloc(MOST + 1);
    z_stream inflater = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
    FUZZ_REQUIRE(expected != NULL && inflateInit2(&inflater, 15 + 16) == Z_OK);
    while (inflater.avail_in > 0) {
        inflater.next_out = expected + used;
        inflater.avail_out = (uInt)(MOST + 1 - used); /* never 0 */
        FUZZ_REQUIRE(inflate(&inflater, Z_FINISH) == Z_STREAM_END);
        used = MOST + 1 - inflater.avail_out;
        FUZZ_REQUIRE(inflateReset(&inflater) == Z_OK);
    }
    FUZZ_REQUIRE(inflateEnd(&inflater) == Z_OK);
    FUZZ_REQUIRE(used == got->length && memcmp(expected, got->bytes, used) == 0);
    free(expected);
}

void fuzz_gunzip(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    plain whole, pieces;
    size_t piece = (size_t)bytes[0] + 1;
    bytes++;
    length--;
    gd_status status = read_in_pieces(&whole, bytes, length, length + 1);
    gd_status same = read_in_pieces(&pieces, bytes, length, piece);
    /* Small pieces may be too long before what is damaged comes, and whole ones the other way. */
    FUZZ_REQUIRE((same == GD_OK) == (status == GD_OK));
    if (status == GD_OK) {
        FUZZ_REQUIRE(whole.length == pieces.length &&
                     memcmp(whole.bytes, pieces.bytes, whole.length) == 0);
        if (length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
            expect_inflated(&whole, bytes, length);
        else
            FUZZ_REQUIRE(whole.length == length && memcmp(whole.bytes, bytes, length) == 0);
    }
    free(whole.bytes);
    free(pieces.bytes);
}
