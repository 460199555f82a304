/*
 * frame_builder.c: a frame in memory, cell by cell. See frame.h.
 *
 * Cells are kept as they come; a text is kept as its number in the column's index until finish sorts
 * the classes and renumbers. After a refused cell the builder is as it was before.
 */
#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum cell_kind {
    KIND_UNKNOWN, /* nothing but missing cells so far */
    KIND_NUMBER,
    KIND_TEXT
} cell_kind;

struct gd_frame_builder {
    int64_t column_count;
    gdi_text_index *names;
    cell_kind *kinds;       /* [column_count] */
    gdi_text_index **texts; /* [column_count], NULL until the first text */
    double *cells;
    size_t count, capacity;
    int64_t row, column; /* of the next cell */
};

static gd_status add_name(gdi_text_index *names, const char *name, int64_t position,
                          gd_error *error)
{
    char path[48];
    (void)snprintf(path, sizeof path, "columns/%lld", (long long)position);
    size_t length = strlen(name);
    if (length == 0 || length > GD_FRAME_MAXIMUM_NAME || !gdi_text_is_clean(name, length)) {
        return gd_fail(error, GD_INVALID_DATA, path,
                       "a column's name is 1 to %d bytes of UTF-8 without control characters",
                       GD_FRAME_MAXIMUM_NAME);
    }
    int64_t number = gdi_text_index_add(names, name, length, GD_FRAME_MAXIMUM_COLUMNS);
    if (number == -1) {
        return gdi_fail_memory(error);
    }
    if (number != position) {
        return gd_fail(error, GD_INVALID_DATA, path, "two columns are named '%s'", name);
    }
    return GD_OK;
}

gd_status gd_frame_builder_create(gd_frame_builder **builder, const char *const *names,
                                  int64_t column_count, gd_error *error)
{
    *builder = NULL;
    if (column_count < 1) {
        return gd_fail(error, GD_INVALID_DATA, "columns", "there must be at least one column");
    }
    if (column_count > GD_FRAME_MAXIMUM_COLUMNS) {
        return gd_fail(error, GD_TOO_LARGE, "columns", "%lld columns are more than the limit %lld",
                       (long long)column_count, (long long)GD_FRAME_MAXIMUM_COLUMNS);
    }
    gd_frame_builder *made = gdi_allocate(1, sizeof *made);
    if (made == NULL) {
        return gdi_fail_memory(error);
    }
    made->column_count = column_count;
    made->names = gdi_text_index_create();
    made->kinds = gdi_allocate((size_t)column_count, sizeof *made->kinds);
    made->texts = gdi_allocate((size_t)column_count, sizeof *made->texts);
    gd_status status = GD_OK;
    if (made->names == NULL || made->kinds == NULL || made->texts == NULL) {
        status = gdi_fail_memory(error);
    }
    for (int64_t i = 0; i < column_count && status == GD_OK; i++) {
        status = add_name(made->names, names[i], i, error);
    }
    if (status != GD_OK) {
        gd_frame_builder_destroy(made);
        return status;
    }
    *builder = made;
    return GD_OK;
}

void gd_frame_builder_destroy(gd_frame_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    for (int64_t i = 0; builder->texts != NULL && i < builder->column_count; i++) {
        gdi_text_index_destroy(builder->texts[i]);
    }
    gdi_text_index_destroy(builder->names);
    gdi_free(builder->kinds);
    gdi_free(builder->texts);
    gdi_free(builder->cells);
    gdi_free(builder);
}

/* Room for one more cell. */
static gd_status reserve(gd_frame_builder *builder, gd_error *error)
{
    if (builder->count < builder->capacity) {
        return GD_OK;
    }
    size_t capacity = builder->capacity == 0 ? 256 : builder->capacity * 2;
    double *cells = gdi_allocate(capacity, sizeof *cells);
    if (cells == NULL) {
        return gdi_fail_memory(error);
    }
    if (builder->count > 0) {
        memcpy(cells, builder->cells, builder->count * sizeof *cells);
    }
    gdi_free(builder->cells);
    builder->cells = cells;
    builder->capacity = capacity;
    return GD_OK;
}

static void append(gd_frame_builder *builder, double cell)
{
    builder->cells[builder->count++] = cell;
    if (++builder->column == builder->column_count) {
        builder->column = 0;
        builder->row++;
    }
}

/* A failure whose path is the next cell's. */
__attribute__((format(printf, 4, 5))) static gd_status fail_cell(const gd_frame_builder *builder,
                                                                 gd_error *error, gd_status code,
                                                                 const char *format, ...)
{
    char message[sizeof error->message];
    char path[64];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)snprintf(path, sizeof path, "rows/%lld/%lld", (long long)builder->row,
                   (long long)builder->column);
    return gd_fail(error, code, path, "%s", message);
}

static gd_status check_kind(gd_frame_builder *builder, cell_kind kind, gd_error *error)
{
    cell_kind before = builder->kinds[builder->column];
    if (before != KIND_UNKNOWN && before != kind) {
        return fail_cell(builder, error, GD_INVALID_DATA,
                         "column '%s' began with %s and has %s here; a column holds either",
                         gdi_text_index_text(builder->names, builder->column),
                         before == KIND_NUMBER ? "a number" : "a text",
                         kind == KIND_NUMBER ? "a number" : "a text");
    }
    return reserve(builder, error);
}

