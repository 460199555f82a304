/*
 * jobs_item.c: one job: GET, PATCH, DELETE, and the actions cancel, pause and resume.
 */
#include "api/handlers.h"
#include "api/job_view.h"
#include "jobs/checkpoint.h"

#include <stdlib.h>
#include <string.h>

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
    gd_status status = store_job_get(jobs_service_store(own->jobs), id, true, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    respond_job(own, request, response, 200, &job);
    store_job_dispose(&job);
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

/* A merge patch: null removes name or labels. The texts are the caller's to free. */
static void read_patch(const json_reader *root, store_job_patch *patch, char **labels)
{
    static const char *const known[] = {"name", "labels", "priority"};
    json_reader labels_reader;
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
    read = json_read_object(root, "labels", JSON_OPTIONAL | JSON_NULLABLE, &labels_reader);
    if (read == JSON_NULL) {
        *labels = strdup("{}");
    } else if (read == JSON_READ) {
        const cJSON *label;
        cJSON_ArrayForEach(label, labels_reader.value)
        {
            if (!cJSON_IsString(label) && !cJSON_IsNull(label)) {
                json_path path = json_path_member(&labels_reader.path, label->string);
                json_faults_add(root->faults, &path, JSON_CODE_WRONG_TYPE, NULL,
                                "A label must be a text, or null to remove it.");
            }
        }
    }
}

/* The job's labels with those of the patch merged in (RFC 7396). */
static char *merge_labels(const store_job *job, const cJSON *patch)
{
    cJSON *labels = json_parse(job->labels, strlen(job->labels), NULL);
    labels = json_merge_patch(labels, patch);
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_tree(writer, labels);
    char *text = labels != NULL ? json_writer_finish(writer, NULL) : NULL;
    json_writer_destroy(writer);
    cJSON_Delete(labels);
    return text;
}

static void patch_job(const api_context *context, const http_request *request,
                      http_response *response, const store_job *job, const cJSON *document)
{
    json_faults faults = {0};
    store_job_patch patch = {.if_revision = job->revision};
    char *labels = NULL;
    json_reader root = json_reader_root(document, &faults);
    if (!cJSON_IsObject(document))
        json_faults_add(&faults, &root.path, JSON_CODE_WRONG_TYPE, NULL,
                        "The body must be a JSON merge patch: an object.");
    else
        read_patch(&root, &patch, &labels);
    const cJSON *label_patch = cJSON_GetObjectItemCaseSensitive(document, "labels");
    if (faults.total == 0 && cJSON_IsObject(label_patch))
        labels = merge_labels(job, label_patch);
    patch.labels = labels;
    if (faults.total > 0) {
        api_respond_faults(response, &faults);
    } else {
        store_job changed;
        gd_error error = {0};
        gd_status status =
            store_job_update(jobs_service_store(context->jobs), job->id, &patch, &changed, &error);
        if (status == GD_OK) {
            store_job_dispose(&changed);
            respond_changed(context, request, response, 200, job->id);
        } else if (status == GD_CONFLICT) {
            http_respond_problem(response, 412, "changed_meanwhile", NULL,
                                 "The job was changed while it was patched: read it again.");
        } else {
            api_respond_status(response, status, &error);
        }
    }
    free(labels);
    json_faults_dispose(&faults);
}

void api_patch_job(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const char *id;
    store_job job;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    cJSON *document = api_read_body(request, response);
    if (document == NULL)
        return;
    gd_status status = store_job_get(jobs_service_store(own->jobs), id, false, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
    } else {
        char etag[API_ETAG_SIZE];
        api_live_view view = api_look_live(own, &job);
        api_job_etag(&job, &view, etag);
        if (http_precondition_failed(request, etag))
            http_respond_problem(response, 412, "precondition_failed", NULL,
                                 "The job is no longer what If-Match names: read it again.");
        else
            patch_job(own, request, response, &job, document);
        store_job_dispose(&job);
    }
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
