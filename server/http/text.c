/*
 * Text rules of HTTP: what text.h promises, without the C library's locale-dependent <ctype.h>.
 */
#include "http/text.h"

#include <stdint.h>
#include <string.h>

char http_text_lower(char byte)
{
    return (byte >= 'A' && byte <= 'Z') ? (char)(byte + ('a' - 'A')) : byte;
}

bool http_text_is_token_byte(char byte)
{
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
        (byte >= 'A' && byte <= 'Z')) {
        return true;
    }
    return byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
}

bool http_text_is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!http_text_is_token_byte(text[i])) {
            return false;
        }
    }
    return length > 0;
}

bool http_text_starts(const char *text, size_t length, const char *prefix)
{
    const size_t prefix_length = strlen(prefix);
    if (length < prefix_length) {
        return false;
    }
    for (size_t i = 0; i < prefix_length; i++) {
        if (http_text_lower(text[i]) != http_text_lower(prefix[i])) {
            return false;
        }
    }
    return true;
}

bool http_text_equal_length(const char *left, size_t length, const char *right)
{
    return length == strlen(right) && http_text_starts(left, length, right);
}

bool http_text_equal(const char *left, const char *right)
{
    return http_text_equal_length(left, strlen(left), right);
}

/* Length of the well-formed sequence at the start of `text`, 0 if there is none (Unicode standard,
   table 3-7). */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
    const unsigned char lead = text[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t size = 0;
    unsigned char lowest = 0x80;
    unsigned char highest = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        lowest = lead == 0xE0 ? 0xA0 : 0x80;
        highest = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        lowest = lead == 0xF0 ? 0x90 : 0x80;
        highest = lead == 0xF4 ? 0x8F : 0xBF;
    }
    if (size == 0 || size > length || text[1] < lowest || text[1] > highest) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return size;
}

bool http_text_is_utf8(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t position = 0;
    while (position < length) {
        const size_t size = utf8_sequence(bytes + position, length - position);
        if (size == 0) {
            return false;
        }
        position += size;
    }
    return true;
}

bool http_text_is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

static int hexadecimal_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const char lower = http_text_lower(byte);
    return (lower >= 'a' && lower <= 'f') ? lower - 'a' + 10 : -1;
}

bool http_text_decode(const char *text, size_t length, bool plus_is_blank, char *out,
                      size_t *out_length)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            const int high = i + 2 < length ? hexadecimal_digit(text[i + 1]) : -1;
            const int low = i + 2 < length ? hexadecimal_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_blank) {
            byte = ' ';
        }
        out[written++] = byte;
    }
    *out_length = written;
    return true;
}

void http_text_trim(const char **text, size_t *length)
{
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t')) {
        (*length)--;
    }
}
