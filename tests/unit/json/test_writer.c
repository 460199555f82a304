/*
 * The streaming writer: what it writes passes the strict scanner, limits hold, misuse sticks.
 */
#include "json/writer.h"

#include "json/document.h"
#include "json/number.h"
#include "json/scanner.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLENTY = 1 << 20
};

/* Ends the writer and compares its text, which must be what the scanner accepts. */
static void check_text(json_writer *writer, const char *expected)
{
    size_t length = 0;
    json_fault fault = {0};
    char *text = json_writer_finish(writer, &length);
    cr_assert_not_null(text, "status %d", (int)json_writer_status(writer));
    cr_expect_eq(length, strlen(text));
    cr_expect_str_eq(text, expected, "%s, not %s", text, expected);
    cr_expect(json_scan(text, length, &fault), "%s: %s", text, fault.message);
    free(text);
    json_writer_destroy(writer);
}

Test(json_writer, places_commas_and_colons)
{
    json_writer *w = json_writer_create(PLENTY);
    json_writer_begin_object(w);
    json_writer_key(w, "a");
    json_writer_begin_array(w);
    json_writer_int64(w, 1);
    json_writer_null(w);
    json_writer_begin_array(w);
    json_writer_end_array(w);
    json_writer_begin_object(w);
    json_writer_end_object(w);
    json_writer_boolean(w, true);
    json_writer_end_array(w);
    json_writer_key(w, "b\"\n");
    json_writer_boolean(w, false);
    json_writer_key(w, "c");
    json_writer_begin_object(w);
    json_writer_key(w, "d");
    json_writer_raw(w, "{\"x\":[1]}", 9);
    json_writer_key(w, "e");
    json_writer_string(w, NULL);
    json_writer_end_object(w);
    json_writer_end_object(w);
    check_text(w,
               "{\"a\":[1,null,[],{},true],\"b\\\"\\n\":false,"
               "\"c\":{\"d\":{\"x\":[1]},\"e\":null}}");
}

Test(json_writer, a_single_value_is_a_document)
{
    json_writer *w = json_writer_create(PLENTY);
    json_writer_string(w, "alone");
    check_text(w, "\"alone\"");
}

