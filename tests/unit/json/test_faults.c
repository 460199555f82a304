/*
 * The list of faults: bounds, cuts, and its JSON.
 */
#include "json/faults.h"

#include "json/scanner.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *write_faults(const json_faults *faults)
{
    json_writer *writer = json_writer_create(1 << 20);
    json_faults_write(faults, writer);
    size_t length;
    json_fault fault = {0};
    char *text = json_writer_finish(writer, &length);
    json_writer_destroy(writer);
    cr_assert_not_null(text);
    cr_assert(json_scan(text, length, &fault), "%s: %s", text, fault.message);
    return text;
}

Test(json_faults, are_written_with_pointer_code_detail_and_allowed)
{
    json_faults faults = {0};
    const json_path root = json_path_root();
    const json_path key = json_path_member(&root, "a/b");
    json_faults_add(&faults, &key, "odd", "{\"maximum\":3}", "%s is %d", "a", 7);
    json_faults_add(&faults, &root, "empty", NULL, "say \"so\"");
    cr_expect_eq(faults.total, 2);
    char *text = write_faults(&faults);
    cr_expect_str_eq(text,
                     "[{\"pointer\":\"/a~1b\",\"code\":\"odd\",\"detail\":\"a is 7\","
                     "\"allowed\":{\"maximum\":3}},"
                     "{\"pointer\":\"\",\"code\":\"empty\",\"detail\":\"say \\\"so\\\"\"}]");
    free(text);
    json_faults_dispose(&faults);
    cr_expect_eq(faults.total, 0);
    text = write_faults(&faults);
    cr_expect_str_eq(text, "[]");
    free(text);
}

Test(json_faults, keeps_a_hundred_and_counts_the_rest)
{
    json_faults faults = {0};
    const json_path root = json_path_root();
    for (int64_t i = 0; i < 1000; i++) {
        const json_path item = json_path_item(&root, i);
        json_faults_add(&faults, &item, "odd", "", "item %d", (int)i);
    }
    cr_expect_eq(faults.count, JSON_FAULTS_KEPT);
    cr_expect_eq(faults.total, 1000);
    cr_expect_str_eq(faults.entries[99].pointer, "/99");
    char *text = write_faults(&faults);
    cr_expect_not_null(strstr(text,
                              "{\"pointer\":\"\",\"code\":\"more_faults\",\"detail\":\"900 "
                              "more faults are not listed; correct these first\"}]"));
    free(text);
    json_faults_dispose(&faults);
}

Test(json_faults, long_texts_are_cut_at_characters)
{
    char longest[2000];
    for (size_t i = 0; i + 3 < sizeof longest; i += 3) {
        memcpy(longest + i, "\xe2\x82\xac", 4);
    }
    json_faults faults = {0};
    const json_path root = json_path_root();
    const json_path key = json_path_member(&root, longest);
    json_faults_add(&faults, &key, "odd", longest, "%s", longest);
    json_faults_add(&faults, &key, "odd", NULL, "x%s", longest);
    json_faults_add(&faults, &key, "odd", NULL, "xy%s", longest);
    cr_expect_str_empty(faults.entries[0].allowed);
    for (size_t i = 0; i < faults.count; i++) {
        cr_expect_gt(strlen(faults.entries[i].detail), 310);
        cr_expect_eq(strlen(faults.entries[i].pointer), 1 + 84 * 3);
    }
    char *text = write_faults(&faults);
    cr_expect_null(strstr(text, "\xef\xbf\xbd"), "a character was split");
    free(text);
    json_faults_dispose(&faults);
}
