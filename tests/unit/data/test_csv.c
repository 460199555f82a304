/*
 * test_csv.c: CSV text into frames: what is accepted, what is decided, and what is refused with which
 * words.
 */
#include "unit/data/frame_support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_shape(const char *text, int64_t rows, int64_t columns, bool header)
{
    gd_csv_report report = {0};
    gd_error error = {0};
    gd_status status = read_csv(text, strlen(text), NULL, &report, NULL, &error);
    cr_assert_eq(status, GD_OK, "%s: %s", text, error.message);
    cr_assert_eq(report.rows, rows, "%s: %lld rows", text, (long long)report.rows);
    cr_assert_eq(report.columns, columns, "%s: %lld columns", text, (long long)report.columns);
    cr_assert_eq(report.header, header, "%s: header %d", text, report.header);
}

static void check_refused(const char *text, gd_status status, const char *part)
{
    gd_error error = {0};
    cr_assert_eq(refused(text, &error), status, "%s", error.message);
    cr_assert(strstr(error.message, part) != NULL, "'%s' lacks '%s'", error.message, part);
}

Test(data_csv, reads_quoted_fields)
{
    gd_frame *frame = frame_of("name,x\n\"a, \"\"b\"\"\",1\n\"two\nlines\", 2 \n \"c\" ,\"3\"\n");
    cr_assert_eq(gd_frame_row_count(frame), 3);
    cr_assert_str_eq(class_at(frame, 0, 0), "a, \"b\"");
    cr_assert_str_eq(class_at(frame, 1, 0), "two\nlines");
    cr_assert_str_eq(class_at(frame, 2, 0), "c");
    cr_assert_eq(gd_frame_column(frame, 1)->kind, GD_COLUMN_NUMERIC);
    cr_assert_eq(cell_at(frame, 2, 1), 3.0);
    gd_frame_destroy(frame);
}

Test(data_csv, reads_line_ends_and_byte_order_mark)
{
    gd_frame *frame = frame_of("\xef\xbb\xbfx,y\r\n1,2\r\n3,4");
    cr_assert_eq(gd_frame_row_count(frame), 2);
    cr_assert_eq(gd_frame_find(frame, "x"), 0);
    cr_assert_eq(cell_at(frame, 1, 1), 4.0);
    gd_frame_destroy(frame);
    check_shape("1,2\r\n3,4\r", 2, 2, false);
    check_shape("\n\n1,2\n3,4\n\n  \n\r\n", 2, 2, false);
}

