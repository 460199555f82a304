/*
 * The raw client of loopback.h, and the start and stop of its server.
 */
#include "loopback.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void count_log(void *context, const http_log_entry *entry)
{
    loopback_counts *counts = context;
    cr_assert(entry->method[0] != '\0' && entry->path != NULL && entry->seconds >= 0.0 &&
              entry->request_id[0] != '\0' && entry->client != NULL);
    cr_assert_null(strstr(entry->path, "secret"));
    atomic_store(&counts->last_status, entry->status);
    atomic_fetch_add(&counts->logged, 1);
}

static void count_message(void *context, const char *text)
{
    loopback_counts *counts = context;
    cr_assert_null(strchr(text, '\n'));
    atomic_fetch_add(&counts->messages, 1);
    if (getenv("HTTP_TESTS_VERBOSE") != NULL) {
        fprintf(stderr, "%s\n", text);
    }
}

http_server_options loopback_options(void)
{
    http_server_options options = http_server_options_default();
    options.threads = 2;
    return options;
}

void loopback_start(loopback *running, const http_server_options *options)
{
    char message[256] = "";
    memset(running, 0, sizeof(*running));
    const http_router_options routes = {.routes = loopback_routes,
                                        .route_count = loopback_route_count,
                                        .context = &running->counts,
                                        .before = &loopback_filter};
    http_server_options chosen = *options;
    chosen.log = &count_log;
    chosen.log_message = &count_message;
    chosen.log_context = &running->counts;
    running->router = http_router_create(&routes, message, sizeof(message));
    cr_assert_not_null(running->router, "%s", message);
    running->server = http_server_start(&chosen, running->router, message, sizeof(message));
    cr_assert_not_null(running->server, "%s", message);
    cr_assert_gt(http_server_port(running->server), 0);
}

void loopback_stop(loopback *running)
{
    http_server_stop(running->server);
    http_router_destroy(running->router);
}

int loopback_connect(const loopback *running)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(descriptor, 0);
    const struct timeval patience = {10, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(running->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    cr_assert_eq(connect(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
    return descriptor;
}

bool loopback_try_send(int descriptor, const void *bytes, size_t length)
{
    size_t sent = 0;
    while (sent < length) {
        const ssize_t now =
            send(descriptor, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
        if (now <= 0) {
            return false;
        }
        sent += (size_t)now;
    }
    return true;
}

void loopback_send(int descriptor, const char *text)
{
    cr_assert(loopback_try_send(descriptor, text, strlen(text)));
}

/* Reads the head byte by byte, so that nothing of a next reply is taken. */
static bool read_head(int descriptor, loopback_reply *reply)
{
    size_t used = 0;
    while (used < sizeof(reply->head) - 1) {
        if (recv(descriptor, reply->head + used, 1, 0) != 1) {
            return false;
        }
        reply->head[++used] = '\0';
        if (used >= 4 && strcmp(reply->head + used - 4, "\r\n\r\n") == 0) {
            return true;
        }
    }
    return false;
}

loopback_reply *loopback_read(int descriptor, bool has_body, loopback_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    reply->content_length = -1;
    if (!read_head(descriptor, reply) || sscanf(reply->head, "HTTP/1.1 %d", &reply->status) != 1) {
        reply->status = 0;
        return reply;
    }
    const char *length = loopback_header(reply, "Content-Length");
    reply->content_length = length == NULL ? -1 : strtol(length, NULL, 10);
    has_body = has_body && reply->status != 304 && reply->status != 204 && reply->status != 100;
    char drop[16384];
    while (has_body && (long)reply->body_length < reply->content_length) {
        const size_t kept = reply->body_length;
        const size_t left = (size_t)reply->content_length - kept;
        const ssize_t got = recv(descriptor, drop, left < sizeof(drop) ? left : sizeof(drop), 0);
        if (got <= 0) {
            break;
        }
        for (size_t i = 0; i < (size_t)got && kept + i < sizeof(reply->body) - 1; i++) {
            reply->body[kept + i] = drop[i];
        }
        reply->body_length += (size_t)got;
    }
    return reply;
}

loopback_reply *loopback_ask(const loopback *running, const char *request, loopback_reply *reply)
{
    const int descriptor = loopback_connect(running);
    loopback_send(descriptor, request);
    loopback_read(descriptor, strncmp(request, "HEAD ", 5) != 0, reply);
    close(descriptor);
    return reply;
}

const char *loopback_header(const loopback_reply *reply, const char *name)
{
    static _Thread_local char values[4][512];
    static _Thread_local unsigned next;
    const size_t name_length = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, name_length) == 0 && line[2 + name_length] == ':') {
            const char *value = line + 3 + name_length;
            value += strspn(value, " ");
            char *kept = values[next++ % 4];
            snprintf(kept, sizeof(values[0]), "%.*s", (int)strcspn(value, "\r"), value);
            return kept;
        }
    }
    return NULL;
}

static void set_patience(int descriptor, double seconds)
{
    const struct timeval patience = {(time_t)seconds,
                                     (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

bool loopback_is_closed(int descriptor, double seconds)
{
    set_patience(descriptor, seconds);
    char byte = 0;
    const ssize_t got = recv(descriptor, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

bool loopback_ends(int descriptor, double seconds)
{
    char rest[4096];
    size_t used = 0;
    ssize_t got = 0;
    set_patience(descriptor, seconds);
    while (used < sizeof(rest) - 1 &&
           (got = recv(descriptor, rest + used, sizeof(rest) - 1 - used, 0)) > 0) {
        used += (size_t)got;
    }
    rest[used] = '\0';
    return (got == 0 || (got < 0 && errno == ECONNRESET)) && strstr(rest, "HTTP/1.1 200") == NULL;
}

bool loopback_await(atomic_int *value, int wanted)
{
    const struct timespec pause = {0, 5 * 1000 * 1000};
    for (int i = 0; i < 1000 && atomic_load(value) != wanted; i++) {
        nanosleep(&pause, NULL);
    }
    return atomic_load(value) == wanted;
}
