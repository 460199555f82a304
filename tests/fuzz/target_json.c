/*
 * target_json.c: any text through the strict scanner, and what it lets in through the parser, the
 * writer and back: the same value each time, and in a tree of one block too.
 */
#include "fuzz/fuzz.h"

#include "json/document.h"
#include "json/fixed_tree.h"
#include "json/utf8.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

static char *write_tree(const cJSON *tree, size_t *length)
{
    json_writer *writer = json_writer_create((size_t)1 << 26);
    json_writer_tree(writer, tree);
    char *text = json_writer_finish(writer, length);
    FUZZ_REQUIRE(text != NULL);
    json_writer_destroy(writer);
    return text;
}

/* The tree of one block is written as the plain one, which tells -0 from 0 and every other double. */
static void compare_fixed(const char *text, size_t length, const char *written, size_t size)
{
    cJSON *fixed = json_parse_fixed(text, length, NULL);
    FUZZ_REQUIRE(fixed != NULL);
    size_t fixed_size = 0;
    char *of_fixed = write_tree(fixed, &fixed_size);
    FUZZ_REQUIRE(fixed_size == size && memcmp(of_fixed, written, size) == 0);
    cJSON *copy = json_copy(fixed);
    cJSON_Delete(fixed);
    FUZZ_REQUIRE(copy != NULL);
    free(of_fixed);
    of_fixed = write_tree(copy, &fixed_size);
    FUZZ_REQUIRE(fixed_size == size && memcmp(of_fixed, written, size) == 0);
    cJSON_Delete(copy);
    free(of_fixed);
}

void fuzz_json(const uint8_t *bytes, size_t length)
{
    json_fault fault = {0};
    const char *text = (const char *)bytes;
    bool accepted = json_scan(text, length, &fault);
    cJSON *tree = json_parse(text, length, NULL);
    FUZZ_REQUIRE(accepted == (tree != NULL));
    if (!accepted) {
        FUZZ_REQUIRE(fault.offset <= length);
        FUZZ_REQUIRE(fault.message[0] != '\0');
        FUZZ_REQUIRE(json_parse_fixed(text, length, NULL) == NULL);
        return;
    }
    size_t once_length = 0, twice_length = 0;
    char *once = write_tree(tree, &once_length);
    FUZZ_REQUIRE(json_scan(once, once_length, NULL));
    compare_fixed(text, length, once, once_length);
    cJSON *again = json_parse(once, once_length, NULL);
    FUZZ_REQUIRE(again != NULL && json_equal(tree, again));
    char *twice = write_tree(again, &twice_length);
    FUZZ_REQUIRE(once_length == twice_length && memcmp(once, twice, once_length) == 0);
    /* A document patched with itself stays what it is, but for members that are null. */
    cJSON *patched = json_merge_patch(json_copy(tree), tree);
    FUZZ_REQUIRE(patched != NULL);
    cJSON_Delete(patched);
    cJSON_Delete(tree);
    cJSON_Delete(again);
    free(once);
    free(twice);
}
