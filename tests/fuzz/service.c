/*
 * service.c: see service.h.
 */
#include "fuzz/service.h"

#include "jobs/checkpoint.h"
#include "jobs/ingest.h"
#include "json/document.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE       "width,height,shape\n1,9,tower\n2,8,tower\n1,8,tower\n9,1,dam\n8,2,dam\n8,1,dam\n"
#define UPLOAD_MOST ((uint64_t)1 << 20)

/* %s: the dataset. */
#define SPEC                                                                           \
    "{\"name\": \"shapes\", \"labels\": {\"team\": \"a\"}, \"model\": {\"type\": "     \
    "\"mlp\", \"hidden\": [3]}, \"data\": {\"dataset\": \"%s\", \"target\": \"shape\"" \
    "}, \"training\": {\"epochs\": 20, \"batch_size\": 2, \"seed\": 7}}"

static fuzz_service own;
static http_route *routes;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void stop_jobs(void)
{
    FUZZ_REQUIRE(jobs_service_drain(own.jobs, 60));
    jobs_service_destroy(own.jobs);
    own.jobs = NULL;
}

static void end(void)
{
    http_router_destroy(own.router);
    http_host_rules_destroy(own.hosts);
    free(routes);
    stop_jobs();
    store_close(own.store);
    (void)nftw(own.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void start_jobs(int64_t workers)
{
    jobs_service_options options = jobs_service_options_default();
    options.store = own.store;
    options.data_directory = own.folder;
    options.workers = workers;
    options.memory_limit = (int64_t)64 << 20;
    FUZZ_REQUIRE(jobs_service_create(&own.jobs, &options, NULL) == GD_OK);
}

static void upload(void)
{
    jobs_upload *made = NULL;
    gd_csv_options options = gd_csv_options_default();
    FUZZ_REQUIRE(jobs_upload_begin(&made, own.folder, NULL) == GD_OK);
    FUZZ_REQUIRE(jobs_upload_add(made, TABLE, strlen(TABLE), NULL) == GD_OK);
    FUZZ_REQUIRE(jobs_upload_finish(made, own.store, "shapes", JOBS_UPLOAD_CSV, &options,
                                    own.dataset, NULL) == GD_OK);
    jobs_upload_destroy(made);
}

static void submit(char id[STORE_ID_SIZE])
{
    char text[512];
    json_faults faults = {0};
    jobs_submission submission = {0};
    (void)snprintf(text, sizeof text, SPEC, own.dataset);
    spec_job *spec = spec_read(json_parse(text, strlen(text), NULL), &faults);
    FUZZ_REQUIRE(spec != NULL && faults.total == 0);
    FUZZ_REQUIRE(jobs_prepare(own.jobs, NULL, spec, NULL, &submission, NULL, &faults, NULL) ==
                 GD_OK);
    FUZZ_REQUIRE(jobs_submit(own.jobs, &submission, NULL, NULL, NULL) == GD_OK);
    memcpy(id, submission.id, STORE_ID_SIZE);
    jobs_submission_dispose(&submission);
    spec_destroy(spec);
    json_faults_dispose(&faults);
}

static void await_end(const char *id)
{
    for (;;) {
        store_job job;
        FUZZ_REQUIRE(store_job_get(own.store, id, false, &job, NULL) == GD_OK);
        store_job_status status = job.status;
        store_job_dispose(&job);
        if (status == STORE_JOB_SUCCEEDED)
            return;
        FUZZ_REQUIRE(status == STORE_JOB_QUEUED || status == STORE_JOB_RUNNING);
        usleep(1000);
    }
}

static void open_routes(void)
{
    char message[256];
    routes = calloc(api_route_count, sizeof *routes);
    FUZZ_REQUIRE(routes != NULL);
    for (size_t i = 0; i < api_route_count; i++) {
        routes[i] = api_routes[i];
        if (routes[i].stream != NULL)
            routes[i].maximum_body = UPLOAD_MOST;
    }
    own.api.jobs = own.jobs;
    own.api.data_directory = own.folder;
    own.api.maximum_upload = UPLOAD_MOST;
    http_router_options options = {routes, api_route_count, &own.api, api_before};
    own.router = http_router_create(&options, message, sizeof message);
    own.options = http_server_options_default();
    own.hosts = http_host_rules_create(&own.options);
    FUZZ_REQUIRE(own.router != NULL && own.hosts != NULL);
}

const fuzz_service *fuzz_service_get(void)
{
    if (own.store != NULL)
        return &own;
    char database[96];
    store_options options = store_options_default();
    fuzz_folder(own.folder);
    FUZZ_REQUIRE(jobs_directories_create(own.folder, NULL) == GD_OK);
    (void)snprintf(database, sizeof database, "%s/descentd.db", own.folder);
    options.path = database;
    options.reader_count = 2;
    FUZZ_REQUIRE(store_open(&own.store, &options, NULL) == GD_OK);
    upload();
    start_jobs(1);
    submit(own.ended);
    await_end(own.ended);
    stop_jobs();
    start_jobs(0);
    submit(own.waiting);
    open_routes();
    FUZZ_REQUIRE(atexit(end) == 0);
    return &own;
}
