/*
 * log.c: see log.h. A line is one write(2), so lines of several threads never mix.
 */
#include "log.h"

#include "jobs/identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void log_line(log_level level, const char *about, const char *format, ...)
{
    static const char *const names[] = {"info", "warning", "error"};
    char line[1024], time[JOBS_TIME_SIZE];
    jobs_format_time(jobs_now(), time);
    int used = snprintf(line, sizeof line, "%s %-7s %s%s", time, names[level],
                        about != NULL ? about : "", about != NULL ? " " : "");
    size_t length = used > 0 ? (size_t)used : 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + length, sizeof line - 1 - length, format, arguments);
    va_end(arguments);
    length = strlen(line);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 32 || line[i] == 127)
            line[i] = ' ';
    line[length++] = '\n';
    /* Where standard error is gone there is nobody to tell. */
    if (write(STDERR_FILENO, line, length) < 0)
        return;
}