Test(json_writer, escapes_strings)
{
    json_writer *w = json_writer_create(PLENTY);
    json_writer_begin_array(w);
    json_writer_string(w, "\" \\ / \b\f\n\r\t \x01\x1f\x7f");
    json_writer_string(w, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80<script>");
    json_writer_string_length(w, "a\0b", 3);
    json_writer_string(w, "");
    json_writer_end_array(w);
    size_t length;
    char *text = json_writer_finish(w, &length);
    cr_assert_not_null(text);
    cr_expect_str_eq(text,
                     "[\"\\\" \\\\ / \\b\\f\\n\\r\\t \\u0001\\u001f\x7f\","
                     "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80<script>\",\"a\\u0000b\",\"\"]");
    free(text);
    json_writer_destroy(w);
}

Test(json_writer, invalid_utf8_is_replaced)
{
    json_writer *w = json_writer_create(PLENTY);
    json_writer_string(w, "a\xff\xc3(\xe2\x82");
    check_text(w, "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\"");
}

Test(json_writer, numbers)
{
    static const double doubles[] = {0.1, -0.0, NAN, 1e300, INFINITY};
    static const float floats[] = {0.1F, 16777216.0F, -INFINITY};
    json_writer *w = json_writer_create(PLENTY);
    json_writer_begin_array(w);
    json_writer_double(w, 0.1F);
    json_writer_float32(w, 0.1F);
    json_writer_doubles(w, doubles, 5);
    json_writer_float32s(w, floats, 3);
    json_writer_float32s(w, floats, 0);
    json_writer_end_array(w);
    check_text(w, "[0.10000000149011612,0.1,[0.1,-0,null,1e300,null],[0.1,16777216,null],[]]");
}

Test(json_writer, integers_beyond_exactness_are_strings)
{
    json_writer *w = json_writer_create(PLENTY);
    json_writer_begin_array(w);
    json_writer_int64(w, 9007199254740991);
    json_writer_int64(w, 9007199254740992);
    json_writer_int64(w, -9007199254740991);
    json_writer_int64(w, INT64_MIN);
    json_writer_uint64(w, 9007199254740991);
    json_writer_uint64(w, UINT64_MAX);
    json_writer_end_array(w);
    check_text(w,
               "[9007199254740991,\"9007199254740992\",-9007199254740991,"
               "\"-9223372036854775808\",9007199254740991,\"18446744073709551615\"]");
}

Test(json_writer, trees_come_back_equal)
{
    static const char text[] =
        "{\"a\":[1,2.5,-0,1e-7,0.1,\"x\\n\xc3\xa9\",true,false,null,[],{}],"
        "\"b\":{\"c\":{\"d\":\"\"}},\"\":1}";
    cJSON *tree = json_parse(text, sizeof text - 1, NULL);
    cr_assert_not_null(tree);
    json_writer *w = json_writer_create(PLENTY);
    json_writer_begin_array(w);
    json_writer_tree(w, tree);
    json_writer_tree(w, NULL);
    json_writer_end_array(w);
    size_t length;
    char *written = json_writer_finish(w, &length);
    cr_assert_not_null(written);
    cJSON *back = json_parse(written, length, NULL);
    cr_assert_not_null(back, "%s", written);
    cr_expect(json_equal(tree, back->child), "%s", written);
    free(written);
    cJSON_Delete(back);
    cJSON_Delete(tree);
    json_writer_destroy(w);
}

Test(json_writer, deep_trees_are_an_error_not_a_crash)
{
    cJSON *tree = cJSON_CreateArray();
    for (int i = 0; i < 5000; i++) {
        cJSON *outer = cJSON_CreateArray();
        cr_assert(cJSON_AddItemToArray(outer, tree));
        tree = outer;
    }
    json_writer *w = json_writer_create(PLENTY);
    json_writer_tree(w, tree);
    cr_expect_eq(json_writer_status(w), JSON_WRITER_MISUSED);
    cr_expect_null(json_writer_finish(w, NULL));
    json_writer_destroy(w);
    cJSON_Delete(tree);
}

Test(json_writer, the_maximum_is_hard_and_exact)
{
    for (size_t maximum = 0; maximum <= 30; maximum++) {
        json_writer *w = json_writer_create(maximum);
        json_writer_begin_array(w);
        json_writer_double(w, 0.25);
        json_writer_string(w, "a\nb");
        json_writer_float32(w, 1.5F);
        json_writer_boolean(w, true);
        json_writer_end_array(w);
        size_t length = 0;
        char *text = json_writer_finish(w, &length); /* [0.25,"a\nb",1.5,true] */
        cr_expect_eq(text != NULL, maximum >= 22, "maximum %zu", maximum);
        cr_expect_eq(json_writer_status(w),
                     maximum >= 22 ? JSON_WRITER_FINE : JSON_WRITER_TOO_LARGE);
        cr_expect_eq(length, maximum >= 22 ? 22 : 0);
        free(text);
        json_writer_destroy(w);
    }
}

static void key_only(json_writer *w)
{
    json_writer_begin_object(w);
    json_writer_key(w, "a");
    json_writer_end_object(w);
}

static void value_without_key(json_writer *w)
{
    json_writer_begin_object(w);
    json_writer_int64(w, 1);
    json_writer_end_object(w);
}

static void key_in_array(json_writer *w)
{
    json_writer_begin_array(w);
    json_writer_key(w, "a");
    json_writer_end_array(w);
}

static void two_keys(json_writer *w)
{
    json_writer_begin_object(w);
    json_writer_key(w, "a");
    json_writer_key(w, "b");
}

static void wrong_end(json_writer *w)
{
    json_writer_begin_object(w);
    json_writer_end_array(w);
}

static void end_without_begin(json_writer *w)
{
    json_writer_end_object(w);
}

static void two_values(json_writer *w)
{
    json_writer_null(w);
    json_writer_null(w);
}

static void not_ended(json_writer *w)
{
    json_writer_begin_array(w);
    json_writer_null(w);
}

static void nothing(json_writer *w)
{
    (void)w;
}

static void too_deep(json_writer *w)
{
    for (size_t i = 0; i <= JSON_WRITER_DEPTH_LIMIT; i++) {
        json_writer_begin_array(w);
    }
    for (size_t i = 0; i <= JSON_WRITER_DEPTH_LIMIT; i++) {
        json_writer_end_array(w);
    }
}

Test(json_writer, misuse_sticks)
{
    static void (*const misuses[])(json_writer *) = {
        key_only,          value_without_key, key_in_array, two_keys, wrong_end,
        end_without_begin, two_values,        not_ended,    nothing,  too_deep};
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        json_writer *w = json_writer_create(PLENTY);
        misuses[i](w);
        cr_expect_null(json_writer_finish(w, NULL), "misuse %zu", i);
        cr_expect_eq(json_writer_status(w), JSON_WRITER_MISUSED, "misuse %zu", i);
        json_writer_destroy(w);
    }
}

Test(json_writer, deepest_nesting_is_written)
{
    json_writer *w = json_writer_create(PLENTY);
    for (size_t i = 0; i < JSON_WRITER_DEPTH_LIMIT; i++) {
        json_writer_begin_array(w);
    }
    for (size_t i = 0; i < JSON_WRITER_DEPTH_LIMIT; i++) {
        json_writer_end_array(w);
    }
    size_t length = 0;
    char *text = json_writer_finish(w, &length);
    cr_expect_not_null(text);
    cr_expect_eq(length, 2 * JSON_WRITER_DEPTH_LIMIT);
    free(text);
    json_writer_destroy(w);
}

Test(json_writer, without_memory_nothing_happens)
{
    json_writer_begin_array(NULL);
    json_writer_key(NULL, "a");
    json_writer_double(NULL, 1.0);
    json_writer_tree(NULL, NULL);
    json_writer_end_array(NULL);
    cr_expect_null(json_writer_finish(NULL, NULL));
    cr_expect_eq(json_writer_status(NULL), JSON_WRITER_OUT_OF_MEMORY);
    json_writer_destroy(NULL);
}

Test(json_writer, a_million_float32s_come_back)
{
    const size_t count = 1000000;
    float *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    uint32_t state = 12345;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525U + 1013904223U;
        values[i] = (float)(int32_t)state * 1e-9F;
    }
    json_writer *w = json_writer_create(32U << 20);
    json_writer_float32s(w, values, count);
    size_t length;
    char *text = json_writer_finish(w, &length);
    cr_assert_not_null(text);
    cr_expect(json_scan(text, length, NULL));
    const char *at = text;
    for (size_t i = 0; i < count; i++) {
        char *end;
        cr_assert_eq(strtof(at + 1, &end), values[i], "value %zu", i);
        at = end;
    }
    free(text);
    free(values);
    json_writer_destroy(w);
}
