/*
 * What a well-behaved client sees: routes, headers, conditions, ranges, kept connections.
 */
#include "loopback.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: localhost\r\n"

static loopback running;
static loopback_reply reply;

static void start(void)
{
    const http_server_options options = loopback_options();
    loopback_start(&running, &options);
}

static void stop(void)
{
    loopback_stop(&running);
}

TestSuite(http_server, .init = start, .fini = stop, .timeout = 60);

static int ask(const char *request)
{
    return loopback_ask(&running, request, &reply)->status;
}

static const char *header(const char *name)
{
    return loopback_header(&reply, name);
}

Test(http_server, every_reply_has_the_common_headers)
{
    const char *const requests[] = {"GET /text HTTP/1.1\r\n" HOST "\r\n",
                                    "GET /nowhere HTTP/1.1\r\n" HOST "\r\n",
                                    "PUT /text HTTP/1.1\r\n" HOST "\r\n",
                                    "GET /silent HTTP/1.1\r\n" HOST "\r\n",
                                    "GET /a%00 HTTP/1.1\r\n" HOST "\r\n",
                                    "OPTIONS /text HTTP/1.1\r\n" HOST "\r\n",
                                    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999\r\n\r\n"};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        ask(requests[i]);
        cr_assert_str_eq(header("X-Content-Type-Options"), "nosniff");
        cr_assert_str_eq(header("Referrer-Policy"), "no-referrer");
        cr_assert_str_eq(header("Cross-Origin-Resource-Policy"), "same-origin");
        cr_assert_str_eq(header("Cache-Control"), "no-store");
        cr_assert_not_null(header("Date"));
        cr_assert_eq(strlen(header("X-Request-Id")), 32);
    }
}

Test(http_server, request_ids_are_echoed_if_sane)
{
    ask("GET /text HTTP/1.1\r\n" HOST "X-Request-Id: Ab.c_d-9\r\n\r\n");
    cr_assert_str_eq(header("X-Request-Id"), "Ab.c_d-9");
    ask("GET /nowhere HTTP/1.1\r\n" HOST "X-Request-Id: my-id\r\n\r\n");
    cr_assert_str_eq(header("X-Request-Id"), "my-id");
    cr_assert_not_null(strstr(reply.body, "\"request_id\":\"my-id\""));
    ask("GET /text HTTP/1.1\r\n" HOST "X-Request-Id: a b\r\n\r\n");
    cr_assert_eq(strlen(header("X-Request-Id")), 32);
    ask("GET /text HTTP/1.1\r\n" HOST "X-Request-Id: a\r\nX-Request-Id: b\r\n\r\n");
    cr_assert_eq(strlen(header("X-Request-Id")), 32);
}

