/*
 * Pointers and labels of paths.
 */
#include "json/path.h"

#include "json/scanner.h"

#include <criterion/criterion.h>
#include <string.h>

Test(json_path, renders_rfc_6901_pointers)
{
    char text[256];
    const json_path root = json_path_root();
    cr_expect_eq(json_path_render(&root, text, sizeof text), 0);
    cr_expect_str_eq(text, "");
    const json_path model = json_path_member(&root, "model");
    const json_path hidden = json_path_member(&model, "hidden");
    const json_path item = json_path_item(&hidden, 12);
    cr_expect_eq(json_path_render(&item, text, sizeof text), strlen("/model/hidden/12"));
    cr_expect_str_eq(text, "/model/hidden/12");
    const json_path odd = json_path_member(&item, "a/b~c~1");
    json_path_render(&odd, text, sizeof text);
    cr_expect_str_eq(text, "/model/hidden/12/a~1b~0c~01");
    const json_path empty = json_path_member(&root, "");
    json_path_render(&empty, text, sizeof text);
    cr_expect_str_eq(text, "/");
    const json_path first = json_path_item(&root, 0);
    json_path_render(&first, text, sizeof text);
    cr_expect_str_eq(text, "/0");
}

Test(json_path, cuts_at_characters)
{
    const json_path root = json_path_root();
    const json_path euro = json_path_member(&root, "a\xe2\x82\xac~b");
    static const char *const expected[] = {"",
                                           "",
                                           "/",
                                           "/a",
                                           "/a",
                                           "/a",
                                           "/a\xe2\x82\xac",
                                           "/a\xe2\x82\xac",
                                           "/a\xe2\x82\xac~0",
                                           "/a\xe2\x82\xac~0"
                                           "b",
                                           "/a\xe2\x82\xac~0"
                                           "b"};
    for (size_t capacity = 1; capacity <= 10; capacity++) {
        char text[16];
        memset(text, '#', sizeof text);
        const size_t length = json_path_render(&euro, text, capacity);
        cr_expect_lt(length, capacity);
        cr_expect_str_eq(text, expected[capacity], "capacity %zu: %s", capacity, text);
    }
}

Test(json_path, holds_the_deepest_document)
{
    json_path steps[JSON_DEPTH_LIMIT + 1];
    steps[0] = json_path_root();
    for (size_t i = 1; i <= JSON_DEPTH_LIMIT; i++) {
        steps[i] = json_path_member(&steps[i - 1], "k");
    }
    char text[256];
    cr_expect_eq(json_path_render(&steps[JSON_DEPTH_LIMIT], text, sizeof text),
                 2 * JSON_DEPTH_LIMIT);
}

Test(json_path, labels_speak_of_the_value)
{
    char text[96];
    const json_path root = json_path_root();
    const json_path key = json_path_member(&root, "hidden");
    const json_path item = json_path_item(&key, 2);
    const json_path inner = json_path_item(&item, 3);
    json_path_label(&root, text, sizeof text);
    cr_expect_str_eq(text, "the document");
    json_path_label(&key, text, sizeof text);
    cr_expect_str_eq(text, "hidden");
    json_path_label(&item, text, sizeof text);
    cr_expect_str_eq(text, "hidden[2]");
    json_path_label(&inner, text, sizeof text);
    cr_expect_str_eq(text, "item 3");
}
