/*
 * predict.c: POST /v1/jobs/{id}/predict: raw rows in, predictions out in the units and classes of the
 * target. Rows come as arrays in the order of the feature columns, or by column name. Of a series they
 * are its steps, and prediction i is for the step `horizon` behind the window that begins at row i.
 */
#include "api/predict.h"
#include "api/cells.h"
#include "api/handlers.h"
#include "api/reply.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void write_class(json_writer *writer, const gd_preparation *preparation, int64_t index)
{
    if (gd_preparation_class_is_number(preparation))
        json_writer_double(writer, gd_preparation_class_number(preparation, index));
    else
        json_writer_string(writer, gd_preparation_class_name(preparation, index));
}

/* Index of the class, or -1 where the outputs are not finite. */
static int64_t class_of(const gd_real *outputs, int64_t width)
{
    for (int64_t i = 0; i < width; i++)
        if (!isfinite(outputs[i]))
            return -1;
    return gd_class_of(outputs, width);
}

/* One output stands for the probability of the second of two classes. */
static void write_probabilities(json_writer *writer, const gd_real *outputs, int64_t width)
{
    json_writer_begin_array(writer);
    if (width == 1)
        json_writer_double(writer, 1 - (double)outputs[0]);
    for (int64_t i = 0; i < width; i++)
        json_writer_double(writer, (double)outputs[i]);
    json_writer_end_array(writer);
}

static void write_classified(json_writer *writer, const gd_preparation *preparation,
                             const gd_real *outputs, int64_t rows, int64_t width)
{
    json_writer_key(writer, "predictions");
    json_writer_begin_array(writer);
    for (int64_t row = 0; row < rows; row++) {
        int64_t index = class_of(outputs + row * width, width);
        if (index < 0)
            json_writer_null(writer);
        else
            write_class(writer, preparation, index);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "classes");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < gd_preparation_class_count(preparation); i++)
        write_class(writer, preparation, i);
    json_writer_end_array(writer);
    json_writer_key(writer, "probabilities");
    json_writer_begin_array(writer);
    for (int64_t row = 0; row < rows; row++)
        write_probabilities(writer, outputs + row * width, width);
    json_writer_end_array(writer);
}

/* One number a row, or one array where there are several targets. */
static void write_values(json_writer *writer, const gd_preparation *preparation,
                         const gd_real *outputs, int64_t rows, int64_t width, double *values)
{
    json_writer_key(writer, "predictions");
    json_writer_begin_array(writer);
    for (int64_t row = 0; row < rows; row++) {
        gd_preparation_restore(preparation, outputs + row * width, values);
        if (width == 1 && gd_preparation_task(preparation) == GD_TASK_REGRESSION)
            json_writer_double(writer, values[0]);
        else
            json_writer_doubles(writer, values, (size_t)width);
    }
    json_writer_end_array(writer);
}

/* The row of the request, from 0, that the first prediction is for; it may lie behind the last one. */
static void write_window(json_writer *writer, const gd_window *window)
{
    json_writer_key(writer, "window");
    json_writer_begin_object(writer);
    json_writer_key(writer, "length");
    json_writer_int64(writer, window->length);
    json_writer_key(writer, "horizon");
    json_writer_int64(writer, window->horizon);
    json_writer_key(writer, "first_row");
    json_writer_int64(writer, window->length - 1 + window->horizon);
    json_writer_end_object(writer);
}

