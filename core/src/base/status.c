/*
 * status.c: names and sentences of gd_status, and the filling of a gd_error.
 *
 * Texts that do not fit are cut between characters, never inside a UTF-8 sequence: they end up in
 * JSON, which admits no half character. A gd_error is NUL-terminated at all times.
 */
#include <descent/status.h>

#include <stdio.h>
#include <string.h>

static const char *const status_names[GD_STATUS_COUNT] = {
#define GD_STATUS_NAME(enumerator, name, message) [enumerator] = name,
    GD_STATUS_TABLE(GD_STATUS_NAME)
#undef GD_STATUS_NAME
};

static const char *const status_messages[GD_STATUS_COUNT] = {
#define GD_STATUS_SENTENCE(enumerator, name, message) [enumerator] = message,
    GD_STATUS_TABLE(GD_STATUS_SENTENCE)
#undef GD_STATUS_SENTENCE
};

const char *gd_status_name(gd_status status)
{
    return (unsigned)status < GD_STATUS_COUNT ? status_names[status] : "unknown";
}

const char *gd_status_message(gd_status status)
{
    return (unsigned)status < GD_STATUS_COUNT ? status_messages[status] : "unknown status";
}

/* Takes an incomplete UTF-8 sequence off the end of a text that was cut. */
static void drop_half_character(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0u) == 0x80u) {
        start--;
    }
    if (start == 0) {
        return;
    }
    start--;
    unsigned char lead = (unsigned char)text[start];
    size_t needed = 1;
    if (lead >= 0xF0u) {
        needed = 4;
    } else if (lead >= 0xE0u) {
        needed = 3;
    } else if (lead >= 0xC0u) {
        needed = 2;
    }
    if (length - start < needed) {
        text[start] = '\0';
    }
}

/* `written` is what snprintf returned for a text of `capacity` bytes. */
static void finish_text(char *text, size_t capacity, int written)
{
    if (written < 0) {
        text[0] = '\0';
    } else if ((size_t)written >= capacity) {
        drop_half_character(text);
    }
}

gd_status gd_fail(gd_error *error, gd_status status, const char *path, const char *format, ...)
{
    if (error == NULL) {
        return status;
    }
    error->status = status;
    finish_text(error->path, sizeof error->path,
                snprintf(error->path, sizeof error->path, "%s", path != NULL ? path : ""));
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    finish_text(error->message, sizeof error->message, written);
    return status;
}

gd_status gd_error_prefix(gd_error *error, gd_status status, const char *format, ...)
{
    if (error == NULL || status == GD_OK) {
        return status;
    }
    char path[sizeof error->path];
    memcpy(path, error->path, sizeof path);
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(error->path, sizeof error->path, format, arguments);
    va_end(arguments);
    finish_text(error->path, sizeof error->path, written);
    size_t length = strlen(error->path);
    if (path[0] != '\0') {
        size_t room = sizeof error->path - length;
        finish_text(error->path + length, room, snprintf(error->path + length, room, "/%s", path));
    }
    return status;
}
