/*
 * digest.c: the thin layer between this program and libnettle's SHA-256.
 */
#include "jobs/digest.h"

#include <stdint.h>

void jobs_digest_start(jobs_digest *digest)
{
    sha256_init(&digest->context);
}

void jobs_digest_add(jobs_digest *digest, const void *bytes, size_t length)
{
    sha256_update(&digest->context, length, bytes);
}

void jobs_digest_finish(jobs_digest *digest, char hex[JOBS_DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[SHA256_DIGEST_SIZE];
    sha256_digest(&digest->context, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * sizeof bytes] = '\0';
}

void jobs_digest_of(const void *bytes, size_t length, char hex[JOBS_DIGEST_SIZE])
{
    jobs_digest digest;
    jobs_digest_start(&digest);
    jobs_digest_add(&digest, bytes, length);
    jobs_digest_finish(&digest, hex);
}
