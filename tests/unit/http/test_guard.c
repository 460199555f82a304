/*
 * The framing guard on header lines alone, without a socket.
 */
#include "http/guard.h"

#include <criterion/criterion.h>
#include <string.h>

static http_framing last_framing;

/* Checks lines given as alternating names and values, ended by NULL. */
static int check(const char *version, const char *const *texts)
{
    http_header_lines lines = {.count = 0};
    for (size_t i = 0; texts[i] != NULL; i += 2) {
        http_header_lines_add(&lines, (http_header_line){texts[i], strlen(texts[i]), texts[i + 1],
                                                         strlen(texts[i + 1])});
    }
    return http_guard_check(&lines, version, 4096, &last_framing).status;
}

#define CHECK(...) check("HTTP/1.1", (const char *const[]){"Host", "localhost", __VA_ARGS__, NULL})

Test(http_guard, passes_common_requests)
{
    cr_assert_eq(check("HTTP/1.1", (const char *const[]){"Host", "h", NULL}), 0);
    cr_assert_not(last_framing.has_body);
    cr_assert_eq(CHECK("Content-Length", "0"), 0);
    cr_assert_not(last_framing.has_body);
    cr_assert_eq(CHECK("Content-Length", " 17 "), 0);
    cr_assert_eq(last_framing.content_length, 17);
    cr_assert(last_framing.has_body);
    cr_assert_eq(CHECK("Transfer-Encoding", "Chunked"), 0);
    cr_assert(last_framing.is_chunked);
    cr_assert_eq(CHECK("content-length", "5", "expect", "100-Continue"), 0);
    cr_assert(last_framing.expects_continue);
    cr_assert_eq(CHECK("Accept", "a/b", "Accept", "c/d"), 0);
}

Test(http_guard, refuses_doubtful_lengths)
{
    cr_assert_eq(CHECK("Content-Length", "5", "Content-Length", "6"), 400);
    cr_assert_eq(CHECK("Content-Length", "5", "content-length", "5"), 400);
    cr_assert_eq(CHECK("Content-Length", "5", "Transfer-Encoding", "chunked"), 400);
    cr_assert_eq(CHECK("Content-Length", "+4"), 400);
    cr_assert_eq(CHECK("Content-Length", "-1"), 400);
    cr_assert_eq(CHECK("Content-Length", "4,4"), 400);
    cr_assert_eq(CHECK("Content-Length", "0x4"), 400);
    cr_assert_eq(CHECK("Content-Length", ""), 400);
    cr_assert_eq(CHECK("Content-Length", "18446744073709551616"), 413);
    cr_assert_eq(CHECK("Content-Length", "18446744073709551615"), 0);
    cr_assert_eq(CHECK("Content-Lengthx", "5"), 400);
}

Test(http_guard, refuses_doubtful_codings)
{
    cr_assert_eq(CHECK("Transfer-Encoding", "gzip, chunked"), 501);
    cr_assert_eq(CHECK("Transfer-Encoding", "identity"), 501);
    cr_assert_eq(CHECK("Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"), 400);
    cr_assert_eq(CHECK("Transfer-Encodingchunked", ""), 400);
    cr_assert_eq(check("HTTP/1.0", (const char *const[]){"Transfer-Encoding", "chunked", NULL}),
                 400);
}

Test(http_guard, wants_one_host)
{
    cr_assert_eq(CHECK("Host", "other"), 400);
    cr_assert_eq(check("HTTP/1.1", (const char *const[]){"Accept", "*/*", NULL}), 400);
    cr_assert_eq(check("HTTP/1.0", (const char *const[]){"Accept", "*/*", NULL}), 0);
}

Test(http_guard, refuses_odd_names_and_values)
{
    cr_assert_eq(CHECK("X ", "1"), 400);
    cr_assert_eq(CHECK("X\tY", "1"), 400);
    cr_assert_eq(CHECK("", "1"), 400);
    cr_assert_eq(CHECK("X\x80", "1"), 400);
    cr_assert_eq(CHECK("X(", "1"), 400);
    cr_assert_eq(CHECK("X", "a\x01"), 400);
    cr_assert_eq(CHECK("X", "a\rb"), 400);
    cr_assert_eq(CHECK("X", "a\x7f"), 400);
    cr_assert_eq(CHECK("X", "a\tb \x80"), 0);
    cr_assert_eq(CHECK("Authorization", "a", "Authorization", "b"), 400);
    cr_assert_eq(CHECK("Expect", "something"), 417);
}

Test(http_guard, holds_its_limits)
{
    http_header_lines lines = {.count = 0};
    http_header_lines_add(&lines, (http_header_line){"Host", 4, "h", 1});
    for (int i = 0; i < 3000; i++) {
        http_header_lines_add(&lines, (http_header_line){"X", 1, "y", 1});
    }
    cr_assert_eq(http_guard_check(&lines, "HTTP/1.1", 1 << 20, &last_framing).status, 431);
    static char large[5000];
    memset(large, 'a', sizeof(large) - 1);
    cr_assert_eq(CHECK("X", large), 431);
}

Test(http_guard, headers_of_one_name_are_joined)
{
    http_header_lines lines = {.count = 0};
    const char *const texts[] = {"Accept", "a/b", "X", "", "ACCEPT", "c/d", "x", "1", "Y", "2"};
    for (size_t i = 0; i < 10; i += 2) {
        http_header_lines_add(&lines, (http_header_line){texts[i], strlen(texts[i]), texts[i + 1],
                                                         strlen(texts[i + 1])});
    }
    http_headers headers;
    cr_assert(http_headers_build(&headers, &lines));
    cr_assert_eq(headers.count, 3);
    cr_assert_str_eq(http_headers_get(&headers, "accept"), "a/b, c/d");
    cr_assert_str_eq(http_headers_get(&headers, "X"), "1");
    cr_assert_str_eq(http_headers_get(&headers, "y"), "2");
    cr_assert_null(http_headers_get(&headers, "z"));
    http_headers_release(&headers);
}
