/*
 * columns.c: a dataset's row names its columns once, when it is made, so that nobody opens the
 * frame file to list them. How many are described is bounded; how many there are is told beside.
 */
#include "jobs/columns.h"

#include "json/writer.h"

#include <descent/sparse.h>

#include <stdio.h>

#define COLUMNS_MAXIMUM     1000 /* columns described at most */
#define CLASSES_MAXIMUM     1000 /* classes of a column listed at most */
#define DESCRIPTION_MAXIMUM ((size_t)64 << 20)

static void write_column(json_writer *writer, const gd_column *column)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "name");
    json_writer_string(writer, column->name);
    json_writer_key(writer, "kind");
    bool numeric = column->kind == GD_COLUMN_NUMERIC;
    json_writer_string(writer, numeric ? "numeric" : "categorical");
    if (numeric) {
        json_writer_key(writer, "min");
        json_writer_double(writer, column->minimum);
        json_writer_key(writer, "max");
        json_writer_double(writer, column->maximum);
        json_writer_key(writer, "mean");
        json_writer_double(writer, column->mean);
        json_writer_key(writer, "std");
        json_writer_double(writer, column->standard_deviation);
    }
    json_writer_key(writer, "missing");
    json_writer_int64(writer, column->missing);
    if (!numeric) {
        json_writer_key(writer, "class_count");
        json_writer_int64(writer, column->class_count);
        json_writer_key(writer, "classes");
        json_writer_begin_array(writer);
        for (int64_t i = 0; i < column->class_count && i < CLASSES_MAXIMUM; i++)
            json_writer_string(writer, column->classes[i]);
        json_writer_end_array(writer);
    }
    json_writer_end_object(writer);
}

int64_t jobs_count_columns(const gd_frame *frame)
{
    const gd_sparse_matrix *sparse = gd_frame_sparse(frame);
    return gd_frame_column_count(frame) + (sparse != NULL ? sparse->width : 0);
}

static void write_sparse_columns(json_writer *writer, const gd_frame *frame)
{
    const gd_sparse_matrix *sparse = gd_frame_sparse(frame);
    gd_column columns[COLUMNS_MAXIMUM - 1];
    char name[24];
    int64_t count = sparse->width < COLUMNS_MAXIMUM - 1 ? sparse->width : COLUMNS_MAXIMUM - 1;
    if (gd_sparse_describe(sparse, columns, count, NULL) != GD_OK)
        return;
    for (int64_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%lld", (long long)i + 1);
        columns[i].name = name;
        write_column(writer, &columns[i]);
    }
}

char *jobs_describe_columns(const gd_frame *frame)
{
    json_writer *writer = json_writer_create(DESCRIPTION_MAXIMUM);
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < gd_frame_column_count(frame) && i < COLUMNS_MAXIMUM; i++)
        write_column(writer, gd_frame_column(frame, i));
    if (gd_frame_sparse(frame) != NULL)
        write_sparse_columns(writer, frame);
    json_writer_end_array(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}
