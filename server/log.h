/*
 * log.h: what happens, a line an event: time, level, part, the ids that tie events together, a
 * sentence.
 *
 * Lines are texts for people or JSON objects for programs; whole, of bounded length, and of a
 * bounded number in each ten seconds, with a count of those left out. Control characters and broken
 * UTF-8 in them become harmless, so nobody can forge a line. A reader who does not read loses lines
 * and stops nobody. Secrets never come here. Any thread.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct event_log event_log;

typedef enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_COUNT
} log_level;

/* NULL-terminated, in the order of the levels. */
extern const char *const log_level_names[];

typedef enum log_part {
    LOG_PART_SERVICE,
    LOG_PART_HTTP,
    LOG_PART_ACCESS,
    LOG_PART_JOBS,
    LOG_PART_COUNT
} log_part;

#define LOG_LINE_MAXIMUM 2048 /* bytes, with the line end */

typedef struct event_log_options {
    int descriptor; /* borrowed */
    bool json;
    log_level least; /* lower ones are not written */
    int64_t window_milliseconds;
    int64_t window_lines[LOG_LEVEL_COUNT]; /* of one part and level in a window */
} event_log_options;

/* Standard error, text, from info on; in ten seconds 10,000 lines of debug, 1,000 of info and 200
 * of each higher level, for each part. */
event_log_options event_log_options_default(void);

/* NULL without memory. */
event_log *event_log_create(const event_log_options *options);
/* Says first what was left out. NULL is allowed. */
void event_log_destroy(event_log *log);

bool event_log_wants(const event_log *log, log_level level);

/* Whom and what it is about; NULL or "": not said. */
typedef struct log_subject {
    log_part part;
    const char *request; /* id */
    const char *job;     /* id */
    const char *client;  /* name of the token */
    /* of a reply; method NULL: not about one */
    const char *method, *path;
    int status;
    double milliseconds;
    uint64_t bytes;
} log_subject;

void event_log_write(event_log *log, log_level level, const log_subject *subject,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
