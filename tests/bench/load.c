/*
 * load.c: sockets of the load generator (load.h).
 */
#include "bench/load.h"

#include "bench/figures.h"
#include "bench/protocol.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BUFFER       (1 << 20) /* a thinned curve with all its series fits */
#define LATENCIES    (1 << 20)
#define EVENTS       128
#define PATIENCE     30000 /* milliseconds without any reply */
#define TEXT_MAXIMUM (1 << 22)

typedef struct connection {
    int descriptor;
    size_t have; /* bytes of the reply so far */
    double asked;
    char reply[BUFFER];
} connection;

static int open_socket(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (descriptor >= 0 &&
        (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
         setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

char *load_request(const char *method, const char *path, const char *headers, const char *body)
{
    size_t length = body == NULL ? 0 : strlen(body);
    size_t size = length + strlen(path) + strlen(headers) + 256;
    char *text = malloc(size);
    if (text != NULL && body == NULL) {
        snprintf(text, size, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", method, path, headers);
    } else if (text != NULL) {
        snprintf(text, size,
                 "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n%s\r\n%s",
                 method, path, length, headers, body);
    }
    return text;
}

static int send_all(int descriptor, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t sent = send(descriptor, text, left, MSG_NOSIGNAL);
        if (sent < 0) {
            return 0;
        }
        text += sent;
        left -= (size_t)sent;
    }
    return 1;
}

/* Status of a whole reply and its length; 0: not yet whole; -1: not understood. */
static int look(const char *reply, size_t have, size_t *length)
{
    const char *end = memmem(reply, have, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    int status = have > 12 ? (int)strtol(reply + 9, NULL, 10) : -1;
    size_t head = (size_t)(end - reply) + 4, body = 0;
    const char *field = status == 304 ? NULL : strcasestr(reply, "\r\nContent-Length:");
    if (field != NULL && field < end) {
        body = (size_t)strtoul(field + 17, NULL, 10);
    }
    *length = head + body;
    return have < head + body ? 0 : status;
}

typedef struct run {
    const load_options *options;
    load_result *result;
    double *latencies;
    size_t latency_count;
    long asked;
    double end;
} run;

/* The next request, or none where enough were asked. */
static int ask(run *it, connection *one)
{
    const load_options *options = it->options;
    one->have = 0;
    one->asked = protocol_wall_time();
    if ((options->limit > 0 && it->asked >= options->limit) ||
        (options->seconds > 0 && one->asked >= it->end)) {
        one->asked = 0;
        return 1;
    }
    const char *request = options->requests[(size_t)it->asked++ % options->request_count];
    return send_all(one->descriptor, request);
}

/* What came; whole replies are counted and the next request goes out. */
static int take(run *it, connection *one)
{
    ssize_t got = recv(one->descriptor, one->reply + one->have, BUFFER - 1 - one->have, 0);
    if (got <= 0) {
        return 0;
    }
    one->have += (size_t)got;
    one->reply[one->have] = '\0';
    size_t length = 0;
    int status = look(one->reply, one->have, &length);
    if (status == 0) {
        return one->have < BUFFER - 1;
    }
    it->result->replies++;
    it->result->refused += status != 200 && status != 201 && status != 202 && status != 304;
    if (it->latency_count < LATENCIES) {
        it->latencies[it->latency_count++] = protocol_wall_time() - one->asked;
    }
    const char *id = strstr(one->reply, "\"id\":\"");
    if (id != NULL) {
        snprintf(it->result->id, sizeof it->result->id, "%.36s", id + 6);
    }
    return ask(it, one);
}

static int serve(run *it, int poll, connection *all, int *open)
{
    struct epoll_event events[EVENTS];
    while (*open > 0) {
        int count = epoll_wait(poll, events, EVENTS, PATIENCE);
        if (count <= 0 && errno != EINTR) {
            return 0;
        }
        for (int i = 0; i < count; i++) {
            connection *one = &all[events[i].data.u32];
            if (!take(it, one)) {
                return 0;
            }
            *open -= one->asked > 0 ? 0 : 1;
        }
    }
    return 1;
}

int load_run(const load_options *options, load_result *result)
{
    *result = (load_result){0};
    connection *all = calloc((size_t)options->connections, sizeof *all);
    run it = {
        .options = options, .result = result, .latencies = malloc(LATENCIES * sizeof(double))};
    int poll = epoll_create1(EPOLL_CLOEXEC), open = 0, good = all != NULL && it.latencies != NULL;
    double start = protocol_wall_time();
    it.end = start + options->seconds;
    for (int i = 0; good && i < options->connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        all[i].descriptor = open_socket(options->port);
        good = all[i].descriptor >= 0 &&
               epoll_ctl(poll, EPOLL_CTL_ADD, all[i].descriptor, &event) == 0 && ask(&it, &all[i]);
        open += good && all[i].asked > 0;
    }
    good = good && serve(&it, poll, all, &open);
    result->seconds = protocol_wall_time() - start;
    result->rate = (double)result->replies / result->seconds;
    if (good) {
        result->median = figures_percentile(it.latencies, it.latency_count, 0.5);
        result->p99 = figures_percentile(it.latencies, it.latency_count, 0.99);
        result->largest = figures_percentile(it.latencies, it.latency_count, 1);
    }
    for (int i = 0; all != NULL && i < options->connections; i++) {
        if (all[i].descriptor > 0) {
            close(all[i].descriptor);
        }
    }
    close(poll);
    free(all);
    free(it.latencies);
    return good;
}

int load_once(int port, const char *request, char *body, size_t size, const char *header,
              char *value)
{
    int descriptor = open_socket(port), status = -1;
    char *reply = malloc(TEXT_MAXIMUM);
    size_t have = 0, length = 0;
    if (descriptor >= 0 && reply != NULL && send_all(descriptor, request)) {
        do {
            ssize_t got = recv(descriptor, reply + have, TEXT_MAXIMUM - 1 - have, 0);
            if (got <= 0) {
                break;
            }
            have += (size_t)got;
            reply[have] = '\0';
            status = look(reply, have, &length);
        } while (status == 0);
    }
    const char *end = status > 0 ? strstr(reply, "\r\n\r\n") : NULL;
    if (end != NULL && body != NULL) {
        snprintf(body, size, "%s", end + 4);
    }
    const char *found = end != NULL && header != NULL ? strcasestr(reply, header) : NULL;
    if (found != NULL) {
        found += strlen(header);
        snprintf(value, 64, "%.*s", (int)strcspn(found, "\r"), found);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    free(reply);
    return status;
}
