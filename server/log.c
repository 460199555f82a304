/*
 * log.c: see log.h. A line is put together on the stack and is one write(2), under a mutex that also
 * guards the counts.
 */
#include "log.h"

#include "jobs/identity.h"
#include "json/utf8.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_BYTES 1024
#define PATH_BYTES    256

const char *const log_level_names[] = {"debug", "info", "warning", "error", NULL};
static const char *const part_names[LOG_PART_COUNT] = {"service", "http", "access", "jobs"};

/* Lines of one part and level in the present window. */
typedef struct log_bucket {
    int64_t window_end; /* monotonic milliseconds */
    int64_t passed, left_out;
} log_bucket;

struct event_log {
    event_log_options options;
    pthread_mutex_t mutex;
    log_bucket buckets[LOG_PART_COUNT][LOG_LEVEL_COUNT];
    int64_t lost; /* lines that nobody took */
};

event_log_options event_log_options_default(void)
{
    return (event_log_options){
        .descriptor = STDERR_FILENO,
        .least = LOG_LEVEL_INFO,
        .window_milliseconds = 10000,
        .window_lines = {10000, 1000, 200, 200},
    };
}

event_log *event_log_create(const event_log_options *options)
{
    event_log *log = calloc(1, sizeof *log);
    if (log == NULL || pthread_mutex_init(&log->mutex, NULL) != 0) {
        free(log);
        return NULL;
    }
    log->options = *options;
    return log;
}

bool event_log_wants(const event_log *log, log_level level)
{
    return log != NULL && level >= log->options.least;
}

/* --- Putting a line together -------------------------------------------------------------- */

typedef struct log_line {
    char text[LOG_LINE_MAXIMUM];
    size_t length;
    bool json;
} log_line;

