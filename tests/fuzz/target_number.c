/*
 * target_number.c: eight bytes as a double go out as text and come back as the same bits, by both
 * writers and both readers; and any text is read as the C library reads it.
 */
#include "fuzz/fuzz.h"

#include "base/number.h"
#include "json/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void expect_round(double value)
{
    char text[JSON_NUMBER_CAPACITY], plain[GDI_NUMBER_LENGTH];
    double back = 0;
    size_t length = json_format_double(value, text);
    FUZZ_REQUIRE(length < sizeof text && text[length] == '\0' && strlen(text) == length);
    FUZZ_REQUIRE(json_number_measure(text, length).length == length);
    FUZZ_REQUIRE(json_parse_double(text, length, &back) && same_double(back, value));
    FUZZ_REQUIRE(gdi_number_read(text, &back) == text + length && same_double(back, value));
    gdi_number_print(value, plain);
    const char *end = gdi_number_read(plain, &back);
    /* Names of classes: there -0 is "0". */
    FUZZ_REQUIRE(end != NULL && *end == '\0' && back == value);
}

static void expect_round_float32(float value)
{
    char text[JSON_NUMBER_CAPACITY];
    double back = 0;
    size_t length = json_format_float32(value, text);
    FUZZ_REQUIRE(json_parse_double(text, length, &back));
    float nearest = strtof(text, NULL);
    FUZZ_REQUIRE(memcmp(&nearest, &value, sizeof value) == 0);
}

static void expect_round_integers(uint64_t bits)
{
    char text[JSON_NUMBER_CAPACITY];
    int64_t number;
    memcpy(&number, &bits, sizeof number);
    FUZZ_REQUIRE(json_format_uint64(bits, text) == strlen(text));
    FUZZ_REQUIRE(strtoull(text, NULL, 10) == bits);
    FUZZ_REQUIRE(json_format_int64(number, text) == strlen(text));
    FUZZ_REQUIRE(strtoll(text, NULL, 10) == number);
}

/* The text, a copy of it ended by a NUL, against strtod in the C locale. */
static void expect_reading(const char *text, size_t length)
{
    double read = 0, expected = strtod(text, NULL);
    json_number_span span = json_number_measure(text, length);
    FUZZ_REQUIRE(span.length <= length);
    bool parsed = json_parse_double(text, length, &read);
    FUZZ_REQUIRE(parsed == (length > 0 && span.length == length && isfinite(expected)));
    if (parsed)
        FUZZ_REQUIRE(same_double(read, expected));
    const char *end = gdi_number_read(text, &read);
    if (end != NULL && *end == '\0')
        FUZZ_REQUIRE(same_double(read, expected));
    (void)gdi_number_has_comma(text, length);
}

void fuzz_number(const uint8_t *bytes, size_t length)
{
    uint64_t bits = 0;
    uint32_t low;
    double value;
    float small;
    memcpy(&bits, bytes, length < sizeof bits ? length : sizeof bits);
    memcpy(&value, &bits, sizeof value);
    low = (uint32_t)bits;
    memcpy(&small, &low, sizeof small);
    expect_round_integers(bits);
    if (isfinite(value))
        expect_round(value);
    if (isfinite(small))
        expect_round_float32(small);
    char *text = malloc(length + 1);
    FUZZ_REQUIRE(text != NULL);
    memcpy(text, bytes, length);
    text[length] = '\0';
    expect_reading(text, length);
    free(text);
}
