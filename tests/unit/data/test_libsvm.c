/*
 * test_libsvm.c: labels, indices and values come through exactly, and what is wrong is told with its
 * line.
 */
#include "unit/data/frame_support.h"

#include "data/sparse_file.h"

#include <descent/libsvm.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gd_status read_libsvm(const char *text, size_t length, int64_t width,
                             gd_libsvm_report *report, gd_frame **frame, gd_error *error)
{
    int input = memory_file(text, length), output = memory_file("", 0);
    gd_libsvm_report seen = {0}, looked = {0};
    gd_status status = gd_libsvm_to_frame_file(input, output, width, &seen, error);
    cr_expect_eq(gd_libsvm_check(text, length, width, &looked, NULL), status);
    cr_expect_eq(looked.non_zeros, seen.non_zeros);
    if (status == GD_OK && frame != NULL) {
        status = open_frame(frame, output, error);
    }
    if (report != NULL) {
        *report = seen;
    }
    (void)close(input);
    (void)close(output);
    return status;
}

static gd_frame *frame_of_libsvm(const char *text)
{
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(read_libsvm(text, strlen(text), 0, NULL, &frame, &error), GD_OK, "%s: %s", text,
                 error.message);
    cr_assert_eq(gd_sparse_check(gd_frame_sparse(frame), &error), GD_OK, "%s", error.message);
    return frame;
}

static void refuse(const char *text, const char *word)
{
    gd_error error = {0};
    cr_assert_eq(read_libsvm(text, strlen(text), 0, NULL, NULL, &error), GD_INVALID_DATA, "'%s'",
                 text);
    cr_assert_not_null(strstr(error.message, word), "'%s': '%s' says nothing of '%s'", text,
                       error.message, word);
}

Test(data_libsvm, a_width_that_cannot_be_is_refused_by_both)
{
    cr_assert_eq(read_libsvm("1 1:2\n", 6, -1, NULL, NULL, NULL), GD_INVALID_ARGUMENT);
    cr_assert_eq(read_libsvm("1 1:2\n", 6, GD_SPARSE_MAXIMUM_WIDTH + 1, NULL, NULL, NULL),
                 GD_INVALID_ARGUMENT);
}

Test(data_libsvm, labels_indices_and_values_are_kept)
{
    gd_frame *frame = frame_of_libsvm(
        "# made by hand\n+1 1:0.5 3:-2e3 # a comment: 7:1\n\n"
        "-1\t2:0.25   7:1 \r\n  2.5\n0 1:0 7:3");
    const gd_sparse_matrix *sparse = gd_frame_sparse(frame);
    static const double labels[] = {1, -1, 2.5, 0};
    static const int64_t offsets[] = {0, 2, 4, 4, 5};
    static const uint32_t indices[] = {0, 2, 1, 6, 6};
    static const double values[] = {0.5, -2000, 0.25, 1, 3};
    cr_assert_eq(gd_frame_row_count(frame), 4);
    cr_assert_eq(gd_frame_column_count(frame), 1);
    cr_assert_eq(gd_frame_find(frame, "label"), 0);
    cr_assert_eq(sparse->width, 7);
    cr_assert_eq(sparse->non_zeros, 5);
    cr_assert_not_null(sparse->singles);
    cr_assert_arr_eq(sparse->offsets, offsets, sizeof offsets);
    cr_assert_arr_eq(sparse->indices, indices, sizeof indices);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(gd_sparse_value(sparse, i), values[i]);
    }
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(cell_at(frame, i, 0), labels[i]);
    }
    const gd_column *label = gd_frame_column(frame, 0);
    cr_assert_eq(label->mean, 0.625);
    cr_assert_eq(label->minimum, -1);
    gd_frame_destroy(frame);
}