/* Room is kept for the end of the line. */
static void put(log_line *line, const char *text, size_t length)
{
    size_t room = sizeof line->text - 8 - line->length;
    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void put_text(log_line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* At most `maximum` bytes of a text from outside. What is not UTF-8 becomes "?", what is a control
 * character a blank (in JSON its escape). */
static void put_foreign(log_line *line, const char *text, size_t maximum)
{
    size_t length = strnlen(text, maximum + 1);
    bool is_cut = length > maximum;
    if (is_cut)
        length = json_utf8_cut(text, maximum);
    for (size_t i = 0, step = 1; i < length && line->length + 16 < sizeof line->text; i += step) {
        uint32_t character = 0;
        char escape[8];
        step = json_utf8_decode(text + i, length - i, &character);
        if (step == 0) {
            step = 1;
            put_text(line, "?");
        } else if (line->json && (character == '"' || character == '\\')) {
            put_text(line, "\\");
            put(line, text + i, 1);
        } else if (character < 32 || character == 127) {
            snprintf(escape, sizeof escape, "\\u%04x", character);
            put_text(line, line->json ? escape : " ");
        } else {
            put(line, text + i, step);
        }
    }
    if (is_cut)
        put_text(line, "...");
}

static void put_field(log_line *line, const char *key, const char *value, size_t maximum)
{
    if (value == NULL || value[0] == '\0')
        return;
    put_text(line, line->json ? ",\"" : " ");
    put_text(line, key);
    put_text(line, line->json ? "\":\"" : "=");
    put_foreign(line, value, maximum);
    put_text(line, line->json ? "\"" : "");
}

static void put_number(log_line *line, const char *key, const char *value)
{
    put_text(line, line->json ? ",\"" : " ");
    put_text(line, key);
    put_text(line, line->json ? "\":" : "=");
    put_text(line, value);
}

static void put_reply(log_line *line, const log_subject *subject)
{
    char number[48];
    if (subject->method == NULL)
        return;
    put_field(line, "method", subject->method, 32);
    put_field(line, "path", subject->path, PATH_BYTES);
    snprintf(number, sizeof number, "%d", subject->status);
    put_number(line, "status", number);
    int64_t microseconds = (int64_t)(subject->milliseconds * 1000);
    snprintf(number, sizeof number, "%" PRId64 ".%03d", microseconds / 1000,
             (int)(microseconds % 1000));
    put_number(line, "milliseconds", number);
    snprintf(number, sizeof number, "%" PRIu64, subject->bytes);
    put_number(line, "bytes", number);
}

static void compose(log_line *line, bool json, log_level level, const log_subject *subject,
                    const char *message)
{
    char time[JOBS_TIME_SIZE], head[128];
    jobs_format_time(jobs_now(), time);
    line->length = 0;
    line->json = json;
    snprintf(head, sizeof head,
             json ? "{\"time\":\"%s\",\"level\":\"%s\",\"part\":\"%s\"" : "%s %-7s %s", time,
             log_level_names[level], part_names[subject->part]);
    put_text(line, head);
    put_field(line, "request", subject->request, 64);
    put_field(line, "job", subject->job, 64);
    put_field(line, "token", subject->client, 64);
    put_reply(line, subject);
    if (json) {
        put_field(line, "message", message, MESSAGE_BYTES);
        put_text(line, "}");
    } else if (message[0] != '\0') {
        put_text(line, " ");
        put_foreign(line, message, MESSAGE_BYTES);
    }
    line->text[line->length++] = '\n';
}

/* --- Writing ------------------------------------------------------------------------------ */

static int64_t monotonic_milliseconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* With the mutex held. A pipe that has no room for a line would stop the caller: the line is
 * lost instead. */
static bool write_line(event_log *log, const log_line *line)
{
    struct pollfd ready = {log->options.descriptor, POLLOUT, 0};
    return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 &&
           write(log->options.descriptor, line->text, line->length) == (ssize_t)line->length;
}

static void say(event_log *log, log_level level, log_part part, const char *message)
{
    log_line line;
    log_subject subject = {.part = part};
    compose(&line, log->options.json, level, &subject, message);
    if (!write_line(log, &line))
        log->lost++;
}

static void say_left_out(event_log *log, log_part part, log_level level)
{
    char message[96];
    log_bucket *bucket = &log->buckets[part][level];
    if (bucket->left_out == 0)
        return;
    snprintf(message, sizeof message, "%" PRId64 " lines of this part and level were left out",
             bucket->left_out);
    bucket->left_out = 0;
    say(log, level, part, message);
}

static void say_lost(event_log *log)
{
    char message[96];
    int64_t lost = log->lost;
    snprintf(message, sizeof message, "%" PRId64 " lines were lost: nobody read the log", lost);
    log->lost = 0;
    say(log, LOG_LEVEL_WARNING, LOG_PART_SERVICE, message);
    if (log->lost > 0)
        log->lost = lost; /* still nobody does */
}

/* Whether the line is one of those its window has room for. */
static bool admit(event_log *log, log_part part, log_level level)
{
    log_bucket *bucket = &log->buckets[part][level];
    int64_t now = monotonic_milliseconds();
    if (now >= bucket->window_end) {
        say_left_out(log, part, level);
        bucket->window_end = now + log->options.window_milliseconds;
        bucket->passed = 0;
    }
    if (bucket->passed < log->options.window_lines[level]) {
        bucket->passed++;
        return true;
    }
    bucket->left_out++;
    return false;
}

void event_log_write(event_log *log, log_level level, const log_subject *subject,
                     const char *format, ...)
{
    char message[MESSAGE_BYTES + 8];
    log_line line;
    if (!event_log_wants(log, level))
        return;
    pthread_mutex_lock(&log->mutex);
    if (admit(log, subject->part, level)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        if (log->lost > 0)
            say_lost(log);
        compose(&line, log->options.json, level, subject, message);
        if (!write_line(log, &line))
            log->lost++;
    }
    pthread_mutex_unlock(&log->mutex);
}

void event_log_destroy(event_log *log)
{
    if (log == NULL)
        return;
    for (int part = 0; part < LOG_PART_COUNT; part++)
        for (int level = 0; level < LOG_LEVEL_COUNT; level++)
            say_left_out(log, (log_part)part, (log_level)level);
    if (log->lost > 0)
        say_lost(log);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}
