/*
 * The certificate that HTTPS is served with, and its private key: read from PEM files, checked before
 * anything is served with them, read anew when the files change, so that a renewal needs no restart.
 *
 * The files are looked at when a client connects, at most once a second. A pair that is no good (one
 * file is there before the other, say) is told once, and the one before stays in use.
 */
#ifndef HTTP_CERTIFICATE_H
#define HTTP_CERTIFICATE_H

#include "http/message_log.h"

#include <gnutls/abstract.h>
#include <stddef.h>

typedef struct http_certificate http_certificate;

/* NULL, with one clear line in `message`: a file that cannot be read or is no PEM, a key that does not
   belong to the certificate, a key file that others may read or write. `log` is borrowed. */
http_certificate *http_certificate_open(const char *certificate_path, const char *key_path,
                                        http_message_log *log, char *message, size_t message_size);
void http_certificate_close(http_certificate *certificate);

/* The chain and key to present now; they live as long as `certificate`. Any thread. */
void http_certificate_choose(http_certificate *certificate, gnutls_pcert_st **chain,
                             unsigned *chain_length, gnutls_privkey_t *key);

#endif
