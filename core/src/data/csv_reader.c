/*
 * csv_reader.c: a tokenizer over the buffer of csv_buffer.c. See csv_reader.h.
 *
 * A field that reaches the end of the data is read again from its start once more has come in; the
 * buffer holds the longest allowed field, so that happens at most once for a field and read. A field
 * that begins like a number is first read as one, and only what does not end properly behind the
 * number takes the general way.
 */
#include "data/csv_reader_state.h"

#include "base/number.h"

#include <descent/frame.h>

#include <math.h>
#include <string.h>
#include <strings.h>

bool gdi_csv_is_missing(const char *text, size_t length)
{
    static const char *const words[] = {"?", "NA", "N/A", "NaN", "null"};
    if (length == 0) {
        return true;
    }
    for (size_t i = 0; length <= 4 && i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == length && strncasecmp(text, words[i], length) == 0) {
            return true;
        }
    }
    return false;
}

/* Kind and value of a field whose text is known; the byte behind the text ends a number. */
static void classify(gdi_csv_field *field)
{
    double value = 0.0;
    const char *text = field->text;
    size_t length = field->length;
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    field->value = (double)NAN;
    if (gdi_csv_is_missing(text, length)) {
        field->kind = GDI_CSV_MISSING;
    } else if (gdi_number_read(text, &value) == text + length) {
        field->kind = isinf(value) ? GDI_CSV_TOO_LARGE : GDI_CSV_NUMBER;
        field->value = isinf(value) ? (double)NAN : value;
    } else {
        field->kind = GDI_CSV_TEXT;
    }
}

/* A record too wide or too narrow; the rest of it is counted for the message. */
static gdi_csv_event fail_width(gdi_csv_reader *reader, int64_t fields)
{
    (void)gd_fail(&reader->failure, GD_INVALID_DATA, "",
                  "line %lld has %s%lld field%s where the first row has %lld",
                  (long long)reader->record_line, fields > reader->column_count ? "at least " : "",
                  (long long)fields, fields == 1 ? "" : "s", (long long)reader->column_count);
    return GDI_CSV_FAILED;
}

/*
 * Finishes a field that ends at `stop` (the delimiter, the line feed or the end of the file): the
 * position behind it, counters, and the check of the record's width.
 */
static inline gdi_csv_event finish_field(gdi_csv_reader *reader, gdi_csv_field *field, char *stop)
{
    field->column = reader->column++;
    if (*stop == reader->delimiter && stop != reader->end) {
        field->last = false;
        reader->next = stop + 1;
        if (reader->column_count == 0 ? reader->column >= GD_FRAME_MAXIMUM_COLUMNS
                                      : reader->column >= reader->column_count) {
            if (reader->column_count > 0) {
                return fail_width(reader, reader->column + 1);
            }
            (void)gd_fail(&reader->failure, GD_TOO_LARGE, "", "line %lld has more than %lld fields",
                          (long long)reader->record_line, (long long)GD_FRAME_MAXIMUM_COLUMNS);
            return GDI_CSV_FAILED;
        }
        return GDI_CSV_FIELD;
    }
    field->last = true;
    reader->next = stop == reader->end ? stop : stop + 1;
    reader->line++;
    if (reader->column_count == 0) {
        reader->column_count = reader->column;
    } else if (reader->column != reader->column_count) {
        return fail_width(reader, reader->column);
    }
    reader->column = 0;
    reader->records++;
    return GDI_CSV_FIELD;
}

/*
 * The end of the quoted field whose opening quote is at `quote`: its closing quote; NULL where the
 * data end before it is sure that a quote closes.
 */
static char *find_closing_quote(const gdi_csv_reader *reader, char *quote)
{
    char *from = quote + 1;
    while (true) {
        char *found = memchr(from, '"', (size_t)(reader->end - from));
        if (found == NULL || (found + 1 == reader->end && !reader->at_end)) {
            return NULL;
        }
        if (found + 1 == reader->end || found[1] != '"') {
            return found;
        }
        from = found + 2;
    }
}

/* Takes out the second of each pair of quotes, in place, and counts line feeds. */
static size_t unquote(gdi_csv_reader *reader, char *text, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        reader->line += text[i] == '\n';
        text[kept++] = text[i];
        i += text[i] == '"';
    }
    return kept;
}

static gdi_csv_event fail_at_line(gdi_csv_reader *reader, gd_status status, const char *what)
{
    (void)gd_fail(&reader->failure, status, "", "line %lld: %s", (long long)reader->line, what);
    return GDI_CSV_FAILED;
}

static gdi_csv_event read_quoted(gdi_csv_reader *reader, gdi_csv_field *field, char *quote)
{
    char *closing = find_closing_quote(reader, quote);
    char *stop = closing;
    while (true) {
        for (stop = closing; stop != NULL && gdi_csv_has(reader, *++stop, GDI_CSV_BLANK);) {
        }
        if (stop != NULL && *stop == '\r' && stop[1] == '\n') {
            stop++;
        }
        if ((stop != NULL && stop != reader->end) || reader->at_end) {
            break;
        }
        if (!gdi_csv_refill(reader, quote)) {
            return GDI_CSV_FAILED;
        }
        quote = reader->next;
        closing = find_closing_quote(reader, quote);
    }
    if (closing == NULL) {
        return fail_at_line(reader, GD_INVALID_DATA, "a quote is opened and never closed");
    }
    if ((size_t)(closing - quote) > GDI_CSV_MAXIMUM_FIELD) {
        return fail_at_line(reader, GD_TOO_LARGE, "a field is longer than 1 MiB");
    }
    if (stop != reader->end && !gdi_csv_has(reader, *stop, GDI_CSV_STOP)) {
        return fail_at_line(reader, GD_INVALID_DATA,
                            "text follows a closing quote; a quote inside quotes is doubled");
    }
    field->line = reader->line;
    field->text = quote + 1;
    field->length = unquote(reader, quote + 1, (size_t)(closing - quote) - 1);
    classify(field);
    return finish_field(reader, field, stop);
}