Test(data_csv, reads_small_files)
{
    check_shape("1", 1, 1, false);
    check_shape("1\n2\n3\n", 3, 1, false);
    check_shape("1,2,3", 1, 3, false);
    check_shape("a,b", 1, 2, false);
    check_shape("x\n1\n", 1, 1, true);
    check_shape("1,\n,2\n", 2, 2, false);
    check_refused("", GD_INVALID_DATA, "no rows");
    check_refused("\n \n\n", GD_INVALID_DATA, "no rows");
    gd_csv_options options = {.header = GD_CSV_HEADER_YES};
    gd_error error = {0};
    cr_assert_eq(read_csv("a,b\n", 4, &options, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert(strstr(error.message, "header and no rows") != NULL);
}

Test(data_csv, takes_empty_lines_of_one_column_for_missing_cells)
{
    gd_frame *frame = frame_of("x\n1\n\n\n2\n\n");
    cr_assert_eq(gd_frame_row_count(frame), 4);
    cr_assert_eq(gd_frame_column(frame, 0)->missing, 2);
    cr_assert_eq(cell_at(frame, 3, 0), 2.0);
    gd_frame_destroy(frame);
    check_refused("1,2\n\n3,4\n", GD_INVALID_DATA, "line 2 is empty");
}

Test(data_csv, refuses_ragged_rows_with_their_line)
{
    check_refused("a,b\n1,2\n3\n", GD_INVALID_DATA, "line 3 has 1 field where the first row has 2");
    check_refused("a,b\n1,2\n3,4,5\n", GD_INVALID_DATA, "line 3 has at least 3 fields");
    check_refused("a,b\n\"x\n\ny\",2\n3,4,\n", GD_INVALID_DATA, "line 5 has at least 3");
}

Test(data_csv, refuses_broken_quotes)
{
    check_refused("a,b\n1,\"2\n3,4\n", GD_INVALID_DATA, "line 2: a quote is opened");
    check_refused("a,b\n\"1\" x,2\n", GD_INVALID_DATA, "line 2: text follows a closing quote");
    gd_frame *frame = frame_of("a,b\n5\" pipe,1\nx,2\n");
    cr_assert_str_eq(class_at(frame, 0, 0), "5\" pipe");
    gd_frame_destroy(frame);
}

Test(data_csv, decides_about_the_header)
{
    check_shape("x,y\n1,2\n", 1, 2, true);
    check_shape("x,1\n1,2\n", 2, 2, false);
    check_shape("x,?\n1,2\n", 2, 2, false);
    check_shape("name,color\nbob,red\nann,blue\n", 2, 2, true);
    check_shape("bob,red\nann,red\n", 2, 2, false);
    check_shape("red,red\nblue,green\n", 2, 2, false);
    check_shape("\"Month\",\"Passengers\"\n\"1949-01\",112\n", 1, 2, true);
    check_shape("inf,x\n1,2\n", 1, 2, true);
    gd_csv_options options = {.header = GD_CSV_HEADER_NO};
    gd_csv_report report = {0};
    gd_error error = {0};
    cr_assert_eq(read_csv("x,y\nu,v\n", 8, &options, &report, NULL, &error), GD_OK);
    cr_assert_eq(report.rows, 2);
    options.header = GD_CSV_HEADER_YES;
    cr_assert_eq(read_csv("1,2\n3,4\n", 8, &options, &report, NULL, &error), GD_OK);
    cr_assert_eq(report.rows, 1);
}

Test(data_csv, names_columns)
{
    gd_frame *frame = frame_of("1,2\n3,4\n");
    cr_assert_str_eq(gd_frame_column(frame, 1)->name, "column_2");
    gd_frame_destroy(frame);
    const char *const names[] = {"left", "right"};
    gd_csv_options options = {.names = names, .name_count = 2};
    gd_error error = {0};
    cr_assert_eq(read_csv("a,b\n1,2\n", 8, &options, NULL, &frame, &error), GD_OK);
    cr_assert_eq(gd_frame_find(frame, "right"), 1);
    cr_assert_eq(gd_frame_row_count(frame), 1);
    gd_frame_destroy(frame);
    cr_assert_eq(read_csv("1,2,3\n", 6, &options, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert_str_eq(error.path, "columns");
    check_refused("a,b,a\n1,2,3\n", GD_INVALID_DATA, "columns 1 and 3 are both named 'a'");
    check_refused(
        "a,Gr\xf6\xdf"
        "e\n1,2\n",
        GD_INVALID_DATA, "UTF-8");
    options = (gd_csv_options){.header = GD_CSV_HEADER_YES};
    cr_assert_eq(read_csv("a,\n1,2\n", 7, &options, NULL, &frame, &error), GD_OK);
    cr_assert_str_eq(gd_frame_column(frame, 1)->name, "column_2");
    gd_frame_destroy(frame);
}

static char delimiter_of(const char *text)
{
    gd_csv_report report = {0};
    gd_error error = {0};
    gd_status status = read_csv(text, strlen(text), NULL, &report, NULL, &error);
    cr_assert_eq(status, GD_OK, "%s", error.message);
    return report.delimiter;
}

Test(data_csv, finds_the_delimiter)
{
    cr_assert_eq(delimiter_of("1,2\n3,4\n"), ',');
    cr_assert_eq(delimiter_of("1;2\n3;4\n"), ';');
    cr_assert_eq(delimiter_of("1\t2\n3\t4\n"), '\t');
    cr_assert_eq(delimiter_of("1\n2\n"), ',');
    cr_assert_eq(delimiter_of("\"a;b\",1\n\"c\",2\n"), ',');
    cr_assert_eq(delimiter_of("a, b;1\nc;2\nd, e;3\n"), ';');
    cr_assert_eq(delimiter_of("a,b;c,1\nd,e;f,2\n"), ',');
    cr_assert_eq(delimiter_of("x;y\n1;\n;2\n"), ';');
    gd_csv_options options = {.delimiter = '|'};
    gd_error error = {0};
    cr_assert_eq(read_csv("1|2", 3, &options, NULL, NULL, &error), GD_INVALID_ARGUMENT);
    options.delimiter = ';';
    gd_csv_report report = {0};
    cr_assert_eq(read_csv("a,b\nc,d\n", 8, &options, &report, NULL, &error), GD_OK);
    cr_assert_eq(report.columns, 1);
    check_refused("1;2\n3;4\n5;6;7\n8;9\n", GD_INVALID_DATA, "line 3");
}

Test(data_csv, tells_decimal_commas_apart)
{
    check_refused("x;y\n1,5;2,5\n3,5;4\n", GD_INVALID_DATA,
                  "line 2, column 'x': '1,5' has a comma");
    check_refused("x\ty\n1\t2\n3\t4,25\n", GD_INVALID_DATA,
                  "line 3, column 'y': '4,25' has a comma");
}

Test(data_csv, knows_missing_words)
{
    gd_frame *frame = frame_of("x,y\n1,a\n,\nNA,?\nnan,N/A\nNULL,null\n\"\",\" \"\n2,b\n");
    cr_assert_eq(gd_frame_row_count(frame), 7);
    cr_assert_eq(gd_frame_column(frame, 0)->kind, GD_COLUMN_NUMERIC);
    cr_assert_eq(gd_frame_column(frame, 0)->missing, 5);
    cr_assert_eq(gd_frame_column(frame, 1)->missing, 5);
    cr_assert_eq(gd_frame_column(frame, 1)->class_count, 2);
    cr_assert(isnan(cell_at(frame, 3, 0)));
    gd_frame_destroy(frame);
    frame = frame_of("x,y\n1,?\n2,\n");
    cr_assert_eq(gd_frame_column(frame, 1)->kind, GD_COLUMN_NUMERIC);
    cr_assert_eq(gd_frame_column(frame, 1)->missing, 2);
    gd_frame_destroy(frame);
}

Test(data_csv, refuses_numbers_beyond_a_double)
{
    check_refused("x\n1\n1e999\n", GD_INVALID_DATA, "line 3, column 'x': '1e999' is beyond");
    check_refused("x,y\n1,2\n-inf,3\n4,5\n", GD_INVALID_DATA,
                  "line 3, column 'x': '-inf' is beyond");
    check_refused("x\n1\nInfinity\n", GD_INVALID_DATA, "line 3, column 'x'");
    gd_frame *frame = frame_of("x,y\n1e999,1\nabc,2\n1e-999,3\n");
    cr_assert_eq(gd_frame_column(frame, 0)->kind, GD_COLUMN_CATEGORICAL);
    cr_assert_eq(gd_frame_column(frame, 0)->class_count, 3);
    gd_frame_destroy(frame);
    frame = frame_of("x\n1e-999\n0\n");
    cr_assert_eq(cell_at(frame, 0, 0), 0.0);
    gd_frame_destroy(frame);
}

/* `numbers` rows of numbers, then the cell, then another row of a number. */
static void write_mixed(char *text, size_t size, int numbers, const char *cell)
{
    size_t length = (size_t)snprintf(text, size, "x,y\n");
    for (int i = 0; i < numbers; i++) {
        length += (size_t)snprintf(text + length, size - length, "%d,1\n", i);
    }
    (void)snprintf(text + length, size - length, "%s,1\n", cell);
}

Test(data_csv, refuses_a_few_texts_among_numbers)
{
    char text[1024];
    write_mixed(text, sizeof text, 10, "12o");
    check_refused(text, GD_INVALID_DATA, "line 12, column 'x': '12o' is not a number");
    write_mixed(text, sizeof text, 20, "0x1F");
    check_refused(text, GD_INVALID_DATA, "line 22, column 'x': '0x1F' is not a number");
    write_mixed(text, sizeof text, 12, "1949-01");
    check_refused(text, GD_INVALID_DATA, "NA or ?");
    write_mixed(text, sizeof text, 8, "many");
    gd_frame *frame = frame_of(text);
    cr_assert_eq(gd_frame_column(frame, 0)->kind, GD_COLUMN_CATEGORICAL);
    cr_assert_eq(gd_frame_column(frame, 0)->class_count, 9);
    cr_assert_str_eq(class_at(frame, 3, 0), "3");
    cr_assert_str_eq(class_at(frame, 8, 0), "many");
    gd_frame_destroy(frame);
}

Test(data_csv, takes_booleans_for_texts)
{
    gd_frame *frame = frame_of("x,y\n1,true\n2,false\n");
    cr_assert_eq(gd_frame_column(frame, 1)->kind, GD_COLUMN_CATEGORICAL);
    cr_assert_str_eq(gd_frame_column(frame, 1)->classes[0], "false");
    gd_frame_destroy(frame);
}

/* "x,y", then `count` rows "prefix<i>,1". The caller frees. */
static char *many_texts(int64_t count, const char *prefix)
{
    size_t size = (size_t)count * 32 + 64;
    char *text = malloc(size);
    cr_assert_not_null(text);
    size_t length = (size_t)snprintf(text, size, "x,y\n");
    for (int64_t i = 0; i < count; i++) {
        length +=
            (size_t)snprintf(text + length, size - length, "%s%lld,1\n", prefix, (long long)i);
    }
    return text;
}

Test(data_csv, bounds_classes)
{
    char *text = many_texts(GD_FRAME_MAXIMUM_CLASSES, "t");
    gd_frame *frame = frame_of(text);
    cr_assert_eq(gd_frame_column(frame, 0)->class_count, GD_FRAME_MAXIMUM_CLASSES);
    cr_assert_str_eq(class_at(frame, 9876, 0), "t9876");
    gd_frame_destroy(frame);
    free(text);
    text = many_texts(GD_FRAME_MAXIMUM_CLASSES + 1, "t");
    check_refused(text, GD_INVALID_DATA,
                  "column 'x' has more than 10000 different texts; leave it out");
    free(text);
    text = many_texts(3 * GD_FRAME_MAXIMUM_CLASSES, "");
    frame = frame_of(text);
    cr_assert_eq(gd_frame_column(frame, 0)->kind, GD_COLUMN_NUMERIC);
    gd_frame_destroy(frame);
    free(text);
}

Test(data_csv, refuses_texts_that_cannot_be_classes)
{
    check_refused(
        "x,y\nok,1\nGr\xf6\xdf"
        "e,2\n",
        GD_INVALID_DATA, "line 3, column 'x': 'Gr??e' cannot");
    char text[400];
    int length = snprintf(text, sizeof text, "x,y\nok,1\n%0300d", 0);
    text[10] = 'a';
    (void)snprintf(text + length, sizeof text - (size_t)length, ",2\n");
    check_refused(text, GD_INVALID_DATA, "line 3, column 'x'");
    gd_error error = {0};
    cr_assert_eq(read_csv("x,y\na\0b,1\n", 10, NULL, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert_eq(read_csv("\xff\xfex\0", 4, NULL, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert(strstr(error.message, "UTF-16") != NULL);
    check_refused("PK\x03\x04xxxx", GD_INVALID_DATA, "save it as CSV");
    check_refused("a,b\rc,d\re,f\r", GD_INVALID_DATA, "line 1: a carriage return without");
}

Test(data_csv, bounds_a_field)
{
    size_t limit = (size_t)1 << 20;
    size_t size = limit + 64;
    char *text = malloc(size);
    cr_assert_not_null(text);
    gd_error error = {0};
    /* A number of exactly the longest length, and one byte more. */
    memset(text, '0', size);
    memcpy(text, "x,y\n1,2\n", 8);
    memcpy(text + 8 + limit, ",7\n", 3);
    gd_frame *frame = NULL;
    cr_assert_eq(read_csv(text, limit + 11, NULL, NULL, &frame, &error), GD_OK, "%s",
                 error.message);
    cr_assert_eq(cell_at(frame, 1, 1), 7.0);
    gd_frame_destroy(frame);
    memset(text + 8, 'a', limit + 1);
    memcpy(text + 8 + limit + 1, ",7\n", 3);
    cr_assert_eq(read_csv(text, limit + 12, NULL, NULL, NULL, &error), GD_TOO_LARGE);
    cr_assert(strstr(error.message, "line 3") != NULL, "%s", error.message);
    text[8] = '"';
    cr_assert_eq(read_csv(text, limit + 12, NULL, NULL, NULL, &error), GD_INVALID_DATA);
    free(text);
    size = 4 * limit;
    text = malloc(size);
    cr_assert_not_null(text);
    memset(text, 'a', size);
    memcpy(text, "x\n1\n\"", 5);
    cr_assert_eq(read_csv(text, size, NULL, NULL, NULL, &error), GD_TOO_LARGE);
    cr_assert(strstr(error.message, "line 3") != NULL, "%s", error.message);
    free(text);
}

Test(data_csv, bounds_columns)
{
    size_t size = 2 * (size_t)(GD_FRAME_MAXIMUM_COLUMNS + 1);
    char *text = malloc(size + 1);
    cr_assert_not_null(text);
    for (size_t i = 0; i < size; i += 2) {
        memcpy(text + i, "1,", 2);
    }
    gd_error error = {0};
    gd_frame *frame = NULL;
    cr_assert_eq(read_csv(text, size - 3, NULL, NULL, &frame, &error), GD_OK, "%s", error.message);
    cr_assert_eq(gd_frame_column_count(frame), GD_FRAME_MAXIMUM_COLUMNS);
    cr_assert_eq(gd_frame_find(frame, "column_100000"), 99999);
    gd_frame_destroy(frame);
    cr_assert_eq(read_csv(text, size - 1, NULL, NULL, NULL, &error), GD_TOO_LARGE);
    free(text);
}

/*
 * Rows of all sorts that cross the read buffer's end at every kind of byte: 3 MiB, checked cell by
 * cell.
 */
Test(data_csv, reads_across_its_buffer)
{
    enum {
        ROWS = 60000
    };
    size_t size = (size_t)ROWS * 64 + 64;
    char *text = malloc(size);
    cr_assert_not_null(text);
    size_t length = (size_t)snprintf(text, size, "a,b,c,d\r\n");
    for (int i = 0; i < ROWS; i++) {
        length += (size_t)snprintf(text + length, size - length,
                                   "%d.%03d, -1.5e%d ,\"q\"\"%d\",t%.*s\r\n", i, i % 1000, i % 30,
                                   i % 50, i % 11, "abcdefghijkl");
    }
    cr_assert_gt(length, (size_t)2 << 20);
    gd_frame *frame = frame_of(text);
    free(text);
    cr_assert_eq(gd_frame_row_count(frame), ROWS);
    for (int i = 0; i < ROWS; i++) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%d.%03d", i, i % 1000);
        cr_assert_eq(cell_at(frame, i, 0), strtod(expected, NULL), "row %d", i);
        (void)snprintf(expected, sizeof expected, "-1.5e%d", i % 30);
        cr_assert_eq(cell_at(frame, i, 1), strtod(expected, NULL), "row %d", i);
        (void)snprintf(expected, sizeof expected, "q\"%d", i % 50);
        cr_assert_str_eq(class_at(frame, i, 2), expected, "row %d", i);
        (void)snprintf(expected, sizeof expected, "t%.*s", i % 11, "abcdefghijkl");
        cr_assert_str_eq(class_at(frame, i, 3), expected, "row %d", i);
    }
    gd_frame_destroy(frame);
}
