/*
 * Trees of one block against those of many: the same values, the same copies.
 */
#include "json/fixed_tree.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same(const cJSON *a, const cJSON *b)
{
    if ((a->type & 0xFF) != (b->type & 0xFF) || (a->string == NULL) != (b->string == NULL) ||
        (a->string != NULL && strcmp(a->string, b->string) != 0))
        return false;
    if (cJSON_IsNumber(a))
        return memcmp(&a->valuedouble, &b->valuedouble, sizeof a->valuedouble) == 0 &&
               a->valueint == b->valueint;
    if (cJSON_IsString(a))
        return strcmp(a->valuestring, b->valuestring) == 0;
    const cJSON *x = a->child, *y = b->child;
    for (; x != NULL && y != NULL; x = x->next, y = y->next)
        if (!same(x, y) || (x->next != NULL && x->next->prev != x))
            return false;
    return x == NULL && y == NULL;
}

static void expect_same_bytes(const char *text, size_t length)
{
    /* In a block of just that size, so that a sanitizer sees a read beyond it. */
    char *exact = malloc(length + (length == 0));
    cr_assert_not_null(exact);
    memcpy(exact, text, length);
    cJSON *plain = json_parse(exact, length, NULL), *fixed = json_parse_fixed(exact, length, NULL);
    cr_assert_eq(plain == NULL, fixed == NULL, "%.*s", (int)length, text);
    if (plain != NULL) {
        cr_assert_eq(fixed->string[0], '\0');
        char *name = fixed->string;
        fixed->string = NULL;
        cr_assert(same(plain, fixed), "%.*s", (int)length, text);
        fixed->string = name;
        cJSON *copy = json_copy(fixed);
        cJSON_Delete(fixed);
        fixed = NULL;
        cr_assert(json_equal(plain, copy), "%.*s", (int)length, text);
        cJSON_Delete(copy);
    }
    cJSON_Delete(plain);
    cJSON_Delete(fixed);
    free(exact);
}

static void expect_same(const char *text)
{
    expect_same_bytes(text, strlen(text));
}

Test(json_fixed_tree, values_are_those_of_a_plain_tree)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        " 12 ",
        "\"\"",
        "\"a\\n\\t\\\"\\\\\\/\\b\\f\\r\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
        "\"\xc3\xa9\xe2\x82\xac\"",
        "true",
        "[]",
        "{}",
        " [ ] ",
        "{ \"a\" : { } , \"b\" : [ ] }",
        "[1,2.5,-3e2,4E-2,1e22,1e23,9007199254740993,123456789012345678901234567890,0.1,1e-320]",
        "[true,false,null,[[[1]],{}],{\"x\":{\"y\":[{}]}}]",
        "{\"a,b[{\":\"c,[{\\\"\",\"d\":1}",
        "[2147483647,2147483648,-2147483648,-2147483649,1e300]",
        "[0.000000000000000000000000000000000001,12345678901234567.5]",
        "[0.1234567890123456789,1234567890123456789,99999999999999999999]",
        "",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "[1",
        "1e999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_same(texts[i]);
}

Test(json_fixed_tree, numbers_of_every_length_are_the_nearest_doubles)
{
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        const int digits = (int)(state % 20) + 1, point = (int)(state >> 8) % (digits + 1);
        const unsigned long long whole = state >> (state >> 58);
        if (i % 3 == 0)
            snprintf(text, sizeof text, "%s%llu.%0*llu", i % 2 ? "-" : "", whole >> 40, digits,
                     whole);
        else if (i % 3 == 1)
            snprintf(text, sizeof text, "%.*g", digits, ldexp((double)whole, point * 9 - 90));
        else
            snprintf(text, sizeof text, "%llu", whole);
        expect_same(text);
    }
}

Test(json_fixed_tree, deep_and_wide_documents)
{
    enum {
        DEPTH = JSON_DEPTH_LIMIT,
        ITEMS = 20000
    };
    char deep[2 * DEPTH + 1] = "";
    for (int i = 0; i < DEPTH; i++) {
        deep[i] = '[';
        deep[2 * DEPTH - 1 - i] = ']';
    }
    expect_same(deep);
    const size_t size = (size_t)ITEMS * 24 + 3;
    char *wide = malloc(size);
    cr_assert_not_null(wide);
    size_t length = 0;
    for (int i = 0; i < ITEMS; i++)
        length += (size_t)snprintf(wide + length, size - length, "%c{\"k%d\":[%d,\"v\"]}",
                                   i == 0 ? '[' : ',', i, i);
    snprintf(wide + length, size - length, "]");
    expect_same(wide);
    free(wide);
}

/* github.com/nst/JSONTestSuite is not part of this tree: JSON_TEST_SUITE names its test_parsing. */
Test(json_fixed_tree, every_file_of_json_test_suite)
{
    static char text[1 << 20];
    const char *folder = getenv("JSON_TEST_SUITE");
    DIR *directory = folder != NULL ? opendir(folder) : NULL;
    int files = 0;
    if (directory == NULL)
        cr_skip_test("JSON_TEST_SUITE names no folder with the files of JSONTestSuite");
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "rb") : NULL;
        if (file == NULL)
            continue;
        expect_same_bytes(text, fread(text, 1, sizeof text, file));
        fclose(file);
        files++;
    }
    closedir(directory);
    cr_expect_geq(files, 300);
}
