/*
 * What the library below says, as whole lines and never as a flood.
 */
#ifndef HTTP_MESSAGE_LOG_H
#define HTTP_MESSAGE_LOG_H

#include "http/server.h"

#include <stdarg.h>

typedef struct http_message_log http_message_log;

/* Passes lines on to `sink` (may be NULL): at most 20 in 10 seconds, and when the next window
   begins one line that counts those left out. NULL without memory. */
http_message_log *http_message_log_create(http_log_message *sink, void *context);
void http_message_log_destroy(http_message_log *log);

/* From any thread. */
void http_message_log_text(http_message_log *log, const char *text);

/* The same in the form the library calls, without what it says of every client that goes away;
   `log` is the http_message_log. */
void http_message_log_write(void *log, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
