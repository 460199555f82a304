/*
 * corpus.c: the reader of texts (corpus.h). Both passes walk the characters through one buffer, whose
 * last bytes are carried over where a character is cut; a table over the code points, in leaves of 256
 * that come as they are met, holds first which there are, then their classes.
 */
#include <descent/corpus.h>

#include "base/memory.h"
#include "data/frame_layout.h"
#include "data/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE  GDI_BUFFER_SIZE((size_t)1 << 16)
#define CODE_POINTS  0x110000
#define LEAF_POINTS  256
#define LEAVES       (CODE_POINTS / LEAF_POINTS)
#define BYTE_MARK    0xfeff
#define NARROW_LIMIT 256 /* classes that a uint8 can number */

typedef struct corpus {
    int input;
    unsigned char bytes[BUFFER_SIZE];
    size_t length, position; /* in the buffer */
    int64_t offset;          /* of the buffer's start in the file */
    bool ended;
    uint16_t *leaves[LEAVES]; /* [LEAF_POINTS] or NULL: 1 where there is one, then its class */
    int64_t characters, class_count;
} corpus;

size_t gd_character_length(const char *text, size_t length)
{
    return length == 0 ? 0 : gdi_text_sequence((const unsigned char *)text, length);
}

static uint32_t decode(const unsigned char *bytes, size_t length)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = bytes[0] & masks[length];
    for (size_t i = 1; i < length; i++) {
        point = point << 6 | (bytes[i] & 0x3f);
    }
    return point;
}

/* Moves what is left to the front and fills up. */
static gd_status fill(corpus *text, gd_error *error)
{
    size_t left = text->length - text->position;
    memmove(text->bytes, text->bytes + text->position, left);
    text->offset += (int64_t)text->position;
    text->length = left;
    text->position = 0;
    while (!text->ended && text->length < BUFFER_SIZE) {
        ssize_t got = pread(text->input, text->bytes + text->length, BUFFER_SIZE - text->length,
                            (off_t)text->offset + (off_t)text->length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return gd_fail(error, GD_IO_ERROR, "", "the file could not be read");
        }
        text->ended = got == 0;
        text->length += (size_t)got;
    }
    return GD_OK;
}

static void rewind_text(corpus *text)
{
    text->length = text->position = 0;
    text->offset = 0;
    text->ended = false;
}

/* *point is the next character, or -1 at the end. */
static gd_status next_character(corpus *text, int32_t *point, gd_error *error)
{
    if (text->length - text->position < 4 && !text->ended) {
        gd_status status = fill(text, error);
        if (status != GD_OK) {
            return status;
        }
    }
    size_t left = text->length - text->position;
    *point = -1;
    if (left == 0) {
        return GD_OK;
    }
    const unsigned char *at = text->bytes + text->position;
    int64_t offset = text->offset + (int64_t)text->position;
    size_t size = gdi_text_sequence(at, left);
    if (size == 0) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "byte %lld (from 0) is no UTF-8: save the text as UTF-8", (long long)offset);
    }
    if (!gdi_text_is_clean((const char *)at, size)) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "byte %lld (from 0) is the control character U+%04X, which no text holds",
                       (long long)offset, (unsigned)at[0]);
    }
    *point = (int32_t)decode(at, size);
    text->position += size;
    if (offset == 0 && *point == BYTE_MARK) {
        return next_character(text, point, error);
    }
    return GD_OK;
}

/* Where the point's entry is; NULL without memory for a leaf. */
static uint16_t *find_entry(corpus *text, int32_t point)
{
    uint16_t **leaf = &text->leaves[point / LEAF_POINTS];
    if (*leaf == NULL) {
        *leaf = gdi_allocate(LEAF_POINTS, sizeof **leaf);
    }
    return *leaf != NULL ? *leaf + point % LEAF_POINTS : NULL;
}

