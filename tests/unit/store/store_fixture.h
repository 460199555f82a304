/*
 * store_fixture.h: a store in a folder of its own, and jobs to put into it.
 */
#ifndef TESTS_UNIT_STORE_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_STORE_FIXTURE_H

#include "store/store.h"

#include <sqlite3.h>

typedef struct store_fixture {
    char folder[64];
    char path[96];
    store *store;
} store_fixture;

/* A new folder with no database in it. */
void store_fixture_start(store_fixture *fixture);
/* Opens the store; the test fails where that fails. */
void store_fixture_open(store_fixture *fixture);
void store_fixture_close(store_fixture *fixture);
/* Closes and removes the folder with all in it. */
void store_fixture_end(store_fixture *fixture);

/* Something was opened: asserts GD_OK with the error's words. */
#define must(call)                                                                      \
    do {                                                                                \
        gd_status must_status = (call);                                                 \
        cr_assert_eq(must_status, GD_OK, "%s: %s", #call, gd_status_name(must_status)); \
    } while (0)

/* Id number n. */
void store_fixture_id(int64_t n, char id[STORE_ID_SIZE]);
/* An insertion with that id and plain members; `id` must outlive it. */
store_job_insert store_fixture_insert(const char *id);
/* Inserts job n. */
gd_status store_fixture_create(store *handle, int64_t n);
/* Claims the next job under `boot`. */
void store_fixture_claim(store *handle, const char *boot, store_claim *claim);
/* Status of job n. */
store_job_status store_fixture_status(store *handle, int64_t n);

/* A plain connection to the database, past the store; close with sqlite3_close. */
sqlite3 *store_fixture_sql(const store_fixture *fixture);
/* Runs a text on one, and gives the number a query finds. */
void store_fixture_execute(const store_fixture *fixture, const char *sql);
int64_t store_fixture_number(const store_fixture *fixture, const char *sql);

/* The bytes of a file (free). */
unsigned char *store_fixture_file(const char *path, size_t *length);

#endif
