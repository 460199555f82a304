/*
 * A server with sample routes on a free loopback port, and a client that writes raw bytes at it.
 */
#ifndef TESTS_UNIT_HTTP_LOOPBACK_H
#define TESTS_UNIT_HTTP_LOOPBACK_H

#include "http/server.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What the sample routes and the log count; read while the server runs. */
typedef struct loopback_counts {
    atomic_int handled;  /* handlers run */
    atomic_int begun;    /* streams begun */
    atomic_int finished; /* streams that reached their handler */
    atomic_int aborted;
    atomic_ullong streamed; /* bytes */
    atomic_int logged;
    atomic_int last_status; /* of the log */
    atomic_int messages;
} loopback_counts;

typedef struct loopback {
    loopback_counts counts;
    http_router *router;
    http_server *server;
} loopback;

/*
 * The routes: GET /text (static "0123456789", ETag "t1", ranges), GET /things/{id} (the id),
 * DELETE /things/{id} (204), GET /query (name=value lines), GET /big?bytes=n, GET /file (the same
 * ten digits from a file, ranges), GET /silent (no answer), GET /slow?ms=n, GET /headers?name=n
 * (value of a request header), POST /echo (JSON up to 1000 bytes, gathered), POST /packed (text
 * up to 1000 bytes, gzip allowed), POST /optional (JSON or nothing), POST /act (no body),
 * POST /upload (text/csv or octet-stream, up to 1 MiB, streamed, gzip allowed; 507 after
 * 500,000 bytes if ?full), GET and POST /guarded (401 by the filter).
 */
extern const http_route loopback_routes[];
extern const size_t loopback_route_count;
bool loopback_filter(void *context, http_request *request, http_response *response);

http_server_options loopback_options(void); /* defaults, 2 threads */
void loopback_start(loopback *running, const http_server_options *options);
void loopback_stop(loopback *running);

/* A connected socket with a receive time-out of 10 s. */
int loopback_connect(const loopback *running);
void loopback_send(int descriptor, const char *text);

/* Sends as much as it can; false once the peer has closed. */
bool loopback_try_send(int descriptor, const void *bytes, size_t length);

typedef struct loopback_reply {
    int status;          /* 0: the connection ended without a reply */
    char head[8192];     /* status line and headers */
    char body[65536];    /* start of the body, NUL-terminated */
    size_t body_length;  /* of what came */
    long content_length; /* -1: none */
} loopback_reply;

/* Reads one reply; `has_body` false for those to HEAD. */
loopback_reply *loopback_read(int descriptor, bool has_body, loopback_reply *reply);

/* The same over one new connection. */
loopback_reply *loopback_ask(const loopback *running, const char *request, loopback_reply *reply);

/* Value of a header of a reply, NULL if absent; the text lives until the fourth call after. */
const char *loopback_header(const loopback_reply *reply, const char *name);

/* True if the peer ends the connection, without a further byte, within `seconds`. */
bool loopback_is_closed(int descriptor, double seconds);

/* The same, whatever still comes before the end; a second reply among it counts as not ended. */
bool loopback_ends(int descriptor, double seconds);

/* Waits until *value is `wanted`, at most 5 s. */
bool loopback_await(atomic_int *value, int wanted);

#endif
