/*
 * What HTTPS needs beside a certificate (certificate.h): which versions are spoken, and sending past
 * the library below.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

/* TLS 1.2 and 1.3, in the notation of GnuTLS. */
const char *http_tls_priorities(void);

/* As a client over a connected socket with time-outs: sends `request`, and gives up to `size` - 1 bytes of
   the reply, ended by a NUL. The certificate is not looked at, so only of use on loopback. -1 if there is no
   session to be had. */
ptrdiff_t http_tls_ask(int descriptor, const char *request, char *reply, size_t size);

/* Sends over an established session (a gnutls_session_t) as much as it takes without waiting, and says
   that nothing follows. False if not all of it went out. */
bool http_tls_send_last(void *session, const char *bytes, size_t length);

#endif
