/*
 * jobs_fixture.c: see jobs_fixture.h.
 */
#include "unit/jobs/jobs_fixture.h"

#include "jobs/checkpoint.h"
#include "jobs/ingest.h"
#include "support/folder.h"
#include "support/service.h"
#include "json/document.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_MICROSECONDS 2000
#define STEP_SECONDS       60.0

static void open_store(jobs_fixture *fixture)
{
    store_options options = store_options_default();
    gd_error error = {0};
    options.path = fixture->database;
    options.reader_count = 4;
    gd_status status = store_open(&fixture->store, &options, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
}

void jobs_fixture_start(jobs_fixture *fixture)
{
    *fixture = (jobs_fixture){.store = NULL};
    folder_create(fixture->folder, sizeof fixture->folder, "jobs-test");
    cr_assert_eq(jobs_directories_create(fixture->folder, NULL), GD_OK);
    snprintf(fixture->database, sizeof fixture->database, "%s/descentd.db", fixture->folder);
    open_store(fixture);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void jobs_fixture_end(jobs_fixture *fixture)
{
    if (fixture->service != NULL)
        jobs_fixture_drain(fixture, 60);
    store_close(fixture->store);
    cr_assert_eq(nftw(fixture->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void jobs_fixture_reopen(jobs_fixture *fixture)
{
    store_close(fixture->store);
    open_store(fixture);
}

static void count_line(void *context, jobs_log_level level, const char *job, const char *text)
{
    jobs_fixture *fixture = context;
    (void)level;
    (void)job;
    cr_expect_gt(strlen(text), 0);
    __atomic_fetch_add(&fixture->lines, 1, __ATOMIC_RELAXED);
}

void jobs_fixture_serve(jobs_fixture *fixture, int64_t workers)
{
    jobs_service_options options = jobs_service_options_default();
    gd_error error = {0};
    options.store = fixture->store;
    options.data_directory = fixture->folder;
    options.workers = workers;
    options.memory_limit = (int64_t)256 << 20;
    options.log = count_line;
    options.log_context = fixture;
    gd_status status = jobs_service_create(&fixture->service, &options, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
}

void jobs_fixture_drain(jobs_fixture *fixture, double seconds)
{
    cr_assert(jobs_service_drain(fixture->service, seconds));
    jobs_service_destroy(fixture->service);
    fixture->service = NULL;
}

cJSON *jobs_fixture_parse(const char *text)
{
    char *copy = strdup(text);
    cr_assert_not_null(copy);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    cJSON *document = json_parse(copy, strlen(copy), NULL);
    cr_assert_not_null(document, "%s", copy);
    free(copy);
    return document;
}

void jobs_fixture_submit(jobs_fixture *fixture, const char *text, char id[STORE_ID_SIZE])
{
    json_faults faults = {0};
    gd_error error = {0};
    jobs_submission submission = {0};
    spec_job *spec = spec_read(jobs_fixture_parse(text), &faults);
    cr_assert_eq(faults.total, 0, "%s", faults.total > 0 ? faults.entries[0].detail : "");
    gd_status status =
        jobs_prepare(fixture->service, NULL, spec, NULL, &submission, NULL, &faults, &error);
    cr_assert_eq(status, GD_OK, "%s", faults.total > 0 ? faults.entries[0].detail : error.message);
    status = jobs_submit(fixture->service, &submission, NULL, NULL, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    memcpy(id, submission.id, STORE_ID_SIZE);
    jobs_submission_dispose(&submission);
    spec_destroy(spec);
}

store_job jobs_fixture_await(const jobs_fixture *fixture, const char *id, unsigned states,
                             double seconds)
{
    double deadline = jobs_monotonic_seconds() + seconds * SERVICE_PATIENCE;
    for (;;) {
        store_job job;
        gd_error error = {0};
        cr_assert_eq(store_job_get(fixture->store, id, true, &job, &error), GD_OK, "%s",
                     error.message);
        if ((states & STATE(job.status)) != 0)
            return job;
        cr_assert_lt(jobs_monotonic_seconds(), deadline, "the job is still %s",
                     store_job_status_name(job.status));
        store_job_dispose(&job);
        usleep(PAUSE_MICROSECONDS);
    }
}

void jobs_fixture_await_step(const jobs_fixture *fixture, const char *id, int64_t step)
{
    double deadline = jobs_monotonic_seconds() + STEP_SECONDS * SERVICE_PATIENCE, pace;
    store_progress progress = {.step = -1};
    while (!jobs_live_progress(jobs_service_live(fixture->service), id, &progress, &pace) ||
           progress.step < step) {
        cr_assert_lt(jobs_monotonic_seconds(), deadline, "only %lld steps",
                     (long long)progress.step);
        usleep(PAUSE_MICROSECONDS);
    }
}

gd_status jobs_fixture_act(const jobs_fixture *fixture, const char *id, jobs_action action,
                           jobs_outcome *outcome)
{
    store_job job;
    gd_error error = {0};
    gd_status status = jobs_act(fixture->service, id, action, &job, outcome, &error);
    if (status == GD_OK)
        store_job_dispose(&job);
    return status;
}

int jobs_fixture_count(const jobs_fixture *fixture, const char *folder)
{
    char path[128];
    int count = 0;
    snprintf(path, sizeof path, "%s/%s", fixture->folder, folder);
    DIR *directory = opendir(path);
    cr_assert_not_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

void jobs_fixture_write(const jobs_fixture *fixture, const char *folder, const char *name,
                        const void *bytes, size_t length)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", fixture->folder, folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

void jobs_fixture_upload(const jobs_fixture *fixture, const char *text, char id[STORE_ID_SIZE])
{
    jobs_upload *upload = NULL;
    gd_error error = {0};
    gd_csv_options options = gd_csv_options_default();
    cr_assert_eq(jobs_upload_begin(&upload, fixture->folder, &error), GD_OK, "%s", error.message);
    cr_assert_eq(jobs_upload_add(upload, text, strlen(text), &error), GD_OK, "%s", error.message);
    cr_assert_eq(jobs_upload_finish(upload, fixture->store, "a dataset", JOBS_UPLOAD_CSV, &options,
                                    id, &error),
                 GD_OK, "%s", error.message);
    jobs_upload_destroy(upload);
}
