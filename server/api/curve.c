/*
 * curve.c: GET /v1/jobs/{id}/curve: the loss curves, columnar, as JSON or CSV. Stored chunks come
 * first, then what a running job still holds in memory; the two meet at a sequence number, so no
 * point is missed or given twice.
 */
#include "api/curve_query.h"
#include "api/handlers.h"
#include "api/job_view.h"
#include "jobs/thin.h"
#include "json/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gd_status take_chunk(void *context, const store_chunk *chunk)
{
    jobs_curve *curve = context;
    int64_t first = chunk->index * STORE_CHUNK_POINTS + 1;
    if (curve->count > 0 && first <= curve->first_sequence + curve->count - 1)
        return GD_OK;
    return jobs_curve_decode(curve, first, chunk->bytes, chunk->length);
}

/* The points with sequence > after and steps in the window, in *curve. */
static gd_status collect(const api_context *context, const store_job *job,
                         const api_curve_query *query, jobs_curve *curve, gd_error *error)
{
    jobs_curve fresh = {0};
    gd_status live_status;
    /* Memory first: a point that is stored meanwhile is then in both, never in neither. */
    bool live = jobs_live_read_curve(jobs_service_live(context->jobs), job->id, query->after,
                                     &fresh, &live_status);
    gd_status status = live ? live_status : GD_OK;
    if (status == GD_OK)
        status = store_curve_read(jobs_service_store(context->jobs), job->id, query->after,
                                  query->from_step, query->to_step, take_chunk, curve, error);
    if (status == GD_OK && fresh.count > 0) {
        int64_t known =
            curve->count > 0 ? curve->first_sequence + curve->count - 1 : fresh.first_sequence - 1;
        int64_t skip = known + 1 - fresh.first_sequence;
        if (curve->count == 0)
            jobs_curve_dispose(curve);
        if (skip >= 0 && skip <= fresh.count)
            status = jobs_curve_copy(&fresh, skip, fresh.count - skip, curve);
    }
    jobs_curve_dispose(&fresh);
    return status;
}

/* Cuts what a chunk brought beyond the window: points up to `after`, steps outside. */
static void cut(jobs_curve *curve, const api_curve_query *query)
{
    int64_t first = 0, last = curve->count;
    const double *steps = curve->count > 0 ? curve->columns[JOBS_SERIES_STEP] : NULL;
    while (first < last && (curve->first_sequence + first <= query->after ||
                            steps[first] < (double)query->from_step))
        first++;
    while (last > first && steps[last - 1] > (double)query->to_step)
        last--;
    curve->count = last;
    jobs_curve_drop(curve, first);
}

/* Whether a series has a value at a point; those of measured sizes say so themselves. */
static bool has_value(const jobs_curve *curve, int64_t series, int64_t at)
{
    if (series == JOBS_SERIES_VALIDATION_LOSS)
        return curve->validated[at];
    bool measured = series == JOBS_SERIES_UPDATE_RATIO || series >= JOBS_SERIES_FIXED;
    return !measured || curve->columns[series][at] != GD_NOT_MEASURED;
}

/* One column of the reply: a fixed series, a layer's gradient norm, or the sequence numbers. */
static void write_column(json_writer *writer, const api_curve_column *column,
                         const jobs_curve *curve, const bool *keep)
{
    json_writer_key(writer, column->name);
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < curve->count; i++) {
        if (!keep[i])
            continue;
        if (column->series < 0)
            json_writer_int64(writer, curve->first_sequence + i);
        else if (column->series == JOBS_SERIES_STEP)
            json_writer_int64(writer, (int64_t)curve->columns[column->series][i]);
        else if (!has_value(curve, column->series, i))
            json_writer_null(writer);
        else
            json_writer_double(writer, curve->columns[column->series][i]);
    }
    json_writer_end_array(writer);
}

static const char *nonfinite_name(double value)
{
    return isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

static void write_nonfinite(json_writer *writer, const api_curve_columns *columns,
                            const jobs_curve *curve, const bool *keep)
{
    json_writer_key(writer, "nonfinite");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < curve->count; i++) {
        for (int64_t j = 0; keep[i] && j < columns->count; j++) {
            int64_t series = columns->columns[j].series;
            if (series < 0 || isfinite(curve->columns[series][i]))
                continue;
            json_writer_begin_object(writer);
            json_writer_key(writer, "step");
            json_writer_int64(writer, (int64_t)curve->columns[JOBS_SERIES_STEP][i]);
            api_write_text(writer, "series", columns->columns[j].name);
            api_write_text(writer, "value", nonfinite_name(curve->columns[series][i]));
            json_writer_end_object(writer);
        }
    }
    json_writer_end_array(writer);
}

