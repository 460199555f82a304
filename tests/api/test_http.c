/*
 * test_http.c: requests that HTTP itself refuses: wrong methods, types, lengths, paths and framing,
 * each as a problem document.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT    (60.0 * SERVICE_PATIENCE)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NO_ID    "01234567-89ab-7cde-8f01-23456789abcd"

Test(api_http, a_wrong_method_is_405_with_allow, .timeout = LIMIT)
{
    static const struct {
        const char *method, *path, *allowed;
    } cases[] = {
        {"DELETE", "/v1/jobs", "POST"},
        {"PUT", "/v1/jobs/" NO_ID, "PATCH"},
        {"GET", "/v1/jobs/" NO_ID "/cancel", "POST"},
        {"POST", "/v1/jobs/" NO_ID "/curve", "GET"},
        {"PUT", "/v1/datasets", "POST"},
        {"POST", "/v1/catalog", "GET"},
        {"DELETE", "/healthz", "HEAD"},
        {"GET", "/v1/jobs/" NO_ID "/predict", "POST"},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        client_request what = {.method = cases[i].method, .path = cases[i].path};
        const reply *got = client_send(it, &what);
        cr_expect_eq(got->status, 405, "%s %s: %d", cases[i].method, cases[i].path, got->status);
        cr_expect_not_null(strstr(reply_header_or_empty(got, "Allow"), cases[i].allowed),
                           "%s %s: Allow: %s", cases[i].method, cases[i].path,
                           reply_header_or_empty(got, "Allow"));
        reply_expect_problem(got, cases[i].path);
        cr_expect_str_eq(reply_text(got, "/code"), "method_not_allowed");
    }
    service_destroy(it);
}

Test(api_http, a_wrong_content_type_is_415, .timeout = LIMIT)
{
    static const char *const types[] = {"Content-Type: text/plain",
                                        "Content-Type: application/x-www-form-urlencoded",
                                        "Content-Type: application/jsonx", NULL};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(types); i++) {
        const char *text = client_json(it, SPEC_TINY);
        client_request what = {.method = "POST",
                               .path = "/v1/jobs",
                               .headers = CLIENT_HEADERS(types[i]),
                               .body = text,
                               .length = strlen(text)};
        const reply *got = client_send(it, &what);
        cr_expect_eq(got->status, 415, "%s: %d", types[i] != NULL ? types[i] : "none", got->status);
        reply_expect_problem(got, "content type");
        cr_expect_str_eq(reply_text(got, "/code"), "unsupported_media_type");
    }
    const char *text = client_json(it, SPEC_TINY);
    client_request what = {.method = "POST",
                           .path = "/v1/jobs?dry_run=true",
                           .headers =
                               CLIENT_HEADERS("Content-Type: Application/JSON; charset=utf-8"),
                           .body = text,
                           .length = strlen(text)};
    ASSERT_STATUS(client_send(it, &what), 200);
    service_destroy(it);
}

Test(api_http, a_body_over_the_cap_is_413_before_it_is_sent, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char *const paths[] = {"/v1/jobs", "/v1/jobs/" NO_ID "/predict",
                                        "/v1/jobs/" NO_ID "/retry"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        const char *head = client_text(it,
                                       "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                                       "application/json\r\nContent-Length: 1000000000000\r\n\r\n",
                                       paths[i], it->address);
        const char *got = client_raw(it, head, strlen(head), 5);
        cr_expect_eq(strncmp(got, "HTTP/1.1 413 ", 13), 0, "%s: %.300s", paths[i], got);
        cr_expect_not_null(strstr(got, "\"code\":\"body_too_large\""), "%s: %.900s", paths[i], got);
    }
    size_t length = (size_t)8 << 20;
    char *large = calloc(1, length);
    memset(large, ' ', length);
    client_request what = {.method = "PATCH",
                           .path = "/v1/jobs/" NO_ID,
                           .headers = CLIENT_HEADERS("Content-Type: application/json"),
                           .body = large,
                           .length = length,
                           .chunked = true};
    const reply *got = client_send(it, &what);
    cr_expect(got->status == 413 || got->status == 0, "in chunks: %d %s", got->status, got->body);
    free(large);
    service_destroy(it);
}

Test(api_http, unknown_paths_and_ids_are_404, .timeout = LIMIT)
{
    static const char *const paths[] = {"/",
                                        "/v2/jobs",
                                        "/v1",
                                        "/v1/job",
                                        "/v1/jobs/",
                                        "/v1/jobs/" NO_ID,
                                        "/v1/jobs/1",
                                        "/v1/jobs/" NO_ID "/curve",
                                        "/v1/jobs/" NO_ID "/events",
                                        "/v1/jobs/" NO_ID "/parameters",
                                        "/v1/jobs/" NO_ID "/nothing",
                                        "/v1/datasets/" NO_ID,
                                        "/v1/datasets/" NO_ID "/rows"};
    service *it = service_start(1);
    /* The first becomes the dashboard's in a later version. */
    for (size_t i = 1; i < COUNT(paths); i++) {
        const reply *got = client_get(it, "%s", paths[i]);
        cr_expect_eq(got->status, 404, "%s: %d", paths[i], got->status);
        if (got->status == 404)
            reply_expect_problem(got, paths[i]);
    }
    service_destroy(it);
}

Test(api_http, requests_that_hide_a_second_one_are_400, .timeout = LIMIT)
{
    static const char *const heads[] = {
        "Content-Length: 2\r\nContent-Length: 30\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: +2\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
    };
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(heads); i++) {
        const char *text = client_text(it,
                                       "POST /v1/jobs HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                                       "application/json\r\n%s\r\n{}GET /healthz HTTP/1.1\r\nHost: "
                                       "%s\r\n\r\n",
                                       it->address, heads[i], it->address);
        const char *got = client_raw(it, text, strlen(text), 5);
        cr_expect(strncmp(got, "HTTP/1.1 400 ", 13) == 0 || strncmp(got, "HTTP/1.1 501 ", 13) == 0,
                  "%s: %.200s", heads[i], got);
        cr_expect_null(strstr(got + 1, "HTTP/1.1 200"), "a second request ran: %s", got);
    }
    const char *foreign = "GET /v1/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    const char *got = client_raw(it, foreign, strlen(foreign), 5);
    cr_expect_eq(strncmp(got, "HTTP/1.1 400 ", 13), 0, "foreign Host: %.200s", got);
    service_destroy(it);
}
