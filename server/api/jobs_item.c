/*
 * jobs_item.c: one job: GET, PATCH, DELETE, and the actions cancel, pause and resume.
 */
#include "api/handlers.h"
#include "api/job_cache.h"
#include "api/job_view.h"
#include "jobs/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#define PATCH_TRIES 10

static void respond_job(const api_context *context, const http_request *request,
                        http_response *response, int status, const store_job *job)
{
    char etag[API_ETAG_SIZE];
    api_live_view view = api_look_live(context, job);
    api_job_etag(job, &view, etag);
    http_respond_header(response, "Cache-Control", "private, no-cache");
    if (status == 200 && http_not_modified(request, etag)) {
        http_respond_not_modified(response, etag);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    api_write_job(writer, job, &view, true);
    http_respond_etag(response, etag);
    api_respond_json(response, status, writer);
}

void api_get_job(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const char *id;
    store_job job;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    if (api_job_cache_answer(own, request, response, id))
        return;
    store *opened = jobs_service_store(own->jobs);
    int64_t commits = store_commits(opened); /* before the read: what comes between is seen later */
    gd_status status = store_job_get(opened, id, true, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    respond_job(own, request, response, 200, &job);
    api_job_cache_keep(own->job_cache, commits, &job);
}

/* Gives the row with its details, after a change that returned the light one. */
static void respond_changed(const api_context *context, const http_request *request,
                            http_response *response, int http_status, const char *id)
{
    store_job job;
    gd_error error = {0};
    gd_status status = store_job_get(jobs_service_store(context->jobs), id, true, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    respond_job(context, request, response, http_status, &job);
    store_job_dispose(&job);
}

/* The job's labels with those of the patch merged in (RFC 7396), checked; NULL without memory. */
static char *merge_labels(const json_reader *root, const store_job *job)
{
    const cJSON *patch = cJSON_GetObjectItemCaseSensitive(root->value, "labels");
    cJSON *labels = cJSON_IsNull(patch) ? json_parse("{}", 2, NULL)
                                        : json_parse(job->labels, strlen(job->labels), NULL);
    if (cJSON_IsObject(patch))
        labels = json_merge_patch(labels, patch);
    if (labels == NULL)
        return NULL;
    json_reader reader = {labels, json_path_member(&root->path, "labels"), root->faults};
    spec_check_labels(&reader);
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_tree(writer, labels);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cJSON_Delete(labels);
    return text;
}

/* A merge patch: null removes name or labels. *labels is the caller's to free. */
static gd_status read_patch(const json_reader *root, const store_job *job, store_job_patch *patch,
                            char **labels)
{
    static const char *const known[] = {"name", "labels", "priority"};
    json_reader reader;
    if (!cJSON_IsObject(root->value)) {
        json_faults_add(root->faults, &root->path, JSON_CODE_WRONG_TYPE, NULL,
                        "The body must be a JSON merge patch: an object.");
        return GD_OK;
    }
    json_refuse_unknown(root, known, 3);
    const char *name = NULL;
    json_read_result read =
        json_read_string(root, "name", JSON_OPTIONAL | JSON_NULLABLE, 0, SPEC_MAXIMUM_NAME, &name);
    if (read == JSON_READ)
        patch->name = name;
    else if (read == JSON_NULL)
        patch->name = "";
    patch->has_priority = json_read_count(root, "priority", JSON_OPTIONAL, -SPEC_MAXIMUM_PRIORITY,
                                          SPEC_MAXIMUM_PRIORITY, &patch->priority) == JSON_READ;
    read = json_read_object(root, "labels", JSON_OPTIONAL | JSON_NULLABLE, &reader);
    if (read != JSON_READ && read != JSON_NULL)
        return GD_OK;
    *labels = merge_labels(root, job);
    patch->labels = *labels;
    return *labels == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

/* GD_CONFLICT, with nothing answered, where the row changed since `job` was read. */
static gd_status patch_job(const api_context *context, const http_request *request,
                           http_response *response, const store_job *job, const cJSON *document)
{
    json_faults faults = {0};
    gd_error error = {0};
    store_job_patch patch = {.if_revision = job->revision};
    store_job changed;
    char *labels = NULL;
    json_reader root = json_reader_root(document, &faults);
    gd_status status = read_patch(&root, job, &patch, &labels);
    if (faults.total > 0) {
        api_respond_faults(response, &faults);
        status = GD_OK;
    } else {
        if (status == GD_OK)
            status = store_job_update(jobs_service_store(context->jobs), job->id, &patch, &changed,
                                      &error);
        if (status == GD_OK) {
            store_job_dispose(&changed);
            respond_changed(context, request, response, 200, job->id);
        } else if (status != GD_CONFLICT) {
            api_respond_status(response, status, &error);
        }
    }
    free(labels);
    json_faults_dispose(&faults);
    return status;
}

/* One try; as patch_job. */
static gd_status try_patch(const api_context *context, const http_request *request,
                           http_response *response, const char *id, const cJSON *document)
{
    store_job job;
    gd_error error = {0};
    gd_status status = store_job_get(jobs_service_store(context->jobs), id, false, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return status;
    }
    char etag[API_ETAG_SIZE];
    api_live_view view = api_look_live(context, &job);
    api_job_etag(&job, &view, etag);
    if (http_precondition_failed(request, etag))
        http_respond_problem(response, 412, "precondition_failed", NULL,
                             "The job is no longer what If-Match names: read it again.");
    else
        status = patch_job(context, request, response, &job, document);
    store_job_dispose(&job);
    return status;
}

void api_patch_job(void *context, const http_request *request, http_response *response)
{
    const char *id;
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    cJSON *document = api_read_body(request, response);
    if (document == NULL)
        return;
    /* The row of a running job changes with every checkpoint; the patch is then made anew. */
    gd_status status = GD_CONFLICT;
    for (int i = 0; status == GD_CONFLICT && i < PATCH_TRIES; i++)
        status = try_patch(context, request, response, id, document);
    if (status == GD_CONFLICT)
        http_respond_problem(response, 412, "changed_meanwhile", NULL,
                             "The job was changed while it was patched: read it again.");
    cJSON_Delete(document);
}

void api_delete_job(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const char *id;
    char *checkpoint = NULL;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    gd_status status = store_job_delete(jobs_service_store(own->jobs), id, &checkpoint, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    if (checkpoint != NULL)
        jobs_checkpoint_remove(own->data_directory, checkpoint);
    free(checkpoint);
    api_note(own, request, id, "job deleted");
    http_respond_empty(response, 204);
}

static void act(const api_context *context, const http_request *request, http_response *response,
                jobs_action action)
{
    const char *id;
    store_job job;
    jobs_outcome outcome;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    gd_status status = jobs_act(context->jobs, id, action, &job, &outcome, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    store_job_dispose(&job);
    api_note(context, request, id,
             action == JOBS_ACTION_CANCEL  ? "cancel asked for"
             : action == JOBS_ACTION_PAUSE ? "pause asked for"
                                           : "resume asked for");
    respond_changed(context, request, response, outcome == JOBS_OUTCOME_REQUESTED ? 202 : 200, id);
}

void api_cancel_job(void *context, const http_request *request, http_response *response)
{
    act(context, request, response, JOBS_ACTION_CANCEL);
}

void api_pause_job(void *context, const http_request *request, http_response *response)
{
    act(context, request, response, JOBS_ACTION_PAUSE);
}

void api_resume_job(void *context, const http_request *request, http_response *response)
{
    act(context, request, response, JOBS_ACTION_RESUME);
}
