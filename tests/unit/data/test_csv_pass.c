/*
 * test_csv_pass.c: what one pass has to get right that two would have known beforehand: columns that
 * turn out to hold texts late, classes that come late, a first row that is none, numbers to the last
 * bit, and a file that grows while it is read.
 */
#include "unit/data/frame_support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROWS = 30000 /* several blocks */
};

/* Rows "i,<text>" where the text is a number up to row `from` and a letter with it from there on. */
static char *late_texts(int from, const char *head, size_t *length)
{
    char *text = malloc((size_t)ROWS * 24 + 64);
    cr_assert_not_null(text);
    *length = (size_t)snprintf(text, 64, "%s", head);
    for (int i = 0; i < ROWS; i++) {
        *length +=
            (size_t)snprintf(text + *length, 24, i < from ? "%d,%d\n" : "%d,k%d\n", i, i % 50);
    }
    return text;
}

static void check_late(int from, const char *head)
{
    size_t length = 0;
    char *text = late_texts(from, head, &length);
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(read_csv(text, length, NULL, NULL, &frame, &error), GD_OK, "%s", error.message);
    free(text);
    cr_assert_eq(gd_frame_row_count(frame), ROWS);
    const gd_column *column = gd_frame_column(frame, 1);
    cr_assert_eq(column->kind, GD_COLUMN_CATEGORICAL);
    cr_assert_eq(gd_frame_column(frame, 0)->kind, GD_COLUMN_NUMERIC);
    for (int64_t i = 1; i < column->class_count; i++) {
        cr_assert_lt(strcmp(column->classes[i - 1], column->classes[i]), 0);
    }
    for (int i = 0; i < ROWS; i++) {
        char expected[16];
        (void)snprintf(expected, sizeof expected, i < from ? "%d" : "k%d", i % 50);
        cr_assert_eq(cell_at(frame, i, 0), i);
        cr_assert_str_eq(class_at(frame, i, 1), expected, "row %d", i);
    }
    gd_frame_destroy(frame);
}

Test(data_csv_pass, reads_columns_that_become_texts)
{
    check_late(0, "");
    check_late(0, "a,b\n");
    check_late(3, "a,b\n");        /* seen in the first block */
    check_late(ROWS / 2, "a,b\n"); /* seen at the end */
}

Test(data_csv_pass, orders_classes_that_come_late)
{
    char *text = malloc((size_t)ROWS * 16);
    cr_assert_not_null(text);
    size_t length = 0;
    for (int i = 0; i < ROWS; i++) {
        length +=
            (size_t)snprintf(text + length, 16, "%c%d,x\n", i < ROWS - 100 ? 'm' : 'a', i % 300);
    }
    gd_frame *frame = NULL;
    gd_csv_report report = {0};
    gd_csv_options options = {.header = GD_CSV_HEADER_NO};
    cr_assert_eq(read_csv(text, length, &options, &report, &frame, NULL), GD_OK);
    free(text);
    for (int i = 0; i < ROWS; i++) {
        char expected[16];
        (void)snprintf(expected, sizeof expected, "%c%d", i < ROWS - 100 ? 'm' : 'a', i % 300);
        cr_assert_str_eq(class_at(frame, i, 0), expected, "row %d", i);
    }
    cr_assert_eq(report.repeated_rows, ROWS - 400);
    cr_assert(report.repeated_rows_exact);
    gd_frame_destroy(frame);
}

Test(data_csv_pass, keeps_a_first_row_that_is_no_header)
{
    gd_csv_report report = {0};
    gd_frame *frame = NULL;
    cr_assert_eq(read_csv("z,z\nb,a\na,z\n", 12, NULL, &report, &frame, NULL), GD_OK);
    cr_assert_not(report.header);
    cr_assert_eq(gd_frame_row_count(frame), 3);
    cr_assert_str_eq(class_at(frame, 0, 0), "z");
    cr_assert_str_eq(class_at(frame, 1, 0), "b");
    cr_assert_str_eq(class_at(frame, 0, 1), "z");
    cr_assert_str_eq(class_at(frame, 1, 1), "a");
    gd_frame_destroy(frame);
}

Test(data_csv_pass, tells_columns_of_ids)
{
    char text[2048] = "id,x,key,t\n";
    for (int i = 0; i < 40; i++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, sizeof text - length, "%d,%d,n%d,%d.5\n", i + 1, i * i % 17,
                       i, i);
    }
    gd_csv_report report = {0};
    cr_assert_eq(read_csv(text, strlen(text), NULL, &report, NULL, NULL), GD_OK);
    cr_assert_eq(report.id_count, 2);
    cr_assert_eq(report.ids[0], 0);
    cr_assert_eq(report.ids[1], 2);
}

