/*
 * The typed reader: values read, faults with their exact pointers, codes and details.
 */
#include "json/reader.h"

#include "json/document.h"

#include <criterion/criterion.h>
#include <string.h>

static cJSON *tree;
static json_faults faults;

static json_reader read_text(const char *text)
{
    json_fault fault = {0};
    tree = json_parse(text, strlen(text), &fault);
    cr_assert_not_null(tree, "%s", fault.message);
    return json_reader_root(tree, &faults);
}

static void finish(void)
{
    json_faults_dispose(&faults);
    cJSON_Delete(tree);
}

static void check_last(const char *pointer, const char *code, const char *detail)
{
    cr_assert_gt(faults.count, 0);
    const json_field_fault *fault = &faults.entries[faults.count - 1];
    cr_expect_str_eq(fault->pointer, pointer, "%s", fault->pointer);
    cr_expect_str_eq(fault->code, code, "%s", fault->code);
    cr_expect_str_eq(fault->detail, detail, "%s", fault->detail);
}

TestSuite(json_reader, .fini = finish);

Test(json_reader, reads_what_is_right)
{
    const json_reader root = read_text(
        "{\"number\":0.5,\"flag\":true,\"name\":\"x\xc3\xa9\",\"object\":{\"inner\":1},"
        "\"array\":[1,2,3],\"choice\":\"tanh\",\"nothing\":null}");
    static const char *const choices[] = {"relu", "tanh"};
    double number = 0;
    bool flag = false;
    const char *name = NULL;
    size_t choice = 9;
    size_t count = 0;
    json_reader object;
    json_reader array;
    cr_expect_eq(json_read_number(&root, "number", 0, json_between(0, 0.5), &number), JSON_READ);
    cr_expect_eq(number, 0.5);
    cr_expect_eq(json_read_boolean(&root, "flag", 0, &flag), JSON_READ);
    cr_expect(flag);
    cr_expect_eq(json_read_string(&root, "name", 0, 2, 2, &name), JSON_READ);
    cr_expect_str_eq(name, "x\xc3\xa9");
    cr_expect_eq(json_read_object(&root, "object", 0, &object), JSON_READ);
    cr_expect_eq(json_read_number(&object, "inner", JSON_REQUIRED, json_any_number(), &number),
                 JSON_READ);
    cr_expect_eq(number, 1.0);
    cr_expect_eq(json_read_array(&root, "array", 0, 1, 3, &array, &count), JSON_READ);
    cr_expect_eq(count, 3);
    cr_expect_eq(json_read_choice(&root, "choice", 0, choices, 2, &choice), JSON_READ);
    cr_expect_eq(choice, 1);
    cr_expect_eq(json_read_number(&root, "nothing", JSON_NULLABLE, json_any_number(), &number),
                 JSON_NULL);
    cr_expect(json_has(&root, "nothing"));
    cr_expect_not(json_has(&root, "none"));
    cr_expect_eq(faults.total, 0);
}

Test(json_reader, absence_leaves_the_value_alone)
{
    const json_reader root = read_text("{\"Number\":1,\"other\":{}}");
    double number = 7;
    bool flag = true;
    const char *name = "kept";
    size_t choice = 7;
    json_reader object = {0};
    cr_expect_eq(json_read_number(&root, "number", 0, json_any_number(), &number), JSON_ABSENT);
    cr_expect_eq(json_read_boolean(&root, "flag", JSON_NULLABLE, &flag), JSON_ABSENT);
    cr_expect_eq(json_read_string(&root, "name", 0, 0, 9, &name), JSON_ABSENT);
    cr_expect_eq(json_read_choice(&root, "choice", 0, &name, 1, &choice), JSON_ABSENT);
    cr_expect_eq(json_read_object(&root, "object", 0, &object), JSON_ABSENT);
    cr_expect_eq(json_read_array(&root, "array", 0, 0, 9, &object, NULL), JSON_ABSENT);
    cr_expect_eq(number, 7.0);
    cr_expect(flag);
    cr_expect_str_eq(name, "kept");
    cr_expect_eq(choice, 7);
    cr_expect_eq(faults.total, 0);
}

Test(json_reader, what_is_required_may_not_miss)
{
    const json_reader root = read_text("{\"model\":{}}");
    json_reader model;
    double rate = 7;
    cr_assert_eq(json_read_object(&root, "model", JSON_REQUIRED, &model), JSON_READ);
    cr_expect_eq(json_read_number(&model, "rate", JSON_REQUIRED, json_above(0), &rate),
                 JSON_FAULTY);
    check_last("/model/rate", "missing", "rate is missing; give a number above 0");
    cr_expect_str_eq(faults.entries[0].allowed, "{\"type\":\"number\",\"exclusiveMinimum\":0}");
    cr_expect_eq(rate, 7.0);
    cr_expect_eq(json_read_object(&root, "data", JSON_REQUIRED, &model), JSON_FAULTY);
    check_last("/data", "missing", "data is missing; give an object");
}

