/*
 * events.c: GET /v1/jobs/{id}/events: what happened to a job, oldest first.
 */
#include "api/handlers.h"
#include "api/job_view.h"

static gd_status write_event(void *context, const store_event *event)
{
    json_writer *writer = context;
    json_writer_begin_object(writer);
    json_writer_key(writer, "seq");
    json_writer_int64(writer, event->sequence);
    api_write_time(writer, "at", event->at);
    api_write_text(writer, "type", event->type);
    api_write_text(writer, "message", event->message);
    api_write_raw(writer, "data", event->data);
    json_writer_end_object(writer);
    return GD_OK;
}

void api_get_events(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"after", "limit", NULL};
    const api_context *own = context;
    const char *id;
    int64_t after = 0, limit = API_LIMIT_DEFAULT;
    store_job job;
    gd_error error = {0};
    if (!api_check_query(request, response, known) || !api_read_id(request, response, &id) ||
        !api_query_count(request, response, "after", 0, INT64_MAX / 2, &after) ||
        !api_query_count(request, response, "limit", 1, API_LIMIT_MAXIMUM, &limit))
        return;
    store *opened = jobs_service_store(own->jobs);
    gd_status status = store_job_get(opened, id, false, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    api_write_text(writer, "job", job.id);
    json_writer_key(writer, "events");
    json_writer_begin_array(writer);
    status = store_event_list(opened, id, after, limit, write_event, writer, &error);
    json_writer_end_array(writer);
    json_writer_end_object(writer);
    store_job_dispose(&job);
    if (status == GD_OK) {
        api_respond_tagged_json(response, writer);
    } else {
        json_writer_destroy(writer);
        api_respond_status(response, status, &error);
    }
}
