/*
 * Attacks on the framing of requests, over a real socket: each is refused, the connection ends,
 * nothing hidden behind it runs, and the next client is served as if nothing had been.
 */
#include "loopback.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HIDDEN "GET /things/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"

static loopback running;

static void start(void)
{
    const http_server_options options = loopback_options();
    loopback_start(&running, &options);
}

static void stop(void)
{
    loopback_stop(&running);
}

TestSuite(http_framing, .init = start, .fini = stop, .timeout = 60);

/* Sends an attack, wants this status, the end of the connection, no handler, and a next client. */
static void expect_refused(const char *attack, int status)
{
    static loopback_reply reply;
    const int handled = atomic_load(&running.counts.handled);
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, attack);
    loopback_read(descriptor, true, &reply);
    /* Newer libraries refuse an unknown coding themselves, as 400. */
    const bool is_refused = reply.status == status || (status == 501 && reply.status == 400);
    cr_assert(is_refused, "%d instead of %d for:\n%s", reply.status, status, attack);
    cr_assert(loopback_ends(descriptor, 3.0), "still open after:\n%s", attack);
    close(descriptor);
    cr_assert_eq(atomic_load(&running.counts.handled), handled, "a handler ran for:\n%s", attack);
    loopback_ask(&running, "GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n", &reply);
    cr_assert_eq(reply.status, 200);
}

Test(http_framing, two_lengths)
{
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" HIDDEN,
        400);
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" HIDDEN,
        400);
}

Test(http_framing, length_and_coding)
{
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN,
        400);
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n2\r\n{}\r\n0\r\n\r\n" HIDDEN,
        400);
}

Test(http_framing, unknown_and_doubled_codings)
{
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" HIDDEN,
        501);
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" HIDDEN,
        501);
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\n{}\r\n0\r\n\r\n" HIDDEN,
        400);
    expect_refused(
        "POST /echo HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" HIDDEN,
        400);
}

Test(http_framing, folded_framing_headers)
{
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length:\r\n 60\r\n\r\n"
        "{}" HIDDEN,
        400);
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\n"
        "\r\n2\r\n{}\r\n0\r\n\r\n" HIDDEN,
        400);
    expect_refused("GET /text HTTP/1.1\r\nHost: localhost\r\nX: 1\r\n a: b\r\n\r\n" HIDDEN, 400);
}

