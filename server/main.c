/*
 * main.c: descentd: reads the configuration, wires store, jobs and HTTP together, serves until a
 * signal and drains. Nothing else in the program knows of all three.
 */
#include "api/api.h"
#include "api/job_cache.h"
#include "api/reply_cache.h"
#include "config.h"
#include "health.h"
#include "http/server.h"
#include "jobs/checkpoint.h"
#include "log.h"
#include "token_command.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE_BLOCK (4 << 20)

#define DRAIN_SECONDS 5.0 /* and two for the connections: gone within 8 s of the signal */
#define STOP_SECONDS  2.0
/* Of thinned curves, which are long and asked for again. */
#define REPLY_CACHE_BYTES ((size_t)8 << 20)

/* The parts of a running service, for one orderly way down. */
typedef struct descentd {
    config config;
    api_context api;
    store *store;
    jobs_service *jobs;
    http_route *routes;
    http_router *router;
    http_server *http;
    access_registry *access;
    event_log *log;
} descentd;

static void log_job(void *context, jobs_log_level level, const char *job, const char *text)
{
    static const log_level levels[] = {[JOBS_LOG_INFO] = LOG_LEVEL_INFO,
                                       [JOBS_LOG_WARNING] = LOG_LEVEL_WARNING,
                                       [JOBS_LOG_ERROR] = LOG_LEVEL_ERROR};
    const descentd *service = context;
    log_subject subject = {.part = LOG_PART_JOBS, .job = job};
    event_log_write(service->log, levels[level], &subject, "%s", text);
}

/* What went well is not news; faults of the service and people at the door are. */
static log_level level_of_reply(int status)
{
    return status >= 500 || status == 401 || status == 403 ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
}

static void log_request(void *context, const http_log_entry *entry)
{
    descentd *service = context;
    log_level level = level_of_reply(entry->status);
    api_metrics_count(&service->api.metrics, entry->status, entry->seconds, entry->bytes);
    if (!event_log_wants(service->log, level))
        return;
    log_subject subject = {
        .part = entry->status == 401 || entry->status == 403 ? LOG_PART_ACCESS : LOG_PART_HTTP,
        .request = entry->request_id,
        .client = entry->client,
        .method = entry->method,
        .path = entry->path,
        .status = entry->status,
        .milliseconds = entry->seconds * 1e3,
        .bytes = entry->bytes,
    };
    event_log_write(service->log, level, &subject, "%s",
                    entry->status == 0 ? "the client went away or was cut" : "");
}

/* Of a change that a client made to a job or dataset. */
static void log_change(void *context, const http_request *request, const char *job,
                       const char *text)
{
    const descentd *service = context;
    log_subject subject = {.part = LOG_PART_SERVICE,
                           .request = http_request_id(request),
                           .job = job,
                           .client = api_client_name(request)};
    event_log_write(service->log, LOG_LEVEL_INFO, &subject, "%s", text);
}

static void log_access(void *context, bool failed, const char *text)
{
    const descentd *service = context;
    log_subject subject = {.part = LOG_PART_ACCESS};
    event_log_write(service->log, failed ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, &subject, "%s", text);
}

static void log_service(const descentd *service, log_level level, const char *text)
{
    log_subject subject = {.part = LOG_PART_SERVICE};
    event_log_write(service->log, level, &subject, "%s", text);
}

static void log_library(void *context, const char *text)
{
    const descentd *service = context;
    log_subject subject = {.part = LOG_PART_HTTP};
    event_log_write(service->log, LOG_LEVEL_WARNING, &subject, "%s", text);
}

/* From the store's writer thread: no write can be trusted any more, so the process ends. */
static void on_fatal(void *context, const char *message)
{
    descentd *running = context;
    log_subject subject = {.part = LOG_PART_SERVICE};
    event_log_write(running->log, LOG_LEVEL_ERROR, &subject, "the database failed, ending: %s",
                    message);
    atomic_store(&running->api.failed, true);
    atomic_store(&running->api.draining, true);
    kill(getpid(), SIGTERM);
}

/* Who reaches the service from elsewhere must show a token, whatever hides the bytes on their way. */
static gd_status open_access(descentd *service, gd_error *error)
{
    gd_status status = access_registry_open(&service->access, service->config.token_path,
                                            log_access, service, error);
    if (status == GD_OK && !config_is_loopback(&service->config) &&
        !service->config.allow_unauthenticated && !access_registry_is_closed(service->access))
        status = gd_fail(error, GD_INVALID_ARGUMENT, "",
                         "%s can be reached from other machines and there are no access tokens: "
                         "make one (descentd token add NAME), listen on 127.0.0.1, or say "
                         "--allow-unauthenticated",
                         service->config.address);
    return status;
}

