/*
 * identity.c: UUIDs and RFC 3339 times. Nothing here depends on locale or time zone.
 */
#include "jobs/identity.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static bool random_bytes(void *bytes, size_t length)
{
    return getrandom(bytes, length, 0) == (ssize_t)length;
}

int64_t jobs_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool jobs_new_id(char id[STORE_ID_SIZE])
{
    unsigned char bytes[16];
    if (!random_bytes(bytes, sizeof bytes))
        return false;
    uint64_t now = (uint64_t)jobs_now();
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(now >> (40 - 8 * i));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x70);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    static const char digits[] = "0123456789abcdef";
    char *out = id;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
    return true;
}

bool jobs_is_id(const char *text)
{
    if (strlen(text) != STORE_ID_LENGTH)
        return false;
    for (int i = 0; i < STORE_ID_LENGTH; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !digit)
            return false;
    }
    return true;
}

bool jobs_random_seed(uint64_t *seed)
{
    uint64_t bits;
    if (!random_bytes(&bits, sizeof bits))
        return false;
    *seed = bits >> 11;
    return true;
}

void jobs_format_time(int64_t milliseconds, char text[JOBS_TIME_SIZE])
{
    int64_t seconds = milliseconds / 1000 - (milliseconds % 1000 < 0);
    struct tm parts;
    if (gmtime_r(&(time_t){seconds}, &parts) == NULL ||
        strftime(text, JOBS_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        text[0] = '\0';
        return;
    }
    size_t length = strlen(text);
    snprintf(text + length, JOBS_TIME_SIZE - length, ".%03dZ",
             (int)(milliseconds - seconds * 1000));
}

/* Exactly `count` digits at *text, which moves behind them. */
static bool read_digits(const char **text, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool skip(const char **text, char wanted)
{
    if (toupper((unsigned char)**text) != wanted)
        return false;
    (*text)++;
    return true;
}

static bool read_offset(const char **text, int64_t *minutes)
{
    *minutes = 0;
    if (skip(text, 'Z'))
        return true;
    int sign = **text == '+' ? 1 : **text == '-' ? -1 : 0, hours, rest;
    if (sign == 0)
        return false;
    (*text)++;
    if (!read_digits(text, 2, &hours) || !skip(text, ':') || !read_digits(text, 2, &rest) ||
        hours > 23 || rest > 59)
        return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool jobs_parse_time(const char *text, int64_t *milliseconds)
{
    struct tm parts = {0};
    int year, month, fraction = 0;
    int64_t offset;
    if (!read_digits(&text, 4, &year) || !skip(&text, '-') || !read_digits(&text, 2, &month) ||
        !skip(&text, '-') || !read_digits(&text, 2, &parts.tm_mday) || !skip(&text, 'T') ||
        !read_digits(&text, 2, &parts.tm_hour) || !skip(&text, ':') ||
        !read_digits(&text, 2, &parts.tm_min) || !skip(&text, ':') ||
        !read_digits(&text, 2, &parts.tm_sec))
        return false;
    if (*text == '.') {
        int scale = 100;
        text++;
        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9'; text++, scale /= 10)
            fraction += (*text - '0') * scale;
    }
    if (!read_offset(&text, &offset) || *text != '\0')
        return false;
    if (month < 1 || month > 12 || parts.tm_mday < 1 || parts.tm_mday > days_of(year, month) ||
        parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60)
        return false;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    *milliseconds = ((int64_t)timegm(&parts) - offset * 60) * 1000 + fraction;
    return true;
}