/* Any field, from its first byte at reader->next. */
static gdi_csv_event read_general(gdi_csv_reader *reader, gdi_csv_field *field)
{
    char *start = reader->next;
    char *stop = start;
    while (true) {
        start = reader->next;
        while (gdi_csv_has(reader, *start, GDI_CSV_BLANK)) {
            start++;
        }
        if (*start == '"') {
            return read_quoted(reader, field, start);
        }
        for (stop = start; !gdi_csv_has(reader, *stop, GDI_CSV_STOP); stop++) {
        }
        if (stop != reader->end || reader->at_end) {
            break;
        }
        if (!gdi_csv_refill(reader, reader->next)) {
            return GDI_CSV_FAILED;
        }
    }
    if ((size_t)(stop - start) > GDI_CSV_MAXIMUM_FIELD) {
        return fail_at_line(reader, GD_TOO_LARGE, "a field is longer than 1 MiB");
    }
    char *behind = stop;
    if (behind > start && *stop == '\n' && behind[-1] == '\r') {
        behind--;
    }
    while (behind > start && gdi_csv_has(reader, behind[-1], GDI_CSV_BLANK)) {
        behind--;
    }
    if (memchr(start, '\r', (size_t)(behind - start)) != NULL) {
        return fail_at_line(reader, GD_INVALID_DATA,
                            "a carriage return without a line feed; end lines with a line feed");
    }
    field->line = reader->line;
    field->text = start;
    field->length = (size_t)(behind - start);
    classify(field);
    return finish_field(reader, field, stop);
}

/* Passes empty lines at the start of a record. FIELD: a record, or owed missing cells, follow. */
static gdi_csv_event begin_record(gdi_csv_reader *reader)
{
    while (true) {
        char *byte = reader->next;
        while (gdi_csv_has(reader, *byte, GDI_CSV_BLANK)) {
            byte++;
        }
        if (*byte == '\r' && byte[1] == '\n') {
            byte++;
        }
        if (byte == reader->end && !reader->at_end) {
            if (!gdi_csv_refill(reader, reader->next)) {
                return GDI_CSV_FAILED;
            }
            continue;
        }
        if (*byte != '\n') {
            break;
        }
        if (byte == reader->end) {
            reader->next = byte;
            reader->empty_lines = 0;
            return GDI_CSV_END;
        }
        if (reader->records > 0 && reader->empty_lines++ == 0) {
            reader->first_empty = reader->line;
        }
        reader->line++;
        reader->next = byte + 1;
    }
    if (reader->empty_lines > 0 && reader->column_count > 1) {
        (void)gd_fail(&reader->failure, GD_INVALID_DATA, "",
                      "line %lld is empty and rows follow it", (long long)reader->first_empty);
        return GDI_CSV_FAILED;
    }
    reader->record_line = reader->line;
    return GDI_CSV_FIELD;
}

/* An empty line between the records of a file with one column: a missing cell. */
static gdi_csv_event give_empty_line(gdi_csv_reader *reader, gdi_csv_field *field)
{
    *field = (gdi_csv_field){
        .text = "", .value = (double)NAN, .last = true, .line = reader->first_empty++};
    reader->empty_lines--;
    reader->records++;
    return GDI_CSV_FIELD;
}

gdi_csv_event gdi_csv_reader_next(gdi_csv_reader *reader, gdi_csv_field *field)
{
    if (reader->column == 0) {
        gdi_csv_event event = GDI_CSV_FIELD;
        if (reader->empty_lines > 0) {
            return give_empty_line(reader, field);
        }
        if (reader->column_count == 0 || !gdi_csv_has(reader, *reader->next, GDI_CSV_DIGIT)) {
            event = begin_record(reader);
        } else {
            reader->record_line = reader->line;
        }
        if (event != GDI_CSV_FIELD) {
            return event;
        }
        if (reader->empty_lines > 0) {
            return give_empty_line(reader, field);
        }
    }
    char *start = reader->next;
    while (*start == ' ') {
        start++;
    }
    if (gdi_csv_has(reader, *start, GDI_CSV_NUMBER_START)) {
        double value = 0.0;
        const char *behind = gdi_number_read(start, &value);
        char *stop = behind == NULL ? reader->end : start + (behind - start);
        if (*stop == '\r' && stop[1] == '\n') {
            stop++;
        }
        if (gdi_csv_has(reader, *stop, GDI_CSV_STOP) && stop < reader->end && !isinf(value)) {
            field->text = start;
            field->length = (size_t)(behind - start);
            field->kind = GDI_CSV_NUMBER;
            field->value = value;
            field->line = reader->line;
            return finish_field(reader, field, stop);
        }
    }
    if (gdi_csv_has(reader, *start, GDI_CSV_TEXT_START)) {
        char *stop = gdi_csv_plain_text(reader, start, field);
        if (stop != NULL) {
            field->kind = GDI_CSV_TEXT;
            field->value = (double)NAN;
            field->line = reader->line;
            return finish_field(reader, field, stop);
        }
    }
    return read_general(reader, field);
}
