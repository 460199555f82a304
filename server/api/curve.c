/*
 * curve.c: GET /v1/jobs/{id}/curve: the loss curves, columnar, as JSON or CSV. Stored chunks come
 * first, then what a running job still holds in memory; the two meet at a sequence number, so no
 * point is missed or given twice.
 */
#include "api/curve_query.h"
#include "api/handlers.h"
#include "api/job_view.h"
#include "api/reply_cache.h"
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
    jobs_curve fresh = {.wanted = curve->wanted};
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
        if (curve->count == 0 && skip == 0) {
            jobs_curve_dispose(curve);
            *curve = fresh;
            return GD_OK;
        }
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
static bool has_value(const jobs_curve *curve, const api_curve_column *column, int64_t at)
{
    int64_t series = column->series;
    if (series == JOBS_SERIES_VALIDATION_LOSS)
        return curve->validated[at];
    bool measured =
        !column->is_value && (series == JOBS_SERIES_UPDATE_RATIO || series >= JOBS_SERIES_FIXED);
    return !measured || curve->columns[series][at] != GD_NOT_MEASURED;
}

/* The points that are given, of those in the window. */
typedef struct api_shown_curve {
    const jobs_curve *curve;
    int64_t *positions; /* [count], rising */
    int64_t count;
} api_shown_curve;

/* One column of the reply: a fixed series, a layer's gradient norm, or the sequence numbers.
 * Whether all its numbers are finite. */
static bool write_column(json_writer *writer, const api_curve_column *column,
                         const api_shown_curve *shown)
{
    const jobs_curve *curve = shown->curve;
    /* A curve without points has no columns. */
    const double *values =
        column->series >= 0 && curve->count > 0 ? curve->columns[column->series] : NULL;
    bool finite = true;
    json_writer_key(writer, column->name);
    json_writer_begin_array(writer);
    for (int64_t j = 0; j < shown->count; j++) {
        int64_t i = shown->positions[j];
        if (values == NULL)
            json_writer_int64(writer, curve->first_sequence + i);
        else if (column->series == JOBS_SERIES_STEP)
            json_writer_int64(writer, (int64_t)values[i]);
        else if (!has_value(curve, column, i))
            json_writer_null(writer);
        else
            json_writer_double(writer, values[i]);
        finite = finite && (values == NULL || isfinite(values[i]));
    }
    json_writer_end_array(writer);
    return finite;
}

