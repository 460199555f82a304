/*
 * The reply a handler makes.
 *
 * A response starts as an empty 500, so a handler that forgets to answer is seen. The last
 * http_respond_… that sets a body wins; headers stay. Failing to get memory never loses the
 * reply: it becomes a 500 problem without detail. Every reply gets X-Request-Id, X-Content-Type-
 * Options, Referrer-Policy, Cross-Origin-Resource-Policy, Date, Content-Length and, unless the
 * handler set one, Cache-Control: no-store. A response is used by the thread of its handler only.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct http_response http_response;

enum {
    HTTP_RESPONSE_HEADERS_MAXIMUM = 24 /* set by the handler; a further one is not added */
};

/* Body of `length` bytes, copied. content_type is copied too. */
void http_respond_bytes(http_response *response, int status, const char *content_type,
                        const void *bytes, size_t length);

/* The same with a NUL-terminated text. */
void http_respond_text(http_response *response, int status, const char *content_type,
                       const char *text);

/* Body handed over: `bytes` came from malloc and is freed by the response in every case. */
void http_respond_owned(http_response *response, int status, const char *content_type, void *bytes,
                        size_t length);

/* Body that outlives the server: neither copied nor freed. */
void http_respond_static(http_response *response, int status, const char *content_type,
                         const void *bytes, size_t length);

/* Body read from a regular file while it is sent: `length` bytes from `offset`. The descriptor is
   handed over and closed in every case. The file must not become shorter meanwhile. */
void http_respond_file(http_response *response, int status, const char *content_type,
                       int descriptor, uint64_t offset, uint64_t length);

/* No body: 201, 202, 204. */
void http_respond_empty(http_response *response, int status);

/* 304 without a body, with this entity tag; see http_not_modified. */
void http_respond_not_modified(http_response *response, const char *etag);

/* Sets a header, in place of an earlier one of that name (but Vary, which grows). Control characters in the value become
   blanks. False, and nothing set, if the name is not a token, is one that this layer writes itself
   (Content-Length, Transfer-Encoding, Connection, Date, X-Request-Id) or the list is full. */
bool http_respond_header(http_response *response, const char *name, const char *value);

/* Sets ETag: complete, with its quotes ("\"abc\"" or "W/\"abc\""). A GET or HEAD that ends as 200
   and whose If-None-Match fits is sent as 304. */
bool http_respond_etag(http_response *response, const char *etag);

/* Declares that a 200 may be sent in part: Accept-Ranges, Range, If-Range, 206 and 416 are then
   taken care of (RFC 9110 section 14; one range, several are answered in full). */
void http_respond_ranges(http_response *response);

/* Closes the connection after this reply. */
void http_respond_close(http_response *response);

/* RFC 9457 application/problem+json. `code` is the machine's word, [a-z0-9_]: it stands in `code`
   and in `type` as /problems/<code>; NULL: type is about:blank and there is no code. `title` NULL:
   the status' own phrase. `detail` NULL: left out. Headers set before stay (Allow, Retry-After,
   WWW-Authenticate), those of the representation (ETag, Content-Disposition, Cache-Control,
   Content-Encoding, Repr-Digest, Link, Location) are dropped. */
void http_respond_problem(http_response *response, int status, const char *code, const char *title,
                          const char *detail);

/* The same with further members as raw JSON without the braces, made by the caller:
   "\"errors\":[...]". NULL or "": none. */
void http_respond_problem_with(http_response *response, int status, const char *code,
                               const char *title, const char *detail, const char *members);

/* 0 means that nothing has been answered yet. */
int http_response_status(const http_response *response);

/* Reason phrase of a status ("Not Found"), "Unknown" for one that has none. */
const char *http_status_phrase(int status);

#endif
