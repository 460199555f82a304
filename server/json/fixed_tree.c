/*
 * fixed_tree.c: see fixed_tree.h. The scanner has seen the whole text before, so that nothing here is
 * checked again: every quote is closed, every escape is right, the levels are bounded.
 */
#include "json/fixed_tree.h"

#include "json/number.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Behind the empty name of the root; a multiple of the alignment of a value. */
#define HEAD_BYTES ((size_t)16)

typedef struct builder {
    const char *at;
    const char *end;
    cJSON *next;   /* value not yet taken */
    char *strings; /* where the next text goes */
} builder;

/* As many values as there can be: one more than commas and opening brackets outside of texts. */
static size_t count_values(const char *text, size_t length)
{
    size_t count = 1;
    bool inside = false;
    for (size_t i = 0; i < length; i++) {
        if (inside && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            inside = !inside;
        } else if (!inside) {
            count += text[i] == ',' || text[i] == '[' || text[i] == '{';
        }
    }
    return count;
}

static void skip_blanks(builder *it)
{
    while (it->at < it->end &&
           (*it->at == ' ' || *it->at == '\t' || *it->at == '\n' || *it->at == '\r')) {
        it->at++;
    }
}

static unsigned read_hex(const char *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        const char c = digits[i];
        value = value * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* The character behind "\u", of one escape or of a pair; `at` stands at the digits and then behind. */
static uint32_t read_escape(builder *it)
{
    uint32_t code = read_hex(it->at);
    it->at += 4;
    if (code >= 0xD800 && code <= 0xDBFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (read_hex(it->at + 2) - 0xDC00);
        it->at += 6;
    }
    return code;
}

static char *put_character(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* `at` stands at the opening quote and then behind the closing one. What is written is never longer
 * than what was read. */
static char *read_text(builder *it)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    char *start = it->strings, *out = start;
    it->at++;
    while (*it->at != '"') {
        if (*it->at != '\\') {
            *out++ = *it->at++;
            continue;
        }
        const char escape = it->at[1];
        it->at += 2;
        const char *letter = strchr(letters, escape);
        if (escape == 'u') {
            out = put_character(out, read_escape(it));
        } else {
            *out++ = letter != NULL ? meanings[letter - letters] : escape;
        }
    }
    it->at++;
    *out++ = '\0';
    it->strings = out;
    return start;
}

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == 'e' || c == 'E' || c == '+';
}

static bool read_number(builder *it, cJSON *value)
{
    const char *start = it->at;
    while (it->at < it->end && is_of_number(*it->at)) {
        it->at++;
    }
    value->type = cJSON_Number;
    if (!json_parse_double(start, (size_t)(it->at - start), &value->valuedouble)) {
        return false;
    }
    const double number = value->valuedouble;
    value->valueint = number >= INT_MAX ? INT_MAX : number <= INT_MIN ? INT_MIN : (int)number;
    return true;
}

static void read_word(builder *it, cJSON *value)
{
    const char first = *it->at;
    value->type = first == 't' ? cJSON_True : first == 'f' ? cJSON_False : cJSON_NULL;
    value->valueint = first == 't';
    it->at += first == 'f' ? 5 : 4;
}

static bool read_value(builder *it, cJSON *value);

/* Members or items up to the closing bracket; a list's head knows its last. */
static bool read_children(builder *it, cJSON *parent, bool members)
{
    cJSON *last = NULL;
    it->at++;
    for (skip_blanks(it); *it->at != ']' && *it->at != '}'; skip_blanks(it)) {
        it->at += *it->at == ',';
        skip_blanks(it);
        cJSON *child = it->next++;
        memset(child, 0, sizeof *child);
        if (members) {
            child->string = read_text(it);
            skip_blanks(it);
            it->at++; /* the colon */
            skip_blanks(it);
        }
        if (last == NULL) {
            parent->child = child;
        } else {
            last->next = child;
            child->prev = last;
        }
        last = child;
        if (!read_value(it, child)) {
            return false;
        }
    }
    if (last != NULL) {
        parent->child->prev = last;
    }
    it->at++;
    return true;
}

/* The depth is bounded by the scanner. */
static bool read_value(builder *it, cJSON *value)
{
    switch (*it->at) {
    case '{':
        value->type = cJSON_Object;
        return read_children(it, value, true);
    case '[':
        value->type = cJSON_Array;
        return read_children(it, value, false);
    case '"':
        value->type = cJSON_String;
        value->valuestring = read_text(it);
        return true;
    case 't':
    case 'f':
    case 'n':
        read_word(it, value);
        return true;
    default:
        return read_number(it, value);
    }
}

/* NULL without memory: nothing else can go wrong with a text that was scanned. */
static cJSON *build(const char *text, size_t length)
{
    const size_t values = count_values(text, length);
    if (values > (SIZE_MAX - HEAD_BYTES - length - 1) / sizeof(cJSON)) {
        return NULL;
    }
    cJSON *root = cJSON_malloc(sizeof *root);
    char *block = cJSON_malloc(HEAD_BYTES + values * sizeof(cJSON) + length + 1);
    if (root == NULL || block == NULL) {
        cJSON_free(root);
        cJSON_free(block);
        return NULL;
    }
    memset(root, 0, sizeof *root);
    block[0] = '\0';
    root->string = block; /* the owner of all the rest */
    builder it = {.at = text,
                  .end = text + length,
                  .next = (cJSON *)(void *)(block + HEAD_BYTES),
                  .strings = block + HEAD_BYTES + values * sizeof(cJSON)};
    skip_blanks(&it);
    const bool read = read_value(&it, root);
    root->type |= cJSON_IsReference;
    if (!read) {
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

cJSON *json_parse_fixed(const char *text, size_t length, json_fault *fault)
{
    if (!json_scan(text, length, fault)) {
        return NULL;
    }
    cJSON *document = build(text, length);
    return document != NULL ? document : json_lacks_memory(fault);
}
