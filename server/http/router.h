/*
 * Routes are data: a table of (method, path pattern, handler, what the body may be).
 *
 * The server refuses before a handler runs: unknown path 404, other method 405 with Allow, body
 * too long 413, Content-Type not in the list 415, Content-Encoding not allowed 415. HEAD is served
 * wherever GET is, OPTIONS is answered 204 with Allow. Handlers run on a thread of the server's
 * pool and may block for a database commit; several run at once.
 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/request.h"
#include "http/response.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_ROUTE_PARAMETERS_MAXIMUM = 4, /* {names} in one pattern */
    HTTP_ROUTE_SEGMENTS_MAXIMUM = 8    /* parts between slashes in one pattern */
};

/* Flags of a route. */
enum {
    HTTP_ROUTE_GZIP = 1 << 0,         /* Content-Encoding: gzip is inflated while it arrives */
    HTTP_ROUTE_BODY_OPTIONAL = 1 << 1 /* no body: no Content-Type needed either */
};

/* Answers a request by one of http_respond_…; `context` is the router's. */
typedef void http_handler(void *context, const http_request *request, http_response *response);

/* Looks at a matched request before its body is read (who may do this, is the service draining), and
   may leave with it who asks (http_request_set_client). False: the response it made is sent, the
   handler does not run. */
typedef bool http_filter(void *context, http_request *request, http_response *response);

/* A body that is taken as it arrives and never held whole. begin, then chunk for each piece
   (decoded, 1 byte to about 64 KiB), then either the route's handler, which finds the state with
   http_request_body_state and has to release it, or abort, once: after chunk returned false, when
   the client went away or was too slow, or the body was too long or badly coded. begin and chunk
   returning false mean that they answered the response themselves; after begin's false there is
   no state and no abort. */
typedef struct http_body_stream {
    bool (*begin)(void *context, const http_request *request, void **state,
                  http_response *response);
    bool (*chunk)(void *state, const void *bytes, size_t length, http_response *response);
    void (*abort)(void *state);
} http_body_stream;

/* One line of the table. Pattern: "/v1/jobs/{id}/curve"; a parameter takes one whole, non-empty
   segment; where two patterns fit, a literal segment wins over a parameter, from the left. */
typedef struct http_route {
    http_method method; /* not HEAD, OPTIONS or OTHER */
    const char *pattern;
    http_handler *handler;
    uint64_t maximum_body;            /* bytes after decoding; 0: no body is taken */
    const char *const *content_types; /* NULL-terminated; NULL: any or none */
    unsigned flags;
    const http_body_stream *stream; /* NULL: the body is gathered in memory */
    const void *tag;                /* the table author's own: http_request_route(request)->tag */
} http_route;

typedef struct http_router http_router;

typedef struct http_router_options {
    const http_route *routes; /* copied; what its lines point to must outlive the router */
    size_t route_count;
    void *context;       /* given to every handler, filter and body_begin */
    http_filter *before; /* NULL: none; runs after the match, before 413 and 415 are looked at */
} http_router_options;

/* NULL, with the reason in `message`, if a pattern or line makes no sense or stands twice. */
http_router *http_router_create(const http_router_options *options, char *message,
                                size_t message_size);
void http_router_destroy(http_router *router);

/* What the table says about a path. */
typedef struct http_match {
    const http_route *route; /* NULL: no route of this method */
    unsigned allowed;        /* 1u << http_method for each that this path serves; 0: no such path */
    size_t parameter_count;
    size_t parameter_segments[HTTP_ROUTE_PARAMETERS_MAXIMUM]; /* positions among the segments */
} http_match;

/* Finds the route for a path given as its decoded segments. Pure; any number of threads. */
http_match http_router_find(const http_router *router, http_method method,
                            const char *const *segments, size_t segment_count);

/* Position of the parameter `name` in the route's pattern, counted among parameters; -1: none. */
int http_route_parameter_index(const http_route *route, const char *name);

/* "GET, HEAD, POST, OPTIONS" for a set of methods as in http_match. */
void http_allow_text(unsigned allowed, char *text, size_t text_size);

/* The router's hook and context, for the server. */
http_filter *http_router_before(const http_router *router);
void *http_router_context(const http_router *router);

#endif
