/*
 * Checks of RFC 9112 sections 3.2, 5 and 6 that decide where a request ends and whom it is for.
 */
#include "http/guard.h"

#include "http/text.h"

#include <string.h>

static const http_refusal ACCEPTED = {0, NULL, NULL};

/* Headers whose repetition would let two readers pick different values. */
static const struct {
    const char *name;
    http_refusal refusal;
} SINGLE[] = {
    {"Content-Length", {400, "bad_framing", "Content-Length is given twice."}},
    {"Transfer-Encoding", {400, "bad_framing", "Transfer-Encoding is given twice."}},
    {"Host", {400, "bad_host", "Host is given twice."}},
    {"Content-Type", {400, "repeated_header", "Content-Type is given twice."}},
    {"Content-Encoding", {400, "repeated_header", "Content-Encoding is given twice."}},
    {"Authorization", {400, "repeated_header", "Authorization is given twice."}},
    {"Expect", {400, "repeated_header", "Expect is given twice."}},
    {"Range", {400, "repeated_header", "Range is given twice."}},
    {"If-Range", {400, "repeated_header", "If-Range is given twice."}},
    {"Idempotency-Key", {400, "repeated_header", "Idempotency-Key is given twice."}},
    {"Origin", {400, "repeated_header", "Origin is given twice."}},
};

/* Names that decide about framing. A folded line is glued to the name before it by the library
   below, so a longer name that begins with one of these is a fold in disguise. */
static const char *const FRAMING_NAMES[] = {"Content-Length", "Transfer-Encoding"};

static http_refusal check_name(const http_header_line *line)
{
    if (!http_text_is_token(line->name, line->name_length)) {
        return (http_refusal){400, "bad_header", "A header name holds a byte it may not hold."};
    }
    for (size_t i = 0; i < sizeof(FRAMING_NAMES) / sizeof(FRAMING_NAMES[0]); i++) {
        if (line->name_length > strlen(FRAMING_NAMES[i]) &&
            http_text_starts(line->name, line->name_length, FRAMING_NAMES[i])) {
            return (http_refusal){400, "bad_framing", "A framing header is folded or misspelt."};
        }
    }
    return ACCEPTED;
}

static http_refusal check_value(const http_header_line *line)
{
    for (size_t i = 0; i < line->value_length; i++) {
        const unsigned char byte = (unsigned char)line->value[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
            return (http_refusal){400, "bad_header", "A header value holds a control character."};
        }
    }
    return ACCEPTED;
}

static http_refusal check_lines(const http_header_lines *lines, size_t maximum_header_bytes)
{
    if (lines->count > HTTP_HEADER_LINES_MAXIMUM || lines->bytes > maximum_header_bytes) {
        return (http_refusal){431, "headers_too_large", "The request's headers are too large."};
    }
    for (size_t i = 0; i < lines->count; i++) {
        http_refusal refusal = check_name(&lines->lines[i]);
        if (refusal.status == 0) {
            refusal = check_value(&lines->lines[i]);
        }
        if (refusal.status != 0) {
            return refusal;
        }
    }
    for (size_t i = 0; i < sizeof(SINGLE) / sizeof(SINGLE[0]); i++) {
        size_t position = 0;
        if (http_header_lines_next(lines, SINGLE[i].name, &position) != NULL &&
            http_header_lines_next(lines, SINGLE[i].name, &position) != NULL) {
            return SINGLE[i].refusal;
        }
    }
    return ACCEPTED;
}

static const http_header_line *find(const http_header_lines *lines, const char *name)
{
    size_t position = 0;
    return http_header_lines_next(lines, name, &position);
}

static bool line_is(const http_header_line *line, const char *text)
{
    const char *value = line->value;
    size_t length = line->value_length;
    http_text_trim(&value, &length);
    return http_text_equal_length(value, length, text);
}

/* Content-Length = 1*DIGIT, nothing else: no sign, no list. */
static http_refusal read_content_length(const http_header_line *line, uint64_t *number)
{
    static const http_refusal MALFORMED = {400, "bad_framing", "Content-Length is not a number."};
    const char *value = line->value;
    size_t length = line->value_length;
    http_text_trim(&value, &length);
    if (length == 0) {
        return MALFORMED;
    }
    *number = 0;
    bool is_too_large = false;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9') {
            return MALFORMED;
        }
        const uint64_t digit = (uint64_t)(value[i] - '0');
        is_too_large = is_too_large || *number > (UINT64_MAX - digit) / 10;
        *number = is_too_large ? UINT64_MAX : *number * 10 + digit;
    }
    return is_too_large ? (http_refusal){413, "body_too_large", "The body is too large."}
                        : ACCEPTED;
}

static http_refusal read_framing(const http_header_lines *lines, const char *version,
                                 http_framing *framing)
{
    const http_header_line *length = find(lines, "Content-Length");
    const http_header_line *coding = find(lines, "Transfer-Encoding");
    if (length != NULL && coding != NULL) {
        return (http_refusal){400, "bad_framing",
                              "Content-Length and Transfer-Encoding exclude each other."};
    }
    if (coding != NULL) {
        if (strcmp(version, "HTTP/1.0") == 0) {
            return (http_refusal){400, "bad_framing", "HTTP/1.0 has no Transfer-Encoding."};
        }
        if (!line_is(coding, "chunked")) {
            return (http_refusal){501, "unknown_transfer_coding",
                                  "The only transfer coding taken is chunked."};
        }
        framing->is_chunked = true;
        framing->has_body = true;
    }
    if (length != NULL) {
        const http_refusal refusal = read_content_length(length, &framing->content_length);
        if (refusal.status != 0) {
            return refusal;
        }
        framing->has_body = framing->content_length > 0;
    }
    return ACCEPTED;
}

http_refusal http_guard_check(const http_header_lines *lines, const char *version,
                              size_t maximum_header_bytes, http_framing *framing)
{
    memset(framing, 0, sizeof(*framing));
    http_refusal refusal = check_lines(lines, maximum_header_bytes);
    if (refusal.status == 0) {
        refusal = read_framing(lines, version, framing);
    }
    if (refusal.status != 0) {
        return refusal;
    }
    const bool is_first_version = strcmp(version, "HTTP/1.0") == 0;
    if (find(lines, "Host") == NULL && !is_first_version) {
        return (http_refusal){400, "bad_host", "Host is missing."};
    }
    const http_header_line *expect = find(lines, "Expect");
    if (expect != NULL && !is_first_version) {
        if (!line_is(expect, "100-continue")) {
            return (http_refusal){417, "unknown_expectation",
                                  "The only expectation is "
                                  "100-continue."};
        }
        framing->expects_continue = true;
    }
    return ACCEPTED;
}
