/*
 * Problem documents of RFC 9457, and the reason phrases they take their titles from.
 *
 * The JSON written here is four strings and two numbers; all that is needed of JSON is the
 * escaping of strings, which therefore stands here and not in a library.
 */
#include "http/response_state.h"
#include "http/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROBLEM_TYPE[] = "application/problem+json";

/* Said when there is no memory to say more. */
static const char LAST_RESORT[] =
    "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500}";

/* Headers that describe a representation, and so not a problem. */
static const char *const REPRESENTATION_HEADERS[] = {
    "ETag",     "Content-Disposition", "Cache-Control", "Content-Encoding", "Repr-Digest", "Link",
    "Location", "Content-Range",       "Last-Modified"};

static const struct {
    int status;
    const char *phrase;
} PHRASES[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *http_status_phrase(int status)
{
    for (size_t i = 0; i < sizeof(PHRASES) / sizeof(PHRASES[0]); i++) {
        if (PHRASES[i].status == status) {
            return PHRASES[i].phrase;
        }
    }
    return "Unknown";
}

/* Writes text as the inside of a JSON string. Bytes that are not UTF-8 become '?' altogether. */
static void write_escaped(FILE *out, const char *text)
{
    const bool is_utf8 = http_text_is_utf8(text, strlen(text));
    for (const char *cursor = text; *cursor != '\0'; cursor++) {
        const unsigned char byte = (unsigned char)*cursor;
        if (byte == '"' || byte == '\\') {
            fprintf(out, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7F) {
            fprintf(out, "\\u%04x", byte);
        } else {
            fputc(byte >= 0x80 && !is_utf8 ? '?' : byte, out);
        }
    }
}

static void write_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\"%s\":\"", name);
    write_escaped(out, text);
    fputc('"', out);
}

static bool write_problem(FILE *out, const http_response *response, int status, const char *code,
                          const char *title, const char *detail, const char *members)
{
    fputs("{\"type\":\"", out);
    if (code == NULL) {
        fputs("about:blank", out);
    } else {
        fputs("/problems/", out);
        write_escaped(out, code);
    }
    fputc('"', out);
    write_member(out, "title", title == NULL ? http_status_phrase(status) : title);
    fprintf(out, ",\"status\":%d", status);
    if (detail != NULL) {
        write_member(out, "detail", detail);
    }
    if (code != NULL) {
        write_member(out, "code", code);
    }
    if (response->request_id != NULL) {
        write_member(out, "request_id", response->request_id);
    }
    if (members != NULL && members[0] != '\0') {
        fprintf(out, ",%s", members);
    }
    fputc('}', out);
    return ferror(out) == 0;
}

void http_respond_problem_with(http_response *response, int status, const char *code,
                               const char *title, const char *detail, const char *members)
{
    for (size_t i = 0; i < sizeof(REPRESENTATION_HEADERS) / sizeof(REPRESENTATION_HEADERS[0]);
         i++) {
        http_response_unset(response, REPRESENTATION_HEADERS[i]);
    }
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    bool is_written =
        out != NULL && write_problem(out, response, status, code, title, detail, members);
    is_written = out != NULL && fclose(out) == 0 && is_written;
    if (!is_written) {
        free(text);
        http_respond_static(response, 500, PROBLEM_TYPE, LAST_RESORT, sizeof(LAST_RESORT) - 1);
        return;
    }
    http_respond_owned(response, status, PROBLEM_TYPE, text, length);
}

void http_respond_problem(http_response *response, int status, const char *code, const char *title,
                          const char *detail)
{
    http_respond_problem_with(response, status, code, title, detail, NULL);
}
