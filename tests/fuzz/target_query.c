/*
 * target_query.c: any bytes as a request target. What is accepted has segments and parameters of
 * well-formed UTF-8 without control characters, and none that a file system could take for a way up.
 */
#include "fuzz/fuzz.h"

#include "http/target.h"
#include "http/text.h"

#include <stdlib.h>
#include <string.h>

static void expect_clean(const char *text)
{
    FUZZ_REQUIRE(text != NULL && http_text_is_utf8(text, strlen(text)));
    FUZZ_REQUIRE(http_text_is_printable(text, strlen(text)));
}

void fuzz_query(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    http_target target;
    FUZZ_REQUIRE(text != NULL);
    memcpy(text, bytes, length);
    text[length] = '\0';
    http_refusal refusal = http_target_parse(&target, text, 8192);
    FUZZ_REQUIRE(target.path != NULL && http_text_is_printable(target.path, strlen(target.path)));
    FUZZ_REQUIRE(strlen(target.path) <= 1024);
    if (refusal.status == 0) {
        FUZZ_REQUIRE(strlen(text) <= 8192);
        for (size_t i = 0; i < target.segment_count && i < HTTP_TARGET_SEGMENTS_MAXIMUM; i++) {
            expect_clean(target.segments[i]);
            FUZZ_REQUIRE(strcmp(target.segments[i], "..") != 0);
            FUZZ_REQUIRE(strchr(target.segments[i], '/') == NULL);
        }
        FUZZ_REQUIRE(target.query_count <= HTTP_TARGET_QUERY_MAXIMUM);
        for (size_t i = 0; i < target.query_count; i++) {
            FUZZ_REQUIRE(http_text_is_utf8(target.query[i].name, strlen(target.query[i].name)));
            FUZZ_REQUIRE(http_text_is_utf8(target.query[i].value, strlen(target.query[i].value)));
        }
    } else {
        FUZZ_REQUIRE(refusal.status >= 400 && refusal.code != NULL && refusal.detail != NULL);
    }
    http_target_release(&target);
    free(text);
}
