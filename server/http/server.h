/*
 * The HTTP/1.1 server: a listening socket, a pool of threads, a router.
 *
 * Built on libmicrohttpd with the things it leaves open closed here: a framing guard in front of
 * every request (guard.h), deadlines that hold against senders and readers of one byte a second
 * (deadline.h), caps on every length, a Host check against DNS rebinding and an Origin check on
 * writes. Nothing in this folder knows what is served.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/router.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct http_server http_server;

/* A request that is over: its reply was sent or given up. */
typedef struct http_log_entry {
    const char *method;
    const char *path; /* as sent, without the query, free of control characters */
    const char *request_id;
    const char *client; /* the name that a filter left, "" for none */
    int status;         /* 0: the client went away, or was cut, before a reply */
    double seconds;
    uint64_t bytes; /* of the reply's body */
} http_log_entry;

/* Called once for each request from the pool's threads, several at once. */
typedef void http_log(void *context, const http_log_entry *entry);

/* What the library below has to say: one line without a line end, at most 20 lines in 10 seconds,
   then a count of those left out. */
typedef void http_log_message(void *context, const char *text);

/* True if a request may name this host (lower case, no port, IPv6 in brackets). */
typedef bool http_host_check(void *context, const char *host);

typedef struct http_server_options {
    const char *address; /* numeric IPv4 or IPv6 without brackets, or "localhost" */
    uint16_t port;       /* 0: a free one, see http_server_port */

    unsigned threads;             /* each serves many connections, one handler at a time */
    unsigned maximum_connections; /* lowered, with a message, if the descriptor limit needs it */
    size_t maximum_header_bytes;  /* all header lines together: 431 */
    size_t maximum_uri_bytes;     /* 414 */

    double request_deadline_seconds; /* from the request line to the last byte of the body */
    double reply_deadline_seconds;   /* window in which a reply must make minimum_rate progress */
    double idle_seconds;             /* a connection kept alive without a request */
    double minimum_rate;             /* bytes a second, for streamed bodies and for replies */
    double stop_seconds;             /* how long http_server_stop lets running requests go on */

    http_log *log;                 /* may be NULL */
    http_log_message *log_message; /* may be NULL */
    void *log_context;

    /* Hosts allowed beside localhost, 127.0.0.1, [::1] and the address bound; "*" allows all.
       Names without a port. NULL-terminated, may be NULL; copied. */
    const char *const *allowed_hosts;
    http_host_check *host_check; /* asked when the list does not have the name; may be NULL */
    void *host_context;
    bool check_origin; /* writes with an Origin other than the Host asked for: 403 */

    /* Origins whose pages may use the service all the same, as browsers write them: no "*", so that nothing
       is given to a page nobody named. NULL-terminated, may be NULL; copied. */
    const char *const *cors_origins;

    /* PEM files: HTTPS in place of HTTP. Both or neither; see tls.h. */
    const char *tls_certificate;
    const char *tls_key;
} http_server_options;

/* 127.0.0.1, free port, 16 threads, 1024 connections, 16 KiB of headers, 8 KiB of URI, 10 s for a
   request, 10 s reply window, 60 s idle, 1024 bytes/s, 5 s to stop, no log, Origin checked. */
http_server_options http_server_options_default(void);

/* Starts to serve. The router is borrowed and must outlive the server. NULL, with one clear line
   in `message`, if an option makes no sense or the address cannot be bound. */
http_server *http_server_start(const http_server_options *options, const http_router *router,
                               char *message, size_t message_size);

/* True if it speaks HTTPS. */
bool http_server_is_secure(const http_server *server);

/* The port bound. */
uint16_t http_server_port(const http_server *server);

/* Connections open and requests under way (received in part or whole, reply not yet sent). */
void http_server_load(const http_server *server, size_t *connections, size_t *requests);

/* Stops accepting, closes idle connections, lets running requests end for stop_seconds, shuts what
   is left, frees all. A handler that is inside a call is waited for. NULL is allowed. Not to be
   called from a handler. */
void http_server_stop(http_server *server);

#endif