Test(http_framing, hosts)
{
    expect_refused("GET /text HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\nHost: evil.example\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\nHost: a b\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\nHost:\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\n\r\n" HIDDEN, 400);
    expect_refused("GET http://evil.example/text HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
}

Test(http_framing, odd_header_names)
{
    expect_refused("GET /text HTTP/1.1\r\nHost: localhost\r\nX : 1\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\nHost: localhost\r\nX\x01: 1\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\nHost: localhost\r\nX: a\x01\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /text HTTP/1.1\r\nHost: localhost\r\nnocolon\r\n\r\n" HIDDEN, 400);
}

Test(http_framing, odd_targets)
{
    expect_refused("GET /things/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /things/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN,
                   400);
    expect_refused("GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /things/\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
    expect_refused("GET /query?a=1&a=2 HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
    expect_refused("GET things HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN, 400);
}

Test(http_framing, lengths_over_the_cap)
{
    const char *const lengths[] = {"1001", "9223372036854775808", "18446744073709551615",
                                   "18446744073709551616"};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        static loopback_reply reply;
        char request[256];
        snprintf(request, sizeof(request),
                 "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 "Content-Length: %s\r\n\r\n",
                 lengths[i]);
        const int descriptor = loopback_connect(&running);
        loopback_send(descriptor, request);
        cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 413, "%s", lengths[i]);
        close(descriptor);
    }
    cr_assert_eq(atomic_load(&running.counts.handled), 0);
}

Test(http_framing, a_chunked_body_past_the_cap_is_answered_at_once)
{
    static loopback_reply reply;
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor,
                  "POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                  "Content-Type: application/json\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n");
    char chunk[600];
    memset(chunk, ' ', sizeof(chunk));
    memcpy(chunk, "200\r\n", 5);
    memcpy(chunk + 5 + 512, "\r\n", 2);
    for (int i = 0; i < 3; i++) {
        cr_assert(loopback_try_send(descriptor, chunk, 5 + 512 + 2));
    }
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 413);
    cr_assert_str_eq(loopback_header(&reply, "Connection"), "close");
    cr_assert_not_null(strstr(reply.body, "body_too_large"));
    cr_assert_not_null(loopback_header(&reply, "X-Request-Id"));
    cr_assert(loopback_is_closed(descriptor, 1.0));
    close(descriptor);
    cr_assert_eq(atomic_load(&running.counts.handled), 0);
}

Test(http_framing, bad_chunks)
{
    const char *const chunks[] = {"zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}",
                                  "2\r\n{}x\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n"};
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        static loopback_reply reply;
        const int descriptor = loopback_connect(&running);
        loopback_send(descriptor,
                      "POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                      "Content-Type: application/json\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n");
        loopback_send(descriptor, chunks[i]);
        loopback_read(descriptor, true, &reply);
        cr_assert(reply.status == 400 || reply.status == 413, "%s gave %d", chunks[i],
                  reply.status);
        close(descriptor);
    }
    cr_assert_eq(atomic_load(&running.counts.handled), 0);
}

Test(http_framing, long_targets_and_many_headers)
{
    static char request[120000];
    static loopback_reply reply;
    size_t used = (size_t)snprintf(request, sizeof(request), "GET /");
    memset(request + used, 'a', 40000);
    snprintf(request + used + 40000, 64, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_refused(request, 414);

    used = (size_t)snprintf(request, sizeof(request), "GET /text HTTP/1.1\r\nHost: localhost\r\n");
    for (int i = 0; i < 3000; i++) {
        used += (size_t)snprintf(request + used, sizeof(request) - used, "X-%d: 1\r\n", i);
    }
    snprintf(request + used, sizeof(request) - used, "\r\n");
    const int descriptor = loopback_connect(&running);
    /* The server may answer and close before it has all of them. */
    (void)loopback_try_send(descriptor, request, strlen(request));
    loopback_read(descriptor, true, &reply);
    cr_assert(reply.status == 431 || reply.status == 0, "%d", reply.status);
    close(descriptor);
    used =
        (size_t)snprintf(request, sizeof(request), "GET /text HTTP/1.1\r\nHost: localhost\r\nX: ");
    memset(request + used, 'a', 20000);
    snprintf(request + used + 20000, 8, "\r\n\r\n");
    expect_refused(request, 431);
    cr_assert_eq(
        loopback_ask(&running, "GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n", &reply)->status,
        200);
}

Test(http_framing, foreign_pages_may_read_nothing_and_write_nothing)
{
    static loopback_reply reply;
    const char *const writes[] = {
        "DELETE /things/1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
        "DELETE /things/1 HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n",
        "POST /act HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        cr_assert_eq(loopback_ask(&running, writes[i], &reply)->status, 403);
    }
    cr_assert_eq(atomic_load(&running.counts.handled), 0);
    cr_assert_eq(loopback_ask(&running,
                              "DELETE /things/1 HTTP/1.1\r\nHost: localhost\r\n"
                              "Origin: http://localhost\r\n\r\n",
                              &reply)
                     ->status,
                 204);
    loopback_ask(&running, "GET /text HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\n\r\n",
                 &reply);
    cr_assert_eq(reply.status, 200);
    cr_assert_null(loopback_header(&reply, "Access-Control-Allow-Origin"));
    cr_assert_str_eq(loopback_header(&reply, "Cross-Origin-Resource-Policy"), "same-origin");
}
