/*
 * Expectations in words and as JSON, and descriptions of values.
 */
#include "json/expectation.h"

#include "json/document.h"
#include "json/scanner.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void check(const json_expectation *expected, const char *words, const char *json)
{
    cr_expect_str_eq(expected->words, words, "%s", expected->words);
    cr_expect_str_eq(expected->json, json, "%s", expected->json);
    cr_expect(json_scan(expected->json, strlen(expected->json), NULL));
}

Test(json_expectation, numbers)
{
    json_expectation e;
    json_expect_number(&e, json_any_number());
    check(&e, "a number", "{\"type\":\"number\"}");
    json_expect_number(&e, json_between(0, 0.5));
    check(&e, "a number from 0 to 0.5", "{\"type\":\"number\",\"minimum\":0,\"maximum\":0.5}");
    json_expect_number(&e, json_above(0));
    check(&e, "a number above 0", "{\"type\":\"number\",\"exclusiveMinimum\":0}");
    json_expect_number(&e, json_at_least(-1e-9));
    check(&e, "a number of at least -1e-9", "{\"type\":\"number\",\"minimum\":-1e-9}");
    json_expect_number(&e, (json_bounds){0, 1, true, false});
    check(&e, "a number above 0 and at most 1",
          "{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":1}");
    json_expect_number(&e, (json_bounds){0, 1, false, true});
    check(&e, "a number of at least 0 and below 1",
          "{\"type\":\"number\",\"minimum\":0,\"exclusiveMaximum\":1}");
    json_expect_number(&e, (json_bounds){-INFINITY, 3, false, true});
    check(&e, "a number below 3", "{\"type\":\"number\",\"exclusiveMaximum\":3}");
    json_expect_number(&e, (json_bounds){-INFINITY, 3, false, false});
    check(&e, "a number of at most 3", "{\"type\":\"number\",\"maximum\":3}");
}

Test(json_expectation, integers_and_sizes)
{
    json_expectation e;
    json_expect_integer(&e, 1, 100);
    check(&e, "a whole number from 1 to 100",
          "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}");
    json_expect_integer(&e, INT64_MIN, 9);
    check(&e, "a whole number of at most 9", "{\"type\":\"integer\",\"maximum\":9}");
    json_expect_integer(&e, 0, INT64_MAX);
    check(&e, "a whole number of at least 0 (from 9007199254740992 on as a string of digits)",
          "{\"type\":\"integer\",\"minimum\":0}");
    json_expect_string(&e, 1, 200);
    check(&e, "a string of 1 to 200 characters",
          "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}");
    json_expect_string(&e, 0, SIZE_MAX);
    check(&e, "a string", "{\"type\":\"string\"}");
    json_expect_array(&e, 2, 2);
    check(&e, "an array of exactly 2 items", "{\"type\":\"array\",\"minItems\":2,\"maxItems\":2}");
    json_expect_array(&e, 1, SIZE_MAX);
    check(&e, "an array of at least 1 items", "{\"type\":\"array\",\"minItems\":1}");
}

Test(json_expectation, names)
{
    static const char *const few[] = {"relu", "tanh", "a\"b"};
    json_expectation e;
    json_expect_names(&e, "enum", few, 3);
    check(&e, "one of relu, tanh, a\"b", "{\"enum\":[\"relu\",\"tanh\",\"a\\\"b\"]}");

    const char *many[60];
    for (size_t i = 0; i < 60; i++) {
        many[i] = "name_of_member";
    }
    json_expect_names(&e, "members", many, 60);
    cr_expect_str_empty(e.json);
    cr_expect_str_eq(e.words + strlen(e.words) - strlen("name_of_member, …"), "name_of_member, …");
    cr_expect_lt(strlen(e.words), sizeof e.words);
}

Test(json_expectation, describes_values)
{
    static const char *const samples[][2] = {
        {"1.50", "1.5"},     {"null", "null"},    {"true", "true"},  {"false", "false"},
        {"[1]", "an array"}, {"{}", "an object"}, {"\"a\"", "\"a\""}};
    char text[64];
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        cJSON *value = json_parse(samples[i][0], strlen(samples[i][0]), NULL);
        json_describe(value, text, sizeof text);
        cr_expect_str_eq(text, samples[i][1]);
        cJSON_Delete(value);
    }
    json_describe(NULL, text, sizeof text);
    cr_expect_str_eq(text, "nothing");
    cJSON *value =
        cJSON_CreateString("123456789 123456789 123456789 123456789 1234567\xe2\x82\xac");
    json_describe(value, text, sizeof text);
    cr_expect_str_eq(text, "\"123456789 123456789 123456789 123456789 1234567…\"");
    cJSON_Delete(value);
}
