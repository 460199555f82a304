/*
 * The route table, compiled once: patterns cut into segments, every line checked at start.
 *
 * A look-up walks the lines; with some tens of routes that is quicker than any tree. Of the
 * patterns that fit a path the most literal one, from the left, decides which methods there are.
 */
#include "http/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct segment {
    bool is_parameter;
    size_t length;
    const char *text; /* inside the pattern; of a parameter the name without braces */
} segment;

typedef struct compiled_route {
    http_route route;
    size_t segment_count;
    segment segments[HTTP_ROUTE_SEGMENTS_MAXIMUM];
} compiled_route;

struct http_router {
    void *context;
    http_filter *before;
    size_t count;
    compiled_route routes[];
};

static const char *const METHOD_NAMES[] = {
    [HTTP_METHOD_GET] = "GET",         [HTTP_METHOD_HEAD] = "HEAD",
    [HTTP_METHOD_POST] = "POST",       [HTTP_METHOD_PUT] = "PUT",
    [HTTP_METHOD_PATCH] = "PATCH",     [HTTP_METHOD_DELETE] = "DELETE",
    [HTTP_METHOD_OPTIONS] = "OPTIONS", [HTTP_METHOD_OTHER] = "OTHER",
};

http_method http_method_from_name(const char *name)
{
    for (int method = 0; method < HTTP_METHOD_OTHER; method++) {
        if (strcmp(METHOD_NAMES[method], name) == 0) {
            return (http_method)method;
        }
    }
    return HTTP_METHOD_OTHER;
}

const char *http_method_name(http_method method)
{
    return METHOD_NAMES[method <= HTTP_METHOD_OTHER ? method : HTTP_METHOD_OTHER];
}

/* Cuts one pattern. Returns what is wrong with it, NULL if nothing is. */
static const char *compile_pattern(const char *pattern, compiled_route *compiled)
{
    if (pattern == NULL || pattern[0] != '/') {
        return "the pattern does not begin with a slash";
    }
    size_t parameters = 0;
    compiled->segment_count = 0;
    const char *cursor = pattern;
    while (*cursor == '/' && cursor[1] != '\0') {
        cursor++;
        if (compiled->segment_count == HTTP_ROUTE_SEGMENTS_MAXIMUM) {
            return "the pattern has too many segments";
        }
        segment *part = &compiled->segments[compiled->segment_count++];
        part->text = cursor;
        part->length = strcspn(cursor, "/");
        cursor += part->length;
        part->is_parameter = part->length > 0 && part->text[0] == '{';
        if (part->length == 0) {
            return "the pattern has an empty segment";
        }
        if (part->is_parameter) {
            if (part->length < 3 || part->text[part->length - 1] != '}') {
                return "a parameter is not written {name}";
            }
            if (++parameters > HTTP_ROUTE_PARAMETERS_MAXIMUM) {
                return "the pattern has too many parameters";
            }
            part->text++;
            part->length -= 2;
        }
    }
    return (*cursor == '/' && cursor != pattern) ? "the pattern ends with a slash" : NULL;
}

/* True if two patterns fit exactly the same paths. */
static bool same_paths(const compiled_route *left, const compiled_route *right)
{
    if (left->segment_count != right->segment_count) {
        return false;
    }
    for (size_t i = 0; i < left->segment_count; i++) {
        const segment *a = &left->segments[i];
        const segment *b = &right->segments[i];
        if (a->is_parameter != b->is_parameter) {
            return false;
        }
        if (!a->is_parameter &&
            (a->length != b->length || memcmp(a->text, b->text, a->length) != 0)) {
            return false;
        }
    }
    return true;
}

static const char *compile_route(http_router *router, const http_route *route)
{
    compiled_route *compiled = &router->routes[router->count];
    compiled->route = *route;
    if (route->method >= HTTP_METHOD_OTHER || route->method == HTTP_METHOD_HEAD ||
        route->method == HTTP_METHOD_OPTIONS) {
        return "the method cannot stand in the table";
    }
    if (route->handler == NULL) {
        return "there is no handler";
    }
    if (route->stream != NULL && (route->stream->begin == NULL || route->stream->chunk == NULL ||
                                  route->stream->abort == NULL)) {
        return "a streamed body needs begin, chunk and abort";
    }
    const char *fault = compile_pattern(route->pattern, compiled);
    if (fault != NULL) {
        return fault;
    }
    for (size_t i = 0; i < router->count; i++) {
        if (router->routes[i].route.method == route->method &&
            same_paths(&router->routes[i], compiled)) {
            return "the route stands twice";
        }
    }
    router->count++;
    return NULL;
}

