/*
 * jobs_fixture.h: a data directory with a store in it, and jobs given as texts in which ' stands
 * for ".
 */
#ifndef TESTS_UNIT_JOBS_JOBS_FIXTURE_H
#define TESTS_UNIT_JOBS_JOBS_FIXTURE_H

#include "jobs/service.h"

typedef struct jobs_fixture {
    char folder[64];
    char database[96];
    store *store;
    jobs_service *service; /* NULL until jobs_fixture_serve */
    int lines;             /* logged so far */
} jobs_fixture;

/* A new data directory and an open store. */
void jobs_fixture_start(jobs_fixture *fixture);
/* Ends the service if there is one, closes the store and removes the directory. */
void jobs_fixture_end(jobs_fixture *fixture);

/* The store closed and opened again, as by another process. */
void jobs_fixture_reopen(jobs_fixture *fixture);

void jobs_fixture_serve(jobs_fixture *fixture, int64_t workers);
/* Drains within `seconds` and forgets the service. */
void jobs_fixture_drain(jobs_fixture *fixture, double seconds);

/* Stores a job that must be without faults; its id goes to `id`. */
void jobs_fixture_submit(jobs_fixture *fixture, const char *text, char id[STORE_ID_SIZE]);

/* Waits until the job has one of the states, at most `seconds`; the row, with details, is the
 * caller's to dispose. */
store_job jobs_fixture_await(const jobs_fixture *fixture, const char *id, unsigned states,
                             double seconds);
#define STATE(status) (1u << (status))
#define STATES_ENDED \
    (STATE(STORE_JOB_SUCCEEDED) | STATE(STORE_JOB_FAILED) | STATE(STORE_JOB_CANCELLED))

/* Waits until the running job has done `step` steps. */
void jobs_fixture_await_step(const jobs_fixture *fixture, const char *id, int64_t step);

/* Cancel, pause or resume; the status it gave. */
gd_status jobs_fixture_act(const jobs_fixture *fixture, const char *id, jobs_action action,
                           jobs_outcome *outcome);

/* Files in a folder of the data directory. */
int jobs_fixture_count(const jobs_fixture *fixture, const char *folder);

/* Writes a file of that name there. */
void jobs_fixture_write(const jobs_fixture *fixture, const char *folder, const char *name,
                        const void *bytes, size_t length);

/* A dataset from CSV text; its id goes to `id`. */
void jobs_fixture_upload(const jobs_fixture *fixture, const char *text, char id[STORE_ID_SIZE]);

/* A text with ' for ", as a document. */
cJSON *jobs_fixture_parse(const char *text);

#endif
