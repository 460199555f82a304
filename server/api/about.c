/*
 * about.c: the service about itself: catalogue, version, health, readiness.
 */
#include "api/handlers.h"
#include "api/job_view.h"

#include <sys/statvfs.h>

void api_get_catalog(void *context, const http_request *request, http_response *response)
{
    (void)context;
    if (!api_check_query(request, response, NULL))
        return;
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    spec_write_catalog(writer);
    api_respond_tagged_json(response, writer);
}

/* What the service is busy with and what it still has room for. */
void api_get_version(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    if (!api_check_query(request, response, NULL))
        return;
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    api_write_text(writer, "name", "descentd");
    api_write_text(writer, "version", GD_VERSION);
    api_write_text(writer, "kernels", gd_kernels_name());
    api_write_raw(writer, "environment", jobs_service_environment(own->jobs));
    json_writer_key(writer, "workers");
    json_writer_int64(writer, jobs_service_workers(own->jobs));
    api_write_text(writer, "api", "v1");
    json_writer_end_object(writer);
    api_respond_tagged_json(response, writer);
}

static void write_load(json_writer *writer, const api_context *context, const int64_t *counts)
{
    struct statvfs disk;
    json_writer_begin_object(writer);
    api_write_time(writer, "started_at", jobs_service_started_at(context->jobs));
    json_writer_key(writer, "workers");
    json_writer_int64(writer, jobs_service_workers(context->jobs));
    json_writer_key(writer, "workers_busy");
    json_writer_int64(writer, jobs_live_count(jobs_service_live(context->jobs)));
    json_writer_key(writer, "jobs");
    api_write_counts(writer, counts);
    json_writer_key(writer, "database_bytes");
    json_writer_int64(writer, store_bytes(jobs_service_store(context->jobs)));
    json_writer_key(writer, "log_bytes");
    json_writer_int64(writer, store_log_bytes(jobs_service_store(context->jobs)));
    json_writer_key(writer, "recovered");
    json_writer_int64(writer, jobs_service_recovered(context->jobs));
    json_writer_key(writer, "free_bytes");
    if (statvfs(context->data_directory, &disk) == 0)
        json_writer_double(writer, (double)disk.f_bavail * (double)disk.f_frsize);
    else
        json_writer_null(writer);
    json_writer_end_object(writer);
}

/* Apart from the version, because it is another one at each moment. */
void api_get_load(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    int64_t counts[STORE_JOB_STATUS_COUNT];
    gd_error error = {0};
    if (!api_check_query(request, response, NULL))
        return;
    gd_status status = api_read_counts(own, request, counts, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    write_load(writer, own, counts);
    api_respond_tagged_json(response, writer);
}

void api_get_health(void *context, const http_request *request, http_response *response)
{
    (void)context;
    if (api_check_query(request, response, NULL))
        http_respond_text(response, 200, "application/json", "{\"status\":\"alive\"}");
}

void api_get_readiness(void *context, const http_request *request, http_response *response)
{
    api_context *own = context;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL))
        return;
    if (atomic_load(&own->draining)) {
        http_respond_header(response, "Retry-After", "5");
        http_respond_problem(response, 503, "draining", NULL,
                             "The service is shutting down and takes no new work.");
        return;
    }
    gd_status status = store_ready(jobs_service_store(own->jobs), &error);
    if (status == GD_OK)
        http_respond_text(response, 200, "application/json", "{\"status\":\"ready\"}");
    else
        http_respond_problem(response, 503, "not_writable", NULL,
                             "The database cannot be written; the log says more.");
}
