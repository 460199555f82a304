/*
 * warnings.c: see warnings.h. Everything is told from statistics that are there already; no cell is
 * looked at again.
 */
#include "jobs/warnings.h"

#include "json/writer.h"

#include <math.h>
#include <stdio.h>

#define WARNINGS_MAXIMUM      ((size_t)1 << 20) /* bytes */
#define CONSTANT_COLUMNS_KEPT 20
#define SCALE_RATIO           1e4
#define MESSAGE_SIZE          (2 * GD_FRAME_MAXIMUM_NAME + 256)

static void write_warning(json_writer *writer, const char *code, const char *column,
                          const char *message)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "code");
    json_writer_string(writer, code);
    if (column != NULL) {
        json_writer_key(writer, "column");
        json_writer_string(writer, column);
    }
    json_writer_key(writer, "message");
    json_writer_string(writer, message);
    json_writer_end_object(writer);
}

static bool is_constant(const gd_column *column)
{
    return column->kind == GD_COLUMN_NUMERIC ? !(column->minimum < column->maximum)
                                             : column->class_count < 2;
}

static void warn_constant(json_writer *writer, const gd_frame *frame)
{
    int kept = 0;
    for (int64_t i = 0; i < gd_frame_column_count(frame) && kept < CONSTANT_COLUMNS_KEPT; i++) {
        const gd_column *column = gd_frame_column(frame, i);
        char message[MESSAGE_SIZE];
        if (!is_constant(column))
            continue;
        snprintf(message, sizeof message, "Column \"%s\" has one value only and says nothing.",
                 column->name);
        write_warning(writer, "constant_column", column->name, message);
        kept++;
    }
}

static void warn_ids(json_writer *writer, const gd_frame *frame, const gd_csv_report *report)
{
    for (int64_t i = 0; i < report->id_count; i++) {
        const gd_column *column = gd_frame_column(frame, report->ids[i]);
        char message[MESSAGE_SIZE];
        snprintf(message, sizeof message,
                 "Column \"%s\" looks like a number or name given to each row: leave it out of the "
                 "features unless it is a time.",
                 column->name);
        write_warning(writer, "id_like_column", column->name, message);
    }
}

static void warn_duplicates(json_writer *writer, const gd_frame *frame, const gd_csv_report *report)
{
    char message[MESSAGE_SIZE];
    if (report->repeated_rows == 0)
        return;
    snprintf(message, sizeof message, "%s%lld of %lld rows repeat%s an earlier row.",
             report->repeated_rows_exact ? "" : "About ", (long long)report->repeated_rows,
             (long long)gd_frame_row_count(frame), report->repeated_rows == 1 ? "s" : "");
    write_warning(writer, "duplicate_rows", NULL, message);
}

/* The columns of the least and the greatest standard deviation that is not 0. */
static void warn_scales(json_writer *writer, const gd_frame *frame)
{
    const gd_column *least = NULL, *most = NULL;
    for (int64_t i = 0; i < gd_frame_column_count(frame); i++) {
        const gd_column *column = gd_frame_column(frame, i);
        if (column->kind != GD_COLUMN_NUMERIC || !(column->standard_deviation > 0.0) ||
            !(column->minimum < column->maximum))
            continue;
        if (least == NULL || column->standard_deviation < least->standard_deviation)
            least = column;
        if (most == NULL || column->standard_deviation > most->standard_deviation)
            most = column;
    }
    char message[MESSAGE_SIZE];
    if (least == NULL || most->standard_deviation / least->standard_deviation < SCALE_RATIO)
        return;
    snprintf(message, sizeof message,
             "Column \"%s\" varies %.2g times as much as \"%s\": gradient descent wants "
             "\"scaling\": \"standardize\".",
             most->name, most->standard_deviation / least->standard_deviation, least->name);
    write_warning(writer, "scales_differ", most->name, message);
}

char *jobs_describe_warnings(const gd_frame *frame, const gd_csv_report *report)
{
    json_writer *writer = json_writer_create(WARNINGS_MAXIMUM);
    json_writer_begin_array(writer);
    warn_constant(writer, frame);
    if (report != NULL) {
        warn_ids(writer, frame, report);
        warn_duplicates(writer, frame, report);
    }
    warn_scales(writer, frame);
    json_writer_end_array(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}
