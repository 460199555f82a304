/*
 * admit.c: what stands before all handlers, and what a token says of itself. A refusal gives no
 * hint: no token, a wrong one and an expired one get the same bytes, but for the id of the request.
 */
#include "api/admit.h"

#include "api/handlers.h"
#include "api/job_cache.h"
#include "api/reply.h"
#include "jobs/identity.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(access_identity) <= HTTP_CLIENT_BYTES, "an identity goes with a request");

static const access_identity anybody = {.scopes = ACCESS_ALL, .sees_all = true};

const access_identity *api_caller(const http_request *request)
{
    const access_identity *identity = http_request_client(request);
    return identity != NULL ? identity : &anybody;
}

const char *api_client_name(const http_request *request)
{
    return api_caller(request)->token;
}

void api_note(const api_context *context, const http_request *request, const char *job,
              const char *text)
{
    if (context->log != NULL)
        context->log(context->log_context, request, job, text);
}

const char *api_seen_by(const http_request *request)
{
    const access_identity *caller = api_caller(request);
    return caller->sees_all ? NULL : caller->owner;
}

store_quota api_quota(const access_identity *caller)
{
    return (store_quota){caller->maximum_queued, caller->maximum_running, caller->maximum_bytes};
}

gd_status api_read_counts(const api_context *context, const http_request *request, int64_t *counts,
                          gd_error *error)
{
    store *opened = jobs_service_store(context->jobs);
    const char *owner = api_seen_by(request);
    store_owner has;
    if (owner == NULL)
        return store_job_counts(opened, counts, error);
    gd_status status = store_owner_read(opened, owner, &has, error);
    memcpy(counts, has.counts, sizeof has.counts);
    return status;
}

/* --- Before a handler --------------------------------------------------------------------- */

static void refuse_unknown(http_response *response)
{
    http_respond_header(response, "WWW-Authenticate", "Bearer");
    http_respond_problem(response, 401, "unauthorized", NULL,
                         "A valid access token is needed: Authorization: Bearer <token>.");
}

