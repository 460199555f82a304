/*
 * Slow and vanished clients, streamed uploads, and stopping: short deadlines, real sockets.
 */
#include "loopback.h"

#include "http/deadline.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define HOST        "Host: localhost\r\n"
#define UPLOAD_HEAD "POST /upload HTTP/1.1\r\n" HOST "Content-Type: text/csv\r\n"

static loopback running;
static loopback_reply reply;

static void start(void)
{
    http_server_options options = loopback_options();
    options.request_deadline_seconds = 0.5;
    options.reply_deadline_seconds = 0.5;
    options.idle_seconds = 1.0;
    options.minimum_rate = 20000.0;
    options.stop_seconds = 2.0;
    loopback_start(&running, &options);
}

static void stop(void)
{
    loopback_stop(&running);
}

TestSuite(http_deadline, .init = start, .fini = stop, .timeout = 60);

static void pause_milliseconds(long milliseconds)
{
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* Sends one byte each 20 ms until the peer closes; seconds that took. */
static double drip(int descriptor, const char *text)
{
    const double began = http_clock_seconds();
    while (http_clock_seconds() - began < 8.0) {
        if (!loopback_try_send(descriptor, text, 1)) {
            break;
        }
        text += text[1] != '\0' ? 1 : 0;
        char byte = 0;
        const ssize_t got = recv(descriptor, &byte, 1, MSG_DONTWAIT);
        if (got == 0) {
            break;
        }
        pause_milliseconds(20);
    }
    return http_clock_seconds() - began;
}

static size_t open_connections(void)
{
    size_t connections = 0;
    size_t requests = 0;
    http_server_load(running.server, &connections, &requests);
    return connections;
}

static bool await_connections(size_t wanted)
{
    for (int i = 0; i < 500 && open_connections() != wanted; i++) {
        pause_milliseconds(10);
    }
    return open_connections() == wanted;
}

Test(http_deadline, a_header_drip_is_cut)
{
    const int descriptor = loopback_connect(&running);
    cr_assert_lt(drip(descriptor, "GET /text HTTP/1.1\r\nHost: localhost\r\nX: aaaaaaaaaaaaaaaaa"),
                 3.0);
    close(descriptor);
    cr_assert(await_connections(0));
    cr_assert_eq(atomic_load(&running.counts.handled), 0);
}

Test(http_deadline, a_silent_connection_is_cut)
{
    const int descriptor = loopback_connect(&running);
    cr_assert(loopback_is_closed(descriptor, 4.0));
    close(descriptor);
}

Test(http_deadline, a_body_drip_is_cut)
{
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "POST /echo HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\n"
                              "Content-Length: 900\r\n\r\n");
    cr_assert_lt(drip(descriptor, "[1,1,1,1"), 3.0);
    close(descriptor);
    cr_assert(loopback_await(&running.counts.logged, 1));
    cr_assert_eq(atomic_load(&running.counts.last_status), 0);
    cr_assert_eq(atomic_load(&running.counts.handled), 0);
}

Test(http_deadline, a_gathered_body_that_comes_steadily_outlives_the_deadline)
{
    static loopback patient;
    http_server_options options = loopback_options();
    options.request_deadline_seconds = 0.4;
    options.minimum_rate = 200.0;
    loopback_start(&patient, &options);
    const int descriptor = loopback_connect(&patient);
    char spaces[101];
    memset(spaces, ' ', 100);
    spaces[100] = '\0';
    loopback_send(descriptor, "POST /echo HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\n"
                              "Content-Length: 802\r\n\r\n[");
    for (int i = 0; i < 8; i++) {
        pause_milliseconds(150);
        loopback_send(descriptor, spaces);
    }
    loopback_send(descriptor, "]");
    loopback_read(descriptor, true, &reply);
    cr_expect_eq(reply.status, 200);
    close(descriptor);
    loopback_stop(&patient);
}

Test(http_deadline, an_upload_drip_is_cut_and_aborted_once)
{
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, UPLOAD_HEAD "Content-Length: 900000\r\n\r\n");
    cr_assert_lt(drip(descriptor, "1,1,1,1"), 4.0);
    close(descriptor);
    cr_assert(loopback_await(&running.counts.aborted, 1));
    cr_assert(await_connections(0));
    cr_assert_eq(atomic_load(&running.counts.aborted), 1);
    cr_assert_eq(atomic_load(&running.counts.finished), 0);
}