Test(http_server, routes_parameters_and_query)
{
    cr_assert_eq(ask("GET /things/a%20b HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_assert_str_eq(reply.body, "a b");
    cr_assert_eq(ask("GET http://localhost/things/7 HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_assert_str_eq(reply.body, "7");
    cr_assert_eq(ask("GET /query?x=1&y=a%2Bb+c HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_assert_str_eq(reply.body, "x=1\ny=a+b c\n");
    cr_assert_eq(ask("GET /things HTTP/1.1\r\n" HOST "\r\n"), 404);
    cr_assert_eq(ask("GET /things/ HTTP/1.1\r\n" HOST "\r\n"), 404);
    cr_assert_eq(ask("GET /text/ HTTP/1.1\r\n" HOST "\r\n"), 404);
    cr_assert_str_eq(header("Content-Type"), "application/problem+json");
    cr_assert_not_null(strstr(reply.body, "\"code\":\"not_found\""));
    cr_assert_eq(ask("GET /headers?name=x-a HTTP/1.1\r\n" HOST "X-A: 1\r\nx-a: 2\r\n\r\n"), 200);
    cr_assert_str_eq(reply.body, "1, 2");
}

Test(http_server, methods)
{
    cr_assert_eq(ask("PUT /things/1 HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_assert_str_eq(header("Allow"), "GET, HEAD, DELETE, OPTIONS");
    cr_assert_eq(ask("BREW /echo HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_assert_str_eq(header("Allow"), "POST, OPTIONS");
    cr_assert_eq(ask("OPTIONS /things/1 HTTP/1.1\r\n" HOST "\r\n"), 204);
    cr_assert_str_eq(header("Allow"), "GET, HEAD, DELETE, OPTIONS");
    cr_assert_eq(ask("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 204);
    cr_assert_eq(ask("OPTIONS /nowhere HTTP/1.1\r\n" HOST "\r\n"), 404);
    cr_assert_eq(ask("DELETE /things/1 HTTP/1.1\r\n" HOST "\r\n"), 204);
    cr_assert_eq(reply.content_length, -1);
    cr_assert_eq(ask("GET /silent HTTP/1.1\r\n" HOST "\r\n"), 500);
}

Test(http_server, head_mirrors_get)
{
    const char *const paths[] = {"/text", "/things/7", "/file", "/nowhere", "/guarded"};
    static loopback_reply got;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char request[128];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "X-Request-Id: i\r\n\r\n",
                 paths[i]);
        loopback_ask(&running, request, &got);
        const int descriptor = loopback_connect(&running);
        snprintf(request, sizeof(request), "HEAD %s HTTP/1.1\r\n" HOST "X-Request-Id: i\r\n\r\n",
                 paths[i]);
        loopback_send(descriptor, request);
        loopback_read(descriptor, false, &reply);
        cr_assert_eq(reply.status, got.status);
        cr_assert_eq(reply.content_length, got.content_length);
        cr_assert_gt(reply.content_length, 0);
        const char *const names[] = {"Content-Type", "ETag", "Accept-Ranges", "Cache-Control"};
        for (size_t n = 0; n < 4; n++) {
            const char *left = header(names[n]);
            const char *right = loopback_header(&got, names[n]);
            cr_assert((left == NULL && right == NULL) || strcmp(left, right) == 0);
        }
        /* No body follows: the next reply on the connection is whole. */
        loopback_send(descriptor, "GET /things/next HTTP/1.1\r\n" HOST "\r\n");
        cr_assert_str_eq(loopback_read(descriptor, true, &reply)->body, "next");
        close(descriptor);
    }
}

Test(http_server, conditions)
{
    cr_assert_eq(ask("GET /text HTTP/1.1\r\n" HOST "If-None-Match: \"t1\"\r\n\r\n"), 304);
    cr_assert_str_eq(header("ETag"), "\"t1\"");
    cr_assert_eq(ask("HEAD /text HTTP/1.1\r\n" HOST "If-None-Match: W/\"t1\"\r\n\r\n"), 304);
    cr_assert_eq(ask("GET /text HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n"), 304);
    cr_assert_eq(
        ask("GET /text HTTP/1.1\r\n" HOST "If-None-Match: \"a\"\r\nIf-None-Match: \"t1\"\r\n\r\n"),
        304);
    cr_assert_eq(ask("GET /text HTTP/1.1\r\n" HOST "If-None-Match: \"t2\"\r\n\r\n"), 200);

    const int descriptor = loopback_connect(&running);
    for (int i = 0; i < 3; i++) {
        loopback_send(descriptor, "GET /text HTTP/1.1\r\n" HOST "If-None-Match: \"t1\"\r\n\r\n");
        cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 304);
    }
    loopback_send(descriptor, "GET /text HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_str_eq(loopback_read(descriptor, true, &reply)->body, "0123456789");
    close(descriptor);
}

Test(http_server, ranges)
{
    const char *const paths[] = {"/text", "/file"};
    for (size_t i = 0; i < 2; i++) {
        char request[200];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "Range: bytes=2-4\r\n\r\n",
                 paths[i]);
        cr_assert_eq(ask(request), 206);
        cr_assert_str_eq(reply.body, "234");
        cr_assert_str_eq(header("Content-Range"), "bytes 2-4/10");
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "Range: bytes=-2\r\n\r\n",
                 paths[i]);
        cr_assert_eq(ask(request), 206);
        cr_assert_str_eq(reply.body, "89");
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "Range: bytes=10-\r\n\r\n",
                 paths[i]);
        cr_assert_eq(ask(request), 416);
        cr_assert_str_eq(header("Content-Range"), "bytes */10");
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\n" HOST "Range: bytes=1-1\r\nIf-Range: \"old\"\r\n\r\n",
                 paths[i]);
        cr_assert_eq(ask(request), 200);
        cr_assert_str_eq(reply.body, "0123456789");
        cr_assert_str_eq(header("Accept-Ranges"), "bytes");
    }
    cr_assert_eq(ask("GET /text HTTP/1.1\r\n" HOST "Range: bytes=1-1\r\nIf-Range: \"t1\"\r\n\r\n"),
                 206);
    cr_assert_eq(ask("GET /things/0123 HTTP/1.1\r\n" HOST "Range: bytes=1-1\r\n\r\n"), 200);
}

Test(http_server, bodies_and_their_types)
{
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Type: application/json; "
                     "charset=utf-8\r\nContent-Length: 7\r\n\r\n{\"a\":1}"),
                 200);
    cr_assert_str_eq(reply.body, "{\"a\":1}");
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"),
                 200);
    cr_assert_str_eq(reply.body, "{\"a\":1}");
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}"), 415);
    cr_assert_not_null(strstr(reply.body, "application/json"));
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Type: "
                     "application/x-www-form-urlencoded\r\nContent-Length: 2\r\n\r\na="),
                 415);
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), 415);
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST
                     "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"),
                 200);
    cr_assert_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
                     "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
                 415);
    cr_assert_eq(ask("POST /optional HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_assert_eq(ask("POST /optional HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}"), 415);
    cr_assert_eq(ask("POST /act HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_assert_eq(ask("POST /act HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), 413);
    cr_assert_eq(ask("GET /text HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), 413);
}

Test(http_server, connections_are_kept_after_errors)
{
    const int descriptor = loopback_connect(&running);
    const struct {
        const char *request;
        int status;
    } steps[] = {
        {"GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404},
        {"PUT /text HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nGET ", 405},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 415},
        {"POST /guarded HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 401},
        {"GET /silent HTTP/1.1\r\n" HOST "\r\n", 500},
        {"GET /text HTTP/1.1\r\n" HOST "Range: bytes=99-\r\n\r\n", 416},
        {"POST /upload?refuse HTTP/1.1\r\n" HOST "Content-Type: text/csv\r\n"
         "Content-Length: 3\r\n\r\na,b",
         409},
        {"GET /text HTTP/1.1\r\n" HOST "\r\n", 200},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        loopback_send(descriptor, steps[i].request);
        cr_assert_eq(loopback_read(descriptor, true, &reply)->status, steps[i].status, "step %zu",
                     i);
    }
    loopback_send(descriptor, "GET /text HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 200);
    cr_assert(loopback_is_closed(descriptor, 3.0));
    close(descriptor);
}

Test(http_server, pipelined_requests_are_answered_in_order)
{
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "GET /things/1 HTTP/1.1\r\n" HOST
                              "\r\n"
                              "POST /echo HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\n"
                              "Content-Length: 2\r\n\r\n{}"
                              "GET /things/3 HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_str_eq(loopback_read(descriptor, true, &reply)->body, "1");
    cr_assert_str_eq(loopback_read(descriptor, true, &reply)->body, "{}");
    cr_assert_str_eq(loopback_read(descriptor, true, &reply)->body, "3");
    close(descriptor);
}

Test(http_server, expectations)
{
    int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "POST /echo HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\n"
                              "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 100);
    loopback_send(descriptor, "{}");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 200);
    close(descriptor);

    descriptor = loopback_connect(&running);
    loopback_send(descriptor, "POST /echo HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\n"
                              "Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 413, "before any 100");
    cr_assert(loopback_is_closed(descriptor, 3.0));
    close(descriptor);
    cr_assert_eq(ask("GET /text HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n"), 417);
}

Test(http_server, first_version_of_http)
{
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "GET /text HTTP/1.0\r\n\r\n");
    loopback_read(descriptor, true, &reply);
    cr_assert_eq(reply.status, 200);
    cr_assert_str_eq(reply.body, "0123456789");
    cr_assert(loopback_is_closed(descriptor, 3.0));
    close(descriptor);
}

Test(http_server, requests_are_logged_once_each)
{
    ask("GET /text?token=secret HTTP/1.1\r\n" HOST "\r\n");
    ask("GET /a%00 HTTP/1.1\r\n" HOST "\r\n");
    ask("GET /nowhere HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(loopback_await(&running.counts.logged, 3));
}

/* One of many clients: three requests over one connection. */
static void *run_client(void *argument)
{
    const int number = *(const int *)argument;
    loopback_reply *mine = malloc(sizeof(*mine));
    char wanted[32];
    char request[128];
    snprintf(wanted, sizeof(wanted), "client-%d", number);
    snprintf(request, sizeof(request), "GET /things/%s HTTP/1.1\r\n" HOST "\r\n", wanted);
    const int descriptor = loopback_connect(&running);
    size_t right = 0;
    for (int i = 0; i < 3; i++) {
        loopback_send(descriptor, request);
        loopback_read(descriptor, true, mine);
        right += mine->status == 200 && strcmp(mine->body, wanted) == 0;
    }
    close(descriptor);
    free(mine);
    return right == 3 ? argument : NULL;
}

Test(http_server, a_hundred_clients_at_once)
{
    enum {
        CLIENTS = 100
    };
    static pthread_t threads[CLIENTS];
    static int numbers[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        numbers[i] = i;
        cr_assert_eq(pthread_create(&threads[i], NULL, &run_client, &numbers[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        cr_assert_not_null(result, "client %d", i);
    }
    cr_assert_eq(atomic_load(&running.counts.handled), 3 * CLIENTS);
}

Test(http_server, large_replies_arrive_whole)
{
    cr_assert_eq(ask("GET /big?bytes=20000000 HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_assert_eq(reply.body_length, 20000000);
}

Test(http_server_start, refuses_what_makes_no_sense)
{
    loopback one;
    char message[256] = "";
    http_server_options options = loopback_options();
    loopback_start(&one, &options);
    options.port = http_server_port(one.server);
    cr_assert_null(http_server_start(&options, one.router, message, sizeof(message)));
    cr_assert_not_null(strstr(message, "in use"), "%s", message);
    options.port = 0;
    options.address = "example.invalid";
    cr_assert_null(http_server_start(&options, one.router, message, sizeof(message)));
    cr_assert_not_null(strstr(message, "numeric"), "%s", message);
    options = loopback_options();
    options.threads = 0;
    cr_assert_null(http_server_start(&options, one.router, message, sizeof(message)));
    options = loopback_options();
    options.request_deadline_seconds = 0.0;
    cr_assert_null(http_server_start(&options, one.router, message, sizeof(message)));
    options = loopback_options();
    cr_assert_null(http_server_start(&options, NULL, message, sizeof(message)));
    loopback_stop(&one);
}

Test(http_server_start, one_thread_and_ipv6)
{
    loopback one;
    http_server_options options = loopback_options();
    options.threads = 1;
    options.address = "::1";
    const int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const bool has_ipv6 =
        probe >= 0 && bind(probe, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (probe >= 0) {
        close(probe);
    }
    if (!has_ipv6) {
        cr_skip_test("no IPv6 loopback here");
    }
    loopback_start(&one, &options);
    const int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
    address.sin6_port = htons(http_server_port(one.server));
    cr_assert_eq(connect(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
    loopback_send(descriptor, "GET /text HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 200);
    close(descriptor);
    loopback_stop(&one);
}
