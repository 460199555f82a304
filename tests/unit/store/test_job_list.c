/*
 * Lists of jobs: every filter, pages that stay in place while rows are added, places in the queue.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static store_fixture fixture;

/* Job n of 24: model, label, name, priority and time follow from n. */
static void start(void)
{
    static const char *const models[] = {"linear", "mlp", "cnn"};
    store_fixture_start(&fixture);
    store_fixture_open(&fixture);
    for (int64_t n = 1; n <= 24; n++) {
        char id[STORE_ID_SIZE];
        char labels[64];
        char name[48];
        store_fixture_id(n, id);
        (void)snprintf(labels, sizeof labels, "{\"parity\":\"%s\",\"all\":\"yes\"}",
                       n % 2 == 0 ? "even" : "odd");
        (void)snprintf(name, sizeof name, "Run %lld of 100%%_x", (long long)n);
        store_job_insert insert = store_fixture_insert(id);
        insert.model = models[n % 3];
        insert.labels = labels;
        insert.name = n == 24 ? NULL : name;
        insert.created_at = 1000 * n;
        insert.priority = n % 4;
        must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    }
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_job_list, .init = start, .fini = end);

/* The sequences found, as "24 23 22". */
static const char *list(store_job_filter filter)
{
    static char text[512];
    store_job *jobs = NULL;
    int64_t count = 0, next = 0;
    if (filter.limit == 0)
        filter.limit = 100;
    must(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL));
    text[0] = '\0';
    for (int64_t i = 0; i < count; i++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, sizeof text - length, "%s%lld", i == 0 ? "" : " ",
                       (long long)jobs[i].sequence);
        cr_assert_null(jobs[i].spec);
    }
    store_jobs_dispose(jobs, count);
    return text;
}

Test(store_job_list, newest_first)
{
    cr_assert_str_eq(list((store_job_filter){.limit = 3}), "24 23 22");
    cr_assert_str_eq(list((store_job_filter){.limit = 100}),
                     "24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1");
}

Test(store_job_list, filters)
{
    cr_assert_str_eq(list((store_job_filter){.model = "linear"}), "24 21 18 15 12 9 6 3");
    cr_assert_str_eq(list((store_job_filter){.model = "none"}), "");
    cr_assert_str_eq(
        list((store_job_filter){.label_key = "parity", .label_value = "even", .limit = 4}),
        "24 22 20 18");
    cr_assert_str_eq(list((store_job_filter){.label_key = "parity", .label_value = "EVEN"}), "");
    cr_assert_str_eq(list((store_job_filter){.name_part = "RUN 2"}), "23 22 21 20 2");
    cr_assert_str_eq(list((store_job_filter){.name_part = "100%_", .limit = 2}), "23 22");
    cr_assert_str_eq(list((store_job_filter){.name_part = "1_0"}), "", "no pattern is meant");
    cr_assert_str_eq(list((store_job_filter){.name_part = "' OR 1=1 --"}), "");
    cr_assert_str_eq(list((store_job_filter){.created_after = 20000}), "24 23 22 21");
    cr_assert_str_eq(list((store_job_filter){.created_before = 3000}), "2 1");
    cr_assert_str_eq(list((store_job_filter){.created_after = 3000, .created_before = 6000}),
                     "5 4");
    cr_assert_str_eq(list((store_job_filter){.label_key = "parity",
                                             .label_value = "odd",
                                             .model = "mlp",
                                             .created_after = 5000,
                                             .before_sequence = 19,
                                             .name_part = "run"}),
                     "13 7");
}

Test(store_job_list, filters_by_state)
{
    store_claim claim;
    store_fixture_claim(fixture.store, "boot", &claim); /* highest priority, oldest: 3 */
    store_fixture_claim(fixture.store, "boot", &claim); /* 7 */
    store_run_end finish = {.status = STORE_JOB_FAILED, .reason = "diverged", .at = 1};
    must(store_run_finish(fixture.store, &claim, &finish, NULL));
    const store_job_status running[] = {STORE_JOB_RUNNING};
    const store_job_status both[] = {STORE_JOB_FAILED, STORE_JOB_RUNNING, STORE_JOB_FAILED};
    const store_job_status paused[] = {STORE_JOB_PAUSED};
    cr_assert_str_eq(list((store_job_filter){.statuses = running, .status_count = 1}), "3");
    cr_assert_str_eq(list((store_job_filter){.statuses = both, .status_count = 3}), "7 3");
    cr_assert_str_eq(list((store_job_filter){.statuses = paused, .status_count = 1}), "");
    int64_t counts[STORE_JOB_STATUS_COUNT];
    must(store_job_counts(fixture.store, counts, NULL));
    cr_assert_eq(counts[STORE_JOB_QUEUED], 22);
    cr_assert_eq(counts[STORE_JOB_RUNNING], 1);
    cr_assert_eq(counts[STORE_JOB_FAILED], 1);
    cr_assert_eq(counts[STORE_JOB_PAUSED], 0);
}

