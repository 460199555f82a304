/*
 * What stands behind http_request: filled by the exchange, read through request.h.
 */
#ifndef HTTP_REQUEST_STATE_H
#define HTTP_REQUEST_STATE_H

#include "http/headers.h"
#include "http/router.h"
#include "http/target.h"

#include <stddef.h>

enum {
    HTTP_REQUEST_ID_BYTES = 65,
    HTTP_METHOD_BYTES = 24
};

struct http_request {
    http_method method;
    char method_text[HTTP_METHOD_BYTES]; /* as sent, cut and made printable: for the log */
    char id[HTTP_REQUEST_ID_BYTES];
    http_target target;
    http_headers headers;
    http_match match;
    const void *body; /* NULL: none gathered */
    size_t body_length;
    uint64_t body_bytes;
    void *body_state;
    bool varies_by_origin;   /* some origins are let in */
    const char *cors_origin; /* the one that asks, if it is let in; of the rules */
    bool has_client;
    char client_name[HTTP_CLIENT_NAME_BYTES];
    _Alignas(max_align_t) unsigned char client[HTTP_CLIENT_BYTES];
};

/* Puts `sent` into the request's id if it is sane, else 32 random hexadecimal digits. */
void http_request_choose_id(http_request *request, const char *sent);

#endif
