/*
 * test_npy.c: every element type, byte order, order of axes and version is read exactly, in the
 * smallest cells; no header is believed that the file's length does not bear out.
 */
#include "unit/data/frame_support.h"

#include "data/frame_layout.h"
#include "data/npy_head.h"

#include <descent/npy.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct npy_bytes {
    unsigned char bytes[512];
    size_t length;
} npy_bytes;

static npy_bytes npy_with(int version, const char *dictionary, const void *elements, size_t length)
{
    npy_bytes made = {.length = version == 1 ? 10 : 12};
    size_t text = strlen(dictionary) + 1;
    memcpy(made.bytes, GD_NPY_MAGIC, 6);
    made.bytes[6] = (unsigned char)version;
    made.bytes[8] = (unsigned char)(text & 255);
    made.bytes[9] = (unsigned char)(text >> 8);
    memcpy(made.bytes + made.length, dictionary, text - 1);
    made.bytes[made.length + text - 1] = '\n';
    made.length += text;
    memcpy(made.bytes + made.length, elements, length);
    made.length += length;
    return made;
}

static npy_bytes npy_of(const char *type, const char *order, const char *shape,
                        const void *elements, size_t length)
{
    char dictionary[200];
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }  ",
             type, order, shape);
    return npy_with(1, dictionary, elements, length);
}

static gd_status read_npy(const npy_bytes *file, size_t length, gd_npy_report *report,
                          gd_frame **frame, gd_error *error)
{
    int input = memory_file(file->bytes, length), output = memory_file("", 0);
    gd_status status = gd_npy_to_frame_file(input, output, report, error);
    if (status == GD_OK && frame != NULL) {
        status = open_frame(frame, output, error);
    }
    (void)close(input);
    (void)close(output);
    return status;
}

static gd_frame *frame_of_npy(const npy_bytes *file)
{
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(read_npy(file, file->length, NULL, &frame, &error), GD_OK, "%s", error.message);
    return frame;
}

static void refuse(const npy_bytes *file, const char *word)
{
    gd_error error = {0};
    cr_assert_eq(read_npy(file, file->length, NULL, NULL, &error), GD_INVALID_DATA, "%s", word);
    cr_assert_not_null(strstr(error.message, word), "'%s' says nothing of %s", error.message, word);
}

static void refuse_header(const char *dictionary, const char *word)
{
    npy_bytes file = npy_with(1, dictionary, "\1\2\3", 3);
    refuse(&file, word);
}