Test(json_reader, wrong_types_are_named)
{
    static const char *const names[] = {"a", "b"};
    const json_reader root = read_text(
        "{\"n\":\"0.5\",\"z\":null,\"b\":1,\"s\":[],\"o\":\"x\","
        "\"a\":{},\"c\":3}");
    double number = 7;
    bool flag = true;
    const char *text = "kept";
    size_t index = 7;
    json_reader reader;
    cr_expect_eq(json_read_number(&root, "n", 0, json_between(0, 1), &number), JSON_FAULTY);
    check_last("/n", "wrong_type",
               "n is \"0.5\"; allowed is a number from 0 to 1; write the number without quotes");
    cr_expect_eq(json_read_number(&root, "z", 0, json_any_number(), &number), JSON_FAULTY);
    check_last("/z", "wrong_type",
               "z is null; allowed is a number; leave it out to have the default");
    cr_expect_eq(json_read_number(&root, "z", JSON_REQUIRED, json_any_number(), &number),
                 JSON_FAULTY);
    check_last("/z", "wrong_type", "z is null; allowed is a number");
    cr_expect_eq(json_read_boolean(&root, "b", 0, &flag), JSON_FAULTY);
    check_last("/b", "wrong_type", "b is 1; allowed is true or false");
    cr_expect_eq(json_read_string(&root, "s", 0, 0, 5, &text), JSON_FAULTY);
    check_last("/s", "wrong_type", "s is an array; allowed is a string of at most 5 characters");
    cr_expect_eq(json_read_object(&root, "o", 0, &reader), JSON_FAULTY);
    check_last("/o", "wrong_type", "o is \"x\"; allowed is an object");
    cr_expect_eq(json_read_array(&root, "a", 0, 1, 2, &reader, NULL), JSON_FAULTY);
    check_last("/a", "wrong_type", "a is an object; allowed is an array of 1 to 2 items");
    cr_expect_eq(json_read_choice(&root, "c", 0, names, 2, &index), JSON_FAULTY);
    check_last("/c", "wrong_type", "c is 3; allowed is one of a, b");
    cr_expect_eq(faults.total, 8);
    cr_expect_eq(number, 7.0);
    cr_expect(flag);
    cr_expect_str_eq(text, "kept");
    cr_expect_eq(index, 7);
}

Test(json_reader, bounds_of_numbers)
{
    const json_reader root = read_text("{\"v\":0,\"w\":1,\"x\":-1e-300,\"y\":1e300}");
    const json_bounds open = {0, 1, true, true};
    double number = 7;
    cr_expect_eq(json_read_number(&root, "v", 0, open, &number), JSON_FAULTY);
    check_last("/v", "out_of_range", "v is 0; allowed is a number above 0 and below 1");
    cr_expect_eq(json_read_number(&root, "w", 0, open, &number), JSON_FAULTY);
    cr_expect_eq(json_read_number(&root, "x", 0, json_at_least(0), &number), JSON_FAULTY);
    check_last("/x", "out_of_range", "x is -1e-300; allowed is a number of at least 0");
    cr_expect_eq(json_read_number(&root, "y", 0, json_between(0, 10), &number), JSON_FAULTY);
    cr_expect_eq(number, 7.0);
    cr_expect_eq(json_read_number(&root, "v", 0, json_between(0, 1), &number), JSON_READ);
    cr_expect_eq(json_read_number(&root, "w", 0, json_between(0, 1), &number), JSON_READ);
    cr_expect_eq(json_read_number(&root, "y", 0, json_above(0), &number), JSON_READ);
}

Test(json_reader, lengths_count_characters)
{
    const json_reader root = read_text("{\"s\":\"\xf0\x9f\x98\x80\xc3\xa9x\",\"e\":\"\"}");
    const char *text = NULL;
    cr_expect_eq(json_read_string(&root, "s", 0, 3, 3, &text), JSON_READ);
    cr_expect_eq(json_read_string(&root, "s", 0, 0, 2, &text), JSON_FAULTY);
    check_last("/s", "too_long",
               "s is \"\xf0\x9f\x98\x80\xc3\xa9x\"; allowed is a string of at most 2 characters; "
               "shorten it");
    cr_expect_eq(json_read_string(&root, "e", 0, 1, 2, &text), JSON_FAULTY);
    check_last("/e", "too_short", "e is \"\"; allowed is a string of 1 to 2 characters");
}

