/*
 * The sample server and the raw client of loopback.h.
 */
#include "loopback.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static loopback_counts *counts_of(void *context)
{
    loopback_counts *counts = context;
    atomic_fetch_add(&counts->handled, 1);
    return counts;
}

static void get_text(void *context, const http_request *request, http_response *response)
{
    (void)request;
    (void)counts_of(context);
    http_respond_static(response, 200, "text/plain", "0123456789", 10);
    http_respond_etag(response, "\"t1\"");
    http_respond_ranges(response);
}

static void get_thing(void *context, const http_request *request, http_response *response)
{
    (void)counts_of(context);
    http_respond_text(response, 200, "text/plain", http_request_parameter(request, "id"));
}

static void delete_thing(void *context, const http_request *request, http_response *response)
{
    (void)request;
    (void)counts_of(context);
    http_respond_empty(response, 204);
}

static void get_query(void *context, const http_request *request, http_response *response)
{
    (void)counts_of(context);
    char text[512] = "";
    size_t used = 0;
    const char *name = NULL;
    const char *value = NULL;
    for (size_t i = 0; http_request_query_at(request, i, &name, &value); i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s=%s\n", name, value);
    }
    http_respond_text(response, 200, "text/plain", text);
}

static long query_number(const http_request *request, const char *name)
{
    const char *text = http_request_query(request, name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static void get_big(void *context, const http_request *request, http_response *response)
{
    (void)counts_of(context);
    const size_t length = (size_t)query_number(request, "bytes");
    char *bytes = malloc(length);
    if (bytes != NULL) {
        memset(bytes, 'b', length);
        http_respond_owned(response, 200, "application/octet-stream", bytes, length);
    }
}

static void get_file(void *context, const http_request *request, http_response *response)
{
    (void)request;
    (void)counts_of(context);
    const int descriptor = memfd_create("sample", MFD_CLOEXEC);
    if (descriptor < 0 || write(descriptor, "xx0123456789yy", 14) != 14) {
        return;
    }
    http_respond_file(response, 200, "application/octet-stream", descriptor, 2, 10);
    http_respond_etag(response, "\"f1\"");
    http_respond_ranges(response);
}

static void get_silent(void *context, const http_request *request, http_response *response)
{
    (void)request;
    (void)response;
    (void)counts_of(context);
}

static void get_slow(void *context, const http_request *request, http_response *response)
{
    (void)counts_of(context);
    const long milliseconds = query_number(request, "ms");
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
    http_respond_text(response, 200, "text/plain", "slow");
}

static void get_headers(void *context, const http_request *request, http_response *response)
{
    (void)counts_of(context);
    const char *name = http_request_query(request, "name");
    const char *value = name == NULL ? NULL : http_request_header(request, name);
    http_respond_text(response, 200, "text/plain", value == NULL ? "(none)" : value);
}

static void post_echo(void *context, const http_request *request, http_response *response)
{
    (void)counts_of(context);
    size_t length = 0;
    const void *bytes = http_request_body(request, &length);
    http_respond_bytes(response, 200, "application/json", bytes, length);
}

/* A stream is as long as a response can carry: the counts stand in for a file. */
typedef struct upload {
    loopback_counts *counts;
    bool is_full;
    unsigned long long bytes;
} upload;

static bool begin_upload(void *context, const http_request *request, void **state,
                         http_response *response)
{
    loopback_counts *counts = context;
    if (http_request_query(request, "refuse") != NULL) {
        http_respond_problem(response, 409, "refused", NULL, NULL);
        return false;
    }
    upload *started = calloc(1, sizeof(*started));
    if (started == NULL) {
        return false;
    }
    started->counts = counts;
    started->is_full = http_request_query(request, "full") != NULL;
    atomic_fetch_add(&counts->begun, 1);
    *state = started;
    return true;
}

static bool take_upload(void *state, const void *bytes, size_t length, http_response *response)
{
    upload *running = state;
    (void)bytes;
    running->bytes += length;
    atomic_fetch_add(&running->counts->streamed, length);
    if (running->is_full && running->bytes > 500000) {
        http_respond_problem(response, 507, "full", NULL, "The disk is full.");
        return false;
    }
    return true;
}

static void abort_upload(void *state)
{
    upload *running = state;
    atomic_fetch_add(&running->counts->aborted, 1);
    free(running);
}

static void post_upload(void *context, const http_request *request, http_response *response)
{
    loopback_counts *counts = counts_of(context);
    upload *running = http_request_body_state(request);
    char text[64];
    snprintf(text, sizeof(text), "%llu %llu", running->bytes,
             (unsigned long long)http_request_body_bytes(request));
    http_respond_text(response, 201, "text/plain", text);
    atomic_fetch_add(&counts->finished, 1);
    free(running);
}

static bool guard_some(void *context, const http_request *request, http_response *response)
{
    (void)context;
    if (http_request_route(request)->tag == NULL) {
        return true;
    }
    http_respond_problem(response, 401, "unauthorized", NULL, NULL);
    http_respond_header(response, "WWW-Authenticate", "Bearer");
    return false;
}

static const http_body_stream UPLOAD = {begin_upload, take_upload, abort_upload};
static const char *const JSON_ONLY[] = {"application/json", NULL};
static const char *const TEXT_ONLY[] = {"text/plain", NULL};
static const char *const TABLES[] = {"text/csv", "application/octet-stream", NULL};

static const http_route ROUTES[] = {
    {.method = HTTP_METHOD_GET, .pattern = "/text", .handler = get_text},
    {.method = HTTP_METHOD_GET, .pattern = "/things/{id}", .handler = get_thing},
    {.method = HTTP_METHOD_DELETE, .pattern = "/things/{id}", .handler = delete_thing},
    {.method = HTTP_METHOD_GET, .pattern = "/query", .handler = get_query},
    {.method = HTTP_METHOD_GET, .pattern = "/big", .handler = get_big},
    {.method = HTTP_METHOD_GET, .pattern = "/file", .handler = get_file},
    {.method = HTTP_METHOD_GET, .pattern = "/silent", .handler = get_silent},
    {.method = HTTP_METHOD_GET, .pattern = "/slow", .handler = get_slow},
    {.method = HTTP_METHOD_GET, .pattern = "/headers", .handler = get_headers},
    {.method = HTTP_METHOD_POST,
     .pattern = "/echo",
     .handler = post_echo,
     .maximum_body = 1000,
     .content_types = JSON_ONLY},
    {.method = HTTP_METHOD_POST,
     .pattern = "/packed",
     .handler = post_echo,
     .maximum_body = 1000,
     .content_types = TEXT_ONLY,
     .flags = HTTP_ROUTE_GZIP},
    {.method = HTTP_METHOD_POST,
     .pattern = "/optional",
     .handler = post_echo,
     .maximum_body = 1000,
     .content_types = JSON_ONLY,
     .flags = HTTP_ROUTE_BODY_OPTIONAL},
    {.method = HTTP_METHOD_POST, .pattern = "/act", .handler = post_echo},
    {.method = HTTP_METHOD_POST,
     .pattern = "/upload",
     .handler = post_upload,
     .maximum_body = 1 << 20,
     .content_types = TABLES,
     .flags = HTTP_ROUTE_GZIP,
     .stream = &UPLOAD},
    {.method = HTTP_METHOD_GET, .pattern = "/guarded", .handler = get_text, .tag = "guarded"},
    {.method = HTTP_METHOD_POST,
     .pattern = "/guarded",
     .handler = post_echo,
     .maximum_body = 1 << 30,
     .tag = "guarded"},
};

static void count_log(void *context, const char *method, const char *path, int status,
                      double seconds, size_t bytes, const char *request_id)
{
    loopback_counts *counts = context;
    cr_assert(method[0] != '\0' && path != NULL && seconds >= 0.0 && request_id[0] != '\0');
    (void)bytes;
    atomic_store(&counts->last_status, status);
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
    const http_router_options routes = {.routes = ROUTES,
                                        .route_count = sizeof(ROUTES) / sizeof(ROUTES[0]),
                                        .context = &running->counts,
                                        .before = &guard_some};
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
