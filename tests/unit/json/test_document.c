/*
 * Trees: parsing behind the scanner, equality, and the merge patches of RFC 7396, appendix A.
 */
#include "json/document.h"

#include "json/writer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *parse(const char *text)
{
    json_fault fault = {0};
    cJSON *document = json_parse(text, strlen(text), &fault);
    cr_assert_not_null(document, "%s: %s", text, fault.message);
    return document;
}

static char *print(const cJSON *tree)
{
    json_writer *writer = json_writer_create(100000);
    json_writer_tree(writer, tree);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    return text;
}

Test(json_document, parses_what_the_scanner_accepts)
{
    cJSON *document = parse(" {\"a\": [1, 2.5, \"x\\u00e9\"], \"A\": null} ");
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(document, "a");
    cr_expect_eq(cJSON_GetArraySize(array), 3);
    cr_expect_eq(cJSON_GetArrayItem(array, 1)->valuedouble, 2.5);
    cr_expect_str_eq(cJSON_GetArrayItem(array, 2)->valuestring, "x\xc3\xa9");
    cr_expect(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(document, "A")));
    cJSON_Delete(document);
}

Test(json_document, refuses_with_the_offset_of_the_scanner)
{
    json_fault fault = {0};
    cr_expect_null(json_parse("{\"a\":1e999}", 11, &fault));
    cr_expect_eq(fault.offset, 5);
    cr_expect_not(fault.out_of_memory);
    cr_expect_null(json_parse("[1] x", 5, NULL));
    cr_expect_null(json_parse("", 0, &fault));
    cr_expect_eq(fault.offset, 0);
}

Test(json_document, stops_at_the_given_length)
{
    cJSON *document = json_parse("12345", 2, NULL);
    cr_assert_not_null(document);
    cr_expect_eq(document->valuedouble, 12.0);
    cJSON_Delete(document);
}

/* Older releases of the library cut numbers at 63 bytes. */
Test(json_document, long_numbers_are_exact)
{
    static const char *const samples[] = {
        "100000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "0.00000000000000000000000000000000000000000000000000000000000000000000000000000000125",
        "1234567890123456789012345678901234567890123456789012345678901234567890e-60",
        "1.7976931348623157e308",
        "5e-324",
        "0.1",
        "123456789.123456789",
        "-0"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "[%s]", samples[i]);
        cJSON *document = parse(text);
        const double expected = strtod(samples[i], NULL);
        cr_expect_eq(memcmp(&document->child->valuedouble, &expected, sizeof expected), 0, "%s",
                     samples[i]);
        cJSON_Delete(document);
    }
}

Test(json_document, equality_looks_at_meaning)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } samples[] = {
        {"1", "1.0", true},
        {"1", "\"1\"", false},
        {"0", "-0", true},
        {"0.1", "0.10000000000000002", false},
        {"null", "null", true},
        {"null", "false", false},
        {"true", "true", true},
        {"true", "false", false},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"A\"", false},
        {"[]", "{}", false},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1]", false},
        {"[1]", "[1,2]", false},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"a\":1,\"b\":2}", true},
        {"{\"a\":1}", "{\"A\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":{\"b\":[1,{\"c\":null}]}}", "{\"a\":{\"b\":[1,{\"c\":null}]}}", true},
        {"{\"a\":{\"b\":[1,{\"c\":null}]}}", "{\"a\":{\"b\":[1,{\"c\":0}]}}", false},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        cJSON *a = parse(samples[i].a);
        cJSON *b = parse(samples[i].b);
        cr_expect_eq(json_equal(a, b), samples[i].equal, "%s %s", samples[i].a, samples[i].b);
        cr_expect_eq(json_equal(b, a), samples[i].equal, "%s %s", samples[i].b, samples[i].a);
        cJSON *copy = json_copy(a);
        cr_expect(json_equal(a, copy));
        cJSON_Delete(copy);
        cJSON_Delete(a);
        cJSON_Delete(b);
    }
    cr_expect(json_equal(NULL, NULL));
}

static void check_patch(const char *target, const char *patch, const char *expected)
{
    cJSON *change = parse(patch);
    cJSON *before = json_copy(change);
    cJSON *result = json_merge_patch(target != NULL ? parse(target) : NULL, change);
    cr_assert_not_null(result);
    char *text = print(result);
    cr_expect_str_eq(text, expected, "%s with %s became %s", target, patch, text);
    cr_expect(json_equal(change, before), "the patch was changed");
    free(text);
    cJSON_Delete(result);
    cJSON_Delete(before);
    cJSON_Delete(change);
}

Test(json_document, merge_patches_of_the_rfc)
{
    static const char *const samples[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        check_patch(samples[i][0], samples[i][1], samples[i][2]);
    }
}

Test(json_document, merge_patches_keep_order_and_case)
{
    check_patch("{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":{\"x\":null,\"y\":[null]}}",
                "{\"a\":1,\"b\":{\"y\":[null]},\"c\":3}");
    check_patch("{\"a\":1}", "{\"A\":2}", "{\"a\":1,\"A\":2}");
    check_patch("{\"a\":1,\"b\":2}", "{\"c\":3,\"a\":null,\"d\":4,\"b\":null}",
                "{\"c\":3,\"d\":4}");
    check_patch("{\"a\":1,\"b\":2}", "{\"b\":null,\"c\":{\"d\":1},\"a\":{\"b\":{}}}",
                "{\"a\":{\"b\":{}},\"c\":{\"d\":1}}");
    check_patch("{\"a\":{\"b\":1}}", "{\"a\":{\"c\":2}}", "{\"a\":{\"b\":1,\"c\":2}}");
    check_patch(NULL, "{\"a\":null,\"b\":1}", "{\"b\":1}");
    check_patch(NULL, "7", "7");
}

/* A patch taken out of a larger document, put onto a target built by the program. */
Test(json_document, merge_patch_works_on_parts_and_built_trees)
{
    cJSON *wrapped = parse("{\"suggestion\":{\"rate\":0.5,\"name\":\"new\"}}");
    cJSON *target = cJSON_CreateObject();
    cJSON_AddItemToObjectCS(target, "rate", cJSON_CreateNumber(1));
    cJSON_AddItemToObjectCS(target, "name", cJSON_CreateObject());
    target = json_merge_patch(target, cJSON_GetObjectItemCaseSensitive(wrapped, "suggestion"));
    cJSON_Delete(wrapped);
    char *text = print(target);
    cr_expect_str_eq(text, "{\"rate\":0.5,\"name\":\"new\"}");
    free(text);
    cJSON_Delete(target);
}
