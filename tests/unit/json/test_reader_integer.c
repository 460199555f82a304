/*
 * Whole numbers: exact or refused, never rounded.
 */
#include "json/reader.h"

#include "json/document.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Reads {"n": text} as a count and gives the code of its fault, or "" for none. */
static json_read_result read_count(const char *value, int64_t minimum, int64_t maximum,
                                   int64_t *out, json_field_fault *fault)
{
    char text[200];
    (void)snprintf(text, sizeof text, "{\"n\":%s}", value);
    cJSON *tree = json_parse(text, strlen(text), NULL);
    cr_assert_not_null(tree, "%s", text);
    json_faults faults = {0};
    const json_reader root = json_reader_root(tree, &faults);
    const json_read_result result = json_read_count(&root, "n", 0, minimum, maximum, out);
    *fault = faults.count > 0 ? faults.entries[0] : (json_field_fault){.code = ""};
    cr_expect_eq(result == JSON_FAULTY, faults.total == 1);
    json_faults_dispose(&faults);
    cJSON_Delete(tree);
    return result;
}

Test(json_reader_integer, counts_in_range_are_read)
{
    static const struct {
        const char *text;
        int64_t value;
    } samples[] = {{"1", 1}, {"1.0", 1}, {"1e2", 100}, {"100", 100}, {"2.5e1", 25}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int64_t value = -7;
        json_field_fault fault;
        cr_expect_eq(read_count(samples[i].text, 1, 100, &value, &fault), JSON_READ, "%s",
                     samples[i].text);
        cr_expect_eq(value, samples[i].value);
    }
}

Test(json_reader_integer, counts_out_of_range_are_refused)
{
    static const char *const samples[][2] = {{"0", "out_of_range"},
                                             {"101", "out_of_range"},
                                             {"-1", "out_of_range"},
                                             {"1e300", "out_of_range"},
                                             {"-1e300", "out_of_range"},
                                             {"1.5", "not_an_integer"},
                                             {"0.5", "not_an_integer"},
                                             {"1e-320", "not_an_integer"},
                                             {"\"5\"", "wrong_type"},
                                             {"null", "wrong_type"},
                                             {"true", "wrong_type"},
                                             {"[1]", "wrong_type"},
                                             {"9007199254740993", "out_of_range"}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int64_t value = -7;
        json_field_fault fault;
        cr_expect_eq(read_count(samples[i][0], 1, 100, &value, &fault), JSON_FAULTY, "%s",
                     samples[i][0]);
        cr_expect_str_eq(fault.code, samples[i][1], "%s: %s", samples[i][0], fault.code);
        cr_expect_str_eq(fault.pointer, "/n");
        cr_expect_eq(value, -7);
    }
}

Test(json_reader_integer, what_a_double_cannot_hold_is_asked_for_as_a_string)
{
    int64_t value = -7;
    json_field_fault fault;
    cr_expect_eq(read_count("9007199254740991", 0, INT64_MAX, &value, &fault), JSON_READ);
    cr_expect_eq(value, 9007199254740991);
    value = -7;
    cr_expect_eq(read_count("9007199254740993", 0, INT64_MAX, &value, &fault), JSON_FAULTY);
    cr_expect_str_eq(fault.code, "out_of_range");
    cr_expect_not_null(strstr(fault.detail, "give it as a string"), "%s", fault.detail);
    cr_expect_eq(read_count("9007199254740992", 0, INT64_MAX, &value, &fault), JSON_FAULTY);
    cr_expect_eq(read_count("-9007199254740993", INT64_MIN, INT64_MAX, &value, &fault),
                 JSON_FAULTY);
    cr_expect_eq(value, -7);
    cr_expect_eq(read_count("\"9007199254740993\"", 0, INT64_MAX, &value, &fault), JSON_READ);
    cr_expect_eq(value, 9007199254740993);
    cr_expect_eq(read_count("\"9223372036854775807\"", 0, INT64_MAX, &value, &fault), JSON_READ);
    cr_expect_eq(value, INT64_MAX);
    cr_expect_eq(read_count("\"-9223372036854775808\"", INT64_MIN, INT64_MAX, &value, &fault),
                 JSON_READ);
    cr_expect_eq(value, INT64_MIN);
    cr_expect_eq(read_count("\"-0\"", INT64_MIN, INT64_MAX, &value, &fault), JSON_READ);
    cr_expect_eq(value, 0);
    cr_expect_eq(read_count("\"9223372036854775808\"", 0, INT64_MAX, &value, &fault), JSON_FAULTY);
    cr_expect_str_eq(fault.code, "out_of_range");
    cr_expect_eq(read_count("\"-1\"", 0, INT64_MAX, &value, &fault), JSON_FAULTY);
    cr_expect_str_eq(fault.code, "out_of_range");
}

Test(json_reader_integer, the_detail_says_what_to_do)
{
    int64_t value;
    json_field_fault fault;
    read_count("1.5", 1, 100, &value, &fault);
    cr_expect_str_eq(fault.detail,
                     "n is 1.5; allowed is a whole number from 1 to 100; write it "
                     "without a fraction");
    cr_expect_str_eq(fault.allowed, "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}");
    read_count("1000", 1, 100, &value, &fault);
    cr_expect_str_eq(fault.detail, "n is 1000; allowed is a whole number from 1 to 100");
}

Test(json_reader_integer, seeds_take_all_64_bits)
{
    static const struct {
        const char *text;
        json_read_result result;
        uint64_t value;
    } samples[] = {
        {"0", JSON_READ, 0},
        {"-0", JSON_READ, 0},
        {"7", JSON_READ, 7},
        {"9007199254740991", JSON_READ, 9007199254740991},
        {"9007199254740992", JSON_FAULTY, 1},
        {"18446744073709551615", JSON_FAULTY, 1},
        {"\"18446744073709551615\"", JSON_READ, UINT64_MAX},
        {"\"18446744073709551616\"", JSON_FAULTY, 1},
        {"\"7\"", JSON_READ, 7},
        {"\"07\"", JSON_FAULTY, 1},
        {"\"\"", JSON_FAULTY, 1},
        {"\"-\"", JSON_FAULTY, 1},
        {"\"-1\"", JSON_FAULTY, 1},
        {"\" 1\"", JSON_FAULTY, 1},
        {"\"1e3\"", JSON_FAULTY, 1},
        {"-1", JSON_FAULTY, 1},
        {"1.5", JSON_FAULTY, 1},
        {"true", JSON_FAULTY, 1},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        cJSON *tree = json_parse(samples[i].text, strlen(samples[i].text), NULL);
        cr_assert_not_null(tree);
        json_faults faults = {0};
        const json_reader root = json_reader_root(tree, &faults);
        uint64_t value = 1;
        cr_expect_eq(json_read_uint64(&root, NULL, 0, &value), samples[i].result, "%s",
                     samples[i].text);
        cr_expect_eq(value, samples[i].value, "%s", samples[i].text);
        cr_expect_eq(faults.total, samples[i].result == JSON_FAULTY ? 1 : 0);
        json_faults_dispose(&faults);
        cJSON_Delete(tree);
    }
}
