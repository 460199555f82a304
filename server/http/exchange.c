/*
 * One request from its first line to the end of its reply.
 *
 * The library takes a reply before the body (and then always closes) or after it (and then can
 * keep the connection), but not in between. So a request refused early lets a short body run out
 * first; a long one, and one that goes wrong on the way, is answered on the socket itself, and
 * what still comes is thrown away for a moment, so that the client gets to read the answer.
 */
#include "http/exchange.h"

#include "http/admission.h"
#include "http/body.h"
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* A refused body up to this length is read and dropped to keep the connection. */
    DROPPED_BODY_BYTES = 64 * 1024,
    /* After an answer in the middle of a body, at most this much more is read. */
    LINGER_BYTES = 8 * 1024 * 1024
};

typedef enum exchange_stage {
    STAGE_NEW,       /* the headers are not read yet */
    STAGE_BODY,      /* the body goes to the route */
    STAGE_DROPPING,  /* answered; the body is dropped, then the reply goes out */
    STAGE_LINGERING, /* replied on the socket; only waiting for the client to read it */
    STAGE_DONE
} exchange_stage;

typedef struct exchange {
    exchange_stage stage;
    double started; /* monotonic seconds */
    http_watch *watch;
    http_refusal target_refusal;
    http_request request;
    http_response response;
    http_body body;
    uint64_t lingered;
    int sent_status;
    uint64_t sent_bytes;
} exchange;

static http_watch *connection_watch(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

void *http_exchange_open(void *shared, const char *target, struct MHD_Connection *connection)
{
    const http_exchange_shared *server = shared;
    http_watch *watch = connection_watch(connection);
    exchange *opened = watch == NULL ? NULL : calloc(1, sizeof(*opened));
    if (opened == NULL) {
        return NULL; /* the next callback closes the connection */
    }
    http_watch_receiving(watch);
    opened->watch = watch;
    opened->started = http_clock_seconds();
    opened->request.method = HTTP_METHOD_OTHER;
    opened->target_refusal =
        http_target_parse(&opened->request.target, target, server->options.maximum_uri_bytes);
    http_response_begin(&opened->response, opened->request.id);
    return opened;
}

static enum MHD_Result collect_line(void *lines, enum MHD_ValueKind kind, const char *name,
                                    size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    http_header_lines_add(lines,
                          (http_header_line){.name = name == NULL ? "" : name,
                                             .name_length = name == NULL ? 0 : name_length,
                                             .value = value == NULL ? "" : value,
                                             .value_length = value == NULL ? 0 : value_length});
    return MHD_YES;
}

/* Hands the reply to the library. */
static enum MHD_Result send_reply(const http_exchange_shared *server, exchange *current,
                                  struct MHD_Connection *connection)
{
    current->stage = STAGE_DONE;
    if (atomic_load(&server->is_stopping)) {
        http_respond_close(&current->response);
    }
    http_reply_settle(&current->request, &current->response);
    http_watch_sending(current->watch);
    if (!http_reply_queue(connection, &current->request, &current->response,
                          &current->sent_bytes)) {
        return MHD_NO;
    }
    current->sent_status = current->response.status;
    return MHD_YES;
}

/* Answers on the socket while a body is still coming. */
static void send_reply_early(exchange *current, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    void *session = info == NULL ? NULL : info->tls_session;
    current->stage = STAGE_LINGERING;
    http_reply_settle(&current->request, &current->response);
    if (http_reply_write(http_watch_descriptor(current->watch), session, &current->response,
                         &current->sent_bytes)) {
        current->sent_status = current->response.status;
    }
    http_watch_closing(current->watch);
}

/* The response is made although the body has not been read. */
static enum MHD_Result answer_before_body(const http_exchange_shared *server, exchange *current,
                                          struct MHD_Connection *connection,
                                          const http_framing *framing)
{
    if (!framing->has_body) {
        current->stage = STAGE_DROPPING;
        return MHD_YES;
    }
    if (framing->expects_continue) {
        /* The client waits for a word before it sends: there is nothing to drop. */
        http_respond_close(&current->response);
        return send_reply(server, current, connection);
    }
    /* A body that is too long for its route is not waited for, however short. */
    if (!framing->is_chunked && framing->content_length <= DROPPED_BODY_BYTES &&
        http_response_status(&current->response) != 413) {
        current->stage = STAGE_DROPPING;
        return MHD_YES;
    }
    send_reply_early(current, connection);
    return MHD_YES;
}

static void note_method(http_request *request, const char *method)
{
    request->method = http_method_from_name(method);
    size_t length = 0;
    while (method[length] != '\0' && length < HTTP_METHOD_BYTES - 1) {
        const unsigned char byte = (unsigned char)method[length];
        request->method_text[length++] = (byte > 0x20 && byte < 0x7F) ? (char)byte : '?';
    }
    request->method_text[length] = '\0';
}

/* First call: all headers are there. */
static enum MHD_Result begin_request(const http_exchange_shared *server, exchange *current,
                                     struct MHD_Connection *connection, const char *method,
                                     const char *version)
{
    http_header_lines lines = {.count = 0, .bytes = 0};
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &collect_line, &lines);
    note_method(&current->request, method);
    const http_admission_input input = {
        .options = &server->options,
        .router = server->router,
        .hosts = server->hosts,
        .lines = &lines,
        .version = version,
        .target_refusal = current->target_refusal,
        .descriptor = http_watch_descriptor(current->watch),
    };
    http_framing framing = {.has_body = false};
    bool is_compressed = false;
    switch (http_admit(&input, &current->request, &framing, &is_compressed, &current->response)) {
    case HTTP_ADMISSION_BROKEN:
        http_respond_close(&current->response);
        return send_reply(server, current, connection);
    case HTTP_ADMISSION_ANSWERED:
        return answer_before_body(server, current, connection, &framing);
    case HTTP_ADMISSION_RUN:
        break;
    }
    const http_route *route = current->request.match.route;
    if (!http_body_begin(&current->body, route, is_compressed, http_router_context(server->router),
                         &current->request, &current->response)) {
        return answer_before_body(server, current, connection, &framing);
    }
    current->request.body_state = current->body.state;
    current->stage = STAGE_BODY;
    if (framing.has_body && route->stream != NULL) {
        http_watch_streaming(current->watch);
    }
    return MHD_YES;
}

