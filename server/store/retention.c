/*
 * retention.c: what has been kept long enough: ended jobs, and datasets that nothing has used since.
 * It only finds them; each is deleted by the same statement that a client's request runs.
 */
#include "store/handle.h"
#include "store/statement.h"

#include <stdlib.h>
#include <string.h>

static const char ended_jobs[] =
    "SELECT id FROM jobs WHERE status IN ('succeeded', 'failed', 'cancelled')"
    " AND finished_at > 0 AND finished_at < ?1 ORDER BY sequence LIMIT ?2";

/* A dataset's age begins anew when a job that used it ends; one that a waiting job needs has none. */
static const char unused_datasets[] =
    "SELECT id FROM datasets WHERE created_at < ?1 AND NOT EXISTS"
    " (SELECT 1 FROM job_datasets JOIN jobs ON jobs.sequence = job_datasets.job"
    "  WHERE job_datasets.dataset = datasets.sequence AND"
    "  (jobs.status IN ('queued', 'running', 'paused') OR jobs.finished_at >= ?1))"
    " ORDER BY sequence LIMIT ?2";

gd_status store_expired(store *handle, store_expiring what, int64_t before, int64_t limit,
                        char (**ids)[STORE_ID_SIZE], int64_t *count, gd_error *error)
{
    *count = 0;
    *ids = calloc((size_t)limit, sizeof **ids);
    if (*ids == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a list of ids");
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status == GD_OK) {
        store_statement statement = store_statement_open(
            connection, what == STORE_EXPIRING_JOBS ? ended_jobs : unused_datasets);
        store_bind_integer(&statement, 1, before);
        store_bind_integer(&statement, 2, limit);
        bool row = true;
        while (status == GD_OK && *count < limit) {
            status = store_statement_next(&statement, &row, error);
            if (status != GD_OK || !row)
                break;
            store_column_fixed(&statement, 0, (*ids)[*count], STORE_ID_SIZE);
            *count += 1;
        }
        store_statement_close(&statement);
        store_readers_give(handle->readers, connection);
    }
    if (status != GD_OK) {
        free(*ids);
        *ids = NULL;
        *count = 0;
    }
    return status;
}
