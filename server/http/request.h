/*
 * What a handler may ask of the request it answers.
 *
 * Every string here belongs to the request and lives until the handler returns (for a streamed
 * body: from body_begin until the handler or body_abort returns). Nothing may be written through
 * it. A request is used by one thread at a time. Paths, path parameters and query strings are
 * percent-decoded, valid UTF-8 and free of control characters: anything else was refused with 400
 * before a handler ran.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct http_request http_request;
struct http_route;

/* HTTP_METHOD_OTHER is any method not listed; it never equals the method of a route. */
typedef enum http_method {
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_OTHER
} http_method;

/* The method by its exact, case-sensitive name (RFC 9110 section 9.1), and the name of a method
   ("OTHER" for HTTP_METHOD_OTHER). */
http_method http_method_from_name(const char *name);
const char *http_method_name(http_method method);

/* The method as sent: a handler of GET also sees HEAD here, and need not care (the body is left
   out for it). */
http_method http_request_method(const http_request *request);

/* The path as sent, still percent-encoded, without the query. */
const char *http_request_path(const http_request *request);

/* The route that was matched. Its `tag` is whatever the table's author put there. */
const struct http_route *http_request_route(const http_request *request);

/* Value of the path parameter written {name} in the pattern; NULL if the pattern has none. */
const char *http_request_parameter(const http_request *request, const char *name);

/* Path parameter by position from 0; NULL past the last one. */
const char *http_request_parameter_at(const http_request *request, size_t index);

/* Value of a query parameter: "" for `?name` and `?name=`, NULL if it is absent. `+` stands for a
   blank. A name given twice was refused with 400, so there is at most one. */
const char *http_request_query(const http_request *request, const char *name);

/* Iteration over the query in the order sent. false past the last one. */
size_t http_request_query_count(const http_request *request);
bool http_request_query_at(const http_request *request, size_t index, const char **name,
                           const char **value);

/* The first query parameter that is not in the NULL-terminated list of known names (NULL: none is
   known), or NULL if all of them are. */
const char *http_request_unknown_query(const http_request *request, const char *const *known);

/* Value of a header, names compared without case; NULL if absent. Lines of one name come joined
   by ", " (RFC 9110 section 5.3); the headers that must not repeat (Host, Content-Length,
   Content-Type, Authorization, Range, If-Range, Idempotency-Key, Origin) were refused with 400 if
   they did. */
const char *http_request_header(const http_request *request, const char *name);

/* The gathered body, after decoding of Content-Encoding: never NULL, followed by a NUL byte that
   the length does not count. Empty for a streamed body. */
const void *http_request_body(const http_request *request, size_t *length);

/* Bytes of body taken so far, after decoding; of a streamed body too. */
uint64_t http_request_body_bytes(const http_request *request);

/* What body_begin put into *state; NULL for routes without a streamed body. */
void *http_request_body_state(const http_request *request);

/* The request's id: what the client sent in X-Request-Id if that matches [A-Za-z0-9._-]{1,64},
   otherwise 32 random hexadecimal digits. Never NULL. The reply carries it without any doing of
   the handler. */
const char *http_request_id(const http_request *request);

/* ---- Who asks, as a filter found out; the server itself knows nothing of it ---- */

enum {
    HTTP_CLIENT_BYTES = 192, /* of what a filter leaves, at most */
    HTTP_CLIENT_NAME_BYTES = 65
};

/* Keeps a copy of `length` bytes for the handler, and a name for the log, cut where it is too long. False,
   and nothing kept, if the bytes are too many. */
bool http_request_set_client(http_request *request, const char *name, const void *bytes,
                             size_t length);

/* The bytes, aligned for any object; NULL if no filter left any. */
const void *http_request_client(const http_request *request);

/* ---- Conditions and negotiation; each may be asked before anything is rendered ---- */

/* True if If-None-Match is satisfied by this entity tag (RFC 9110 section 13.1.2, weak comparison,
   lists, `*`) and the method is GET or HEAD: then answer with http_respond_not_modified. `etag` is
   complete, with its quotes: "\"abc\"" or "W/\"abc\"". A handler that does not ask loses only
   time: http_respond_etag leads to the same 304. */
bool http_not_modified(const http_request *request, const char *etag);

/* True if If-Match is there and is not satisfied by this entity tag (RFC 9110 section 13.1.1,
   strong comparison): then answer 412. etag NULL: there is no current representation. */
bool http_precondition_failed(const http_request *request, const char *etag);

/* Index into the NULL-terminated list of media types ("application/json", "text/csv", ...) of the
   one the client's Accept prefers; the earlier one on a tie; 0 without an Accept header; -1 if it
   excludes all of them, and then the answer is 406. */
int http_request_negotiate(const http_request *request, const char *const *offers);

/* True if Content-Type names this media type, parameters apart. */
bool http_request_has_content_type(const http_request *request, const char *media_type);

#endif
