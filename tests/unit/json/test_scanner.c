/*
 * The strict scanner against tables of texts it must accept and texts it must refuse, each refusal
 * with the exact byte offset. Texts with NUL bytes are given by size; the macros do that.
 */
#include "json/scanner.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sample {
    const char *text;
    size_t length;
    size_t offset; /* of the fault; unused for texts to accept */
} sample;

#define GOOD(text)                \
    {                             \
        text, sizeof(text) - 1, 0 \
    }
#define BAD(text, offset)              \
    {                                  \
        text, sizeof(text) - 1, offset \
    }

static void must_accept(const sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_fault fault = {0};
        const bool accepted = json_scan(samples[i].text, samples[i].length, &fault);
        cr_expect(accepted, "refused %s at %zu: %s", samples[i].text, fault.offset, fault.message);
    }
}

/* The text is handed over in a block of its exact size, so that reading past it is seen. */
static void must_refuse(const sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_fault fault = {.offset = 987654321};
        char *exact = malloc(samples[i].length + (samples[i].length == 0));
        cr_assert_not_null(exact);
        memcpy(exact, samples[i].text, samples[i].length);
        const bool accepted = json_scan(exact, samples[i].length, &fault);
        free(exact);
        cr_expect(!accepted, "accepted %s", samples[i].text);
        cr_expect_eq(fault.offset, samples[i].offset, "%s: offset %zu, not %zu: %s",
                     samples[i].text, fault.offset, samples[i].offset, fault.message);
        cr_expect(fault.message[0] != '\0');
        cr_expect(!fault.out_of_memory);
    }
}

#define ACCEPT(samples) must_accept(samples, sizeof(samples) / sizeof((samples)[0]))
#define REFUSE(samples) must_refuse(samples, sizeof(samples) / sizeof((samples)[0]))

Test(json_scanner, accepts_values_and_structures)
{
    static const sample samples[] = {
        GOOD("{}"),
        GOOD("[]"),
        GOOD("null"),
        GOOD("true"),
        GOOD("false"),
        GOOD("0"),
        GOOD("-1"),
        GOOD("\"\""),
        GOOD("\"text\""),
        GOOD(" \t\r\n[ \t\r\n] \t\r\n"),
        GOOD("[null]"),
        GOOD("[true,false,null]"),
        GOOD("[1,\"a\",{},[],null]"),
        GOOD("[[],[[]],[[[]]]]"),
        GOOD("{\"a\":1}"),
        GOOD("{\"a\":{\"a\":{\"a\":[]}}}"),
        GOOD("{\"\":0}"),
        GOOD("{\"a\":1,\"b\":2,\"A\":3}"),
        GOOD("[{\"a\":1},{\"a\":1}]"),
        GOOD("{ \"a\" : [ 1 , 2 ] , \"b\" : { } }"),
        GOOD("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"),
        GOOD("[\"a\",\"a\"]"),
        GOOD("{\"x\":[{\"id\":1},{\"id\":2}],\"id\":\"x\"}"),
        GOOD("[ 4]"),
        GOOD("[1\n]"),
        GOOD("[1,null,null,null,2]"),
        GOOD("[2] "),
        GOOD("{\"min\":-1.0e+28,\"max\":1.0e+28}"),
    };
    ACCEPT(samples);
}

