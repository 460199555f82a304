/*
 * Starts and stops the parts of the server and connects them to the library's callbacks.
 */
#include "http/server.h"

#include "http/certificate.h"
#include "http/deadline.h"
#include "http/exchange.h"
#include "http/host.h"
#include "http/listener.h"
#include "http/message_log.h"
#include "http/tls.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    /* Descriptors kept free for files, the database and the library's own. */
    RESERVED_DESCRIPTORS = 64,
    LEAST_POOL_BYTES = 64 * 1024,
    MOST_THREADS = 1024
};

/* How long a client may take to read an answer given in the middle of its body. */
static const double CLOSING_SECONDS = 2.0;

/* The library names its option of strictness anew in 1.0; both mean the same here. */
#if MHD_VERSION >= 0x00097701
#define STRICTNESS_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICTNESS_OPTION MHD_OPTION_STRICT_FOR_CLIENT
#endif

struct http_server {
    http_exchange_shared shared;
    http_message_log *messages;
    http_certificate *certificate; /* NULL: plain HTTP */
    struct MHD_Daemon *daemon;
    uint16_t port;
};

http_server_options http_server_options_default(void)
{
    return (http_server_options){
        .address = "127.0.0.1",
        .port = 0,
        .threads = 16,
        .maximum_connections = 1024,
        .maximum_header_bytes = 16 * 1024,
        .maximum_uri_bytes = 8 * 1024,
        .request_deadline_seconds = 10.0,
        .reply_deadline_seconds = 10.0,
        .idle_seconds = 60.0,
        .minimum_rate = 1024.0,
        .stop_seconds = 5.0,
        .check_origin = true,
    };
}

static enum MHD_Result accept_unless_stopping(void *shared, const struct sockaddr *address,
                                              socklen_t size)
{
    (void)address;
    (void)size;
    return atomic_load(&((http_exchange_shared *)shared)->is_stopping) ? MHD_NO : MHD_YES;
}

/* A connection begins or ends: so does its watch. */
static void note_connection(void *shared, struct MHD_Connection *connection, void **watch,
                            enum MHD_ConnectionNotificationCode what)
{
    http_exchange_shared *server = shared;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*watch != NULL) {
            http_watch_end(*watch);
            *watch = NULL;
        }
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *watch = info == NULL ? NULL : http_watch_begin(server->deadline, info->connect_fd);
}

static const char *fault_in_options(const http_server_options *options)
{
    if (options->address == NULL) {
        return "no address to listen on";
    }
    if (options->threads < 1 || options->threads > MOST_THREADS) {
        return "the number of threads has to be 1 to 1024";
    }
    if (options->maximum_connections < options->threads) {
        return "there have to be at least as many connections as threads";
    }
    if (options->maximum_header_bytes < 1024 || options->maximum_header_bytes > 1024 * 1024 ||
        options->maximum_uri_bytes < 256 || options->maximum_uri_bytes > 1024 * 1024) {
        return "the limits of headers and URI have to be between 1 KiB (256 bytes) and 1 MiB";
    }
    /* Written so that NaN fails too. */
    if (!(options->request_deadline_seconds > 0.0 && options->reply_deadline_seconds > 0.0 &&
          options->idle_seconds > 0.0 && options->minimum_rate >= 0.0 &&
          options->stop_seconds >= 0.0)) {
        return "deadlines have to be above 0";
    }
    if ((options->tls_certificate == NULL) != (options->tls_key == NULL)) {
        return "a certificate needs its key, and a key its certificate";
    }
    return NULL;
}

/* The limit on connections that the limit on descriptors leaves room for. */
static unsigned fitting_connections(const http_server *server)
{
    const http_server_options *options = &server->shared.options;
    struct rlimit limit;
    /* Each thread of the pool has an epoll and a wake-up descriptor. */
    const rlim_t taken = RESERVED_DESCRIPTORS + 2 * (rlim_t)options->threads;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= taken + options->maximum_connections) {
        return options->maximum_connections;
    }
    const rlim_t room = limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
    const unsigned fitting = room > options->threads ? (unsigned)room : options->threads;
    char text[128];
    snprintf(text, sizeof(text), "connections limited to %u by the descriptor limit of %llu",
             fitting, (unsigned long long)limit.rlim_cur);
    http_message_log_text(server->messages, text);
    return fitting;
}

static bool start_parts(http_server *server, char *message, size_t message_size)
{
    const http_server_options *options = &server->shared.options;
    const http_deadline_options deadlines = {
        .request_seconds = options->request_deadline_seconds,
        .reply_seconds = options->reply_deadline_seconds,
        .idle_seconds = options->idle_seconds,
        .closing_seconds = CLOSING_SECONDS,
        .minimum_rate = options->minimum_rate,
        .context = server,
    };
    server->messages = http_message_log_create(options->log_message, options->log_context);
    server->shared.hosts = http_host_rules_create(options);
    server->shared.deadline = http_deadline_start(&deadlines);
    if (server->messages == NULL || server->shared.hosts == NULL ||
        server->shared.deadline == NULL) {
        snprintf(message, message_size, "no memory or thread for the HTTP server");
        return false;
    }
    if (options->tls_key != NULL) {
        server->certificate = http_certificate_open(options->tls_certificate, options->tls_key,
                                                    server->messages, message, message_size);
        return server->certificate != NULL;
    }
    return true;
}