void api_respond_predictions(http_response *response, const jobs_predictor *predictor,
                             const gd_real *outputs, int64_t rows)
{
    const gd_preparation *preparation = predictor->preparation;
    int64_t width = jobs_predictor_width(predictor);
    double *values = calloc((size_t)width, sizeof *values);
    if (values == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    if (gd_preparation_task(preparation) == GD_TASK_CLASSIFICATION)
        write_classified(writer, preparation, outputs, rows, width);
    else
        write_values(writer, preparation, outputs, rows, width, values);
    if (predictor->spec->data.window.length > 0)
        write_window(writer, &predictor->spec->data.window);
    json_writer_key(writer, "step");
    json_writer_int64(writer, predictor->step);
    json_writer_end_object(writer);
    free(values);
    api_respond_json(response, 200, writer);
}

/* A series needs at least one whole window. */
static void check_rows(const json_reader *root, const jobs_predictor *predictor,
                       const api_cells *cells)
{
    int64_t length = predictor->spec->data.window.length;
    if (root->faults->total > 0 || cells->rows >= length)
        return;
    json_path path = json_path_member(&root->path, json_has(root, "rows") ? "rows" : "columns");
    json_faults_add(root->faults, &path, "too_short", NULL,
                    "The model reads windows of %lld rows; here are %lld.", (long long)length,
                    (long long)cells->rows);
}

static void predict_rows(const json_reader *root, const jobs_predictor *predictor,
                         http_response *response)
{
    gd_error error = {0};
    api_cells cells = {0};
    gd_real *outputs = NULL;
    int64_t count = 0;
    gd_status status = api_cells_read(root, predictor->preparation, &cells);
    if (status == GD_OK)
        check_rows(root, predictor, &cells);
    if (status == GD_OK && root->faults->total == 0)
        status = jobs_predictor_run(predictor, cells.values, cells.rows, &outputs, &count, &error);
    if (status == GD_INVALID_DATA)
        (void)api_cells_add_error(root, predictor->preparation, &error);
    if (root->faults->total > 0)
        api_respond_faults(response, root->faults);
    else if (status != GD_OK)
        api_respond_status(response, status, &error);
    else
        api_respond_predictions(response, predictor, outputs, count);
    free(outputs);
    api_cells_dispose(&cells);
}

/* Numbers of a formula, to the last bit; null where it has no value. */
static void respond_formula(http_response *response, const jobs_predictor *predictor,
                            const double *values, int64_t rows)
{
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    json_writer_key(writer, "predictions");
    json_writer_begin_array(writer);
    for (int64_t row = 0; row < rows; row++)
        json_writer_double(writer, values[row]);
    json_writer_end_array(writer);
    json_writer_key(writer, "step");
    json_writer_int64(writer, predictor->step);
    json_writer_end_object(writer);
    api_respond_json(response, 200, writer);
}

static void predict_formula(const json_reader *root, const jobs_predictor *predictor,
                            http_response *response)
{
    gd_error error = {0};
    api_cells cells = {0};
    double *values = NULL;
    if (predictor->preparation == NULL) {
        http_respond_problem(response, 409, "conflict", NULL,
                             "The formula was minimised without data: it has no columns to predict "
                             "from. Its parameters are at /parameters.");
        return;
    }
    gd_status status = api_cells_read(root, predictor->preparation, &cells);
    if (status == GD_OK && root->faults->total == 0)
        status = jobs_predictor_run_formula(predictor, cells.values, cells.rows, &values, &error);
    if (status == GD_INVALID_DATA)
        (void)api_cells_add_error(root, predictor->preparation, &error);
    if (root->faults->total > 0)
        api_respond_faults(response, root->faults);
    else if (status != GD_OK)
        api_respond_status(response, status, &error);
    else
        respond_formula(response, predictor, values, cells.rows);
    free(values);
    api_cells_dispose(&cells);
}

static void predict(const api_context *context, const char *id, const cJSON *document,
                    http_response *response)
{
    static const char *const words[] = {"final", "best"};
    json_faults faults = {0};
    json_reader root = json_reader_root(document, &faults);
    size_t which = 0;
    jobs_predictor *predictor = NULL;
    gd_error error = {0};
    (void)json_read_choice(&root, "which", JSON_OPTIONAL, words, 2, &which);
    gd_status status = jobs_predictor_open(&predictor, context->jobs, id, words[which], &error);
    if (status != GD_OK && faults.total > 0)
        api_respond_faults(response, &faults);
    else if (status != GD_OK)
        api_respond_status(response, status, &error);
    else if (jobs_predictor_is_formula(predictor))
        predict_formula(&root, predictor, response);
    else if (gd_preparation_has_symbols(predictor->preparation))
        api_predict_text(&root, predictor, response);
    else if (gd_preparation_sparse_width(predictor->preparation) > 0)
        api_predict_sparse(&root, predictor, response);
    else
        predict_rows(&root, predictor, response);
    jobs_predictor_destroy(predictor);
    json_faults_dispose(&faults);
}

void api_predict(void *context, const http_request *request, http_response *response)
{
    const char *id;
    if (!api_check_query(request, response, NULL) || !api_read_id(request, response, &id))
        return;
    cJSON *document = api_read_body(request, response);
    if (document != NULL)
        predict(context, id, document, response);
    cJSON_Delete(document);
}
