/*
 * Cursors and query parameters, on requests made by hand.
 */
#include "api/reply.h"

#include "http/request_state.h"
#include "http/response_state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static http_request request;
static http_response response;

/* The request for a target; what was answered before is forgotten. */
static const http_request *ask(const char *target)
{
    http_target_release(&request.target);
    http_response_release(&response);
    memset(&request, 0, sizeof request);
    http_response_begin(&response, "an-id");
    http_refusal refusal = http_target_parse(&request.target, target, 8192);
    cr_assert_eq(refusal.status, 0, "%s: %s", target, refusal.detail);
    return &request;
}

static void start(void)
{
    memset(&request, 0, sizeof request);
    http_response_begin(&response, "an-id");
}

static void end(void)
{
    http_target_release(&request.target);
    http_response_release(&response);
}

TestSuite(api_reply, .init = start, .fini = end);

static bool answered(int status, const char *code)
{
    char text[64];
    snprintf(text, sizeof text, "\"code\":\"%s\"", code);
    return response.status == status && response.bytes != NULL &&
           memmem(response.bytes, response.length, text, strlen(text)) != NULL;
}

Test(api_reply, cursors_come_back)
{
    static const int64_t numbers[] = {
        1, 15, 16, 1000000, ((int64_t)1 << 53) + 1, ((int64_t)1 << 60) - 1};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char cursor[API_CURSOR_SIZE], target[128];
        int64_t back = 0;
        api_write_cursor(numbers[i], cursor);
        snprintf(target, sizeof target, "/v1/jobs?cursor=%s", cursor);
        cr_assert(api_query_cursor(ask(target), &response, &back), "%s", cursor);
        cr_expect_eq(back, numbers[i]);
    }
    int64_t none = 7;
    cr_assert(api_query_cursor(ask("/v1/jobs"), &response, &none));
    cr_expect_eq(none, 0);
}

Test(api_reply, other_words_are_no_cursor)
{
    static const char *const words[] = {"",   "b",   "1",  "x1",    "b-1",
                                        "b0", "bXY", "B1", "b1%20", "b11111111111111111"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char target[128];
        int64_t sequence;
        snprintf(target, sizeof target, "/v1/jobs?cursor=%s", words[i]);
        cr_expect_not(api_query_cursor(ask(target), &response, &sequence), "%s", words[i]);
        cr_expect(answered(400, "invalid_query"), "%s", words[i]);
    }
}

