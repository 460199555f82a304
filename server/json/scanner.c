/*
 * A state machine over the bytes: what may come next, and a stack of open arrays and objects whose
 * height is limited. Strings, numbers and words are read by one function each; the keys of open
 * objects go to a list that json/key_list.h checks when an object ends.
 */
#include "json/scanner.h"

#include "json/key_list.h"
#include "json/number.h"
#include "json/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What the grammar allows at the current byte. */
typedef enum expectation {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* behind '[' */
    EXPECT_KEY,          /* behind ',' in an object */
    EXPECT_KEY_OR_END,   /* behind '{' */
    EXPECT_COMMA_OR_END, /* behind a value inside an array or object */
    EXPECT_NOTHING       /* behind the outermost value */
} expectation;

typedef struct container {
    char closing;     /* ']' or '}' */
    size_t first_key; /* where the keys of this object start in the list */
} container;

typedef struct scanner {
    const char *text;
    size_t length;
    size_t at;
    expectation expect;
    size_t depth;
    container open[JSON_DEPTH_LIMIT];
    json_key_list keys;
    json_fault fault;
} scanner;

#define VALUE_ALLOWED \
    "a value is allowed: an object, an array, a string, a number, true, false or null"

__attribute__((format(printf, 3, 4))) static bool refuse(scanner *s, size_t offset,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int written = vsnprintf(s->fault.message, sizeof s->fault.message, format, arguments);
    va_end(arguments);
    if (written >= (int)sizeof s->fault.message) {
        s->fault.message[json_utf8_cut(s->fault.message, sizeof s->fault.message - 1)] = '\0';
    }
    s->fault.offset = offset;
    return false;
}

static bool refuse_for_memory(scanner *s)
{
    s->fault.out_of_memory = true;
    return refuse(s, s->at, "there is not enough memory to check this text");
}

/* Names the byte or character at `offset` for a message. */
static void name_found(const scanner *s, size_t offset, char *name, size_t capacity)
{
    uint32_t code_point = 0;
    const size_t bytes = json_utf8_decode(s->text + offset, s->length - offset, &code_point);
    if (offset >= s->length) {
        (void)snprintf(name, capacity, "the end of the text");
    } else if (bytes == 0) {
        (void)snprintf(name, capacity, "the byte 0x%02X", (unsigned char)s->text[offset]);
    } else if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) {
        (void)snprintf(name, capacity, "the control character U+%04X", code_point);
    } else {
        (void)snprintf(name, capacity, "'%.*s'", (int)bytes, s->text + offset);
    }
}

/* "found X where <allowed>", at the given offset. */
static bool refuse_found(scanner *s, size_t offset, const char *allowed)
{
    char found[48];
    name_found(s, offset, found, sizeof found);
    return refuse(s, offset, "found %s where %s", found, allowed);
}

static bool at_byte(const scanner *s, char byte)
{
    return s->at < s->length && s->text[s->at] == byte;
}

static void skip_whitespace(scanner *s)
{
    while (s->at < s->length) {
        const char byte = s->text[s->at];
        if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
            return;
        }
        s->at++;
    }
}

