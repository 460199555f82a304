/*
 * UTF-8 by itself: every code point there and back, and cuts at every size.
 */
#include "json/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

Test(json_utf8, every_code_point_comes_back)
{
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        if (code_point == 0xD800) {
            code_point = 0xE000;
        }
        char bytes[JSON_UTF8_LONGEST];
        uint32_t back = 0;
        const size_t length = json_utf8_encode(code_point, bytes);
        cr_assert_eq(json_utf8_decode(bytes, length, &back), length);
        cr_assert_eq(back, code_point);
        cr_assert_eq(json_utf8_decode(bytes, length - 1, &back), 0);
    }
}

/* Of all two-byte and, behind each lead, three-byte sequences exactly those of the standard pass. */
Test(json_utf8, accepts_just_the_valid_sequences)
{
    size_t two = 0;
    size_t three = 0;
    for (unsigned first = 0x80; first <= 0xFF; first++) {
        for (unsigned second = 0; second <= 0xFF; second++) {
            uint32_t code_point;
            const char pair[2] = {(char)first, (char)second};
            two += json_utf8_decode(pair, 2, &code_point) == 2;
            for (unsigned third = 0; third <= 0xFF; third++) {
                const char triple[3] = {(char)first, (char)second, (char)third};
                three += json_utf8_decode(triple, 3, &code_point) == 3;
            }
        }
    }
    cr_expect_eq(two, 0x800 - 0x80);
    cr_expect_eq(three, 0x10000 - 0x800 - 0x800);
}

Test(json_utf8, cuts_between_characters)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"; /* 1, 2, 3 and 4 bytes */
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t length = 0; length < sizeof text; length++) {
        cr_expect_eq(json_utf8_cut(text, length), cuts[length], "cut at %zu", length);
    }
}
