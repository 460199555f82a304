/*
 * A bounded way for the library's messages: a client that misbehaves must not fill a disk.
 */
#include "http/message_log.h"

#include "http/deadline.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LINES_A_WINDOW = 20,
    LINE_BYTES = 256
};
static const double WINDOW_SECONDS = 10.0;

/* Said whenever a client goes away or is sent away: everyday life, and in the request log. */
static const char *const ROUTINE[] = {
    "Connection socket is closed",
    "Socket has been disconnected",
    "Application reported internal error",
    "Connection rejected by application",
};

struct http_message_log {
    http_log_message *sink;
    void *context;
    pthread_mutex_t mutex;
    double window_end;
    unsigned passed;
    unsigned long left_out;
};

http_message_log *http_message_log_create(http_log_message *sink, void *context)
{
    http_message_log *log = calloc(1, sizeof(*log));
    if (log == NULL) {
        return NULL;
    }
    log->sink = sink;
    log->context = context;
    if (pthread_mutex_init(&log->mutex, NULL) != 0) {
        free(log);
        return NULL;
    }
    return log;
}

void http_message_log_destroy(http_message_log *log)
{
    if (log != NULL) {
        pthread_mutex_destroy(&log->mutex);
        free(log);
    }
}

void http_message_log_text(http_message_log *log, const char *text)
{
    if (log->sink == NULL) {
        return;
    }
    unsigned long left_out = 0;
    pthread_mutex_lock(&log->mutex);
    const double now = http_clock_seconds();
    if (now >= log->window_end) {
        left_out = log->left_out;
        log->window_end = now + WINDOW_SECONDS;
        log->passed = 0;
        log->left_out = 0;
    }
    const bool passes = log->passed < LINES_A_WINDOW;
    log->passed += passes ? 1 : 0;
    log->left_out += passes ? 0 : 1;
    pthread_mutex_unlock(&log->mutex);
    if (left_out > 0) {
        char line[LINE_BYTES];
        snprintf(line, sizeof(line), "%lu earlier messages were left out", left_out);
        log->sink(log->context, line);
    }
    if (passes) {
        log->sink(log->context, text);
    }
}

/* Said in a loop, as fast as the processor goes, by a thread that has no connection and gets no descriptor
   for its first one. A nap in between costs nobody anything: it has nothing else to do. */
static const char EXHAUSTED[] = "Hit process or system resource limit at FIRST connection";

static void nap(void)
{
    const struct timespec pause = {0, 20 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
}

static bool is_routine(const char *line)
{
    for (size_t i = 0; i < sizeof(ROUTINE) / sizeof(ROUTINE[0]); i++) {
        if (strncmp(line, ROUTINE[i], strlen(ROUTINE[i])) == 0) {
            return true;
        }
    }
    return false;
}

void http_message_log_write(void *log, const char *format, va_list arguments)
{
    char line[LINE_BYTES];
    const int length = vsnprintf(line, sizeof(line), format, arguments);
    if (length <= 0) {
        return;
    }
    size_t end = (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1;
    while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r')) {
        end--;
    }
    line[end] = '\0';
    for (size_t i = 0; i < end; i++) {
        line[i] = ((unsigned char)line[i] < 0x20 || line[i] == 0x7F) ? ' ' : line[i];
    }
    if (!is_routine(line)) {
        http_message_log_text(log, line);
    }
    if (strncmp(line, EXHAUSTED, sizeof(EXHAUSTED) - 1) == 0) {
        nap();
    }
}
