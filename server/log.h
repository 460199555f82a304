/*
 * log.h: one line an event on standard error: time, level, request or job, text. Lines are written
 * whole; control characters in them become blanks, so nobody can forge one. Any thread.
 */
#ifndef LOG_H
#define LOG_H

typedef enum log_level {
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR
} log_level;

/* `about` is a job's or request's id, or NULL. */
void log_line(log_level level, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