Test(api_reply, counts_have_bounds)
{
    static const struct {
        const char *target;
        int64_t expected; /* -1: refused */
    } cases[] = {
        {"/x", 50},
        {"/x?limit=1", 1},
        {"/x?limit=500", 500},
        {"/x?limit=0", -1},
        {"/x?limit=501", -1},
        {"/x?limit=", -1},
        {"/x?limit=-1", -1},
        {"/x?limit=%2B1", -1},
        {"/x?limit=1.0", -1},
        {"/x?limit=0x10", -1},
        {"/x?limit=99999999999999999999", -1},
        {"/x?limit=007", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t limit = 50;
        bool read = api_query_count(ask(cases[i].target), &response, "limit", 1, 500, &limit);
        cr_expect_eq(read, cases[i].expected >= 0, "%s", cases[i].target);
        if (read)
            cr_expect_eq(limit, cases[i].expected, "%s", cases[i].target);
        else
            cr_expect(answered(400, "invalid_query"), "%s", cases[i].target);
    }
}

Test(api_reply, choices_and_unknown_parameters)
{
    static const char *const words[] = {"json", "csv", NULL};
    static const char *const known[] = {"format", NULL};
    size_t index = 0;
    cr_assert(api_query_choice(ask("/x?format=csv"), &response, "format", words, &index));
    cr_expect_eq(index, 1);
    cr_assert(api_query_choice(ask("/x"), &response, "format", words, &index));
    cr_expect_eq(index, 1, "left");
    cr_expect_not(api_query_choice(ask("/x?format=CSV"), &response, "format", words, &index));
    cr_expect(answered(400, "invalid_query"));
    cr_expect(api_check_query(ask("/x?format=a"), &response, known));
    cr_expect_not(api_check_query(ask("/x?format=a&page=2"), &response, known));
    cr_expect(answered(400, "invalid_query"));
    cr_expect(api_check_query(ask("/x"), &response, NULL));
    cr_expect_not(api_check_query(ask("/x?a"), &response, NULL));
}

static char *next_of(const char *target, bool more)
{
    json_writer *writer = json_writer_create(4096);
    json_writer_begin_object(writer);
    api_write_next(ask(target), &response, writer, more, 255);
    json_writer_end_object(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    return text;
}

Test(api_reply, the_next_page_keeps_the_query)
{
    char *text =
        next_of("/v1/jobs?status=failed,queued&cursor=b1&label=team:a%26b&name=%C3%A9+x", true);
    cr_expect_str_eq(text, "{\"next_cursor\":\"bff\"}");
    const char *link = http_response_get(&response, "Link");
    cr_assert_not_null(link);
    cr_expect_str_eq(link,
                     "</v1/jobs?status=failed%2Cqueued&label=team%3Aa%26b&name=%C3%A9%20x&"
                     "cursor=bff>; rel=\"next\"");
    free(text);
    text = next_of("/v1/jobs", true);
    cr_expect_str_eq(http_response_get(&response, "Link"), "</v1/jobs?cursor=bff>; rel=\"next\"");
    free(text);
    text = next_of("/v1/jobs?limit=5", false);
    cr_expect_str_eq(text, "{\"next_cursor\":null}");
    cr_expect_null(http_response_get(&response, "Link"));
    free(text);
}

Test(api_reply, a_query_too_long_for_a_header_is_left_to_the_cursor)
{
    char target[4096] = "/v1/jobs?name=";
    for (int length = 600; length < 900; length++) {
        char *text;
        memset(target + 14, '\'', (size_t)length);
        target[14 + length] = '\0';
        text = next_of(target, true);
        cr_expect_str_eq(text, "{\"next_cursor\":\"bff\"}");
        const char *link = http_response_get(&response, "Link");
        if (link != NULL)
            cr_expect_not_null(strstr(link, "&cursor=bff>; rel=\"next\""), "%d bytes", length);
        free(text);
    }
    cr_expect_null(http_response_get(&response, "Link"));
}

Test(api_reply, every_failure_has_a_code_and_no_inner_word)
{
    static const struct {
        gd_status status;
        int http;
        const char *code;
    } cases[] = {
        {GD_INVALID_ARGUMENT, 422, "invalid_argument"},
        {GD_INVALID_DATA, 422, "invalid_data"},
        {GD_SHAPE_MISMATCH, 422, "shape_mismatch"},
        {GD_TOO_LARGE, 422, "too_large"},
        {GD_UNSUPPORTED, 422, "unsupported"},
        {GD_OUT_OF_MEMORY, 503, "out_of_memory"},
        {GD_NON_FINITE, 422, "non_finite"},
        {GD_CORRUPT, 500, "corrupt"},
        {GD_IO_ERROR, 500, "io_error"},
        {GD_NO_SPACE, 507, "no_space"},
        {GD_NOT_FOUND, 404, "not_found"},
        {GD_CONFLICT, 409, "conflict"},
        {GD_UNAVAILABLE, 503, "unavailable"},
        {GD_INTERRUPTED, 503, "interrupted"},
    };
    cr_assert_eq(sizeof cases / sizeof cases[0], GD_STATUS_COUNT - 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gd_error error = {0};
        (void)gd_fail(&error, cases[i].status, "", "in /secret/folder");
        (void)ask("/x");
        api_respond_status(&response, cases[i].status, &error);
        cr_expect(answered(cases[i].http, cases[i].code), "%s", cases[i].code);
        cr_expect_eq(http_response_get(&response, "Retry-After") != NULL, cases[i].http == 503);
        if (cases[i].http == 500)
            cr_expect_null(memmem(response.bytes, response.length, "secret", 6));
    }
}

Test(api_reply, absent_members_are_null)
{
    json_writer *writer = json_writer_create(256);
    json_writer_begin_object(writer);
    api_write_time(writer, "a", 0);
    api_write_time(writer, "b", 1);
    api_write_text(writer, "c", "");
    api_write_text(writer, "d", "x");
    api_write_raw(writer, "e", NULL);
    api_write_raw(writer, "f", "[1]");
    json_writer_end_object(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_expect_str_eq(text,
                     "{\"a\":null,\"b\":\"1970-01-01T00:00:00.001Z\",\"c\":null,\"d\":\"x\","
                     "\"e\":null,\"f\":[1]}");
    free(text);
}
