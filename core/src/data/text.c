/*
 * text.c: UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * See text.h.
 */
#include "data/text.h"

#include <stdint.h>
#include <string.h>

size_t gdi_text_sequence(const unsigned char *text, size_t length)
{
    if (text[0] < 0x80) {
        return 1;
    }
    size_t size = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || size > length) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool bad = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
               (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f);
    return bad ? 0 : size;
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f;
}

bool gdi_text_is_clean(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        size_t size = gdi_text_sequence(bytes + i, length - i);
        bool blank = bytes[i] == '\t' || bytes[i] == '\n' || bytes[i] == '\r';
        if (size == 0 || (is_control(bytes[i]) && !blank)) {
            return false;
        }
        i += size;
    }
    return true;
}

void gdi_text_quote(const char *text, size_t length, char *copy, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t used = 0;
    size_t i = 0;
    while (i < length) {
        size_t step = gdi_text_sequence(bytes + i, length - i);
        size_t width = step == 0 ? 1 : step;
        if (used + width + 4 > size) {
            memcpy(copy + used, "...", 3);
            used += 3;
            break;
        }
        if (step == 0 || is_control(bytes[i])) {
            copy[used] = '?';
        } else {
            memcpy(copy + used, bytes + i, width);
        }
        used += width;
        i += width;
    }
    copy[used] = '\0';
}
