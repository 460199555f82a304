/*
 * test_text_index.c: texts are found again under their numbers, before and after sorting.
 */
#include "data/text_index.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(data_text_index, numbers_texts_in_order_of_arrival)
{
    gdi_text_index *index = gdi_text_index_create();
    cr_assert_eq(gdi_text_index_add(index, "b", 1, 3), 0);
    cr_assert_eq(gdi_text_index_add(index, "", 0, 3), 1);
    cr_assert_eq(gdi_text_index_add(index, "b", 1, 3), 0);
    cr_assert_eq(gdi_text_index_add(index, "banana", 6, 3), 2);
    cr_assert_eq(gdi_text_index_add(index, "c", 1, 3), -2);
    cr_assert_eq(gdi_text_index_add(index, "banana", 6, 3), 2);
    cr_assert_eq(gdi_text_index_count(index), 3);
    cr_assert_eq(gdi_text_index_find(index, "ban", 3), -1);
    cr_assert_str_eq(gdi_text_index_text(index, 1), "");
    gdi_text_index_destroy(index);
}

Test(data_text_index, sorts_by_bytes_and_finds_afterwards)
{
    enum {
        COUNT = 20000
    };
    gdi_text_index *index = gdi_text_index_create();
    char text[300];
    for (int i = 0; i < COUNT; i++) {
        int length =
            snprintf(text, sizeof text, "%d%s", i * 7919 % COUNT, i % 100 == 0 ? "\xc3\xa9" : "");
        cr_assert_eq(gdi_text_index_add(index, text, (size_t)length, COUNT), i);
    }
    int64_t *ranks = malloc(COUNT * sizeof *ranks);
    cr_assert_not_null(ranks);
    gdi_text_index_sort(index, ranks);
    for (int i = 1; i < COUNT; i++) {
        cr_assert_lt(strcmp(gdi_text_index_text(index, i - 1), gdi_text_index_text(index, i)), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        int length =
            snprintf(text, sizeof text, "%d%s", i * 7919 % COUNT, i % 100 == 0 ? "\xc3\xa9" : "");
        cr_assert_eq(gdi_text_index_find(index, text, (size_t)length), ranks[i]);
    }
    free(ranks);
    gdi_text_index_destroy(index);
}
