/*
 * jobs_submit.c: POST /v1/jobs and POST /v1/jobs/{id}/retry. Both end in the same path: document →
 * spec → plan → durable row → reply. A dry run stops before the row. The reply to an Idempotency-Key
 * is rendered first and stored with the job, so that a repeat gets the very same bytes.
 */
#include "api/handlers.h"
#include "api/job_view.h"
#include "jobs/digest.h"
#include "jobs/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDEMPOTENCY_MILLISECONDS ((int64_t)48 * 3600 * 1000)
#define IDEMPOTENCY_KEY_MAXIMUM  255
#define DRY_RUN_RATES            200 /* points of the learning rate */

/* One submission on its way; `spec` and `faults` are the owner's to free. */
typedef struct submitting {
    const api_context *context;
    const http_request *request;
    http_response *response;
    const char *retry_of; /* NULL: a new job */
    spec_job *spec;
    json_faults faults;
} submitting;

static void write_parts(json_writer *writer, const char *key, int64_t training, int64_t validation)
{
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    json_writer_key(writer, "training");
    json_writer_int64(writer, training);
    json_writer_key(writer, "validation");
    json_writer_int64(writer, validation);
    json_writer_end_object(writer);
}

static void write_dry_run(json_writer *writer, const jobs_submission *submission,
                          const jobs_plan *plan)
{
    json_writer_begin_object(writer);
    api_write_raw(writer, "spec", submission->spec);
    api_write_raw(writer, "model", submission->summary);
    write_parts(writer, "rows", plan->training_count, plan->validation_count);
    if (plan->window.length > 0)
        write_parts(writer, "windows", plan->examples.count, plan->validation.count);
    json_writer_key(writer, "memory_bytes");
    json_writer_int64(writer, plan->memory_bytes);
    json_writer_key(writer, "flops_per_epoch");
    json_writer_double(writer, jobs_plan_operations(plan));
    json_writer_key(writer, "schedule");
    api_write_schedule(writer, plan, DRY_RUN_RATES);
    json_writer_key(writer, "warnings");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < plan->warning_count; i++) {
        json_writer_begin_object(writer);
        api_write_text(writer, "pointer", plan->warnings[i].pointer);
        api_write_text(writer, "code", plan->warnings[i].code);
        api_write_text(writer, "message", plan->warnings[i].message);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

/* The job as it will stand in the store, so that the reply can be rendered before it does. */
static char *render_created(const submitting *work, const jobs_submission *submission,
                            size_t *length)
{
    const api_context *context = work->context;
    store_job job = {
        .name = submission->name,
        .labels = submission->labels,
        .priority = submission->priority,
        .model = submission->model,
        .status = STORE_JOB_QUEUED,
        .created_at = submission->created_at,
        .updated_at = submission->created_at,
        .spec = submission->spec,
        .summary = submission->summary,
    };
    char *environment = strdup(jobs_service_environment(context->jobs));
    if (environment == NULL)
        return NULL;
    job.environment = environment;
    memcpy(job.id, submission->id, sizeof job.id);
    memcpy(job.owner, submission->owner, sizeof job.owner);
    memcpy(job.retry_of, submission->retry_of, sizeof job.retry_of);
    api_live_view view = {.queue_position = -1};
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    api_write_job(writer, &job, &view, true);
    char *text = json_writer_finish(writer, length);
    json_writer_destroy(writer);
    free(environment);
    return text;
}

/* A digest of everything that decides the job: path and body. */
static void fingerprint(const http_request *request, char hex[JOBS_DIGEST_SIZE])
{
    size_t length;
    const void *body = http_request_body(request, &length);
    const char *path = http_request_path(request);
    jobs_digest digest;
    jobs_digest_start(&digest);
    jobs_digest_add(&digest, path, strlen(path) + 1);
    jobs_digest_add(&digest, body, length);
    jobs_digest_finish(&digest, hex);
}

static void respond_created(http_response *response, const char *id, char *reply, size_t length)
{
    char location[STORE_ID_SIZE + 16];
    snprintf(location, sizeof location, "/v1/jobs/%s", id);
    http_respond_header(response, "Location", location);
    http_respond_owned(response, 201, "application/json", reply, length);
}

/* The stored reply of an earlier submission under the same key; its id stands in it. */
static void respond_again(http_response *response, char *reply)
{
    cJSON *job = json_parse(reply, strlen(reply), NULL);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(job, "id");
    if (cJSON_IsString(id)) {
        http_respond_header(response, "Idempotency-Replayed", "true");
        respond_created(response, id->valuestring, reply, strlen(reply));
    } else {
        free(reply);
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
    }
    cJSON_Delete(job);
}

static void refuse_key(http_response *response)
{
    http_respond_problem(response, 422, "idempotency_key_reused", NULL,
                         "This Idempotency-Key was used with another body: use a new key for a new "
                         "job.");
}

static void respond_create_failure(http_response *response, gd_status status, const gd_error *error)
{
    if (status == GD_UNAVAILABLE && strcmp(error->path, STORE_LIMIT_QUEUE) == 0) {
        http_respond_header(response, "Retry-After", "5");
        http_respond_problem(response, 429, "queue_full", NULL, error->message);
    } else if (status == GD_UNAVAILABLE && strcmp(error->path, STORE_LIMIT_OWNER_QUEUE) == 0) {
        http_respond_header(response, "Retry-After", "5");
        http_respond_problem(response, 429, "queue_quota_exceeded", NULL, error->message);
    } else if (status == GD_NOT_FOUND) {
        http_respond_problem(response, 422, "not_found", NULL, error->message);
    } else {
        api_respond_status(response, status, error);
    }
}

static void store_submission(const submitting *work, const jobs_submission *submission,
                             const char *key)
{
    http_response *response = work->response;
    char hex[JOBS_DIGEST_SIZE];
    size_t length;
    gd_error error = {0};
    char *existing = NULL;
    char *reply = render_created(work, submission, &length);
    if (reply == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    fingerprint(work->request, hex);
    store_idempotency idempotency = {
        key, hex, reply, submission->created_at + IDEMPOTENCY_MILLISECONDS, submission->owner};
    gd_status status = jobs_submit(work->context->jobs, submission,
                                   key != NULL ? &idempotency : NULL, &existing, &error);
    if (status == GD_OK && existing == NULL) {
        api_note(work->context, work->request, submission->id, "job accepted");
        respond_created(response, submission->id, reply, length);
        return;
    }
    free(reply);
    if (status == GD_OK)
        respond_again(response, existing);
    else if (status == GD_CONFLICT && key != NULL)
        refuse_key(response);
    else
        respond_create_failure(response, status, &error);
}

/* True where the key is absent or well formed; else 400 was answered. */
static bool read_key(const http_request *request, http_response *response, const char **key)
{
    *key = http_request_header(request, "Idempotency-Key");
    if (*key == NULL || (strlen(*key) > 0 && strlen(*key) <= IDEMPOTENCY_KEY_MAXIMUM))
        return true;
    http_respond_problem(response, 400, "invalid_header", NULL,
                         "Idempotency-Key must have 1 to 255 characters.");
    return false;
}

static void finish(submitting *work, bool dry_run, const char *key)
{
    jobs_submission submission = {0};
    jobs_plan *plan = NULL;
    gd_error error = {0};
    const access_identity *caller = api_caller(work->request);
    jobs_requester requester = {caller->owner, caller->sees_all, api_quota(caller)};
    gd_status status = jobs_prepare(work->context->jobs, &requester, work->spec, work->retry_of,
                                    &submission, &plan, &work->faults, &error);
    if (work->faults.total > 0) {
        api_respond_faults(work->response, &work->faults);
    } else if (status != GD_OK) {
        api_respond_status(work->response, status, &error);
    } else if (dry_run) {
        json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
        write_dry_run(writer, &submission, plan);
        api_respond_json(work->response, 200, writer);
    } else {
        store_submission(work, &submission, key);
    }
    jobs_plan_destroy(plan);
    jobs_submission_dispose(&submission);
}

/* Takes the document over. */
static void submit_document(const api_context *context, const http_request *request,
                            http_response *response, cJSON *document, const char *retry_of,
                            bool dry_run, const char *key)
{
    submitting work = {context, request, response, retry_of, NULL, {0}};
    work.spec = spec_read(document, &work.faults);
    if (work.spec == NULL)
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
    else if (work.faults.total > 0)
        api_respond_faults(response, &work.faults);
    else
        finish(&work, dry_run, key);
    spec_destroy(work.spec);
    json_faults_dispose(&work.faults);
}

/* A key that is known already is answered before the spec is looked at. */
static bool answered_before(const api_context *context, const http_request *request,
                            http_response *response, const char *key)
{
    char hex[JOBS_DIGEST_SIZE], *reply = NULL;
    gd_error error = {0};
    fingerprint(request, hex);
    gd_status status = store_idempotency_find(jobs_service_store(context->jobs),
                                              api_caller(request)->owner, key, hex, &reply, &error);
    if (status == GD_NOT_FOUND)
        return false;
    if (status == GD_OK)
        respond_again(response, reply);
    else if (status == GD_CONFLICT)
        refuse_key(response);
    else
        api_respond_status(response, status, &error);
    return true;
}

void api_submit_job(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"dry_run", NULL};
    static const char *const words[] = {"false", "true", NULL};
    const char *key;
    size_t dry_run = 0;
    if (!api_check_query(request, response, known) ||
        !api_query_choice(request, response, "dry_run", words, &dry_run) ||
        !read_key(request, response, &key))
        return;
    if (dry_run == 0 && key != NULL && answered_before(context, request, response, key))
        return;
    cJSON *document = api_read_body(request, response);
    if (document != NULL)
        submit_document(context, request, response, document, NULL, dry_run != 0, key);
}

/* "adam" of "adam" and of {"type": "adam", …}; NULL where there is none. */
static const char *type_of(const cJSON *value)
{
    const cJSON *word =
        cJSON_IsString(value) ? value : cJSON_GetObjectItemCaseSensitive(value, "type");
    return cJSON_IsString(word) ? word->valuestring : NULL;
}

/* Drops the member that the patch gives another type, for its other members were of that type.
 * Whether it did. */
static bool drop_other_type(cJSON *own, const cJSON *patch, const char *key)
{
    const char *before = type_of(cJSON_GetObjectItemCaseSensitive(own, key));
    const char *after = type_of(cJSON_GetObjectItemCaseSensitive(patch, key));
    if (before == NULL || after == NULL || strcmp(before, after) == 0)
        return false;
    cJSON_DeleteItemFromObjectCaseSensitive(own, key);
    return true;
}

/* Of members that exclude each other, drops those the patch does not give where it gives one. Whether
 * there were any. */
static bool drop_alternatives(cJSON *own, const cJSON *patch, const char *const *keys)
{
    bool given = false, dropped = false;
    for (size_t i = 0; keys[i] != NULL; i++)
        given = given || cJSON_GetObjectItemCaseSensitive(patch, keys[i]) != NULL;
    for (size_t i = 0; given && keys[i] != NULL; i++) {
        if (cJSON_GetObjectItemCaseSensitive(patch, keys[i]) != NULL ||
            cJSON_GetObjectItemCaseSensitive(own, keys[i]) == NULL)
            continue;
        cJSON_DeleteItemFromObjectCaseSensitive(own, keys[i]);
        dropped = true;
    }
    return dropped;
}

static void drop_model(cJSON *spec, const cJSON *patch, const char *type)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(patch, "model");
    if (cJSON_GetObjectItemCaseSensitive(model, "formula") != NULL)
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(spec, "data"),
                                                "features");
    if (drop_other_type(spec, patch, "model")) {
        cJSON_DeleteItemFromObjectCaseSensitive(spec, "loss");
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(spec, "data"),
                                                "task");
    } else if (cJSON_IsObject(model) && strcmp(type, "sequential") != 0 &&
               cJSON_GetObjectItemCaseSensitive(model, "layers") == NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(spec, "model"),
                                                "layers");
    }
}

