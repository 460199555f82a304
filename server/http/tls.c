/*
 * Reading and checking of certificate and key. The library below says little of a pair that is no
 * good; asked first, GnuTLS says what is wrong.
 */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAXIMUM = 1024 * 1024
};

struct http_tls {
    char *certificate;
    char *key;
};

static void wipe(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

/* Bits of the mode that a file of secrets may not have: written by the group, anything by others. */
static bool is_too_open(int descriptor, bool is_secret)
{
    struct stat facts;
    return fstat(descriptor, &facts) != 0 ||
           (is_secret && (facts.st_mode & (S_IWGRP | S_IRWXO)) != 0);
}

static char *read_all(int descriptor)
{
    char *text = calloc(1, FILE_BYTES_MAXIMUM + 1);
    size_t length = 0;
    while (text != NULL && length < FILE_BYTES_MAXIMUM) {
        const ssize_t got = read(descriptor, text + length, FILE_BYTES_MAXIMUM - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            free(text);
            return NULL;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    return text;
}

static char *read_file(const char *path, bool is_secret, char *message, size_t message_size)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        snprintf(message, message_size, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    if (is_too_open(descriptor, is_secret)) {
        snprintf(message, message_size,
                 "%s holds a private key and is open to others: chmod o-rwx,g-w", path);
    } else {
        text = read_all(descriptor);
        if (text == NULL) {
            snprintf(message, message_size, "%s cannot be read", path);
        }
    }
    close(descriptor);
    return text;
}

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text,
                            .size = (unsigned)strlen(text)};
}

static bool check_pair(const http_tls *tls, const char *certificate_path, const char *key_path,
                       char *message, size_t message_size)
{
    gnutls_certificate_credentials_t credentials = NULL;
    const gnutls_datum_t certificate = datum_of(tls->certificate);
    const gnutls_datum_t key = datum_of(tls->key);
    int code = gnutls_certificate_allocate_credentials(&credentials);
    if (code >= 0) {
        code = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key,
                                                   GNUTLS_X509_FMT_PEM);
        gnutls_certificate_free_credentials(credentials);
    }
    if (code < 0) {
        snprintf(message, message_size, "%s and %s are no certificate with its key: %s",
                 certificate_path, key_path, gnutls_strerror(code));
    }
    return code >= 0;
}

http_tls *http_tls_load(const char *certificate_path, const char *key_path, char *message,
                        size_t message_size)
{
    http_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL) {
        snprintf(message, message_size, "no memory for the certificate");
        return NULL;
    }
    tls->certificate = read_file(certificate_path, false, message, message_size);
    if (tls->certificate != NULL) {
        tls->key = read_file(key_path, true, message, message_size);
    }
    if (tls->key == NULL || !check_pair(tls, certificate_path, key_path, message, message_size)) {
        http_tls_destroy(tls);
        return NULL;
    }
    return tls;
}

void http_tls_destroy(http_tls *tls)
{
    if (tls != NULL) {
        wipe(tls->certificate);
        wipe(tls->key);
        free(tls);
    }
}

const char *http_tls_certificate(const http_tls *tls)
{
    return tls->certificate;
}

const char *http_tls_key(const http_tls *tls)
{
    return tls->key;
}

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
