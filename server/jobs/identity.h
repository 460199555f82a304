/*
 * identity.h: ids and times as the service gives them: UUID version 7 (RFC 9562), milliseconds since
 * 1970 UTC, RFC 3339 text. Any thread.
 */
#ifndef JOBS_IDENTITY_H
#define JOBS_IDENTITY_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

#define JOBS_TIME_SIZE 32

/* False where the system gives no random bytes. */
bool jobs_new_id(char id[STORE_ID_SIZE]);
bool jobs_is_id(const char *text);

int64_t jobs_now(void);

/* 53 random bits, so that every JSON reader keeps them. False as jobs_new_id. */
bool jobs_random_seed(uint64_t *seed);

/* "2026-01-31T12:34:56.789Z". */
void jobs_format_time(int64_t milliseconds, char text[JOBS_TIME_SIZE]);

/* Reads RFC 3339 with any offset, fraction optional; false where the text is none. */
bool jobs_parse_time(const char *text, int64_t *milliseconds);

#endif
