/*
 * Certificate and private key for HTTPS: read from PEM files, checked before anything is served with
 * them, kept as texts for the library below, wiped when given up.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct http_tls http_tls;

/* NULL, with one clear line in `message`: a file that cannot be read or is no PEM, a key that does not
   belong to the certificate, a key file that others may read or write. */
http_tls *http_tls_load(const char *certificate_path, const char *key_path, char *message,
                        size_t message_size);
void http_tls_destroy(http_tls *tls);

/* PEM texts, as long as `tls` lives. */
const char *http_tls_certificate(const http_tls *tls);
const char *http_tls_key(const http_tls *tls);

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
