/*
 * The streaming writer. Its grammar state is small: which open levels are objects (one bit each),
 * whether the next item needs a comma, and whether a key waits for its value. The buffer doubles up
 * to the maximum and always has room for a closing NUL.
 */
#include "json/writer.h"

#include "json/number.h"
#include "json/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 256
};

struct json_writer {
    char *text;
    size_t length;
    size_t capacity; /* bytes allocated; `length` stays below it */
    size_t maximum;
    json_writer_error error;
    size_t depth;
    uint64_t objects; /* bit d: the level d is an object */
    bool comma;       /* the next item of this level follows another */
    bool key_waits;   /* a key was written, its value is due */
};

json_writer *json_writer_create(size_t maximum)
{
    json_writer *writer = calloc(1, sizeof *writer);
    if (writer != NULL) {
        writer->maximum = maximum < SIZE_MAX / 4 ? maximum : SIZE_MAX / 4;
    }
    return writer;
}

void json_writer_destroy(json_writer *writer)
{
    if (writer != NULL) {
        free(writer->text);
        free(writer);
    }
}

static bool fail(json_writer *writer, json_writer_error error)
{
    if (writer->error == JSON_WRITER_FINE) {
        writer->error = error;
    }
    return false;
}

static bool grow(json_writer *writer, size_t needed)
{
    size_t capacity = writer->capacity == 0 ? FIRST_CAPACITY : writer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    char *text = realloc(writer->text, capacity);
    if (text == NULL) {
        return fail(writer, JSON_WRITER_OUT_OF_MEMORY);
    }
    writer->text = text;
    writer->capacity = capacity;
    return true;
}

/* Makes room for `bytes` and a NUL. The maximum is checked by what is written in the end, so that
 * reserving generously for a number does not fail a text that fits. */
static bool reserve(json_writer *writer, size_t bytes)
{
    if (bytes > SIZE_MAX / 4) {
        return fail(writer, JSON_WRITER_TOO_LARGE);
    }
    const size_t needed = writer->length + bytes + 1;
    return needed <= writer->capacity || grow(writer, needed);
}

/* Takes over `bytes` already placed behind the text. */
static bool advance(json_writer *writer, size_t bytes)
{
    if (bytes > writer->maximum - writer->length) {
        return fail(writer, JSON_WRITER_TOO_LARGE);
    }
    writer->length += bytes;
    return true;
}

static bool put(json_writer *writer, const char *bytes, size_t count)
{
    if (count > writer->maximum - writer->length) {
        return fail(writer, JSON_WRITER_TOO_LARGE);
    }
    if (!reserve(writer, count)) {
        return false;
    }
    memcpy(writer->text + writer->length, bytes, count);
    return advance(writer, count);
}

static bool put_byte(json_writer *writer, char byte)
{
    return put(writer, &byte, 1);
}

static bool in_object(const json_writer *writer)
{
    return writer->depth > 0 && (writer->objects >> (writer->depth - 1) & 1) != 0;
}

/* Before each value: whether it may stand here, and the comma it needs. */
static bool begin_value(json_writer *writer)
{
    if (writer == NULL || writer->error != JSON_WRITER_FINE) {
        return false;
    }
    if (in_object(writer)) {
        if (!writer->key_waits) {
            return fail(writer, JSON_WRITER_MISUSED);
        }
        writer->key_waits = false;
        writer->comma = true;
        return true;
    }
    if (!writer->comma) {
        writer->comma = true;
        return true;
    }
    return writer->depth > 0 ? put_byte(writer, ',') : fail(writer, JSON_WRITER_MISUSED);
}

static void begin_level(json_writer *writer, char opening, bool object)
{
    if (!begin_value(writer)) {
        return;
    }
    if (writer->depth == JSON_WRITER_DEPTH_LIMIT) {
        fail(writer, JSON_WRITER_MISUSED);
        return;
    }
    const uint64_t bit = UINT64_C(1) << writer->depth;
    writer->objects = object ? writer->objects | bit : writer->objects & ~bit;
    writer->depth++;
    writer->comma = false;
    put_byte(writer, opening);
}