static void free_parts(http_server *server)
{
    http_deadline_stop(server->shared.deadline);
    http_host_rules_destroy(server->shared.hosts);
    http_certificate_close(server->certificate);
    http_message_log_destroy(server->messages);
    free(server);
}

/* GnuTLS asks, for a client that begins a session, what to present. The library has put the connection
   into the session, and our watch into the connection. */
static int present_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
                               int authority_count, const gnutls_pk_algorithm_t *algorithms,
                               int algorithm_count, gnutls_pcert_st **chain, unsigned *chain_length,
                               gnutls_privkey_t *key)
{
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    struct MHD_Connection *connection = gnutls_session_get_ptr(session);
    const union MHD_ConnectionInfo *info =
        connection == NULL
            ? NULL
            : MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info == NULL || info->socket_context == NULL) {
        return -1;
    }
    const http_server *server = http_watch_context(info->socket_context);
    http_certificate_choose(server->certificate, chain, chain_length, key);
    return 0;
}

static void add_tls(struct MHD_OptionItem *items, size_t *count)
{
    /* The library takes both as plain pointers; the text is not written to. */
    items[(*count)++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
                                                (void *)(uintptr_t)&present_certificate};
    items[(*count)++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                                (void *)(uintptr_t)http_tls_priorities()};
}

static struct MHD_Daemon *start_daemon(http_server *server, int listener)
{
    const http_server_options *options = &server->shared.options;
    size_t pool = options->maximum_header_bytes + options->maximum_uri_bytes;
    pool = 2 * pool > LEAST_POOL_BYTES ? 2 * pool : LEAST_POOL_BYTES;
    /* The deadline thread ends slow connections; the library's own time-out is a second net. */
    const double idle = options->idle_seconds + options->request_deadline_seconds +
                        options->reply_deadline_seconds + CLOSING_SECONDS;
    const unsigned idle_seconds = idle < 86400.0 ? (unsigned)idle + 1u : 86400u;
    struct MHD_OptionItem items[4];
    size_t count = 0;
    if (options->threads > 1) {
        items[count++] =
            (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL};
    }
    if (server->certificate != NULL) {
        add_tls(items, &count);
    }
    items[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                           (server->certificate != NULL ? MHD_USE_TLS : 0u);
    return MHD_start_daemon(
        flags, 0, &accept_unless_stopping, &server->shared, &http_exchange_access, &server->shared,
        MHD_OPTION_EXTERNAL_LOGGER, &http_message_log_write, server->messages,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, &http_exchange_open,
        &server->shared, MHD_OPTION_NOTIFY_COMPLETED, &http_exchange_completed, &server->shared,
        MHD_OPTION_NOTIFY_CONNECTION, &note_connection, &server->shared,
        MHD_OPTION_CONNECTION_LIMIT, fitting_connections(server),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
        STRICTNESS_OPTION, 1, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

http_server *http_server_start(const http_server_options *options, const http_router *router,
                               char *message, size_t message_size)
{
    const char *fault = router == NULL ? "no router" : fault_in_options(options);
    if (fault != NULL) {
        snprintf(message, message_size, "%s", fault);
        return NULL;
    }
    http_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        snprintf(message, message_size, "no memory for the HTTP server");
        return NULL;
    }
    server->shared.options = *options;
    server->shared.router = router;
    atomic_init(&server->shared.is_stopping, false);
    server->port = options->port;
    if (!start_parts(server, message, message_size)) {
        free_parts(server);
        return NULL;
    }
    const int listener = http_listener_open(options->address, &server->port, message, message_size);
    if (listener < 0) {
        free_parts(server);
        return NULL;
    }
    /* The caller's texts are not needed any more. */
    server->shared.options.address = NULL;
    server->shared.options.allowed_hosts = NULL;
    server->shared.options.cors_origins = NULL;
    server->shared.options.tls_certificate = NULL;
    server->shared.options.tls_key = NULL;
    server->daemon = start_daemon(server, listener);
    if (server->daemon == NULL) {
        /* The library has closed the listener: that is how it fails. */
        snprintf(message, message_size, "the HTTP library did not start");
        free_parts(server);
        return NULL;
    }
    return server;
}

bool http_server_is_secure(const http_server *server)
{
    return server->certificate != NULL;
}

uint16_t http_server_port(const http_server *server)
{
    return server->port;
}

void http_server_load(const http_server *server, size_t *connections, size_t *requests)
{
    http_deadline_count(server->shared.deadline, connections, requests);
}

void http_server_stop(http_server *server)
{
    if (server == NULL) {
        return;
    }
    atomic_store(&server->shared.is_stopping, true);
    http_deadline_drain(server->shared.deadline, server->shared.options.stop_seconds);
    MHD_stop_daemon(server->daemon);
    free_parts(server);
}
