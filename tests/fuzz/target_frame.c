/*
 * target_frame.c: any bytes as a frame file. An even first byte: the rest is the file. An odd one: the
 * rest edits a whole file, whose checksum is then set right, for it is to find damage and not intent.
 */
#include "fuzz/tables.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX_LENGTH     64U
#define SCHEMA_POSITION   40U
#define CHECKSUM_POSITION 48U

static uint64_t word_at(const uint8_t *bytes, size_t length, size_t position)
{
    uint64_t word = 0;
    for (size_t i = 0; i < 8 && position + i < length; i++)
        word |= (uint64_t)bytes[position + i] << (8 * i);
    return word;
}

/* As core/src/data/frame_file.c has it: eight bytes at a time, its own place counted as zeros. */
static void mend_checksum(uint8_t *bytes, size_t length)
{
    uint64_t sum = 0xcbf29ce484222325U;
    if (length < PREFIX_LENGTH)
        return;
    uint64_t schema = word_at(bytes, length, SCHEMA_POSITION);
    if (schema > length - PREFIX_LENGTH)
        return;
    size_t head = PREFIX_LENGTH + (size_t)schema;
    memset(bytes + CHECKSUM_POSITION, 0, 8);
    for (size_t i = 0; i < head; i += 8) {
        sum = (sum ^ word_at(bytes, head, i)) * 0x100000001b3U;
        sum ^= sum >> 32;
    }
    for (size_t i = 0; i < 8; i++)
        bytes[CHECKSUM_POSITION + i] = (uint8_t)(sum >> (8 * i));
}

static uint8_t *whole_file(size_t *length)
{
    gd_frame *frame = fuzz_small_frame();
    int file = fuzz_file("", 0);
    FUZZ_REQUIRE(gd_frame_write(frame, file, NULL) == GD_OK);
    uint8_t *bytes = fuzz_file_bytes(file, length);
    close(file);
    gd_frame_destroy(frame);
    return bytes;
}

void fuzz_frame(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    size_t size = length - 1;
    uint8_t *edited = NULL;
    if (bytes[0] % 2 == 1) {
        size_t valid_length = 0;
        uint8_t *valid = whole_file(&valid_length);
        edited = fuzz_edit(valid, valid_length, bytes + 1, length - 1, &size);
        mend_checksum(edited, size);
        free(valid);
    }
    int file = fuzz_file(edited != NULL ? edited : bytes + 1, size);
    gd_frame *frame = NULL;
    gd_status status = fuzz_open_frame(&frame, file);
    FUZZ_REQUIRE((status == GD_OK) == (frame != NULL));
    if (frame != NULL) {
        fuzz_expect_frame(frame, false);
        int copy = fuzz_file("", 0);
        FUZZ_REQUIRE(gd_frame_write(frame, copy, NULL) == GD_OK);
        close(copy);
    }
    gd_frame_destroy(frame);
    close(file);
    free(edited);
}