/* A secret in a URL is in histories and logs on its way, and so is no secret. */
static bool has_token_in_url(const http_request *request)
{
    static const char *const names[] = {"access_token", "token", "bearer_token", "authorization"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (http_request_query(request, names[i]) != NULL)
            return true;
    return false;
}

static unsigned needed_scope(const http_request *request, const api_rule *rule)
{
    http_method method = http_request_method(request);
    if (rule != NULL && rule->scope != 0)
        return rule->scope;
    return method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD ? ACCESS_READ : ACCESS_SUBMIT;
}

static bool check_token(const api_context *context, http_request *request, http_response *response,
                        const api_rule *rule)
{
    access_identity identity;
    bool known = access_registry_identify(context->access,
                                          http_request_header(request, "Authorization"), &identity);
    if (!known || (identity.token[0] != '\0' && has_token_in_url(request))) {
        refuse_unknown(response);
        return false;
    }
    (void)http_request_set_client(request, identity.token, &identity, sizeof identity);
    if (identity.token[0] != '\0')
        http_respond_header(response, "Vary", "Authorization");
    unsigned scope = needed_scope(request, rule);
    if (access_scopes_allow(identity.scopes, scope))
        return true;
    char header[96], detail[96];
    snprintf(header, sizeof header, "Bearer error=\"insufficient_scope\", scope=\"%s\"",
             access_scope_name(scope));
    snprintf(detail, sizeof detail, "The token has no scope \"%s\".", access_scope_name(scope));
    http_respond_header(response, "WWW-Authenticate", header);
    http_respond_problem(response, 403, "insufficient_scope", NULL, detail);
    return false;
}

/* Of a job or a dataset, from memory where it was asked for lately. */
static gd_status find_owner(const api_context *context, const char *id, bool job,
                            char owner[STORE_OWNER_SIZE], gd_error *error)
{
    store *opened = jobs_service_store(context->jobs);
    if (api_job_cache_owner(context->job_cache, id, owner))
        return GD_OK;
    gd_status status = job ? store_job_owner(opened, id, owner, error)
                           : store_dataset_owner(opened, id, owner, error);
    if (status == GD_OK)
        api_job_cache_keep_owner(context->job_cache, id, owner);
    return status;
}

/* True where what the path names is the caller's, or is not there at all, which the handler tells. */
static bool check_owner(const api_context *context, const http_request *request,
                        http_response *response)
{
    static const char jobs[] = "/v1/jobs/{id}", datasets[] = "/v1/datasets/{id}";
    const char *pattern = http_request_route(request)->pattern;
    const char *id = http_request_parameter(request, "id");
    const char *seen_by = api_seen_by(request);
    bool job = strncmp(pattern, jobs, sizeof jobs - 1) == 0;
    char owner[STORE_OWNER_SIZE] = "";
    gd_error error = {0};
    if (seen_by == NULL || id == NULL || !jobs_is_id(id) ||
        !(job || strncmp(pattern, datasets, sizeof datasets - 1) == 0))
        return true;
    gd_status status = find_owner(context, id, job, owner, &error);
    if (status == GD_NOT_FOUND || (status == GD_OK && strcmp(owner, seen_by) == 0))
        return true;
    if (status == GD_OK)
        status = gd_fail(&error, GD_NOT_FOUND, "", "there is no %s %.64s",
                         pattern[4] == 'j' ? "job" : "dataset", id);
    api_respond_status(response, status, &error);
    return false;
}

static bool check_draining(const api_context *context, const http_request *request,
                           http_response *response)
{
    http_method method = http_request_method(request);
    if (method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD || !atomic_load(&context->draining))
        return true;
    http_respond_header(response, "Retry-After", "5");
    http_respond_problem(response, 503, "draining", NULL,
                         "The service is shutting down and takes no new work.");
    return false;
}

bool api_before(void *context, http_request *request, http_response *response)
{
    const api_context *own = context;
    const api_rule *rule = http_request_route(request)->tag;
    bool is_open = own->access == NULL || (rule != NULL && rule->open);
    return (is_open ||
            (check_token(own, request, response, rule) && check_owner(own, request, response))) &&
           check_draining(own, request, response);
}

/* --- GET /v1/access ----------------------------------------------------------------------- */

static void write_limit(json_writer *writer, const char *key, int64_t limit)
{
    json_writer_key(writer, key);
    if (limit > 0)
        json_writer_int64(writer, limit);
    else
        json_writer_null(writer);
}

static void write_scopes(json_writer *writer, unsigned scopes)
{
    json_writer_key(writer, "scopes");
    json_writer_begin_array(writer);
    for (unsigned scope = ACCESS_READ; scope <= ACCESS_ADMIN; scope <<= 1)
        if ((scopes & scope) != 0)
            json_writer_string(writer, access_scope_name(scope));
    json_writer_end_array(writer);
}

void api_get_access(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const access_identity *caller = api_caller(request);
    store_owner has;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL))
        return;
    gd_status status = store_owner_read(jobs_service_store(own->jobs), caller->owner, &has, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    json_writer_key(writer, "token_needed");
    json_writer_boolean(writer, caller->token[0] != '\0');
    api_write_text(writer, "token", caller->token);
    api_write_text(writer, "owner", caller->owner);
    write_scopes(writer, caller->scopes);
    json_writer_key(writer, "stored_bytes");
    json_writer_int64(writer, has.bytes);
    json_writer_key(writer, "queued");
    json_writer_int64(writer, has.counts[STORE_JOB_QUEUED]);
    json_writer_key(writer, "running");
    json_writer_int64(writer, has.counts[STORE_JOB_RUNNING]);
    json_writer_key(writer, "limits");
    json_writer_begin_object(writer);
    write_limit(writer, "queued", caller->maximum_queued);
    write_limit(writer, "running", caller->maximum_running);
    write_limit(writer, "stored_bytes", caller->maximum_bytes);
    json_writer_end_object(writer);
    json_writer_end_object(writer);
    api_respond_tagged_json(response, writer);
}