Test(store_job_list, pages_stay_in_place_while_rows_come)
{
    bool seen[25] = {false};
    int64_t cursor = 0;
    int64_t pages = 0;
    for (;;) {
        store_job_filter filter = {.before_sequence = cursor, .limit = 5};
        store_job *jobs = NULL;
        int64_t count = 0, next = 0;
        must(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL));
        for (int64_t i = 0; i < count; i++) {
            cr_assert_leq(jobs[i].sequence, 24);
            cr_assert_not(seen[jobs[i].sequence], "twice");
            seen[jobs[i].sequence] = true;
        }
        cr_assert_eq(count, next == 0 ? 4 : 5);
        cr_assert(next == 0 || jobs[count - 1].sequence == next);
        store_jobs_dispose(jobs, count);
        cursor = next;
        if (next == 0)
            break;
        must(store_fixture_create(fixture.store, 1000 + pages));
        pages++;
    }
    cr_assert_eq(pages, 4);
    for (int i = 1; i <= 24; i++)
        cr_assert(seen[i]);
}

Test(store_job_list, refuses_a_limit_that_makes_no_sense)
{
    store_job *jobs = NULL;
    int64_t count = 0, next = 0;
    store_job_filter filter = {.limit = 0};
    cr_assert_eq(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL),
                 GD_INVALID_ARGUMENT);
    filter.limit = INT64_MAX;
    cr_assert_eq(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL),
                 GD_INVALID_ARGUMENT);
}

Test(store_job_list, places_in_the_queue_are_those_of_the_claims)
{
    int64_t positions[25];
    for (int64_t n = 1; n <= 24; n++) {
        char id[STORE_ID_SIZE];
        store_job job;
        store_fixture_id(n, id);
        must(store_job_get(fixture.store, id, false, &job, NULL));
        must(store_job_queue_position(fixture.store, &job, &positions[n], NULL));
        store_job_dispose(&job);
    }
    for (int64_t place = 0; place < 24; place++) {
        store_claim claim;
        store_job job;
        must(store_job_claim(fixture.store, "boot", 1, &claim, &job, NULL));
        cr_assert_eq(positions[job.sequence], place);
        store_job_dispose(&job);
    }
}

/* Where no index answers a call looks at so many rows and says where to go on. */
Test(store_job_list, what_no_index_answers_is_looked_for_in_windows)
{
    const store_job_status queued[] = {STORE_JOB_QUEUED};
    store_fixture_execute(&fixture, "UPDATE sqlite_sequence SET seq = 250000 WHERE name = 'jobs'");
    must(store_fixture_create(fixture.store, 25));
    store_job_filter filters[] = {
        {.name_part = "Run 7 of", .limit = 10},
        {.created_before = 7001, .created_after = 6999, .limit = 10},
        {.model = "mlp", .name_part = "run 7 ", .limit = 10},
        {.owner = "",
         .statuses = queued,
         .status_count = 1,
         .created_before = 7001,
         .created_after = 6999,
         .limit = 10},
    };
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        static const int64_t next_of[] = {250002 - STORE_LIST_WINDOW,
                                          250002 - 2 * STORE_LIST_WINDOW, 0};
        for (int page = 0; page < 3; page++) {
            store_job *jobs = NULL;
            int64_t count = 0, next = -1;
            must(store_job_list(fixture.store, &filters[i], &jobs, &count, &next, NULL));
            cr_assert_eq(next, next_of[page], "filter %zu, page %d", i, page);
            cr_assert_eq(count, page == 2 ? 1 : 0, "filter %zu, page %d", i, page);
            if (count == 1)
                cr_assert_eq(jobs[0].sequence, 7);
            filters[i].before_sequence = next;
            store_jobs_dispose(jobs, count);
        }
    }
    cr_assert_str_eq(list((store_job_filter){.model = "mlp"}), "22 19 16 13 10 7 4 1",
                     "by an index");
}

