/*
 * reply_cache.c: see reply_cache.h. A short table under one lock; copies are made under it, for
 * they are quick beside what they save.
 */
#include "api/reply_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 64

typedef struct cached_reply {
    char key[API_REPLY_CACHE_KEY];
    char *text; /* NULL: the entry is free */
    size_t length;
    uint64_t asked; /* the cache's clock when it was asked for last */
} cached_reply;

struct api_reply_cache {
    pthread_mutex_t mutex;
    size_t bytes, maximum;
    uint64_t clock;
    cached_reply entries[ENTRIES];
};

api_reply_cache *api_reply_cache_create(size_t bytes)
{
    api_reply_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL && pthread_mutex_init(&cache->mutex, NULL) != 0) {
        free(cache);
        return NULL;
    }
    if (cache != NULL)
        cache->maximum = bytes;
    return cache;
}

void api_reply_cache_destroy(api_reply_cache *cache)
{
    if (cache == NULL)
        return;
    for (int i = 0; i < ENTRIES; i++)
        free(cache->entries[i].text);
    (void)pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

static cached_reply *find(api_reply_cache *cache, const char *key)
{
    for (int i = 0; i < ENTRIES; i++)
        if (cache->entries[i].text != NULL && strcmp(cache->entries[i].key, key) == 0)
            return &cache->entries[i];
    return NULL;
}

char *api_reply_cache_find(api_reply_cache *cache, const char *key, size_t *length)
{
    char *copy = NULL;
    if (cache == NULL)
        return NULL;
    (void)pthread_mutex_lock(&cache->mutex);
    cached_reply *entry = find(cache, key);
    if (entry != NULL) {
        entry->asked = ++cache->clock;
        copy = malloc(entry->length + 1);
    }
    if (copy != NULL) {
        memcpy(copy, entry->text, entry->length + 1);
        *length = entry->length;
    }
    (void)pthread_mutex_unlock(&cache->mutex);
    return copy;
}

static void drop(api_reply_cache *cache, cached_reply *entry)
{
    cache->bytes -= entry->length;
    free(entry->text);
    *entry = (cached_reply){.text = NULL};
}

/* A free entry, and room for `length` bytes: what was asked for longest ago goes. */
static cached_reply *make_room(api_reply_cache *cache, size_t length)
{
    for (;;) {
        cached_reply *unused = NULL, *oldest = NULL;
        for (int i = 0; i < ENTRIES; i++) {
            cached_reply *entry = &cache->entries[i];
            if (entry->text == NULL)
                unused = entry;
            else if (oldest == NULL || entry->asked < oldest->asked)
                oldest = entry;
        }
        if (unused != NULL && cache->bytes + length <= cache->maximum)
            return unused;
        if (oldest == NULL)
            return NULL;
        drop(cache, oldest);
    }
}

void api_reply_cache_keep(api_reply_cache *cache, const char *key, const char *text, size_t length)
{
    if (cache == NULL || length > API_REPLY_CACHE_TEXT || strlen(key) >= API_REPLY_CACHE_KEY)
        return;
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return;
    memcpy(copy, text, length);
    copy[length] = '\0';
    (void)pthread_mutex_lock(&cache->mutex);
    cached_reply *entry = find(cache, key);
    if (entry != NULL)
        drop(cache, entry);
    entry = make_room(cache, length);
    if (entry != NULL) {
        memcpy(entry->key, key, strlen(key) + 1);
        entry->text = copy;
        entry->length = length;
        entry->asked = ++cache->clock;
        cache->bytes += length;
        copy = NULL;
    }
    (void)pthread_mutex_unlock(&cache->mutex);
    free(copy);
}
