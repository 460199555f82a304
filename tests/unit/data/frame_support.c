/*
 * frame_support.c: see frame_support.h. Files are anonymous ones in memory, so that tests leave
 * nothing.
 */
#include "unit/data/frame_support.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int memory_file(const void *bytes, size_t length)
{
    int descriptor = memfd_create("test", MFD_CLOEXEC);
    cr_assert_geq(descriptor, 0);
    for (size_t written = 0; written < length;) {
        ssize_t count = write(descriptor, (const char *)bytes + written, length - written);
        cr_assert_gt(count, 0);
        written += (size_t)count;
    }
    return descriptor;
}

unsigned char *read_all(int descriptor, size_t *length)
{
    struct stat facts;
    cr_assert_eq(fstat(descriptor, &facts), 0);
    *length = (size_t)facts.st_size;
    unsigned char *bytes = malloc(*length + 1);
    cr_assert_not_null(bytes);
    cr_assert_eq(pread(descriptor, bytes, *length, 0), (ssize_t)*length);
    return bytes;
}

gd_status open_frame(gd_frame **frame, int descriptor, gd_error *error)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return gd_frame_open(frame, path, error);
}

static gd_status convert(int input, const gd_csv_options *options, gd_csv_report *report,
                         gd_frame **frame, gd_error *error)
{
    gd_csv_options defaults = gd_csv_options_default();
    int output = memory_file("", 0);
    gd_status status =
        gd_csv_to_frame_file(input, output, options != NULL ? options : &defaults, report, error);
    if (status == GD_OK && frame != NULL) {
        status = open_frame(frame, output, error);
    }
    (void)close(output);
    (void)close(input);
    return status;
}

gd_status read_csv(const char *text, size_t length, const gd_csv_options *options,
                   gd_csv_report *report, gd_frame **frame, gd_error *error)
{
    return convert(memory_file(text, length), options, report, frame, error);
}

gd_frame *frame_of(const char *text)
{
    gd_frame *frame = NULL;
    gd_error error = {0};
    gd_status status = read_csv(text, strlen(text), NULL, NULL, &frame, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    return frame;
}

gd_frame *frame_of_file(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "../shared/data/%s", name);
    int input = open(path, O_RDONLY | O_CLOEXEC);
    if (input < 0) {
        cr_skip_test("%s is missing", path);
    }
    gd_frame *frame = NULL;
    gd_error error = {0};
    gd_status status = convert(input, NULL, NULL, &frame, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    return frame;
}

gd_status refused(const char *text, gd_error *error)
{
    gd_status status = read_csv(text, strlen(text), NULL, NULL, NULL, error);
    cr_assert_neq(status, GD_OK, "accepted: %.60s", text);
    cr_assert_eq(error->status, status);
    return status;
}

double cell_at(const gd_frame *frame, int64_t row, int64_t column)
{
    size_t columns = (size_t)gd_frame_column_count(frame);
    double *cells = malloc(columns * sizeof *cells);
    cr_assert_not_null(cells);
    gd_frame_read_row(frame, row, cells);
    double cell = cells[column];
    free(cells);
    return cell;
}

const char *class_at(const gd_frame *frame, int64_t row, int64_t column)
{
    return gd_frame_column(frame, column)->classes[(int64_t)cell_at(frame, row, column)];
}
