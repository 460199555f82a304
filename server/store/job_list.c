/*
 * job_list.c: lists of jobs, their counts and their places in the queue. The text of a list's query
 * is put together from fixed pieces; what a caller asks for is only ever bound.
 */
#include "store/handle.h"
#include "store/job_rows.h"

#include <stdlib.h>
#include <string.h>

#define QUERY_SIZE 2048

typedef struct list_query {
    char text[QUERY_SIZE];
    size_t length;
    bool has_condition;
    bool overflows;
} list_query;

static void add(list_query *query, const char *piece)
{
    size_t length = strlen(piece);
    if (length >= QUERY_SIZE - query->length) {
        query->overflows = true;
        return;
    }
    memcpy(query->text + query->length, piece, length + 1);
    query->length += length;
}

static void add_condition(list_query *query, bool wanted, const char *condition)
{
    if (!wanted)
        return;
    add(query, query->has_condition ? " AND " : " WHERE ");
    add(query, condition);
    query->has_condition = true;
}

/* " AND status IN ('queued','running')" of the distinct states asked for. */
static void add_statuses(list_query *query, const store_job_filter *filter)
{
    bool wanted[STORE_JOB_STATUS_COUNT] = {false};
    for (int64_t i = 0; i < filter->status_count; i++) {
        if ((unsigned)filter->statuses[i] < STORE_JOB_STATUS_COUNT)
            wanted[filter->statuses[i]] = true;
    }
    add_condition(query, true, "status IN (");
    const char *separator = "'";
    for (int i = 0; i < STORE_JOB_STATUS_COUNT; i++) {
        if (!wanted[i])
            continue;
        add(query, separator);
        add(query, store_job_status_name((store_job_status)i));
        separator = "','";
    }
    add(query, separator[1] == '\0' ? ")" : "')");
}

/* Whether rows are looked at that the filter does not want, as many as there are: then a call looks
 * at a window of them. */
static bool is_windowed(const store_job_filter *filter)
{
    int indexed = (filter->owner != NULL) + (filter->status_count > 0) + (filter->model != NULL) +
                  (filter->label_key != NULL);
    bool unindexed =
        filter->name_part != NULL || filter->created_after != 0 || filter->created_before != 0;
    return unindexed || indexed > 1;
}

/* The numbers of the parameters are fixed; conditions that are not asked for leave theirs out. */
static void write_query(list_query *query, const store_job_filter *filter)
{
    add(query, "SELECT " STORE_JOB_COLUMNS " FROM jobs");
    if (filter->label_key != NULL)
        add(query, " JOIN job_labels ON job_labels.job = jobs.sequence");
    add_condition(query, filter->label_key != NULL,
                  "job_labels.key = ?1 AND job_labels.value = ?2");
    add_condition(query, filter->owner != NULL, "owner = ?9");
    if (filter->status_count > 0)
        add_statuses(query, filter);
    add_condition(query, filter->model != NULL, "model = ?3");
    add_condition(query, filter->name_part != NULL, "instr(lower(name), lower(?4)) > 0");
    add_condition(query, filter->created_after != 0, "created_at > ?5");
    add_condition(query, filter->created_before != 0, "created_at < ?6");
    /* Of the two equal columns the one of the index that is walked, or the rows would be sorted. */
    bool by_label = filter->label_key != NULL;
    add_condition(query, filter->before_sequence != 0,
                  by_label ? "job_labels.job < ?7" : "jobs.sequence < ?7");
    add_condition(query, is_windowed(filter),
                  by_label ? "job_labels.job >= ?10" : "jobs.sequence >= ?10");
    add(query, " ORDER BY ");
    add(query, by_label ? "job_labels.job" : "jobs.sequence");
    add(query, " DESC LIMIT ?8");
}