Test(http_deadline, a_steady_upload_outlives_the_deadline)
{
    static char piece[8000];
    memset(piece, 'u', sizeof(piece));
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, UPLOAD_HEAD "Content-Length: 320000\r\n\r\n");
    const double began = http_clock_seconds();
    for (int i = 0; i < 40; i++) {
        cr_assert(loopback_try_send(descriptor, piece, sizeof(piece)), "cut at piece %d", i);
        pause_milliseconds(50);
    }
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 201);
    cr_assert_str_eq(reply.body, "320000 320000");
    cr_assert_gt(http_clock_seconds() - began, 1.5);
    close(descriptor);
    cr_assert_eq(atomic_load(&running.counts.aborted), 0);
}

Test(http_deadline, an_upload_whose_client_goes_away_is_aborted_once)
{
    for (int i = 1; i <= 5; i++) {
        const int descriptor = loopback_connect(&running);
        loopback_send(descriptor, UPLOAD_HEAD "Content-Length: 1000\r\n\r\n1,2,3");
        cr_assert(loopback_await(&running.counts.begun, i));
        close(descriptor);
        cr_assert(loopback_await(&running.counts.aborted, i));
    }
    cr_assert(await_connections(0));
    cr_assert_eq(atomic_load(&running.counts.aborted), 5);
    cr_assert_eq(atomic_load(&running.counts.finished), 0);
}

Test(http_deadline, uploads_come_plain_chunked_and_as_gzip)
{
    int descriptor = loopback_connect(&running);
    loopback_send(descriptor, UPLOAD_HEAD
                  "Transfer-Encoding: chunked\r\n\r\n"
                  "5\r\n1,2,3\r\n4\r\n,4,5\r\n0\r\nX-Trailer: 1\r\n\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 201);
    cr_assert_str_eq(reply.body, "9 9");

    static unsigned char plain[900000];
    static unsigned char packed[100000];
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (unsigned char)('0' + i % 10);
    }
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = plain;
    stream.avail_in = sizeof(plain);
    stream.next_out = packed;
    stream.avail_out = sizeof(packed);
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t length = sizeof(packed) - stream.avail_out;
    deflateEnd(&stream);
    char head[256];
    snprintf(head, sizeof(head),
             UPLOAD_HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", length);
    loopback_send(descriptor, head);
    cr_assert(loopback_try_send(descriptor, packed, length));
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 201);
    cr_assert_str_eq(reply.body, "900000 900000");

    /* The same cut short, declared whole: refused, and the state let go. */
    snprintf(head, sizeof(head),
             UPLOAD_HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", length - 4);
    loopback_send(descriptor, head);
    cr_assert(loopback_try_send(descriptor, packed, length - 4));
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 400);
    close(descriptor);
    cr_assert(loopback_await(&running.counts.aborted, 1));
    cr_assert_eq(atomic_load(&running.counts.finished), 2);

    cr_assert_eq(loopback_ask(&running,
                              UPLOAD_HEAD "Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
                              &reply)
                     ->status,
                 415);
}

Test(http_deadline, an_upload_refused_on_the_way_is_answered_and_aborted_once)
{
    static char piece[16000];
    memset(piece, 'u', sizeof(piece));
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "POST /upload?full HTTP/1.1\r\n" HOST
                              "Content-Type: text/csv\r\n"
                              "Content-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 60; i++) {
        if (!loopback_try_send(descriptor, piece, sizeof(piece))) {
            break;
        }
    }
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 507);
    cr_assert_not_null(strstr(reply.body, "The disk is full."));
    close(descriptor);
    cr_assert(await_connections(0));
    cr_assert_eq(atomic_load(&running.counts.aborted), 1);
    cr_assert(loopback_await(&running.counts.logged, 1));
    cr_assert_eq(atomic_load(&running.counts.last_status), 507);
}

Test(http_deadline, a_large_body_refused_early_still_gets_its_answer)
{
    static char piece[16000];
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "POST /guarded HTTP/1.1\r\n" HOST "Content-Length: 2000000\r\n\r\n");
    for (int i = 0; i < 125; i++) {
        if (!loopback_try_send(descriptor, piece, sizeof(piece))) {
            break;
        }
    }
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 401);
    cr_assert_str_eq(loopback_header(&reply, "WWW-Authenticate"), "Bearer");
    close(descriptor);
}

Test(http_deadline, an_endless_chunked_body_ends)
{
    static char chunk[4096 + 8];
    memset(chunk, ' ', sizeof(chunk));
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "POST /echo HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n");
    const double began = http_clock_seconds();
    while (http_clock_seconds() - began < 20.0 * SERVICE_PATIENCE &&
           loopback_try_send(descriptor, chunk, sizeof(chunk))) {
    }
    cr_assert_lt(http_clock_seconds() - began, 10.0 * SERVICE_PATIENCE);
    close(descriptor);
    cr_assert(await_connections(0));
}