Test(json_reader, items_of_arrays_have_their_own_pointers)
{
    const json_reader root = read_text("{\"model\":{\"hidden\":[16,\"8\",-4],\"pair\":[1]}}");
    json_reader model;
    json_reader hidden;
    size_t count = 0;
    cr_assert_eq(json_read_object(&root, "model", 0, &model), JSON_READ);
    cr_assert_eq(json_read_array(&model, "hidden", 0, 1, 8, &hidden, &count), JSON_READ);
    int64_t widths[3] = {0, 0, 0};
    int64_t index = 0;
    const cJSON *node;
    cJSON_ArrayForEach(node, hidden.value)
    {
        const json_reader item = json_reader_item(&hidden, node, index);
        json_read_count(&item, NULL, JSON_REQUIRED, 1, 1000, &widths[index]);
        index++;
    }
    cr_expect_eq(widths[0], 16);
    cr_expect_eq(faults.total, 2);
    cr_expect_str_eq(faults.entries[0].pointer, "/model/hidden/1");
    cr_expect_str_eq(faults.entries[0].detail,
                     "hidden[1] is \"8\"; allowed is a whole number from "
                     "1 to 1000; write the number without quotes");
    check_last("/model/hidden/2", "out_of_range",
               "hidden[2] is -4; allowed is a whole number from 1 to 1000");
    cr_expect_eq(json_read_array(&model, "hidden", 0, 0, 2, &hidden, &count), JSON_FAULTY);
    check_last("/model/hidden", "too_long",
               "hidden has 3 items; allowed is an array of at most 2 items");
    cr_expect_eq(json_read_array(&model, "pair", 0, 2, 2, &hidden, &count), JSON_FAULTY);
    check_last("/model/pair", "too_short",
               "pair has 1 items; allowed is an array of exactly 2 items");
}

Test(json_reader, choices_hint_at_the_nearest_name)
{
    static const char *const names[] = {"relu", "tanh", "sigmoid"};
    const json_reader root = read_text("{\"a\":\"tahn\",\"b\":\"Relu\",\"c\":\"xyzzy\"}");
    size_t index = 7;
    cr_expect_eq(json_read_choice(&root, "a", 0, names, 3, &index), JSON_FAULTY);
    check_last("/a", "unknown_value",
               "a is \"tahn\", which is not known; did you mean \"tanh\"? Allowed is one of relu, "
               "tanh, sigmoid");
    cr_expect_str_eq(faults.entries[0].allowed, "{\"enum\":[\"relu\",\"tanh\",\"sigmoid\"]}");
    cr_expect_eq(json_read_choice(&root, "b", 0, names, 3, &index), JSON_FAULTY);
    cr_expect_not_null(strstr(faults.entries[1].detail, "did you mean \"relu\"?"));
    cr_expect_eq(json_read_choice(&root, "c", 0, names, 3, &index), JSON_FAULTY);
    check_last("/c", "unknown_value",
               "c is \"xyzzy\", which is not known; allowed is one of relu, tanh, sigmoid");
    cr_expect_eq(index, 7);
}

Test(json_reader, unknown_members_are_all_named)
{
    static const char *const names[] = {"epochs", "seed"};
    const json_reader root =
        read_text("{\"training\":{\"epocs\":1,\"seed\":2,\"Epochs\":3,\"a/b\":4}}");
    json_reader training;
    cr_assert_eq(json_read_object(&root, "training", 0, &training), JSON_READ);
    json_refuse_unknown(&training, names, 2);
    cr_assert_eq(faults.count, 3);
    cr_expect_str_eq(faults.entries[0].pointer, "/training/epocs");
    cr_expect_str_eq(faults.entries[0].code, "unknown_member");
    cr_expect_str_eq(faults.entries[0].detail,
                     "epocs is no member of training; did you mean "
                     "\"epochs\"? Allowed is one of epochs, seed");
    cr_expect_str_eq(faults.entries[0].allowed, "{\"members\":[\"epochs\",\"seed\"]}");
    cr_expect_str_eq(faults.entries[1].pointer, "/training/Epochs");
    check_last("/training/a~1b", "unknown_member",
               "a/b is no member of training; allowed is one of epochs, seed, or to leave it out");
    json_refuse_unknown(&root, names, 2);
    cr_expect_str_eq(faults.entries[3].pointer, "/training");
    cr_expect_not_null(strstr(faults.entries[3].detail, "no member of the document"));
}

Test(json_reader, the_outermost_value_may_be_wrong)
{
    json_reader root = read_text("[1]");
    json_reader object;
    double number = 7;
    cr_expect_eq(json_read_object(&root, NULL, JSON_REQUIRED, &object), JSON_FAULTY);
    check_last("", "wrong_type", "the document is an array; allowed is an object");
    cr_expect_eq(json_read_number(&root, "x", 0, json_any_number(), &number), JSON_ABSENT);
    json_refuse_unknown(&root, NULL, 0);
    cr_expect_eq(faults.total, 1);
}