/* A number's text of any sort. */
static void write_number(char *text, size_t size, uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    uint64_t bits = *state >> 8;
    double any = 0.0;
    uint64_t word = *state ^ *state >> 29;
    memcpy(&any, &word, sizeof any);
    switch (bits % 9) {
    case 0:
        (void)snprintf(text, size, "%llu", (unsigned long long)(bits >> (bits % 50)));
        break;
    case 1:
        (void)snprintf(text, size, "-%llu.%llu", (unsigned long long)(bits % 1000),
                       (unsigned long long)(bits >> 20));
        break;
    case 2:
        (void)snprintf(text, size, "%.17g", (double)(bits >> 3) * 0x1p-53);
        break;
    case 3:
        (void)snprintf(text, size, "%.*g", (int)(bits % 20), isfinite(any) ? any : 1.0);
        break;
    case 4:
        (void)snprintf(text, size, "0.%020llu%llu", (unsigned long long)(bits % 100000),
                       (unsigned long long)bits);
        break;
    case 5:
        (void)snprintf(text, size, "%llu%llu.%llu", (unsigned long long)bits,
                       (unsigned long long)bits, (unsigned long long)bits);
        break;
    case 6:
        (void)snprintf(text, size, "+.%llu", (unsigned long long)(bits % 12345678));
        break;
    case 7:
        (void)snprintf(text, size, "%llu.", (unsigned long long)(bits % 123456789));
        break;
    default:
        (void)snprintf(text, size, "%08llu.%08llu", (unsigned long long)(bits % 100000000),
                       (unsigned long long)(bits >> 10) % 100000000);
    }
}

Test(data_csv_pass, reads_every_number_to_the_last_bit)
{
    char *text = malloc((size_t)ROWS * 3 * 100);
    cr_assert_not_null(text);
    size_t length = 0;
    uint64_t state = 42;
    for (int i = 0; i < ROWS * 3; i++) {
        write_number(text + length, 99, &state);
        length += strlen(text + length);
        text[length++] = i % 3 == 2 ? '\n' : ',';
    }
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(read_csv(text, length, NULL, NULL, &frame, &error), GD_OK, "%s", error.message);
    const char *at = text;
    for (int i = 0; i < ROWS * 3; i++) {
        char *behind = NULL;
        double expected = strtod(at, &behind);
        double cell = cell_at(frame, i / 3, i % 3);
        cr_assert_eq(memcmp(&cell, &expected, sizeof cell), 0, "%.40s: %.17g", at, cell);
        at = behind + 1;
    }
    gd_frame_destroy(frame);
    free(text);
}

/* A file that gets a few more bytes each time its end is reached. */
typedef struct growing {
    int descriptor;
    const char *text;
    size_t length, written, step;
    bool abandoned;
} growing;

static gd_csv_arrival grow(void *context, int64_t offset)
{
    growing *file = context;
    if ((size_t)offset < file->written) {
        return GD_CSV_MORE;
    }
    if (file->written == file->length) {
        return file->abandoned ? GD_CSV_ABANDONED : GD_CSV_COMPLETE;
    }
    size_t left = file->length - file->written;
    size_t step = left < file->step ? left : file->step;
    cr_assert_eq(write(file->descriptor, file->text + file->written, step), (ssize_t)step);
    file->written += step;
    return GD_CSV_MORE;
}

Test(data_csv_pass, reads_a_file_as_it_grows)
{
    static const char text[] = "a,b\n1,x\n2.5,y\n3,x\n";
    for (size_t step = 1; step <= sizeof text; step += 5) {
        for (int abandoned = 0; abandoned < 2; abandoned++) {
            growing file = {memory_file("", 0), text, sizeof text - 1, 0, step, abandoned};
            gd_csv_options options = {.wait = grow, .wait_context = &file};
            gd_csv_report report = {0};
            gd_error error = {0};
            int output = memory_file("", 0);
            gd_status status =
                gd_csv_to_frame_file(file.descriptor, output, &options, &report, &error);
            cr_assert_eq(status, abandoned ? GD_IO_ERROR : GD_OK, "%s", error.message);
            cr_assert(abandoned || report.rows == 3);
            (void)close(output);
            (void)close(file.descriptor);
        }
    }
}
