/*
 * jobs_list.c: GET /v1/jobs: light rows, newest first, filtered, paged by a cursor that stays good
 * while jobs are added.
 */
#include "api/handlers.h"
#include "api/job_view.h"
#include "jobs/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A filter with the storage its pointers need. */
typedef struct list_query {
    store_job_filter filter;
    store_job_status statuses[STORE_JOB_STATUS_COUNT];
    char label_key[128];
} list_query;

static bool read_statuses(const http_request *request, http_response *response, list_query *query)
{
    const char *text = http_request_query(request, "status");
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        int found = -1;
        for (int i = 0; i < STORE_JOB_STATUS_COUNT; i++) {
            const char *name = store_job_status_name((store_job_status)i);
            if (strlen(name) == length && strncmp(name, text, length) == 0)
                found = i;
        }
        if (found < 0 || query->filter.status_count == STORE_JOB_STATUS_COUNT) {
            api_refuse_query(response, "status",
                             "it must be a comma-separated list of queued, running, paused, "
                             "succeeded, failed, cancelled.");
            return false;
        }
        query->statuses[query->filter.status_count++] = (store_job_status)found;
        text += length + (text[length] == ',');
    }
    query->filter.statuses = query->statuses;
    return true;
}

static bool read_label(const http_request *request, http_response *response, list_query *query)
{
    const char *text = http_request_query(request, "label");
    if (text == NULL)
        return true;
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof query->label_key) {
        api_refuse_query(response, "label", "it must have the form key:value.");
        return false;
    }
    snprintf(query->label_key, sizeof query->label_key, "%.*s", (int)(colon - text), text);
    query->filter.label_key = query->label_key;
    query->filter.label_value = colon + 1;
    return true;
}

static bool read_time(const http_request *request, http_response *response, const char *name,
                      int64_t *out)
{
    const char *text = http_request_query(request, name);
    if (text == NULL || jobs_parse_time(text, out))
        return true;
    api_refuse_query(response, name, "it must be an RFC 3339 time such as 2026-01-31T12:00:00Z.");
    return false;
}

static bool read_query(const http_request *request, http_response *response, list_query *query)
{
    static const char *const known[] = {"status",         "label",  "model",
                                        "name",           "limit",  "created_after",
                                        "created_before", "cursor", NULL};
    store_job_filter *filter = &query->filter;
    filter->owner = api_seen_by(request);
    filter->limit = API_LIMIT_DEFAULT;
    filter->model = http_request_query(request, "model");
    filter->name_part = http_request_query(request, "name");
    return api_check_query(request, response, known) && read_statuses(request, response, query) &&
           read_label(request, response, query) &&
           read_time(request, response, "created_after", &filter->created_after) &&
           read_time(request, response, "created_before", &filter->created_before) &&
           api_query_count(request, response, "limit", 1, API_LIMIT_MAXIMUM, &filter->limit) &&
           api_query_cursor(request, response, &filter->before_sequence);
}

void api_list_jobs(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    list_query query = {0};
    store_job *jobs = NULL;
    int64_t count = 0;
    gd_error error = {0};
    if (!read_query(request, response, &query))
        return;
    int64_t next, counts[STORE_JOB_STATUS_COUNT];
    store *opened = jobs_service_store(own->jobs);
    gd_status status = api_read_counts(own, request, counts, &error);
    if (status == GD_OK)
        status = store_job_list(opened, &query.filter, &jobs, &count, &next, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    json_writer_key(writer, "jobs");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < count; i++) {
        api_live_view view = api_look_live(own, &jobs[i]);
        api_write_job(writer, &jobs[i], &view, false);
    }
    json_writer_end_array(writer);
    api_write_next(request, response, writer, next != 0, next);
    json_writer_key(writer, "counts");
    api_write_counts(writer, counts);
    json_writer_end_object(writer);
    store_jobs_dispose(jobs, count);
    api_respond_tagged_json(response, writer);
}
