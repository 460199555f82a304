/*
 * Takes the request target apart (RFC 9112 section 3.2, RFC 3986).
 *
 * What could mean two things to two readers is refused: control bytes, encoded NUL, slash or
 * backslash, dot segments, bad percent encoding, bad UTF-8, a query parameter given twice.
 */
#include "http/target.h"

#include "http/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOGGED_PATH_BYTES = 1024
};

static const http_refusal ACCEPTED = {0, NULL, NULL};
static const http_refusal NO_MEMORY = {500, "internal", NULL};

static http_refusal refuse(const char *code, const char *detail)
{
    return (http_refusal){400, code, detail};
}

/* Keeps the path for the log: bytes that are not printable ASCII become '?'. */
static char *logged_path(const char *text, size_t length)
{
    const size_t kept = length < LOGGED_PATH_BYTES ? length : LOGGED_PATH_BYTES;
    char *path = malloc(kept + 1);
    if (path == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < kept; i++) {
        const unsigned char byte = (unsigned char)text[i];
        path[i] = (byte > 0x20 && byte < 0x7F) ? text[i] : '?';
    }
    path[kept] = '\0';
    return path;
}

/* Decodes one part into *cursor and ends it with NUL. */
static http_refusal decode_part(const char *text, size_t length, bool in_query, char **cursor,
                                const char **part)
{
    size_t decoded = 0;
    if (!http_text_decode(text, length, in_query, *cursor, &decoded)) {
        return refuse("bad_percent_encoding",
                      "A percent sign in the target is not followed by two hexadecimal digits.");
    }
    if (!http_text_is_printable(*cursor, decoded)) {
        return refuse("bad_target", "The target holds an encoded control character.");
    }
    if (!http_text_is_utf8(*cursor, decoded)) {
        return refuse("bad_target", "The target does not decode to UTF-8.");
    }
    *part = *cursor;
    (*cursor)[decoded] = '\0';
    *cursor += decoded + 1;
    return ACCEPTED;
}

static http_refusal add_segment(http_target *target, const char *text, size_t length, char **cursor)
{
    if (target->segment_count == HTTP_TARGET_SEGMENTS_MAXIMUM) {
        /* Longer than any pattern: it stays one too long, and still every part is checked. */
        target->segment_count--;
    }
    const char *segment = NULL;
    const http_refusal refusal = decode_part(text, length, false, cursor, &segment);
    if (refusal.status != 0) {
        return refusal;
    }
    if (strpbrk(segment, "/\\") != NULL) {
        return refuse("bad_target", "A path segment holds an encoded slash or a backslash.");
    }
    if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0) {
        return refuse("bad_target", "The path holds a dot segment.");
    }
    target->segments[target->segment_count++] = segment;
    return ACCEPTED;
}

static http_refusal parse_path(http_target *target, const char *path, size_t length, char **cursor)
{
    size_t start = 1;
    if (length <= 1) {
        return ACCEPTED;
    }
    while (start <= length) {
        const char *slash = memchr(path + start, '/', length - start);
        const size_t end = slash == NULL ? length : (size_t)(slash - path);
        const http_refusal refusal = add_segment(target, path + start, end - start, cursor);
        if (refusal.status != 0) {
            return refusal;
        }
        start = end + 1;
    }
    return ACCEPTED;
}

static http_refusal add_query(http_target *target, const char *text, size_t length, char **cursor)
{
    if (target->query_count == HTTP_TARGET_QUERY_MAXIMUM) {
        return refuse("bad_query", "The query has too many parameters.");
    }
    const char *equals = memchr(text, '=', length);
    const size_t name_length = equals == NULL ? length : (size_t)(equals - text);
    http_query_item item = {NULL, ""};
    http_refusal refusal = decode_part(text, name_length, true, cursor, &item.name);
    if (refusal.status == 0 && equals != NULL) {
        refusal = decode_part(equals + 1, length - name_length - 1, true, cursor, &item.value);
    }
    if (refusal.status != 0) {
        return refusal;
    }
    if (item.name[0] == '\0') {
        return refuse("bad_query", "A query parameter has no name.");
    }
    for (size_t i = 0; i < target->query_count; i++) {
        if (strcmp(target->query[i].name, item.name) == 0) {
            return refuse("duplicate_query_parameter", "A query parameter is given twice.");
        }
    }
    target->query[target->query_count++] = item;
    return ACCEPTED;
}

static http_refusal parse_query(http_target *target, const char *query, char **cursor)
{
    while (*query != '\0') {
        const size_t length = strcspn(query, "&");
        if (length > 0) {
            const http_refusal refusal = add_query(target, query, length, cursor);
            if (refusal.status != 0) {
                return refusal;
            }
        }
        query += length;
        query += *query == '&' ? 1 : 0;
    }
    return ACCEPTED;
}

/* Cuts "http://authority" off; RFC 9112 section 3.2.2 has every server accept that form. */
static http_refusal take_authority(http_target *target, const char **text)
{
    const size_t length = strlen(*text);
    size_t scheme = 0;
    if (http_text_starts(*text, length, "http://")) {
        scheme = strlen("http://");
    } else if (http_text_starts(*text, length, "https://")) {
        scheme = strlen("https://");
    } else {
        return ACCEPTED;
    }
    const char *start = *text + scheme;
    const size_t size = strcspn(start, "/?");
    target->authority = strndup(start, size);
    if (target->authority == NULL) {
        return NO_MEMORY;
    }
    *text = start[size] == '/' ? start + size : "/";
    return start[size] == '?' ? refuse("bad_target", "The target has no path.") : ACCEPTED;
}

static http_refusal check_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte <= 0x20 || byte >= 0x7F) {
            return refuse("bad_target", "The target holds a byte that must be percent-encoded.");
        }
        if (byte == '#' || byte == '\\') {
            return refuse("bad_target", "The target holds a fragment or a backslash.");
        }
    }
    return ACCEPTED;
}

http_refusal http_target_parse(http_target *target, const char *text, size_t maximum_bytes)
{
    memset(target, 0, sizeof(*target));
    const char *rest = text == NULL ? "" : text;
    size_t length = strlen(rest);
    target->path = logged_path(rest, strcspn(rest, "?"));
    if (target->path == NULL) {
        return NO_MEMORY;
    }
    if (length > maximum_bytes) {
        return (http_refusal){414, "uri_too_long", "The request target is too long."};
    }
    http_refusal refusal = check_bytes(rest, length);
    if (refusal.status == 0) {
        refusal = take_authority(target, &rest);
    }
    if (refusal.status != 0) {
        return refusal;
    }
    if (strcmp(rest, "*") == 0) {
        target->asterisk = true;
        return ACCEPTED;
    }
    if (rest[0] != '/') {
        return refuse("bad_target", "The target does not begin with a slash.");
    }
    /* Decoding never lengthens; each part adds one NUL and takes at least one separator. */
    length = strlen(rest);
    target->storage = malloc(2 * length + 2);
    if (target->storage == NULL) {
        return NO_MEMORY;
    }
    char *cursor = target->storage;
    const size_t path_length = strcspn(rest, "?");
    refusal = parse_path(target, rest, path_length, &cursor);
    if (refusal.status == 0 && rest[path_length] == '?') {
        refusal = parse_query(target, rest + path_length + 1, &cursor);
    }
    return refusal;
}

void http_target_release(http_target *target)
{
    free(target->path);
    free(target->authority);
    free(target->storage);
    memset(target, 0, sizeof(*target));
}
