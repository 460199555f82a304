/*
 * May this request run: every check between the last header line and the first byte of body.
 *
 * In this order: framing guard, target, Host, route and method, Origin of writes, the router's own
 * filter, length, coding and type of the body. The first that fails makes the reply.
 */
#ifndef HTTP_ADMISSION_H
#define HTTP_ADMISSION_H

#include "http/body.h"
#include "http/guard.h"
#include "http/host.h"
#include "http/request_state.h"
#include "http/response_state.h"
#include "http/router.h"
#include "http/server.h"

typedef enum http_admission {
    HTTP_ADMISSION_RUN,      /* the body is wanted, then the handler */
    HTTP_ADMISSION_ANSWERED, /* the response is made; where the request ends is known */
    HTTP_ADMISSION_BROKEN    /* the response is made; nothing after it may be read */
} http_admission;

/* What the checks look at, beside the request itself. */
typedef struct http_admission_input {
    const http_server_options *options;
    const http_router *router;
    const http_host_rules *hosts;
    const http_header_lines *lines;
    const char *version;
    http_refusal target_refusal; /* of http_target_parse */
    int descriptor;              /* of the connection: its local address is an allowed Host */
} http_admission_input;

/* Fills the request's headers, id and match; on HTTP_ADMISSION_RUN also `framing`, and whether the
   body comes as gzip. */
http_admission http_admit(const http_admission_input *input, http_request *request,
                          http_framing *framing, bool *is_compressed, http_response *response);

#endif
