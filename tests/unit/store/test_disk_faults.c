/*
 * A disk that fails: whichever write or sync it is, no success is told that did not happen, a failed
 * sync ends writing for good, and a full disk does not.
 */
#include "support/fault_vfs.h"

#include "store/connection.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define JOBS 5

/* Some 140 writes, a few openings after each, take minutes under valgrind, which is after what is done
 * when one fails, and that differs little from a write to the next: there every 13th fails. Syncs are
 * few: each of them, always. */
#ifdef TESTS_SHORT
#define WRITE_STRIDE 13
#else
#define WRITE_STRIDE 1
#endif

static store_fixture fixture;
static atomic_int fatal_calls;

static void start(void)
{
    fault_vfs_install();
    store_fixture_start(&fixture);
}

static void end(void)
{
    (void)fault_vfs_disarm();
    store_fixture_end(&fixture);
}

TestSuite(store_disk_faults, .init = start, .fini = end, .timeout = 120);

static void note_fatal(void *context, const char *message)
{
    (void)context;
    cr_expect_neq(message[0], '\0');
    atomic_fetch_add(&fatal_calls, 1);
}

static void open_noting(void)
{
    store_options options = store_options_default();
    options.path = fixture.path;
    options.reader_count = 2;
    options.on_fatal = note_fatal;
    gd_error error = {.status = GD_OK};
    atomic_store(&fatal_calls, 0);
    gd_status status = store_open(&fixture.store, &options, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
}

static int64_t stride(fault_kind kind)
{
    return kind == FAULT_SYNC ? 1 : WRITE_STRIDE;
}

/* What one thread submitted: jobs first, first + 1, … and which of them it was told are there. */
typedef struct submitter {
    pthread_t thread;
    int64_t first;
    bool acknowledged[JOBS];
} submitter;

static void must_hold(const submitter *all, int64_t count)
{
    gd_error error = {.status = GD_OK};
    must(store_check(fixture.path, &error));
    store_fixture_open(&fixture);
    for (int64_t s = 0; s < count; s++)
        for (int64_t i = 0; i < JOBS; i++)
            if (all[s].acknowledged[i])
                cr_assert_eq(store_fixture_status(fixture.store, all[s].first + i),
                             STORE_JOB_QUEUED);
    store_fixture_close(&fixture);
}

/* Jobs one after the other with call n failing; true when the fault was reached. */
static bool run_with_fault(fault_kind kind, int64_t n, bool persists)
{
    submitter alone = {.first = n * 1000 + (int64_t)kind * 1000000 + (persists ? 100000000 : 0)};
    open_noting();
    fault_vfs_arm(kind, n, persists);
    bool has_failed = false;
    for (int64_t i = 0; i < JOBS; i++) {
        gd_status status = store_fixture_create(fixture.store, alone.first + i);
        alone.acknowledged[i] = status == GD_OK;
        if (kind == FAULT_FULL) {
            cr_assert(status == GD_OK || status == GD_NO_SPACE, "%s", gd_status_name(status));
        } else {
            cr_assert(status == (has_failed ? GD_UNAVAILABLE : GD_OK) ||
                          (status == GD_IO_ERROR && !has_failed),
                      "%s", gd_status_name(status));
        }
        has_failed = has_failed || status != GD_OK;
    }
    int64_t failures = fault_vfs_disarm();
    if (kind != FAULT_FULL) {
        cr_assert_eq(store_ready(fixture.store, NULL), has_failed ? GD_UNAVAILABLE : GD_OK);
        cr_assert_eq(failures > 0, has_failed);
    }
    store_fixture_close(&fixture);
    cr_assert_eq(atomic_load(&fatal_calls), kind != FAULT_FULL && has_failed ? 1 : 0);
    must_hold(&alone, 1);
    return failures > 0;
}

static int64_t run_through(fault_kind kind, bool persists)
{
    int64_t n = 1;
    while (n < 1000 && run_with_fault(kind, n, persists))
        n += stride(kind);
    cr_assert_lt(n, 1000, "every call was reached");
    return n;
}

Test(store_disk_faults, n38_a_failing_sync_is_final)
{
    cr_assert_gt(run_through(FAULT_SYNC, false), JOBS, "each commit is a sync");
    cr_assert_gt(run_through(FAULT_SYNC, true), JOBS);
}

Test(store_disk_faults, n38_a_failing_write_is_final)
{
    cr_assert_gt(run_through(FAULT_WRITE, false), JOBS);
}

Test(store_disk_faults, n39_a_full_disk_is_told_and_passes)
{
    cr_assert_gt(run_through(FAULT_FULL, false), JOBS);
    open_noting();
    must(store_fixture_create(fixture.store, 1));
    fault_vfs_arm(FAULT_FULL, 1, true);
    gd_error error = {.status = GD_OK};
    cr_assert_eq(store_fixture_create(fixture.store, 2), GD_NO_SPACE);
    cr_assert_eq(store_ready(fixture.store, &error), GD_NO_SPACE, "%s", error.message);
    cr_assert_eq(store_fixture_status(fixture.store, 1), STORE_JOB_QUEUED, "reading goes on");
    (void)fault_vfs_disarm();
    must(store_ready(fixture.store, &error));
    must(store_fixture_create(fixture.store, 3));
    cr_assert_eq(atomic_load(&fatal_calls), 0);
    store_fixture_close(&fixture);
    must(store_check(fixture.path, &error));
}

/* --- Many at once ------------------------------------------------------------------------- */

static void *submit(void *context)
{
    submitter *self = context;
    for (int64_t i = 0; i < JOBS; i++)
        self->acknowledged[i] = store_fixture_create(fixture.store, self->first + i) == GD_OK;
    return NULL;
}

Test(store_disk_faults, everybody_in_a_failed_batch_is_told)
{
    for (int64_t n = 1; n <= 8; n++) {
        static submitter all[16];
        open_noting();
        fault_vfs_arm(FAULT_SYNC, n, false);
        for (int64_t i = 0; i < 16; i++) {
            all[i] = (submitter){.first = n * 1000000 + i * 1000};
            cr_assert_eq(pthread_create(&all[i].thread, NULL, submit, &all[i]), 0);
        }
        for (int64_t i = 0; i < 16; i++)
            cr_assert_eq(pthread_join(all[i].thread, NULL), 0);
        /* Large groups may have needed fewer syncs than n: go on alone until the fault strikes. */
        int64_t alone = n * 1000000 + 900000;
        while (store_fixture_create(fixture.store, alone) == GD_OK && alone % 1000 < 100)
            alone++;
        int64_t failures = fault_vfs_disarm();
        store_fixture_close(&fixture);
        cr_assert_eq(failures, 1);
        cr_assert_eq(atomic_load(&fatal_calls), 1, "once");
        must_hold(all, 16);
    }
}

/* --- Many large ones at once -------------------------------------------------------------- */

#define LARGE_THREADS 16
#define LARGE_JOBS    2
#define LARGE_BYTES   ((size_t)700000) /* of parameters; all of them together pass the cache */

static unsigned char large_bytes[LARGE_BYTES];

static gd_status create_large(int64_t n)
{
    char id[STORE_ID_SIZE];
    store_fixture_id(n, id);
    store_parameters initial = {.which = "initial", .bytes = large_bytes, .length = LARGE_BYTES};
    store_job_insert insert = store_fixture_insert(id);
    insert.initial = &initial;
    return store_job_create(fixture.store, &insert, NULL, NULL, NULL);
}

static void *submit_large(void *context)
{
    submitter *self = context;
    for (int64_t i = 0; i < LARGE_JOBS; i++) {
        gd_status status = create_large(self->first + i);
        self->acknowledged[i] = status == GD_OK;
        cr_assert(status == GD_OK || status == GD_NO_SPACE, "%s", gd_status_name(status));
    }
    return NULL;
}

static void expect_as_told(const submitter *self, int64_t i)
{
    char id[STORE_ID_SIZE];
    store_blob blob;
    store_fixture_id(self->first + i, id);
    gd_status status = store_parameters_read(fixture.store, id, "initial", &blob, NULL);
    cr_assert_eq(status, self->acknowledged[i] ? GD_OK : GD_NOT_FOUND, "%s",
                 gd_status_name(status));
    if (status == GD_OK)
        cr_assert(blob.length == LARGE_BYTES && memcmp(blob.bytes, large_bytes, LARGE_BYTES) == 0);
    store_blob_dispose(&blob);
}

Test(store_disk_faults, n39_who_is_told_that_a_disk_is_full_has_written_nothing)
{
    static submitter all[LARGE_THREADS];
    gd_error error = {.status = GD_OK};
    for (size_t i = 0; i < LARGE_BYTES; i++)
        large_bytes[i] = (unsigned char)(i * 31 >> 3);
    open_noting();
    for (int64_t n = 5; n <= 205; n += 100) {
        fault_vfs_arm(FAULT_FULL, n, false);
        for (int64_t i = 0; i < LARGE_THREADS; i++) {
            all[i] = (submitter){.first = n * 1000 + i * LARGE_JOBS};
            cr_assert_eq(pthread_create(&all[i].thread, NULL, submit_large, &all[i]), 0);
        }
        for (int64_t i = 0; i < LARGE_THREADS; i++)
            cr_assert_eq(pthread_join(all[i].thread, NULL), 0);
        cr_expect_eq(fault_vfs_disarm(), 1);
        for (int64_t i = 0; i < LARGE_THREADS; i++)
            for (int64_t j = 0; j < LARGE_JOBS; j++)
                expect_as_told(&all[i], j);
    }
    cr_assert_eq(atomic_load(&fatal_calls), 0);
    store_fixture_close(&fixture);
    must(store_check(fixture.path, &error));
}

/* The log's index grows with the log, and holds nothing that must last. */
Test(store_disk_faults, n39_no_room_for_the_index_of_the_log_passes_too)
{
    static submitter one;
    gd_error error = {.status = GD_OK};
    open_noting();
    fault_vfs_arm(FAULT_INDEX, 1, true);
    int64_t n = 0;
    gd_status status = GD_OK;
    while (n < 100 && status == GD_OK)
        status = create_large(++n);
    cr_assert_eq(status, GD_NO_SPACE, "%s", gd_status_name(status));
    cr_assert_eq(create_large(n + 1), GD_OK, "after the log began anew");
    cr_assert_gt(fault_vfs_disarm(), 0);
    must(store_ready(fixture.store, &error));
    one = (submitter){.first = n, .acknowledged = {false, true}};
    expect_as_told(&one, 0);
    expect_as_told(&one, 1);
    cr_assert_eq(atomic_load(&fatal_calls), 0);
    store_fixture_close(&fixture);
    must(store_check(fixture.path, &error));
}

/* --- A transaction larger than the cache -------------------------------------------------- */

#define LARGE_ROWS  40 /* of a page each */
#define LARGE_TURNS 12

/* What each row was written with, of all that was told to be well; -1: it is not there. */
typedef struct large_rows {
    int64_t turns[LARGE_ROWS];
} large_rows;

__attribute__((format(printf, 2, 3))) static bool is_done(store_connection *connection,
                                                          const char *format, ...)
{
    char sql[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    gd_status status = store_connection_execute(connection, sql, NULL);
    cr_assert(status == GD_OK || status == GD_NO_SPACE, "%s", gd_status_name(status));
    return status == GD_OK;
}

/* Every statement writes many rows or none and reads pages that had to leave the cache; what fails is
 * undone alone, where the transaction stands. Whether it was committed. */
static bool write_turns(store_connection *connection, large_rows *rows)
{
    sqlite3 *database = store_connection_database(connection);
    bool is_begun = is_done(connection, "BEGIN IMMEDIATE");
    for (int64_t turn = 1; is_begun && turn <= LARGE_TURNS; turn++) {
        if (is_done(connection,
                    "INSERT OR REPLACE INTO large SELECT value, %d,"
                    " CAST(printf('%%03900d', value * 1000 + %d) AS BLOB)"
                    " FROM generate WHERE value %% %d = 0",
                    (int)turn, (int)turn, (int)(turn % 3 + 1)))
            for (int64_t i = 0; i < LARGE_ROWS; i += turn % 3 + 1)
                rows->turns[i] = turn;
        if (sqlite3_get_autocommit(database) != 0)
            return false;
    }
    return is_begun && is_done(connection, "COMMIT");
}

static void expect_rows(store_connection *connection, const large_rows *rows)
{
    int64_t found = -1, sum = 0;
    must(store_connection_number(connection,
                                 "SELECT count(*) FROM pragma_integrity_check"
                                 " WHERE integrity_check <> 'ok'",
                                 &found, NULL));
    cr_assert_eq(found, 0);
    must(store_connection_number(connection,
                                 "SELECT count(*) FROM large WHERE bytes <>"
                                 " CAST(printf('%03900d', number * 1000 + turn) AS BLOB)",
                                 &found, NULL));
    cr_assert_eq(found, 0);
    for (int64_t i = 0; i < LARGE_ROWS; i++)
        sum += rows->turns[i] * (i + 1);
    must(store_connection_number(
        connection, "SELECT coalesce(sum(turn * (number + 1)), 0) FROM large", &found, NULL));
    cr_assert_eq(found, sum);
}

/* The n-th write finds no room and all later ones do: whether there was one so late. */
static bool run_large(int64_t n)
{
    store_connection *connection = NULL;
    large_rows before = {{0}}, after = {{0}};
    must(store_connection_open(&connection, fixture.path, STORE_ACCESS_WRITE, NULL));
    must(store_connection_execute(connection, "PRAGMA cache_size = 10; DELETE FROM large", NULL));
    fault_vfs_arm(FAULT_FULL, n, false);
    const large_rows *expected = write_turns(connection, &after) ? &after : &before;
    int64_t failures = fault_vfs_disarm();
    if (sqlite3_get_autocommit(store_connection_database(connection)) == 0)
        must(store_connection_execute(connection, "ROLLBACK", NULL));
    expect_rows(connection, expected);
    store_connection_close(connection); /* and the log is read anew */
    must(store_connection_open(&connection, fixture.path, STORE_ACCESS_WRITE, NULL));
    expect_rows(connection, expected);
    store_connection_close(connection);
    return failures > 0;
}

Test(store_disk_faults, n39_a_transaction_that_lost_a_page_is_not_committed)
{
    store_connection *connection = NULL;
    must(store_connection_open(&connection, fixture.path, STORE_ACCESS_WRITE, NULL));
    must(store_connection_execute(
        connection,
        "CREATE TABLE large (number INTEGER PRIMARY KEY, turn INTEGER NOT NULL,"
        " bytes BLOB NOT NULL) STRICT;"
        "CREATE TABLE generate (value INTEGER PRIMARY KEY) STRICT;"
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 39)"
        " INSERT INTO generate SELECT n FROM numbers",
        NULL));
    store_connection_close(connection);
    int64_t n = 1;
    while (n < 2000 && run_large(n))
        n += stride(FAULT_FULL);
    cr_assert_gt(n, LARGE_TURNS);
    cr_assert_lt(n, 2000, "every call was reached");
}

/* Behind the sync of a commit the log is filled up to a sector then: readers must find that too. */
Test(store_disk_faults, a_disk_that_spoils_sectors_shows_whole_commits)
{
    fault_vfs_spoil(true);
    store_fixture_open(&fixture);
    for (int64_t i = 0; i < 50; i++) {
        must(store_fixture_create(fixture.store, i));
        cr_assert_eq(store_fixture_status(fixture.store, i), STORE_JOB_QUEUED);
        cr_assert_eq(store_fixture_number(&fixture,
                                          "SELECT count(*) FROM pragma_quick_check"
                                          " WHERE quick_check <> 'ok'"),
                     0);
    }
    fault_vfs_spoil(false);
    store_fixture_close(&fixture);
}

/* --- Opening ------------------------------------------------------------------------------ */

Test(store_disk_faults, opening_that_fails_can_be_repeated)
{
    static const fault_kind kinds[] = {FAULT_WRITE, FAULT_SYNC, FAULT_FULL};
    for (size_t k = 0; k < 3; k++) {
        int64_t n = 1;
        for (; n < 500; n += stride(kinds[k])) {
            store_options options = store_options_default();
            options.path = fixture.path;
            fault_vfs_arm(kinds[k], n, true);
            gd_status status = store_open(&fixture.store, &options, NULL);
            int64_t failures = fault_vfs_disarm();
            if (status == GD_OK)
                cr_assert_eq(failures, 0);
            store_fixture_close(&fixture);
            store_fixture_open(&fixture);
            must(store_fixture_create(fixture.store, (int64_t)k * 1000 + n));
            store_fixture_end(&fixture);
            store_fixture_start(&fixture);
            if (failures == 0)
                break;
        }
        cr_assert_gt(n, 1);
        cr_assert_lt(n, 500);
    }
}
