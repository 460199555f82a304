/*
 * test_text.c: which texts may be names, and how foreign text is shown.
 */
#include "data/text.h"

#include <criterion/criterion.h>
#include <string.h>

Test(data_text, knows_utf_8)
{
    static const char *const good[] = {"",
                                       "plain",
                                       "Gr\xc3\xb6\xc3\x9f",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x8c\xb1",
                                       "\xed\x9f\xbf",
                                       "\xf4\x8f\xbf\xbf",
                                       "line\nbreak\ttab"};
    static const char *const bad[] = {"\xff",
                                      "\xc3",
                                      "Gr\xf6\xdf",
                                      "\xc0\x80",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\x80",
                                      "bell\x07",
                                      "\x7f"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert(gdi_text_is_clean(good[i], strlen(good[i])), "good %zu", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_not(gdi_text_is_clean(bad[i], strlen(bad[i])), "bad %zu", i);
    }
    cr_assert_not(gdi_text_is_clean("a\0b", 3));
}

Test(data_text, quotes_without_breaking_sequences)
{
    char copy[12];
    gdi_text_quote("abc\x01\xff", 5, copy, sizeof copy);
    cr_assert_str_eq(copy, "abc??");
    gdi_text_quote("1234567\xe2\x82\xac\xe2\x82\xac", 13, copy, sizeof copy);
    cr_assert_str_eq(copy, "1234567...");
    cr_assert(gdi_text_is_clean(copy, strlen(copy)));
}
