/*
 * metrics.c: GET /metrics in the text format of Prometheus (exposition formats, version 0.0.4). Names
 * follow its conventions: base units, _total for counters, process_… as every client library has them.
 */
#include "api/metrics.h"

#include "api/handlers.h"
#include "api/job_view.h"
#include "json/number.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static const double upper_bounds[API_METRICS_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                         0.05,   0.1,   0.25,   0.5,   1,    2.5};

void api_metrics_count(api_metrics *metrics, int status, double seconds, size_t reply_bytes)
{
    size_t bucket = 0;
    while (bucket < API_METRICS_BUCKETS && seconds > upper_bounds[bucket])
        bucket++;
    size_t known = status > 0 && status < API_METRICS_STATUSES ? (size_t)status : 0;
    atomic_fetch_add(&metrics->requests[known], 1);
    atomic_fetch_add(&metrics->buckets[bucket], 1);
    atomic_fetch_add(&metrics->microseconds, (int_fast64_t)(seconds * 1e6));
    atomic_fetch_add(&metrics->reply_bytes, (int_fast64_t)reply_bytes);
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(FILE *out, const char *name, const char *type, const char *help, double value)
{
    char text[JSON_NUMBER_CAPACITY] = "0";
    (void)json_format_double(value, text);
    head(out, name, type, help);
    fprintf(out, "%s %s\n", name, text);
}

static void write_requests(FILE *out, api_metrics *metrics)
{
    head(out, "descentd_http_requests_total", "counter",
         "Requests that have ended, by status; 0: the client went away before the reply.");
    for (size_t i = 0; i < API_METRICS_STATUSES; i++) {
        int64_t count = atomic_load(&metrics->requests[i]);
        if (count > 0)
            fprintf(out, "descentd_http_requests_total{code=\"%zu\"} %lld\n", i, (long long)count);
    }
    head(out, "descentd_http_request_seconds", "histogram",
         "From the first line of a request to the end of its reply.");
    int64_t cumulative = 0;
    for (size_t i = 0; i < API_METRICS_BUCKETS; i++) {
        cumulative += atomic_load(&metrics->buckets[i]);
        fprintf(out, "descentd_http_request_seconds_bucket{le=\"%g\"} %lld\n", upper_bounds[i],
                (long long)cumulative);
    }
    cumulative += atomic_load(&metrics->buckets[API_METRICS_BUCKETS]);
    fprintf(out,
            "descentd_http_request_seconds_bucket{le=\"+Inf\"} %lld\n"
            "descentd_http_request_seconds_sum %.6f\n"
            "descentd_http_request_seconds_count %lld\n",
            (long long)cumulative, (double)atomic_load(&metrics->microseconds) / 1e6,
            (long long)cumulative);
    single(out, "descentd_http_reply_bytes_total", "counter", "Bytes of the bodies of replies.",
           (double)atomic_load(&metrics->reply_bytes));
}

static void write_jobs(FILE *out, const api_context *context, const int64_t *counts)
{
    head(out, "descentd_jobs", "gauge", "Jobs stored, by status.");
    for (size_t i = 0; i < STORE_JOB_STATUS_COUNT; i++)
        fprintf(out, "descentd_jobs{status=\"%s\"} %lld\n",
                store_job_status_name((store_job_status)i), (long long)counts[i]);
    single(out, "descentd_workers", "gauge", "Threads that train.",
           (double)jobs_service_workers(context->jobs));
    single(out, "descentd_workers_busy", "gauge", "Threads with a job.",
           (double)jobs_live_count(jobs_service_live(context->jobs)));
}

static void write_store(FILE *out, const api_context *context)
{
    struct statvfs disk;
    store *opened = jobs_service_store(context->jobs);
    single(out, "descentd_database_bytes", "gauge", "The database file and its log.",
           (double)store_bytes(opened));
    single(out, "descentd_database_commits_total", "counter",
           "Transactions committed; each serves all who wait.", (double)store_commits(opened));
    if (statvfs(context->data_directory, &disk) == 0)
        single(out, "descentd_disk_free_bytes", "gauge",
               "Free space where the data directory lies.",
               (double)disk.f_bavail * (double)disk.f_frsize);
}

/* Resident memory in bytes, or -1 where the system does not say. */
static double resident_bytes(void)
{
    long long total, resident;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return -1;
    int found = fscanf(file, "%lld %lld", &total, &resident);
    fclose(file);
    return found == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) : -1;
}

static double open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    double count = -3; /* ".", ".." and the descriptor that looks */
    if (directory == NULL)
        return -1;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void write_process(FILE *out, const api_context *context)
{
    struct rusage used;
    double resident = resident_bytes(), descriptors = open_descriptors();
    if (getrusage(RUSAGE_SELF, &used) == 0)
        single(out, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
               (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    if (resident >= 0)
        single(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident);
    if (descriptors >= 0)
        single(out, "process_open_fds", "gauge", "Open file descriptors.", descriptors);
    single(out, "process_start_time_seconds", "gauge", "Start, since the Unix epoch.",
           (double)jobs_service_started_at(context->jobs) / 1e3);
    head(out, "descentd_build_info", "gauge", "What runs; always 1.");
    fprintf(out, "descentd_build_info{version=\"%s\",kernels=\"%s\"} 1\n", GD_VERSION,
            gd_kernels_name());
}

void api_get_metrics(void *context, const http_request *request, http_response *response)
{
    api_context *own = context;
    int64_t counts[STORE_JOB_STATUS_COUNT];
    gd_error error = {0};
    char *text = NULL;
    size_t length = 0;
    if (!api_check_query(request, response, NULL))
        return;
    gd_status status = store_job_counts(jobs_service_store(own->jobs), counts, &error);
    FILE *out = status == GD_OK ? open_memstream(&text, &length) : NULL;
    if (out == NULL) {
        api_respond_status(response, status != GD_OK ? status : GD_OUT_OF_MEMORY, &error);
        return;
    }
    write_requests(out, &own->metrics);
    write_jobs(out, own, counts);
    write_store(out, own);
    write_process(out, own);
    bool whole = ferror(out) == 0;
    whole = fclose(out) == 0 && whole;
    if (!whole) {
        free(text);
        api_respond_status(response, GD_OUT_OF_MEMORY, &error);
        return;
    }
    http_respond_header(response, "Cache-Control", "no-store");
    http_respond_owned(response, 200, CONTENT_TYPE, text, length);
}