static gd_status find_classes(corpus *text, gd_error *error)
{
    int32_t point = 0;
    gd_status status = next_character(text, &point, error);
    for (; status == GD_OK && point >= 0; status = next_character(text, &point, error)) {
        uint16_t *entry = find_entry(text, point);
        if (entry == NULL) {
            return gdi_fail_memory(error);
        }
        text->characters++;
        if (*entry != 0) {
            continue;
        }
        if (text->class_count == GD_FRAME_MAXIMUM_CLASSES) {
            return gd_fail(
                error, GD_INVALID_DATA, "",
                "the text has more than %lld different characters, the last at character "
                "%lld",
                (long long)GD_FRAME_MAXIMUM_CLASSES, (long long)text->characters);
        }
        *entry = 1;
        text->class_count++;
    }
    if (status == GD_OK && text->characters == 0) {
        status = gd_fail(error, GD_INVALID_DATA, "", "the text is empty");
    }
    return status;
}

static void encode(uint32_t point, char *bytes)
{
    if (point < 0x80) {
        bytes[0] = (char)point;
        return;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    bytes[0] = (char)(leads[length] | point);
}

/* Numbers the classes in the table and writes the head. */
static gd_status write_head(corpus *text, gdi_cell_type type, int output, gd_error *error)
{
    size_t count = (size_t)text->class_count;
    char(*texts)[8] = gdi_allocate(count, sizeof *texts);
    const char **classes = gdi_allocate(count, sizeof *classes);
    gd_status status = texts == NULL || classes == NULL ? gdi_fail_memory(error) : GD_OK;
    if (status == GD_OK) {
        uint16_t next = 0;
        for (uint32_t point = 0; point < CODE_POINTS; point++) {
            uint16_t *leaf = text->leaves[point / LEAF_POINTS];
            if (leaf == NULL) {
                point += LEAF_POINTS - 1;
            } else if (leaf[point % LEAF_POINTS] != 0) {
                encode(point, texts[next]);
                classes[next] = texts[next];
                leaf[point % LEAF_POINTS] = next++;
            }
        }
        gd_column column = {.name = GD_CORPUS_COLUMN,
                            .kind = GD_COLUMN_CATEGORICAL,
                            .classes = classes,
                            .class_count = text->class_count};
        gdi_column_describe(&column, &(gdi_statistics){0}, 0);
        status = gdi_frame_write_head(output, &column, 1, text->characters, type, error);
    }
    gdi_free(texts);
    gdi_free(classes);
    return status;
}

static gd_status write_cells(corpus *text, gdi_cell_type type, int output, gd_error *error)
{
    uint16_t wide[4096];
    uint8_t narrow[4096];
    size_t used = 0;
    int32_t point = 0;
    int64_t written = 0;
    rewind_text(text);
    for (;;) {
        gd_status status = next_character(text, &point, error);
        if (status == GD_OK && (used == 4096 || point < 0)) {
            status = type == GDI_CELL_UINT8
                         ? gdi_write_all(output, narrow, used, error)
                         : gdi_write_all(output, wide, used * sizeof *wide, error);
            used = 0;
        }
        if (status != GD_OK) {
            return status;
        }
        if (point < 0) {
            break;
        }
        const uint16_t *entry = find_entry(text, point);
        if (entry == NULL) {
            return gdi_fail_memory(error);
        }
        wide[used] = *entry;
        narrow[used] = (uint8_t)*entry;
        used++;
        written++;
    }
    return written == text->characters
               ? GD_OK
               : gd_fail(error, GD_IO_ERROR, "", "the file changed while it was read");
}

gd_status gd_corpus_to_frame_file(int input, int output, gd_corpus_report *report, gd_error *error)
{
    corpus *text = gdi_allocate(1, sizeof *text);
    if (text == NULL) {
        return gdi_fail_memory(error);
    }
    text->input = input;
    gd_status status = find_classes(text, error);
    gdi_cell_type type = text->class_count <= NARROW_LIMIT ? GDI_CELL_UINT8 : GDI_CELL_UINT16;
    if (status == GD_OK) {
        status = write_head(text, type, output, error);
    }
    if (status == GD_OK) {
        status = write_cells(text, type, output, error);
    }
    if (status == GD_OK && report != NULL) {
        *report = (gd_corpus_report){text->characters, text->class_count};
    }
    for (size_t i = 0; i < LEAVES; i++) {
        gdi_free(text->leaves[i]);
    }
    gdi_free(text);
    return status;
}
