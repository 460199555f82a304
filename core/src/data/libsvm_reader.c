/*
 * libsvm_reader.c: words of a LIBSVM file out of a moving window (libsvm_reader.h). Before a word is
 * looked at, as many bytes as the longest word may have are in the window, or all there are.
 */
#include "data/libsvm_reader.h"

#include "base/memory.h"
#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORD_MAXIMUM ((size_t)1024) /* bytes of a number */
#define WINDOW_SIZE  (WORD_MAXIMUM + GDI_BUFFER_SIZE((size_t)1 << 18))

__attribute__((format(printf, 2, 3))) static gd_status refuse(const gdi_libsvm_reader *reader,
                                                              const char *format, ...)
{
    char message[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return gd_fail(reader->error, GD_INVALID_DATA, "", "line %lld %s", (long long)reader->line,
                   message);
}

gd_status gdi_libsvm_begin(gdi_libsvm_reader *reader, int input, const void *memory, size_t length,
                           int64_t width, gd_error *error)
{
    *reader = (gdi_libsvm_reader){
        .input = input, .memory = memory, .length = length, .line = 1, .error = error};
    reader->width = width > 0 ? width : GD_SPARSE_MAXIMUM_WIDTH;
    reader->window = gdi_allocate(WINDOW_SIZE + 1, 1);
    if (reader->window == NULL) {
        return gdi_fail_memory(error);
    }
    reader->at = reader->end = reader->window;
    return GD_OK;
}

void gdi_libsvm_dispose(gdi_libsvm_reader *reader)
{
    gdi_free(reader->window);
    reader->window = NULL;
}

/* At most `room` bytes of the file; *got is 0 at its end. */
static gd_status read_some(gdi_libsvm_reader *reader, char *into, size_t room, size_t *got)
{
    if (reader->input < 0) {
        size_t left = reader->length - reader->offset;
        *got = left < room ? left : room;
        if (*got > 0) {
            memcpy(into, reader->memory + reader->offset, *got);
        }
        return GD_OK;
    }
    ssize_t count;
    do {
        count = pread(reader->input, into, room, (off_t)reader->offset);
    } while (count < 0 && errno == EINTR);
    *got = count < 0 ? 0 : (size_t)count;
    return count < 0
               ? gd_fail(reader->error, GD_IO_ERROR, "", "the uploaded file could not be read")
               : GD_OK;
}

/* A whole word is in the window, or what is left of the file. */
static gd_status fill(gdi_libsvm_reader *reader)
{
    size_t held = (size_t)(reader->end - reader->at);
    if (reader->ended || held >= WORD_MAXIMUM) {
        return GD_OK;
    }
    memmove(reader->window, reader->at, held);
    while (held < WINDOW_SIZE && !reader->ended) {
        size_t got = 0;
        gd_status status = read_some(reader, reader->window + held, WINDOW_SIZE - held, &got);
        if (status != GD_OK) {
            return status;
        }
        held += got;
        reader->offset += got;
        reader->ended = got == 0;
    }
    reader->window[held] = '\0';
    reader->at = reader->window;
    reader->end = reader->window + held;
    return GD_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Past blanks, and past a comment to the end of its line, which stays. */
static gd_status skip_blanks(gdi_libsvm_reader *reader)
{
    bool comment = false;
    for (;;) {
        gd_status status = fill(reader);
        if (status != GD_OK || reader->at == reader->end) {
            return status;
        }
        while (reader->at < reader->end &&
               (comment ? *reader->at != '\n' : is_blank(*reader->at))) {
            reader->at++;
        }
        if (reader->at < reader->end) {
            if (comment || *reader->at != '#') {
                return fill(reader);
            }
            comment = true;
        }
    }
}

/* The word that begins here, as a message shows it. */
static const char *shown_word(const gdi_libsvm_reader *reader, char word[32])
{
    size_t length = 0;
    for (const char *at = reader->at; at < reader->end && length < 24; at++) {
        if (is_blank(*at) || *at == '\n') {
            break;
        }
        word[length++] = *at >= ' ' && *at <= '~' ? *at : '?';
    }
    word[length] = '\0';
    return word;
}

/* True where a number may end here; at the window's end only where the file ends too. */
static bool ends_word(const gdi_libsvm_reader *reader, const char *at)
{
    return at == reader->end ? reader->ended : is_blank(*at) || *at == '\n' || *at == '#';
}

static gd_status read_label(gdi_libsvm_reader *reader, double *label)
{
    char word[32];
    const char *behind = gdi_number_read(reader->at, label);
    if (behind != NULL && *behind == ',') {
        return refuse(
            reader, "has several labels ('%s'); one label a line is taken: write one file a label",
            shown_word(reader, word));
    }
    if (behind != NULL && *behind == ':') {
        return refuse(reader, "begins with the entry '%s'; a label comes first",
                      shown_word(reader, word));
    }
    if (behind == NULL || !ends_word(reader, behind) || !isfinite(*label)) {
        return refuse(reader, "begins with '%s', which is no finite number: a label comes first",
                      shown_word(reader, word));
    }
    reader->at = behind;
    return GD_OK;
}

gd_status gdi_libsvm_next_row(gdi_libsvm_reader *reader, double *label, bool *found)
{
    *found = false;
    for (;;) {
        gd_status status = skip_blanks(reader);
        if (status != GD_OK || reader->at == reader->end) {
            return status;
        }
        if (*reader->at != '\n') {
            break;
        }
        reader->at++;
        reader->line++;
    }
    *found = true;
    reader->last_index = 0;
    return read_label(reader, label);
}

static gd_status read_index(gdi_libsvm_reader *reader, int64_t *index)
{
    char word[32];
    const char *at = reader->at;
    int64_t value = 0;
    while (*at >= '0' && *at <= '9' && value <= GD_SPARSE_MAXIMUM_WIDTH) {
        value = value * 10 + (*at++ - '0');
    }
    bool digits = at > reader->at;
    if (!digits || *at != ':') {
        if (strncmp(reader->at, "qid:", 4) == 0) {
            return refuse(reader,
                          "has 'qid:', as ranking data do, which are not supported: "
                          "remove it");
        }
        if (!digits || value <= GD_SPARSE_MAXIMUM_WIDTH) {
            return refuse(reader, "has '%s' where index:value should stand",
                          shown_word(reader, word));
        }
    }
    if (value == 0) {
        return refuse(reader, "has the index 0; indices count from 1");
    }
    if (value > reader->width) {
        return refuse(reader, "has the entry '%s', whose index is beyond %lld",
                      shown_word(reader, word), (long long)reader->width);
    }
    if (value <= reader->last_index) {
        return refuse(reader, "has the index %lld %s %lld; indices must ascend", (long long)value,
                      value == reader->last_index ? "twice, after" : "after",
                      (long long)reader->last_index);
    }
    reader->last_index = *index = value;
    reader->at = at + 1;
    return GD_OK;
}

gd_status gdi_libsvm_next_entry(gdi_libsvm_reader *reader, int64_t *index, double *value,
                                bool *found)
{
    char word[32];
    *found = false;
    gd_status status = skip_blanks(reader);
    if (status != GD_OK || reader->at == reader->end) {
        return status;
    }
    if (*reader->at == '\n') {
        reader->at++;
        reader->line++;
        return GD_OK;
    }
    status = read_index(reader, index);
    if (status != GD_OK) {
        return status;
    }
    const char *behind = gdi_number_read(reader->at, value);
    if (behind == NULL || !ends_word(reader, behind) || !isfinite(*value)) {
        return refuse(reader, "has '%s' as the value of index %lld, which is no finite number",
                      shown_word(reader, word), (long long)*index);
    }
    reader->at = behind;
    *found = true;
    return GD_OK;
}
