/*
 * inline.c: data written into the spec itself, {"columns": […], "rows": [[…], …]}, into a frame. All
 * cells of a column must be numbers, or all texts; null is a missing cell. Each fault points at its
 * row or cell; reading stops at the limit of faults, not at the first.
 */
#include "spec/parts.h"

#include <stdlib.h>
#include <string.h>

/* Cells whose rows are right so far; a builder that failed is left alone. */
typedef struct inline_reading {
    const json_reader *rows;
    gd_frame_builder *builder;
    int64_t columns;
    int64_t row;
    gd_error error; /* of the last cell that was refused */
} inline_reading;

static void read_cell(inline_reading *reading, const json_path *row_path, const cJSON *cell,
                      int64_t column)
{
    gd_error *error = &reading->error;
    gd_status status;
    json_path path = json_path_item(row_path, column);
    if (cJSON_IsNumber(cell)) {
        status = gd_frame_builder_number(reading->builder, cell->valuedouble, error);
    } else if (cJSON_IsString(cell)) {
        status = gd_frame_builder_text(reading->builder, cell->valuestring, error);
    } else if (cJSON_IsNull(cell)) {
        status = gd_frame_builder_missing(reading->builder, error);
    } else {
        json_faults_add(reading->rows->faults, &path, JSON_CODE_WRONG_TYPE,
                        "{\"type\":[\"number\",\"string\",\"null\"]}",
                        "A cell must be a number, a text or null for a missing value.");
        status = gd_frame_builder_missing(reading->builder, error);
    }
    if (status == GD_OK)
        return;
    json_faults_add(reading->rows->faults, &path, gd_status_name(status), NULL, "%s",
                    error->message);
    if (status == GD_OUT_OF_MEMORY)
        return;
    /* The builder takes nothing on a refusal: keep the row whole for those that follow. */
    (void)gd_frame_builder_missing(reading->builder, NULL);
}

static void read_row(inline_reading *reading, const cJSON *row)
{
    json_path path = json_path_item(&reading->rows->path, reading->row);
    if (!cJSON_IsArray(row)) {
        json_faults_add(reading->rows->faults, &path, JSON_CODE_WRONG_TYPE, "{\"type\":\"array\"}",
                        "A row must be an array of %lld cells.", (long long)reading->columns);
        return;
    }
    int64_t count = 0;
    const cJSON *cell;
    cJSON_ArrayForEach(cell, row) count++;
    if (count != reading->columns) {
        json_faults_add(reading->rows->faults, &path, "shape_mismatch", NULL,
                        "Row %lld has %lld cells where there are %lld columns: every row needs one "
                        "cell a column.",
                        (long long)reading->row, (long long)count, (long long)reading->columns);
        return;
    }
    int64_t column = 0;
    cJSON_ArrayForEach(cell, row) read_cell(reading, &path, cell, column++);
}

/* NULL, with faults added, where the names cannot be used. */
static const char **read_names(const json_reader *value, int64_t *count)
{
    json_reader array;
    size_t length;
    if (json_read_array(value, "columns", JSON_REQUIRED, 1, (size_t)GD_FRAME_MAXIMUM_COLUMNS,
                        &array, &length) != JSON_READ)
        return NULL;
    const char **names = calloc(length, sizeof *names);
    if (names == NULL) {
        json_faults_add(value->faults, &array.path, JSON_CODE_OUT_OF_MEMORY, NULL,
                        "There is not enough memory to read the columns.");
        return NULL;
    }
    bool whole = true;
    int64_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array.value)
    {
        json_reader reader = json_reader_item(&array, item, index);
        whole = json_read_string(&reader, NULL, JSON_REQUIRED, 1, GD_FRAME_MAXIMUM_NAME / 4,
                                 &names[index]) == JSON_READ &&
                whole;
        index++;
    }
    if (!whole) {
        free(names);
        return NULL;
    }
    *count = index;
    return names;
}

static bool count_rows(const json_reader *rows, int64_t columns, int64_t *count)
{
    int64_t total = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows->value) total++;
    if (total > SPEC_MAXIMUM_CELLS / columns) {
        json_faults_add(rows->faults, &rows->path, "too_large", NULL,
                        "%lld rows of %lld columns are beyond the %lld cells that inline data may "
                        "have: upload a dataset instead (POST /v1/datasets).",
                        (long long)total, (long long)columns, (long long)SPEC_MAXIMUM_CELLS);
        return false;
    }
    *count = total;
    return true;
}

static void build(const json_reader *value, const json_reader *rows, const char *const *names,
                  int64_t columns, gd_frame **frame)
{
    gd_error error = {0};
    size_t faults_before = value->faults->total;
    inline_reading reading = {.rows = rows, .columns = columns};
    gd_status status = gd_frame_builder_create(&reading.builder, names, columns, &error);
    if (status != GD_OK) {
        spec_add_error(value, &error);
        return;
    }
    const cJSON *row;
    cJSON_ArrayForEach(row, rows->value)
    {
        read_row(&reading, row);
        reading.row++;
        if (value->faults->total - faults_before > JSON_FAULTS_KEPT)
            break;
    }
    if (value->faults->total == faults_before) {
        status = gd_frame_builder_finish(reading.builder, frame, &error);
        if (status != GD_OK)
            spec_add_error(value, &error);
    }
    gd_frame_builder_destroy(reading.builder);
}

void spec_read_inline(const json_reader *value, gd_frame **frame)
{
    spec_names allowed = {{"columns", "rows"}, 2};
    spec_refuse_members(value, &allowed, NULL);
    int64_t columns = 0, count = 0;
    const char **names = read_names(value, &columns);
    json_reader rows;
    json_read_result read = json_read_array(value, "rows", JSON_REQUIRED, 1, SIZE_MAX, &rows, NULL);
    if (names != NULL && read == JSON_READ && count_rows(&rows, columns, &count))
        build(value, &rows, names, columns, frame);
    free(names);
}