static void end_level(json_writer *writer, char closing, bool object)
{
    if (writer == NULL || writer->error != JSON_WRITER_FINE) {
        return;
    }
    if (writer->depth == 0 || in_object(writer) != object || writer->key_waits) {
        fail(writer, JSON_WRITER_MISUSED);
        return;
    }
    writer->depth--;
    writer->comma = true;
    put_byte(writer, closing);
}

void json_writer_begin_object(json_writer *writer)
{
    begin_level(writer, '{', true);
}

void json_writer_end_object(json_writer *writer)
{
    end_level(writer, '}', true);
}

void json_writer_begin_array(json_writer *writer)
{
    begin_level(writer, '[', false);
}

void json_writer_end_array(json_writer *writer)
{
    end_level(writer, ']', false);
}

/* The character after the backslash; 0 for one that is written as \u00XX. */
static char short_escape(unsigned char byte)
{
    static const char escapes[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    if (byte == '"' || byte == '\\') {
        return (char)byte;
    }
    return escapes[byte];
}

static bool put_escape(json_writer *writer, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    const char name = short_escape(byte);
    if (name != '\0') {
        return put(writer, (const char[]){'\\', name}, 2);
    }
    return put(writer, (const char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 0xF]}, 6);
}

/* Bytes of the longest run at `text` that go out as they are. */
static size_t plain_run(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        const unsigned char byte = (unsigned char)text[at];
        uint32_t code_point;
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            break;
        }
        const size_t bytes =
            byte < 0x80 ? 1 : json_utf8_decode(text + at, length - at, &code_point);
        if (bytes == 0) {
            break;
        }
        at += bytes;
    }
    return at;
}

static bool put_string(json_writer *writer, const char *text, size_t length)
{
    bool fits = put_byte(writer, '"');
    for (size_t at = 0; at < length && fits;) {
        const size_t run = plain_run(text + at, length - at);
        fits = put(writer, text + at, run);
        at += run;
        if (at == length || !fits) {
            break;
        }
        const unsigned char byte = (unsigned char)text[at++];
        fits = byte < 0x80 ? put_escape(writer, byte) : put(writer, "\xEF\xBF\xBD", 3);
    }
    return fits && put_byte(writer, '"');
}

void json_writer_key(json_writer *writer, const char *key)
{
    if (writer == NULL || writer->error != JSON_WRITER_FINE) {
        return;
    }
    if (!in_object(writer) || writer->key_waits) {
        fail(writer, JSON_WRITER_MISUSED);
        return;
    }
    if (writer->comma && !put_byte(writer, ',')) {
        return;
    }
    writer->key_waits = put_string(writer, key, strlen(key)) && put_byte(writer, ':');
}

void json_writer_string_length(json_writer *writer, const char *text, size_t length)
{
    if (begin_value(writer)) {
        put_string(writer, text, length);
    }
}

void json_writer_string(json_writer *writer, const char *text)
{
    if (text == NULL) {
        json_writer_null(writer);
    } else {
        json_writer_string_length(writer, text, strlen(text));
    }
}

void json_writer_raw(json_writer *writer, const char *json, size_t length)
{
    if (begin_value(writer)) {
        put(writer, json, length);
    }
}

