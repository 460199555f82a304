/*
 * Strict UTF-8 decoding and encoding (RFC 3629, table 3-7 of the Unicode Standard). Pure functions
 * on bytes; no allocation, safe from any thread.
 */
#include "json/utf8.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0U) == 0x80U;
}

/* Bytes announced by a leading byte; 0 for one that cannot lead. */
static size_t announced_length(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        return 4;
    }
    return 0;
}

size_t json_utf8_decode(const char *text, size_t length, uint32_t *code_point)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};

    if (length == 0) {
        return 0;
    }
    const unsigned char lead = (unsigned char)text[0];
    const size_t bytes = announced_length(lead);
    if (bytes == 0 || bytes > length) {
        return 0;
    }
    if (bytes == 1) {
        *code_point = lead;
        return 1;
    }
    uint32_t value = lead & (0x7FU >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (!is_continuation(byte)) {
            return 0;
        }
        value = (value << 6) | (byte & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest[bytes] || surrogate || value > 0x10FFFF) {
        return 0;
    }
    *code_point = value;
    return bytes;
}

size_t json_utf8_encode(uint32_t code_point, char *bytes)
{
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (char)(0xC0 | (code_point >> 6));
        bytes[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        bytes[0] = (char)(0xE0 | (code_point >> 12));
        bytes[1] = (char)(0x80 | ((code_point >> 6) & 0x3F));
        bytes[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    bytes[0] = (char)(0xF0 | (code_point >> 18));
    bytes[1] = (char)(0x80 | ((code_point >> 12) & 0x3F));
    bytes[2] = (char)(0x80 | ((code_point >> 6) & 0x3F));
    bytes[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

size_t json_utf8_cut(const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < JSON_UTF8_LONGEST) {
        start--;
        const unsigned char byte = (unsigned char)text[start];
        if (!is_continuation(byte)) {
            return start + announced_length(byte) <= length ? length : start;
        }
    }
    return length;
}
