/*
 * test_cors.c: pages of other origins: shut out, unless one is named.
 */
#include "api/specs.h"
#include "support/client.h"

#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

static const reply *ask(service *it, const char *method, const char *path, const char *origin,
                        const char *wanted)
{
    const char *const headers[] = {client_text(it, "Origin: %s", origin),
                                   "Content-Type: application/json", wanted, NULL};
    const char *body = strcmp(method, "POST") == 0 ? client_json(it, SPEC_TINY) : NULL;
    client_request what = {.method = method,
                           .path = path,
                           .headers = headers,
                           .body = body,
                           .length = body != NULL ? strlen(body) : 0};
    return client_send(it, &what);
}

#define ALLOWED(reply_) reply_header(reply_, "Access-Control-Allow-Origin")

Test(checks, n45_nothing_is_allowed_by_default, .timeout = LIMIT)
{
    service *it = service_start(0);
    const reply *got = ask(it, "GET", "/v1/jobs", "https://evil.example", NULL);
    ASSERT_STATUS(got, 200);
    cr_expect_null(ALLOWED(got));
    ASSERT_STATUS(ask(it, "POST", "/v1/jobs", "https://evil.example", NULL), 403);
    got = ask(it, "OPTIONS", "/v1/jobs", "https://evil.example",
              "Access-Control-Request-Method: POST");
    cr_expect_null(ALLOWED(got));
    cr_expect_null(reply_header(got, "Access-Control-Allow-Methods"));
    const char *form = "Content-Type: application/x-www-form-urlencoded";
    const char *const headers[] = {form, NULL};
    client_request what = {
        .method = "POST", .path = "/v1/jobs", .headers = headers, .body = "a=b", .length = 3};
    ASSERT_STATUS(client_send(it, &what), 415);
    service_destroy(it);
}

Test(api_cors, origins_that_are_named_are_let_in_and_no_others, .timeout = LIMIT)
{
    static const char *const others[] = {"https://evil.example",
                                         "http://app.example",
                                         "https://app.example.evil",
                                         "https://app.example:8443",
                                         "null",
                                         "https://sub.app.example"};
    service *it = service_create(0);
    it->arguments[0] = "--cors-origin=https://app.example,http://localhost:3000";
    service_restart(it);
    const reply *got = ask(it, "GET", "/v1/jobs", "https://app.example", NULL);
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(ALLOWED(got), "https://app.example");
    cr_expect_not_null(strstr(reply_header_or_empty(got, "Vary"), "Origin"));
    cr_expect_null(reply_header(got, "Access-Control-Allow-Credentials"));
    ASSERT_STATUS(
        ask(it, "POST", "/v1/jobs", "http://localhost:3000", "Sec-Fetch-Site: cross-site"), 201);
    got = ask(it, "GET", "/nothing", "https://app.example", NULL);
    ASSERT_STATUS(got, 404);
    cr_expect_str_eq(ALLOWED(got), "https://app.example", "problems can be read too");
    got = ask(it, "OPTIONS", "/v1/jobs", "https://app.example",
              "Access-Control-Request-Method: POST");
    ASSERT_STATUS(got, 204);
    cr_expect_str_eq(ALLOWED(got), "https://app.example");
    cr_expect_not_null(
        strstr(reply_header_or_empty(got, "Access-Control-Allow-Headers"), "Authorization"));
    cr_expect_not_null(strstr(reply_header_or_empty(got, "Access-Control-Allow-Methods"), "POST"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        got = ask(it, "GET", "/v1/jobs", others[i], NULL);
        cr_expect_null(ALLOWED(got), "%s", others[i]);
        cr_expect_not_null(strstr(reply_header_or_empty(got, "Vary"), "Origin"), "%s", others[i]);
        ASSERT_STATUS(ask(it, "POST", "/v1/jobs", others[i], NULL), 403);
    }
    service_destroy(it);
}
