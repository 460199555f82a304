/*
 * predict_sparse.c: predictions of a model trained on sparse rows (LIBSVM): rows come as objects of
 * their non-zeros by index, or written out as arrays, and become a matrix of compressed rows.
 */
#include "api/cells.h"
#include "api/predict.h"
#include "api/reply.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sparse_entry {
    uint32_t index; /* from 0 */
    double value;
} sparse_entry;

typedef struct sparse_request {
    const json_reader *root;
    int64_t width;
    int64_t rows, count, capacity;
    int64_t *offsets; /* [rows + 1] */
    sparse_entry *entries;
    uint32_t *indices;
    double *values;
} sparse_request;

static void dispose(sparse_request *request)
{
    free(request->offsets);
    free(request->entries);
    free(request->indices);
    free(request->values);
}

static int64_t count_items(const cJSON *value)
{
    int64_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, value) count++;
    return count;
}

static void refuse(const sparse_request *request, const json_path *path, const char *code,
                   const char *text)
{
    json_faults_add(request->root->faults, path, code, NULL, "%s", text);
}

/* One number of a row; zeros are not kept. */
static void add_entry(sparse_request *request, const json_path *path, const cJSON *number,
                      int64_t index)
{
    if (!cJSON_IsNumber(number)) {
        refuse(request, path, JSON_CODE_WRONG_TYPE, "A number must stand here.");
    } else if (!(fabs(number->valuedouble) <= (double)GD_REAL_MAX)) {
        refuse(request, path, "out_of_range", "The value is beyond what " GD_REAL_DTYPE " holds.");
    } else if (number->valuedouble != 0) {
        request->entries[request->count++] = (sparse_entry){(uint32_t)index, number->valuedouble};
    }
}

/* Index, from 1, that a member's name is; 0 for another name. */
static int64_t read_index(const char *name, int64_t width)
{
    size_t length = strlen(name);
    if (length == 0 || length > 10 || strspn(name, "0123456789") != length || name[0] == '0')
        return 0;
    int64_t index = strtoll(name, NULL, 10);
    return index <= width ? index : 0;
}

static void read_object(sparse_request *request, const json_path *path, const cJSON *row)
{
    const cJSON *member;
    if (!cJSON_IsObject(row)) {
        refuse(request, path, JSON_CODE_WRONG_TYPE,
               "A sparse row must be an object of its non-zeros by index, as {\"3\": 1.5}.");
        return;
    }
    cJSON_ArrayForEach(member, row)
    {
        json_path at = json_path_member(path, member->string);
        int64_t index = read_index(member->string, request->width);
        if (index == 0)
            json_faults_add(request->root->faults, &at, "unknown_feature", NULL,
                            "Features are numbered 1 to %lld, as in the file trained on.",
                            (long long)request->width);
        else
            add_entry(request, &at, member, index - 1);
    }
}

static void read_array(sparse_request *request, const json_path *path, const cJSON *row)
{
    const cJSON *cell;
    int64_t index = 0;
    if (!cJSON_IsArray(row) || count_items(row) != request->width) {
        json_faults_add(request->root->faults, path,
                        cJSON_IsArray(row) ? "shape_mismatch" : JSON_CODE_WRONG_TYPE, NULL,
                        "A row must be an array of all %lld features; \"sparse\" takes the "
                        "non-zeros alone.",
                        (long long)request->width);
        return;
    }
    cJSON_ArrayForEach(cell, row)
    {
        json_path at = json_path_item(path, index);
        add_entry(request, &at, cell, index);
        index++;
    }
}

static int compare_entries(const void *a, const void *b)
{
    uint32_t first = ((const sparse_entry *)a)->index, second = ((const sparse_entry *)b)->index;
    return first < second ? -1 : first > second;
}

static gd_status allocate(sparse_request *request, const json_reader *array, int64_t rows)
{
    const cJSON *row;
    int64_t most = 0;
    cJSON_ArrayForEach(row, array->value) most += count_items(row);
    request->rows = rows;
    request->offsets = calloc((size_t)rows + 1, sizeof *request->offsets);
    request->entries = calloc((size_t)most + 1, sizeof *request->entries);
    request->indices = calloc((size_t)most + 1, sizeof *request->indices);
    request->values = calloc((size_t)most + 1, sizeof *request->values);
    return request->offsets == NULL || request->entries == NULL || request->indices == NULL ||
                   request->values == NULL
               ? GD_OUT_OF_MEMORY
               : GD_OK;
}

static gd_status read_rows(sparse_request *request, const char *key)
{
    json_reader array;
    size_t count;
    bool sparse = strcmp(key, "sparse") == 0;
    if (json_read_array(request->root, key, JSON_REQUIRED, 1, (size_t)UINT32_MAX, &array, &count) !=
        JSON_READ)
        return GD_OK;
    if (allocate(request, &array, (int64_t)count) != GD_OK)
        return GD_OUT_OF_MEMORY;
    int64_t index = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, array.value)
    {
        json_path path = json_path_item(&array.path, index++);
        int64_t first = request->count;
        if (sparse)
            read_object(request, &path, row);
        else
            read_array(request, &path, row);
        if (request->root->faults->total > JSON_FAULTS_KEPT)
            break;
        qsort(request->entries + first, (size_t)(request->count - first), sizeof *request->entries,
              compare_entries);
        request->offsets[index] = request->count;
    }
    for (int64_t i = 0; i < request->count; i++) {
        request->indices[i] = request->entries[i].index;
        request->values[i] = request->entries[i].value;
    }
    return GD_OK;
}

static gd_status read_request(sparse_request *request)
{
    static const char *const known[] = {"sparse", "rows", "which"};
    const json_reader *root = request->root;
    if (!cJSON_IsObject(root->value)) {
        refuse(request, &root->path, JSON_CODE_WRONG_TYPE,
               "The body must be an object with \"sparse\" or \"rows\".");
        return GD_OK;
    }
    json_refuse_unknown(root, known, 3);
    bool sparse = json_has(root, "sparse"), rows = json_has(root, "rows");
    if (sparse == rows) {
        json_faults_add(root->faults, &root->path, rows ? "conflict" : JSON_CODE_MISSING,
                        "{\"members\":[\"sparse\",\"rows\"]}",
                        "Give exactly one of \"sparse\" and \"rows\": the model was trained on "
                        "sparse rows.");
        return GD_OK;
    }
    return read_rows(request, sparse ? "sparse" : "rows");
}

void api_predict_sparse(const json_reader *root, const jobs_predictor *predictor,
                        http_response *response)
{
    gd_error error = {0};
    gd_real *outputs = NULL;
    sparse_request request = {.root = root,
                              .width = gd_preparation_sparse_width(predictor->preparation)};
    gd_status status = read_request(&request);
    if (status == GD_OK && root->faults->total == 0) {
        gd_sparse_matrix matrix = {.row_count = request.rows,
                                   .width = request.width,
                                   .non_zeros = request.count,
                                   .offsets = request.offsets,
                                   .indices = request.indices,
                                   .doubles = request.values};
        status = jobs_predictor_run_sparse(predictor, &matrix, &outputs, &error);
    }
    if (root->faults->total > 0)
        api_respond_faults(response, root->faults);
    else if (status != GD_OK)
        api_respond_status(response, status, &error);
    else
        api_respond_predictions(response, predictor, outputs, request.rows);
    free(outputs);
    dispose(&request);
}
