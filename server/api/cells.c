/*
 * cells.c: see cells.h. A cell is read against its column: numbers for a numeric one, a known class
 * for a categorical one, null for missing in either.
 */
#include "api/cells.h"

#include "json/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_TOLD 64

/* What the array of cells is made of, row by row. */
typedef struct cell_table {
    const json_reader *root;
    const gd_preparation *preparation;
    int64_t columns;
    api_cells *cells;
} cell_table;

static int64_t find_class(const gd_column *column, const char *text)
{
    int64_t low = 0, high = column->class_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(column->classes[middle], text);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static void refuse_class(const json_reader *root, const json_path *path, const gd_column *column,
                         const char *text)
{
    size_t count =
        (size_t)(column->class_count < CLASSES_TOLD ? column->class_count : CLASSES_TOLD);
    const char *nearest = json_nearest_name(text, column->classes, count);
    json_faults_add(root->faults, path, "unknown_class", NULL,
                    "\"%.60s\" is no class of column \"%s\" that training has seen%s%s%s", text,
                    column->name, nearest != NULL ? "; did you mean \"" : "; one is \"",
                    nearest != NULL ? nearest : column->classes[0],
                    nearest != NULL ? "\"?" : "\".");
}

static void read_cell(const cell_table *table, const json_path *path, const cJSON *cell,
                      int64_t column_index, double *value)
{
    const gd_column *column = gd_preparation_column(table->preparation, column_index);
    *value = NAN;
    if (cJSON_IsNull(cell))
        return;
    if (column->kind == GD_COLUMN_NUMERIC && cJSON_IsNumber(cell)) {
        *value = cell->valuedouble;
    } else if (column->kind == GD_COLUMN_CATEGORICAL && cJSON_IsString(cell)) {
        int64_t index = find_class(column, cell->valuestring);
        if (!gd_preparation_has_seen(table->preparation, column_index, index))
            refuse_class(table->root, path, column, cell->valuestring);
        else
            *value = (double)index;
    } else {
        bool numeric = column->kind == GD_COLUMN_NUMERIC;
        json_faults_add(table->root->faults, path, JSON_CODE_WRONG_TYPE, NULL,
                        "Column \"%s\" takes a %s here, or null where it is missing.", column->name,
                        numeric ? "number" : "text");
    }
}

static bool allocate(const cell_table *table, const json_path *path, int64_t rows, bool *fits)
{
    *fits = rows <= API_PREDICT_MAXIMUM_CELLS / table->columns;
    if (!*fits) {
        json_faults_add(table->root->faults, path, "too_large", NULL,
                        "%lld rows of %lld columns are beyond the %lld cells of one request: send "
                        "fewer rows at a time.",
                        (long long)rows, (long long)table->columns,
                        (long long)API_PREDICT_MAXIMUM_CELLS);
        return true;
    }
    table->cells->values = calloc((size_t)(rows * table->columns), sizeof(double));
    table->cells->rows = rows;
    return table->cells->values != NULL;
}

static void read_row(const cell_table *table, const json_path *path, const cJSON *row, double *out)
{
    int64_t count = cJSON_IsArray(row) ? 0 : -1;
    const cJSON *cell;
    if (count == 0)
        cJSON_ArrayForEach(cell, row) count++;
    if (count != table->columns) {
        json_faults_add(
            table->root->faults, path, count < 0 ? JSON_CODE_WRONG_TYPE : "shape_mismatch", NULL,
            "A row must be an array of %lld cells, the feature columns in order "
            "(\"%s\" first)%s",
            (long long)table->columns, gd_preparation_column(table->preparation, 0)->name,
            count < 0 ? "." : "; this one has another number.");
        return;
    }
    int64_t column = 0;
    cJSON_ArrayForEach(cell, row)
    {
        json_path at = json_path_item(path, column);
        read_cell(table, &at, cell, column, &out[column]);
        column++;
    }
}

static gd_status read_rows(const cell_table *table)
{
    json_reader array;
    size_t count;
    bool fits;
    if (json_read_array(table->root, "rows", JSON_REQUIRED, 1, SIZE_MAX, &array, &count) !=
        JSON_READ)
        return GD_OK;
    if (!allocate(table, &array.path, (int64_t)count, &fits))
        return GD_OUT_OF_MEMORY;
    int64_t index = 0;
    const cJSON *row;
    if (!fits)
        return GD_OK;
    cJSON_ArrayForEach(row, array.value)
    {
        json_path path = json_path_item(&array.path, index);
        read_row(table, &path, row, table->cells->values + index * table->columns);
        if (table->root->faults->total > JSON_FAULTS_KEPT)
            break;
        index++;
    }
    return GD_OK;
}

/* Names of all columns, to refuse others with a hint; the array is the caller's to free. */
static const char **column_names(const cell_table *table)
{
    const char **names = calloc((size_t)table->columns, sizeof *names);
    for (int64_t i = 0; names != NULL && i < table->columns; i++)
        names[i] = gd_preparation_column(table->preparation, i)->name;
    return names;
}

static void read_column(const cell_table *table, const json_reader *object, int64_t column)
{
    json_reader array;
    size_t count;
    const char *name = gd_preparation_column(table->preparation, column)->name;
    if (json_read_array(object, name, JSON_REQUIRED, 0, SIZE_MAX, &array, &count) != JSON_READ)
        return;
    if ((int64_t)count != table->cells->rows) {
        json_faults_add(table->root->faults, &array.path, "shape_mismatch", NULL,
                        "Column \"%s\" has %zu cells where the first has %lld.", name, count,
                        (long long)table->cells->rows);
        return;
    }
    int64_t row = 0;
    const cJSON *cell;
    cJSON_ArrayForEach(cell, array.value)
    {
        json_path path = json_path_item(&array.path, row);
        read_cell(table, &path, cell, column, &table->cells->values[row * table->columns + column]);
        if (table->root->faults->total > JSON_FAULTS_KEPT)
            break;
        row++;
    }
}

static gd_status read_columns(const cell_table *table)
{
    json_reader object, first;
    size_t count = 0;
    bool fits;
    if (json_read_object(table->root, "columns", JSON_REQUIRED, &object) != JSON_READ)
        return GD_OK;
    const char **names = column_names(table);
    if (names == NULL)
        return GD_OUT_OF_MEMORY;
    json_refuse_unknown(&object, names, (size_t)table->columns);
    gd_status status = GD_OK;
    if (json_read_array(&object, names[0], JSON_REQUIRED, 1, SIZE_MAX, &first, &count) ==
        JSON_READ) {
        if (!allocate(table, &object.path, (int64_t)count, &fits))
            status = GD_OUT_OF_MEMORY;
        for (int64_t i = 0; status == GD_OK && fits && i < table->columns; i++)
            read_column(table, &object, i);
    }
    free(names);
    return status;
}

gd_status api_cells_read(const json_reader *root, const gd_preparation *preparation,
                         api_cells *cells)
{
    static const char *const known[] = {"rows", "columns", "which"};
    cell_table table = {root, preparation, gd_preparation_column_count(preparation), cells};
    if (!cJSON_IsObject(root->value)) {
        json_faults_add(root->faults, &root->path, JSON_CODE_WRONG_TYPE, NULL,
                        "The body must be an object with \"rows\" or \"columns\".");
        return GD_OK;
    }
    json_refuse_unknown(root, known, 3);
    bool rows = json_has(root, "rows"), columns = json_has(root, "columns");
    if (rows == columns) {
        json_faults_add(root->faults, &root->path, rows ? "conflict" : JSON_CODE_MISSING,
                        "{\"members\":[\"rows\",\"columns\"]}",
                        "Give exactly one of \"rows\" and \"columns\".");
        return GD_OK;
    }
    return rows ? read_rows(&table) : read_columns(&table);
}

bool api_cells_add_error(const json_reader *root, const gd_preparation *preparation,
                         const gd_error *error)
{
    char *end;
    if (strncmp(error->path, "rows/", 5) != 0)
        return false;
    int64_t row = strtoll(error->path + 5, &end, 10);
    int64_t column = *end == '/' ? strtoll(end + 1, NULL, 10) : -1;
    if (column < 0 || column >= gd_preparation_column_count(preparation))
        return false;
    bool by_row = json_has(root, "rows");
    json_path outer = json_path_member(&root->path, by_row ? "rows" : "columns");
    json_path middle =
        by_row ? json_path_item(&outer, row)
               : json_path_member(&outer, gd_preparation_column(preparation, column)->name);
    json_path cell = json_path_item(&middle, by_row ? column : row);
    json_faults_add(root->faults, &cell, gd_status_name(error->status), NULL, "%s", error->message);
    return true;
}

void api_cells_dispose(api_cells *cells)
{
    free(cells->values);
    *cells = (api_cells){0};
}
