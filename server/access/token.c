/*
 * token.c: names, scopes, secrets and the look-up that tells nothing by its time.
 */
#include "access/token.h"

#include <nettle/base64.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define PREFIX       "descentd_"
#define SECRET_BYTES 32

static const struct {
    const char *name;
    unsigned scope;
} scopes_known[] = {{"read", ACCESS_READ}, {"submit", ACCESS_SUBMIT}, {"admin", ACCESS_ADMIN}};

#define SCOPE_COUNT (sizeof scopes_known / sizeof scopes_known[0])

bool access_name_is_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length < ACCESS_NAME_SIZE && strspn(name, allowed) == length;
}

bool access_scopes_parse(const char *text, unsigned *scopes)
{
    *scopes = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned found = 0;
        for (size_t i = 0; i < SCOPE_COUNT; i++) {
            if (strlen(scopes_known[i].name) == length &&
                memcmp(scopes_known[i].name, text, length) == 0)
                found = scopes_known[i].scope;
        }
        if (found == 0)
            return false;
        *scopes |= found;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

void access_scopes_write(unsigned scopes, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if ((scopes & scopes_known[i].scope) == 0 || used >= size)
            continue;
        int written =
            snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "", scopes_known[i].name);
        used += written > 0 ? (size_t)written : 0;
    }
}

const char *access_scope_name(unsigned scope)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if ((scope & scopes_known[i].scope) != 0)
            return scopes_known[i].name;
    return "none";
}

bool access_scopes_allow(unsigned scopes, unsigned scope)
{
    return (scopes & (scope | ACCESS_ADMIN)) != 0;
}

bool access_secret_create(char secret[ACCESS_SECRET_SIZE])
{
    unsigned char bytes[SECRET_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    char text[BASE64_ENCODE_RAW_LENGTH(SECRET_BYTES) + 1];
    base64_encode_raw(text, sizeof bytes, bytes);
    explicit_bzero(bytes, sizeof bytes);
    text[sizeof text - 1] = '\0';
    /* base64url of RFC 4648 section 5, without padding. */
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '+' ? '-' : (*at == '/' ? '_' : *at);
    text[strcspn(text, "=")] = '\0';
    snprintf(secret, ACCESS_SECRET_SIZE, PREFIX "%s", text);
    explicit_bzero(text, sizeof text);
    return true;
}

void access_secret_digest(const char *secret, unsigned char digest[ACCESS_DIGEST_SIZE])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, strlen(secret), (const uint8_t *)secret);
    sha256_digest(&context, ACCESS_DIGEST_SIZE, digest);
    explicit_bzero(&context, sizeof context);
}

const access_token *access_token_find(const access_token *tokens, size_t count,
                                      const unsigned char digest[ACCESS_DIGEST_SIZE], int64_t now)
{
    const access_token *found = NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_alive = tokens[i].expires_at == 0 || now < tokens[i].expires_at;
        bool is_same = memeql_sec(tokens[i].digest, digest, ACCESS_DIGEST_SIZE) != 0;
        found = is_same && is_alive ? &tokens[i] : found;
    }
    return found;
}