static const char *nonfinite_name(double value)
{
    return isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

static void write_nonfinite(json_writer *writer, const api_curve_columns *columns,
                            const api_shown_curve *shown, bool none)
{
    const jobs_curve *curve = shown->curve;
    json_writer_key(writer, "nonfinite");
    json_writer_begin_array(writer);
    for (int64_t at = 0; !none && at < shown->count; at++) {
        int64_t i = shown->positions[at];
        for (int64_t j = 0; j < columns->count; j++) {
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
                                const api_curve_columns *columns, const api_shown_curve *shown)
{
    const jobs_curve *curve = shown->curve;
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
    api_write_text(writer, "method", shown->count < curve->count ? "min_max" : "none");
    json_writer_key(writer, "points");
    json_writer_int64(writer, shown->count);
    json_writer_key(writer, "of");
    json_writer_int64(writer, curve->count);
    json_writer_end_object(writer);
    json_writer_key(writer, "series");
    json_writer_begin_object(writer);
    bool finite = true;
    for (int64_t i = 0; i < columns->count; i++)
        finite = write_column(writer, &columns->columns[i], shown) && finite;
    json_writer_end_object(writer);
    write_nonfinite(writer, columns, shown, finite);
    json_writer_end_object(writer);
    return writer;
}

/* RFC 4180: a header line, then a line a point; a series without a value leaves its field empty. */
static void respond_csv(http_response *response, const api_curve_columns *columns,
                        const api_shown_curve *shown)
{
    const jobs_curve *curve = shown->curve;
    gd_buffer text;
    gd_buffer_init(&text, API_REPLY_MAXIMUM);
    for (int64_t j = 0; j < columns->count; j++) {
        gd_buffer_append(&text, j == 0 ? "" : ",", j == 0 ? 0 : 1);
        gd_buffer_append(&text, columns->columns[j].name, strlen(columns->columns[j].name));
    }
    gd_buffer_append(&text, "\r\n", 2);
    for (int64_t at = 0; at < shown->count; at++) {
        int64_t i = shown->positions[at];
        for (int64_t j = 0; j < columns->count; j++) {
            char number[JSON_NUMBER_CAPACITY];
            int64_t series = columns->columns[j].series;
            size_t length = 0;
            if (series < 0)
                length = json_format_int64(curve->first_sequence + i, number);
            else if (has_value(curve, &columns->columns[j], i)) {
                double value = curve->columns[series][i];
                length = isfinite(value)
                             ? json_format_double(value, number)
                             : (size_t)snprintf(number, sizeof number, "%s", nonfinite_name(value));
            }
            gd_buffer_append(&text, ",", j == 0 ? 0 : 1);
            gd_buffer_append(&text, number, length);
        }
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

/* What of the curve is to be read: the columns asked for, and what thinning looks at. */
static void want_series(const api_curve_columns *columns, bool wanted[JOBS_CURVE_MAXIMUM_SERIES])
{
    memset(wanted, 0, JOBS_CURVE_MAXIMUM_SERIES * sizeof *wanted);
    wanted[JOBS_SERIES_STEP] = true;
    wanted[JOBS_SERIES_LOSS] = true;
    wanted[JOBS_SERIES_VALIDATION_LOSS] = true;
    for (int64_t i = 0; i < columns->count; i++)
        if (columns->columns[i].series >= 0)
            wanted[columns->columns[i].series] = true;
}

/* Thinned to what was asked for; the positions are the caller's to free. */
static gd_status choose_points(const jobs_curve *curve, int64_t maximum, api_shown_curve *shown)
{
    *shown = (api_shown_curve){.curve = curve};
    bool *keep = calloc((size_t)curve->count + 1, sizeof *keep);
    if (keep == NULL)
        return GD_OUT_OF_MEMORY;
    int64_t kept = jobs_curve_thin(curve, maximum, keep);
    shown->positions = malloc((size_t)(kept + 1) * sizeof *shown->positions);
    for (int64_t i = 0; shown->positions != NULL && i < curve->count; i++)
        if (keep[i])
            shown->positions[shown->count++] = i;
    free(keep);
    return shown->positions != NULL ? GD_OK : GD_OUT_OF_MEMORY;
}

/* The text of a reply that will be given again as it is: that of a job which has ended. */
static void give_kept_json(const api_context *context, http_response *response, const char *key,
                           json_writer *writer)
{
    size_t length;
    char *text = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    if (text == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    api_reply_cache_keep(context->reply_cache, key, text, length);
    http_respond_owned(response, 200, "application/json", text, length);
}

/* Everything that decides the text; false where it is not to be kept. */
static bool write_key(const store_job *job, const api_curve_query *query, const char *etag,
                      char key[API_REPLY_CACHE_KEY])
{
    int length =
        snprintf(key, API_REPLY_CACHE_KEY, "curve %s %s %lld %lld %lld %lld%s%s", job->id, etag,
                 (long long)query->after, (long long)query->max_points, (long long)query->from_step,
                 (long long)query->to_step, query->series != NULL ? " " : "",
                 query->series != NULL ? query->series : "");
    return store_job_status_is_terminal(job->status) && !query->csv && length > 0 &&
           length < API_REPLY_CACHE_KEY;
}

/* True where the reply was made before. */
static bool give_again(const api_context *context, http_response *response, const char *key,
                       const char *etag)
{
    size_t length;
    char *text = api_reply_cache_find(context->reply_cache, key, &length);
    if (text == NULL)
        return false;
    http_respond_etag(response, etag);
    http_respond_owned(response, 200, "application/json", text, length);
    return true;
}

static void give_curve(const api_context *context, http_response *response, const store_job *job,
                       const api_curve_query *query, int64_t points, const char *etag)
{
    api_curve_columns columns = {.count = 0};
    bool wanted[JOBS_CURVE_MAXIMUM_SERIES];
    gd_error error = {0};
    api_shown_curve shown = {0};
    char key[API_REPLY_CACHE_KEY];
    bool is_kept = write_key(job, query, etag, key);
    if (is_kept && give_again(context, response, key, etag))
        return;
    if (api_curve_columns_choose(&columns, query, job, response) != GD_OK)
        return;
    want_series(&columns, wanted);
    jobs_curve curve = {.wanted = wanted, .expected = points - query->after};
    gd_status status = collect(context, job, query, &curve, &error);
    if (status == GD_OK) {
        cut(&curve, query);
        status = choose_points(&curve, query->max_points, &shown);
    }
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
    } else {
        http_respond_etag(response, etag);
        if (query->csv)
            respond_csv(response, &columns, &shown);
        else if (is_kept)
            give_kept_json(context, response, key, render_json(job, query, &columns, &shown));
        else
            api_respond_json(response, 200, render_json(job, query, &columns, &shown));
    }
    free(shown.positions);
    jobs_curve_dispose(&curve);
}

static void respond_curve(const api_context *context, const http_request *request,
                          http_response *response, const store_job *job)
{
    api_curve_query query;
    if (!api_curve_query_read(request, response, &query))
        return;
    api_live_view view = api_look_live(context, job);
    char etag[API_ETAG_SIZE];
    bool ended = store_job_status_is_terminal(job->status);
    snprintf(etag, sizeof etag, "%s\"c%lld-%d%s\"", ended ? "" : "W/",
             (long long)view.progress.points, (int)job->status, query.csv ? "-csv" : "");
    api_respond_result_caching(response, job);
    if (http_not_modified(request, etag))
        http_respond_not_modified(response, etag);
    else
        give_curve(context, response, job, &query, view.progress.points, etag);
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
