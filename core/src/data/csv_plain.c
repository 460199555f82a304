/*
 * csv_plain.c: the short ways through CSV text: runs of numbers, and texts without quotes. See
 * csv_reader.h and csv_reader_state.h.
 *
 * Eight bytes are looked at in one word (L. Lamport, "Multiple byte processing with full-word
 * instructions", 1975). Whatever is not plain is left where it is for gdi_csv_reader_next, which
 * reads everything and words every refusal; so both ways give the same cells.
 */
#include "data/csv_reader_state.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

#define EACH_BYTE 0x0101010101010101U
#define HIGH_BITS 0x8080808080808080U

static const uint64_t whole_powers_of_ten[] = {1U,      10U,      100U,      1000U,     10000U,
                                               100000U, 1000000U, 10000000U, 100000000U};

static inline uint64_t load_word(const char *text)
{
    uint64_t word = 0;
    memcpy(&word, text, sizeof word);
    return word;
}

/*
 * The high bit of each byte that is no digit; bytes above such a one may be told wrongly, those below
 * never. `word` are the bytes minus '0', exclusive-or'ed.
 */
static inline uint64_t other_than_digits(uint64_t word)
{
    return ((word + 0x7676767676767676U) | word) & HIGH_BITS;
}

/* The value of eight digits (0 to 9 each, the first in the lowest byte). */
static inline uint64_t value_of_digits(uint64_t word)
{
    word = word * 10 + (word >> 8);
    uint64_t upper = (word & 0x000000ff000000ffU) * (100U + ((uint64_t)1000000U << 32));
    uint64_t lower = (word >> 16 & 0x000000ff000000ffU) * (1U + ((uint64_t)10000U << 32));
    return (upper + lower) >> 32;
}

/* Takes digits; 20 and more of them are too many for *mantissa, which the caller finds out. */
static inline const char *take_digits(const char *text, uint64_t *mantissa)
{
    uint64_t word = load_word(text) ^ 0x3030303030303030U;
    uint64_t others = other_than_digits(word);
    while (others == 0) {
        *mantissa = *mantissa * 100000000U + value_of_digits(word);
        text += 8;
        word = load_word(text) ^ 0x3030303030303030U;
        others = other_than_digits(word);
    }
    unsigned count = (unsigned)__builtin_ctzll(others) / 8;
    if (count == 0) {
        return text;
    }
    *mantissa = *mantissa * whole_powers_of_ten[count] + value_of_digits(word << (64 - 8 * count));
    return text + count;
}

/*
 * The number at `text`, of which every exact and short form is read here and the rest by
 * gdi_number_read; NULL where there is none or it is infinite. 64 bytes that end digits stand behind
 * the data.
 */
static inline const char *read_number(const char *text, double *value)
{
    const char *start = text;
    bool negative = *text == '-';
    text += negative;
    const char *digits = text;
    uint64_t mantissa = 0;
    text = take_digits(text, &mantissa);
    int64_t count = text - digits;
    int64_t fraction = 0;
    if (*text == '.') {
        const char *point = text + 1;
        text = take_digits(point, &mantissa);
        fraction = text - point;
        count += fraction;
    }
    double magnitude = 0.0;
    bool is_short = count > 0 && count <= 19 && (*text | 0x20) != 'e';
    if (is_short && mantissa <= (uint64_t)1 << 53) {
        /* Both are exact doubles, so the quotient is the nearest one (Clinger 1990). */
        magnitude = (double)(int64_t)mantissa;
        magnitude = fraction > 0 ? magnitude / gdi_powers_of_ten[fraction] : magnitude;
    } else if (!is_short || !gdi_number_scale(mantissa, -fraction, &magnitude)) {
        text = gdi_number_read(start, value);
        return text != NULL && !isinf(*value) ? text : NULL;
    }
    /* Without a branch: signs are as good as random. */
    uint64_t bits = 0;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= (uint64_t)negative << 63;
    memcpy(value, &bits, sizeof bits);
    return text;
}

int64_t gdi_csv_reader_numbers(gdi_csv_reader *reader, double *cells, int64_t room)
{
    const int64_t columns = reader->column_count;
    const char delimiter = reader->delimiter;
    char *at = reader->next;
    char *const end = reader->end;
    int64_t column = reader->column;
    int64_t taken = 0;
    if (columns == 0 || reader->empty_lines > 0) {
        return 0;
    }
    while (taken < room && at < end) {
        if (column == 0) {
            if (!gdi_csv_has(reader, *at, GDI_CSV_NUMBER_START)) {
                break;
            }
            reader->record_line = reader->line;
        }
        const char *start = at;
        while (*start == ' ') {
            start++;
        }
        const char *stop = read_number(start, &cells[taken]);
        if (stop == NULL) {
            break;
        }
        if (*stop == delimiter && column + 1 < columns) {
            column++;
        } else {
            stop += *stop == '\r' && stop[1] == '\n';
            if (*stop != '\n' || stop >= end || column + 1 != columns) {
                break;
            }
            column = 0;
            reader->line++;
            reader->records++;
        }
        at += stop + 1 - at;
        taken++;
    }
    reader->next = at;
    reader->column = column;
    return taken;
}

/* The high bit of each byte of `word` that equals that of `pattern`; exact for the lowest such. */
static inline uint64_t equal_bytes(uint64_t word, uint64_t pattern)
{
    uint64_t difference = word ^ pattern;
    return (difference - EACH_BYTE) & ~difference & HIGH_BITS;
}

char *gdi_csv_plain_text(const gdi_csv_reader *reader, char *start, gdi_csv_field *field)
{
    const uint64_t delimiters = EACH_BYTE * (unsigned char)reader->delimiter;
    char *stop = start;
    uint64_t found = 0;
    while (stop < reader->end) {
        uint64_t word = load_word(stop);
        found = equal_bytes(word, delimiters) | equal_bytes(word, EACH_BYTE * '\n') |
                equal_bytes(word, EACH_BYTE * '\r');
        if (found != 0) {
            stop += __builtin_ctzll(found) / 8;
            break;
        }
        stop += 8;
    }
    char *behind = stop;
    stop += *stop == '\r' && stop[1] == '\n';
    if (stop >= reader->end || *stop == '\r' || (size_t)(behind - start) > GDI_CSV_MAXIMUM_FIELD) {
        return NULL;
    }
    while (gdi_csv_has(reader, behind[-1], GDI_CSV_BLANK)) {
        behind--;
    }
    field->text = start;
    field->length = (size_t)(behind - start);
    return (*start | 0x20) == 'n' && gdi_csv_is_missing(start, field->length) ? NULL : stop;
}
