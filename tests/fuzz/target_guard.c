/*
 * target_guard.c: any lines "name: value" as the header of a request: through the framing guard, and
 * each value through everything that reads one. What the guard lets pass has one meaning: at most one
 * length, not together with a transfer coding, and one host.
 */
#include "fuzz/fuzz.h"

#include "http/conditional.h"
#include "http/guard.h"
#include "http/host.h"
#include "http/media.h"
#include "http/text.h"

#include <stdlib.h>
#include <string.h>

static size_t count_lines(const http_header_lines *lines, const char *name)
{
    size_t position = 0, count = 0;
    while (http_header_lines_next(lines, name, &position) != NULL)
        count++;
    return count;
}

static void read_value(const char *value)
{
    static const char *const offers[] = {"application/json", "text/csv", "text/html", NULL};
    char host[HTTP_HOST_BYTES];
    uint64_t first = 0, last = 0;
    int choice = http_media_negotiate(value, offers);
    FUZZ_REQUIRE(choice >= -1 && choice < 3);
    (void)http_media_is(value, "application/json");
    (void)http_coding_is_accepted(value, "gzip");
    (void)http_etag_is_valid(value);
    (void)http_etag_list_has(value, "\"abc\"", true);
    (void)http_etag_list_has(value, "\"abc\"", false);
    (void)http_if_range_holds(value, "\"abc\"");
    if (http_range_evaluate(value, 1000, &first, &last) == HTTP_RANGE_PART)
        FUZZ_REQUIRE(first <= last && last < 1000);
    if (http_host_parse(value, host))
        FUZZ_REQUIRE(memchr(host, '\0', sizeof host) != NULL && host[0] != '\0');
    (void)http_origin_is_host(value, "127.0.0.1:8080");
}

static void expect_one_meaning(const http_header_lines *lines, const http_framing *framing)
{
    size_t lengths = count_lines(lines, "Content-Length");
    size_t codings = count_lines(lines, "Transfer-Encoding");
    FUZZ_REQUIRE(lines->count <= HTTP_HEADER_LINES_MAXIMUM);
    FUZZ_REQUIRE(count_lines(lines, "Host") <= 1);
    FUZZ_REQUIRE(lengths + codings <= 1);
    FUZZ_REQUIRE(framing->is_chunked == (codings == 1));
    FUZZ_REQUIRE(framing->has_body == (framing->is_chunked || framing->content_length > 0));
    for (size_t i = 0; i < lines->count; i++)
        FUZZ_REQUIRE(http_text_is_token(lines->lines[i].name, lines->lines[i].name_length));
}

/* One line of the text, without its end; the rest begins at the result. */
static char *add_line(http_header_lines *lines, char *at)
{
    char *end = at + strcspn(at, "\n"), *next = *end == '\n' ? end + 1 : end;
    *end = '\0';
    char *value = strchr(at, ':');
    http_header_line line = {at, strlen(at), "", 0};
    if (value != NULL) {
        *value++ = '\0';
        value += *value == ' ';
        line = (http_header_line){at, strlen(at), value, strlen(value)};
        read_value(value);
    }
    http_header_lines_add(lines, line);
    return next;
}

void fuzz_guard(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    http_header_lines *lines = calloc(1, sizeof *lines);
    http_framing framing = {0};
    http_headers headers = {0};
    FUZZ_REQUIRE(text != NULL && lines != NULL);
    memcpy(text, bytes, length);
    text[length] = '\0';
    for (char *at = text; *at != '\0';)
        at = add_line(lines, at);
    http_refusal refusal = http_guard_check(lines, "HTTP/1.1", 16384, &framing);
    if (refusal.status == 0) {
        expect_one_meaning(lines, &framing);
        FUZZ_REQUIRE(http_headers_build(&headers, lines));
        for (size_t i = 0; i < headers.count; i++)
            FUZZ_REQUIRE(http_headers_get(&headers, headers.items[i].name) != NULL);
    } else {
        FUZZ_REQUIRE(refusal.status >= 400 && refusal.code != NULL);
    }
    http_headers_release(&headers);
    free(lines);
    free(text);
}
