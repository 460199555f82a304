/*
 * Responses and problem documents without a socket.
 */
#include "http/response_state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_body(const http_response *response, const char *text)
{
    cr_assert_eq(response->length, strlen(text), "%.*s", (int)response->length,
                 (const char *)response->bytes);
    cr_assert_eq(memcmp(response->bytes, text, strlen(text)), 0, "%.*s", (int)response->length,
                 (const char *)response->bytes);
}

Test(http_response, a_problem_has_all_its_members)
{
    http_response response;
    http_response_begin(&response, "id-1");
    http_respond_problem_with(&response, 422, "invalid", NULL, "a \"quoted\"\n\\ detail",
                              "\"errors\":[{\"pointer\":\"/a\"}]");
    cr_assert_eq(http_response_status(&response), 422);
    cr_assert_str_eq(http_response_get(&response, "Content-Type"), "application/problem+json");
    expect_body(&response,
                "{\"type\":\"/problems/invalid\",\"title\":\"Unprocessable Content\","
                "\"status\":422,\"detail\":\"a \\\"quoted\\\"\\u000a\\\\ detail\","
                "\"code\":\"invalid\",\"request_id\":\"id-1\","
                "\"errors\":[{\"pointer\":\"/a\"}]}");
    http_response_release(&response);
}

Test(http_response, a_problem_without_a_code)
{
    http_response response;
    http_response_begin(&response, NULL);
    http_respond_problem(&response, 404, NULL, "Gone fishing", NULL);
    expect_body(&response, "{\"type\":\"about:blank\",\"title\":\"Gone fishing\",\"status\":404}");
    http_response_release(&response);
}

Test(http_response, bytes_that_are_not_utf8_never_reach_json)
{
    http_response response;
    http_response_begin(&response, NULL);
    http_respond_problem(&response, 400, NULL, "t", "a\xFF\xC3\xA9");
    expect_body(&response,
                "{\"type\":\"about:blank\",\"title\":\"t\",\"status\":400,\"detail\":\"a???\"}");
    http_response_release(&response);
}

Test(http_response, a_problem_drops_what_described_the_content)
{
    http_response response;
    http_response_begin(&response, NULL);
    cr_assert(http_respond_etag(&response, "\"a\""));
    cr_assert(http_respond_header(&response, "Cache-Control", "max-age=9"));
    cr_assert(http_respond_header(&response, "Retry-After", "9"));
    http_respond_problem(&response, 503, "busy", NULL, NULL);
    cr_assert_null(http_response_get(&response, "ETag"));
    cr_assert_null(http_response_get(&response, "Cache-Control"));
    cr_assert_str_eq(http_response_get(&response, "Retry-After"), "9");
    http_response_release(&response);
}

Test(http_response, headers_are_checked_and_bounded)
{
    http_response response;
    http_response_begin(&response, NULL);
    cr_assert(http_respond_header(&response, "X-A", "one\r\nX-B: two\x7f"));
    cr_assert_str_eq(http_response_get(&response, "x-a"), "one  X-B: two ");
    cr_assert(http_respond_header(&response, "x-a", "three"));
    cr_assert_str_eq(http_response_get(&response, "X-A"), "three");
    cr_assert_eq(response.header_count, 1);
    cr_assert_not(http_respond_header(&response, "X A", "1"));
    cr_assert_not(http_respond_header(&response, "X:", "1"));
    cr_assert_not(http_respond_header(&response, "", "1"));
    cr_assert_not(http_respond_header(&response, "X-N", NULL));
    cr_assert_not(http_respond_header(&response, "content-length", "1"));
    cr_assert_not(http_respond_header(&response, "Transfer-Encoding", "chunked"));
    cr_assert_not(http_respond_etag(&response, "unquoted"));
    int added = 1;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof(name), "X-%d", i);
        added += http_respond_header(&response, name, "1") ? 1 : 0;
    }
    cr_assert_eq(added, HTTP_RESPONSE_HEADERS_MAXIMUM);
    cr_assert(http_respond_etag(&response, "\"a\""), "room for headers of this layer is kept");
    http_response_release(&response);
}

Test(http_response, the_last_body_wins_and_nothing_leaks)
{
    http_response response;
    http_response_begin(&response, NULL);
    http_respond_text(&response, 200, "text/plain", "one");
    http_respond_owned(&response, 201, "text/plain", strdup("two"), 3);
    http_respond_static(&response, 200, "text/csv", "three", 5);
    cr_assert_str_eq(http_response_get(&response, "Content-Type"), "text/csv");
    expect_body(&response, "three");
    http_respond_empty(&response, 204);
    cr_assert_null(http_response_get(&response, "Content-Type"));
    cr_assert_eq(response.length, 0);
    http_response_release(&response);
}

Test(http_response, phrases)
{
    cr_assert_str_eq(http_status_phrase(404), "Not Found");
    cr_assert_str_eq(http_status_phrase(799), "Unknown");
}
