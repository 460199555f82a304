/*
 * Sessions of GnuTLS. See tls.h.
 */
#include "http/tls.h"

#include <gnutls/gnutls.h>
#include <string.h>

const char *http_tls_priorities(void)
{
    return "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";
}

bool http_tls_send_last(void *session, const char *bytes, size_t length)
{
    size_t sent = 0;
    while (sent < length) {
        const ssize_t now =
            gnutls_record_send((gnutls_session_t)session, bytes + sent, length - sent);
        if (now <= 0 && now != GNUTLS_E_INTERRUPTED) {
            return false;
        }
        sent += now > 0 ? (size_t)now : 0;
    }
    return gnutls_bye((gnutls_session_t)session, GNUTLS_SHUT_WR) >= 0;
}

static ptrdiff_t ask(gnutls_session_t session, const char *request, char *reply, size_t size)
{
    int code = 0;
    do {
        code = gnutls_handshake(session);
    } while (code == GNUTLS_E_INTERRUPTED);
    if (code < 0 || gnutls_record_send(session, request, strlen(request)) < 0) {
        return -1;
    }
    size_t length = 0;
    while (length < size - 1) {
        const ssize_t got = gnutls_record_recv(session, reply + length, size - 1 - length);
        if (got <= 0 && got != GNUTLS_E_INTERRUPTED) {
            break;
        }
        length += got > 0 ? (size_t)got : 0;
    }
    reply[length] = '\0';
    return (ptrdiff_t)length;
}

ptrdiff_t http_tls_ask(int descriptor, const char *request, char *reply, size_t size)
{
    gnutls_session_t session = NULL;
    gnutls_certificate_credentials_t credentials = NULL;
    ptrdiff_t length = -1;
    if (gnutls_init(&session, GNUTLS_CLIENT) < 0) {
        return -1;
    }
    if (gnutls_certificate_allocate_credentials(&credentials) >= 0 &&
        gnutls_set_default_priority(session) >= 0 &&
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials) >= 0) {
        gnutls_transport_set_int(session, descriptor);
        length = ask(session, request, reply, size);
    }
    gnutls_deinit(session);
    if (credentials != NULL) {
        gnutls_certificate_free_credentials(credentials);
    }
    return length;
}
