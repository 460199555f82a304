/*
 * Body intake: limits, gzip in pieces of any size, streams that are aborted exactly once.
 */
#include "http/body.h"
#include "http/response_state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sink {
    size_t bytes;
    int aborts;
    size_t refuse_after; /* 0: never */
} sink;

static bool begin_sink(void *context, const http_request *request, void **state,
                       http_response *response)
{
    (void)request;
    (void)response;
    *state = context;
    return true;
}

static bool take_chunk(void *state, const void *bytes, size_t length, http_response *response)
{
    sink *target = state;
    cr_assert_not_null(bytes);
    cr_assert_gt(length, 0);
    target->bytes += length;
    if (target->refuse_after > 0 && target->bytes > target->refuse_after) {
        http_respond_problem(response, 507, "full", NULL, NULL);
        return false;
    }
    return true;
}

static void abort_sink(void *state)
{
    ((sink *)state)->aborts++;
}

static const http_body_stream STREAM = {begin_sink, take_chunk, abort_sink};

/* gzip of `length` bytes; the result is the caller's. */
static unsigned char *compress_bytes(const void *bytes, size_t length, size_t *compressed)
{
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    const size_t room = deflateBound(&stream, length) + 64;
    unsigned char *out = malloc(room);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *compressed = room - stream.avail_out;
    deflateEnd(&stream);
    return out;
}

typedef struct outcome {
    bool is_complete;
    int status;
    uint64_t decoded;
    char text[64]; /* start of the gathered body */
} outcome;

/* Sends bytes in pieces of `piece` to a body with this limit. */
static outcome feed(const unsigned char *bytes, size_t length, size_t piece, uint64_t maximum,
                    bool is_compressed, const http_body_stream *stream, sink *target)
{
    const http_route route = {.maximum_body = maximum, .stream = stream};
    http_response response;
    http_body body;
    outcome result = {.is_complete = false};
    http_response_begin(&response, NULL);
    bool is_good = http_body_begin(&body, &route, is_compressed, target, NULL, &response);
    for (size_t at = 0; is_good && at < length; at += piece) {
        is_good =
            http_body_take(&body, bytes + at, length - at < piece ? length - at : piece, &response);
    }
    result.is_complete = is_good && http_body_finish(&body, &response);
    result.status = http_response_status(&response);
    result.decoded = body.decoded;
    if (result.is_complete && stream == NULL && body.gathered != NULL) {
        cr_assert_eq(body.gathered[body.length], '\0');
        snprintf(result.text, sizeof(result.text), "%s", (const char *)body.gathered);
    }
    http_body_release(&body);
    http_response_release(&response);
    return result;
}

Test(http_body, gathers_up_to_the_limit)
{
    const unsigned char *text = (const unsigned char *)"0123456789";
    for (size_t piece = 1; piece <= 10; piece++) {
        const outcome exact = feed(text, 10, piece, 10, false, NULL, NULL);
        cr_assert(exact.is_complete);
        cr_assert_str_eq(exact.text, "0123456789");
        const outcome over = feed(text, 10, piece, 9, false, NULL, NULL);
        cr_assert_not(over.is_complete);
        cr_assert_eq(over.status, 413);
    }
    cr_assert(feed(text, 0, 1, 0, false, NULL, NULL).is_complete);
    cr_assert_eq(feed(text, 1, 1, 0, false, NULL, NULL).status, 413);
}

Test(http_body, inflates_in_pieces_of_any_size)
{
    static char plain[200000];
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (char)('a' + i * i % 23);
    }
    size_t length = 0;
    unsigned char *packed = compress_bytes(plain, sizeof(plain), &length);
    const size_t pieces[] = {1, 7, 1000, 100000};
    for (size_t i = 0; i < 4; i++) {
        sink target = {0};
        const outcome result =
            feed(packed, length, pieces[i], sizeof(plain), true, &STREAM, &target);
        cr_assert(result.is_complete);
        cr_assert_eq(result.decoded, sizeof(plain));
        cr_assert_eq(target.bytes, sizeof(plain));
        cr_assert_eq(target.aborts, 0, "the state belongs to the handler");
    }
    free(packed);
}

Test(http_body, several_gzip_members_are_one_body)
{
    size_t first = 0;
    size_t second = 0;
    unsigned char *one = compress_bytes("hello ", 6, &first);
    unsigned char *two = compress_bytes("world", 5, &second);
    unsigned char both[256];
    memcpy(both, one, first);
    memcpy(both + first, two, second);
    for (size_t piece = 1; piece <= first + second; piece++) {
        const outcome result = feed(both, first + second, piece, 100, true, NULL, NULL);
        cr_assert(result.is_complete, "piece %zu", piece);
        cr_assert_str_eq(result.text, "hello world");
    }
    free(one);
    free(two);
}

Test(http_body, the_limit_holds_for_inflated_bytes)
{
    static const char zeros[1 << 20];
    size_t length = 0;
    unsigned char *bomb = compress_bytes(zeros, sizeof(zeros), &length);
    cr_assert_lt(length, 4096);
    sink target = {0};
    const outcome result = feed(bomb, length, length, 100000, true, &STREAM, &target);
    cr_assert_not(result.is_complete);
    cr_assert_eq(result.status, 413);
    cr_assert_leq(target.bytes, 100000);
    cr_assert_eq(target.aborts, 1);
    free(bomb);
}

Test(http_body, damaged_and_cut_gzip_is_refused)
{
    size_t length = 0;
    unsigned char *packed = compress_bytes("some text that is long enough", 29, &length);
    for (size_t cut = 1; cut < length; cut++) {
        sink target = {0};
        const outcome result = feed(packed, cut, 5, 1000, true, &STREAM, &target);
        cr_assert_not(result.is_complete, "cut at %zu", cut);
        cr_assert_eq(result.status, 400);
        cr_assert_eq(target.aborts, 1);
    }
    packed[length - 6] ^= 1; /* the checksum */
    cr_assert_eq(feed(packed, length, 5, 1000, true, NULL, NULL).status, 400);
    cr_assert_eq(feed((const unsigned char *)"plain text", 10, 3, 1000, true, NULL, NULL).status,
                 400);
    free(packed);
}

Test(http_body, a_stream_that_refuses_is_aborted_once)
{
    sink target = {.refuse_after = 3};
    const outcome result =
        feed((const unsigned char *)"0123456789", 10, 2, 100, false, &STREAM, &target);
    cr_assert_not(result.is_complete);
    cr_assert_eq(result.status, 507);
    cr_assert_eq(target.aborts, 1);
    cr_assert_eq(target.bytes, 4);
}

Test(http_body, a_body_given_up_is_aborted_once)
{
    const http_route route = {.maximum_body = 100, .stream = &STREAM};
    sink target = {0};
    http_response response;
    http_body body;
    http_response_begin(&response, NULL);
    cr_assert(http_body_begin(&body, &route, false, &target, NULL, &response));
    cr_assert(http_body_take(&body, "abc", 3, &response));
    http_body_release(&body);
    http_body_release(&body);
    cr_assert_eq(target.aborts, 1);
    http_response_release(&response);
}