static void bind_query(store_statement *statement, const store_job_filter *filter, int64_t from)
{
    if (filter->label_key != NULL) {
        store_bind_text(statement, 1, filter->label_key);
        store_bind_text(statement, 2, filter->label_value);
    }
    if (filter->model != NULL)
        store_bind_text(statement, 3, filter->model);
    if (filter->name_part != NULL)
        store_bind_text(statement, 4, filter->name_part);
    if (filter->created_after != 0)
        store_bind_integer(statement, 5, filter->created_after);
    if (filter->created_before != 0)
        store_bind_integer(statement, 6, filter->created_before);
    if (filter->before_sequence != 0)
        store_bind_integer(statement, 7, filter->before_sequence);
    store_bind_integer(statement, 8, filter->limit + 1); /* which tells whether there are more */
    if (filter->owner != NULL)
        store_bind_text(statement, 9, filter->owner);
    if (is_windowed(filter))
        store_bind_integer(statement, 10, from);
}

/* Makes room for one more record. */
static gd_status grow(store_job **jobs, int64_t count, int64_t *capacity, gd_error *error)
{
    if (count < *capacity)
        return GD_OK;
    int64_t wanted = *capacity == 0 ? 32 : *capacity * 2;
    store_job *grown = realloc(*jobs, (size_t)wanted * sizeof **jobs);
    if (grown == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a list of jobs");
    *jobs = grown;
    *capacity = wanted;
    return GD_OK;
}

static gd_status read_rows(store_statement *statement, store_job **jobs, int64_t *count,
                           gd_error *error)
{
    int64_t capacity = 0;
    bool row = true;
    gd_status status = GD_OK;
    while (status == GD_OK) {
        status = store_statement_next(statement, &row, error);
        if (status != GD_OK || !row)
            break;
        status = grow(jobs, *count, &capacity, error);
        if (status == GD_OK)
            status = store_job_row(statement, &(*jobs)[*count], error);
        if (status == GD_OK)
            *count += 1;
    }
    return status;
}

/* The last of so many jobs with the label, which may be far apart. */
static gd_status find_label_window(store_connection *connection, const store_job_filter *filter,
                                   int64_t *from, gd_error *error)
{
    bool row = false;
    store_statement last =
        store_statement_open(connection,
                             "SELECT job FROM job_labels WHERE key = ?1 AND value = ?2 AND job < ?3"
                             " ORDER BY job DESC LIMIT 1 OFFSET ?4");
    store_bind_text(&last, 1, filter->label_key);
    store_bind_text(&last, 2, filter->label_value);
    store_bind_integer(&last, 3,
                       filter->before_sequence != 0 ? filter->before_sequence : INT64_MAX);
    store_bind_integer(&last, 4, STORE_LIST_WINDOW - 1);
    return store_statement_integer(&last, &row, from, error);
}

static gd_status find_sequence_window(store_connection *connection, const store_job_filter *filter,
                                      int64_t *from, gd_error *error)
{
    int64_t end = filter->before_sequence, oldest = 0;
    bool row = false;
    gd_status status = GD_OK;
    if (end == 0) {
        store_statement newest =
            store_statement_open(connection, "SELECT coalesce(max(sequence), 0) + 1 FROM jobs");
        status = store_statement_integer(&newest, &row, &end, error);
    }
    if (status == GD_OK) {
        store_statement first =
            store_statement_open(connection, "SELECT coalesce(min(sequence), 0) FROM jobs");
        status = store_statement_integer(&first, &row, &oldest, error);
    }
    *from = end - STORE_LIST_WINDOW > oldest ? end - STORE_LIST_WINDOW : 0;
    return status;
}

/* The first row of the window: 0 where it reaches the oldest there is, which may have any number. */
static gd_status find_window(store_connection *connection, const store_job_filter *filter,
                             int64_t *from, gd_error *error)
{
    *from = 0;
    if (!is_windowed(filter))
        return GD_OK;
    return filter->label_key != NULL ? find_label_window(connection, filter, from, error)
                                     : find_sequence_window(connection, filter, from, error);
}

/* Of one row more than was asked for the last goes again; of a page that is not full the window
 * says where the next one begins. */
static int64_t find_next(const store_job_filter *filter, store_job *jobs, int64_t *count,
                         int64_t from)
{
    if (*count > filter->limit) {
        store_job_dispose(&jobs[--*count]);
        return jobs[*count - 1].sequence;
    }
    return is_windowed(filter) ? from : 0;
}

static gd_status list(store_connection *connection, const store_job_filter *filter,
                      const char *text, store_job **jobs, int64_t *count, int64_t *next,
                      gd_error *error)
{
    int64_t from = 0;
    gd_status status = find_window(connection, filter, &from, error);
    if (status != GD_OK)
        return status;
    store_statement statement = store_statement_open_once(connection, text);
    bind_query(&statement, filter, from);
    status = read_rows(&statement, jobs, count, error);
    store_statement_close(&statement);
    if (status == GD_OK)
        *next = find_next(filter, *jobs, count, from);
    return status;
}

gd_status store_job_list(store *handle, const store_job_filter *filter, store_job **jobs,
                         int64_t *count, int64_t *next, gd_error *error)
{
    *jobs = NULL;
    *count = 0;
    *next = 0;
    if (filter->limit < 1 || filter->limit > 100000)
        return gd_fail(error, GD_INVALID_ARGUMENT, "limit", "from 1 to 100000, not %lld",
                       (long long)filter->limit);
    list_query query = {.length = 0};
    write_query(&query, filter);
    if (query.overflows)
        return gd_fail(error, GD_TOO_LARGE, "", "the query is too long");
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = list(connection, filter, query.text, jobs, count, next, error);
    store_readers_give(handle->readers, connection);
    if (status != GD_OK) {
        store_jobs_dispose(*jobs, *count);
        *jobs = NULL;
        *count = 0;
    }
    return status;
}

void store_jobs_dispose(store_job *jobs, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        store_job_dispose(&jobs[i]);
    free(jobs);
}

gd_status store_job_queue_position(store *handle, const store_job *job, int64_t *position,
                                   gd_error *error)
{
    *position = 0;
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        /* Of each other owner goes before what has a higher priority, and of the same one as many as the
           job's own owner has before it, one more where that other one was served longer ago. */
        store_statement_open(
            connection,
            "WITH own(before, served) AS MATERIALIZED (SELECT"
            " (SELECT count(*) FROM (SELECT 1 FROM jobs INDEXED BY jobs_queued"
            " WHERE status = 'queued' AND owner = ?3 AND priority = ?1 AND sequence < ?2"
            " LIMIT ?4)), (SELECT served FROM owners WHERE owner = ?3))"
            " SELECT min(?4, coalesce(sum("
            "(SELECT count(*) FROM (SELECT 1 FROM jobs INDEXED BY jobs_queued"
            " WHERE status = 'queued' AND owner = other.owner AND priority > ?1 LIMIT ?4))"
            " + iif(other.owner = ?3, own.before, min(own.before + (other.served <= own.served),"
            " (SELECT count(*) FROM (SELECT 1 FROM jobs INDEXED BY jobs_queued"
            " WHERE status = 'queued' AND owner = other.owner AND priority = ?1"
            " LIMIT ?4))))), 0))"
            " FROM owners AS other INDEXED BY owners_waiting CROSS JOIN own"
            " WHERE other.queued > 0");
    store_bind_integer(&statement, 1, job->priority);
    store_bind_integer(&statement, 2, job->sequence);
    store_bind_text(&statement, 3, job->owner);
    store_bind_integer(&statement, 4, STORE_POSITION_MAXIMUM);
    bool row = false;
    status = store_statement_integer(&statement, &row, position, error);
    store_readers_give(handle->readers, connection);
    return status;
}

gd_status store_job_counts(store *handle, int64_t *counts, gd_error *error)
{
    memset(counts, 0, STORE_JOB_STATUS_COUNT * sizeof *counts);
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection, "SELECT status, count FROM job_counts");
    bool row = true;
    while (status == GD_OK) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        char name[16];
        store_column_fixed(&statement, 0, name, sizeof name);
        for (int i = 0; i < STORE_JOB_STATUS_COUNT; i++) {
            if (strcmp(name, store_job_status_name((store_job_status)i)) == 0)
                counts[i] = store_column_integer(&statement, 1);
        }
    }
    store_statement_close(&statement);
    store_readers_give(handle->readers, connection);
    return status;
}
