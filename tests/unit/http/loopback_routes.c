/*
 * The sample routes of loopback.h.
 */
#include "loopback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

bool loopback_filter(void *context, http_request *request, http_response *response)
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

const http_route loopback_routes[] = {
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

const size_t loopback_route_count = sizeof(loopback_routes) / sizeof(loopback_routes[0]);
