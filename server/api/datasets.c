/*
 * datasets.c: GET /v1/datasets, /{id}, /{id}/rows and DELETE.
 */
#include "api/dataset_view.h"
#include "api/handlers.h"
#include "api/reply.h"
#include "jobs/ingest.h"

#include <descent/sparse.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAXIMUM    10000
#define COLUMNS_MAXIMUM ((int64_t)1000)

void api_write_dataset(json_writer *writer, const store_dataset *dataset)
{
    json_writer_begin_object(writer);
    api_write_text(writer, "id", dataset->id);
    api_write_text(writer, "owner", dataset->owner);
    api_write_text(writer, "name", dataset->name);
    api_write_text(writer, "format", dataset->format);
    json_writer_key(writer, "rows");
    json_writer_int64(writer, dataset->rows);
    api_write_raw(writer, "columns", dataset->columns);
    json_writer_key(writer, "column_count");
    json_writer_int64(writer, dataset->column_count);
    api_write_raw(writer, "shape", dataset->shape);
    json_writer_key(writer, "bytes");
    json_writer_int64(writer, dataset->bytes);
    api_write_text(writer, "sha256", dataset->sha256);
    api_write_raw(writer, "warnings", dataset->warnings);
    api_write_time(writer, "created_at", dataset->created_at);
    json_writer_end_object(writer);
}

void api_list_datasets(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"limit", "cursor", "sha256", NULL};
    const api_context *own = context;
    const char *sha256 = http_request_query(request, "sha256");
    int64_t limit = API_LIMIT_DEFAULT, before, count = 0;
    store_dataset *datasets = NULL;
    gd_error error = {0};
    if (!api_check_query(request, response, known) ||
        !api_query_count(request, response, "limit", 1, API_LIMIT_MAXIMUM, &limit) ||
        !api_query_cursor(request, response, &before))
        return;
    if (sha256 != NULL && (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)) {
        api_refuse_query(response, "sha256", "it has 64 digits of 0 to 9 and a to f.");
        return;
    }
    gd_status status = store_dataset_list_of(jobs_service_store(own->jobs), api_seen_by(request),
                                             sha256, before, limit + 1, &datasets, &count, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    bool more = count > limit;
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    json_writer_key(writer, "datasets");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < count && i < limit; i++)
        api_write_dataset(writer, &datasets[i]);
    json_writer_end_array(writer);
    api_write_next(request, response, writer, more, more ? datasets[limit - 1].sequence : 0);
    json_writer_end_object(writer);
    store_dataset_list_dispose(datasets, count);
    api_respond_tagged_json(response, writer);
}

void api_get_dataset(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const char *id;
    store_dataset dataset;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    gd_status status = store_dataset_get(jobs_service_store(own->jobs), id, &dataset, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    api_write_dataset(writer, &dataset);
    store_dataset_dispose(&dataset);
    api_respond_tagged_json(response, writer);
}

static void write_cell(json_writer *writer, const gd_column *column, double cell)
{
    bool categorical = column->kind == GD_COLUMN_CATEGORICAL;
    if (isnan(cell) || (categorical && !(cell >= 0 && cell < (double)column->class_count)))
        json_writer_null(writer);
    else if (categorical)
        json_writer_string(writer, column->classes[(int64_t)cell]);
    else
        json_writer_double(writer, cell);
}

/* What of the row is not zero, by its index as the file has it; at most the first 1,000. */
static void write_sparse_row(json_writer *writer, const gd_sparse_matrix *matrix, int64_t row)
{
    int64_t begin = matrix->offsets[row], end = matrix->offsets[row + 1];
    char key[24];
    json_writer_begin_object(writer);
    if (begin < 0 || end > matrix->non_zeros) /* a damaged file */
        end = begin;
    for (int64_t i = begin; i < end && i - begin < COLUMNS_MAXIMUM; i++) {
        snprintf(key, sizeof key, "%lld", (long long)matrix->indices[i] + 1);
        json_writer_key(writer, key);
        json_writer_double(writer, gd_sparse_value(matrix, i));
    }
    json_writer_end_object(writer);
}

static void write_sparse_rows(json_writer *writer, const gd_sparse_matrix *matrix, int64_t offset,
                              int64_t limit)
{
    json_writer_key(writer, "features");
    json_writer_int64(writer, matrix->width);
    json_writer_key(writer, "non_zeros");
    json_writer_int64(writer, matrix->non_zeros);
    json_writer_key(writer, "sparse");
    json_writer_begin_array(writer);
    for (int64_t row = offset; row < matrix->row_count && row - offset < limit; row++)
        write_sparse_row(writer, matrix, row);
    json_writer_end_array(writer);
}

static void write_rows(json_writer *writer, const gd_frame *frame, int64_t offset, int64_t limit,
                       double *cells)
{
    int64_t columns = gd_frame_column_count(frame);
    int64_t shown = columns < COLUMNS_MAXIMUM ? columns : COLUMNS_MAXIMUM;
    json_writer_begin_object(writer);
    json_writer_key(writer, "columns");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < shown; i++)
        json_writer_string(writer, gd_frame_column(frame, i)->name);
    json_writer_end_array(writer);
    json_writer_key(writer, "offset");
    json_writer_int64(writer, offset);
    json_writer_key(writer, "total");
    json_writer_int64(writer, gd_frame_row_count(frame));
    json_writer_key(writer, "rows");
    json_writer_begin_array(writer);
    for (int64_t row = offset; row < gd_frame_row_count(frame) && row - offset < limit; row++) {
        gd_frame_read_row(frame, row, cells);
        json_writer_begin_array(writer);
        for (int64_t i = 0; i < shown; i++)
            write_cell(writer, gd_frame_column(frame, i), cells[i]);
        json_writer_end_array(writer);
    }
    json_writer_end_array(writer);
    if (gd_frame_sparse(frame) != NULL)
        write_sparse_rows(writer, gd_frame_sparse(frame), offset, limit);
    json_writer_end_object(writer);
}

void api_get_rows(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"offset", "limit", NULL};
    const api_context *own = context;
    const char *id;
    int64_t offset = 0, limit = API_LIMIT_DEFAULT;
    gd_frame *frame = NULL;
    gd_error error = {0};
    if (!api_check_query(request, response, known) || !api_read_id(request, response, &id) ||
        !api_query_count(request, response, "offset", 0, INT64_MAX / 2, &offset) ||
        !api_query_count(request, response, "limit", 1, ROWS_MAXIMUM, &limit))
        return;
    gd_status status =
        jobs_open_dataset(jobs_service_resources(own->jobs), id, &frame, NULL, &error);
    double *cells = NULL;
    if (status == GD_OK) {
        cells = calloc((size_t)gd_frame_column_count(frame), sizeof *cells);
        status = cells == NULL ? GD_OUT_OF_MEMORY : GD_OK;
    }
    if (status == GD_OK) {
        json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
        write_rows(writer, frame, offset, limit, cells);
        api_respond_tagged_json(response, writer);
    } else {
        api_respond_status(response, status, &error);
    }
    free(cells);
    gd_frame_destroy(frame);
}

void api_delete_dataset(void *context, const http_request *request, http_response *response)
{
    const api_context *own = context;
    const char *id;
    char *file = NULL;
    gd_error error = {0};
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    gd_status status = store_dataset_delete(jobs_service_store(own->jobs), id, &file, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    if (file != NULL)
        jobs_dataset_file_remove(own->data_directory, file);
    free(file);
    char text[64];
    snprintf(text, sizeof text, "dataset %.36s deleted", id);
    api_note(own, request, NULL, text);
    http_respond_empty(response, 204);
}
