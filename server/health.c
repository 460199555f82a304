/*
 * health.c: the smallest HTTP client: one request, the status line of the reply.
 */
#include "health.h"

#include "http/tls.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SECONDS 5

/* A service bound to all addresses is asked on loopback. */
static const char *reachable(const char *address)
{
    if (strcmp(address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(address, "::") == 0 ? "::1" : address;
}

static int connect_to(const struct addrinfo *address)
{
    struct timeval limit = {.tv_sec = SECONDS};
    int descriptor =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (descriptor < 0)
        return -1;
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        connect(descriptor, address->ai_addr, address->ai_addrlen) != 0) {
        int kept = errno;
        close(descriptor);
        errno = kept;
        return -1;
    }
    return descriptor;
}

static size_t ask_plainly(int descriptor, const char *request, char *reply, size_t size)
{
    size_t length = 0;
    if (send(descriptor, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return 0;
    while (length < size - 1) {
        ssize_t got = recv(descriptor, reply + length, size - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    reply[length] = '\0';
    return length;
}

static int ask(int descriptor, bool secure, gd_error *error)
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char reply[16] = "";
    ptrdiff_t length = secure ? http_tls_ask(descriptor, request, reply, sizeof reply)
                              : (ptrdiff_t)ask_plainly(descriptor, request, reply, sizeof reply);
    if (length < 12 || strncmp(reply, "HTTP/1.", 7) != 0) {
        gd_fail(error, GD_UNAVAILABLE, "", "no reply came within %d s", SECONDS);
        return -1;
    }
    return (int)strtol(reply + 9, NULL, 10);
}

int health_ask(const config *read, gd_error *error)
{
    char port[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    snprintf(port, sizeof port, "%u", (unsigned)read->port);
    if (getaddrinfo(reachable(read->address), port, &hints, &found) != 0) {
        gd_fail(error, GD_UNAVAILABLE, "", "%s is no address", read->address);
        return -1;
    }
    int descriptor = connect_to(found);
    int status = -1;
    if (descriptor < 0) {
        gd_fail(error, GD_UNAVAILABLE, "", "nothing answers on %s port %s: %s",
                reachable(read->address), port, strerror(errno));
    } else {
        status = ask(descriptor, read->tls_key != NULL, error);
        close(descriptor);
    }
    freeaddrinfo(found);
    return status;
}
