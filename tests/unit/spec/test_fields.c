/*
 * Field tables to JSON and back: every type, bounds, automatic words, lists and scalars, and rows of
 * the catalogue.
 */
#include "spec/fields.h"

#include "json/document.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct sample {
    double number;
    int64_t count, automatic;
    bool flag;
    int choice;
    gd_number_list numbers;
    gd_count_list counts;
} sample;

static const char *const choices[] = {"red", "green", NULL};
static const double two_numbers[] = {0.5, 0.25};

static const gd_field fields[] = {
    {.name = "number",
     .type = GD_FIELD_NUMBER,
     .offset = offsetof(sample, number),
     .minimum = 0,
     .minimum_excluded = true,
     .maximum = INFINITY,
     .default_value = 1.5,
     .help = "a number"},
    {.name = "count",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(sample, count),
     .minimum = 1,
     .maximum = 10,
     .required = true,
     .help = "a count"},
    {.name = "automatic",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(sample, automatic),
     .minimum = 1,
     .maximum = 10,
     .automatic = "auto",
     .default_value = GD_AUTOMATIC,
     .help = "a count or a word"},
    {.name = "flag",
     .type = GD_FIELD_BOOLEAN,
     .offset = offsetof(sample, flag),
     .default_value = 1,
     .help = "yes or no"},
    {.name = "choice",
     .type = GD_FIELD_CHOICE,
     .offset = offsetof(sample, choice),
     .choices = choices,
     .default_value = 1,
     .help = "one of two"},
    {.name = "numbers",
     .type = GD_FIELD_NUMBERS,
     .offset = offsetof(sample, numbers),
     .minimum = 0,
     .maximum = 1,
     .minimum_length = 2,
     .maximum_length = 2,
     .default_list = two_numbers,
     .help = "two numbers"},
    {.name = "counts",
     .type = GD_FIELD_COUNTS,
     .offset = offsetof(sample, counts),
     .minimum = 1,
     .maximum = 100,
     .minimum_length = 0,
     .maximum_length = 3,
     .help = "up to three counts"},
};

static const gd_field_table table = {fields, sizeof fields / sizeof fields[0]};

static sample read_sample(const char *text, json_faults *faults)
{
    sample read;
    memset(&read, 0, sizeof read);
    gd_fields_set_defaults(&table, &read);
    cJSON *document = json_parse(text, strlen(text), NULL);
    cr_assert_not_null(document, "%s", text);
    json_reader reader = json_reader_root(document, faults);
    spec_read_fields(&reader, &table, &read);
    cJSON_Delete(document);
    return read;
}

