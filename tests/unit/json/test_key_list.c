/*
 * The search for repeated keys in lists made by hand.
 */
#include "json/key_list.h"

#include <criterion/criterion.h>
#include <string.h>

static void add(json_key_list *list, const char *text)
{
    const json_key key = {text, strlen(text), strchr(text, '\\') != NULL};
    cr_assert(json_key_list_add(list, key));
}

Test(json_key_list, finds_nothing_among_different_keys)
{
    json_key_list list = {0};
    cr_expect_null(json_key_list_repeated(&list, 0));
    add(&list, "a");
    cr_expect_null(json_key_list_repeated(&list, 0));
    add(&list, "ab");
    add(&list, "");
    add(&list, "A");
    add(&list, "\\u0062");
    add(&list, "\\u0061b\\u0063");
    cr_expect_null(json_key_list_repeated(&list, 0));
    json_key_list_dispose(&list);
}

Test(json_key_list, finds_the_same_meaning_in_other_letters)
{
    static const char *const pairs[][2] = {
        {"a", "\\u0061"},   {"\\u00e9", "\xc3\xa9"}, {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\\/", "/"},       {"\\t", "\\u0009"},      {"x\\\\", "x\\u005C"},
        {"\\\"", "\\u0022"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        json_key_list list = {0};
        add(&list, pairs[i][0]);
        add(&list, "between");
        add(&list, pairs[i][1]);
        cr_expect_not_null(json_key_list_repeated(&list, 0), "pair %zu", i);
        json_key_list_dispose(&list);
    }
}

Test(json_key_list, looks_only_at_the_keys_of_one_object)
{
    json_key_list list = {0};
    add(&list, "a");
    add(&list, "a");
    cr_expect_null(json_key_list_repeated(&list, 1));
    cr_expect_not_null(json_key_list_repeated(&list, 0));
    json_key_list_cut(&list, 1);
    cr_expect_eq(list.count, 1);
    cr_expect_null(json_key_list_repeated(&list, 0));
    json_key_list_dispose(&list);
    cr_expect_eq(list.count, 0);
}