static void take_body(exchange *current, struct MHD_Connection *connection, const char *bytes,
                      size_t length)
{
    http_watch_received(current->watch, length);
    switch (current->stage) {
    case STAGE_BODY:
        if (!http_body_take(&current->body, bytes, length, &current->response)) {
            send_reply_early(current, connection);
        }
        current->request.body_bytes = current->body.decoded;
        break;
    case STAGE_LINGERING:
        current->lingered += length;
        if (current->lingered > LINGER_BYTES) {
            http_watch_shut(current->watch);
        }
        break;
    case STAGE_NEW:
    case STAGE_DROPPING:
    case STAGE_DONE:
        break;
    }
}

/* Last call: the whole request is there. */
static enum MHD_Result end_request(const http_exchange_shared *server, exchange *current,
                                   struct MHD_Connection *connection)
{
    if (current->stage == STAGE_LINGERING) {
        return MHD_NO;
    }
    http_watch_handling(current->watch);
    if (current->stage == STAGE_BODY && http_body_finish(&current->body, &current->response)) {
        http_request *request = &current->request;
        request->body = current->body.gathered;
        request->body_length = current->body.length;
        request->match.route->handler(http_router_context(server->router), request,
                                      &current->response);
        request->body = NULL;
        request->body_length = 0;
        http_body_release(&current->body);
    }
    return send_reply(server, current, connection);
}

enum MHD_Result http_exchange_access(void *shared, struct MHD_Connection *connection,
                                     const char *url, const char *method, const char *version,
                                     const char *bytes, size_t *length, void **exchange_cell)
{
    (void)url; /* decoded and cut by the library; our own parse of the raw target counts */
    const http_exchange_shared *server = shared;
    exchange *current = *exchange_cell;
    if (current == NULL) {
        return MHD_NO;
    }
    if (current->stage == STAGE_NEW) {
        return begin_request(server, current, connection, method, version);
    }
    if (*length > 0) {
        take_body(current, connection, bytes, *length);
        *length = 0;
        return MHD_YES;
    }
    return end_request(server, current, connection);
}

void http_exchange_completed(void *shared, struct MHD_Connection *connection, void **exchange_cell,
                             enum MHD_RequestTerminationCode how)
{
    (void)connection;
    const http_server_options *options = &((const http_exchange_shared *)shared)->options;
    exchange *ended = *exchange_cell;
    if (ended == NULL) {
        return;
    }
    *exchange_cell = NULL;
    http_watch_idle(ended->watch);
    http_body_release(&ended->body);
    if (options->log != NULL) {
        const bool is_sent =
            how == MHD_REQUEST_TERMINATED_COMPLETED_OK || ended->stage == STAGE_LINGERING;
        const http_request *request = &ended->request;
        const http_log_entry entry = {
            .method = request->method_text[0] == '\0' ? "-" : request->method_text,
            .path = http_request_path(request),
            .request_id = request->id[0] == '\0' ? "-" : request->id,
            .client = request->client_name,
            .status = is_sent ? ended->sent_status : 0,
            .seconds = http_clock_seconds() - ended->started,
            .bytes = ended->sent_bytes,
        };
        options->log(options->log_context, &entry);
    }
    http_response_release(&ended->response);
    http_headers_release(&ended->request.headers);
    http_target_release(&ended->request.target);
    free(ended);
}