static char *write_sample(const sample *options)
{
    json_writer *writer = json_writer_create(65536);
    json_writer_begin_object(writer);
    spec_write_fields(writer, &table, options);
    json_writer_end_object(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    return text;
}

Test(spec_fields, every_type_is_read_and_written)
{
    json_faults faults = {0};
    sample read = read_sample(
        "{\"number\": 1e300, \"count\": 10, \"automatic\": \"auto\", "
        "\"flag\": false, \"choice\": \"red\", \"numbers\": [0, 1], "
        "\"counts\": [3, 100]}",
        &faults);
    cr_assert_eq(faults.total, 0);
    cr_expect_eq(read.number, 1e300);
    cr_expect_eq(read.count, 10);
    cr_expect_eq(read.automatic, GD_AUTOMATIC);
    cr_expect_not(read.flag);
    cr_expect_eq(read.choice, 0);
    cr_expect_eq(read.numbers.length, 2);
    cr_expect_eq(read.numbers.values[1], 1);
    cr_expect_eq(read.counts.length, 2);
    cr_expect_eq(read.counts.values[1], 100);
    char *text = write_sample(&read);
    cr_expect_str_eq(text,
                     "{\"number\":1e300,\"count\":10,\"automatic\":\"auto\",\"flag\":false,"
                     "\"choice\":\"red\",\"numbers\":[0,1],\"counts\":[3,100]}");
    free(text);
}

Test(spec_fields, absent_members_keep_the_default)
{
    json_faults faults = {0};
    sample read = read_sample("{\"count\": 1}", &faults);
    cr_assert_eq(faults.total, 0);
    cr_expect_eq(read.number, 1.5);
    cr_expect_eq(read.automatic, GD_AUTOMATIC);
    cr_expect(read.flag);
    cr_expect_eq(read.choice, 1);
    cr_expect_eq(read.numbers.length, 2);
    cr_expect_eq(read.numbers.values[1], 0.25);
    cr_expect_eq(read.counts.length, 0);
}

Test(spec_fields, a_scalar_stands_for_a_list)
{
    json_faults faults = {0};
    sample read = read_sample("{\"count\": 1, \"numbers\": 0.75, \"counts\": 7}", &faults);
    cr_assert_eq(faults.total, 0);
    cr_expect_eq(read.numbers.length, 2);
    cr_expect_eq(read.numbers.values[0], 0.75);
    cr_expect_eq(read.numbers.values[1], 0.75);
    cr_expect_eq(read.counts.length, 1);
    cr_expect_eq(read.counts.values[0], 7);
}

Test(spec_fields, a_faulty_member_leaves_its_place_untouched)
{
    static const struct {
        const char *text, *pointer, *code;
    } cases[] = {
        {"{}", "/count", JSON_CODE_MISSING},
        {"{\"count\": 11}", "/count", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": 0}", "/count", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": \"auto\"}", "/count", JSON_CODE_WRONG_TYPE},
        {"{\"count\": 1, \"number\": 0}", "/number", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": 1, \"number\": true}", "/number", JSON_CODE_WRONG_TYPE},
        {"{\"count\": 1, \"automatic\": \"full\"}", "/automatic", JSON_CODE_UNKNOWN_VALUE},
        {"{\"count\": 1, \"automatic\": -1}", "/automatic", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": 1, \"flag\": 1}", "/flag", JSON_CODE_WRONG_TYPE},
        {"{\"count\": 1, \"choice\": \"blue\"}", "/choice", JSON_CODE_UNKNOWN_VALUE},
        {"{\"count\": 1, \"numbers\": [0.5]}", "/numbers", JSON_CODE_TOO_SHORT},
        {"{\"count\": 1, \"numbers\": [0, 0, 0]}", "/numbers", JSON_CODE_TOO_LONG},
        {"{\"count\": 1, \"numbers\": [0, 2]}", "/numbers/1", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": 1, \"numbers\": 2}", "/numbers", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": 1, \"counts\": [1, 2, 3, 4]}", "/counts", JSON_CODE_TOO_LONG},
        {"{\"count\": 1, \"counts\": [1, 0]}", "/counts/1", JSON_CODE_OUT_OF_RANGE},
        {"{\"count\": 1, \"counts\": [1, \"2\"]}", "/counts/1", JSON_CODE_WRONG_TYPE},
        {"{\"count\": 1, \"counts\": {}}", "/counts", JSON_CODE_WRONG_TYPE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_faults faults = {0};
        sample read = read_sample(cases[i].text, &faults);
        cr_assert_eq(faults.total, 1, "%s", cases[i].text);
        cr_expect_str_eq(faults.entries[0].pointer, cases[i].pointer);
        cr_expect_str_eq(faults.entries[0].code, cases[i].code, "%s: %s", cases[i].text,
                         faults.entries[0].code);
        cr_expect_eq(read.number, 1.5);
        cr_expect_eq(read.numbers.values[1], 0.25);
        cr_expect_eq(read.counts.length, 0);
        json_faults_dispose(&faults);
    }
}

Test(spec_fields, rows_of_the_catalogue_say_all_of_a_field)
{
    json_writer *writer = json_writer_create(65536);
    spec_write_field_rows(writer, &table);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    cJSON *rows = json_parse(text, strlen(text), NULL);
    cr_assert_eq(cJSON_GetArraySize(rows), (int)table.count);
    const cJSON *number = cJSON_GetArrayItem(rows, 0);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(number, "type")->valuestring, "number");
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(number, "exclusiveMinimum")->valuedouble, 0);
    cr_expect_null(cJSON_GetObjectItemCaseSensitive(number, "maximum"), "infinity is no bound");
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(number, "default")->valuedouble, 1.5);
    const cJSON *count = cJSON_GetArrayItem(rows, 1);
    cr_expect(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(count, "required")));
    cr_expect_null(cJSON_GetObjectItemCaseSensitive(count, "default"));
    const cJSON *automatic = cJSON_GetArrayItem(rows, 2);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(automatic, "or")->valuestring, "auto");
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(automatic, "default")->valuestring, "auto");
    const cJSON *choice = cJSON_GetArrayItem(rows, 4);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(choice, "default")->valuestring, "green");
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(choice, "choices")), 2);
    const cJSON *numbers = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(rows, 5), "default");
    cr_expect_eq(cJSON_GetArraySize(numbers), 2);
    cJSON_Delete(rows);
    free(text);
}

Test(spec_fields, name_lists_are_counted)
{
    cr_expect_eq(spec_count_names(choices), 2);
    spec_names names = {{NULL}, 0};
    spec_names_add_fields(&names, &table);
    spec_names_add(&names, "more");
    cr_assert_eq(names.count, table.count + 1);
    cr_expect_str_eq(names.names[0], "number");
    cr_expect_str_eq(names.names[table.count], "more");
}