Test(data_libsvm, values_that_no_float_holds_are_kept_as_doubles)
{
    gd_frame *frame = frame_of_libsvm("1 1:0.1 2:1\n2 3:1e30\n");
    const gd_sparse_matrix *sparse = gd_frame_sparse(frame);
    cr_assert_null(sparse->singles);
    cr_assert_eq(sparse->doubles[0], 0.1);
    gd_status wanted = sizeof(gd_real) == 4 ? GD_INVALID_DATA : GD_OK;
    gd_frame_destroy(frame);
    gd_error error = {0};
    frame = NULL;
    cr_assert_eq(read_libsvm("1 1:0.1\n2 3:1e300\n", 18, 0, NULL, &frame, &error), GD_OK);
    cr_assert_eq(gd_sparse_check(gd_frame_sparse(frame), &error), wanted);
    if (wanted != GD_OK) {
        cr_assert_str_eq(error.path, "rows/1/2");
    }
    gd_frame_destroy(frame);
}

Test(data_libsvm, statistics_count_the_zeros)
{
    gd_frame *frame = frame_of_libsvm("1 1:3\n1 1:1 2:-4\n1 2:0\n1 3:5\n");
    gd_column columns[2];
    cr_assert_eq(gd_sparse_describe(gd_frame_sparse(frame), columns, 2, NULL), GD_OK);
    cr_assert_eq(columns[0].mean, 1);
    cr_assert_eq(columns[0].minimum, 0);
    cr_assert_eq(columns[0].maximum, 3);
    cr_assert_float_eq(columns[0].standard_deviation, sqrt(1.5), 1e-15);
    cr_assert_eq(columns[1].mean, -1);
    cr_assert_eq(columns[1].maximum, 0);
    cr_assert_eq(columns[1].missing, 0);
    gd_frame_destroy(frame);
}

Test(data_libsvm, the_width_may_be_given)
{
    gd_libsvm_report report;
    gd_error error = {0};
    cr_assert_eq(read_libsvm("1 3:1\n", 6, 10, &report, NULL, NULL), GD_OK);
    cr_assert_eq(report.width, 10);
    cr_assert_eq(read_libsvm("1 3:1\n2 4:1\n", 12, 3, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert_not_null(strstr(error.message, "line 2"), "%s", error.message);
    cr_assert_eq(gd_libsvm_to_frame_file(0, 0, -1, NULL, NULL), GD_INVALID_ARGUMENT);
}

Test(data_libsvm, what_is_wrong_is_told_with_its_line)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"", "no line"},
        {"\n# nothing\n\n", "no line"},
        {"1\n2\n", "no features"},
        {"1 1:0\n2 2:0\nx 1:1\n", "line 3"},
        {"1 2:1 1:1\n", "ascend"},
        {"1 1:1\n\n# c\n1 5:1 5:2\n", "line 4"},
        {"1 5:1 5:2\n", "twice"},
        {"1 0:1\n", "count from 1"},
        {"1 qid:3 1:1\n", "qid"},
        {"1,2 1:1\n", "several labels"},
        {"1:1 2:1\n", "label comes first"},
        {"nan 1:1\n", "no finite number"},
        {"1e999 1:1\n", "no finite number"},
        {"1 1:nan\n", "no finite number"},
        {"1 1:1e999\n", "no finite number"},
        {"1 1:\n", "no finite number"},
        {"1 1:1,5\n", "no finite number"},
        {"1 1:2:3\n", "no finite number"},
        {"1 1 2:1\n", "index:value"},
        {"1 -1:2\n", "index:value"},
        {"1 a:2\n", "index:value"},
        {"1 :2\n", "index:value"},
        {"1 1 :2\n", "index:value"},
        {"1 2147483648:1\n", "beyond"},
        {"1 99999999999999999999:1\n", "beyond"},
        {"a,b\n1,2\n", "no finite number"},
        {"\x89PNG\r\n", "no finite number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuse(cases[i].text, cases[i].word);
    }
    gd_error error = {0};
    cr_assert_eq(read_libsvm("1 1:1\0 2:1\n", 11, 0, NULL, NULL, &error), GD_INVALID_DATA);
}