http_router *http_router_create(const http_router_options *options, char *message,
                                size_t message_size)
{
    const size_t most = (SIZE_MAX - sizeof(http_router)) / sizeof(compiled_route);
    http_router *router =
        options->route_count > most
            ? NULL
            : calloc(1, sizeof(*router) + options->route_count * sizeof(compiled_route));
    if (router == NULL) {
        snprintf(message, message_size, "no memory for the route table");
        return NULL;
    }
    router->context = options->context;
    router->before = options->before;
    for (size_t i = 0; i < options->route_count; i++) {
        const http_route *route = &options->routes[i];
        const char *fault = compile_route(router, route);
        if (fault != NULL) {
            snprintf(message, message_size, "route %zu (%s %s): %s", i,
                     http_method_name(route->method), route->pattern == NULL ? "" : route->pattern,
                     fault);
            free(router);
            return NULL;
        }
    }
    return router;
}

void http_router_destroy(http_router *router)
{
    free(router);
}

static bool fits(const compiled_route *compiled, const char *const *segments, size_t count)
{
    if (compiled->segment_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const segment *part = &compiled->segments[i];
        if (part->is_parameter ? segments[i][0] == '\0'
                               : (strlen(segments[i]) != part->length ||
                                  memcmp(segments[i], part->text, part->length) != 0)) {
            return false;
        }
    }
    return true;
}

/* True if `left` has a literal where `right`, of the same length, first has a parameter. */
static bool is_more_literal(const compiled_route *left, const compiled_route *right)
{
    for (size_t i = 0; i < left->segment_count; i++) {
        if (left->segments[i].is_parameter != right->segments[i].is_parameter) {
            return right->segments[i].is_parameter;
        }
    }
    return false;
}

static void note_parameters(const compiled_route *compiled, http_match *match)
{
    match->parameter_count = 0;
    for (size_t i = 0; i < compiled->segment_count; i++) {
        if (compiled->segments[i].is_parameter) {
            match->parameter_segments[match->parameter_count++] = i;
        }
    }
}

http_match http_router_find(const http_router *router, http_method method,
                            const char *const *segments, size_t segment_count)
{
    http_match match = {0};
    const compiled_route *best = NULL;
    for (size_t i = 0; i < router->count; i++) {
        const compiled_route *candidate = &router->routes[i];
        if (fits(candidate, segments, segment_count) &&
            (best == NULL || is_more_literal(candidate, best))) {
            best = candidate;
        }
    }
    if (best == NULL) {
        return match;
    }
    const http_method served = method == HTTP_METHOD_HEAD ? HTTP_METHOD_GET : method;
    for (size_t i = 0; i < router->count; i++) {
        const compiled_route *candidate = &router->routes[i];
        if (!same_paths(candidate, best)) {
            continue;
        }
        match.allowed |= 1u << candidate->route.method;
        if (candidate->route.method == served) {
            match.route = &candidate->route;
            note_parameters(candidate, &match);
        }
    }
    match.allowed |= 1u << HTTP_METHOD_OPTIONS;
    if ((match.allowed & 1u << HTTP_METHOD_GET) != 0) {
        match.allowed |= 1u << HTTP_METHOD_HEAD;
    }
    return match;
}

int http_route_parameter_index(const http_route *route, const char *name)
{
    const size_t length = strlen(name);
    int index = 0;
    for (const char *open = strchr(route->pattern, '{'); open != NULL;
         open = strchr(open + 1, '{')) {
        if (strncmp(open + 1, name, length) == 0 && open[1 + length] == '}') {
            return index;
        }
        index++;
    }
    return -1;
}

void http_allow_text(unsigned allowed, char *text, size_t text_size)
{
    size_t used = 0;
    if (text_size > 0) {
        text[0] = '\0';
    }
    for (unsigned method = 0; method < HTTP_METHOD_OTHER; method++) {
        if ((allowed & 1u << method) == 0 || used >= text_size) {
            continue;
        }
        const int written = snprintf(text + used, text_size - used, "%s%s", used > 0 ? ", " : "",
                                     METHOD_NAMES[method]);
        used += written > 0 ? (size_t)written : 0;
    }
}

http_filter *http_router_before(const http_router *router)
{
    return router->before;
}

void *http_router_context(const http_router *router)
{
    return router->context;
}
