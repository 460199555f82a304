/*
 * Who may be meant by a request: Host against DNS rebinding, Origin against foreign pages.
 *
 * A page of another site can make a browser send requests to a loopback service, but it cannot
 * choose the Host the browser writes once its own name points here, nor hide the Origin of a
 * write. Rules are made once and then only read, by any number of threads.
 */
#ifndef HTTP_HOST_H
#define HTTP_HOST_H

#include "http/server.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_HOST_BYTES = 256
};

typedef struct http_host_rules http_host_rules;

/* Rules from the server's options; NULL without memory. */
http_host_rules *http_host_rules_create(const http_server_options *options);
void http_host_rules_destroy(http_host_rules *rules);

/* Takes the host out of the value of Host or an authority: lower case, without the port, IPv6 in
   its brackets. False if it is not a host with an optional port, so also with user information. */
bool http_host_parse(const char *authority, char host[HTTP_HOST_BYTES]);

/* True if `host`, as from http_host_parse, may be served. */
bool http_host_is_allowed(const http_host_rules *rules, const char *host);

/* True if `host` is the numeric local address of this connected socket: no name, so no rebinding. */
bool http_host_is_local_address(int descriptor, const char *host);

/* The listed origin that equals this value of Origin, for as long as the rules live; NULL: none. */
const char *http_cors_origin(const http_host_rules *rules, const char *origin);
/* True if any is listed: replies then depend on Origin. */
bool http_cors_is_on(const http_host_rules *rules);

/* True if the authority of an Origin ("http://name:port") is the Host asked for. */
bool http_origin_is_host(const char *origin, const char *host_value);

#endif
