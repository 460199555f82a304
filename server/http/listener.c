/*
 * Makes the listening socket. No name is looked up: an address is numeric, so that what is bound
 * is what was written.
 */
#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024
};

typedef struct socket_address {
    struct sockaddr_storage storage;
    socklen_t size;
} socket_address;

static bool parse_address(const char *text, uint16_t port, socket_address *address)
{
    memset(address, 0, sizeof(*address));
    struct sockaddr_in *four = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    if (strcmp(text, "localhost") == 0) {
        text = "127.0.0.1";
    }
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address->size = sizeof(*four);
        return true;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        address->size = sizeof(*six);
        return true;
    }
    return false;
}

static bool bind_and_listen(int descriptor, const socket_address *address)
{
    const int on = 1;
    const int off = 0;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
        return false;
    }
    if (address->storage.ss_family == AF_INET6 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) {
        return false;
    }
    return bind(descriptor, (const struct sockaddr *)&address->storage, address->size) == 0 &&
           listen(descriptor, BACKLOG) == 0;
}

static bool read_port(int descriptor, uint16_t *port)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    if (getsockname(descriptor, (struct sockaddr *)&bound, &size) != 0) {
        return false;
    }
    *port = bound.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)&bound)->sin6_port)
                                        : ntohs(((const struct sockaddr_in *)&bound)->sin_port);
    return true;
}

int http_listener_open(const char *address, uint16_t *port, char *message, size_t message_size)
{
    socket_address target;
    if (!parse_address(address, *port, &target)) {
        snprintf(message, message_size, "cannot listen on \"%s\": not a numeric address", address);
        return -1;
    }
    const int descriptor =
        socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor >= 0 && bind_and_listen(descriptor, &target) && read_port(descriptor, port)) {
        return descriptor;
    }
    char reason[128];
    snprintf(message, message_size, "cannot listen on %s port %u: %s", address, (unsigned)*port,
             strerror_r(errno, reason, sizeof(reason)));
    if (descriptor >= 0) {
        close(descriptor);
    }
    return -1;
}
