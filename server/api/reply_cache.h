/*
 * reply_cache.h: texts of replies that cost much to make and cannot change, by a key that says all that
 * decides them: what was asked and the entity tag.
 *
 * A few texts within a fixed number of bytes; the one that was asked for longest ago goes first.
 * Thread rule: safe from any thread.
 */
#ifndef API_REPLY_CACHE_H
#define API_REPLY_CACHE_H

#include <stddef.h>

#define API_REPLY_CACHE_KEY  320                 /* bytes of a key with its end */
#define API_REPLY_CACHE_TEXT ((size_t)512 << 10) /* the longest text that is kept */

typedef struct api_reply_cache api_reply_cache;

/* `bytes` of texts in all. NULL without memory, which the others take for a cache that holds
 * nothing. */
api_reply_cache *api_reply_cache_create(size_t bytes);
void api_reply_cache_destroy(api_reply_cache *cache);

/* A copy for the caller to free, NULL where there is none or no memory. */
char *api_reply_cache_find(api_reply_cache *cache, const char *key, size_t *length);

/* Keeps a copy; a key or text that is too long is not kept. */
void api_reply_cache_keep(api_reply_cache *cache, const char *key, const char *text, size_t length);

#endif