Test(json_scanner, accepts_numbers)
{
    static const sample samples[] = {
        GOOD("[0]"),
        GOOD("[-0]"),
        GOOD("[0.0]"),
        GOOD("[-0.0]"),
        GOOD("[0e1]"),
        GOOD("[0E+1]"),
        GOOD("[0e+999]"),
        GOOD("[0.000e9999999999999999999]"),
        GOOD("[1E22]"),
        GOOD("[1e-2]"),
        GOOD("[1e+2]"),
        GOOD("[123.456e78]"),
        GOOD("[123.456789]"),
        GOOD("[20e1]"),
        GOOD("[-123]"),
        GOOD("[1.7976931348623157e308]"),
        GOOD("[-1.7976931348623157e308]"),
        GOOD("[1.7976931348623158e308]"), /* rounds down to DBL_MAX */
        GOOD("[4.9e-324]"),
        GOOD("[1e-320]"),
        GOOD("[1e-999999999999999999999]"),
        GOOD("[9007199254740993]"),
        GOOD("[18446744073709551616]"),
        GOOD("[100000000000000000000]"),
        GOOD("[0.1234567890123456789012345678901234567890123456789012345678901234567890123456789]"),
        GOOD(
            "[-0.00000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
        GOOD("[-237462374673276894279832749832423479823246327846]"),
        GOOD("[123e-10000000]"),
    };
    ACCEPT(samples);
}

Test(json_scanner, accepts_strings)
{
    static const sample samples[] = {
        GOOD("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
        GOOD("[\"\\u0061\\u00e9\\u20AC\"]"),
        GOOD("[\"\\uD801\\udc37\"]"),
        GOOD("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
        GOOD("[\"\\uDBFF\\uDFFF\"]"),
        GOOD("[\"\\uFFFF\"]"),
        GOOD("[\"\\u0001\"]"),
        GOOD("[\"\\u001f\"]"),
        GOOD("[\"\\\\u0000\"]"),
        GOOD("[\"a/*b*/c\"]"),
        GOOD("[\" \"]"),
        GOOD("[\"\x7f\"]"),
        GOOD("[\"\xc2\x80\"]"),
        GOOD("[\"\xdf\xbf\"]"),
        GOOD("[\"\xe0\xa0\x80\"]"),
        GOOD("[\"\xed\x9f\xbf\"]"),
        GOOD("[\"\xee\x80\x80\"]"),
        GOOD("[\"\xef\xbf\xbf\"]"),
        GOOD("[\"\xf0\x90\x80\x80\"]"),
        GOOD("[\"\xf4\x8f\xbf\xbf\"]"),
        GOOD("[\"\xe2\x80\xa8\xe2\x80\xa9\"]"),
        GOOD("[\"\xef\xbb\xbf\"]"),
        GOOD("[\"\\u0022\"]"),
        GOOD("[\"\\u005C\"]"),
    };
    ACCEPT(samples);
}

Test(json_scanner, refuses_broken_structures)
{
    static const sample samples[] = {
        BAD("", 0),
        BAD(" ", 1),
        BAD(" \n\t", 3),
        BAD("[", 1),
        BAD("{", 1),
        BAD("]", 0),
        BAD("}", 0),
        BAD("[1", 2),
        BAD("[1,", 3),
        BAD("[,1]", 1),
        BAD("[1,,2]", 3),
        BAD("[1,]", 3),
        BAD("[,]", 1),
        BAD("[1 2]", 3),
        BAD("[1:2]", 2),
        BAD("[1;2]", 2),
        BAD("[1}", 2),
        BAD("{\"a\":1]", 6),
        BAD("[\"a\":1]", 4),
        BAD("[[1]", 4),
        BAD("[1]]", 3),
        BAD("[1]x", 3),
        BAD("{}}", 2),
        BAD("{} {}", 3),
        BAD("[][]", 2),
        BAD("1 2", 2),
        BAD("true false", 5),
        BAD("{,}", 1),
        BAD("{\"a\"}", 4),
        BAD("{\"a\":}", 5),
        BAD("{\"a\":1,}", 7),
        BAD("{\"a\":1,,\"b\":2}", 7),
        BAD("{\"a\" 1}", 5),
        BAD("{\"a\",1}", 4),
        BAD("{\"a\"::1}", 5),
        BAD("{a:1}", 1),
        BAD("{'a':1}", 1),
        BAD("{1:1}", 1),
        BAD("{null:1}", 1),
        BAD("{\"a\":1 \"b\":2}", 7),
        BAD("{\"a\":1", 6),
        BAD("{\"a\":", 5),
        BAD("{\"a\"", 4),
        BAD("{\"a", 3),
        BAD("{[]:1}", 1),
        BAD("[1,\n1\n,1", 8),
        BAD("/* */ 1", 0),
        BAD("[1 /* */]", 3),
        BAD("[] // end", 3),
        BAD("[]#", 2),
        BAD("\xef\xbb\xbf{}", 0),
        BAD("\xef\xbb\xbf", 0),
        BAD("\xff\xfe[\0]\0", 0),
        BAD("[\x0c]", 1),
        BAD("[\x0b]", 1),
        BAD("[\xc2\xa0]", 1),
        BAD("[\xe2\x81\xa0]", 1),
        BAD("\0", 0),
        BAD("[1]\0", 3),
        BAD("[\0]", 1),
        BAD("{\"a\":1\0}", 6),
        BAD("123\0", 3),
        BAD("<null>", 0),
        BAD("[a", 1),
        BAD("[\xe5]", 1),
        BAD("*", 0),
        BAD("[*]", 1),
    };
    REFUSE(samples);
}

Test(json_scanner, refuses_words_that_are_none)
{
    static const sample samples[] = {
        BAD("[nul]", 4),
        BAD("nul", 3),
        BAD("n", 1),
        BAD("[tru]", 4),
        BAD("[fals]", 5),
        BAD("[nulll]", 5),
        BAD("[True]", 1),
        BAD("[TRUE]", 1),
        BAD("[NULL]", 1),
        BAD("trux", 3),
        BAD("[NaN]", 1),
        BAD("[nan]", 2),
        BAD("[Infinity]", 1),
        BAD("[-Infinity]", 2),
        BAD("[inf]", 1),
        BAD("[-NaN]", 2),
        BAD("undefined", 0),
        BAD("[truefalse]", 5),
        BAD("[\"a\",tru\xff]", 8),
        BAD("'a'", 0),
        BAD("['a']", 1),
    };
    REFUSE(samples);
}

Test(json_scanner, refuses_malformed_numbers)
{
    static const sample samples[] = {
        BAD("[01]", 2),      BAD("[-01]", 3),   BAD("[00]", 2),    BAD("[012]", 2),
        BAD("[-012]", 3),    BAD("[1.]", 3),    BAD("[.1]", 1),    BAD("[-.1]", 2),
        BAD("[2.e3]", 3),    BAD("[-2.]", 4),   BAD("[-]", 2),     BAD("-", 1),
        BAD("[--1]", 2),     BAD("[+1]", 1),    BAD("[++1]", 1),   BAD("[- 1]", 2),
        BAD("[1e]", 3),      BAD("[1e+]", 4),   BAD("[1E-]", 4),   BAD("[0e]", 3),
        BAD("[1ee2]", 3),    BAD("[1e1.5]", 4), BAD("[1e+-2]", 4), BAD("[1.2.3]", 4),
        BAD("[0x1]", 2),     BAD("[0x]", 2),    BAD("[1a]", 2),    BAD("[1_000]", 2),
        BAD("[1 000.0]", 3), BAD("[1+2]", 2),   BAD("[1-2]", 2),   BAD("[0.3e]", 5),
        BAD("[0.e1]", 3),    BAD("[1e", 3),     BAD("[1.", 3),     BAD("[\xef\xbc\x91]", 1),
        BAD("[1\xe5]", 2),   BAD("[1,-", 4),    BAD("[-1x]", 3),   BAD("1e5x", 3),
        BAD("[-foo]", 2),
    };
    REFUSE(samples);
}

Test(json_scanner, refuses_numbers_beyond_a_double)
{
    static const sample samples[] = {
        BAD("1e309", 0),
        BAD("[1e999]", 1),
        BAD("[-1e999]", 1),
        BAD("[1, 1e400]", 4),
        BAD("[1.7976931348623159e308]", 1),
        BAD("[0.1e310]", 1),
        BAD("[123e9999999999999999999]", 1),
        BAD("{\"a\":2e308}", 5),
    };
    REFUSE(samples);

    char digits[402]; /* "[" and 400 nines */
    memset(digits, '9', sizeof digits);
    digits[0] = '[';
    digits[401] = ']';
    json_fault fault;
    cr_expect_not(json_scan(digits, sizeof digits, &fault));
    cr_expect_eq(fault.offset, 1);
    digits[309] = ']'; /* 308 nines are below the largest double */
    cr_expect(json_scan(digits, 310, &fault), "%s", fault.message);
}

Test(json_scanner, refuses_bad_strings)
{
    static const sample samples[] = {
        BAD("\"", 1),
        BAD("\"a", 2),
        BAD("[\"a]", 4),
        BAD("[\"a\\\"]", 6),
        BAD("[\"\\", 2),
        BAD("[\"\\x00\"]", 2),
        BAD("[\"\\a\"]", 2),
        BAD("[\"\\'\"]", 2),
        BAD("[\"\\0\"]", 2),
        BAD("[\"\\U0061\"]", 2),
        BAD("[\"\\ \"]", 2),
        BAD("[\"\\\t\"]", 2),
        BAD("[\"\\\0\"]", 2),
        BAD("[\"\\u\"]", 2),
        BAD("[\"\\u1\"]", 2),
        BAD("[\"\\u00A\"]", 2),
        BAD("[\"\\u00G0\"]", 2),
        BAD("[\"\\u00", 2),
        BAD("[\"\\u", 2),
        BAD("[\"\\u+123\"]", 2),
        BAD("[\"\\\xf0\x9f\"]", 2),
        BAD("[\"ab\\u0000\"]", 4),
        BAD("[\"a\0b\"]", 3),
        BAD("[\"a\x01\"]", 3),
        BAD("[\"a\nb\"]", 3),
        BAD("[\"\t\"]", 2),
        BAD("[\"a\x1f\"]", 3),
        BAD("[\"\r\"]", 2),
        BAD("[\"\\uD800\"]", 2),
        BAD("[\"\\uDC00\"]", 2),
        BAD("[\"\\uDFFF\\uD800\"]", 2),
        BAD("[\"\\uD800\\uD800\"]", 2),
        BAD("[\"\\uD800\\n\"]", 2),
        BAD("[\"\\uD800abc\"]", 2),
        BAD("[\"\\uD800\\\"]", 2),
        BAD("[\"\\uD800\\u\"]", 2),
        BAD("[\"\\uD800\\u1\"]", 2),
        BAD("[\"\\uDBFF\\uE000\"]", 2),
        BAD("[\"x\\uD834\\uDd\"]", 3),
        BAD("{\"\\uD800\":1}", 2),
        BAD("{\"\\u0000\":1}", 2),
    };
    REFUSE(samples);
}

Test(json_scanner, refuses_invalid_utf8)
{
    static const sample samples[] = {
        BAD("[\"\x80\"]", 2),
        BAD("[\"\xbf\"]", 2),
        BAD("[\"\xc0\xaf\"]", 2),
        BAD("[\"\xc1\xbf\"]", 2),
        BAD("[\"\xe0\x80\xaf\"]", 2),
        BAD("[\"\xe0\x9f\xbf\"]", 2),
        BAD("[\"\xf0\x80\x80\xaf\"]", 2),
        BAD("[\"\xf0\x8f\xbf\xbf\"]", 2),
        BAD("[\"\xed\xa0\x80\"]", 2),
        BAD("[\"\xed\xbf\xbf\"]", 2),
        BAD("[\"\xf4\x90\x80\x80\"]", 2),
        BAD("[\"\xf5\x80\x80\x80\"]", 2),
        BAD("[\"\xfe\"]", 2),
        BAD("[\"\xff\"]", 2),
        BAD("[\"a\xc3\"]", 3),
        BAD("[\"\xe2\x82\"]", 2),
        BAD("[\"\xf0\x9f\x98\"]", 2),
        BAD("[\"\xc3", 2),
        BAD("[\"\xe2\x82", 2),
        BAD("[\"\xf8\x88\x80\x80\x80\"]", 2),
        BAD("[\"\xc3\x28\"]", 2),
        BAD("{\"\xff\":1}", 2),
        BAD("[\"\xc3\xa9\xe9\"]", 4),
    };
    REFUSE(samples);
}

Test(json_scanner, refuses_keys_that_stand_twice)
{
    static const sample samples[] = {
        BAD("{\"a\":1,\"a\":2}", 7),
        BAD("{\"a\":1,\"b\":2,\"a\":1}", 13),
        BAD("{\"a\":1,\"\\u0061\":2}", 7),
        BAD("{\"\\u0061\":1,\"a\":2}", 12),
        BAD("{\"\":1,\"\":2}", 6),
        BAD("{\"x\":{\"k\":1,\"k\":2}}", 12),
        BAD("[{},{\"a\":[],\"a\":[]}]", 12),
        BAD("{\"/\":1,\"\\/\":2}", 7),
        BAD("{\"\\n\":1,\"\\u000a\":2}", 8),
        BAD("{\"\xc3\xa9\":1,\"\\u00E9\":2}", 8),
        BAD("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}", 10),
        BAD("{\"b\":1,\"b\":2,\"a\":1,\"a\":2}", 7),
        BAD("{\"a\":1,\"a\":2,\"a\":3}", 7),
        BAD("{\"a\":{\"b\":1},\"a\":2}", 13),
    };
    REFUSE(samples);
}

Test(json_scanner, limits_depth_to_32)
{
    static const char *const openings[] = {"[", "{\"k\":"};
    static const char *const closings[] = {"]", "}"};
    for (size_t kind = 0; kind < 2; kind++) {
        const size_t step = strlen(openings[kind]);
        for (size_t depth = JSON_DEPTH_LIMIT - 1; depth <= JSON_DEPTH_LIMIT + 1; depth++) {
            char text[400] = "";
            size_t length = 0;
            for (size_t i = 0; i < depth; i++) {
                length +=
                    (size_t)snprintf(text + length, sizeof text - length, "%s", openings[kind]);
            }
            length += (size_t)snprintf(text + length, sizeof text - length, "0");
            for (size_t i = 0; i < depth; i++) {
                length +=
                    (size_t)snprintf(text + length, sizeof text - length, "%s", closings[kind]);
            }
            json_fault fault = {0};
            cr_expect_eq(json_scan(text, length, &fault), depth <= JSON_DEPTH_LIMIT);
            cr_expect_eq(fault.offset, depth <= JSON_DEPTH_LIMIT ? 0 : JSON_DEPTH_LIMIT * step);
        }
    }
    enum {
        MANY = 100000
    };
    char *brackets = malloc(MANY);
    cr_assert_not_null(brackets);
    memset(brackets, '[', MANY);
    json_fault fault;
    cr_expect_not(json_scan(brackets, MANY, &fault));
    cr_expect_eq(fault.offset, 32);
    free(brackets);
}

/* An object of `count` keys k0, k1, …; the last one repeats `repeated` unless it is negative. */
static char *object_of_many(size_t count, long repeated, size_t *length)
{
    const size_t capacity = count * 16 + 2;
    char *text = malloc(capacity);
    cr_assert_not_null(text);
    size_t at = (size_t)snprintf(text, capacity, "{");
    for (size_t i = 0; i < count; i++) {
        const bool last = i + 1 == count;
        const size_t number = last && repeated >= 0 ? (size_t)repeated : i;
        at += (size_t)snprintf(text + at, capacity - at, "\"k%zu\":1%s", number, last ? "}" : ",");
    }
    *length = at;
    return text;
}

Test(json_scanner, keeps_up_with_a_hundred_thousand_keys)
{
    const size_t count = 100000;
    size_t length;
    json_fault fault = {0};
    char *distinct = object_of_many(count, -1, &length);
    cr_expect(json_scan(distinct, length, &fault), "%s", fault.message);
    free(distinct);

    char *repeated = object_of_many(count, 4711, &length);
    cr_expect_not(json_scan(repeated, length, &fault));
    cr_expect_eq(fault.offset, length - strlen("\"k4711\":1}"));
    free(repeated);
}

Test(json_scanner, messages_name_what_was_found_and_what_is_allowed)
{
    json_fault fault;
    cr_assert_not(json_scan("[1,]", 4, &fault));
    cr_expect_str_eq(fault.message,
                     "found ']' where a value is allowed: an object, an array, a string, a number, "
                     "true, false or null (no comma before ']')");
    cr_assert_not(json_scan("{\"a\" 1}", 7, &fault));
    cr_expect_str_eq(fault.message, "found '1' where ':' is allowed, behind a key");
    cr_assert_not(json_scan("[1", 2, &fault));
    cr_expect_str_eq(fault.message, "found the end of the text where ',' or ']' is allowed");
    cr_assert_not(json_scan("{\"a\":1,\"\\u0061\":2}", 18, &fault));
    cr_expect_str_eq(fault.message,
                     "the key \"\\u0061\" stands twice in one object; a key may "
                     "stand only once");
    cr_assert_not(json_scan("\xff", 1, &fault));
    cr_expect_not_null(strstr(fault.message, "the byte 0xFF"));
    cr_assert_not(json_scan("1e999", 5, &fault));
    cr_expect_not_null(strstr(fault.message, "1e999"));
    cr_expect_not_null(strstr(fault.message, "1.797e308"));
}

Test(json_scanner, messages_are_valid_text_whatever_the_key)
{
    char text[1200];
    char key[512] = "";
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(key + 3 * i, sizeof key - 3 * i, "\xe2\x82\xac");
    }
    const int length = snprintf(text, sizeof text, "{\"x%s\":1,\"x%s\":2}", key, key);
    json_fault fault;
    cr_assert_not(json_scan(text, (size_t)length, &fault));

    char quoted[sizeof fault.message + 2];
    size_t at = 0;
    quoted[at++] = '"';
    for (const char *byte = fault.message; *byte != '\0'; byte++) {
        quoted[at++] = *byte == '"' ? '\'' : *byte;
    }
    quoted[at++] = '"';
    cr_expect(json_scan(quoted, at, NULL), "%s", fault.message);
}

/* Every text cut short at any byte is refused, and none is read past its end. */
Test(json_scanner, refuses_every_truncation)
{
    static const char text[] =
        "{\"a\":[1.5e+3,-0,\"\\ud83d\\ude00\xe2\x82\xac\",true,false,null],"
        "\"b\":{\"c\":\"\\n\"}}";
    cr_assert(json_scan(text, sizeof text - 1, NULL));
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *exact = malloc(length + (length == 0));
        cr_assert_not_null(exact);
        memcpy(exact, text, length);
        json_fault fault;
        cr_expect_not(json_scan(exact, length, &fault));
        cr_expect_leq(fault.offset, length);
        free(exact);
    }
}
