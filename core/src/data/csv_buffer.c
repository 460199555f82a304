/*
 * csv_buffer.c: a CSV reader's one buffer: filled from a file that is whole or still grows. See
 * csv_reader.h and csv_reader_state.h.
 *
 * The byte behind the data is always a line feed, so that every inner loop ends there without asking
 * for the end of the buffer.
 */
#include "data/csv_reader_state.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (GDI_CSV_MAXIMUM_FIELD + GDI_BUFFER_SIZE((size_t)1 << 18))

static gdi_csv_event fail_reading(gdi_csv_reader *reader)
{
    (void)gd_fail(&reader->failure, GD_IO_ERROR, "", "the file could not be read");
    return GDI_CSV_FAILED;
}

/* At the end of what is there of the file. */
static gd_csv_arrival wait_for_more(const gdi_csv_reader *reader)
{
    return reader->source.wait == NULL
               ? GD_CSV_COMPLETE
               : reader->source.wait(reader->source.wait_context, reader->offset);
}

bool gdi_csv_refill(gdi_csv_reader *reader, char *keep)
{
    size_t kept = (size_t)(reader->end - keep);
    if (kept >= BUFFER_SIZE) {
        (void)gd_fail(&reader->failure, GD_TOO_LARGE, "",
                      "line %lld: a field is longer than %zu bytes; is a quote left open?",
                      (long long)reader->line, GDI_CSV_MAXIMUM_FIELD);
        return false;
    }
    memmove(reader->buffer, keep, kept);
    reader->next = reader->buffer;
    reader->end = reader->buffer + kept;
    while (kept < BUFFER_SIZE) {
        ssize_t count =
            pread(reader->source.descriptor, reader->end, BUFFER_SIZE - kept, reader->offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            (void)fail_reading(reader);
            return false;
        }
        if (count == 0) {
            gd_csv_arrival arrival = wait_for_more(reader);
            if (arrival == GD_CSV_MORE) {
                continue;
            }
            if (arrival == GD_CSV_ABANDONED) {
                (void)fail_reading(reader);
                return false;
            }
            reader->at_end = true;
            break;
        }
        reader->offset += count;
        reader->end += count;
        kept += (size_t)count;
    }
    memset(reader->end, '\n', GDI_CSV_GUARD);
    return true;
}

static void set_properties(gdi_csv_reader *reader)
{
    for (int letter = 'a'; letter <= 'z'; letter++) {
        reader->properties[letter] = GDI_CSV_TEXT_START;
        reader->properties[letter - 'a' + 'A'] = GDI_CSV_TEXT_START;
    }
    for (unsigned char digit = '0'; digit <= '9'; digit++) {
        reader->properties[digit] = GDI_CSV_NUMBER_START | GDI_CSV_DIGIT;
    }
    reader->properties['-'] = GDI_CSV_NUMBER_START;
    reader->properties['+'] = GDI_CSV_NUMBER_START;
    reader->properties['.'] = GDI_CSV_NUMBER_START;
    reader->properties[' '] = GDI_CSV_BLANK;
    reader->properties['\t'] = GDI_CSV_BLANK;
    reader->properties['\n'] = GDI_CSV_STOP;
    reader->properties[(unsigned char)reader->delimiter] = GDI_CSV_STOP;
}

/* Passes a UTF-8 byte order mark; refuses UTF-16 and an archive's magic, which people do upload. */
static gd_status check_start(gdi_csv_reader *reader, gd_error *error)
{
    size_t length = (size_t)(reader->end - reader->next);
    if (length >= 3 && memcmp(reader->next, "\xef\xbb\xbf", 3) == 0) {
        reader->next += 3;
    } else if (length >= 2 && (memcmp(reader->next, "\xff\xfe", 2) == 0 ||
                               memcmp(reader->next, "\xfe\xff", 2) == 0)) {
        return gd_fail(error, GD_INVALID_DATA, "", "the file is UTF-16; save it as UTF-8");
    } else if (length >= 4 && memcmp(reader->next, "PK\x03\x04", 4) == 0) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "the file is a spreadsheet or ZIP archive; save it as CSV");
    }
    return GD_OK;
}

gd_status gdi_csv_reader_create(gdi_csv_reader **reader, const gdi_csv_source *source,
                                char delimiter, gd_error *error)
{
    *reader = NULL;
    gdi_csv_reader *made = gdi_allocate(1, sizeof *made);
    char *buffer = gdi_allocate(BUFFER_SIZE + GDI_CSV_GUARD, 1);
    if (made == NULL || buffer == NULL) {
        gdi_free(made);
        gdi_free(buffer);
        return gdi_fail_memory(error);
    }
    *made = (gdi_csv_reader){.buffer = buffer,
                             .next = buffer,
                             .end = buffer,
                             .delimiter = delimiter,
                             .source = *source,
                             .line = 1};
    set_properties(made);
    gd_status status = GD_OK;
    if (!gdi_csv_refill(made, made->next)) {
        status = gdi_csv_reader_failure(made, error);
    } else {
        status = check_start(made, error);
    }
    if (status != GD_OK) {
        gdi_csv_reader_destroy(made);
        return status;
    }
    *reader = made;
    return GD_OK;
}

void gdi_csv_reader_destroy(gdi_csv_reader *reader)
{
    if (reader != NULL) {
        gdi_free(reader->buffer);
        gdi_free(reader);
    }
}

gd_status gdi_csv_reader_failure(const gdi_csv_reader *reader, gd_error *error)
{
    return gd_fail(error, reader->failure.status, "", "%s", reader->failure.message);
}

int64_t gdi_csv_reader_columns(const gdi_csv_reader *reader)
{
    return reader->column_count;
}

int64_t gdi_csv_reader_offset(const gdi_csv_reader *reader)
{
    return reader->offset - (reader->end - reader->next);
}
