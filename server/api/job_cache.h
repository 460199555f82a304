/*
 * job_cache.h: rows of jobs that were asked for lately, so that polling a job reads no database.
 *
 * A row is good as long as nothing has been committed since it was read; then it is read again. The
 * live part of a running job is not kept but looked at each time. Small jobs alone are kept, and of
 * them a few. Thread rule: safe from any thread.
 */
#ifndef API_JOB_CACHE_H
#define API_JOB_CACHE_H

#include "http/router.h"
#include "store/store.h"

struct api_context;

typedef struct api_job_cache api_job_cache;

/* NULL without memory, which every function here takes for a cache that holds nothing. */
api_job_cache *api_job_cache_create(void);
void api_job_cache_destroy(api_job_cache *cache);

/* Answers GET of the job; false, with nothing answered, where its row is not here or no longer good. */
bool api_job_cache_answer(const struct api_context *context, const http_request *request,
                          http_response *response, const char *id);

/*
 * Whose a job or a dataset is: an id is never given twice and does not change its owner, so what
 * was known once stays good, also when it was deleted since. False where it is not known here.
 */
bool api_job_cache_owner(api_job_cache *cache, const char *id, char owner[STORE_OWNER_SIZE]);
void api_job_cache_keep_owner(api_job_cache *cache, const char *id,
                              const char owner[STORE_OWNER_SIZE]);

/* Takes over a row with its details, which was read after `commits` commits. */
void api_job_cache_keep(api_job_cache *cache, int64_t commits, store_job *job);

#endif
