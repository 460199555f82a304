/*
 * results.c: reading curves and events. The pieces of a curve are shown to the visitor as they lie in
 * the database's memory, in one snapshot. Events are copied out in bounded pages, the snapshot is given
 * back, and only then the visitor is called: it may be as slow as a client's line. A page continues
 * where the one before ended, so rows that come meanwhile are seen and none twice.
 */
#include "store/handle.h"
#include "store/job_rows.h"

#include <stdlib.h>

#define PAGE_ROWS 128

/* --- Curves ------------------------------------------------------------------------------- */

typedef struct curve_range {
    const char *job;
    int64_t from_chunk;
    int64_t from_step, to_step;
} curve_range;

static gd_status visit_chunks(store_connection *connection, const curve_range *range,
                              store_chunk_visit visit, void *context, gd_error *error)
{
    int64_t sequence = 0;
    gd_status status = store_job_sequence(connection, range->job, &sequence, error);
    if (status != GD_OK)
        return status;
    store_statement statement = store_statement_open(
        connection,
        "SELECT chunk, first_step, last_step, bytes FROM curve_chunks"
        " WHERE job = ?1 AND chunk >= ?2 AND last_step >= ?3 AND first_step <= ?4"
        " ORDER BY chunk");
    store_bind_integer(&statement, 1, sequence);
    store_bind_integer(&statement, 2, range->from_chunk);
    store_bind_integer(&statement, 3, range->from_step);
    store_bind_integer(&statement, 4, range->to_step);
    bool row = true;
    while (status == GD_OK) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        store_chunk chunk = {.index = store_column_integer(&statement, 0),
                             .first_step = store_column_integer(&statement, 1),
                             .last_step = store_column_integer(&statement, 2)};
        chunk.bytes = store_column_borrowed(&statement, 3, &chunk.length);
        status = store_statement_check(&statement, error);
        if (status == GD_OK)
            status = visit(context, &chunk);
    }
    store_statement_close(&statement);
    return status;
}

gd_status store_curve_read(store *handle, const char *job, int64_t after, int64_t from_step,
                           int64_t to_step, store_chunk_visit visit, void *context, gd_error *error)
{
    curve_range range = {.job = job,
                         .from_chunk = after > 0 ? after / STORE_CHUNK_POINTS : 0,
                         .from_step = from_step,
                         .to_step = to_step};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = visit_chunks(connection, &range, visit, context, error);
    store_readers_give(handle->readers, connection);
    return status;
}

/* --- Events ------------------------------------------------------------------------------- */

typedef struct event_page {
    store_event events[PAGE_ROWS]; /* texts owned here */
    int64_t count;
} event_page;

static void empty_events(event_page *page)
{
    for (int64_t i = 0; i < page->count; i++) {
        free((void *)page->events[i].type);
        free((void *)page->events[i].message);
        free((void *)page->events[i].data);
    }
    page->count = 0;
}

static gd_status read_events(store_connection *connection, const char *job, int64_t after,
                             int64_t limit, event_page *page, gd_error *error)
{
    int64_t sequence = 0;
    gd_status status = store_job_sequence(connection, job, &sequence, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection,
                             "SELECT sequence, at, type, message, data FROM job_events"
                             " WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?");
    store_bind_integer(&statement, 1, sequence);
    store_bind_integer(&statement, 2, after);
    store_bind_integer(&statement, 3, limit < PAGE_ROWS ? limit : PAGE_ROWS);
    bool row = true;
    while (status == GD_OK) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        page->events[page->count++] = (store_event){.sequence = store_column_integer(&statement, 0),
                                                    .at = store_column_integer(&statement, 1),
                                                    .type = store_column_text(&statement, 2),
                                                    .message = store_column_text(&statement, 3),
                                                    .data = store_column_text(&statement, 4)};
        status = store_statement_check(&statement, error);
    }
    store_statement_close(&statement);
    return status;
}

gd_status store_event_list(store *handle, const char *job, int64_t after, int64_t limit,
                           store_event_visit visit, void *context, gd_error *error)
{
    event_page page = {.count = 0};
    bool is_last = limit <= 0;
    gd_status status = GD_OK;
    while (status == GD_OK && !is_last) {
        store_connection *connection = NULL;
        status = store_readers_take(handle->readers, &connection, error);
        if (status != GD_OK)
            break;
        status = read_events(connection, job, after, limit, &page, error);
        store_readers_give(handle->readers, connection);
        for (int64_t i = 0; i < page.count && status == GD_OK; i++) {
            after = page.events[i].sequence;
            status = visit(context, &page.events[i]);
        }
        limit -= page.count;
        is_last = page.count < PAGE_ROWS || limit <= 0;
        empty_events(&page);
    }
    return status;
}
