/*
 * The listening socket: made here and not in the library below, for exact messages and the port.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <stddef.h>
#include <stdint.h>

/* A bound, listening, non-blocking TCP socket on a numeric address or "localhost"; *port 0 becomes
   the port taken. -1 with one clear line in `message`. */
int http_listener_open(const char *address, uint16_t *port, char *message, size_t message_size);

#endif
