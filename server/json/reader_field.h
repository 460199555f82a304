/*
 * What the getters of the typed reader share: looking a member up and refusing it. For reader.c and
 * reader_integer.c alone.
 */
#ifndef JSON_READER_FIELD_H
#define JSON_READER_FIELD_H

#include "json/reader.h"

/* Makes *field the member to read. JSON_READ: there is a value to check. JSON_ABSENT and JSON_NULL:
 * nothing to do. JSON_FAULTY: it is missing although required, `field->value` is NULL, and
 * json_field_refuse_type says so. */
json_read_result json_field_find(const json_reader *reader, const char *key, unsigned flags,
                                 json_reader *field);

/* Adds "missing" or "wrong_type"; returns JSON_FAULTY. */
json_read_result json_field_refuse_type(const json_reader *field, unsigned flags,
                                        const json_expectation *expected);

/* Adds a fault about a value of the right type; `remedy` is "" or starts with "; ". Returns
 * JSON_FAULTY. */
json_read_result json_field_refuse_value(const json_reader *field, const char *code,
                                         const json_expectation *expected, const char *remedy);

#endif
