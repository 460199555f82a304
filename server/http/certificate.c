/*
 * A list of pairs, the newest first. Sessions under way use a pair while they shake hands, and nothing
 * says when they are done with it: so pairs stay until the end. There is one more for each renewal.
 */
#include "http/certificate.h"

#include "http/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAXIMUM = 1024 * 1024,
    CHAIN_MAXIMUM = 16
};

static const double LOOK_SECONDS = 1.0; /* between two looks at the files */

typedef struct pair pair;
struct pair {
    pair *older;
    gnutls_pcert_st chain[CHAIN_MAXIMUM];
    unsigned chain_length;
    gnutls_privkey_t key;
};

/* What tells one file from another under the same name. */
typedef struct file_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
} file_mark;

struct http_certificate {
    char *certificate_path;
    char *key_path;
    http_message_log *log;
    pthread_mutex_t mutex; /* over the rest */
    pair *newest;
    file_mark
        marks[2]; /* of both files as they were read last, whether they were any good or not */
    double looked_at;
};

/* ---- Reading ---- */

static void wipe(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, FILE_BYTES_MAXIMUM);
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
            wipe(text);
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

/* 0 if the key belongs to the certificate, else GnuTLS's code. */
static int check_pair(const gnutls_datum_t *certificate, const gnutls_datum_t *key)
{
    gnutls_certificate_credentials_t credentials = NULL;
    int code = gnutls_certificate_allocate_credentials(&credentials);
    if (code >= 0) {
        code =
            gnutls_certificate_set_x509_key_mem(credentials, certificate, key, GNUTLS_X509_FMT_PEM);
        gnutls_certificate_free_credentials(credentials);
    }
    return code < 0 ? code : 0;
}

static void free_pair(pair *old)
{
    for (unsigned i = 0; i < old->chain_length; i++) {
        gnutls_pcert_deinit(&old->chain[i]);
    }
    if (old->key != NULL) {
        gnutls_privkey_deinit(old->key);
    }
    free(old);
}

static int fill_pair(pair *made, const gnutls_datum_t *certificate, const gnutls_datum_t *key)
{
    unsigned length = CHAIN_MAXIMUM;
    int code = check_pair(certificate, key);
    if (code >= 0) {
        code = gnutls_pcert_list_import_x509_raw(made->chain, &length, certificate,
                                                 GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);
        made->chain_length = code >= 0 ? length : 0;
    }
    if (code >= 0) {
        code = gnutls_privkey_init(&made->key);
    }
    if (code >= 0) {
        code = gnutls_privkey_import_x509_raw(made->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
    }
    return code;
}

/* Both files; NULL, with the reason in `message`, if they are no good. */
static pair *load(const http_certificate *from, char *message, size_t message_size)
{
    char *certificate = read_file(from->certificate_path, false, message, message_size);
    char *key = certificate == NULL ? NULL : read_file(from->key_path, true, message, message_size);
    pair *made = key == NULL ? NULL : calloc(1, sizeof(*made));
    if (made != NULL) {
        const gnutls_datum_t certificate_text = datum_of(certificate);
        const gnutls_datum_t key_text = datum_of(key);
        const int code = fill_pair(made, &certificate_text, &key_text);
        if (code < 0) {
            snprintf(message, message_size, "%s and %s are no certificate with its key: %s",
                     from->certificate_path, from->key_path, gnutls_strerror(code));
            free_pair(made);
            made = NULL;
        }
    } else if (key != NULL) {
        snprintf(message, message_size, "no memory for the certificate");
    }
    wipe(certificate);
    wipe(key);
    return made;
}

/* ---- Looking for another one ---- */

static file_mark mark_of(const char *path)
{
    struct stat facts;
    file_mark mark = {.inode = 0};
    if (stat(path, &facts) == 0) {
        mark.device = facts.st_dev;
        mark.inode = facts.st_ino;
        mark.size = facts.st_size;
        mark.changed = facts.st_ctim;
    }
    return mark;
}

static bool is_same(const file_mark *left, const file_mark *right)
{
    return left->device == right->device && left->inode == right->inode &&
           left->size == right->size && left->changed.tv_sec == right->changed.tv_sec &&
           left->changed.tv_nsec == right->changed.tv_nsec;
}

/* Under the mutex. */
static void renew(http_certificate *certificate)
{
    char message[512], text[640];
    const file_mark marks[2] = {mark_of(certificate->certificate_path),
                                mark_of(certificate->key_path)};
    if (is_same(&marks[0], &certificate->marks[0]) && is_same(&marks[1], &certificate->marks[1])) {
        return;
    }
    certificate->marks[0] = marks[0];
    certificate->marks[1] = marks[1];
    pair *made = load(certificate, message, sizeof(message));
    if (made == NULL) {
        snprintf(text, sizeof(text), "the certificate before stays in use: %s", message);
    } else {
        made->older = certificate->newest;
        certificate->newest = made;
        snprintf(text, sizeof(text), "%s is read anew", certificate->certificate_path);
    }
    http_message_log_text(certificate->log, text);
}

/* ---- The handle ---- */

http_certificate *http_certificate_open(const char *certificate_path, const char *key_path,
                                        http_message_log *log, char *message, size_t message_size)
{
    http_certificate *opened = calloc(1, sizeof(*opened));
    if (opened == NULL || pthread_mutex_init(&opened->mutex, NULL) != 0) {
        free(opened);
        snprintf(message, message_size, "no memory for the certificate");
        return NULL;
    }
    opened->log = log;
    opened->certificate_path = strdup(certificate_path);
    opened->key_path = strdup(key_path);
    if (opened->certificate_path != NULL && opened->key_path != NULL) {
        /* Before the reading: what changes meanwhile is then seen as another file. */
        opened->marks[0] = mark_of(certificate_path);
        opened->marks[1] = mark_of(key_path);
        opened->looked_at = http_clock_seconds();
        opened->newest = load(opened, message, message_size);
    } else {
        snprintf(message, message_size, "no memory for the certificate");
    }
    if (opened->newest == NULL) {
        http_certificate_close(opened);
        return NULL;
    }
    return opened;
}

void http_certificate_close(http_certificate *certificate)
{
    if (certificate == NULL) {
        return;
    }
    while (certificate->newest != NULL) {
        pair *next = certificate->newest->older;
        free_pair(certificate->newest);
        certificate->newest = next;
    }
    pthread_mutex_destroy(&certificate->mutex);
    free(certificate->certificate_path);
    free(certificate->key_path);
    free(certificate);
}

void http_certificate_choose(http_certificate *certificate, gnutls_pcert_st **chain,
                             unsigned *chain_length, gnutls_privkey_t *key)
{
    const double now = http_clock_seconds();
    pthread_mutex_lock(&certificate->mutex);
    if (now - certificate->looked_at >= LOOK_SECONDS) {
        certificate->looked_at = now;
        renew(certificate);
    }
    *chain = certificate->newest->chain;
    *chain_length = certificate->newest->chain_length;
    *key = certificate->newest->key;
    pthread_mutex_unlock(&certificate->mutex);
}