/* Jobs with one label are counted, not their numbers: the window ends at the 100,000th of them. */
Test(store_job_list, a_label_beside_another_filter_is_looked_for_in_windows)
{
    store_fixture_execute(
        &fixture,
        "PRAGMA foreign_keys = OFF;"
        " WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 150999)"
        " INSERT INTO job_labels (key, value, job) SELECT 'much', 'used', 2 * i FROM n;"
        " INSERT INTO job_labels (key, value, job) VALUES ('much', 'used', 7)");
    store_job_filter filter = {
        .label_key = "much", .label_value = "used", .name_part = "run 7 ", .limit = 10};
    static const int64_t next_of[] = {2 * 51000, 0};
    for (int page = 0; page < 2; page++) {
        store_job *jobs = NULL;
        int64_t count = 0, next = -1;
        must(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL));
        cr_assert_eq(next, next_of[page], "page %d: %lld", page, (long long)next);
        cr_assert_eq(count, page, "page %d", page);
        if (count == 1)
            cr_assert_eq(jobs[0].sequence, 7);
        filter.before_sequence = next;
        store_jobs_dispose(jobs, count);
    }
}

/* Numbers are never given twice: of many jobs that came and went the last ones are one window. */
Test(store_job_list, a_window_ends_at_the_oldest_there_is)
{
    store_fixture_execute(&fixture, "DELETE FROM jobs");
    store_fixture_execute(&fixture, "UPDATE sqlite_sequence SET seq = 250000 WHERE name = 'jobs'");
    must(store_fixture_create(fixture.store, 25));
    store_job_filter filter = {.name_part = "nothing of that name", .limit = 10};
    store_job *jobs = NULL;
    int64_t count = -1, next = -1;
    must(store_job_list(fixture.store, &filter, &jobs, &count, &next, NULL));
    cr_expect_eq(count, 0);
    cr_expect_eq(next, 0);
    store_jobs_dispose(jobs, count);
}

/* The plan of a query must walk an index and not sort. */
Test(store_job_list, queries_use_the_indexes)
{
    static const char *const queries[] = {
        "SELECT * FROM jobs WHERE status = 'failed' ORDER BY sequence DESC LIMIT 5",
        "SELECT * FROM jobs WHERE model = 'x' ORDER BY sequence DESC LIMIT 5",
        "SELECT * FROM jobs JOIN job_labels ON job_labels.job = jobs.sequence"
        " WHERE job_labels.key = 'a' AND job_labels.value = 'b'"
        " ORDER BY job_labels.job DESC LIMIT 5",
        "SELECT * FROM jobs JOIN job_labels ON job_labels.job = jobs.sequence"
        " WHERE job_labels.key = 'a' AND job_labels.value = 'b' AND owner = 'x'"
        " AND job_labels.job < 9 AND job_labels.job >= 2 ORDER BY job_labels.job DESC LIMIT 5",
        "SELECT job FROM job_labels WHERE key = 'a' AND value = 'b' AND job < 9"
        " ORDER BY job DESC LIMIT 1 OFFSET 7",
        "SELECT sequence FROM jobs INDEXED BY jobs_queued WHERE status = 'queued'"
        " AND owner = 'x' ORDER BY priority DESC, sequence LIMIT 1",
        "SELECT count(*) FROM jobs INDEXED BY jobs_queued"
        " WHERE status = 'queued' AND owner = 'x' AND priority = 1 AND sequence < 2",
        "SELECT * FROM jobs WHERE owner = 'x' ORDER BY sequence DESC LIMIT 5",
        "SELECT * FROM jobs WHERE owner = 'x' AND status IN ('failed') AND sequence < 9"
        " AND sequence >= 2 ORDER BY sequence DESC LIMIT 5",
        "SELECT * FROM jobs WHERE instr(lower(name), 'x') > 0 AND sequence >= 2"
        " ORDER BY sequence DESC LIMIT 5",
        "SELECT * FROM datasets WHERE owner = 'x' AND sequence < 9 ORDER BY sequence DESC LIMIT 5",
    };
    sqlite3 *database = store_fixture_sql(&fixture);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char sql[512];
        sqlite3_stmt *statement = NULL;
        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", queries[i]);
        cr_assert_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *line = (const char *)sqlite3_column_text(statement, 3);
            cr_assert_null(strstr(line, "TEMP B-TREE"), "%s: %s", queries[i], line);
            cr_assert(strncmp(line, "SCAN", 4) != 0 || strstr(line, "jobs_queued") != NULL,
                      "%s: %s", queries[i], line);
        }
        (void)sqlite3_finalize(statement);
    }
    (void)sqlite3_close(database);
}