Test(http_deadline, a_reply_that_is_not_read_is_cut)
{
    const int descriptor = loopback_connect(&running);
    const int small = 4096;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    loopback_send(descriptor, "GET /big?bytes=30000000 HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(loopback_await(&running.counts.logged, 1), "not cut");
    cr_assert_eq(atomic_load(&running.counts.last_status), 0);
    cr_assert(await_connections(0));
    close(descriptor);
}

Test(http_deadline, a_reply_that_is_read_steadily_is_not_cut)
{
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "GET /big?bytes=20000000 HTTP/1.1\r\n" HOST "\r\n");
    static char buffer[400000];
    size_t total = 0;
    for (;;) {
        const ssize_t got = recv(descriptor, buffer, sizeof(buffer), MSG_WAITALL);
        if (got <= 0) {
            break;
        }
        total += (size_t)got;
        if (total >= 20000000) {
            break;
        }
        pause_milliseconds(40);
    }
    cr_assert_geq(total, 20000000);
    close(descriptor);
}

Test(http_deadline, an_idle_connection_is_kept_for_a_while_only)
{
    const int descriptor = loopback_connect(&running);
    loopback_send(descriptor, "GET /text HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 200);
    pause_milliseconds(700);
    loopback_send(descriptor, "GET /text HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_eq(loopback_read(descriptor, true, &reply)->status, 200, "longer than a request");
    cr_assert(loopback_is_closed(descriptor, 4.0));
    close(descriptor);
}

Test(http_deadline, a_slow_handler_is_not_cut)
{
    cr_assert_eq(
        loopback_ask(&running, "GET /slow?ms=1500 HTTP/1.1\r\n" HOST "\r\n", &reply)->status, 200);
}

Test(http_deadline, slow_clients_do_not_stand_in_the_way_of_others)
{
    enum {
        SLOW = 50
    };
    int slow[SLOW];
    for (int i = 0; i < SLOW; i++) {
        slow[i] = loopback_connect(&running);
        loopback_send(slow[i], "GET /text HTTP/1.1\r\nX: ");
    }
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(loopback_ask(&running, "GET /text HTTP/1.1\r\n" HOST "\r\n", &reply)->status,
                     200);
    }
    for (int i = 0; i < SLOW; i++) {
        cr_assert(loopback_is_closed(slow[i], 4.0));
        close(slow[i]);
    }
    cr_assert(await_connections(0));
}

static void *stop_server(void *argument)
{
    loopback_stop(argument);
    return NULL;
}

Test(http_stop, running_requests_end_and_idle_connections_close, .timeout = 30)
{
    loopback one;
    pthread_t stopper;
    const http_server_options options = loopback_options();
    loopback_start(&one, &options);
    const int idle = loopback_connect(&one);
    loopback_send(idle, "GET /text HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_eq(loopback_read(idle, true, &reply)->status, 200);
    const int busy = loopback_connect(&one);
    loopback_send(busy, "GET /slow?ms=800 HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(loopback_await(&one.counts.handled, 2));
    const double began = http_clock_seconds();
    cr_assert_eq(pthread_create(&stopper, NULL, &stop_server, &one), 0);
    cr_assert(loopback_is_closed(idle, 0.5));
    cr_assert_eq(loopback_read(busy, true, &reply)->status, 200);
    cr_assert_str_eq(loopback_header(&reply, "Connection"), "close");
    pthread_join(stopper, NULL);
    cr_assert_lt(http_clock_seconds() - began, 3.0);
    close(idle);
    close(busy);
}

Test(http_stop, a_client_that_hangs_does_not_hold_it_up, .timeout = 30)
{
    loopback one;
    http_server_options options = loopback_options();
    options.stop_seconds = 0.3;
    loopback_start(&one, &options);
    const int upload = loopback_connect(&one);
    loopback_send(upload, UPLOAD_HEAD "Content-Length: 1000\r\n\r\n1,2");
    cr_assert(loopback_await(&one.counts.begun, 1));
    const double began = http_clock_seconds();
    loopback_stop(&one);
    cr_assert_lt(http_clock_seconds() - began, 3.0);
    cr_assert_eq(atomic_load(&one.counts.aborted), 1);
    cr_assert_eq(atomic_load(&one.counts.finished), 0);
    close(upload);
}

Test(http_stop, an_unused_server_stops, .timeout = 30)
{
    loopback one;
    const http_server_options options = http_server_options_default();
    loopback_start(&one, &options);
    loopback_stop(&one);
    http_server_stop(NULL);
}
