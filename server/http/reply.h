/*
 * From a finished http_response to bytes on the wire, in one of two ways.
 *
 * The common way is through the library below. The other writes the reply to the socket itself:
 * while a body still arrives the library takes no reply, yet a body that is too long has to be
 * answered at once.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "http/request_state.h"
#include "http/response_state.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* Last touches before sending: an unanswered response becomes 500, a 200 whose entity tag the
   client has becomes 304, a Range becomes 206 or 416, defaults of headers are set. */
void http_reply_settle(const http_request *request, http_response *response);

/* Queues a settled response, which thereby loses its body. The bytes of body that will be sent go
   to *body_bytes. False if the library refused: the connection has to be closed. */
bool http_reply_queue(struct MHD_Connection *connection, const http_request *request,
                      http_response *response, uint64_t *body_bytes);

/* Writes a settled response with an empty or in-memory body and Connection: close to a socket
   nothing is pending on, as far as the socket takes it without waiting, and ends the sending
   direction. Through the TLS session of the connection if it has one (NULL: plain). */
bool http_reply_write(int descriptor, void *tls_session, const http_response *response,
                      uint64_t *body_bytes);

#endif
