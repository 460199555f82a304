/*
 * digest.h: SHA-256 (FIPS 180-4, by libnettle) of blocks and of streams, as lower-case hex.
 */
#ifndef JOBS_DIGEST_H
#define JOBS_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>

#define JOBS_DIGEST_SIZE 65 /* 64 hex digits and a NUL */

typedef struct jobs_digest {
    struct sha256_ctx context;
} jobs_digest;

void jobs_digest_start(jobs_digest *digest);
void jobs_digest_add(jobs_digest *digest, const void *bytes, size_t length);
/* Writes the hex digits; the digest must be started anew before further use. */
void jobs_digest_finish(jobs_digest *digest, char hex[JOBS_DIGEST_SIZE]);

/* All at once. */
void jobs_digest_of(const void *bytes, size_t length, char hex[JOBS_DIGEST_SIZE]);

#endif
