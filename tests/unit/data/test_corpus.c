/*
 * test_corpus.c: a text becomes its characters, whatever their size and wherever a buffer cuts them;
 * what is no text is refused with the byte.
 */
#include "unit/data/frame_support.h"

#include <descent/corpus.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gd_status read_corpus(const char *text, size_t length, gd_corpus_report *report,
                             gd_frame **frame, gd_error *error)
{
    int input = memory_file(text, length), output = memory_file("", 0);
    gd_status status = gd_corpus_to_frame_file(input, output, report, error);
    if (status == GD_OK && frame != NULL) {
        status = open_frame(frame, output, error);
    }
    (void)close(input);
    (void)close(output);
    return status;
}

Test(data_corpus, a_row_is_a_character_and_classes_are_in_order)
{
    const char *text =
        "\xef\xbb\xbf" /* a byte order mark */
        "b\xc3\xa9"
        "a\n\xe2\x82\xac\xf0\x9f\x98\x80"
        "b\t";
    static const char *const expected[] = {
        "b", "\xc3\xa9", "a", "\n", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "b", "\t"};
    gd_corpus_report report;
    gd_frame *frame = NULL;
    cr_assert_eq(read_corpus(text, strlen(text), &report, &frame, NULL), GD_OK);
    cr_assert_eq(report.characters, 8);
    cr_assert_eq(report.classes, 7);
    cr_assert_eq(gd_frame_find(frame, GD_CORPUS_COLUMN), 0);
    const gd_column *column = gd_frame_column(frame, 0);
    cr_assert_eq(column->kind, GD_COLUMN_CATEGORICAL);
    for (int64_t i = 1; i < column->class_count; i++) {
        cr_assert_lt(strcmp(column->classes[i - 1], column->classes[i]), 0);
    }
    for (int64_t row = 0; row < 8; row++) {
        cr_assert_str_eq(class_at(frame, row, 0), expected[row]);
    }
    gd_frame_destroy(frame);
}

Test(data_corpus, characters_cut_by_a_buffer_are_whole)
{
    size_t pairs = 70000, length = 0;
    char *text = malloc(pairs * 7);
    cr_assert_not_null(text);
    for (size_t i = 0; i < pairs; i++) {
        const char *next = i % 3 == 0 ? "\xe2\x82\xac" : i % 3 == 1 ? "x" : "\xf0\x9f\x98\x80";
        memcpy(text + length, next, strlen(next));
        length += strlen(next);
    }
    gd_corpus_report report;
    gd_frame *frame = NULL;
    cr_assert_eq(read_corpus(text, length, &report, &frame, NULL), GD_OK);
    cr_assert_eq(report.characters, (int64_t)pairs);
    for (int64_t row = 0; row < (int64_t)pairs; row += 311) {
        cr_assert_eq(cell_at(frame, row, 0), row % 3 == 0 ? 1 : row % 3 == 1 ? 0 : 2);
    }
    gd_frame_destroy(frame);
    free(text);
}

/* `count` different characters from U+4E00 on. */
static char *many(size_t count)
{
    char *text = malloc(count * 3);
    cr_assert_not_null(text);
    for (size_t i = 0; i < count; i++) {
        unsigned point = 0x4e00U + (unsigned)i;
        text[3 * i] = (char)(0xe0U | point >> 12);
        text[3 * i + 1] = (char)(0x80U | (point >> 6 & 0x3fU));
        text[3 * i + 2] = (char)(0x80U | (point & 0x3fU));
    }
    return text;
}

Test(data_corpus, many_characters_take_wider_cells_up_to_the_limit)
{
    size_t limit = (size_t)GD_FRAME_MAXIMUM_CLASSES;
    char *text = many(limit + 1);
    gd_frame *frame = NULL;
    gd_error error = {0};
    const size_t counts[] = {256, 257, limit};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(read_corpus(text, 3 * counts[i], NULL, &frame, NULL), GD_OK);
        int64_t last = (int64_t)counts[i] - 1;
        cr_assert_eq(cell_at(frame, last, 0), (double)last);
        cr_assert_eq(cell_at(frame, 0, 0), 0);
        gd_frame_destroy(frame);
    }
    cr_assert_eq(read_corpus(text, 3 * (limit + 1), NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert_not_null(strstr(error.message, "10000 different"), "%s", error.message);
    free(text);
}

Test(data_corpus, what_is_no_text_is_refused_with_its_byte)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *word;
    } cases[] = {
        {"", 0, "empty"},         {"\xef\xbb\xbf", 3, "empty"},   {"ab\xff", 3, "byte 2 "},
        {"ab\xc3", 3, "byte 2 "}, {"\xed\xa0\x80", 3, "byte 0 "}, {"\xc0\xaf", 2, "byte 0 "},
        {"a\0b", 3, "byte 1 "},   {"abc\x0c", 4, "U+000C"},       {"PK\x03\x04", 4, "byte 2 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gd_error error = {0};
        cr_assert_eq(read_corpus(cases[i].bytes, cases[i].length, NULL, NULL, &error),
                     GD_INVALID_DATA, "case %zu", i);
        cr_assert_not_null(strstr(error.message, cases[i].word), "%s", error.message);
    }
}

Test(data_corpus, offsets_are_of_the_file_not_of_a_buffer)
{
    size_t length = 200001;
    char *text = malloc(length);
    cr_assert_not_null(text);
    memset(text, 'a', length);
    text[200000] = (char)0xfe;
    gd_error error = {0};
    cr_assert_eq(read_corpus(text, length, NULL, NULL, &error), GD_INVALID_DATA);
    cr_assert_not_null(strstr(error.message, "byte 200000 "), "%s", error.message);
    free(text);
}

Test(data_corpus, narrow_frames_are_refused_truncated_at_every_byte)
{
    int input = memory_file("abcabd", 6), output = memory_file("", 0);
    cr_assert_eq(gd_corpus_to_frame_file(input, output, NULL, NULL), GD_OK);
    size_t length = 0;
    unsigned char *bytes = read_all(output, &length);
    (void)close(input);
    (void)close(output);
    gd_frame *frame = NULL;
    for (size_t i = 0; i < length; i++) {
        int file = memory_file(bytes, i);
        cr_assert_eq(open_frame(&frame, file, NULL), GD_CORRUPT, "%zu bytes of %zu", i, length);
        (void)close(file);
    }
    int file = memory_file(bytes, length);
    cr_assert_eq(open_frame(&frame, file, NULL), GD_OK);
    (void)close(file);
    /* Written again it is the same file. */
    file = memory_file("", 0);
    cr_assert_eq(gd_frame_write(frame, file, NULL), GD_OK);
    size_t again = 0;
    unsigned char *copy = read_all(file, &again);
    cr_assert_eq(again, length);
    cr_assert_eq(memcmp(copy, bytes, length), 0);
    gd_frame_destroy(frame);
    (void)close(file);
    free(copy);
    free(bytes);
}