Test(data_npy, every_type_and_byte_order_is_read_exactly)
{
    static const struct {
        const char *type;
        unsigned char bytes[8];
        size_t size;
        double value;
        gdi_cell_type cell;
    } cases[] = {
        {"|u1", {200}, 1, 200, GDI_CELL_UINT8},
        {"<u1", {7}, 1, 7, GDI_CELL_UINT8},
        {"|i1", {0xfe}, 1, -2, GDI_CELL_FLOAT32},
        {"<i2", {0x01, 0xff}, 2, -255, GDI_CELL_FLOAT32},
        {">i2", {0xff, 0x01}, 2, -255, GDI_CELL_FLOAT32},
        {"<u2", {0xff, 0xff}, 2, 65535, GDI_CELL_UINT16},
        {">u2", {0x01, 0x00}, 2, 256, GDI_CELL_UINT16},
        {"<u4", {0xff, 0xff, 0xff, 0xff}, 4, 4294967295.0, GDI_CELL_FLOAT64},
        {">i4", {0x80, 0, 0, 1}, 4, -2147483647.0, GDI_CELL_FLOAT64},
        {"<i8", {1, 0, 0, 0, 0, 0, 0xe0, 0xff}, 8, -9007199254740991.0, GDI_CELL_FLOAT64},
        {">u8", {0, 0, 0, 0, 0, 0, 1, 0}, 8, 256, GDI_CELL_UINT16},
        {"<f4", {0, 0, 0xc0, 0xbf}, 4, -1.5, GDI_CELL_FLOAT32},
        {">f4", {0x3d, 0xcc, 0xcc, 0xcd}, 4, (double)0.1F, GDI_CELL_FLOAT32},
        {"<f8", {0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f}, 8, 0.1, GDI_CELL_FLOAT64},
        {">f8", {0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}, 8, 0.1, GDI_CELL_FLOAT64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        npy_bytes file = npy_of(cases[i].type, "False", "(1,)", cases[i].bytes, cases[i].size);
        gd_frame *frame = frame_of_npy(&file);
        cr_assert_eq(gd_frame_find(frame, "value"), 0);
        cr_assert_eq(cell_at(frame, 0, 0), cases[i].value, "type %s", cases[i].type);
        cr_assert_eq(gd_frame_column(frame, 0)->mean, cases[i].value);
        cr_assert_eq(frame->cell_type, cases[i].cell, "type %s", cases[i].type);
        gd_frame_destroy(frame);
    }
}

/* The same array of [2, 2, 3] in both orders of its axes. */
Test(data_npy, fortran_order_gives_the_rows_of_c_order)
{
    unsigned char in_c[12], in_fortran[12];
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            for (int k = 0; k < 3; k++) {
                unsigned char value = (unsigned char)(100 * i + 10 * j + k);
                in_c[(i * 2 + j) * 3 + k] = value;
                in_fortran[i + 2 * j + 4 * k] = value;
            }
        }
    }
    npy_bytes files[] = {npy_of("|u1", "False", "(2, 2, 3)", in_c, sizeof in_c),
                         npy_of("|u1", "True", "(2, 2, 3)", in_fortran, sizeof in_fortran)};
    for (int f = 0; f < 2; f++) {
        gd_npy_report report;
        gd_frame *frame = NULL;
        cr_assert_eq(read_npy(&files[f], files[f].length, &report, &frame, NULL), GD_OK);
        cr_assert_eq(report.rank, 3);
        cr_assert_eq(report.columns, 6);
        cr_assert_eq(report.dimensions[2], 3);
        for (int i = 0; i < 12; i++) {
            cr_assert_eq(cell_at(frame, i / 6, i % 6), in_c[i], "file %d, cell %d", f, i);
        }
        cr_assert_eq(gd_frame_find(frame, "v_5"), 5);
        cr_assert_eq(gd_frame_column(frame, 5)->minimum, 12);
        cr_assert_eq(gd_frame_column(frame, 5)->maximum, 112);
        cr_assert_eq(gd_frame_column(frame, 1)->mean, 51);
        gd_frame_destroy(frame);
    }
}

Test(data_npy, long_columns_pass_through_tiles)
{
    enum {
        ROWS = 400000,
        COLUMNS = 5
    };
    char dictionary[120];
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '<i4', 'fortran_order': True, 'shape': (%d, %d), }", ROWS, COLUMNS);
    npy_bytes head = npy_with(1, dictionary, "", 0);
    size_t length = head.length + sizeof(int32_t) * ROWS * COLUMNS;
    unsigned char *bytes = malloc(length);
    cr_assert_not_null(bytes);
    memcpy(bytes, head.bytes, head.length);
    for (int32_t i = 0; i < ROWS * COLUMNS; i++) {
        memcpy(bytes + head.length + sizeof i * (size_t)i, &i, sizeof i);
    }
    int input = memory_file(bytes, length), output = memory_file("", 0);
    gd_frame *frame = NULL;
    cr_assert_eq(gd_npy_to_frame_file(input, output, NULL, NULL), GD_OK);
    cr_assert_eq(open_frame(&frame, output, NULL), GD_OK);
    for (int64_t row = 0; row < ROWS; row += 3331) {
        for (int64_t column = 0; column < COLUMNS; column++) {
            cr_assert_eq(cell_at(frame, row, column), (double)(column * ROWS + row));
        }
    }
    cr_assert_eq(cell_at(frame, ROWS - 1, COLUMNS - 1), (double)(ROWS * COLUMNS - 1));
    gd_frame_destroy(frame);
    (void)close(input);
    (void)close(output);
    free(bytes);
}

Test(data_npy, versions_one_to_three_and_any_spelling_of_the_dictionary)
{
    static const char *const spellings[] = {
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3), }",
        "{\"shape\":(1,3),\"descr\":\"|u1\",\"fortran_order\":False}",
        "  { 'fortran_order' : False , 'descr' : '|u1' , 'shape' : ( 1L , 3L ) , }   \n",
    };
    for (int version = 1; version <= 3; version++) {
        for (size_t i = 0; i < 3; i++) {
            npy_bytes file = npy_with(version, spellings[i], "\1\2\3", 3);
            gd_frame *frame = frame_of_npy(&file);
            cr_assert_eq(cell_at(frame, 0, 2), 3);
            gd_frame_destroy(frame);
        }
    }
    for (int version = 0; version <= 4; version += 4) {
        npy_bytes file = npy_with(version, spellings[0], "\1\2\3", 3);
        refuse(&file, "version");
    }
}