/* Columns of one kind of source are not those of another. */
static void drop_data(cJSON *spec, const cJSON *patch)
{
    static const char *const sources[] = {"dataset", "inline", "generator", NULL};
    static const char *const parts[] = {"fraction", "last", "dataset", NULL};
    static const char *const settled[] = {"features", "target", "task", "storage",
                                          "shuffle_window"};
    cJSON *own = cJSON_GetObjectItemCaseSensitive(spec, "data");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(patch, "data");
    bool other = drop_alternatives(own, data, sources);
    other = drop_other_type(own, data, "generator") || other;
    for (size_t i = 0; other && i < sizeof settled / sizeof settled[0]; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(own, settled[i]);
    if (other)
        cJSON_DeleteItemFromObjectCaseSensitive(spec, "loss");
    cJSON *validation = cJSON_GetObjectItemCaseSensitive(own, "validation");
    if (drop_alternatives(validation, cJSON_GetObjectItemCaseSensitive(data, "validation"), parts))
        cJSON_DeleteItemFromObjectCaseSensitive(validation, "seed");
}

/* The spec of a job with a patch over it. What was resolved from the parts that the patch changes is
 * dropped, so that it is resolved anew. */
static cJSON *patched_spec(const store_job *job, const cJSON *patch)
{
    static const char *const limits[] = {"epochs", "steps", NULL};
    static const char *const clips[] = {"norm", "value", NULL};
    cJSON *spec = json_parse(job->spec, strlen(job->spec), NULL);
    if (spec == NULL || patch == NULL)
        return spec;
    drop_model(spec, patch, job->model);
    drop_data(spec, patch);
    (void)drop_other_type(spec, patch, "loss");
    (void)drop_other_type(spec, patch, "optimizer");
    cJSON *own = cJSON_GetObjectItemCaseSensitive(spec, "optimizer");
    const cJSON *optimizer = cJSON_GetObjectItemCaseSensitive(patch, "optimizer");
    (void)drop_other_type(own, optimizer, "schedule");
    (void)drop_alternatives(cJSON_GetObjectItemCaseSensitive(own, "clip"),
                            cJSON_GetObjectItemCaseSensitive(optimizer, "clip"), clips);
    (void)drop_alternatives(cJSON_GetObjectItemCaseSensitive(spec, "training"),
                            cJSON_GetObjectItemCaseSensitive(patch, "training"), limits);
    return json_merge_patch(spec, patch);
}

static void retry_job(const api_context *context, const http_request *request,
                      http_response *response, const store_job *job, const char *key)
{
    size_t length;
    cJSON *patch = NULL;
    (void)http_request_body(request, &length);
    if (length > 0) {
        patch = api_read_body(request, response);
        if (patch == NULL)
            return;
        if (!cJSON_IsObject(patch)) {
            cJSON_Delete(patch);
            http_respond_problem(response, 422, "wrong_type", NULL,
                                 "The body must be a JSON merge patch: an object.");
            return;
        }
    }
    cJSON *document = patched_spec(job, patch);
    cJSON_Delete(patch);
    if (document == NULL)
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
    else
        submit_document(context, request, response, document, job->id, false, key);
}

void api_retry_job(void *context, const http_request *request, http_response *response)
{
    const char *id, *key;
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id) ||
        !read_key(request, response, &key))
        return;
    if (key != NULL && answered_before(context, request, response, key))
        return;
    store_job job;
    gd_error error = {0};
    const api_context *own = context;
    gd_status status = store_job_get(jobs_service_store(own->jobs), id, true, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    retry_job(context, request, response, &job, key);
    store_job_dispose(&job);
}
