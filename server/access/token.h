/*
 * token.h: an access token: what is written down of it, and the secret that is not.
 *
 * The secret is 32 random bytes in a text that begins with "descentd_"; it is shown once. Kept is its
 * SHA-256, which is enough for a secret that nobody could guess and says nothing of it. Pure.
 */
#ifndef ACCESS_TOKEN_H
#define ACCESS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_NAME_SIZE   65 /* of a token or owner, with the NUL */
#define ACCESS_SECRET_SIZE 64 /* "descentd_" and 43 characters of base64url, with room */
#define ACCESS_DIGEST_SIZE 32

/* What a token lets its bearer do; `admin` lets do all of it, with everybody's jobs. */
enum {
    ACCESS_READ = 1 << 0,
    ACCESS_SUBMIT = 1 << 1,
    ACCESS_ADMIN = 1 << 2,
    ACCESS_ALL = ACCESS_READ | ACCESS_SUBMIT | ACCESS_ADMIN
};

typedef struct access_token {
    char name[ACCESS_NAME_SIZE];  /* [A-Za-z0-9._-]+, its own among all */
    char owner[ACCESS_NAME_SIZE]; /* whose jobs and datasets it makes and sees */
    unsigned scopes;
    unsigned char digest[ACCESS_DIGEST_SIZE];
    int64_t created_at;
    int64_t expires_at;      /* milliseconds since 1970 UTC; 0: never */
    int64_t maximum_queued;  /* of the owner; 0: no limit */
    int64_t maximum_running; /* of the owner at once */
    int64_t maximum_bytes;   /* stored by the owner */
} access_token;

bool access_name_is_valid(const char *name);

/* "read,submit" → a set; false where a word is none or the list is empty. */
bool access_scopes_parse(const char *text, unsigned *scopes);
/* "read,submit,admin". */
void access_scopes_write(unsigned scopes, char *text, size_t size);
/* The scope's word; of several the first. */
const char *access_scope_name(unsigned scope);

/* True if the set holds the scope, or `admin`. */
bool access_scopes_allow(unsigned scopes, unsigned scope);

/* A new secret; false where the system gives no random bytes. */
bool access_secret_create(char secret[ACCESS_SECRET_SIZE]);
void access_secret_digest(const char *secret, unsigned char digest[ACCESS_DIGEST_SIZE]);

/* Of all tokens the one with the digest and a time of expiry that is not over; NULL. Takes as long
 * whichever it is and whether there is one. */
const access_token *access_token_find(const access_token *tokens, size_t count,
                                      const unsigned char digest[ACCESS_DIGEST_SIZE], int64_t now);

#endif