Test(data_npy, nan_is_missing_infinity_and_large_integers_are_refused)
{
    const float numbers[] = {NAN, 2, -0.0F}, infinite[] = {1, 2, INFINITY};
    npy_bytes file = npy_of("<f4", "False", "(3,)", numbers, sizeof numbers);
    gd_frame *frame = frame_of_npy(&file);
    cr_assert(isnan(cell_at(frame, 0, 0)));
    cr_assert_eq(gd_frame_column(frame, 0)->missing, 1);
    cr_assert(signbit(cell_at(frame, 2, 0)));
    gd_frame_destroy(frame);
    file = npy_of("<f4", "False", "(3,)", infinite, sizeof infinite);
    refuse(&file, "row 2");
    const int64_t large = -9007199254740992;
    file = npy_of("<i8", "False", "(1,)", &large, sizeof large);
    refuse(&file, "2^53");
    const uint64_t largest = UINT64_MAX;
    file = npy_of("<u8", "False", "(1,)", &largest, sizeof largest);
    refuse(&file, "2^53");
}

Test(data_npy, other_types_are_refused_by_name)
{
    static const struct {
        const char *type, *word;
    } cases[] = {
        {"'|O'", "Python objects"},
        {"'<f2'", "f2"},
        {"'<c8'", "complex"},
        {"'|S3'", "bytes"},
        {"'<U3'", "texts"},
        {"'|b1'", "truth"},
        {"'<M8[s]'", "dates"},
        {"'<f16'", "f16"},
        {"'<i3'", "i3"},
        {"[('a', '<f4')]", "named"},
        {"'|V8'", "raw"},
        {"'f4'", "f4"},
        {"'=f4'", "=f4"},
        {"''", "something"},
        {"'<'", "something"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dictionary[120];
        snprintf(dictionary, sizeof dictionary,
                 "{'descr': %s, 'fortran_order': False, 'shape': (3,), }", cases[i].type);
        refuse_header(dictionary, cases[i].word);
    }
}

Test(data_npy, headers_that_are_none_are_refused)
{
    static const struct {
        const char *dictionary, *word;
    } cases[] = {
        {"", "dictionary"},
        {"{}", "lacks"},
        {"{'descr': '|u1', 'shape': (3,)}", "lacks"},
        {"{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", "twice"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}", "unknown key"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}", "True nor False"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': 3}", "tuple"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3)}", "array"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': ()}", "array"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}", "whole number"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3 1)}", "comma"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,}", "whole number"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 3)}", "0"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,3)}", "more than 8"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x", "goes on"},
        {"{'descr': '|u1' 'fortran_order': False, 'shape': (3,)}", "keys and values"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", "no file"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", "4 rows"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 3)}", "bytes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4611686018427387904, 4)}",
         "more than"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 100001)}", "100000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuse_header(cases[i].dictionary, cases[i].word);
    }
}

Test(data_npy, is_refused_truncated_at_every_byte_and_with_bytes_too_many)
{
    const float elements[] = {1, 2, 3, 4};
    npy_bytes file = npy_of("<f4", "True", "(2, 2)", elements, sizeof elements);
    for (size_t length = 0; length <= file.length + 1; length++) {
        gd_error error = {0};
        gd_status wanted = length == file.length ? GD_OK : GD_INVALID_DATA;
        cr_assert_eq(read_npy(&file, length, NULL, NULL, &error), wanted, "%zu bytes", length);
    }
}

Test(data_npy, a_header_with_any_byte_changed_is_read_or_refused)
{
    const unsigned char elements[] = {1, 2, 3, 4};
    npy_bytes file = npy_of("|u1", "False", "(2, 2)", elements, sizeof elements);
    for (size_t at = 0; at < file.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            npy_bytes changed = file;
            changed.bytes[at] ^= (unsigned char)(1 << bit);
            gd_status status = read_npy(&changed, changed.length, NULL, NULL, NULL);
            cr_assert(status == GD_OK || status == GD_INVALID_DATA);
        }
    }
}

Test(data_npy, the_length_of_a_header_is_bounded)
{
    npy_bytes file = npy_with(2, "{}", "", 0);
    memset(file.bytes + 8, 0xff, 4);
    refuse(&file, "longer");
    gdi_npy_head head;
    cr_assert_eq(gdi_npy_head_read(&head, file.bytes, 0, NULL), GD_INVALID_DATA);
}
