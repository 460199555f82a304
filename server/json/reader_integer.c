/*
 * The getters for whole numbers. A tree holds doubles, so a number from 2^53 on may already be
 * another one than was written; it is refused and asked for as a string of digits, which is exact.
 */
#include "json/number.h"
#include "json/reader.h"
#include "json/reader_field.h"

#include <math.h>
#include <string.h>

/* A whole number as sign and size. */
typedef struct whole {
    bool negative;
    uint64_t magnitude;
} whole;

/* Digits with an optional minus, no leading zeros, at most 64 bits. */
static bool parse_digits(const char *text, whole *out)
{
    out->negative = text[0] == '-';
    const char *digits = text + out->negative;
    if (digits[0] == '\0' || (digits[0] == '0' && digits[1] != '\0')) {
        return false;
    }
    uint64_t value = 0;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(*digits - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    out->magnitude = value;
    return true;
}

/* The code of what keeps a number from being a whole one, or NULL. */
static const char *take_number(double value, whole *out)
{
    const double magnitude = fabs(value);
    if (magnitude >= JSON_EXACT_LIMIT) {
        return JSON_CODE_OUT_OF_RANGE;
    }
    if (floor(magnitude) != magnitude) {
        return JSON_CODE_NOT_AN_INTEGER;
    }
    out->negative = value < 0;
    out->magnitude = (uint64_t)magnitude;
    return NULL;
}

/* False if the value is outside of int64. */
static bool to_int64(whole value, int64_t *out)
{
    const uint64_t limit = (uint64_t)INT64_MAX + (value.negative ? 1 : 0);
    if (value.magnitude > limit) {
        return false;
    }
    if (value.negative) {
        *out = value.magnitude == 0 ? 0 : -(int64_t)(value.magnitude - 1) - 1;
    } else {
        *out = (int64_t)value.magnitude;
    }
    return true;
}

static const char *remedy_for(const json_reader *field, const char *code, bool string_allowed)
{
    if (strcmp(code, JSON_CODE_NOT_AN_INTEGER) == 0) {
        return "; write it without a fraction";
    }
    const bool inexact =
        cJSON_IsNumber(field->value) && fabs(field->value->valuedouble) >= JSON_EXACT_LIMIT;
    return inexact && string_allowed
               ? "; numbers from 9007199254740992 on are not exact in JSON: give it as a string"
               : "";
}

json_read_result json_read_count(const json_reader *reader, const char *key, unsigned flags,
                                 int64_t minimum, int64_t maximum, int64_t *out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    const bool string_allowed = maximum >= (int64_t)JSON_EXACT_LIMIT;
    const char *code = JSON_CODE_WRONG_TYPE;
    whole value;
    if (cJSON_IsNumber(field.value)) {
        code = take_number(field.value->valuedouble, &value);
    } else if (string_allowed && cJSON_IsString(field.value) &&
               parse_digits(field.value->valuestring, &value)) {
        code = NULL;
    }
    int64_t number;
    if (code == NULL) {
        if (to_int64(value, &number) && number >= minimum && number <= maximum) {
            *out = number;
            return JSON_READ;
        }
        code = JSON_CODE_OUT_OF_RANGE;
    }
    json_expectation expected;
    json_expect_integer(&expected, minimum, maximum);
    if (strcmp(code, JSON_CODE_WRONG_TYPE) == 0) {
        return json_field_refuse_type(&field, flags, &expected);
    }
    return json_field_refuse_value(&field, code, &expected,
                                   remedy_for(&field, code, string_allowed));
}

json_read_result json_read_uint64(const json_reader *reader, const char *key, unsigned flags,
                                  uint64_t *out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    const char *code = JSON_CODE_WRONG_TYPE;
    whole value;
    if (cJSON_IsNumber(field.value)) {
        code = take_number(field.value->valuedouble, &value);
    } else if (cJSON_IsString(field.value) && parse_digits(field.value->valuestring, &value)) {
        code = NULL;
    }
    if (code == NULL) {
        if (!value.negative || value.magnitude == 0) {
            *out = value.magnitude;
            return JSON_READ;
        }
        code = JSON_CODE_OUT_OF_RANGE;
    }
    json_expectation expected;
    json_expect_type(&expected, "integer",
                     "a whole number from 0 to 18446744073709551615 (from 9007199254740992 on as "
                     "a string of digits)");
    if (strcmp(code, JSON_CODE_WRONG_TYPE) == 0) {
        return json_field_refuse_type(&field, flags, &expected);
    }
    return json_field_refuse_value(&field, code, &expected, remedy_for(&field, code, true));
}
