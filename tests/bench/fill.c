/*
 * fill.c: copies of the newest ended job under new ids: row, details, labels, two events and one piece
 * of a curve each (fill.h).
 */
#include "bench/fill.h"

#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

/* Every column of a table but those that are set here is copied from the model. */
static int columns_of(sqlite3 *database, const char *table, const char *but, char *list, int size)
{
    sqlite3_stmt *statement = NULL;
    char *text = sqlite3_mprintf(
        "SELECT group_concat('\"' || name || '\"', ', ') FROM "
        "pragma_table_info(%Q) WHERE instr(%Q, ',' || name || ',') = 0",
        table, but);
    int found = sqlite3_prepare_v2(database, text, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL;
    if (found) {
        snprintf(list, (size_t)size, "%s", (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    sqlite3_free(text);
    return found;
}

static int run(sqlite3 *database, char *text)
{
    char *message = NULL;
    int good = text != NULL && sqlite3_exec(database, text, NULL, NULL, &message) == SQLITE_OK;
    if (!good) {
        fprintf(stderr, "bench: %s\n", message == NULL ? "no memory" : message);
    }
    sqlite3_free(message);
    sqlite3_free(text);
    return good;
}

static int fill(sqlite3 *database, long count)
{
    char jobs[4096], details[4096], results[4096], events[4096], chunks[4096];
    if (!columns_of(database, "jobs", ",sequence,id,", jobs, sizeof jobs) ||
        !columns_of(database, "job_details", ",job,", details, sizeof details) ||
        !columns_of(database, "job_results", ",job,", results, sizeof results) ||
        !columns_of(database, "job_events", ",job,", events, sizeof events) ||
        !columns_of(database, "curve_chunks", ",job,", chunks, sizeof chunks)) {
        return 0;
    }
    return run(database, sqlite3_mprintf(
                             "PRAGMA synchronous = OFF; BEGIN;"
                             "CREATE TEMP TABLE model AS SELECT max(sequence) AS job FROM jobs "
                             "WHERE status = 'succeeded';"
                             "CREATE TEMP TABLE made AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                             "SELECT i + 1 FROM n WHERE i < %ld) SELECT i FROM n;",
                             count)) &&
           run(database,
               sqlite3_mprintf("INSERT INTO jobs (id, %s) SELECT format('%%08x-%%04x-7000-8000-"
                               "%%012x', 26000000 + i / 65536, i %% 65536, i), %s FROM made, "
                               "(SELECT %s FROM jobs WHERE sequence = (SELECT job FROM model));",
                               jobs, jobs, jobs)) &&
           run(database,
               sqlite3_mprintf("INSERT INTO job_details (job, %s) SELECT sequence, %s FROM "
                               "(SELECT sequence FROM jobs WHERE sequence > (SELECT job FROM "
                               "model)), (SELECT %s FROM job_details WHERE job = (SELECT job "
                               "FROM model));",
                               details, details, details)) &&
           run(database,
               sqlite3_mprintf("INSERT INTO job_results (job, %s) SELECT sequence, %s FROM "
                               "(SELECT sequence FROM jobs WHERE sequence > (SELECT job FROM "
                               "model)), (SELECT %s FROM job_results WHERE job = (SELECT job "
                               "FROM model));",
                               results, results, results)) &&
           run(database,
               sqlite3_mprintf("INSERT INTO job_events (job, %s) SELECT s, %s FROM (SELECT "
                               "sequence AS s FROM jobs WHERE sequence > (SELECT job FROM "
                               "model)), (SELECT %s FROM job_events WHERE job = (SELECT job "
                               "FROM model));",
                               events, events, events)) &&
           run(database,
               sqlite3_mprintf("INSERT INTO curve_chunks (job, %s) SELECT sequence, %s FROM "
                               "(SELECT sequence FROM jobs WHERE sequence > (SELECT job FROM "
                               "model)), (SELECT %s FROM curve_chunks WHERE job = (SELECT job "
                               "FROM model) AND chunk = 0);",
                               chunks, chunks, chunks)) &&
           run(database, sqlite3_mprintf("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"));
}

int fill_ended_jobs(const char *folder, long count)
{
    char pattern[128];
    glob_t found = {0};
    sqlite3 *database = NULL;
    snprintf(pattern, sizeof pattern, "%s/data/*.db", folder);
    int good = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1 &&
               sqlite3_open(found.gl_pathv[0], &database) == SQLITE_OK && fill(database, count);
    sqlite3_close(database);
    globfree(&found);
    sync(); /* gigabytes that are still being written would be measured with what comes next */
    return good;
}
