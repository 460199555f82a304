/*
 * job_cache.c: slots by the hash of an id, each under a mutex of its own (job_cache.h). The text of
 * the last reply is kept with the row and is good for the same entity tag.
 */
#include "api/job_cache.h"

#include "api/api.h"
#include "api/job_view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS        128
#define SPEC_MAXIMUM 16384 /* bytes of a job's texts */
#define TEXT_MAXIMUM 32768 /* bytes of a reply */

typedef struct cache_slot {
    pthread_mutex_t mutex;
    bool filled;
    int64_t commits;
    store_job job;
    char owned[STORE_ID_SIZE]; /* what `owner` is the owner of; empty: nothing */
    char owner[STORE_OWNER_SIZE];
    char etag[API_ETAG_SIZE];
    char *text; /* the reply with that tag; NULL: none yet */
    size_t length;
} cache_slot;

struct api_job_cache {
    cache_slot slots[SLOTS];
};

api_job_cache *api_job_cache_create(void)
{
    api_job_cache *cache = calloc(1, sizeof *cache);
    for (int i = 0; cache != NULL && i < SLOTS; i++)
        if (pthread_mutex_init(&cache->slots[i].mutex, NULL) != 0) {
            while (i-- > 0)
                (void)pthread_mutex_destroy(&cache->slots[i].mutex);
            free(cache);
            return NULL;
        }
    return cache;
}

static void empty(cache_slot *slot)
{
    if (slot->filled)
        store_job_dispose(&slot->job);
    free(slot->text);
    slot->text = NULL;
    slot->filled = false;
}

void api_job_cache_destroy(api_job_cache *cache)
{
    if (cache == NULL)
        return;
    for (int i = 0; i < SLOTS; i++) {
        empty(&cache->slots[i]);
        (void)pthread_mutex_destroy(&cache->slots[i].mutex);
    }
    free(cache);
}

/* FNV-1a. */
static cache_slot *slot_of(api_job_cache *cache, const char *id)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *id != '\0'; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(1099511628211);
    return &cache->slots[hash % SLOTS];
}

static char *copy_of(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy != NULL)
        memcpy(copy, text, length + 1);
    return copy;
}

/* The reply's text, the slot's own where it has that of the tag; NULL without memory. */
static char *render(cache_slot *slot, const api_live_view *view, const char *etag, size_t *length)
{
    if (slot->text != NULL && strcmp(slot->etag, etag) == 0) {
        *length = slot->length;
        return copy_of(slot->text, slot->length);
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    api_write_job(writer, &slot->job, view, true);
    char *text = json_writer_finish(writer, length);
    json_writer_destroy(writer);
    free(slot->text);
    slot->text = NULL;
    /* That of a running job is another one the next time. */
    if (text != NULL && *length <= TEXT_MAXIMUM && store_job_status_is_terminal(slot->job.status))
        slot->text = copy_of(text, *length);
    if (slot->text != NULL) {
        slot->length = *length;
        memcpy(slot->etag, etag, API_ETAG_SIZE);
    }
    return text;
}

static void answer(const api_context *context, const http_request *request, http_response *response,
                   cache_slot *slot)
{
    char etag[API_ETAG_SIZE];
    size_t length = 0;
    api_live_view view = api_look_live(context, &slot->job);
    api_job_etag(&slot->job, &view, etag);
    http_respond_header(response, "Cache-Control", "private, no-cache");
    if (http_not_modified(request, etag)) {
        http_respond_not_modified(response, etag);
        return;
    }
    char *text = render(slot, &view, etag, &length);
    if (text == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    http_respond_etag(response, etag);
    http_respond_owned(response, 200, "application/json", text, length);
}

bool api_job_cache_answer(const struct api_context *context, const http_request *request,
                          http_response *response, const char *id)
{
    if (context->job_cache == NULL)
        return false;
    cache_slot *slot = slot_of(context->job_cache, id);
    (void)pthread_mutex_lock(&slot->mutex);
    bool is_good = slot->filled && strcmp(slot->job.id, id) == 0 &&
                   slot->commits == store_commits(jobs_service_store(context->jobs));
    if (is_good)
        answer(context, request, response, slot);
    (void)pthread_mutex_unlock(&slot->mutex);
    return is_good;
}

bool api_job_cache_owner(api_job_cache *cache, const char *id, char owner[STORE_OWNER_SIZE])
{
    if (cache == NULL)
        return false;
    cache_slot *slot = slot_of(cache, id);
    (void)pthread_mutex_lock(&slot->mutex);
    bool known = strcmp(slot->owned, id) == 0;
    if (known)
        memcpy(owner, slot->owner, STORE_OWNER_SIZE);
    (void)pthread_mutex_unlock(&slot->mutex);
    return known;
}

void api_job_cache_keep_owner(api_job_cache *cache, const char *id,
                              const char owner[STORE_OWNER_SIZE])
{
    if (cache == NULL || strlen(id) >= STORE_ID_SIZE)
        return;
    cache_slot *slot = slot_of(cache, id);
    (void)pthread_mutex_lock(&slot->mutex);
    memcpy(slot->owned, id, strlen(id) + 1);
    memcpy(slot->owner, owner, STORE_OWNER_SIZE);
    (void)pthread_mutex_unlock(&slot->mutex);
}

/* Waiting jobs show their place in the queue, which other rows decide. */
static bool is_kept(const store_job *job)
{
    const char *const texts[] = {job->spec, job->metrics, job->diagnosis, job->repairs};
    size_t length = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        length += texts[i] != NULL ? strlen(texts[i]) : 0;
    return length <= SPEC_MAXIMUM &&
           (job->status == STORE_JOB_RUNNING || store_job_status_is_terminal(job->status));
}

void api_job_cache_keep(api_job_cache *cache, int64_t commits, store_job *job)
{
    if (cache == NULL || !is_kept(job)) {
        store_job_dispose(job);
        return;
    }
    cache_slot *slot = slot_of(cache, job->id);
    (void)pthread_mutex_lock(&slot->mutex);
    empty(slot);
    slot->job = *job;
    slot->commits = commits;
    slot->filled = true;
    (void)pthread_mutex_unlock(&slot->mutex);
}