/* Behind a value or a closing bracket. */
static void value_done(scanner *s)
{
    s->expect = s->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static bool open_container(scanner *s, char closing)
{
    if (s->depth == JSON_DEPTH_LIMIT) {
        return refuse(s, s->at, "nested deeper than the %d levels of arrays and objects allowed",
                      JSON_DEPTH_LIMIT);
    }
    s->open[s->depth++] = (container){.closing = closing, .first_key = s->keys.count};
    s->expect = closing == ']' ? EXPECT_VALUE_OR_END : EXPECT_KEY_OR_END;
    s->at++;
    return true;
}

static bool close_container(scanner *s)
{
    const container *top = &s->open[s->depth - 1];
    const json_key *repeated = json_key_list_repeated(&s->keys, top->first_key);
    if (repeated != NULL) {
        const size_t longest = 60;
        const size_t shown =
            repeated->length <= longest ? repeated->length : json_utf8_cut(repeated->text, longest);
        return refuse(s, (size_t)(repeated->text - s->text) - 1,
                      "the key \"%.*s%s\" stands twice in one object; a key may stand only once",
                      (int)shown, repeated->text, shown < repeated->length ? "…" : "");
    }
    json_key_list_cut(&s->keys, top->first_key);
    s->depth--;
    s->at++;
    value_done(s);
    return true;
}

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Reads "\uXXXX" at the current byte; -1 if it is not one. */
static int32_t read_unicode_escape(const scanner *s)
{
    if (s->length - s->at < 6 || s->text[s->at] != '\\' || s->text[s->at + 1] != 'u') {
        return -1;
    }
    int32_t value = 0;
    for (size_t i = 2; i < 6; i++) {
        const int digit = hex_value(s->text[s->at + i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool scan_unicode_escape(scanner *s)
{
    const size_t start = s->at;
    const int32_t first = read_unicode_escape(s);
    if (first < 0) {
        return refuse(s, start, "the escape \\u is not followed by four hexadecimal digits");
    }
    s->at += 6;
    if (first == 0) {
        return refuse(s, start, "the escape \\u0000 is not allowed: text cannot hold a NUL");
    }
    if (first >= 0xDC00 && first <= 0xDFFF) {
        return refuse(s, start, "the low surrogate \\u%04X does not follow a high one", first);
    }
    if (first >= 0xD800 && first <= 0xDBFF) {
        const int32_t second = read_unicode_escape(s);
        if (second < 0xDC00 || second > 0xDFFF) {
            return refuse(s, start,
                          "the high surrogate \\u%04X is not followed by a low one, "
                          "\\uDC00 to \\uDFFF",
                          first);
        }
        s->at += 6;
    }
    return true;
}

static bool scan_escape(scanner *s)
{
    const char escaped = s->at + 1 < s->length ? s->text[s->at + 1] : '\0';
    if (escaped == 'u') {
        return scan_unicode_escape(s);
    }
    if (escaped == '\0' || strchr("\"\\/bfnrt", escaped) == NULL) {
        return refuse(s, s->at,
                      "a backslash starts no known escape; allowed are "
                      "\\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits");
    }
    s->at += 2;
    return true;
}

/* One byte that is not plain printable ASCII. */
static bool scan_unusual(scanner *s, bool *escaped)
{
    const unsigned char byte = (unsigned char)s->text[s->at];
    if (byte == '\\') {
        *escaped = true;
        return scan_escape(s);
    }
    if (byte < 0x20) {
        return refuse(s, s->at,
                      "found the control character U+%04X in a string; write it as \\u%04X", byte,
                      byte);
    }
    uint32_t code_point;
    const size_t bytes = json_utf8_decode(s->text + s->at, s->length - s->at, &code_point);
    if (bytes == 0) {
        return refuse(s, s->at, "the byte 0x%02X starts no valid UTF-8 character", byte);
    }
    s->at += bytes;
    return true;
}

/* From the opening quote to behind the closing one; *content is what stands between them. */
static bool scan_string(scanner *s, json_key *content)
{
    const size_t start = ++s->at;
    bool escaped = false;
    while (s->at < s->length) {
        const unsigned char byte = (unsigned char)s->text[s->at];
        if (byte == '"') {
            *content = (json_key){s->text + start, s->at - start, escaped};
            s->at++;
            return true;
        }
        if (byte >= 0x20 && byte < 0x80 && byte != '\\') {
            s->at++;
        } else if (!scan_unusual(s, &escaped)) {
            return false;
        }
    }
    return refuse(s, s->at, "found the end of the text inside a string; allowed is a closing '\"'");
}

static bool scan_number(scanner *s)
{
    const char *start = s->text + s->at;
    const json_number_span span = json_number_measure(start, s->length - s->at);
    if (span.length == 0) {
        char allowed[80];
        (void)snprintf(allowed, sizeof allowed, "a number allows %s", span.allowed);
        return refuse_found(s, s->at + span.wrong, allowed);
    }
    double value;
    if (span.may_overflow && !json_parse_double(start, span.length, &value)) {
        const int shown = span.length < 40 ? (int)span.length : 40;
        return refuse(s, s->at, "the number %.*s%s is too large; allowed is up to ±1.797e308",
                      shown, start, span.length > 40 ? "…" : "");
    }
    s->at += span.length;
    value_done(s);
    return true;
}

static bool scan_word(scanner *s, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++, s->at++) {
        if (!at_byte(s, word[i])) {
            char allowed[48];
            (void)snprintf(allowed, sizeof allowed, "the word %s goes on with '%c'", word, word[i]);
            return refuse_found(s, s->at, allowed);
        }
    }
    value_done(s);
    return true;
}

/* The usual ways to write what is not JSON get a hint of their own. */
static bool refuse_as_value(scanner *s)
{
    const char *rest = s->text + s->at;
    const size_t length = s->length - s->at;
    if ((length >= 3 && memcmp(rest, "NaN", 3) == 0) ||
        (length >= 8 && memcmp(rest, "Infinity", 8) == 0)) {
        return refuse(s, s->at,
                      "NaN and Infinity are not allowed in JSON; allowed is a finite "
                      "number, or null");
    }
    if (s->expect == EXPECT_VALUE && at_byte(s, ']')) {
        return refuse_found(s, s->at, VALUE_ALLOWED " (no comma before ']')");
    }
    if (at_byte(s, '\'')) {
        return refuse_found(s, s->at, "a value is allowed; strings stand in double quotes");
    }
    return refuse_found(s, s->at, VALUE_ALLOWED);
}

static bool scan_value(scanner *s)
{
    json_key ignored;
    switch (s->at < s->length ? s->text[s->at] : '\0') {
    case '{':
        return open_container(s, '}');
    case '[':
        return open_container(s, ']');
    case '"':
        if (!scan_string(s, &ignored)) {
            return false;
        }
        value_done(s);
        return true;
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return scan_number(s);
    default:
        return refuse_as_value(s);
    }
}

static bool scan_key(scanner *s)
{
    if (!at_byte(s, '"')) {
        return refuse_found(s, s->at,
                            s->expect == EXPECT_KEY ? "a key in double quotes is allowed"
                                                    : "a key in double quotes or '}' is allowed");
    }
    json_key key;
    if (!scan_string(s, &key)) {
        return false;
    }
    if (!json_key_list_add(&s->keys, key)) {
        return refuse_for_memory(s);
    }
    skip_whitespace(s);
    if (!at_byte(s, ':')) {
        return refuse_found(s, s->at, "':' is allowed, behind a key");
    }
    s->at++;
    s->expect = EXPECT_VALUE;
    return true;
}

static bool scan_separator(scanner *s)
{
    const char closing = s->open[s->depth - 1].closing;
    if (at_byte(s, closing)) {
        return close_container(s);
    }
    if (!at_byte(s, ',')) {
        return refuse_found(s, s->at,
                            closing == ']' ? "',' or ']' is allowed" : "',' or '}' is allowed");
    }
    s->expect = closing == ']' ? EXPECT_VALUE : EXPECT_KEY;
    s->at++;
    return true;
}

/* One step of the machine. */
static bool scan_next(scanner *s)
{
    switch (s->expect) {
    case EXPECT_VALUE_OR_END:
        return at_byte(s, ']') ? close_container(s) : scan_value(s);
    case EXPECT_KEY_OR_END:
        return at_byte(s, '}') ? close_container(s) : scan_key(s);
    case EXPECT_KEY:
        return scan_key(s);
    case EXPECT_COMMA_OR_END:
        return scan_separator(s);
    case EXPECT_VALUE:
    case EXPECT_NOTHING:
        break;
    }
    return scan_value(s);
}

static bool scan_document(scanner *s)
{
    if (s->length >= 3 && memcmp(s->text, "\xEF\xBB\xBF", 3) == 0) {
        return refuse(s, 0, "found a byte order mark; JSON starts without one");
    }
    skip_whitespace(s);
    if (s->at == s->length) {
        return refuse(s, s->at, "the text is empty; one JSON value is allowed");
    }
    while (s->expect != EXPECT_NOTHING) {
        if (!scan_next(s)) {
            return false;
        }
        skip_whitespace(s);
    }
    if (s->at < s->length) {
        return refuse_found(s, s->at, "the text has to end: one JSON value is allowed");
    }
    return true;
}

bool json_scan(const char *text, size_t length, json_fault *fault)
{
    scanner s = {.text = text, .length = length, .expect = EXPECT_VALUE};
    const bool accepted = scan_document(&s);
    json_key_list_dispose(&s.keys);
    if (!accepted && fault != NULL) {
        *fault = s.fault;
    }
    return accepted;
}