Test(data_libsvm, a_file_cut_at_any_byte_is_read_or_refused)
{
    static const char text[] = "+1 1:0.5 30:2e1 # c\n-1 2:7\n";
    for (size_t length = 0; length < sizeof text; length++) {
        gd_status status = read_libsvm(text, length, 0, NULL, NULL, NULL);
        cr_assert(status == GD_OK || status == GD_INVALID_DATA);
        cr_assert(status == GD_OK || length < 16 || length == 21 || length > 22 || length == 20,
                  "%zu", length);
    }
}

/* Lines and comments longer than the reader's window, and a number as long. */
Test(data_libsvm, long_lines_pass_through_a_window)
{
    enum {
        ENTRIES = 100000,
        ROOM = 4000000
    };
    char *text = malloc(ROOM);
    cr_assert_not_null(text);
    size_t length = 0;
    for (int row = 0; row < 2; row++) {
        length += (size_t)snprintf(text + length, ROOM - length, "%d", row);
        for (int i = 1; i <= ENTRIES; i++) {
            length += (size_t)snprintf(text + length, ROOM - length, " %d:%d", 3 * i, i + row);
        }
        length += (size_t)snprintf(text + length, ROOM - length, " #");
        memset(text + length, 'c', 600000);
        length += 600000;
        text[length++] = '\n';
    }
    gd_frame *frame = NULL;
    cr_assert_eq(read_libsvm(text, length, 0, NULL, &frame, NULL), GD_OK);
    const gd_sparse_matrix *sparse = gd_frame_sparse(frame);
    cr_assert_eq(sparse->non_zeros, 2 * ENTRIES);
    for (int i = 0; i < 2 * ENTRIES; i++) {
        cr_assert_eq(sparse->indices[i], (uint32_t)(3 * (i % ENTRIES + 1) - 1));
        cr_assert_eq(gd_sparse_value(sparse, i), i % ENTRIES + 1 + i / ENTRIES);
    }
    gd_frame_destroy(frame);
    gd_error error = {0};
    memcpy(text, "1 1:", 4);
    memset(text + 4, '1', 600000);
    cr_assert_eq(read_libsvm(text, 600004, 0, NULL, NULL, &error), GD_INVALID_DATA);
    memset(text, '1', 600000);
    cr_assert_eq(read_libsvm(text, 600000, 0, NULL, NULL, &error), GD_INVALID_DATA);
    free(text);
}

/* Every byte of the prefix and every length is looked at; indices and offsets by gd_sparse_check. */
Test(data_libsvm, a_damaged_file_is_corrupt)
{
    static const char text[] = "1 1:1 3:2\n0 2:1\n1 1:4 2:5\n";
    int input = memory_file(text, strlen(text)), output = memory_file("", 0);
    cr_assert_eq(gd_libsvm_to_frame_file(input, output, 0, NULL, NULL), GD_OK);
    size_t length = 0;
    unsigned char *bytes = read_all(output, &length);
    for (size_t at = 0; at < length; at++) {
        unsigned char kept = bytes[at];
        gd_frame *frame = NULL;
        bytes[at] ^= 0x41;
        int file = memory_file(bytes, length);
        gd_status status = open_frame(&frame, file, NULL);
        cr_assert(at >= 88 || status == GD_CORRUPT, "byte %zu", at);
        if (status == GD_OK) {
            status = gd_sparse_check(gd_frame_sparse(frame), NULL);
            cr_assert(at < 152 || at >= 184 || status == GD_CORRUPT, "byte %zu", at);
        }
        gd_frame_destroy(frame);
        (void)close(file);
        bytes[at] = kept;
    }
    for (size_t cut = 0; cut < length; cut++) {
        gd_frame *frame = NULL;
        int file = memory_file(bytes, cut);
        cr_assert_eq(open_frame(&frame, file, NULL), GD_CORRUPT);
        (void)close(file);
    }
    free(bytes);
    (void)close(input);
    (void)close(output);
}