gd_status gd_frame_builder_number(gd_frame_builder *builder, double value, gd_error *error)
{
    if (isnan(value)) {
        return gd_frame_builder_missing(builder, error);
    }
    if (isinf(value)) {
        return fail_cell(builder, error, GD_INVALID_DATA, "a cell cannot be infinite");
    }
    gd_status status = check_kind(builder, KIND_NUMBER, error);
    if (status == GD_OK) {
        builder->kinds[builder->column] = KIND_NUMBER;
        append(builder, value);
    }
    return status;
}

gd_status gd_frame_builder_text(gd_frame_builder *builder, const char *text, gd_error *error)
{
    size_t length = strlen(text);
    gd_status status = check_kind(builder, KIND_TEXT, error);
    if (status != GD_OK) {
        return status;
    }
    if (length > GD_FRAME_MAXIMUM_NAME || !gdi_text_is_clean(text, length)) {
        return fail_cell(builder, error, GD_INVALID_DATA,
                         "a text is at most %d bytes of UTF-8 without control characters",
                         GD_FRAME_MAXIMUM_NAME);
    }
    gdi_text_index **texts = &builder->texts[builder->column];
    if (*texts == NULL) {
        *texts = gdi_text_index_create();
    }
    if (*texts == NULL) {
        return gdi_fail_memory(error);
    }
    int64_t number = gdi_text_index_add(*texts, text, length, GD_FRAME_MAXIMUM_CLASSES);
    if (number == -2) {
        return fail_cell(
            builder, error, GD_INVALID_DATA,
            "column '%s' has more than %lld different texts; leave it out or group them",
            gdi_text_index_text(builder->names, builder->column),
            (long long)GD_FRAME_MAXIMUM_CLASSES);
    }
    if (number < 0) {
        return gdi_fail_memory(error);
    }
    builder->kinds[builder->column] = KIND_TEXT;
    append(builder, (double)number);
    return GD_OK;
}

gd_status gd_frame_builder_missing(gd_frame_builder *builder, gd_error *error)
{
    gd_status status = reserve(builder, error);
    if (status == GD_OK) {
        append(builder, (double)NAN);
    }
    return status;
}

/* Copies the column's classes in order; *ranks [count] leads from the builder's numbers to them. */
static gd_status copy_classes(const gdi_text_index *from, gdi_text_index **to, gd_column *column,
                              int64_t **ranks)
{
    int64_t count = gdi_text_index_count(from);
    *to = gdi_text_index_create();
    *ranks = gdi_allocate((size_t)count, sizeof **ranks);
    if (*to == NULL || *ranks == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    for (int64_t i = 0; i < count; i++) {
        const char *text = gdi_text_index_text(from, i);
        if (gdi_text_index_add(*to, text, strlen(text), count) != i) {
            return GD_OUT_OF_MEMORY;
        }
    }
    gdi_text_index_sort(*to, *ranks);
    return gdi_column_list_classes(column, *to) ? GD_OK : GD_OUT_OF_MEMORY;
}

/* Copies and describes column `index`. */
static gd_status finish_column(const gd_frame_builder *builder, gd_frame *frame, int64_t index)
{
    gd_column *column = &frame->columns[index];
    const char *name = gdi_text_index_text(builder->names, index);
    if (gdi_text_index_add(frame->names, name, strlen(name), frame->column_count) != index) {
        return GD_OUT_OF_MEMORY;
    }
    column->name = gdi_text_index_text(frame->names, index);
    bool text = builder->kinds[index] == KIND_TEXT;
    column->kind = text ? GD_COLUMN_CATEGORICAL : GD_COLUMN_NUMERIC;
    int64_t *ranks = NULL;
    if (text &&
        copy_classes(builder->texts[index], &frame->texts[index], column, &ranks) != GD_OK) {
        gdi_free(ranks);
        return GD_OUT_OF_MEMORY;
    }
    gdi_statistics statistics = {0};
    int64_t missing = 0;
    for (int64_t row = 0; row < frame->row_count; row++) {
        size_t at = (size_t)row * (size_t)frame->column_count + (size_t)index;
        double cell = builder->cells[at];
        if (isnan(cell)) {
            missing++;
        } else if (text) {
            cell = (double)ranks[(int64_t)cell];
        } else {
            gdi_statistics_add(&statistics, cell);
        }
        frame->owned_cells[at] = cell;
    }
    gdi_column_describe(column, &statistics, missing);
    gdi_free(ranks);
    return GD_OK;
}

gd_status gd_frame_builder_finish(gd_frame_builder *builder, gd_frame **frame, gd_error *error)
{
    *frame = NULL;
    if (builder->column != 0) {
        return fail_cell(builder, error, GD_INVALID_DATA, "the last row has %lld cells of %lld",
                         (long long)builder->column, (long long)builder->column_count);
    }
    gd_frame *made = gdi_frame_create(builder->column_count);
    if (made == NULL) {
        return gdi_fail_memory(error);
    }
    made->row_count = builder->row;
    made->owned_cells = gdi_allocate(builder->count, sizeof *made->owned_cells);
    made->texts = gdi_allocate((size_t)builder->column_count, sizeof *made->texts);
    made->cells = made->owned_cells;
    gd_status status = GD_OK;
    if (made->owned_cells == NULL || made->texts == NULL) {
        status = GD_OUT_OF_MEMORY;
    }
    for (int64_t i = 0; i < made->column_count && status == GD_OK; i++) {
        status = finish_column(builder, made, i);
    }
    if (status != GD_OK) {
        gd_frame_destroy(made);
        return gdi_fail_memory(error);
    }
    *frame = made;
    return GD_OK;
}
