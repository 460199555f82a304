/*
 * test_reader.c: numbered check 43 of docs/reliability.md: another process holds a reading transaction
 * on the database for READER_SECONDS (ten minutes) while jobs are submitted: submits become no slower,
 * and the write-ahead log shrinks once the reader is gone. `make reader`.
 */
#include "api/specs.h"
#include "support/load.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BEFORE_SECONDS 60.0
#define AFTER_SECONDS  60.0
#define PAUSE_SECONDS  0.02
#define PARTS          5

/* Found out once: to open and close a file of the database would let go of this process's locks
 * on it. */
static char database_path[SERVICE_PATH_SIZE];

static int64_t log_bytes(void)
{
    char path[SERVICE_PATH_SIZE + 8];
    struct stat facts;
    snprintf(path, sizeof path, "%s-wal", database_path);
    return stat(path, &facts) == 0 ? (int64_t)facts.st_size : 0;
}

/* Submits for so long; the p99 in milliseconds. */
static double submit_for(load_client *client, const char *spec, double seconds)
{
    size_t count = 0, capacity = (size_t)(seconds / PAUSE_SECONDS) + 1;
    double *times = calloc(capacity, sizeof *times), start = service_now();
    cr_assert_not_null(times);
    while (service_now() - start < seconds && count < capacity) {
        cr_assert_eq(load_ask(client, "POST", "/v1/jobs", spec, NULL), 201);
        times[count++] = client->seconds * 1e3;
        service_sleep(PAUSE_SECONDS);
    }
    double p99 = load_percentile(times, count, 0.99);
    free(times);
    return p99;
}

static sqlite3 *hold(void)
{
    sqlite3 *database = NULL;
    cr_assert_eq(sqlite3_open_v2(database_path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(database, "BEGIN; SELECT count(*) FROM jobs", NULL, NULL, NULL),
                 SQLITE_OK, "%s", sqlite3_errmsg(database));
    return database;
}

Test(load_reader, n43_a_reader_held_open_slows_no_writer, .timeout = 7200)
{
    double seconds = (double)load_setting("READER_SECONDS", 600), p99[PARTS];
    service *it = service_create(1);
    it->arguments[0] = "--log-level=warning";
    it->arguments[1] = "--max-queued=1000000";
    service_restart(it);
    service_database_path(it, database_path);
    load_client client;
    const char *spec = client_json(it, SPEC_TINY);
    load_client_open(&client, it);
    double before = submit_for(&client, spec, BEFORE_SECONDS);
    int64_t log_before = log_bytes();
    sqlite3 *reader = hold();
    for (int i = 0; i < PARTS; i++) {
        p99[i] = submit_for(&client, spec, seconds / PARTS);
        printf("%4.0f s: p99 of submits %.1f ms (%.1f before), log %.1f MB\n",
               seconds / PARTS * (i + 1), p99[i], before, (double)log_bytes() / 1048576);
        fflush(stdout);
    }
    int64_t held = log_bytes();
    sqlite3_close(reader);
    double start = service_now();
    do
        (void)submit_for(&client, spec, 1);
    while (log_bytes() >= held / 4 && service_now() - start < AFTER_SECONDS);
    printf("log %.1f MB before, %.1f MB held, %.1f MB %.0f s after\n", (double)log_before / 1048576,
           (double)held / 1048576, (double)log_bytes() / 1048576, service_now() - start);
    cr_expect_gt(held, log_before, "the reader held nothing");
    cr_expect_lt(log_bytes(), held / 4, "the log did not shrink");
    /* Other work on the machine comes and goes: without a reader, before or after. */
    double after = submit_for(&client, spec, BEFORE_SECONDS);
    double quiet = after > before ? after : before;
    printf("p99 of submits after %.1f ms\n", after);
    cr_expect_lt(load_percentile(p99, PARTS, 0.5), 2 * quiet + 5);
    load_client_close(&client);
    (void)service_stop(it);
    service_destroy(it);
}