void json_writer_boolean(json_writer *writer, bool value)
{
    json_writer_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_writer_null(json_writer *writer)
{
    json_writer_raw(writer, "null", 4);
}

void json_writer_int64(json_writer *writer, int64_t value)
{
    const int64_t limit = (int64_t)JSON_EXACT_LIMIT;
    char digits[JSON_NUMBER_CAPACITY];
    const size_t length = json_format_int64(value, digits);
    if (value < limit && value > -limit) {
        json_writer_raw(writer, digits, length);
    } else {
        json_writer_string_length(writer, digits, length);
    }
}

void json_writer_uint64(json_writer *writer, uint64_t value)
{
    char digits[JSON_NUMBER_CAPACITY];
    const size_t length = json_format_uint64(value, digits);
    if (value < (uint64_t)JSON_EXACT_LIMIT) {
        json_writer_raw(writer, digits, length);
    } else {
        json_writer_string_length(writer, digits, length);
    }
}

void json_writer_double(json_writer *writer, double value)
{
    if (begin_value(writer) && reserve(writer, JSON_NUMBER_CAPACITY)) {
        advance(writer, json_format_double(value, writer->text + writer->length));
    }
}

void json_writer_float32(json_writer *writer, float value)
{
    if (begin_value(writer) && reserve(writer, JSON_NUMBER_CAPACITY)) {
        advance(writer, json_format_float32(value, writer->text + writer->length));
    }
}

void json_writer_doubles(json_writer *writer, const double *values, size_t count)
{
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count && json_writer_status(writer) == JSON_WRITER_FINE; i++) {
        json_writer_double(writer, values[i]);
    }
    json_writer_end_array(writer);
}

void json_writer_float32s(json_writer *writer, const float *values, size_t count)
{
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count && json_writer_status(writer) == JSON_WRITER_FINE; i++) {
        json_writer_float32(writer, values[i]);
    }
    json_writer_end_array(writer);
}

void json_writer_int64s(json_writer *writer, const int64_t *values, size_t count)
{
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count && json_writer_status(writer) == JSON_WRITER_FINE; i++) {
        json_writer_int64(writer, values[i]);
    }
    json_writer_end_array(writer);
}

/* Recursion ends at the depth limit, where the error stops the loops. */
static void write_children(json_writer *writer, const cJSON *parent)
{
    const bool object = cJSON_IsObject(parent) != 0;
    begin_level(writer, object ? '{' : '[', object);
    const cJSON *child = parent->child;
    while (child != NULL && json_writer_status(writer) == JSON_WRITER_FINE) {
        if (object) {
            json_writer_key(writer, child->string);
        }
        json_writer_tree(writer, child);
        child = child->next;
    }
    end_level(writer, object ? '}' : ']', object);
}

void json_writer_tree(json_writer *writer, const cJSON *tree)
{
    if (tree == NULL || cJSON_IsNull(tree)) {
        json_writer_null(writer);
    } else if (cJSON_IsBool(tree)) {
        json_writer_boolean(writer, cJSON_IsTrue(tree) != 0);
    } else if (cJSON_IsNumber(tree)) {
        json_writer_double(writer, tree->valuedouble);
    } else if (cJSON_IsString(tree)) {
        json_writer_string(writer, tree->valuestring);
    } else if (cJSON_IsRaw(tree) && tree->valuestring != NULL) {
        json_writer_raw(writer, tree->valuestring, strlen(tree->valuestring));
    } else if (cJSON_IsArray(tree) || cJSON_IsObject(tree)) {
        write_children(writer, tree);
    } else if (writer != NULL) {
        fail(writer, JSON_WRITER_MISUSED);
    }
}

json_writer_error json_writer_status(const json_writer *writer)
{
    return writer == NULL ? JSON_WRITER_OUT_OF_MEMORY : writer->error;
}

char *json_writer_finish(json_writer *writer, size_t *length)
{
    if (writer == NULL || writer->error != JSON_WRITER_FINE) {
        return NULL;
    }
    if (writer->depth > 0 || writer->length == 0) {
        fail(writer, JSON_WRITER_MISUSED);
        return NULL;
    }
    char *text = writer->text;
    text[writer->length] = '\0';
    if (length != NULL) {
        *length = writer->length;
    }
    *writer = (json_writer){.maximum = writer->maximum};
    return text;
}
