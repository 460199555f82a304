/*
 * The only way JSON goes out: a streaming writer into one growing buffer with a hard maximum. It
 * places commas and colons, escapes strings and writes numbers by json/number.h. Errors stick:
 * after the first one nothing more is written, and json_writer_finish tells. So callers write
 * straight on and check once. All functions accept a NULL writer and then do nothing. One owner,
 * one thread.
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrays and objects may be nested this deep. */
enum {
    JSON_WRITER_DEPTH_LIMIT = 64
};

typedef enum json_writer_error {
    JSON_WRITER_FINE,
    JSON_WRITER_OUT_OF_MEMORY,
    JSON_WRITER_TOO_LARGE, /* the text would pass the maximum */
    JSON_WRITER_MISUSED    /* calls that make no JSON: a value without key, an end without begin,
                            * two outermost values, nesting too deep, an invalid tree */
} json_writer_error;

typedef struct json_writer json_writer;

/* A writer for at most `maximum` bytes of text. NULL if memory is out, which may go unchecked: the
 * other functions pass it on to json_writer_finish. */
json_writer *json_writer_create(size_t maximum);
void json_writer_destroy(json_writer *writer);

void json_writer_begin_object(json_writer *writer);
void json_writer_end_object(json_writer *writer);
void json_writer_begin_array(json_writer *writer);
void json_writer_end_array(json_writer *writer);

/* The name of the next value in an object. */
void json_writer_key(json_writer *writer, const char *key);

/* Text goes out as UTF-8; bytes that are not UTF-8 become U+FFFD. A NULL string becomes null. */
void json_writer_string(json_writer *writer, const char *text);
void json_writer_string_length(json_writer *writer, const char *text, size_t length);

/* Integers from 2^53 on, which not every reader keeps exactly, go out as strings of digits. */
void json_writer_int64(json_writer *writer, int64_t value);
void json_writer_uint64(json_writer *writer, uint64_t value);

/* Numbers that are not finite become null. */
void json_writer_double(json_writer *writer, double value);
void json_writer_float32(json_writer *writer, float value);

/* Whole arrays of numbers. */
void json_writer_doubles(json_writer *writer, const double *values, size_t count);
void json_writer_float32s(json_writer *writer, const float *values, size_t count);
void json_writer_int64s(json_writer *writer, const int64_t *values, size_t count);

void json_writer_boolean(json_writer *writer, bool value);
void json_writer_null(json_writer *writer);

/* One value that is JSON text already; it is copied unchecked. */
void json_writer_raw(json_writer *writer, const char *json, size_t length);

/* A tree of the JSON library, with this writer's numbers. A NULL tree becomes null. */
void json_writer_tree(json_writer *writer, const cJSON *tree);

/* The first error so far. */
json_writer_error json_writer_status(const json_writer *writer);

/* The finished text, closed with NUL, owned by the caller (free); `length` may be NULL. NULL if
 * anything went wrong or the text is not complete; json_writer_status then tells what. The writer
 * is empty afterwards and still to be destroyed. */
char *json_writer_finish(json_writer *writer, size_t *length);

#endif
