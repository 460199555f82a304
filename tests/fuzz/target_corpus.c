/*
 * target_corpus.c: any bytes as a text to learn from. What is accepted gives a row a character.
 */
#include "fuzz/tables.h"

#include <descent/corpus.h>

#include <unistd.h>

void fuzz_corpus(const uint8_t *bytes, size_t length)
{
    gd_corpus_report report = {0};
    gd_error error = {0};
    int input = fuzz_file(bytes, length), output = fuzz_file("", 0);
    gd_status status = gd_corpus_to_frame_file(input, output, &report, &error);
    fuzz_expect_read(status, &error, output, report.characters, 1);
    if (status == GD_OK)
        FUZZ_REQUIRE(report.characters <= (int64_t)length);
    FUZZ_REQUIRE(gd_character_length((const char *)bytes, length) <= 4);
    close(input);
    close(output);
}