static json_writer *render_json(const store_job *job, const api_curve_query *query,
                                const api_curve_columns *columns, const jobs_curve *curve,
                                const bool *keep, int64_t kept)
{
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    int64_t last = curve->count > 0 ? curve->first_sequence + curve->count - 1 : query->after;
    json_writer_begin_object(writer);
    api_write_text(writer, "job", job->id);
    json_writer_key(writer, "last_seq");
    json_writer_int64(writer, last);
    json_writer_key(writer, "complete");
    /* The row was read first: of a job that had ended by then nothing more will come. */
    json_writer_boolean(writer, store_job_status_is_terminal(job->status));
    json_writer_key(writer, "sampling");
    json_writer_begin_object(writer);
    api_write_text(writer, "method", kept < curve->count ? "min_max" : "none");
    json_writer_key(writer, "points");
    json_writer_int64(writer, kept);
    json_writer_key(writer, "of");
    json_writer_int64(writer, curve->count);
    json_writer_end_object(writer);
    json_writer_key(writer, "series");
    json_writer_begin_object(writer);
    for (int64_t i = 0; i < columns->count; i++)
        write_column(writer, &columns->columns[i], curve, keep);
    json_writer_end_object(writer);
    write_nonfinite(writer, columns, curve, keep);
    json_writer_end_object(writer);
    return writer;
}

/* RFC 4180: a header line, then a line a point; a series without a value leaves its field empty. */
static void respond_csv(http_response *response, const api_curve_columns *columns,
                        const jobs_curve *curve, const bool *keep)
{
    gd_buffer text;
    gd_buffer_init(&text, API_REPLY_MAXIMUM);
    for (int64_t j = 0; j < columns->count; j++) {
        gd_buffer_append(&text, j == 0 ? "" : ",", j == 0 ? 0 : 1);
        gd_buffer_append(&text, columns->columns[j].name, strlen(columns->columns[j].name));
    }
    gd_buffer_append(&text, "\r\n", 2);
    for (int64_t i = 0; i < curve->count; i++) {
        for (int64_t j = 0; keep[i] && j < columns->count; j++) {
            char number[JSON_NUMBER_CAPACITY];
            int64_t series = columns->columns[j].series;
            size_t length = 0;
            if (series < 0)
                length = json_format_int64(curve->first_sequence + i, number);
            else if (has_value(curve, series, i)) {
                double value = curve->columns[series][i];
                length = isfinite(value)
                             ? json_format_double(value, number)
                             : (size_t)snprintf(number, sizeof number, "%s", nonfinite_name(value));
            }
            gd_buffer_append(&text, ",", j == 0 ? 0 : 1);
            gd_buffer_append(&text, number, length);
        }
        if (keep[i])
            gd_buffer_append(&text, "\r\n", 2);
    }
    if (text.status != GD_OK) {
        gd_buffer_dispose(&text);
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    http_respond_header(response, "Content-Disposition", "attachment; filename=\"curve.csv\"");
    http_respond_owned(response, 200, "text/csv; charset=utf-8; header=present", text.bytes,
                       text.length);
}

static void respond_curve(const api_context *context, const http_request *request,
                          http_response *response, const store_job *job)
{
    api_curve_query query;
    api_curve_columns columns = {0};
    jobs_curve curve = {0};
    gd_error error = {0};
    if (!api_curve_query_read(request, response, &query))
        return;
    api_live_view view = api_look_live(context, job);
    char etag[API_ETAG_SIZE];
    bool ended = store_job_status_is_terminal(job->status);
    snprintf(etag, sizeof etag, "%s\"c%lld-%d%s\"", ended ? "" : "W/",
             (long long)view.progress.points, (int)job->status, query.csv ? "-csv" : "");
    api_respond_result_caching(response, job);
    if (http_not_modified(request, etag)) {
        http_respond_not_modified(response, etag);
        return;
    }
    gd_status status = collect(context, job, &query, &curve, &error);
    bool *keep = NULL;
    if (status == GD_OK) {
        cut(&curve, &query);
        keep = calloc((size_t)curve.count + 1, sizeof *keep);
        status = keep == NULL ? GD_OUT_OF_MEMORY
                              : api_curve_columns_choose(&columns, &query, job, response);
    }
    if (status == GD_OK) {
        int64_t kept = jobs_curve_thin(&curve, query.max_points, keep);
        http_respond_etag(response, etag);
        if (query.csv)
            respond_csv(response, &columns, &curve, keep);
        else
            api_respond_json(response, 200, render_json(job, &query, &columns, &curve, keep, kept));
    } else if (status != GD_INVALID_ARGUMENT) { /* then the choice has answered */
        api_respond_status(response, status, &error);
    }
    free(keep);
    jobs_curve_dispose(&curve);
}

void api_get_curve(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const char *id;
    store_job job;
    gd_error error = {0};
    if (!api_read_id(request, response, &id))
        return;
    gd_status status = store_job_get(jobs_service_store(own->jobs), id, true, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    respond_curve(own, request, response, &job);
    store_job_dispose(&job);
}
