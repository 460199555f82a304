/*
 * What stands behind http_response: filled through response.h, sent by reply.h.
 */
#ifndef HTTP_RESPONSE_STATE_H
#define HTTP_RESPONSE_STATE_H

#include "http/response.h"

typedef struct http_response_header {
    char *name;
    char *value;
} http_response_header;

typedef enum http_response_body {
    HTTP_RESPONSE_EMPTY,
    HTTP_RESPONSE_OWNED, /* `bytes` is freed */
    HTTP_RESPONSE_STATIC,
    HTTP_RESPONSE_FILE
} http_response_body;

struct http_response {
    int status;             /* 0: not answered */
    const char *request_id; /* of the request; for problem documents */
    http_response_body body;
    void *owned;       /* HTTP_RESPONSE_OWNED: what to free */
    const void *bytes; /* OWNED, STATIC: the part to send */
    int descriptor;    /* HTTP_RESPONSE_FILE */
    uint64_t offset;
    uint64_t length;
    bool has_ranges;
    bool closes;
    size_t header_count; /* Content-Type and ETag stand here too */
    http_response_header headers[HTTP_RESPONSE_HEADERS_MAXIMUM + 8];
};

void http_response_begin(http_response *response, const char *request_id);
void http_response_release(http_response *response);

/* Lets the body go; the status and the headers stay. */
void http_response_drop_body(http_response *response);

/* Sets a header of this layer: no check of the name, and room is kept for it. */
bool http_response_set(http_response *response, const char *name, const char *value);
void http_response_unset(http_response *response, const char *name);
const char *http_response_get(const http_response *response, const char *name);

#endif