static gd_status open_store(descentd *service, gd_error *error)
{
    gd_status status = jobs_directories_create(service->config.data_directory, error);
    store_options options = store_options_default();
    options.path = service->config.database_path;
    options.on_fatal = on_fatal;
    options.fatal_context = service;
    return status == GD_OK ? store_open(&service->store, &options, error) : status;
}

static gd_status start_jobs(descentd *service, gd_error *error)
{
    jobs_service_options options = jobs_service_options_default();
    options.store = service->store;
    options.data_directory = service->config.data_directory;
    options.workers = service->config.workers;
    options.memory_limit = service->config.job_memory;
    options.maximum_queued = service->config.maximum_queued;
    options.retain_jobs = service->config.retain_jobs * 1000;
    options.retain_datasets = service->config.retain_datasets * 1000;
    options.log = log_job;
    options.log_context = service;
    return jobs_service_create(&service->jobs, &options, error);
}

/* The table with the upload limit that the configuration sets. */
static gd_status make_router(descentd *service, gd_error *error)
{
    char message[256];
    service->routes = calloc(api_route_count, sizeof *service->routes);
    if (service->routes == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the routes");
    for (size_t i = 0; i < api_route_count; i++) {
        service->routes[i] = api_routes[i];
        if (api_routes[i].stream != NULL)
            service->routes[i].maximum_body = (uint64_t)service->config.maximum_upload;
    }
    http_router_options options = {service->routes, api_route_count, &service->api, api_before};
    service->router = http_router_create(&options, message, sizeof message);
    return service->router != NULL ? GD_OK : gd_fail(error, GD_INVALID_ARGUMENT, "", "%s", message);
}

static gd_status start_http(descentd *service, gd_error *error)
{
    char message[256];
    http_server_options options = http_server_options_default();
    options.address = service->config.address;
    options.port = service->config.port;
    options.threads = (unsigned)service->config.http_threads;
    options.allowed_hosts = service->config.allowed_hosts;
    options.cors_origins = service->config.cors_origins;
    options.tls_certificate = service->config.tls_certificate;
    options.tls_key = service->config.tls_key;
    options.stop_seconds = STOP_SECONDS;
    options.log = log_request;
    options.log_message = log_library;
    options.log_context = service;
    service->http = http_server_start(&options, service->router, message, sizeof message);
    return service->http != NULL ? GD_OK : gd_fail(error, GD_UNAVAILABLE, "", "%s", message);
}

static gd_status start(descentd *service, gd_error *error)
{
    gd_status status = open_access(service, error);
    if (status == GD_OK)
        status = open_store(service, error);
    if (status == GD_OK)
        status = start_jobs(service, error);
    if (status != GD_OK)
        return status;
    service->api.jobs = service->jobs;
    service->api.job_cache = api_job_cache_create();
    service->api.reply_cache = api_reply_cache_create(REPLY_CACHE_BYTES);
    service->api.access = service->access;
    service->api.log = log_change;
    service->api.log_context = service;
    service->api.data_directory = service->config.data_directory;
    service->api.maximum_upload = (uint64_t)service->config.maximum_upload;
    status = make_router(service, error);
    return status == GD_OK ? start_http(service, error) : status;
}

/* False where a worker is in the middle of a long step: the process must end without tidying up. */
static bool stop(descentd *service)
{
    atomic_store(&service->api.draining, true);
    bool drained = service->jobs == NULL || jobs_service_drain(service->jobs, DRAIN_SECONDS);
    http_server_stop(service->http);
    if (!drained)
        return false;
    http_router_destroy(service->router);
    api_job_cache_destroy(service->api.job_cache);
    api_reply_cache_destroy(service->api.reply_cache);
    free(service->routes);
    jobs_service_destroy(service->jobs);
    store_close(service->store);
    access_registry_close(service->access);
    return true;
}

static void announce(const descentd *service)
{
    bool version_6 = strchr(service->config.address, ':') != NULL;
    printf("listening on http%s://%s%s%s:%u\n", http_server_is_secure(service->http) ? "s" : "",
           version_6 ? "[" : "", service->config.address, version_6 ? "]" : "",
           (unsigned)http_server_port(service->http));
    fflush(stdout);
    log_subject subject = {.part = LOG_PART_SERVICE};
    bool is_closed = access_registry_is_closed(service->access);
    event_log_write(service->log, LOG_LEVEL_INFO, &subject,
                    "descentd %s, %s kernels, %lld workers, data in %s, %s", GD_VERSION,
                    gd_kernels_name(), (long long)service->config.workers,
                    service->config.data_directory,
                    is_closed ? "open to those with a token" : "open to all who reach it");
    if (!config_is_loopback(&service->config) && !is_closed)
        log_service(service, LOG_LEVEL_WARNING,
                    "other machines reach this service and anybody there may do anything");
    else if (!config_is_loopback(&service->config) && service->config.tls_key == NULL)
        log_service(service, LOG_LEVEL_WARNING,
                    "tokens come unencrypted from other machines: use --tls-key, or a proxy with "
                    "TLS on this machine");
}

static int serve(descentd *service)
{
    gd_error error = {0};
    sigset_t signals;
    int signal_number;
    /* Blocked before any thread starts, so that only sigwait below sees them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* Large blocks go back to the system when they are freed: glibc would keep them otherwise as soon
     * as it has seen one, and a service runs for long. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    /* A limit on the size of files is then a write that fails, as on a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    event_log_options options = event_log_options_default();
    options.json = service->config.log_json;
    options.least = (log_level)service->config.log_level;
    service->log = event_log_create(&options);
    gd_status status = service->log != NULL
                           ? start(service, &error)
                           : gd_fail(&error, GD_OUT_OF_MEMORY, "", "no memory for the log");
    if (status == GD_OK) {
        announce(service);
        sigwait(&signals, &signal_number);
        log_service(service, LOG_LEVEL_INFO, "stopping");
    } else {
        fprintf(stderr, "descentd: %s\n",
                error.message[0] != '\0' ? error.message : gd_status_message(status));
    }
    bool failed = status != GD_OK || atomic_load(&service->api.failed);
    if (!stop(service)) {
        log_service(service, LOG_LEVEL_WARNING,
                    "a step was still under way; its job is recovered at the next start");
        _exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    if (status == GD_OK)
        log_service(service, LOG_LEVEL_INFO, "stopped");
    event_log_destroy(service->log);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int report(gd_status status, const gd_error *error, const char *good)
{
    if (status == GD_OK)
        printf("%s\n", good);
    else
        fprintf(stderr, "descentd: %s\n",
                error->message[0] != '\0' ? error->message : gd_status_message(status));
    return status == GD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int ask_health(const config *read)
{
    gd_error error = {0};
    int status = health_ask(read, &error);
    if (status == 200)
        return report(GD_OK, &error, "ready");
    if (status > 0)
        gd_fail(&error, GD_UNAVAILABLE, "", "the service answers %d: it is not ready", status);
    return report(GD_UNAVAILABLE, &error, NULL);
}

/* Blocks as large as a job's go back to the system when it ends, in place of staying with the
 * process: by default the C library keeps ever larger ones. Threads share heaps, of which each keeps
 * what it once needed: two a processor, for no more threads than processors run at a time. */
static void give_large_blocks_back(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    (void)mallopt(M_ARENA_MAX, processors > 1 && processors < 256 ? 2 * (int)processors : 4);
#endif
}

int main(int argument_count, char **arguments)
{
    give_large_blocks_back();
    descentd service = {.store = NULL};
    gd_error error = {0};
    gd_status status = config_read(&service.config, argument_count, arguments, &error);
    int result = 2;
    if (status != GD_OK) {
        fprintf(stderr, "descentd: %s\n", error.message);
        config_dispose(&service.config);
        return result;
    }
    switch (service.config.command) {
    case CONFIG_SERVE:
        result = serve(&service);
        break;
    case CONFIG_CHECK:
        status = store_check(service.config.database_path, &error);
        result = report(status, &error, "the configuration and the database are fine");
        break;
    case CONFIG_BACKUP:
        status = store_backup(service.config.database_path, service.config.backup_file, &error);
        result = report(status, &error, "the copy is written");
        break;
    case CONFIG_HEALTH:
        result = ask_health(&service.config);
        break;
    case CONFIG_TOKEN_ADD:
    case CONFIG_TOKEN_LIST:
    case CONFIG_TOKEN_REVOKE:
        result = token_command_run(&service.config);
        break;
    case CONFIG_VERSION:
        printf("descentd %s (%s kernels)\n", GD_VERSION, gd_kernels_name());
        result = EXIT_SUCCESS;
        break;
    case CONFIG_HELP:
        config_print_help(stdout);
        result = EXIT_SUCCESS;
        break;
    }
    config_dispose(&service.config);
    return result;
}
